#include "gan_sampler.h"

#include <cmath>

#include "core/base/require.h"

namespace causalsynth {

Condition GanShares::draw(Stream& stream) const {
  return draw(stream.below(static_cast<std::uint32_t>(cumulative.size())), stream);
}

Condition GanShares::draw(std::size_t at, Stream& stream) const {
  return {at, static_cast<std::uint32_t>(stream.choose(cumulative[at]))};
}

GanSampler::GanSampler(const GanLayout& layout, const GanRows& rows, Span<const double> weights,
                       const std::vector<std::uint32_t>& among)
    : layout_(layout), among_(among) {
  require(!among.empty(), "a sampler needs rows");
  double upto = 0.0;
  if (!weights.empty())
    for (const std::uint32_t i : among) weight_upto_.push_back(upto += weights[i]);
  for (const std::size_t c : layout.choices) {
    const std::size_t classes = layout.columns[c].classes;
    std::vector<Level> levels(classes);
    std::vector<double> mass(classes, 0.0), log_share, share;
    for (const std::uint32_t i : among) {
      ++levels[rows.code[c][i]].end;
      mass[rows.code[c][i]] += weights.empty() ? 1.0 : weights[i];
    }
    std::uint32_t start = 0;
    double logs = 0.0, shares = 0.0;
    for (std::size_t k = 0; k < classes; ++k) {
      const std::uint32_t count = levels[k].end;
      levels[k] = {start, start};
      start += count;
      log_share.push_back(logs += std::log1p(mass[k]));
      share.push_back(shares += mass[k]);
    }
    std::vector<std::uint32_t> order(among.size());
    for (const std::uint32_t i : among) order[levels[rows.code[c][i]].end++] = i;
    std::vector<double> order_upto;
    upto = 0.0;
    if (!weights.empty())
      for (const std::uint32_t i : order) order_upto.push_back(upto += weights[i]);
    order_.push_back(std::move(order));
    order_upto_.push_back(std::move(order_upto));
    levels_.push_back(std::move(levels));
    log_share_.push_back(std::move(log_share));
    for (double& s : share) s /= shares;
    shares_.cumulative.push_back(std::move(share));
  }
}

Condition GanSampler::condition(Stream& stream) const {
  const std::size_t at = stream.below(static_cast<std::uint32_t>(layout_.choices.size()));
  return {at, static_cast<std::uint32_t>(stream.choose(log_share_[at]))};
}

std::uint32_t GanSampler::pick(const std::vector<std::uint32_t>& order,
                               const std::vector<double>& upto, Level level,
                               Stream& stream) const {
  if (upto.empty()) return order[level.begin + stream.below(level.end - level.begin)];
  const double below = level.begin ? upto[level.begin - 1] : 0.0;
  const double u = below + stream.uniform() * (upto[level.end - 1] - below);
  const auto found = std::upper_bound(upto.begin() + level.begin, upto.begin() + level.end, u);
  return order[std::min<std::size_t>(static_cast<std::size_t>(found - upto.begin()),
                                     level.end - 1)];
}

std::uint32_t GanSampler::row(const Condition& condition, Stream& stream) const {
  if (layout_.choices.empty()) return any_row(stream);
  const std::size_t at = condition.at;
  return pick(order_[at], order_upto_[at], levels_[at][condition.code], stream);
}

std::uint32_t GanSampler::any_row(Stream& stream) const {
  return pick(among_, weight_upto_, {0, static_cast<std::uint32_t>(among_.size())}, stream);
}

}  // namespace causalsynth
