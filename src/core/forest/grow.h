// Grows one tree depth first; bagged and out-of-bag rows are partitioned in place along with the
// nodes, so that out-of-bag predictions cost no second walk down the tree.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../random/stream.h"
#include "options.h"
#include "split.h"
#include "tree.h"

namespace causalsynth {

// Where a tree leaves its out-of-bag predictions, one call a leaf and candidate node size.
template <class Target>
class OutOfBag;

template <class Target>
class TreeGrower {
 public:
  using Sample = typename Target::Sample;

  TreeGrower(const Target& target, const CodedFrame& data, const std::vector<ColumnBins>& columns,
             const ForestOptions& options)
      : target_(target),
        data_(data),
        columns_(columns),
        options_(options),
        search_(target, columns) {
    split_.left_sums.resize(target.width());
    drawn_.resize(columns.size());
    for (std::size_t j = 0; j < drawn_.size(); ++j) drawn_[j] = static_cast<std::uint32_t>(j);
  }

  Tree grow(std::size_t number, const std::vector<std::uint32_t>& bag, OutOfBag<Target>* oob,
            const CancelFlag& cancel) {
    Stream stream(options_.key, StreamTag::tree, number);
    for (std::size_t j = 0; j < drawn_.size(); ++j) drawn_[j] = static_cast<std::uint32_t>(j);
    start(bag, oob != nullptr);
    while (!pending_.empty()) {
      const Pending node = pending_.back();
      pending_.pop_back();
      if (node.end - node.begin > 4096) cancel.check();
      const bool split = may_split(node) && find_split(node, stream);
      if (oob && node.oob_end > node.oob_begin) report(node, split, *oob);
      if (split) divide(node);
    }
    finish();
    return std::move(tree_);
  }

 private:
  struct Pending {
    std::uint32_t node, begin, end, oob_begin, oob_end, depth, parent_weight;
  };

  void start(const std::vector<std::uint32_t>& bag, bool with_oob) {
    samples_.clear();
    oob_rows_.clear();
    tree_ = Tree{};
    tree_.nodes.resize(1);
    tree_.values.assign(target_.width(), 0.0);
    std::uint32_t total = 0;
    for (std::uint32_t row = 0; row < bag.size(); ++row) {
      std::uint32_t left = bag[row];
      if (left == 0 && with_oob) oob_rows_.push_back(row);
      total += left;
      for (; left > 0; left -= std::min(left, Target::kMaxWeight))
        samples_.push_back(target_.sample(row, std::min(left, Target::kMaxWeight)));
    }
    tree_.weights.assign(1, total);
    std::vector<typename Target::Cell> cell(target_.stride());
    for (const Sample& s : samples_) {
      std::fill(cell.begin(), cell.end(), typename Target::Cell{});
      target_.add(cell.data(), s);
      target_.accumulate(cell.data(), tree_.values.data());
    }
    spare_.resize(samples_.size());
    spare_rows_.resize(oob_rows_.size());
    pending_.assign(1, {0, 0, static_cast<std::uint32_t>(samples_.size()), 0,
                        static_cast<std::uint32_t>(oob_rows_.size()), 0, ~0u});
  }

  double* sums(std::uint32_t node) { return tree_.values.data() + node * target_.width(); }

  bool may_split(const Pending& p) {
    const std::uint32_t weight = tree_.weights[p.node];
    if (weight <= static_cast<std::uint32_t>(options_.min_node_size.front())) return false;
    if (options_.max_depth > 0 && p.depth >= static_cast<std::uint32_t>(options_.max_depth))
      return false;
    return !target_.pure(samples_.data() + p.begin, p.end - p.begin, sums(p.node), weight);
  }

  // As ranger does, the node ends where none of the drawn columns has two values; others are not
  // tried.
  bool find_split(const Pending& p, Stream& stream) {
    split_.score = -1.0;
    const NodeSummary node{sums(p.node), static_cast<double>(tree_.weights[p.node]),
                           static_cast<double>(options_.min_bucket)};
    const auto columns = static_cast<std::uint32_t>(drawn_.size());
    const std::uint32_t tries =
        options_.mtry > 0 ? static_cast<std::uint32_t>(options_.mtry) : default_mtry(columns);
    for (std::uint32_t t = 0; t < tries; ++t) {
      if (tries < columns) std::swap(drawn_[t], drawn_[t + stream.below(columns - t)]);
      const std::uint32_t j = drawn_[t];
      const CodedColumn& column = data_.columns[j];
      const Sample* first = samples_.data() + p.begin;
      if (column.is_wide())
        search_.count(column.wide.data(), first, p.end - p.begin, columns_[j].bins);
      else
        search_.count(column.narrow.data(), first, p.end - p.begin, columns_[j].bins);
      search_.improve(j, columns_[j].factor, node, split_);
    }
    return split_.found();
  }

  static std::uint32_t default_mtry(std::uint32_t columns) {
    std::uint32_t root = 1;
    while ((root + 1) * (root + 1) <= columns) ++root;
    return root;
  }

  void divide(const Pending& p) {
    const auto left = static_cast<std::uint32_t>(tree_.nodes.size());
    tree_.nodes.resize(left + 2);
    tree_.weights.resize(left + 2, 0);
    tree_.values.resize((left + 2) * target_.width(), 0.0);
    Node& node = tree_.nodes[p.node];
    node.column = static_cast<std::uint16_t>(split_.column);
    node.cut = static_cast<std::uint16_t>(split_.cut);
    node.link = (left << 2) | (split_.factor ? Node::kFactor : 0u) |
                (split_.missing_right && !split_.factor ? Node::kMissingRight : 0u);
    if (split_.factor) store_subset(p);
    const CodedColumn& column = data_.columns[split_.column];
    if (column.is_wide())
      partition(column.wide.data(), p, left);
    else
      partition(column.narrow.data(), p, left);
  }

