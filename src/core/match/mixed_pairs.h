// Nearest rows among numbers, levels and missing values, which no k-d tree serves: every pair is
// compared. Gower (1971): columns missing on either side count for nothing.
#pragma once
#include <limits>
#include <vector>

#include "../parallel/parallel_for.h"
#include "mixed_tiles.h"

namespace causalsynth {

struct MixedOptions {
  int k = 1;
  double max_distance = std::numeric_limits<double>::infinity();
  void validate() const;
};

// The k nearest reference rows of each query, the lowest row first among equals; column-major,
// -1 and infinity where there are fewer (nothing in common, or beyond the caliper).
struct MixedNeighbours {
  std::vector<int> index;
  std::vector<double> distance;
};
MixedNeighbours nearest_mixed(const MixedRows& rows, const MixedOptions& options,
                              const Execution& execution);

// Pairs each query in turn with the nearest reference row still free (k is not used).
MixedNeighbours greedy_mixed(const MixedRows& rows, const MixedOptions& options,
                             const Execution& execution);

// The distance of every query (row) to every reference row (column), column-major.
std::vector<double> mixed_distances(const MixedRows& rows, const Execution& execution);

}  // namespace causalsynth
