#include "core/linear/qr.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "core/base/require.h"

namespace causalsynth {
namespace {

constexpr double kLeastNorm = 1e-290;  // denormal numbers: nothing but rounding

using Eigen::Index;
using Matrix = Eigen::MatrixXd;

// Copies rows [begin, end) of [diag(scale) x | rhs] below the triangle at the top of `work`.
void fill_block(MatrixView<const double> x, Span<const double> scale, Span<const double> rhs,
                std::size_t begin, Eigen::Ref<Matrix> below) {
  const std::size_t rows = static_cast<std::size_t>(below.rows());
  const std::size_t p = x.cols();
  for (std::size_t j = 0; j < p; ++j) {
    const double* column = x.data() + x.rows() * j + begin;
    double* out = &below(0, static_cast<Index>(j));
    if (scale.empty()) {
      std::copy(column, column + rows, out);
    } else {
      for (std::size_t i = 0; i < rows; ++i) out[i] = column[i] * scale[begin + i];
    }
  }
  double* out = &below(0, static_cast<Index>(p));
  std::copy(rhs.data() + begin, rhs.data() + begin + rows, out);
}

}  // namespace

TriangularFactor factorise(MatrixView<const double> x, Span<const double> scale,
                           Span<const double> rhs) {
  const std::size_t n = x.rows(), p = x.cols();
  require(rhs.size() == n, "factorise: the right-hand side has another length than x");
  require(scale.empty() || scale.size() == n, "factorise: scale has another length than x");
  const Index width = static_cast<Index>(p + 1);
  const std::size_t block = std::max<std::size_t>(1024, 2 * (p + 1));
  Matrix triangle = Matrix::Zero(width, width);
  Matrix work(width + static_cast<Index>(std::min(block, n)), width);
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t rows = std::min(block, n - begin);
    Eigen::Ref<Matrix> part = work.topRows(width + static_cast<Index>(rows));
    part.topRows(width) = triangle;
    fill_block(x, scale, rhs, begin, part.bottomRows(static_cast<Index>(rows)));
    Eigen::HouseholderQR<Eigen::Ref<Matrix>> qr(part);
    triangle = part.topRows(width).triangularView<Eigen::Upper>();
  }
  return {p, std::vector<double>(triangle.data(), triangle.data() + triangle.size())};
}

LinearSolution solve(const TriangularFactor& factor, double tolerance,
                     const std::vector<unsigned char>& skip) {
  const std::size_t p = factor.cols;
  LinearSolution result{std::vector<double>(p, 0.0), std::vector<unsigned char>(p, 1), 0};
  const Index width = static_cast<Index>(p + 1);
  const Eigen::Map<const Matrix> r(factor.r.data(), width, width);
  std::vector<std::size_t> used;
  std::vector<double> norms;
  for (std::size_t j = 0; j < p; ++j) {
    const double norm = r.col(static_cast<Index>(j)).stableNorm();
    require(std::isfinite(norm), "least squares: a column holds values that are not finite");
    if (norm < kLeastNorm || (!skip.empty() && skip[j])) continue;
    used.push_back(j);
    norms.push_back(norm);
  }
  if (used.empty()) return result;
  Matrix scaled(width, static_cast<Index>(used.size()));
  for (std::size_t k = 0; k < used.size(); ++k)
    scaled.col(static_cast<Index>(k)) = r.col(static_cast<Index>(used[k])) / norms[k];
  Eigen::ColPivHouseholderQR<Matrix> qr(scaled);
  qr.setThreshold(tolerance);
  const Index rank = qr.rank();
  Eigen::VectorXd right = r.col(width - 1);
  right.applyOnTheLeft(qr.householderQ().adjoint());
  Eigen::VectorXd z = right.head(rank);
  qr.matrixR().topLeftCorner(rank, rank).triangularView<Eigen::Upper>().solveInPlace(z);
  for (Index k = 0; k < rank; ++k) {
    const std::size_t at = static_cast<std::size_t>(qr.colsPermutation().indices()(k));
    result.coefficients[used[at]] = z(k) / norms[at];
    result.aliased[used[at]] = 0;
  }
  result.rank = static_cast<std::size_t>(rank);
  return result;
}

LinearSolution least_squares(MatrixView<const double> x, Span<const double> y,
                             Span<const double> weights) {
  require(y.size() == x.rows(), "least squares: y has another length than x has rows");
  if (weights.empty()) return solve(factorise(x, {}, y), kRankTolerance);
  require(weights.size() == y.size(), "least squares: one weight a row is needed");
  std::vector<double> scale(y.size()), right(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    require(weights[i] >= 0.0, "least squares: a weight is negative");
    scale[i] = std::sqrt(weights[i]);
    right[i] = scale[i] * y[i];
  }
  return solve(factorise(x, scale, right), kRankTolerance);
}

}  // namespace causalsynth
