#pragma once
#include <cstdint>
#include <vector>

#include "forest.h"

namespace causalsynth {

// Mean over trees: rows x width, row after row.
std::vector<double> predict_forest(const Forest& forest, const Frame& x,
                                   const Execution& execution);

// The same for the rows the forest was fitted on (perhaps with changed values), each by the
// trees whose bag lacks the row. Bags are drawn anew from the forest's key.
std::vector<double> predict_out_of_bag(const Forest& forest, const Frame& x,
                                       const Execution& execution);

// Index of the leaf in each tree: rows x trees, column-major, from 0.
std::vector<std::int32_t> predict_leaves(const Forest& forest, const Frame& x,
                                         const Execution& execution);

}  // namespace causalsynth
