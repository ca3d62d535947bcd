// The leaves of many rows in one tree after another: through the tree's exits, then step by step.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "exit_masks.h"

namespace causalsynth {

class LeafFinder {
 public:
  static constexpr std::size_t kMostRows = 512;  // of a call: what it needs stays near

  // `codes` may be empty: then rows walk from the root.
  explicit LeafFinder(const LookupCodes& codes)
      : codes_(codes), at_(kMostRows), moving_(kMostRows + 1), sets_(kMostRows) {
    for (const CodedColumn& column : codes.data().columns)
      columns_.push_back({column.is_wide() ? nullptr : column.narrow.data(), column.wide.data()});
  }

  // The tree of the following calls; tables pay where it takes many rows.
  void set_tree(const Splits& tree, std::size_t rows) {
    tree_ = &tree;
    tables_ = rows >= 64 && !codes_.empty();
    if (tables_) exits_.build(tree, codes_);
  }

  // Nodes of the leaves of n rows, at most kMostRows.
  template <class Rows>
  const std::uint32_t* find(Rows rows, std::size_t n) {
    if (tables_)
      exits_.find(codes_, rows, n, sets_.data(), at_.data());
    else
      std::fill(at_.begin(), at_.begin() + static_cast<std::ptrdiff_t>(n), 0u);
    if (tables_ && exits_.complete()) return at_.data();
    const Node* nodes = tree_->nodes.data();
    std::size_t moving = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      moving_[moving] = i;
      moving += !nodes[at_[i]].leaf();
    }
    while (moving > 0)
      moving = tree_->has_factors
                   ? step(moving, rows,
                          [&](std::uint32_t at, const Node&, std::uint32_t code) {
                            return tree_->goes_right(at, code);
                          })
                   : step(moving, rows, [](std::uint32_t, const Node& node, std::uint32_t code) {
                       const std::uint32_t shift = (node.link >> 1) & 1u;
                       return code - shift > node.cut - shift;
                     });
    return at_.data();
  }

 private:
  // One step of all rows on their way, without branches: their loads do not wait for one another.
  template <class Rows, class Right>
  std::size_t step(std::size_t moving, Rows rows, Right right) {
    const Node* nodes = tree_->nodes.data();
    std::size_t left = 0;
    for (std::size_t m = 0; m < moving; ++m) {
      const std::uint32_t i = moving_[m], at = at_[i];
      const Node node = nodes[at];
      const Codes& column = columns_[node.column];
      const std::size_t row = rows(i);
      const std::uint32_t code = column.narrow ? column.narrow[row] : column.wide[row];
      const std::uint32_t next = node.left() + right(at, node, code);
      at_[i] = next;
      moving_[left] = i;
      left += !nodes[next].leaf();
    }
    return left;
  }

  struct Codes {
    const std::uint8_t* narrow;
    const std::uint16_t* wide;
  };
  const LookupCodes& codes_;
  const Splits* tree_ = nullptr;
  bool tables_ = false;
  ExitMasks exits_;
  std::vector<Codes> columns_;
  std::vector<std::uint32_t> at_, moving_;
  std::vector<ExitSet> sets_;
};

}  // namespace causalsynth
