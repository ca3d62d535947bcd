#include "predict.h"

#include <algorithm>

#include "bootstrap.h"

namespace causalsynth {
namespace {

constexpr std::size_t kBlockRows = 256;

// Codes of a block of rows, row after row: all that a walk down a tree reads of them.
class CodeBlock {
 public:
  CodeBlock(const CodedFrame& data, std::size_t begin, std::size_t end)
      : columns_(data.columns.size()), codes_((end - begin) * columns_) {
    for (std::size_t j = 0; j < columns_; ++j)
      for (std::size_t i = begin; i < end; ++i)
        codes_[(i - begin) * columns_ + j] = static_cast<std::uint16_t>(data.columns[j][i]);
  }
  const std::uint16_t* row(std::size_t i) const { return codes_.data() + i * columns_; }

 private:
  std::size_t columns_;
  std::vector<std::uint16_t> codes_;
};

std::uint32_t leaf_of(const Tree& tree, const std::uint16_t* codes) {
  std::uint32_t at = 0;
  while (!tree.nodes[at].leaf()) {
    const Node& node = tree.nodes[at];
    at = node.left() + tree.goes_right(at, codes[node.column]);
  }
  return at;
}

// A tree without factor splits: the walk has no other branch than its end.
std::uint32_t leaf_of_numeric(const Node* nodes, const std::uint16_t* codes) {
  std::uint32_t at = 0;
  while (!nodes[at].leaf()) {
    const Node node = nodes[at];
    const std::uint32_t shift = (node.link >> 1) & 1u;
    at = node.left() + (std::uint32_t(codes[node.column] - shift) > node.cut - shift);
  }
  return at;
}

std::uint32_t find_leaf(const Tree& tree, const std::uint16_t* codes) {
  return tree.subset_at.empty() ? leaf_of_numeric(tree.nodes.data(), codes) : leaf_of(tree, codes);
}

void add_values(const Tree& tree, std::size_t width, const std::uint16_t* codes, double* sums) {
  const double* values = tree.values.data() + find_leaf(tree, codes) * width;
  for (std::size_t k = 0; k < width; ++k) sums[k] += values[k];
}

}  // namespace

std::vector<double> predict_forest(const Forest& forest, const Frame& x,
                                   const Execution& execution) {
  const CodedFrame data = forest.quantiser.encode(x, execution);
  const std::size_t width = forest.width;
  std::vector<double> result(x.rows() * width, 0.0);
  const RowBlocks blocks{x.rows(), kBlockRows};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const std::size_t begin = blocks.begin(b), end = blocks.end(b);
    const CodeBlock codes(data, begin, end);
    for (const Tree& tree : forest.trees) {
      cancel.check();
      for (std::size_t i = begin; i < end; ++i)
        add_values(tree, width, codes.row(i - begin), &result[i * width]);
    }
    for (std::size_t i = begin * width; i < end * width; ++i)
      result[i] /= static_cast<double>(forest.trees.size());
  });
  return result;
}

namespace {

// Adds the predictions of a chunk of trees to the rows they left out of bag (`wanted` rows only).
struct OutOfBagSums {
  const Forest& forest;
  const CodeBlock& codes;
  std::vector<double> sums;
  std::vector<std::uint32_t> trees;

  void add(const std::vector<Tree>& chosen, std::size_t first, const std::vector<bool>& wanted,
           const Execution& execution) {
    constexpr std::size_t kChunk = 64;
    const std::size_t n = trees.size();
    std::vector<std::vector<std::uint32_t>> bags(std::min(kChunk, chosen.size()));
    for (std::size_t start = 0; start < chosen.size(); start += kChunk) {
      const std::size_t count = std::min(kChunk, chosen.size() - start);
      parallel_for(count, execution, [&](std::size_t t, const CancelFlag&) {
        bags[t].resize(n);
        draw_bag(forest.options, first + start + t, bags[t]);
      });
      const RowBlocks blocks{n, kBlockRows};
      parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
        cancel.check();
        for (std::size_t t = 0; t < count; ++t)
          for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
            if (bags[t][i] || !wanted[i]) continue;
            add_values(chosen[start + t], forest.width, codes.row(i), &sums[i * forest.width]);
            ++trees[i];
          }
      });
    }
  }
};

}  // namespace

std::vector<double> predict_out_of_bag(const Forest& forest, const Frame& x,
                                       const Execution& execution) {
  require(x.rows() == forest.rows, "out-of-bag prediction needs the rows of the fit");
  require(forest.options.out_of_bag, "this forest has no out-of-bag rows");
  const CodedFrame data = forest.quantiser.encode(x, execution);
  const CodeBlock codes(data, 0, x.rows());
  OutOfBagSums total{forest, codes, std::vector<double>(x.rows() * forest.width, 0.0),
                     std::vector<std::uint32_t>(x.rows(), 0)};
  std::vector<bool> wanted(x.rows(), true);
  total.add(forest.trees, 0, wanted, execution);
  if (!forest.extra_trees.empty()) {
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = total.trees[i] == 0;
    total.add(forest.extra_trees, forest.trees.size(), wanted, execution);
  }
  for (std::size_t i = 0; i < total.sums.size(); ++i) total.sums[i] /= total.trees[i / forest.width];
  return total.sums;
}

std::vector<std::int32_t> predict_leaves(const Forest& forest, const Frame& x,
                                         const Execution& execution) {
  const CodedFrame data = forest.quantiser.encode(x, execution);
  std::vector<std::int32_t> result(x.rows() * forest.trees.size());
  const RowBlocks blocks{x.rows(), kBlockRows};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const CodeBlock codes(data, blocks.begin(b), blocks.end(b));
    for (std::size_t t = 0; t < forest.trees.size(); ++t) {
      cancel.check();
      for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i)
        result[i + t * x.rows()] =
            static_cast<std::int32_t>(find_leaf(forest.trees[t], codes.row(i - blocks.begin(b))));
    }
  });
  return result;
}

}  // namespace causalsynth
