// Grows one tree depth first; bagged rows are partitioned in place along with the nodes.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../random/stream.h"
#include "local_codes.h"
#include "options.h"
#include "split.h"
#include "tree.h"

namespace causalsynth {

template <class Target>
class TreeGrower {
 public:
  using Sample = typename Target::Sample;

  TreeGrower(const Target& target, const CodedFrame& data, const ForestOptions& options)
      : target_(target),
        data_(data),
        options_(options),
        search_(target, data.columns, options.split_rule),
        tries_(options.mtry > 0 ? static_cast<std::uint32_t>(options.mtry)
                                : default_mtry(static_cast<std::uint32_t>(data.columns.size()))),
        codes_(data, tries_) {
    split_.left_sums.resize(target.width());
    drawn_.resize(data.columns.size());
    for (std::size_t j = 0; j < drawn_.size(); ++j) drawn_[j] = static_cast<std::uint32_t>(j);
  }

  // The tree stays here until the next one grows.
  GrownTree& grow(std::size_t number, const std::vector<std::uint32_t>& bag,
                  const CancelFlag& cancel) {
    Stream stream(options_.key, StreamTag::tree, number);
    for (std::size_t j = 0; j < drawn_.size(); ++j) drawn_[j] = static_cast<std::uint32_t>(j);
    start(bag);
    while (!pending_.empty()) {
      if (codes_.local() && pending_.size() == local_floor_) codes_.leave();
      Pending node = pending_.back();
      pending_.pop_back();
      if (codes_.pays() && !codes_.local() && node.end - node.begin <= LocalCodes::kMostRows)
        come_near(node);
      if (node.end - node.begin > 4096) cancel.check();
      if (!target_.pure(samples_.data() + node.begin, node.end - node.begin) &&
          find_split(node, stream))
        divide(node);
    }
    codes_.leave();
    if (!tree_.subset_at.empty()) tree_.subset_at.resize(tree_.nodes.size(), Splits::kInNode);
    return tree_;
  }

 private:
  struct Pending {
    std::uint32_t node, begin, end, depth;
    // Bit j: column j (of the first 64) has one value here, and so below.
    std::uint64_t constant;
  };

  void start(const std::vector<std::uint32_t>& bag) {
    tree_.restart(target_.width());
    const std::size_t rows = bag.size();
    if (samples_.size() <= rows) samples_.resize(rows + 1);
    Sample* sample = samples_.data();
    std::uint32_t total = 0;
    const std::uint32_t* const counts = bag.data();
    for (std::uint32_t row = 0; row < rows; ++row) {  // without a branch on what is bagged
      *sample = target_.sample(row, counts[row]);
      sample += counts[row] != 0;
      total += counts[row];
    }
    auto bagged = static_cast<std::size_t>(sample - samples_.data());
    if (total > Target::kMaxWeight &&
        *std::max_element(bag.begin(), bag.end()) > Target::kMaxWeight)
      bagged = start_heavy(bag);
    open_root(total, static_cast<std::uint32_t>(bagged));
  }

  // Where rows weigh more than a sample can hold: they become several samples.
  std::size_t start_heavy(const std::vector<std::uint32_t>& bag) {
    samples_.clear();
    for (std::uint32_t row = 0; row < bag.size(); ++row) {
      for (std::uint32_t left = bag[row], part; left > 0; left -= part) {
        part = std::min(left, Target::kMaxWeight);
        samples_.push_back(target_.sample(row, part));
      }
    }
    return samples_.size();
  }

  void open_root(std::uint32_t total, std::uint32_t bagged) {
    tree_.weights[0] = total;
    std::vector<typename Target::Cell> cell(target_.stride());
    for (std::uint32_t i = 0; i < bagged; ++i) target_.add(cell.data(), samples_[i]);
    target_.sums(cell.data(), tree_.sums.data());
    spare_.resize(std::max(spare_.size(), samples_.size()));
    pending_.clear();
    add_node({0, 0, bagged, 0, 0});
  }

  // Until all below the node is grown.
  void come_near(const Pending& p) {
    codes_.enter(samples_.data() + p.begin, samples_.data() + p.end);
    local_floor_ = pending_.size();
  }

  double* sums(std::uint32_t node) { return tree_.sums.data() + node * target_.width(); }

  // Whether a node ends for what is known of it without its rows.
  bool is_leaf(std::uint32_t node, std::uint32_t depth) {
    const std::uint32_t weight = tree_.weights[node];
    if (weight <= static_cast<std::uint32_t>(options_.min_node_size.front())) return true;
    if (options_.max_depth > 0 && depth >= static_cast<std::uint32_t>(options_.max_depth))
      return true;
    return target_.known_pure(sums(node), weight);
  }

