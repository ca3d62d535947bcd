#include "predict.h"

#include <algorithm>

#include "bootstrap.h"
#include "code_block.h"
#include "leaf_finder.h"

namespace causalsynth {
namespace {

// A unit makes the tables of every tree anew: rows enough to repay them.
RowBlocks row_blocks(std::size_t rows) {
  constexpr std::size_t kLeast = 1024, kMost = 4096;
  return {rows, std::min(kMost, std::max(kLeast, rows / 8))};
}

// Calls use(first row, tree, leaves, how many) for pieces of rows, the trees of a row in order;
// rows run side by side.
template <class Use>
void each_leaf(const Forest& forest, const CodedFrame& data, const Execution& execution, Use use) {
  const RowBlocks blocks = row_blocks(data.rows);
  const LookupCodes codes(data);
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    LeafFinder finder(codes);
    for (std::size_t t = 0; t < forest.trees.size(); ++t) {
      cancel.check();
      finder.set_tree(forest.trees[t], blocks.end(b) - blocks.begin(b));
      for (std::size_t at = blocks.begin(b); at < blocks.end(b); at += LeafFinder::kMostRows) {
        const std::size_t n = std::min(LeafFinder::kMostRows, blocks.end(b) - at);
        use(at, t, finder.find(RowRange{at}, n), n);
      }
    }
  });
}

}  // namespace

std::vector<double> predict_forest(const Forest& forest, const Frame& x,
                                   const Execution& execution) {
  const CodedFrame data = forest.quantiser.encode(x, execution);
  const std::size_t width = forest.width;
  std::vector<double> result(x.rows() * width, 0.0);
  each_leaf(forest, data, execution,
            [&](std::size_t begin, std::size_t t, const std::uint32_t* leaves, std::size_t n) {
              const Tree& tree = forest.trees[t];
              double* sums = &result[begin * width];
              if (width == 1) {
                for (std::size_t i = 0; i < n; ++i)
                  sums[i] += tree.values[tree.nodes[leaves[i]].leaf_number()];
                return;
              }
              for (std::size_t i = 0; i < n; ++i) {
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
            [&](std::size_t begin, std::size_t t, const std::uint32_t* leaves, std::size_t n) {
              std::copy(leaves, leaves + n, result.begin() + begin + t * x.rows());
            });
  return result;
}

}  // namespace causalsynth
