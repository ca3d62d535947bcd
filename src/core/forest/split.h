// The best split of one node on one column: a histogram of the column's codes, then a scan of the
// cuts between the bins that the node uses.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "../data/small_sort.h"
#include "../random/stream.h"
#include "cut_scores.h"
#include "options.h"
#include "quantise.h"
#include "used_bins.h"

namespace causalsynth {

struct Split {
  double score = -1.0;
  double left_weight = 0.0;
  std::vector<double> left_sums;
  std::uint32_t column = 0;
  // Numeric: codes up to `cut` go left; the node has none between that and `next`.
  std::uint32_t cut = 0, next = 0;
  bool factor = false, missing_right = false;
  std::vector<std::uint32_t> left_codes, right_codes;  // factor
  bool found() const { return score >= 0.0; }
};

template <class Target>
class SplitSearch {
 public:
  using Sample = typename Target::Sample;
  using Cell = typename Target::Cell;

  SplitSearch(const Target& target, const std::vector<CodedColumn>& columns, SplitRule rule)
      : target_(target), rule_(rule), cuts_(target.width()) {
    std::uint32_t most = 0;
    for (const auto& column : columns) most = std::max(most, column.bins);
    cells_.assign((most + 1) * stride(), Cell{});
    used_.reserve(most + 1);
    bins_.resize(most + 1);
    packed_.resize((most + 1) * stride());
    left_.resize(stride());
    cuts_.reserve(most + 1);
  }

  // Improves `best` if column number `column` has a better cut of the n samples. False if the
  // column is constant here, and so below.
  template <class Code>
  bool improve(const Code* codes, const Sample* samples, std::size_t n, const CodedColumn& column,
               std::uint32_t number, const NodeSummary& node, Stream& stream, Split& best) {
    const double before = best.score;
    if (rule_ == SplitRule::random) {
      count(codes, samples, n, column.bins);
      pack(n < column.bins, column.bins);
      if (n_used_ < 2) return false;
      try_random(column, node, stream, best);
    } else if (!column.factor && column.bins == 2 && !column.missing && Target::kOneCell) {
      if (!try_two_bins(codes, samples, n, node, best)) return false;
    } else if (n <= kSmallSort && !column.factor && !column.missing && Target::kOneCell) {
      try_sorted(codes, samples, n, node, best);
      if (n_used_ < 2) return false;
    } else {
      const bool few = n < column.bins;
      count(codes, samples, n, column.bins);
      if (column.factor || target_.weight(cells_.data()) != 0.0)
        try_packed(few, column, node, best);
      else
        try_ordered(few, column.bins, node, best);
      if (n_used_ < 2) return false;
    }
    if (best.score > before) best.column = number;
    return true;
  }

 private:
  std::size_t stride() const {  // a constant where it can be
    if constexpr (Target::kOneCell) return 1;
    return target_.stride();
  }

  // Two values and none missing: the lower one's sum is all there is to count.
  template <class Code>
  bool try_two_bins(const Code* codes, const Sample* samples, std::size_t n,
                    const NodeSummary& node, Split& best) {
    if constexpr (Target::kOneCell) {
      Cell first{}, second{};
      std::size_t i = 0;
      for (; i + 2 <= n; i += 2) {
        Target::add_if(codes[samples[i].row()] == 1, &first, samples[i]);
        Target::add_if(codes[samples[i + 1].row()] == 1, &second, samples[i + 1]);
      }
      if (i < n) Target::add_if(codes[samples[i].row()] == 1, &first, samples[i]);
      Target::merge(&first, &second);
      const double weight = Target::weight(&first);
      if (weight == 0.0 || weight == node.weight) return false;
      cuts_.put(0, target_, &first);
      cuts_.use(1);
      if (cuts_.best(node, best.score) == Target::Cuts::kNone) return true;
      keep(0, best);
      best.cut = 1;
      best.next = 2;
    }
    return true;
  }

  // Fills the histogram, and notes the bins in use where the rows are fewer than the bins.
  template <class Code>
  void count(const Code* codes, const Sample* samples, std::size_t n, std::uint32_t bins) {
    Cell* cells = cells_.data();
    if (n < bins) {
      used_.count(codes, samples, n, [&](std::uint32_t bin, const Sample& s) {
        target_.add(cells + bin * stride(), s);
      });
      return;
    }
    for (std::size_t i = 0; i < n; ++i)
      target_.add(cells + codes[samples[i].row()] * stride(), samples[i]);
  }

