// One tree: nodes in one compact array, siblings side by side, the root first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../base/byte_order.h"

namespace causalsynth {

struct Node {
  std::uint32_t link = 0;  // left child shifted left by two, and two flags; 0: a leaf
  std::uint16_t cut = 0;   // numeric: code <= cut goes left
  std::uint16_t column = 0;

  static constexpr std::uint32_t kFactor = 1, kMissingRight = 2;
  bool leaf() const { return link == 0; }
  std::uint32_t left() const { return link >> 2; }
  bool factor() const { return link & kFactor; }
  bool missing_right() const { return link & kMissingRight; }
};

// For machines that are not little-endian, see core/base/byte_order.h.
inline void reverse_bytes(Node& node) {
  reverse_bytes(node.link);
  reverse_bytes(node.cut);
  reverse_bytes(node.column);
}

struct Tree {
  std::vector<Node> nodes;
  std::vector<double> values;          // `width` a node: sums while growing, then means or shares
  std::vector<std::uint32_t> weights;  // bagged rows in the node
  // Of factor splits: `subset_at[node]` is where the node's bit set begins; bit c says that code c
  // goes right.
  std::vector<std::uint32_t> subset_at;
  std::vector<std::uint64_t> subsets;

  bool goes_right(std::uint32_t node, std::uint32_t code) const {
    const Node& n = nodes[node];
    if (n.factor()) return (subsets[subset_at[node] + (code >> 6)] >> (code & 63)) & 1;
    // With missing_right, codes move down by one and 0 (missing) wraps to the top.
    const std::uint32_t shift = n.missing_right() ? 1u : 0u;
    return static_cast<std::uint32_t>(code - shift) > n.cut - shift;
  }
};

// The tree in which nodes of at most `size` rows are leaves.
Tree pruned(const Tree& tree, std::size_t width, std::uint32_t size);

}  // namespace causalsynth
