// Sums of out-of-bag predictions. Kept as whole numbers on a scale of 2^44 to the target's range,
// so that they do not depend on the order in which trees finish.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "leaf_finder.h"
#include "tree.h"

namespace causalsynth {

template <class Target>
class OutOfBag {
 public:
  OutOfBag(const Target& target, std::size_t candidates)
      : target_(&target),
        candidates_(candidates),
        width_(target.width()),
        sums_(candidates * target.rows() * width_, 0),
        trees_(target.rows(), 0) {}

  // Adds what a tree predicts for rows that it did not see, for each candidate node size.
  void add(const GrownTree& tree, const std::vector<int>& sizes,
           const std::vector<std::uint32_t>& rows, LeafFinder& finder) {
    if (rows.empty()) return;
    find_leaf_values(tree, sizes);
    finder.set_tree(tree, rows.size());
    for (std::size_t begin = 0; begin < rows.size(); begin += LeafFinder::kMostRows) {
      const std::size_t n = std::min(LeafFinder::kMostRows, rows.size() - begin);
      const std::uint32_t* row = rows.data() + begin;
      add_rows(row, finder.find(RowList{row}, n), n);
    }
  }

  void merge(const OutOfBag& other) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
    for (std::size_t i = 0; i < trees_.size(); ++i) trees_[i] += other.trees_[i];
  }

  // Takes over the sums of rows that no tree here left out.
  void fill_gaps(const OutOfBag& extra) {
    const std::size_t n = trees_.size();
    for (std::size_t row = 0; row < n; ++row) {
      if (trees_[row] > 0) continue;
      trees_[row] = extra.trees_[row];
      for (std::size_t i = row * width_; i < sums_.size(); i += n * width_)
        for (std::size_t k = 0; k < width_; ++k) sums_[i + k] = extra.sums_[i + k];
    }
  }

  // Whether each row was left out by a tree here or there.
  bool covered_with(const OutOfBag& extra) const {
    for (std::size_t row = 0; row < trees_.size(); ++row)
      if (trees_[row] == 0 && extra.trees_[row] == 0) return false;
    return true;
  }

  // Sums of the same shape, of no tree yet.
  OutOfBag none() const { return OutOfBag(*target_, candidates_); }

  // Rows x width, row after row; NaN where no tree left the row out.
  std::vector<double> means(std::size_t c) const {
    std::vector<double> result(trees_.size() * width_);
    const std::int64_t* base = sums_.data() + c * result.size();
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] =
          trees_[i / width_] == 0
              ? std::nan("")
              : target_->from_unit(static_cast<double>(base[i]) / kScale / trees_[i / width_]);
    return result;
  }

 private:
  static constexpr std::uint32_t kInside = ~std::uint32_t{0}, kUnreached = kInside - 1;

  // For each candidate node size s, the tree pruned to s ends a path at its first node of at most s
  // rows, or at the leaf. Nodes lie behind their parents.
  void find_leaf_values(const GrownTree& tree, const std::vector<int>& sizes) {
    const std::size_t n = tree.nodes.size();
    if (candidates_ == 1) {  // the size to which trees are grown
      values_.resize(n * width_);
      for (std::uint32_t i = 0; i < n; ++i)  // of inner nodes too: dearer to tell than to do
        if (tree.fill.empty() || tree.fill[i] > 0) value_of(tree, i, i);
      return;
    }
    end_.assign(n * candidates_, kUnreached);
    values_.resize(n * candidates_ * width_);
    std::fill(end_.begin(), end_.begin() + static_cast<std::ptrdiff_t>(candidates_), kInside);
    for (std::uint32_t i = 0; i < n; ++i) {
      std::uint32_t* end = end_.data() + i * candidates_;
      if (end[0] == kUnreached) continue;
      const Node& node = tree.nodes[i];
      for (std::size_t c = 0; c < candidates_; ++c)
        if (end[c] == kInside &&
            (node.leaf() || tree.weights[i] <= static_cast<std::uint32_t>(sizes[c])))
          end[c] = i;
      if (node.leaf()) {
        for (std::size_t c = 0; c < candidates_; ++c) value_of(tree, end[c], i * candidates_ + c);
      } else {
        std::copy(end, end + candidates_, end_.data() + node.left() * candidates_);
        std::copy(end, end + candidates_, end_.data() + (node.left() + 1) * candidates_);
      }
    }
  }

  void value_of(const GrownTree& tree, std::uint32_t node, std::size_t place) {
    const double weight = tree.fill_weight(node);
    const double* sums = tree.sums.data() + node * width_;
    for (std::size_t k = 0; k < width_; ++k)
      values_[place * width_ + k] =
          // Not negative, so cutting off rounds. NOLINTNEXTLINE(bugprone-incorrect-roundings)
          static_cast<std::int64_t>(target_->unit(sums[k] / weight) * kScale + 0.5);
  }

  void add_rows(const std::uint32_t* rows, const std::uint32_t* leaves, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) ++trees_[rows[i]];
    if (candidates_ * width_ == 1) {
      for (std::size_t i = 0; i < n; ++i) sums_[rows[i]] += values_[leaves[i]];
      return;
    }
    for (std::size_t c = 0; c < candidates_; ++c) {
      std::int64_t* base = sums_.data() + c * trees_.size() * width_;
      for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t* value = values_.data() + (leaves[i] * candidates_ + c) * width_;
        for (std::size_t k = 0; k < width_; ++k) base[rows[i] * width_ + k] += value[k];
      }
    }
  }

  static constexpr double kScale = 0x1.0p44;
  const Target* target_;
  std::size_t candidates_, width_;
  std::vector<std::int64_t> sums_;  // candidate, row, value
  std::vector<std::uint32_t> trees_;
  // Of the tree being added: where its paths end, and what its leaves predict, a candidate.
  std::vector<std::uint32_t> end_;
  std::vector<std::int64_t> values_;
};

}  // namespace causalsynth
