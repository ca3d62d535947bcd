// A block of rows as a walk down a tree reads them.
#pragma once
#include <cstdint>
#include <vector>

#include "quantise.h"
#include "tree.h"

namespace causalsynth {

// Codes of a block of rows, row after row: all that a walk down a tree reads of them.
class CodeBlock {
 public:
  CodeBlock(const CodedFrame& data, std::size_t begin, std::size_t end)
      : columns_(data.columns.size()), codes_((end - begin) * columns_) {
    for (std::size_t j = 0; j < columns_; ++j) {
      const CodedColumn& column = data.columns[j];
      if (column.is_wide())
        copy(column.wide.data() + begin, end - begin, j);
      else
        copy(column.narrow.data() + begin, end - begin, j);
    }
  }
  std::size_t columns() const { return columns_; }
  const std::uint16_t* row(std::size_t i) const { return codes_.data() + i * columns_; }

 private:
  template <class Code>
  void copy(const Code* codes, std::size_t n, std::size_t j) {
    for (std::size_t i = 0; i < n; ++i) codes_[i * columns_ + j] = codes[i];
  }
  std::size_t columns_;
  std::vector<std::uint16_t> codes_;
};

inline std::uint32_t leaf_of(const Tree& tree, const std::uint16_t* codes) {
  std::uint32_t at = 0;
  while (!tree.nodes[at].leaf()) {
    const Node& node = tree.nodes[at];
    at = node.left() + tree.goes_right(at, codes[node.column]);
  }
  return at;
}

}  // namespace causalsynth
