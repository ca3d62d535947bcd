// One tree: nodes in one compact array, siblings side by side, the root first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../base/byte_order.h"

namespace causalsynth {

struct Node {
  // An inner node's left child, or a leaf's number among the leaves; shifted left by three, and
  // three flags.
  std::uint32_t link = kLeaf;
  // Numeric: code <= cut goes left. Factor of at most kNarrowLevels levels: bit c says that code c
  // goes right.
  std::uint16_t cut = 0;
  std::uint16_t column = 0;

  static constexpr std::uint32_t kFactor = 1, kMissingRight = 2, kLeaf = 4;
  static constexpr std::uint32_t kNarrowLevels = 15;
  bool leaf() const { return link & kLeaf; }
  std::uint32_t left() const { return link >> 3; }
  std::uint32_t leaf_number() const { return link >> 3; }
  bool factor() const { return link & kFactor; }
  bool missing_right() const { return link & kMissingRight; }
};

// For machines that are not little-endian, see core/base/byte_order.h.
inline void reverse_bytes(Node& node) {
  reverse_bytes(node.link);
  reverse_bytes(node.cut);
  reverse_bytes(node.column);
}

// The splits of a tree. Subsets of factors with more levels than a node can hold: `subset_at[node]`
// is where the node's bit set begins.
struct Splits {
  std::vector<Node> nodes;
  std::vector<std::uint32_t> subset_at;  // empty, or one a node
  std::vector<std::uint64_t> subsets;
  bool has_factors = false;  // whether any split is of a factor

  bool goes_right(std::uint32_t node, std::uint32_t code) const {
    const Node& n = nodes[node];
    if (n.factor()) {
      if (subset_at.empty() || subset_at[node] == kInNode) return (n.cut >> code) & 1;
      return (subsets[subset_at[node] + (code >> 6)] >> (code & 63)) & 1;
    }
    // With missing_right, codes move down by one and 0 (missing) wraps to the top.
    const std::uint32_t shift = n.missing_right() ? 1u : 0u;
    return static_cast<std::uint32_t>(code - shift) > n.cut - shift;
  }
  static constexpr std::uint32_t kInNode = ~0u;
};

struct Tree : Splits {
  std::vector<double> values;  // `width` a leaf: means or shares, in the order of leaf numbers

  const double* value(std::uint32_t leaf_node, std::size_t width) const {
    return values.data() + nodes[leaf_node].leaf_number() * width;
  }
  std::size_t leaves() const { return (nodes.size() + 1) / 2; }
};

// A tree while it grows: every node has its sums and weight.
struct GrownTree : Splits {
  std::vector<double> sums;            // `width` a node
  std::vector<std::uint32_t> weights;  // bagged rows in the node
  // Of honest trees: rows whose outcomes `sums` adds up; empty: the bagged ones.
  std::vector<std::uint32_t> fill;

  double fill_weight(std::uint32_t node) const { return fill.empty() ? weights[node] : fill[node]; }

  // Starts anew with a root; arrays keep their room.
  void restart(std::size_t width) {
    nodes.assign(1, Node{});
    weights.assign(1, 0);
    sums.assign(width, 0.0);
    subset_at.clear();
    subsets.clear();
    fill.clear();
    has_factors = false;
  }
  void add_pair(std::size_t width) {
    for (int side = 0; side < 2; ++side) {
      nodes.push_back(Node{});
      weights.push_back(0);
      for (std::size_t k = 0; k < width; ++k) sums.push_back(0.0);
    }
  }
};

}  // namespace causalsynth