  // Levels the node does not hold go where more rows go.
  void store_subset(const Pending& p) {
    const std::size_t words = (columns_[split_.column].bins + 64) / 64;
    tree_.subset_at.resize(tree_.nodes.size(), 0);
    tree_.subset_at[p.node] = static_cast<std::uint32_t>(tree_.subsets.size());
    const bool rest_right = split_.left_weight * 2.0 < tree_.weights[p.node];
    tree_.subsets.resize(tree_.subsets.size() + words, rest_right ? ~std::uint64_t{0} : 0);
    std::uint64_t* bits = tree_.subsets.data() + tree_.subset_at[p.node];
    for (std::uint32_t code : split_.right_codes)
      bits[code >> 6] |= std::uint64_t{1} << (code & 63);
    for (std::uint32_t code : split_.left_codes)
      bits[code >> 6] &= ~(std::uint64_t{1} << (code & 63));
  }

  template <class Code>
  void partition(const Code* codes, const Pending& p, std::uint32_t left) {
    const Node node = tree_.nodes[p.node];
    std::uint32_t middle, oob_middle;
    if (node.factor()) {
      const std::uint64_t* bits = tree_.subsets.data() + tree_.subset_at[p.node];
      auto right = [bits](std::uint32_t code) { return (bits[code >> 6] >> (code & 63)) & 1; };
      middle = move_samples(p, [&](const Sample& s) { return right(codes[s.row]); });
      oob_middle = move_rows(p, [&](std::uint32_t row) { return right(codes[row]); });
    } else {
      const std::uint32_t shift = node.missing_right() ? 1 : 0, cut = node.cut - shift;
      middle = move_samples(
          p, [&](const Sample& s) { return std::uint32_t(codes[s.row] - shift) > cut; });
      oob_middle =
          move_rows(p, [&](std::uint32_t row) { return std::uint32_t(codes[row] - shift) > cut; });
    }
    share_sums(p, left);
    const std::uint32_t depth = p.depth + 1, weight = tree_.weights[p.node];
    pending_.push_back({left + 1, middle, p.end, oob_middle, p.oob_end, depth, weight});
    pending_.push_back({left, p.begin, middle, p.oob_begin, oob_middle, depth, weight});
  }

  template <class Right>
  std::uint32_t move_samples(const Pending& p, Right right) {
    return move(samples_.data(), spare_.data(), p.begin, p.end, right);
  }
  template <class Right>
  std::uint32_t move_rows(const Pending& p, Right right) {
    return move(oob_rows_.data(), spare_rows_.data(), p.oob_begin, p.oob_end, right);
  }

  // Stable partition without branches; returns where the right side begins.
  template <class T, class Right>
  static std::uint32_t move(T* items, T* spare, std::uint32_t begin, std::uint32_t end,
                            Right right) {
    std::uint32_t to_left = begin, to_right = 0;
    for (std::uint32_t i = begin; i < end; ++i) {
      const T item = items[i];
      const bool goes_right = right(item);
      items[to_left] = item;
      spare[to_right] = item;
      to_left += !goes_right;
      to_right += goes_right;
    }
    std::copy(spare, spare + to_right, items + to_left);
    return to_left;
  }

  void share_sums(const Pending& p, std::uint32_t left) {
    tree_.weights[left] = static_cast<std::uint32_t>(split_.left_weight);
    tree_.weights[left + 1] = tree_.weights[p.node] - tree_.weights[left];
    for (std::size_t k = 0; k < target_.width(); ++k) {
      sums(left)[k] = split_.left_sums[k];
      sums(left + 1)[k] = sums(p.node)[k] - split_.left_sums[k];
    }
  }

  // For each candidate node size s, the tree pruned to s has this node as a leaf if the node is the
  // first on its path with at most s rows, or ends the path.
  void report(const Pending& p, bool split, OutOfBag<Target>& oob) {
    const std::uint32_t weight = tree_.weights[p.node];
    for (std::size_t c = 0; c < options_.min_node_size.size(); ++c) {
      const auto size = static_cast<std::uint32_t>(options_.min_node_size[c]);
      if (p.parent_weight <= size) continue;
      if (split && weight > size) continue;
      oob.add(c, oob_rows_.data() + p.oob_begin, oob_rows_.data() + p.oob_end, sums(p.node),
              weight);
    }
  }

  void finish() {
    const std::size_t width = target_.width();
    for (std::size_t node = 0; node < tree_.nodes.size(); ++node)
      for (std::size_t k = 0; k < width; ++k) {
        double& value = tree_.values[node * width + k];
        value = target_.value(value / tree_.weights[node]);
      }
    if (!tree_.subset_at.empty()) tree_.subset_at.resize(tree_.nodes.size(), 0);
  }

  const Target& target_;
  const CodedFrame& data_;
  const std::vector<ColumnBins>& columns_;
  const ForestOptions& options_;
  SplitSearch<Target> search_;
  Split split_;
  Tree tree_;
  std::vector<Sample> samples_, spare_;
  std::vector<std::uint32_t> oob_rows_, spare_rows_, drawn_;
  std::vector<Pending> pending_;
};

}  // namespace causalsynth
