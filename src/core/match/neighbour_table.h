// Neighbour lists as a table: row numbers and distances, the nearest first.
#pragma once
#include <vector>

#include "neighbours.h"

namespace causalsynth {

// Rows of queries.rows.size(), m columns, column-major. Where a query has fewer than m neighbours
// index is -1 and the distance infinite. Lists must be of exactly m rows (ties = false).
struct NeighbourTable {
  std::vector<int> index;
  std::vector<double> distance;
};
NeighbourTable neighbour_table(const MatchedRows& matched, int m, const Execution& execution);

}  // namespace causalsynth
