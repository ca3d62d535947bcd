#include "tree.h"

namespace causalsynth {

Tree pruned(const Tree& tree, std::size_t width, std::uint32_t size) {
  Tree out;
  std::vector<std::uint32_t> old_of{0};  // old index of each new node, siblings adjacent
  for (std::size_t i = 0; i < old_of.size(); ++i) {
    const std::uint32_t old = old_of[i];
    Node node = tree.nodes[old];
    std::uint32_t subset = 0;
    if (!node.leaf() && tree.weights[old] <= size) node = Node{};
    if (!node.leaf()) {
      const std::uint32_t left = node.left();
      node.link = (static_cast<std::uint32_t>(old_of.size()) << 2) | (node.link & 3u);
      old_of.push_back(left);
      old_of.push_back(left + 1);
      if (node.factor()) subset = tree.subset_at[old];
    }
    out.nodes.push_back(node);
    out.weights.push_back(tree.weights[old]);
    for (std::size_t k = 0; k < width; ++k) out.values.push_back(tree.values[old * width + k]);
    if (!tree.subset_at.empty()) out.subset_at.push_back(subset);
  }
  out.subsets = tree.subsets;
  return out;
}

}  // namespace causalsynth
