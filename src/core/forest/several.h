// Forests that are wanted for their predictions alone, several at once.
#pragma once
#include <vector>

#include "forest.h"

namespace causalsynth {

struct ForestTask {
  Frame x;
  ForestTarget target;
  ForestOptions options;
  Sampling sampling;
  Frame rows;  // further rows to predict; perhaps none
};

struct ForestAnswer {
  std::vector<double> out_of_bag, predicted;  // as ForestFit's, and those of `rows`
  int min_node_size = 0;
};

// What fit_forest() and predict_forest() give for each task. The forests share the threads, so that
// none waits for the last trees of another; each is dropped once it has predicted.
std::vector<ForestAnswer> run_forests(const std::vector<ForestTask>& tasks,
                                      const Execution& execution);

}  // namespace causalsynth