  // A handful of rows: sorted rather than counted.
  template <class Code>
  void try_sorted(const Code* codes, const Sample* samples, std::size_t n, const NodeSummary& node,
                  Split& best) {
    if constexpr (Target::kOneCell) {
      std::uint32_t keys[kSmallSort + 1];
      for (std::size_t i = 0; i < n; ++i)
        keys[i] = (std::uint32_t{codes[samples[i].row()]} << 3) | static_cast<std::uint32_t>(i);
      sort_few(keys, n);
      keys[n] = ~std::uint32_t{0};
      Cell left{};
      std::size_t used = 0;
      for (std::size_t i = 0; i < n; ++i) {
        Target::add(&left, samples[keys[i] & 7]);
        cuts_.put(used, target_, &left);
        bins_[used] = keys[i] >> 3;
        used += keys[i] >> 3 != keys[i + 1] >> 3;  // else the next sample joins this bin
      }
      n_used_ = used;
      cut_at_best(node, best);
    }
  }

  // The best of the cuts behind each of the bins in use but the last.
  void cut_at_best(const NodeSummary& node, Split& best) {
    cuts_.use(n_used_ - 1);
    const std::size_t place = cuts_.best(node, best.score);
    if (place == Target::Cuts::kNone) return;
    keep(place, best);
    best.cut = bins_[place];
    best.next = bins_[place + 1];
  }

  // Calls use(bin, cell) for the bins in use, in order, and leaves the histogram empty.
  template <class Use>
  void each_used(bool few, std::uint32_t bins, Use use) {
    Cell* cells = cells_.data();
    auto take = [&](std::uint32_t bin) {
      Cell* cell = cells + bin * stride();
      use(bin, cell);
      for (std::size_t s = 0; s < stride(); ++s) cell[s] = Cell{};
    };
    if (few) return used_.each(bins, take);
    for (std::uint32_t bin = 0; bin <= bins; ++bin)
      if (target_.weight(cells + bin * stride()) != 0.0) take(bin);
  }

  // An ordered column without missing values here: cuts behind each bin but the last.
  void try_ordered(bool few, std::uint32_t bins, const NodeSummary& node, Split& best) {
    std::uint32_t* used = bins_.data();
    std::size_t cut = 0;
    std::fill(left_.begin(), left_.end(), Cell{});
    Cell only{};
    Cell* const left = Target::kOneCell ? &only : left_.data();
    each_used(few, bins, [&](std::uint32_t bin, const Cell* cell) {
      target_.merge(left, cell);
      cuts_.put(cut, target_, left);
      used[cut++] = bin;
    });
    n_used_ = cut;
    cut_at_best(node, best);
  }

  void pack(bool few, std::uint32_t bins) {
    n_used_ = 0;
    each_used(few, bins, [&](std::uint32_t bin, const Cell* cell) {
      std::copy(cell, cell + stride(), packed_.data() + n_used_ * stride());
      bins_[n_used_++] = bin;
    });
  }

  // One cut drawn at random (Geurts, Ernst and Wehenkel 2006): of a number, uniform between the
  // node's least and greatest; of a factor, a random subset of its levels here.
  void try_random(const CodedColumn& column, const NodeSummary& node, Stream& stream, Split& best) {
    right_.assign(n_used_, 0);
    const bool missing_right =
        column.factor ? draw_subset(stream) : draw_cut(column.centres, stream);
    std::fill(left_.begin(), left_.end(), Cell{});
    std::size_t last_left = 0;
    for (std::size_t i = 0; i < n_used_; ++i) {
      if (right_[i]) continue;
      target_.merge(left_.data(), packed_.data() + i * stride());
      last_left = i;
    }
    cuts_.put(0, target_, left_.data());
    cuts_.use(1);
    if (cuts_.best(node, best.score) == Target::Cuts::kNone) return;
    keep(0, best);
    best.factor = column.factor;
    if (column.factor) {
      best.right_codes.clear();
      best.left_codes.clear();
      for (std::size_t i = 0; i < n_used_; ++i)
        (right_[i] ? best.right_codes : best.left_codes).push_back(bins_[i]);
      return;
    }
    best.missing_right = missing_right;
    best.cut = bins_[last_left];
    best.next = bins_[last_left + 1];
  }

