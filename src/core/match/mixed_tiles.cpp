#include "mixed_tiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../base/require.h"

namespace causalsynth {
namespace {

constexpr std::size_t kTile = MixedTiles::kTile;

void add_squares(double query, const double* reference, double* sum) {
  for (std::size_t i = 0; i < kTile; ++i) {
    const double difference = query - reference[i];
    sum[i] += difference * difference;
  }
}

void add_gaps(double query, const double* reference, double* sum) {
  for (std::size_t i = 0; i < kTile; ++i) sum[i] += std::fabs(query - reference[i]);
}

void add_mismatches(double query, const double* reference, double* sum) {
  for (std::size_t i = 0; i < kTile; ++i) sum[i] += query != reference[i] ? 1.0 : 0.0;
}

// Where values may be missing: `term` of the difference, and a count of the pairs known on both
// sides.
template <class Term>
void add_observed(double query, const double* reference, double* sum, double* observed,
                  const Term& term) {
  for (std::size_t i = 0; i < kTile; ++i) {
    const double difference = query - reference[i];
    const bool known = difference == difference;
    sum[i] += known ? term(difference) : 0.0;
    observed[i] += known ? 1.0 : 0.0;
  }
}

bool has_missing(const double* begin, const double* end) {
  return std::any_of(begin, end, [](double value) { return std::isnan(value); });
}

}  // namespace

MixedTiles::MixedTiles(const MixedRows& rows)
    : rows_(rows.reference.rows()), cols_(rows.reference.cols()),
      count_((rows.reference.rows() + kTile - 1) / kTile), gower_(rows.gower),
      is_factor_(rows.is_factor), values_(count_ * kTile * cols_, 0.0) {
  require(rows.queries.cols() == cols_ && is_factor_.size() == cols_,
          "queries and reference must have the same columns");
  for (std::size_t j = 0; j < cols_; ++j)
    for (std::size_t i = 0; i < rows_; ++i)
      values_[((i / kTile) * cols_ + j) * kTile + i % kTile] = rows.reference(i, j);
  missing_ = has_missing(values_.data(), values_.data() + values_.size());
}

void MixedTiles::measure(const double* query, std::size_t tile, double* result) const {
  if (missing_ || has_missing(query, query + cols_))
    measure_missing(query, tile, result);
  else
    measure_known(query, tile, result);
}

void MixedTiles::measure_known(const double* query, std::size_t tile, double* result) const {
  std::fill(result, result + kTile, cols_ == 0 ? std::numeric_limits<double>::infinity() : 0.0);
  for (std::size_t j = 0; j < cols_; ++j) {
    const auto add = is_factor_[j] ? add_mismatches : gower_ ? add_gaps : add_squares;
    add(query[j], column(tile, j), result);
  }
  if (!gower_) return;
  const auto cols = static_cast<double>(cols_);
  for (std::size_t i = 0; i < kTile; ++i) result[i] /= cols;
}

void MixedTiles::measure_missing(const double* query, std::size_t tile, double* result) const {
  double observed[kTile] = {};
  std::fill(result, result + kTile, 0.0);
  for (std::size_t j = 0; j < cols_; ++j) {
    if (std::isnan(query[j])) continue;
    const double* values = column(tile, j);
    if (is_factor_[j])
      add_observed(query[j], values, result, observed,
                   [](double d) { return d != 0.0 ? 1.0 : 0.0; });
    else if (gower_)
      add_observed(query[j], values, result, observed, [](double d) { return std::fabs(d); });
    else
      add_observed(query[j], values, result, observed, [](double d) { return d * d; });
  }
  const auto cols = static_cast<double>(cols_);
  for (std::size_t i = 0; i < kTile; ++i) {
    if (observed[i] == 0.0)
      result[i] = std::numeric_limits<double>::infinity();
    else
      result[i] = gower_ ? result[i] / observed[i] : result[i] * (cols / observed[i]);
  }
}

std::vector<double> row_major(const MatrixView<const double>& x) {
  std::vector<double> values(x.rows() * x.cols());
  for (std::size_t j = 0; j < x.cols(); ++j)
    for (std::size_t i = 0; i < x.rows(); ++i) values[i * x.cols() + j] = x(i, j);
  return values;
}

}  // namespace causalsynth
