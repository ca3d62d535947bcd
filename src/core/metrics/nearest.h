// Exact nearest and second nearest rows in float64, without a matrix of all distances.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/span.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

// Rows to compare: numeric columns already scaled, factors as codes; missing values are NaN.
struct NearestInput {
  MatrixView<const double> queries, reference;
  std::vector<bool> is_factor;  // one entry a column
  bool same = false;            // both are the same rows: no row is its own neighbour
};

// Per query: the smallest and second smallest distance, and the reference row (from 0) of the
// smallest, the first one among equals. Infinity and -1 where no row is comparable.
struct NearestOutput {
  Span<double> first, second;
  Span<int> index;
};

// Squared distance = sum over columns of (a - b)^2, a factor's mismatch counting 1. A column
// missing on either side is left out and the sum scaled up by (columns) / (columns observed in
// both), the rule of Gower (1971); rows with no column in common are not comparable.
void nearest_rows(const NearestInput& input, const Execution& execution,
                  const NearestOutput& output);

}  // namespace causalsynth