  // As ranger does, the node ends where none of the drawn columns has two values; others are not
  // tried.
  bool find_split(Pending& p, Stream& stream) {
    split_.score = -1.0;
    const NodeSummary node{sums(p.node), static_cast<double>(tree_.weights[p.node]),
                           static_cast<double>(options_.min_bucket)};
    const auto columns = static_cast<std::uint32_t>(drawn_.size());
    const Sample* samples = samples_.data() + p.begin;
    const std::size_t n = p.end - p.begin;
    for (std::uint32_t t = 0; t < tries_; ++t) {
      if (tries_ < columns) std::swap(drawn_[t], drawn_[t + stream.below(columns - t)]);
      const std::uint32_t j = drawn_[t];
      const std::uint64_t bit = j < 64 ? std::uint64_t{1} << j : 0;
      if (p.constant & bit) continue;
      const CodedColumn& column = data_.columns[j];
      const bool varies =
          column.is_wide()
              ? search_.improve(codes_[j].wide, samples, n, column, j, node, stream, split_)
              : search_.improve(codes_[j].narrow, samples, n, column, j, node, stream, split_);
      if (!varies) p.constant |= bit;
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
    tree_.add_pair(target_.width());
    Node& node = tree_.nodes[p.node];
    node.column = static_cast<std::uint16_t>(split_.column);
    node.cut = static_cast<std::uint16_t>(split_.factor ? 0 : cut_through_gap());
    node.link = (left << 3) | (split_.factor ? Node::kFactor : 0u) |
                (split_.missing_right ? Node::kMissingRight : 0u);
    tree_.has_factors = tree_.has_factors || split_.factor;
    if (split_.factor) store_subset(p);
    share_sums(p, left);
    const CodedColumn& column = data_.columns[split_.column];
    if (column.is_wide())
      partition(codes_[split_.column].wide, p, left);
    else
      partition(codes_[split_.column].narrow, p, left);
  }

  // Rows not seen here are parted halfway, by value, between the two bins next to the cut.
  std::uint32_t cut_through_gap() const {
    const Span<const double> cuts = data_.columns[split_.column].cuts;
    const std::uint32_t low = split_.cut, high = split_.next;
    if (low == 0 || high - low < 2) return low;
    const double middle = cuts[low - 1] / 2 + cuts[high - 2] / 2;
    const double* base = cuts.begin() + low - 1;  // the first cut not below it, without branches
    for (std::size_t length = high - low - 1; length > 0;) {
      const std::size_t half = (length + 1) / 2;
      base += half * static_cast<std::size_t>(base[half - 1] < middle);
      length -= half;
    }
    return static_cast<std::uint32_t>(base - cuts.begin()) + 1;
  }

  // Levels the node does not hold go where more rows go.
  void store_subset(const Pending& p) {
    const std::uint32_t bins = data_.columns[split_.column].bins;
    const bool rest_right = split_.left_weight * 2.0 < tree_.weights[p.node];
    const std::uint64_t rest = rest_right ? ~std::uint64_t{0} : 0;
    if (bins <= Node::kNarrowLevels) {
      std::uint32_t bits = static_cast<std::uint32_t>(rest) & 0xFFFFu;
      for (std::uint32_t code : split_.right_codes) bits |= 1u << code;
      for (std::uint32_t code : split_.left_codes) bits &= ~(1u << code);
      tree_.nodes[p.node].cut = static_cast<std::uint16_t>(bits);
      return;
    }
    tree_.subset_at.resize(tree_.nodes.size(), Splits::kInNode);
    tree_.subset_at[p.node] = static_cast<std::uint32_t>(tree_.subsets.size());
    tree_.subsets.resize(tree_.subsets.size() + (bins + 64) / 64, rest);
    std::uint64_t* bits = tree_.subsets.data() + tree_.subset_at[p.node];
    for (std::uint32_t code : split_.right_codes)
      bits[code >> 6] |= std::uint64_t{1} << (code & 63);
    for (std::uint32_t code : split_.left_codes)
      bits[code >> 6] &= ~(std::uint64_t{1} << (code & 63));
  }

  template <class Code>
  void partition(const Code* codes, const Pending& p, std::uint32_t left) {
    const Node node = tree_.nodes[p.node];
    if (node.factor()) {
      const bool narrow = data_.columns[node.column].bins <= Node::kNarrowLevels;
      const std::uint64_t in_node = node.cut;
      const std::uint64_t* bits =
          narrow ? &in_node : tree_.subsets.data() + tree_.subset_at[p.node];
      move_rows(p, left, codes,
                [bits](std::uint32_t code) { return (bits[code >> 6] >> (code & 63)) & 1; });
    } else if (node.missing_right()) {
      const std::uint32_t cut = node.cut - 1u;  // missing, 0, wraps to the top
      move_rows(p, left, codes, [cut](std::uint32_t code) { return code - 1u > cut; });
    } else {
      const std::uint32_t cut = node.cut;
      move_rows(p, left, codes, [cut](std::uint32_t code) { return code > cut; });
    }
  }

  // Rows of leaves need not be told apart.
  template <class Code, class Right>
  void move_rows(const Pending& p, std::uint32_t left, const Code* codes, Right right) {
    const std::uint32_t depth = p.depth + 1;
    const bool left_ends = is_leaf(left, depth), right_ends = is_leaf(left + 1, depth);
    if (left_ends && right_ends) return;
    const std::uint64_t constant = p.constant | constant_below(p);
    auto goes_right = [&](const Sample& s) { return right(codes[s.row()]); };
    if (left_ends) {
      const std::uint32_t end = gather(p.begin, p.end, goes_right);
      pending_.push_back({left + 1, p.begin, end, depth, constant});
    } else if (right_ends) {
      const std::uint32_t end =
          gather(p.begin, p.end, [&](const Sample& s) { return !goes_right(s); });
      pending_.push_back({left, p.begin, end, depth, constant});
    } else {
      const std::uint32_t middle = move(p.begin, p.end, goes_right);
      pending_.push_back({left + 1, middle, p.end, depth, constant});
      pending_.push_back({left, p.begin, middle, depth, constant});
    }
  }

  // A column of two values has one only on either side of its split.
  std::uint64_t constant_below(const Pending& p) const {
    const std::uint32_t number = tree_.nodes[p.node].column;
    const CodedColumn& column = data_.columns[number];
    const bool ends = column.bins == 2 && !column.missing && !column.factor && number < 64;
    return ends ? std::uint64_t{1} << number : 0;
  }

  // A node to be looked at later, unless it is a leaf.
  void add_node(const Pending& p) {
    if (!is_leaf(p.node, p.depth)) pending_.push_back(p);
  }

  // Stable partition without branches; returns where the right side begins.
  template <class Right>
  std::uint32_t move(std::uint32_t begin, std::uint32_t end, Right right) {
    Sample *const samples = samples_.data() + begin, *const aside = spare_.data();
    const std::size_t n = end - begin;
    std::size_t kept = 0, moved = 0;
    for (std::size_t i = 0; i < n; kept = ++i - moved) {
      const Sample sample = samples[i];
      samples[kept] = sample;
      aside[moved] = sample;
      moved += right(sample);
    }
    std::copy(aside, aside + moved, samples + kept);
    return begin + static_cast<std::uint32_t>(kept);
  }

  // Moves what is wanted to the front, and forgets the rest; returns where it ends.
  template <class Wanted>
  std::uint32_t gather(std::uint32_t begin, std::uint32_t end, Wanted wanted) {
    Sample *const first = samples_.data() + begin, *to = first;
    const std::size_t n = end - begin;
    for (std::size_t i = 0; i < n; ++i) {
      const Sample sample = first[i];
      *to = sample;
      to += wanted(sample);
    }
    return static_cast<std::uint32_t>(to - samples_.data());
  }

  void share_sums(const Pending& p, std::uint32_t left) {
    tree_.weights[left] = static_cast<std::uint32_t>(split_.left_weight);
    tree_.weights[left + 1] = tree_.weights[p.node] - tree_.weights[left];
    for (std::size_t k = 0; k < target_.width(); ++k) {
      sums(left)[k] = split_.left_sums[k];
      sums(left + 1)[k] = sums(p.node)[k] - split_.left_sums[k];
    }
  }

  const Target& target_;
  const CodedFrame& data_;
  const ForestOptions& options_;
  SplitSearch<Target> search_;
  const std::uint32_t tries_;
  LocalCodes codes_;
  std::size_t local_floor_ = 0;  // of pending_, where the local rows are done with
  Split split_;
  GrownTree tree_;
  std::vector<Sample> samples_, spare_;
  std::vector<std::uint32_t> drawn_;
  std::vector<Pending> pending_;
};

}  // namespace causalsynth