  // Neither side is empty.
  bool draw_subset(Stream& stream) {
    std::size_t right = 0;
    while (right == 0 || right == n_used_) {
      right = 0;
      for (std::size_t i = 0; i < n_used_; ++i)
        right += right_[i] = static_cast<char>(stream.below(2));
    }
    return false;
  }

  // Missing values, first in the list, take a side at random, or their own.
  bool draw_cut(const std::vector<double>& centres, Stream& stream) {
    const bool missing = bins_[0] == 0;
    const std::size_t first = missing ? 1 : 0;
    if (n_used_ - first < 2) {  // missing or not is all there is to tell
      right_[1] = 1;
      return false;
    }
    const double low = centres[bins_[first]], high = centres[bins_[n_used_ - 1]];
    const double share = stream.uniform(), at = low * (1 - share) + high * share;
    for (std::size_t i = first + 1; i < n_used_; ++i) right_[i] = centres[bins_[i]] > at;
    right_[n_used_ - 1] = 1;
    if (missing && stream.below(2)) right_[0] = 1;
    return right_[0];
  }

  // Where bins must be visited more than once, or in another order: packed side by side.
  void try_packed(bool few, const CodedColumn& column, const NodeSummary& node, Split& best) {
    pack(few, column.bins);
    if (n_used_ < 2) return;
    if (column.factor) return try_factor(node, best);
    scan_ordered(0, node, false, best);
    if (n_used_ > 2) scan_ordered(1, node, true, best);
  }

  // Cuts behind each of the packed bins but the last, which stays right; place i takes bin at(i).
  template <class At>
  std::size_t scan(std::size_t first, const NodeSummary& node, const Split& best, At at) {
    std::fill(left_.begin(), left_.end(), Cell{});
    for (std::size_t i = first; i + 1 < n_used_; ++i) {
      target_.merge(left_.data(), packed_.data() + at(i) * stride());
      cuts_.put(i - first, target_, left_.data());
    }
    cuts_.use(n_used_ - 1 - first);
    return cuts_.best(node, best.score);
  }

  void keep(std::size_t place, Split& best) const {
    best.score = cuts_.score();
    best.left_weight = cuts_.weight(place);
    cuts_.sums(place, best.left_sums.data());
    best.factor = best.missing_right = false;
  }

  // Cuts between neighbours of the packed list from `first` on; what lies before goes right.
  void scan_ordered(std::size_t first, const NodeSummary& node, bool missing_right, Split& best) {
    const std::size_t place = scan(first, node, best, [](std::size_t i) { return i; });
    if (place == Target::Cuts::kNone) return;
    keep(place, best);
    best.cut = bins_[first + place];
    best.next = bins_[first + place + 1];
    best.missing_right = missing_right;
  }

  // Ordering levels by their mean makes the best subset a cut (Fisher 1958; Breiman et al. 1984).
  void try_factor(const NodeSummary& node, Split& best) {
    order_.resize(n_used_);
    for (std::size_t i = 0; i < n_used_; ++i)
      order_[i] = {target_.order(packed_.data() + i * stride(), node.sums),
                   static_cast<std::uint32_t>(i)};
    std::sort(order_.begin(), order_.end());
    const std::size_t place =
        scan(0, node, best, [&](std::size_t i) { return std::size_t{order_[i].second}; });
    if (place == Target::Cuts::kNone) return;
    keep(place, best);
    best.factor = true;
    best.right_codes.clear();
    best.left_codes.clear();
    for (std::size_t i = 0; i < n_used_; ++i)
      (i <= place ? best.left_codes : best.right_codes).push_back(bins_[order_[i].second]);
  }

  const Target& target_;
  const SplitRule rule_;
  typename Target::Cuts cuts_;
  UsedBins used_;
  std::vector<Cell> cells_, packed_, left_;
  std::vector<std::uint32_t> bins_;
  std::vector<std::pair<double, std::uint32_t>> order_;
  std::vector<char> right_;  // of the packed bins
  std::size_t n_used_ = 0;
};

}  // namespace causalsynth
