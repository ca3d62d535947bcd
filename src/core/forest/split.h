// The best split of one node on one column: histogram, used bins in order, scan of all cuts.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "../base/bits.h"
#include "quantise.h"

namespace causalsynth {

struct Split {
  double score = -1.0;
  double left_weight = 0.0;
  std::vector<double> left_sums;
  std::uint32_t column = 0;
  std::uint32_t cut = 0;         // numeric: codes up to this go left
  bool factor = false, missing_right = false;
  std::vector<std::uint32_t> left_codes, right_codes;  // factor
  bool found() const { return score >= 0.0; }
};

// What the search must know of the node.
struct NodeSummary {
  const double* sums;
  double weight;
  double min_bucket;
};

template <class Target>
class SplitSearch {
 public:
  using Sample = typename Target::Sample;
  using Cell = typename Target::Cell;

  SplitSearch(const Target& target, const std::vector<ColumnBins>& columns) : target_(target) {
    std::uint32_t most = 0;
    for (const auto& column : columns) most = std::max(most, column.bins);
    cells_.assign((most + 1) * target.stride(), Cell{});
    used_words_.assign((most + 64) / 64, 0);
    bins_.resize(most + 1);
    packed_.resize((most + 1) * target.stride());
    left_.resize(target.width());
  }

  // Counts the node's samples by the column's codes.
  template <class Code>
  void count(const Code* codes, const Sample* samples, std::size_t n, std::uint32_t bins) {
    Cell* cells = cells_.data();
    used_ = 0;
    if (n >= bins) {
      for (std::size_t i = 0; i < n; ++i)
        target_.add(cells + codes[samples[i].row] * target_.stride(), samples[i]);
      for (std::uint32_t bin = 0; bin <= bins; ++bin)
        if (target_.weight(cells + bin * target_.stride()) != 0.0) take(bin);
      return;
    }
    std::uint64_t* words = used_words_.data();
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bin = codes[samples[i].row];
      target_.add(cells + bin * target_.stride(), samples[i]);
      words[bin >> 6] |= std::uint64_t{1} << (bin & 63);
    }
    for (std::uint32_t w = 0; w <= bins >> 6; ++w) {
      for (std::uint64_t word = words[w]; word; word &= word - 1)
        take(64 * w + static_cast<std::uint32_t>(lowest_bit(word)));
      words[w] = 0;
    }
  }

  // Improves `best` if the counted column has a better cut.
  void improve(std::uint32_t column, bool factor, const NodeSummary& node, Split& best) {
    if (used_ < 2) return;
    const double before = best.score;
    if (factor) {
      scan_factor(node, best);
    } else {
      scan_ordered(0, node, false, best);
      if (bins_[0] == 0 && used_ > 2) scan_ordered(1, node, true, best);
    }
    if (best.score > before) best.column = column;
  }

 private:
  // Moves a used bin to the packed list and leaves its cells empty for the next column.
  void take(std::uint32_t bin) {
    const std::size_t stride = target_.stride();
    Cell* from = cells_.data() + bin * stride;
    Cell* to = packed_.data() + used_ * stride;
    for (std::size_t s = 0; s < stride; ++s) {
      to[s] = from[s];
      from[s] = Cell{};
    }
    bins_[used_++] = bin;
  }

  double score(const NodeSummary& node, double left_weight) const {
    const double right_weight = node.weight - left_weight;
    if (left_weight < node.min_bucket || right_weight < node.min_bucket) return -1.0;
    return target_.squared(left_.data()) / left_weight +
           target_.squared_rest(node.sums, left_.data()) / right_weight;
  }

  // Moves packed bins to the left one after another - place i takes bin at(i) - and tells keep(i)
  // where the cut behind it is the best so far. The last bin stays right.
  template <class At, class Keep>
  void scan(std::size_t first, const NodeSummary& node, Split& best, At at, Keep keep) {
    std::fill(left_.begin(), left_.end(), 0.0);
    double left_weight = 0.0;
    for (std::size_t i = first; i + 1 < used_; ++i) {
      const Cell* cell = packed_.data() + at(i) * target_.stride();
      left_weight += target_.weight(cell);
      target_.accumulate(cell, left_.data());
      const double value = score(node, left_weight);
      if (value <= best.score) continue;
      best.score = value;
      best.left_weight = left_weight;
      std::copy(left_.begin(), left_.end(), best.left_sums.begin());
      keep(i);
    }
  }

  // Cuts between neighbours of the packed list from `first` on; what lies before goes right.
  void scan_ordered(std::size_t first, const NodeSummary& node, bool missing_right, Split& best) {
    auto keep = [&](std::size_t i) {
      best.cut = (bins_[i] + bins_[i + 1] - 1) / 2;  // halfway through the gap
      best.factor = false;
      best.missing_right = missing_right;
    };
    scan(first, node, best, [](std::size_t i) { return i; }, keep);
  }

  // Ordering levels by their mean makes the best subset a cut (Fisher 1958; Breiman et al. 1984).
  void scan_factor(const NodeSummary& node, Split& best) {
    order_.resize(used_);
    for (std::size_t i = 0; i < used_; ++i)
      order_[i] = {target_.order(packed_.data() + i * target_.stride(), node.sums),
                   static_cast<std::uint32_t>(i)};
    std::sort(order_.begin(), order_.end());
    std::size_t best_at = used_;
    scan(0, node, best, [&](std::size_t i) { return std::size_t{order_[i].second}; },
         [&](std::size_t i) { best_at = i; });
    if (best_at == used_) return;
    best.factor = true;
    best.right_codes.clear();
    best.left_codes.clear();
    for (std::size_t i = 0; i < used_; ++i)
      (i <= best_at ? best.left_codes : best.right_codes).push_back(bins_[order_[i].second]);
  }

  const Target& target_;
  std::vector<Cell> cells_, packed_;
  std::vector<std::uint64_t> used_words_;
  std::vector<std::uint32_t> bins_;
  std::vector<double> left_;
  std::vector<std::pair<double, std::uint32_t>> order_;
  std::size_t used_ = 0;
};

}  // namespace causalsynth
