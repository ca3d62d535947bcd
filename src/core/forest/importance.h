// How much each column matters to a forest. Trees are summed in their order, so that the threads do
// not matter.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "forest.h"
#include "quantise.h"
#include "tree.h"

namespace causalsynth {

// A number for each column that one tree splits, by ascending column.
using TreeImportance = std::vector<std::pair<std::uint32_t, double>>;

// Decrease of the mean squared deviation (width 1) or of Gini's impurity (shares of classes),
// summed over a column's splits: each split counts by its node's share of the tree's rows. Nodes of
// at most `size` rows are leaves. Honest trees are measured by the rows that fill them.
TreeImportance split_gains(const GrownTree& tree, std::size_t width, std::uint32_t size);

// The gains of a forest's trees, for each candidate node size.
class GainRecord {
 public:
  explicit GainRecord(const ForestOptions& options);
  // Trees may be noted in any order, and from several threads.
  void note(std::size_t t, const GrownTree& tree, std::size_t width);
  // Mean over trees, a value a column.
  std::vector<double> means(int node_size, std::size_t columns) const;

 private:
  const std::vector<int> sizes_;
  const bool wanted_;
  std::vector<std::vector<TreeImportance>> trees_;  // [candidate][tree]
};

// Breiman's: how much the squared error of a tree's left-out rows grows when one column is shuffled
// among them, a mean over trees and its standard error. `data` are the rows of the fit.
ColumnImportance permutation_importance(const Forest& forest, const CodedFrame& data,
                                        Span<const double> y, const Execution& execution);

// The columns, and behind them copies whose rows are shuffled, all alike (Sandri and Zuccolotto
// 2008): a copy's gain is what a column without information gains.
CodedFrame with_shuffled_copies(const CodedFrame& data, std::uint64_t key);

// Options of the forest that is grown on them, given those of the first (with its node size).
ForestOptions copies_options(const ForestOptions& options, std::size_t columns);

// Own gain less the copy's (Nembrini, Koenig and Wright 2018).
std::vector<double> less_copies(const std::vector<double>& gains);

}  // namespace causalsynth
