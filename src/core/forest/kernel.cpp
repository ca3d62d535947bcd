#include "kernel.h"

#include <algorithm>
#include <atomic>

#include "bootstrap.h"
#include "code_block.h"

namespace causalsynth {
namespace {

constexpr std::size_t kBlock = 64;

// The rows that fill one tree's leaves, by leaf number; `begin` is one longer than the leaves. A
// row's share is its count over the leaf's.
struct LeafRows {
  std::vector<std::uint32_t> begin, rows;
  std::vector<double> shares;
  std::vector<bool> left_out;  // rows that the bag lacks
};

// Honest trees are filled by rows that had no say in the splits.
LeafRows find_rows(const Tree& tree, std::size_t number, const CodeBlock& codes,
                   const Forest& forest, const Bags& bags) {
  std::vector<std::uint32_t> counts, estimate;
  bags.draw(number, counts);
  LeafRows result;
  result.left_out.resize(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) result.left_out[i] = counts[i] == 0;
  if (forest.options.honest) {
    bags.set_aside(number, counts, estimate);
    if (std::any_of(estimate.begin(), estimate.end(), [](auto c) { return c > 0; }))
      counts.swap(estimate);
  }
  const std::size_t leaves = tree.leaves();
  std::vector<std::uint32_t> leaf(counts.size());
  std::vector<double> weights(leaves, 0.0);
  result.begin.assign(leaves + 1, 0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    leaf[i] = tree.nodes[leaf_of(tree, codes.row(i))].leaf_number();
    ++result.begin[leaf[i] + 1];
    weights[leaf[i]] += counts[i];
  }
  for (std::size_t l = 0; l < leaves; ++l) result.begin[l + 1] += result.begin[l];
  result.rows.resize(result.begin[leaves]);
  result.shares.resize(result.begin[leaves]);
  std::vector<std::uint32_t> next(result.begin.begin(), result.begin.end() - 1);
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const std::uint32_t place = next[leaf[i]]++;
    result.rows[place] = i;
    result.shares[place] = counts[i] / weights[leaf[i]];
  }
  return result;
}

std::vector<LeafRows> find_all_rows(const Forest& forest, const std::vector<Tree>& trees,
                                    std::size_t first, const CodeBlock& codes,
                                    const Execution& execution) {
  const Bags bags(forest.options, forest.sampling, forest.rows);
  std::vector<LeafRows> result(trees.size());
  parallel_for(trees.size(), execution, [&](std::size_t t, const CancelFlag& cancel) {
    cancel.check();
    result[t] = find_rows(trees[t], first + t, codes, forest, bags);
  });
  return result;
}

struct Entries {
  std::vector<std::uint32_t> ends;  // of each row of the block
  std::vector<int> columns;
  std::vector<double> values;
};

// Adds up one row's weights over trees.
class WeightSum {
 public:
  explicit WeightSum(std::size_t rows) : sums_(rows, 0.0) {}

  void add(const Tree& tree, const LeafRows& leaves, const std::uint16_t* codes) {
    const std::uint32_t leaf = tree.nodes[leaf_of(tree, codes)].leaf_number();
    for (std::uint32_t p = leaves.begin[leaf]; p < leaves.begin[leaf + 1]; ++p) {
      const std::uint32_t row = leaves.rows[p];
      if (sums_[row] == 0.0) touched_.push_back(row);
      sums_[row] += leaves.shares[p];
    }
    ++trees_;
  }
  bool empty() const { return trees_ == 0; }

  // Writes the means and starts anew.
  void take(Entries& out) {
    std::sort(touched_.begin(), touched_.end());
    for (std::uint32_t row : touched_) {
      out.columns.push_back(static_cast<int>(row));
      out.values.push_back(sums_[row] / trees_);
      sums_[row] = 0.0;
    }
    out.ends.push_back(static_cast<std::uint32_t>(out.columns.size()));
    touched_.clear();
    trees_ = 0;
  }

 private:
  std::vector<double> sums_;
  std::vector<std::uint32_t> touched_;
  double trees_ = 0;
};

// Rows compressed by row to columns; `rows` of each column ascend.
KernelWeights by_column(const std::vector<Entries>& blocks, std::size_t columns) {
  KernelWeights result;
  std::vector<int> next(columns + 1, 0);
  for (const Entries& block : blocks)
    for (int column : block.columns) ++next[column + 1];
  for (std::size_t j = 0; j < columns; ++j) next[j + 1] += next[j];
  result.starts = next;
  result.rows.resize(static_cast<std::size_t>(next[columns]));
  result.values.resize(result.rows.size());
  int row = 0;
  for (const Entries& block : blocks) {
    std::size_t entry = 0;
    for (std::uint32_t end : block.ends) {
      for (; entry < end; ++entry) {
        const auto place = static_cast<std::size_t>(next[block.columns[entry]]++);
        result.rows[place] = row;
        result.values[place] = block.values[entry];
      }
      ++row;
    }
  }
  return result;
}

}  // namespace

KernelWeights kernel_weights(const Forest& forest, const Frame& data, const Frame* fresh,
                             std::size_t most_entries, const Execution& execution) {
  require(data.rows() == forest.rows, "kernel weights need the rows of the fit");
  require(fresh || forest.options.out_of_bag, "this forest has no out-of-bag rows");
  const CodedFrame coded = forest.quantiser.encode(data, execution);
  const CodeBlock codes(coded, 0, data.rows());
  const CodedFrame coded_fresh = fresh ? forest.quantiser.encode(*fresh, execution) : CodedFrame{};
  const auto trees = find_all_rows(forest, forest.trees, 0, codes, execution);
  std::vector<LeafRows> extra;
  if (!fresh)
    extra = find_all_rows(forest, forest.extra_trees, forest.trees.size(), codes, execution);
  const RowBlocks blocks{fresh ? fresh->rows() : forest.rows, kBlock};
  std::vector<Entries> entries(blocks.count());
  std::atomic<std::size_t> total{0};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const CodeBlock own(fresh ? coded_fresh : coded, blocks.begin(b), blocks.end(b));
    WeightSum sum(forest.rows);
    for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
      if (total > most_entries) return;
      cancel.check();
      const std::uint16_t* row = own.row(i - blocks.begin(b));
      const std::size_t before = entries[b].columns.size();
      for (std::size_t t = 0; t < trees.size(); ++t)
        if (fresh || trees[t].left_out[i]) sum.add(forest.trees[t], trees[t], row);
      const bool seen_by_all = sum.empty();
      for (std::size_t t = 0; seen_by_all && t < extra.size(); ++t)
        if (extra[t].left_out[i]) sum.add(forest.extra_trees[t], extra[t], row);
      sum.take(entries[b]);
      total += entries[b].columns.size() - before;
    }
  });
  if (total <= most_entries) return by_column(entries, forest.rows);
  KernelWeights result;
  result.complete = false;
  return result;
}

}  // namespace causalsynth
