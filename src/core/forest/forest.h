// A random forest (Breiman 2001; probability trees as in Malley et al. 2012).
#pragma once
#include <cstdint>
#include <vector>

#include "../data/frame.h"
#include "../parallel/parallel_for.h"
#include "bootstrap.h"
#include "options.h"
#include "quantise.h"
#include "tree.h"

namespace causalsynth {

enum class TargetKind { binary, mean, classes };

struct Forest {
  TargetKind kind = TargetKind::mean;
  std::size_t width = 1;  // values a prediction has: 1, or the number of classes
  ForestOptions options;  // as used; min_node_size holds the one kept
  Sampling sampling;
  std::size_t rows = 0;  // fitted on
  Quantiser quantiser;
  std::vector<Tree> trees;
  // Grown only for rows that none of `trees` left out of bag; numbered after them.
  std::vector<Tree> extra_trees;
};

// Of each column; `error` is the standard error over trees, empty where there is none.
struct ColumnImportance {
  std::vector<double> value, error;
};

struct ForestFit {
  Forest forest;
  std::vector<double> out_of_bag;  // rows x width, row after row; empty if there can be none
  std::vector<double> losses;      // mean squared out-of-bag error a candidate node size
  ColumnImportance importance;     // empty unless asked for
};

struct ForestTarget {
  TargetKind kind;
  Span<const double> y;
  std::size_t classes;  // of kind classes
};

ForestFit fit_forest(const Frame& x, const ForestTarget& target, const ForestOptions& options,
                     const Sampling& sampling, const Execution& execution);
inline ForestFit fit_forest(const Frame& x, const ForestTarget& target,
                            const ForestOptions& options, const Execution& execution) {
  return fit_forest(x, target, options, Sampling{}, execution);
}

}  // namespace causalsynth
