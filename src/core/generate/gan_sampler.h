// Training by sampling (Xu et al. 2019, section 4.3): a column and one of its levels, by the
// logarithm of its frequency, then a row that has it.
#pragma once
#include "gan_layout.h"

namespace causalsynth {

struct Condition {
  std::size_t at = 0;  // position in GanLayout::choices
  std::uint32_t code = 0;
};

// Shares of the levels of each choice, for draws: kept with the model.
struct GanShares {
  std::vector<std::vector<double>> cumulative;  // by position in GanLayout::choices

  // Any column, its level by its share; `code` of choice `at` by its share.
  Condition draw(Stream& stream) const;
  Condition draw(std::size_t at, Stream& stream) const;
};

class GanSampler {
 public:
  // `weights`: of the rows, or empty. Only rows of `among` are ever drawn.
  GanSampler(const GanLayout& layout, const GanRows& rows, Span<const double> weights,
             const std::vector<std::uint32_t>& among);

  // Of a training batch: levels by log(1 + rows).
  Condition condition(Stream& stream) const;
  // A row that has it; without choices (a layout of numbers) any row.
  std::uint32_t row(const Condition& condition, Stream& stream) const;
  std::uint32_t any_row(Stream& stream) const;
  const GanShares& shares() const { return shares_; }

 private:
  struct Level {
    std::uint32_t begin = 0, end = 0;
  };
  std::uint32_t pick(const std::vector<std::uint32_t>& order, const std::vector<double>& upto,
                     Level level, Stream& stream) const;
  const GanLayout& layout_;
  std::vector<std::uint32_t> among_;
  std::vector<double> weight_upto_;                // cumulative, empty without weights
  std::vector<std::vector<std::uint32_t>> order_;  // rows by level, a choice
  std::vector<std::vector<double>> order_upto_;
  std::vector<std::vector<Level>> levels_;
  std::vector<std::vector<double>> log_share_;  // cumulative log-frequencies
  GanShares shares_;
};

}  // namespace causalsynth
