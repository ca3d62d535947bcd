#include "predict.h"

#include <algorithm>

#include "bootstrap.h"
#include "code_block.h"
#include "exit_masks.h"

namespace causalsynth {
namespace {

constexpr std::size_t kBlock = 1024;    // rows: what a block needs stays in the nearest memory
constexpr std::size_t kTreeChunk = 64;  // trees whose tables are held at once

RowBlocks row_blocks(std::size_t rows) {
  return {rows, std::min(kBlock, std::max<std::size_t>(128, rows / 16))};
}

// The leaves of a block of rows in one tree after another.
class LeafFinder {
 public:
  LeafFinder(const CodedFrame& data, std::size_t begin, std::size_t end)
      : data_(data),
        begin_(begin),
        end_(end),
        codes_(data, begin, end),
        at_(end - begin),
        moving_(end - begin + 1) {}

  // Nodes of the leaves; `masks` may be empty.
  const std::vector<std::uint32_t>& find(const Tree& tree, const ExitMasks& masks) {
    if (masks)
      masks.find(data_, begin_, end_, scratch_, at_.data());
    else
      std::fill(at_.begin(), at_.end(), 0u);
    std::size_t moving = 0;
    for (std::uint32_t i = 0; i < at_.size(); ++i) {
      moving_[moving] = i;
      moving += !tree.nodes[at_[i]].leaf();
    }
    while (moving > 0) moving = tree.has_factors ? step_any(tree, moving) : step(tree, moving);
    return at_;
  }

 private:
  // One step of all rows on their way, without branches: their loads do not wait for one another.
  std::size_t step(const Tree& tree, std::size_t moving) {
    const Node* nodes = tree.nodes.data();
    std::size_t left = 0;
    for (std::size_t m = 0; m < moving; ++m) {
      const std::uint32_t i = moving_[m];
      const Node node = nodes[at_[i]];
      const std::uint32_t shift = (node.link >> 1) & 1u, code = codes_.row(i)[node.column];
      const std::uint32_t next = node.left() + (code - shift > node.cut - shift);
      at_[i] = next;
      moving_[left] = i;
      left += !nodes[next].leaf();
    }
    return left;
  }

  std::size_t step_any(const Tree& tree, std::size_t moving) {
    std::size_t left = 0;
    for (std::size_t m = 0; m < moving; ++m) {
      const std::uint32_t i = moving_[m], at = at_[i];
      const Node& node = tree.nodes[at];
      at_[i] = node.left() + tree.goes_right(at, codes_.row(i)[node.column]);
      moving_[left] = i;
      left += !tree.nodes[at_[i]].leaf();
    }
    return left;
  }

  const CodedFrame& data_;
  std::size_t begin_, end_;
  CodeBlock codes_;
  std::vector<std::uint32_t> at_, moving_;
  std::vector<std::uint64_t> scratch_;
};

// Calls use(block, tree, leaves) for each block of rows (with begin, end) and tree, the trees of a
// block in order; blocks run side by side.
template <class Use>
void each_leaf(const Forest& forest, const CodedFrame& data, const Execution& execution, Use use) {
  const RowBlocks blocks = row_blocks(data.rows);
  const bool tables = data.rows >= 128;  // fewer rows do not repay them
  for (std::size_t first = 0; first < forest.trees.size(); first += kTreeChunk) {
    const std::size_t count = std::min(kTreeChunk, forest.trees.size() - first);
    std::vector<ExitMasks> masks(count);
    if (tables)
      parallel_for(count, execution, [&](std::size_t t, const CancelFlag&) {
        masks[t] = ExitMasks(forest.trees[first + t], forest.quantiser.columns());
      });
    parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
      LeafFinder finder(data, blocks.begin(b), blocks.end(b));
      for (std::size_t t = 0; t < count; ++t) {
        cancel.check();
        use(blocks.begin(b), first + t, finder.find(forest.trees[first + t], masks[t]));
      }
    });
  }
}

}  // namespace

std::vector<double> predict_forest(const Forest& forest, const Frame& x,
                                   const Execution& execution) {
  const CodedFrame data = forest.quantiser.encode(x, execution);
  const std::size_t width = forest.width;
  std::vector<double> result(x.rows() * width, 0.0);
  each_leaf(forest, data, execution,
            [&](std::size_t begin, std::size_t t, const std::vector<std::uint32_t>& leaves) {
              const Tree& tree = forest.trees[t];
              double* sums = &result[begin * width];
              if (width == 1) {
                for (std::size_t i = 0; i < leaves.size(); ++i)
                  sums[i] += tree.values[tree.nodes[leaves[i]].leaf_number()];
                return;
              }
              for (std::size_t i = 0; i < leaves.size(); ++i) {
                const double* value = tree.value(leaves[i], width);
                for (std::size_t k = 0; k < width; ++k) sums[i * width + k] += value[k];
              }
            });
  for (double& value : result) value /= static_cast<double>(forest.trees.size());
  return result;
}

namespace {

// Adds the predictions of a chunk of trees to the rows they left out of bag (`wanted` rows only).
struct OutOfBagSums {
  const Forest& forest;
  const CodeBlock& codes;
  const Bags bags;
  std::vector<double> sums;
  std::vector<std::uint32_t> trees;

  void add(const std::vector<Tree>& chosen, std::size_t first, const std::vector<bool>& wanted,
           const Execution& execution) {
    constexpr std::size_t kChunk = 64;
    const std::size_t n = trees.size();
    std::vector<std::vector<std::uint32_t>> counts(std::min(kChunk, chosen.size()));
    for (std::size_t start = 0; start < chosen.size(); start += kChunk) {
      const std::size_t count = std::min(kChunk, chosen.size() - start);
      parallel_for(count, execution, [&](std::size_t t, const CancelFlag&) {
        bags.draw(first + start + t, counts[t]);
      });
      const RowBlocks blocks = row_blocks(n);
      parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
        cancel.check();
        for (std::size_t t = 0; t < count; ++t)
          for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
            if (counts[t][i] || !wanted[i]) continue;
            const Tree& tree = chosen[start + t];
            const double* values = tree.value(leaf_of(tree, codes.row(i)), forest.width);
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
  OutOfBagSums total{forest, codes, Bags(forest.options, forest.sampling, x.rows()),
                     std::vector<double>(x.rows() * forest.width, 0.0),
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
  each_leaf(forest, data, execution,
            [&](std::size_t begin, std::size_t t, const std::vector<std::uint32_t>& leaves) {
              std::copy(leaves.begin(), leaves.end(), result.begin() + begin + t * x.rows());
            });
  return result;
}

}  // namespace causalsynth
