#include "leaf_masks.h"

#include "../base/bits.h"

namespace causalsynth {

LeafMasks::LeafMasks(const Tree& tree, const std::vector<ColumnBins>& columns) {
  number_leaves(tree, 0, columns);
  // Cuts were noted where their right side begins: all codes from there on go right.
  for (ColumnTable& t : tables_) {
    if (columns[t.column].factor) continue;
    for (std::size_t code = 2; code < t.possible.size(); ++code)
      t.possible[code] &= t.possible[code - 1];
  }
}

LeafMasks::ColumnTable& LeafMasks::table(std::uint32_t column,
                                         const std::vector<ColumnBins>& columns) {
  for (ColumnTable& t : tables_)
    if (t.column == column) return t;
  tables_.push_back(
      {column, std::vector<std::uint64_t>(columns[column].bins + 1, ~std::uint64_t{0})});
  return tables_.back();
}

// Numbers the leaves below `node`, and takes those of its left side from the codes that go right.
// Returns the node's own leaves.
std::uint64_t LeafMasks::number_leaves(const Tree& tree, std::uint32_t node,
                                       const std::vector<ColumnBins>& columns) {
  const Node& n = tree.nodes[node];
  if (n.leaf()) {
    leaves_.push_back(node);
    return std::uint64_t{1} << (leaves_.size() - 1);
  }
  const std::uint64_t left = number_leaves(tree, n.left(), columns);
  const std::uint64_t right = number_leaves(tree, n.left() + 1, columns);
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

}  // namespace

void LeafMasks::find(const CodedFrame& data, std::size_t begin, std::size_t end,
                     std::vector<std::uint64_t>& masks, std::uint32_t* out) const {
  const std::size_t n = end - begin;
  masks.assign(n, ~std::uint64_t{0});
  for (const ColumnTable& t : tables_) {
    const CodedColumn& column = data.columns[t.column];
    if (column.is_wide())
      narrow(column.wide.data() + begin, t.possible.data(), masks.data(), n);
    else
      narrow(column.narrow.data() + begin, t.possible.data(), masks.data(), n);
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = leaves_[lowest_bit(masks[i])];
}

}  // namespace causalsynth
