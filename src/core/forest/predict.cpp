#include "predict.h"

#include <algorithm>
#include <memory>

#include "bootstrap.h"
#include "leaf_masks.h"

namespace causalsynth {
namespace {

// Large blocks read each tree from far memory less often; small inputs still give every thread
// some.
RowBlocks row_blocks(std::size_t rows) {
  return {rows, std::min<std::size_t>(4096, std::max<std::size_t>(256, rows / 16))};
}

// Codes of a block of rows, row after row: all that a walk down a tree reads of them.
class CodeBlock {
 public:
  CodeBlock(const CodedFrame& data, std::size_t begin, std::size_t end)
      : columns_(data.columns.size()), codes_((end - begin) * columns_) {
    for (std::size_t j = 0; j < columns_; ++j)
      for (std::size_t i = begin; i < end; ++i)
        codes_[(i - begin) * columns_ + j] = static_cast<std::uint16_t>(data.columns[j][i]);
  }
  std::size_t columns() const { return columns_; }
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

constexpr std::size_t kLanes = 8;

// Walks several rows down a tree without factor splits at once: their loads do not wait for
// one another, and the only branch is the last row's arrival.
void leaves_of_numeric(const Node* nodes, const std::uint16_t* codes, std::size_t columns,
                       std::uint32_t* at) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) at[lane] = 0;
  std::uint32_t moving = 1;
  while (moving) {
    moving = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const Node node = nodes[at[lane]];
      const std::uint32_t shift = (node.link >> 1) & 1u, code = codes[lane * columns + node.column];
      const std::uint32_t next = node.left() + (code - shift > node.cut - shift);
      at[lane] = node.link ? next : at[lane];
      moving |= node.link;
    }
  }
}

// The leaves of a block of rows in one tree after another, by tables or by walking.
class LeafFinder {
 public:
  LeafFinder(const CodedFrame& data, const std::vector<ColumnBins>& columns, std::size_t begin,
             std::size_t end)
      : data_(data), columns_(columns), begin_(begin), end_(end), leaves_(end - begin) {}

  const std::vector<std::uint32_t>& find(const Tree& tree) {
    if (LeafMasks::fits(tree))
      LeafMasks(tree, columns_).find(data_, begin_, end_, masks_, leaves_.data());
    else
      walk(tree);
    return leaves_;
  }

 private:
  void walk(const Tree& tree) {
    if (!codes_) codes_.reset(new CodeBlock(data_, begin_, end_));
    std::size_t i = 0;
    if (tree.subset_at.empty())
      for (; i + kLanes <= leaves_.size(); i += kLanes)
        leaves_of_numeric(tree.nodes.data(), codes_->row(i), codes_->columns(), &leaves_[i]);
    for (; i < leaves_.size(); ++i) leaves_[i] = leaf_of(tree, codes_->row(i));
  }

  const CodedFrame& data_;
  const std::vector<ColumnBins>& columns_;
  std::size_t begin_, end_;
  std::vector<std::uint32_t> leaves_;
  std::vector<std::uint64_t> masks_;
  std::unique_ptr<CodeBlock> codes_;
};

}  // namespace

std::vector<double> predict_forest(const Forest& forest, const Frame& x,
                                   const Execution& execution) {
  const CodedFrame data = forest.quantiser.encode(x, execution);
  const std::size_t width = forest.width;
  std::vector<double> result(x.rows() * width, 0.0);
  const RowBlocks blocks = row_blocks(x.rows());
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const std::size_t begin = blocks.begin(b), end = blocks.end(b);
    LeafFinder finder(data, forest.quantiser.columns(), begin, end);
    for (const Tree& tree : forest.trees) {
      cancel.check();
      const std::vector<std::uint32_t>& leaves = finder.find(tree);
      double* sums = &result[begin * width];
      for (std::size_t i = 0; i < leaves.size(); ++i)
        for (std::size_t k = 0; k < width; ++k)
          sums[i * width + k] += tree.values[leaves[i] * width + k];
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
      const RowBlocks blocks = row_blocks(n);
      parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
        cancel.check();
        for (std::size_t t = 0; t < count; ++t)
          for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
            if (bags[t][i] || !wanted[i]) continue;
            const Tree& tree = chosen[start + t];
            const double* values = &tree.values[leaf_of(tree, codes.row(i)) * forest.width];
            for (std::size_t k = 0; k < forest.width; ++k) sums[i * forest.width + k] += values[k];
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
  for (std::size_t i = 0; i < total.sums.size(); ++i)
    total.sums[i] /= total.trees[i / forest.width];
  return total.sums;
}

std::vector<std::int32_t> predict_leaves(const Forest& forest, const Frame& x,
                                         const Execution& execution) {
  const CodedFrame data = forest.quantiser.encode(x, execution);
  std::vector<std::int32_t> result(x.rows() * forest.trees.size());
  const RowBlocks blocks = row_blocks(x.rows());
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    LeafFinder finder(data, forest.quantiser.columns(), blocks.begin(b), blocks.end(b));
    for (std::size_t t = 0; t < forest.trees.size(); ++t) {
      cancel.check();
      const std::vector<std::uint32_t>& leaves = finder.find(forest.trees[t]);
      std::copy(leaves.begin(), leaves.end(), result.begin() + blocks.begin(b) + t * x.rows());
    }
  });
  return result;
}

}  // namespace causalsynth
