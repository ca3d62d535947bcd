// Optimal pairs: the assignment of least total cost.
#pragma once
#include <vector>

#include "../base/span.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

// cost(i, j): of pairing row i with column j; rows <= columns. Infinite costs are pairs that must
// not be made: as many rows as possible are paired, at the least total cost. Returns each row's
// column, or -1. Shortest augmenting paths with potentials (Jonker and Volgenant 1987).
std::vector<int> assign_pairs(MatrixView<const double> cost, const Execution& execution);

}  // namespace causalsynth
