// The m nearest rows of each query, with replacement and with ties; averages over them.
#pragma once
#include <cstddef>
#include <limits>
#include <vector>

#include "../parallel/parallel_for.h"
#include "point_groups.h"

namespace causalsynth {

struct NeighbourOptions {
  int m = 1;
  // TRUE: every row whose squared distance exceeds the m-th smallest by at most `tolerance`;
  // FALSE: exactly m rows, the lowest row number first among equal distances.
  bool ties = true;
  double tolerance = 0.0;
  // A caliper: rows farther than this are no neighbours.
  double max_square = std::numeric_limits<double>::infinity();
  void validate() const;
};

// Neighbours of the query groups: entries offset[g] to offset[g + 1] are those of group g, each a
// group of reference rows of which the `taken` lowest count. Where queries and reference are the
// same rows, a row is not its own neighbour: `taken` of its own group are then rows beside it.
struct NeighbourLists {
  bool same = false;
  std::vector<std::size_t> offset;
  std::vector<int> group, taken;
  std::vector<int> found;      // rows matched, of each query group
  std::vector<double> square;  // largest squared distance among the m nearest; infinite if none
};

// `reference` null: the queries themselves.
NeighbourLists find_neighbours(const PointGroups& queries, const PointGroups* reference,
                               const NeighbourOptions& options, const Execution& execution);

// The groups' rows only are read; `values` has a row for each row of the matched matrix.
struct MatchedRows {
  const PointGroups& queries;
  const PointGroups& reference;
  const NeighbourLists& lists;
};

// Mean of each column of `values` over each query row's neighbours, in the order of
// queries.rows: queries.rows.size() x values.cols(), column-major. NaN without neighbours.
std::vector<double> neighbour_means(const MatchedRows& matched, MatrixView<const double> values);

// How often each of `rows` rows was used: the sum over queries of 1 / (number of neighbours), and
// of its square.
struct Usage {
  std::vector<double> sum, sum_of_squares;
};
Usage neighbour_usage(const MatchedRows& matched, std::size_t rows);

}  // namespace causalsynth
