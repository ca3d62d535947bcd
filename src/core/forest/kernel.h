// A forest as a kernel: predictions are weighted means of the training outcomes (Lin and Jeon 2006;
// Meinshausen 2006).
#pragma once
#include <cstdint>
#include <vector>

#include "forest.h"

namespace causalsynth {

// Compressed by column: of training row j, entries starts[j]..starts[j + 1] - 1.
struct KernelWeights {
  std::vector<int> starts, rows;
  std::vector<double> values;
  bool complete = true;  // false: more entries than allowed, and none kept
};

// `data` are the rows of the fit. Of each row of `fresh`, or without it of each row of the fit by
// the trees whose bag lacks it: the mean over trees of each training row's share of the leaf.
// `most_entries` below 2^31.
KernelWeights kernel_weights(const Forest& forest, const Frame& data, const Frame* fresh,
                             std::size_t most_entries, const Execution& execution);

}  // namespace causalsynth
