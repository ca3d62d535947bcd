// Greedy pairs without replacement.
#pragma once
#include <limits>
#include <vector>

#include "../base/span.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

struct GreedyOptions {
  // A caliper: pairs farther apart than this are not made.
  double max_square = std::numeric_limits<double>::infinity();
};

// Pairs each of `focal`, in that order, with the nearest row of `pool` that is still free; among
// equally near ones with the lowest row number. Returns the partner's row, or -1, for each of
// focal. Exact: the answer is that of comparing all distances.
std::vector<int> greedy_pairs(MatrixView<const double> x, Span<const int> focal,
                              Span<const int> pool, const GreedyOptions& options,
                              const Execution& execution);

}  // namespace causalsynth
