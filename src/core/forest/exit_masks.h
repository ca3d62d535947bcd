// Takes many rows through the top of a tree, to one of at most 64 exits (leaves, or nodes from
// which they walk on), without walking. Every split is a function of one column's code, so a table
// a column says for each code which exits its splits leave possible; a row's exit is the leftmost
// that all columns leave (after QuickScorer: Lucchese et al. 2015).
#pragma once
#include <cstdint>
#include <vector>

#include "quantise.h"
#include "tree.h"

namespace causalsynth {

class ExitMasks {
 public:
  static constexpr std::size_t kMostExits = 64;
  // Beyond so many columns, walking is cheaper than the tables' look-ups.
  static constexpr std::size_t kMostColumns = 16;

  // Useful only where it is true of the result.
  explicit operator bool() const { return !tables_.empty(); }
  ExitMasks() = default;
  ExitMasks(const Tree& tree, const std::vector<ColumnBins>& columns);

  // Writes the exits (nodes) of rows begin..end-1 to out[0..end-begin-1]; `masks` is scratch space.
  void find(const CodedFrame& data, std::size_t begin, std::size_t end,
            std::vector<std::uint64_t>& masks, std::uint32_t* out) const;

 private:
  struct ColumnTable {
    std::uint32_t column;
    std::vector<std::uint64_t> possible;  // by code
  };
  ColumnTable& table(std::uint32_t column, const std::vector<ColumnBins>& columns);
  std::uint64_t number_exits(const Tree& tree, std::uint32_t node,
                             const std::vector<ColumnBins>& columns, std::size_t opened);

  std::vector<std::uint32_t> exits_;  // nodes, from left to right
  std::vector<ColumnTable> tables_;
};

}  // namespace causalsynth
