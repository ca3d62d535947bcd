// Finds the leaves of many rows in a tree of at most 64 leaves without walking it. Every split is a
// function of one column's code, so a table a column says for each code which leaves its splits
// leave possible; the row's leaf is the leftmost one that all columns leave (after QuickScorer:
// Lucchese et al. 2015).
#pragma once
#include <cstdint>
#include <vector>

#include "quantise.h"
#include "tree.h"

namespace causalsynth {

class LeafMasks {
 public:
  static constexpr std::size_t kMostLeaves = 64;
  static bool fits(const Tree& tree) { return tree.nodes.size() < 2 * kMostLeaves; }

  LeafMasks(const Tree& tree, const std::vector<ColumnBins>& columns);

  // Writes the node of the leaf of rows begin..end-1 to out[0..end-begin-1]; `masks` is scratch
  // space.
  void find(const CodedFrame& data, std::size_t begin, std::size_t end,
            std::vector<std::uint64_t>& masks, std::uint32_t* out) const;

 private:
  struct ColumnTable {
    std::uint32_t column;
    std::vector<std::uint64_t> possible;  // by code
  };
  ColumnTable& table(std::uint32_t column, const std::vector<ColumnBins>& columns);
  std::uint64_t number_leaves(const Tree& tree, std::uint32_t node,
                              const std::vector<ColumnBins>& columns);

  std::vector<std::uint32_t> leaves_;  // nodes, from left to right
  std::vector<ColumnTable> tables_;
};

}  // namespace causalsynth
