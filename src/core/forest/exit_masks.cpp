#include "exit_masks.h"

#include <algorithm>

#include "../base/bits.h"

namespace causalsynth {
namespace {

// The nodes that the top consists of come first: nodes lie level after level. Returns how many
// nodes there are up to its last inner node.
std::size_t top_end(const Tree& tree) {
  std::size_t end = 0;
  for (std::size_t i = 0, exits = 1; i < tree.nodes.size() && exits < ExitMasks::kMostExits; ++i) {
    if (tree.nodes[i].leaf()) continue;
    ++exits;
    end = i + 1;
  }
  return end;
}

bool too_many_columns(const Tree& tree, std::size_t end) {
  std::vector<std::uint32_t> used;
  for (std::size_t i = 0; i < end; ++i) {
    if (tree.nodes[i].leaf()) continue;
    if (std::find(used.begin(), used.end(), tree.nodes[i].column) != used.end()) continue;
    if (used.size() == ExitMasks::kMostColumns) return true;
    used.push_back(tree.nodes[i].column);
  }
  return false;
}

}  // namespace

ExitMasks::ExitMasks(const Tree& tree, const std::vector<ColumnBins>& columns) {
  const std::size_t opened = top_end(tree);
  if (too_many_columns(tree, opened)) return;
  number_exits(tree, 0, columns, opened);
  // Cuts were noted where their right side begins: all codes from there on go right.
  for (ColumnTable& t : tables_) {
    if (columns[t.column].factor) continue;
    for (std::size_t code = 2; code < t.possible.size(); ++code)
      t.possible[code] &= t.possible[code - 1];
  }
}

ExitMasks::ColumnTable& ExitMasks::table(std::uint32_t column,
                                         const std::vector<ColumnBins>& columns) {
  for (ColumnTable& t : tables_)
    if (t.column == column) return t;
  tables_.push_back(
      {column, std::vector<std::uint64_t>(columns[column].bins + 1, ~std::uint64_t{0})});
  return tables_.back();
}

// Numbers the exits below `node`, and takes those of its left side from the codes that go right.
// Returns the node's own exits.
std::uint64_t ExitMasks::number_exits(const Tree& tree, std::uint32_t node,
                                      const std::vector<ColumnBins>& columns, std::size_t opened) {
  if (node >= opened || tree.nodes[node].leaf()) {
    exits_.push_back(node);
    return std::uint64_t{1} << (exits_.size() - 1);
  }
  const Node& n = tree.nodes[node];
  const std::uint64_t left = number_exits(tree, n.left(), columns, opened);
  const std::uint64_t right = number_exits(tree, n.left() + 1, columns, opened);
  std::vector<std::uint64_t>& possible = table(n.column, columns).possible;
  if (n.factor()) {
    for (std::uint32_t code = 0; code < possible.size(); ++code)
      if (tree.goes_right(node, code)) possible[code] &= ~left;
  } else {
    if (n.missing_right()) possible[0] &= ~left;
    if (n.cut + 1u < possible.size()) possible[n.cut + 1u] &= ~left;
  }
  return left | right;
}

namespace {

template <class Code>
void narrow(const Code* codes, const std::uint64_t* possible, std::uint64_t* masks, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) masks[i] &= possible[codes[i]];
}

// Four columns of bytes in one pass over the masks.
void narrow_four(const std::uint8_t* const codes[4], const std::uint64_t* const possible[4],
                 std::uint64_t* masks, std::size_t n) {
  const std::uint8_t *c0 = codes[0], *c1 = codes[1], *c2 = codes[2], *c3 = codes[3];
  const std::uint64_t *p0 = possible[0], *p1 = possible[1], *p2 = possible[2], *p3 = possible[3];
  for (std::size_t i = 0; i < n; ++i) masks[i] &= (p0[c0[i]] & p1[c1[i]]) & (p2[c2[i]] & p3[c3[i]]);
}

}  // namespace

void ExitMasks::find(const CodedFrame& data, std::size_t begin, std::size_t end,
                     std::vector<std::uint64_t>& masks, std::uint32_t* out) const {
  const std::size_t n = end - begin;
  masks.assign(n, ~std::uint64_t{0});
  const std::uint8_t* codes[4];
  const std::uint64_t* possible[4];
  std::size_t waiting = 0;
  for (const ColumnTable& t : tables_) {
    const CodedColumn& column = data.columns[t.column];
    if (column.is_wide()) {
      narrow(column.wide.data() + begin, t.possible.data(), masks.data(), n);
      continue;
    }
    codes[waiting] = column.narrow.data() + begin;
    possible[waiting++] = t.possible.data();
    if (waiting < 4) continue;
    narrow_four(codes, possible, masks.data(), n);
    waiting = 0;
  }
  while (waiting-- > 0) narrow(codes[waiting], possible[waiting], masks.data(), n);
  for (std::size_t i = 0; i < n; ++i) out[i] = exits_[lowest_bit(masks[i])];
}

}  // namespace causalsynth
