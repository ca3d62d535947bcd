#include "core/linear/gram.h"

#include <Eigen/Core>
#include <algorithm>

namespace causalsynth {
namespace {

constexpr std::size_t kPanel = 8, kHalf = 4;
constexpr std::size_t kRows = 256;  // whose sums stay in single precision
using Lanes = Eigen::Array<float, kPanel, 1>;
using LanesMap = Eigen::Map<const Lanes>;

// Adds sums of w a b' to `sums` (kPanel x kHalf), a: half a panel, b: a panel.
void add_tile(const float* a, const float* b, const float* weights, std::size_t rows,
              Eigen::Array<double, kPanel, kHalf>& sums) {
  Lanes s0 = Lanes::Zero(), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t i = 0; i < rows; ++i, a += kPanel, b += kPanel) {
    const Lanes wb = LanesMap(b) * weights[i];
    s0 += wb * a[0];
    s1 += wb * a[1];
    s2 += wb * a[2];
    s3 += wb * a[3];
  }
  sums.col(0) += s0.cast<double>();
  sums.col(1) += s1.cast<double>();
  sums.col(2) += s2.cast<double>();
  sums.col(3) += s3.cast<double>();
}

}  // namespace

WeightedGram::WeightedGram(const MatrixView<const double>& x)
    : rows_(x.rows()), columns_(x.cols()), panels_((x.cols() + kPanel - 1) / kPanel),
      packed_(panels_ * kPanel * rows_, 0.0f) {
  for (std::size_t j = 0; j < columns_; ++j) {
    float* to = packed_.data() + (j / kPanel) * kPanel * rows_ + j % kPanel;
    const auto column = x.column(j);
    for (std::size_t i = 0; i < rows_; ++i) to[i * kPanel] = static_cast<float>(column[i]);
  }
}

std::vector<double> WeightedGram::operator()(const std::vector<double>& weights) const {
  const std::vector<float> w(weights.begin(), weights.end());
  std::vector<double> result(columns_ * columns_, 0.0);
  for (std::size_t p = 0; p < panels_; ++p)
    for (std::size_t q = 0; q < panels_ * 2; ++q) {  // q: halves of panels up to p
      if (q / 2 > p || q * kHalf >= columns_) break;
      const float* b = packed_.data() + p * kPanel * rows_;
      const float* a = packed_.data() + (q / 2) * kPanel * rows_ + (q % 2) * kHalf;
      Eigen::Array<double, kPanel, kHalf> sums = Eigen::Array<double, kPanel, kHalf>::Zero();
      for (std::size_t from = 0; from < rows_; from += kRows)
        add_tile(a + from * kPanel, b + from * kPanel, w.data() + from,
                 std::min(kRows, rows_ - from), sums);
      for (std::size_t k = 0; k < kHalf; ++k)
        for (std::size_t l = 0; l < kPanel; ++l) {
          const std::size_t row = p * kPanel + l, column = q * kHalf + k;
          if (row >= column && row < columns_)
            result[column * columns_ + row] = sums(static_cast<Eigen::Index>(l),
                                                   static_cast<Eigen::Index>(k));
        }
    }
  return result;
}

}  // namespace causalsynth
