// From a tree as grown to the one that is kept.
#pragma once
#include "tree.h"

namespace causalsynth {

// The tree in which nodes of at most `size` rows are leaves, with the target's values in its
// leaves.
template <class Target>
Tree finish_tree(const GrownTree& grown, const Target& target, std::uint32_t size) {
  Tree out;
  const std::size_t width = target.width();
  std::vector<std::uint32_t> old_of{0};  // old index of each new node, siblings adjacent
  old_of.reserve(grown.nodes.size());
  out.nodes.reserve(grown.nodes.size());
  if (!grown.subset_at.empty()) out.subset_at.reserve(grown.nodes.size());
  out.values.reserve((grown.nodes.size() + 1) / 2 * width);
  std::uint32_t leaves = 0;
  for (std::size_t i = 0; i < old_of.size(); ++i) {
    const std::uint32_t old = old_of[i];
    Node node = grown.nodes[old];
    if (!grown.subset_at.empty()) out.subset_at.push_back(grown.subset_at[old]);
    if (node.leaf() || grown.weights[old] <= size) {
      node = Node{};
      node.link = (leaves++ << 3) | Node::kLeaf;
      const double weight = grown.fill_weight(old);
      for (std::size_t k = 0; k < width; ++k)
        out.values.push_back(target.value(grown.sums[old * width + k] / weight));
    } else {
      const std::uint32_t left = node.left();
      node.link = (static_cast<std::uint32_t>(old_of.size()) << 3) | (node.link & 7u);
      old_of.push_back(left);
      old_of.push_back(left + 1);
    }
    out.nodes.push_back(node);
  }
  out.nodes.shrink_to_fit();
  out.values.shrink_to_fit();
  out.subsets = grown.subsets;
  out.has_factors = grown.has_factors;
  return out;
}

}  // namespace causalsynth
