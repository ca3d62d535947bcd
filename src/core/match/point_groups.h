// Distinct points among rows: rows with equal coordinates share one search.
#pragma once
#include <cstddef>
#include <vector>

#include "../base/span.h"

namespace causalsynth {

// Groups are in lexicographic order of their coordinates; rows within a group ascend.
struct PointGroups {
  std::size_t dims = 0;
  std::vector<double> coords;  // one group after the other, dims numbers each
  std::vector<int> start;      // count() + 1 positions in `rows`
  std::vector<int> rows;       // row numbers of the matrix, from 0

  std::size_t count() const { return start.empty() ? 0 : start.size() - 1; }
  const double* point(std::size_t group) const { return coords.data() + group * dims; }
  int size(std::size_t group) const { return start[group + 1] - start[group]; }
  const int* begin(std::size_t group) const { return rows.data() + start[group]; }
};

// The given rows of x, one after the other, dims numbers each; minus zero becomes zero.
std::vector<double> gather_points(MatrixView<const double> x, Span<const int> rows);

// Groups the given rows of x, none of which may occur twice; coordinates must be finite.
PointGroups group_points(MatrixView<const double> x, Span<const int> rows);

// Rows of x times `root` (x.cols() x result.cols(), column-major): coordinates whose Euclidean
// distance is the one of x under root root'. Sums run in one order, so that equal rows stay equal.
std::vector<double> transform_rows(MatrixView<const double> x, MatrixView<const double> root);

}  // namespace causalsynth
