// Takes many rows through the top of a tree, to one of at most 128 exits (leaves, or nodes from
// which they walk on), without walking. Every split is a function of one column's code, so a table
// says for each code which exits its splits leave possible; a row's exit is the leftmost that all
// columns leave (after QuickScorer: Lucchese et al. 2015).
#pragma once
#include <cstdint>
#include <vector>

#include "../base/bits.h"
#include "quantise.h"
#include "tree.h"

namespace causalsynth {

// A set of exits, from left to right.
struct alignas(16) ExitSet {
  std::uint64_t low, high;

  static ExitSet all() { return {~std::uint64_t{0}, ~std::uint64_t{0}}; }
  // Exits first..last-1, at least one.
  static ExitSet range(std::size_t first, std::size_t last) {
    const ExitSet from = below(first), to = below(last);
    return {to.low & ~from.low, to.high & ~from.high};
  }
  void remove(const ExitSet& other) {
    low &= ~other.low;
    high &= ~other.high;
  }

 private:
  // Exits 0..end-1, end from 0 to 127.
  static ExitSet below(std::size_t end) {
    const std::uint64_t bits = (std::uint64_t{1} << (end & 63)) - 1;
    const std::uint64_t beyond = std::uint64_t{0} - (end >> 6);  // all ones from 64 on
    return {bits | beyond, bits & beyond};
  }
};

// The codes by which tables are looked up: those of a column of many codes; columns of few codes
// share a table, by their codes in one number.
class LookupCodes {
 public:
  static constexpr std::size_t kMostCombined = 256;  // codes of a shared table
  static constexpr std::size_t kMostColumns = 64;    // beyond, a tree's top uses too many of them

  struct Group {
    std::vector<std::uint32_t> columns;  // the first one's codes are the lowest digit
    std::uint32_t size = 1;              // codes
    const std::uint8_t* narrow = nullptr;
    const std::uint16_t* wide = nullptr;
  };

  // Borrows the data's codes.
  explicit LookupCodes(const CodedFrame& data);
  LookupCodes(const LookupCodes&) = delete;
  LookupCodes& operator=(const LookupCodes&) = delete;

  const CodedFrame& data() const { return data_; }
  const std::vector<Group>& groups() const { return groups_; }
  bool empty() const { return groups_.empty(); }
  std::uint32_t group_of(std::uint32_t column) const { return group_of_[column]; }

 private:
  void combine(const std::vector<std::uint32_t>& columns);

  const CodedFrame& data_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> group_of_;
  std::vector<std::vector<std::uint8_t>> combined_;
};

// Rows begin, begin + 1, ... and rows of a list.
struct RowRange {
  std::size_t begin;
  std::size_t operator()(std::size_t i) const { return begin + i; }
};
struct RowList {
  const std::uint32_t* rows;
  std::size_t operator()(std::size_t i) const { return rows[i]; }
};

class ExitMasks {
 public:
  static constexpr std::size_t kMostExits = 128;
  static constexpr std::size_t kMostGroups = 16;  // beyond, walking is cheaper than look-ups

  // For one tree after another.
  void build(const Splits& tree, const LookupCodes& codes);

  // Whether all exits are leaves.
  bool complete() const { return complete_; }

  // Writes the exits (nodes) of n rows to out; `sets` has room for as many.
  template <class Rows>
  void find(const LookupCodes& codes, Rows rows, std::size_t n, ExitSet* sets,
            std::uint32_t* out) const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr std::size_t kSpare = 0;  // a cell of tables_ that nothing reads
  // Where a column's own table begins; of a column that shares one, the part from which that is
  // made.
  using Start = std::size_t;

  // A node of the top, or an exit: nodes come behind their parents.
  struct Place {
    std::uint32_t node;
    std::uint32_t left;   // the place of its left child, next to which is the right one
    std::uint32_t exits;  // below it
    std::uint32_t first;  // of them
    std::uint32_t mark;   // the cell where the right side of its cut begins
    bool plain;           // no factor, no missing values to the right
  };

  void open_all(const Splits& tree, const LookupCodes& codes);
  void open_levels(const Splits& tree, const LookupCodes& codes);
  bool opens(std::uint32_t column, const LookupCodes& codes);
  bool open_table(std::uint32_t column, const LookupCodes& codes);
  void start(const CodedFrame& data);
  Start add_table(std::size_t size);
  Place place(std::uint32_t number, const Node& node, std::uint32_t left, bool inner) const;
  void end_places();
  void number_exits(const Splits& tree);
  void note_other(const Splits& tree, std::uint32_t node, const ExitSet& left);
  void combine_parts(const LookupCodes::Group& group, Start at);

  const CodedFrame* data_ = nullptr;
  bool complete_ = false;
  std::vector<std::uint32_t> exits_;  // nodes, from left to right
  std::vector<std::uint32_t> used_;   // groups
  std::vector<Start> table_at_;       // of each of them
  std::vector<ExitSet> tables_;
  // While building: the top, its columns, and where their tables begin.
  std::vector<Place> places_;
  std::vector<std::uint32_t> columns_;
  std::vector<Start> column_at_;
};

}  // namespace causalsynth
