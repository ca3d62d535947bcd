// Honest trees (Wager and Athey 2018): rows that had no say in the splits fill the leaves.
#pragma once
#include <cstdint>
#include <vector>

#include "quantise.h"
#include "tree.h"

namespace causalsynth {

// Calls visit(node) from the root down to the row's leaf, or until it returns false.
template <class Visit>
void walk_down(const Splits& tree, const CodedFrame& data, std::size_t row, Visit visit) {
  std::uint32_t at = 0;
  while (visit(at) && !tree.nodes[at].leaf()) {
    const Node& node = tree.nodes[at];
    at = node.left() + tree.goes_right(at, data.columns[node.column][row]);
  }
}

// Replaces the sums of all nodes by those of the rows counted in `estimate`. A node one of whose
// children would be empty becomes a leaf.
template <class Target>
void fill_tree(GrownTree& tree, const Target& target, const CodedFrame& data,
               const std::vector<std::uint32_t>& estimate) {
  const std::size_t n = tree.nodes.size(), width = target.width(), stride = target.stride();
  std::vector<typename Target::Cell> cells(n * stride);
  tree.fill.assign(n, 0);
  for (std::uint32_t row = 0; row < estimate.size(); ++row) {
    for (std::uint32_t left = estimate[row], part; left > 0; left -= part) {
      part = std::min(left, Target::kMaxWeight);
      const auto sample = target.sample(row, part);
      walk_down(tree, data, row, [&](std::uint32_t node) {
        target.add(cells.data() + node * stride, sample);
        tree.fill[node] += part;
        return true;
      });
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    target.sums(cells.data() + i * stride, tree.sums.data() + i * width);
    Node& node = tree.nodes[i];
    if (!node.leaf() && (tree.fill[node.left()] == 0 || tree.fill[node.left() + 1] == 0))
      node = Node{};
  }
}

}  // namespace causalsynth
