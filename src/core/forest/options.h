#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../base/require.h"

namespace causalsynth {

enum class SplitRule {
  best,   // the best of all cuts: Gini's gain for classes, the variance's for means
  random  // one cut a column, drawn at random (extremely randomised trees)
};

// How much each column matters: by the gain of its splits, by the out-of-bag loss when it is
// shuffled, or by its gain beyond that of a shuffled copy (see importance.h).
enum class ImportanceKind { none, impurity, permutation, corrected };

struct ForestOptions {
  int trees = 500;
  int mtry = 0;  // 0: floor(sqrt(columns)), at least 1
  // A node of at most this many (bagged) rows is not split; trees are grown to the smallest
  // and the best by out-of-bag loss is kept. Sorted ascending.
  std::vector<int> min_node_size = {5};
  int min_bucket = 1;
  int max_depth = 0;  // 0: no limit
  double sample_fraction = 1.0;
  bool replace = true;
  int max_bins = 255;  // of a numeric column, at most 65534
  bool out_of_bag = true;
  SplitRule split_rule = SplitRule::best;
  bool honest = false;  // half of each bag shapes the tree, the other half fills its leaves
  ImportanceKind importance = ImportanceKind::none;
  std::uint64_t key = 0;

  void validate(std::size_t columns) const {
    // More would overflow the sums of out-of-bag predictions.
    require(trees >= 1 && trees <= 200000, "trees must be from 1 to 200000");
    require(columns >= 1, "a forest needs at least one column");
    require(columns <= 65535, "a forest takes at most 65535 columns");
    require(mtry >= 0 && static_cast<std::size_t>(mtry) <= columns,
            "mtry must not exceed the number of columns");
    require(!min_node_size.empty(), "min_node_size must have a value");
    for (std::size_t i = 0; i < min_node_size.size(); ++i)
      require(min_node_size[i] >= 1 && (i == 0 || min_node_size[i] > min_node_size[i - 1]),
              "min_node_size must be positive and ascending");
    require(min_bucket >= 1, "min_bucket must be at least 1");
    require(max_depth >= 0, "max_depth must not be negative");
    require(sample_fraction > 0.0 && sample_fraction <= 1.0, "sample_fraction must be in (0, 1]");
    require(max_bins >= 2 && max_bins <= 65534, "max_bins must be from 2 to 65534");
  }
};

}  // namespace causalsynth
