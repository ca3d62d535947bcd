#include "class_law.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../linear/logistic.h"

namespace causalsynth {

void ClassLaw::draw_linear(const RowView& data, std::vector<std::uint32_t> rows, Stream& stream,
                           std::vector<std::uint16_t>& out) const {
  std::vector<double> eta;
  for (std::size_t k = 0; k < coefficients_.size() && !rows.empty(); ++k) {
    eta.assign(rows.size(), 0.0);
    design_.add(data, rows, coefficients_[k], eta.data());
    const bool last = k + 2 == classes_;
    std::size_t left = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t row = rows[i];
      if (stream.uniform() < expit(eta[i]))
        out[row] = order_[k];
      else if (last)
        out[row] = order_[k + 1];
      else
        rows[left++] = row;
    }
    rows.resize(left);
  }
  if (rows.empty()) return;
  std::vector<double> cumulative;
  double sum = 0.0;
  for (std::size_t k = coefficients_.size(); k < classes_; ++k)
    cumulative.push_back(sum += shares_[order_[k]]);
  for (const std::uint32_t row : rows)
    out[row] = order_[coefficients_.size() + stream.choose(cumulative)];
}

void ClassLaw::draw(const RowView& data, Stream& stream, std::vector<std::uint16_t>& out) const {
  out.assign(data.rows, 0);
  if (classes_ < 2) return;
  std::vector<double> cumulative(classes_);
  std::partial_sum(shares_.begin(), shares_.end(), cumulative.begin());
  std::vector<std::uint32_t> linear;
  const bool alone = coefficients_.empty() && forest_.empty();
  for (std::uint32_t i = 0; i < data.rows; ++i) {
    double u = alone ? 0.0 : stream.uniform();
    if (alone || (u -= weights_[0]) < 0.0) {
      out[i] = static_cast<std::uint16_t>(stream.choose(cumulative));
    } else if (forest_.empty() || u < weights_[1]) {
      linear.push_back(i);
    } else {
      const std::size_t tree = stream.below(static_cast<std::uint32_t>(forest_.trees()));
      out[i] = static_cast<std::uint16_t>(forest_.draw_class(forest_.leaf(tree, data, i), stream));
    }
  }
  if (!linear.empty()) draw_linear(data, std::move(linear), stream, out);
}

std::vector<double> ClassLaw::probabilities(const RowView& data) const {
  std::vector<double> result(data.rows * classes_);
  for (std::size_t i = 0; i < data.rows; ++i)
    for (std::size_t k = 0; k < classes_; ++k) result[i * classes_ + k] = weights_[0] * shares_[k];
  if (weights_[1] > 0.0) {
    std::vector<std::uint32_t> rows(data.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    std::vector<double> left(data.rows, weights_[1]), eta;
    for (std::size_t k = 0; k < coefficients_.size(); ++k) {
      eta.assign(data.rows, 0.0);
      design_.add(data, rows, coefficients_[k], eta.data());
      for (std::size_t i = 0; i < data.rows; ++i) {
        const double p = expit(eta[i]);
        result[i * classes_ + order_[k]] += left[i] * p;
        left[i] *= 1.0 - p;
      }
    }
    double rest = 0.0;
    for (std::size_t k = coefficients_.size(); k < classes_; ++k) rest += shares_[order_[k]];
    for (std::size_t k = coefficients_.size(); k < classes_; ++k)
      for (std::size_t i = 0; i < data.rows; ++i)
        result[i * classes_ + order_[k]] += left[i] * shares_[order_[k]] / rest;
  }
  if (forest_.empty()) return result;
  const double share = weights_[2] / static_cast<double>(forest_.trees());
  for (std::size_t i = 0; i < data.rows; ++i)
    for (std::size_t t = 0; t < forest_.trees(); ++t) {
      const std::size_t leaf = forest_.leaf(t, data, i);
      for (std::size_t k = 0; k < classes_; ++k)
        result[i * classes_ + k] += share * forest_.share(leaf, k);
    }
  return result;
}

void ClassLaw::pack(ArchiveWriter& out) const {
  out.vector(shares_);
  out.vector(weights_);
  design_.pack(out);
  out.vector(order_);
  out.value(static_cast<std::uint64_t>(coefficients_.size()));
  for (const auto& b : coefficients_) out.vector(b);
  forest_.pack(out);
}

ClassLaw ClassLaw::unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                          std::size_t column) {
  ClassLaw law;
  law.classes_ = margins[column].classes();
  in.vector(law.shares_);
  in.vector(law.weights_);
  law.design_ = Design::unpack(in, margins, column);
  in.vector(law.order_);
  law.coefficients_.resize(in.count());
  for (auto& b : law.coefficients_) in.vector(b);
  law.forest_ = LeafForest::unpack(in, margins, column);
  ArchiveReader::require(law.shares_.size() == law.classes_ && law.weights_.size() == 3);
  double sum = 0.0;
  for (const double share : law.shares_) {
    ArchiveReader::require(share >= 0.0);
    sum += share;
  }
  ArchiveReader::require(sum > 0.5 && sum < 1.5);
  for (const double weight : law.weights_) ArchiveReader::require(weight >= 0.0);
  ArchiveReader::require(law.weights_[2] > 0.0 ? law.forest_.width() == law.classes_
                                               : law.forest_.empty());
  ArchiveReader::require(law.forest_.empty() == (law.weights_[2] == 0.0));
  ArchiveReader::require((law.weights_[1] > 0.0) == !law.coefficients_.empty());
  ArchiveReader::require(law.coefficients_.empty() || (law.coefficients_.size() < law.classes_ &&
                                                       law.order_.size() == law.classes_));
  for (const std::uint16_t k : law.order_) ArchiveReader::require(k < law.classes_);
  for (const auto& b : law.coefficients_)
    ArchiveReader::require(b.size() == law.design_.terms() + 1);
  return law;
}

}  // namespace causalsynth
