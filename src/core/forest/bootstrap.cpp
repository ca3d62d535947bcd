#include "bootstrap.h"

#include <algorithm>
#include <cmath>

namespace causalsynth {

void Sampling::validate(std::size_t rows) const {
  require(weights.empty() || clusters.empty(), "weights and clusters exclude one another");
  require(weights.empty() || weights.size() == rows, "weights must have a value a row");
  require(clusters.empty() || clusters.size() == rows, "clusters must have a value a row");
  for (double w : weights) require(std::isfinite(w) && w >= 0.0, "weights must not be negative");
  std::vector<bool> seen(rows, false);
  for (std::uint32_t c : clusters) {
    require(c < rows, "clusters must be numbered from 0 without gaps");
    seen[c] = true;
  }
  for (std::size_t c = 1; c < seen.size(); ++c)
    require(seen[c - 1] || !seen[c], "clusters must be numbered from 0 without gaps");
}

Bags::Bags(const ForestOptions& options, const Sampling& sampling, std::size_t rows)
    : options_(options), clusters_(sampling.clusters), rows_(rows), units_(rows) {
  sampling.validate(rows);
  if (!clusters_.empty()) {
    units_ = *std::max_element(clusters_.begin(), clusters_.end()) + std::size_t{1};
    std::vector<std::size_t> size(units_, 0);
    for (std::uint32_t c : clusters_) ++size[c];
    largest_cluster_ = *std::max_element(size.begin(), size.end());
  }
  draws_ = static_cast<std::size_t>(
      std::max(1.0, std::round(options.sample_fraction * static_cast<double>(units_))));
  if (sampling.weights.empty()) return;
  const auto positive = static_cast<std::size_t>(std::count_if(
      sampling.weights.begin(), sampling.weights.end(), [](double w) { return w > 0; }));
  require(positive >= (options.replace ? 1 : draws_), "too few rows have a positive weight");
  if (options.replace)
    make_alias(sampling.weights);
  else
    weights_ = sampling.weights;
}

// Vose's construction.
void Bags::make_alias(const std::vector<double>& weights) {
  const double largest = *std::max_element(weights.begin(), weights.end());
  double total = 0.0;  // of weights at most 1: no overflow
  for (double w : weights) total += w / largest;
  keep_.resize(units_);
  alias_.resize(units_);
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t i = 0; i < units_; ++i) {
    keep_[i] = weights[i] / largest / total * static_cast<double>(units_);
    alias_[i] = i;
    (keep_[i] < 1.0 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t less = small.back(), more = large.back();
    small.pop_back();
    alias_[less] = more;
    keep_[more] -= 1.0 - keep_[less];
    if (keep_[more] >= 1.0) continue;
    large.pop_back();
    small.push_back(more);
  }
  // What is left over differs from 1 by rounding only; a weight of 0 is never among it but alone.
  for (std::uint32_t i : large) keep_[i] = 1.0;
  for (std::uint32_t i : small)
    if (weights[i] > 0.0) keep_[i] = 1.0;
}

void Bags::draw(std::size_t tree, std::vector<std::uint32_t>& counts) const {
  Stream stream(options_.key, StreamTag::bootstrap, tree);
  counts.resize(rows_);
  if (clusters_.empty()) {
    std::fill(counts.begin(), counts.end(), 0u);
    return draw_units(stream, counts);
  }
  std::vector<std::uint32_t> units(units_, 0);
  draw_units(stream, units);
  spread(units, counts);
}

void Bags::spread(const std::vector<std::uint32_t>& units,
                  std::vector<std::uint32_t>& counts) const {
  for (std::size_t i = 0; i < rows_; ++i) counts[i] = units[clusters_[i]];
}

void Bags::draw_units(Stream& stream, std::vector<std::uint32_t>& counts) const {
  if (!keep_.empty()) return draw_weighted(stream, counts);
  if (!weights_.empty()) return draw_weighted_once(stream, counts);
  const auto n = static_cast<std::uint32_t>(units_);
  const auto draws = static_cast<std::uint32_t>(draws_);
  if (options_.replace) {
    for (std::uint32_t i = 0; i < draws; ++i) ++counts[stream.below(n)];
    return;
  }
  // Floyd's sampling without replacement.
  for (std::uint32_t i = n - draws; i < n; ++i) {
    const std::uint32_t candidate = stream.below(i + 1);
    counts[counts[candidate] ? i : candidate] = 1;
  }
}

void Bags::draw_weighted(Stream& stream, std::vector<std::uint32_t>& counts) const {
  for (std::size_t i = 0; i < draws_; ++i) {
    const std::uint32_t unit = stream.below(static_cast<std::uint32_t>(units_));
    ++counts[stream.uniform() < keep_[unit] ? unit : alias_[unit]];
  }
}

// The units whose exponential waiting times at rate `weight` end first (Efraimidis and Spirakis
// 2006): draws one after another in proportion to the weights of those left.
void Bags::draw_weighted_once(Stream& stream, std::vector<std::uint32_t>& counts) const {
  std::vector<std::pair<double, std::uint32_t>> times;
  times.reserve(units_);
  for (std::uint32_t i = 0; i < units_; ++i) {
    const double u = stream.uniform();
    if (weights_[i] > 0.0) times.push_back({-std::log(u) / weights_[i], i});
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(draws_) - 1,
                   times.end());
  for (std::size_t i = 0; i < draws_; ++i) counts[times[i].second] = 1;
}

void Bags::set_aside(std::size_t tree, std::vector<std::uint32_t>& counts,
                     std::vector<std::uint32_t>& estimate) const {
  Stream stream(options_.key, StreamTag::honest, tree);
  auto unit_of = [&](std::size_t row) {
    return clusters_.empty() ? static_cast<std::uint32_t>(row) : clusters_[row];
  };
  std::vector<char> state(units_, 0);  // 1: in the bag, 2: set aside
  for (std::size_t i = 0; i < rows_; ++i)
    if (counts[i] > 0) state[unit_of(i)] = 1;
  std::vector<std::uint32_t> in_bag;
  for (std::uint32_t u = 0; u < units_; ++u)
    if (state[u]) in_bag.push_back(u);
  stream.shuffle(Span<std::uint32_t>(in_bag));
  for (std::size_t i = 0; i < in_bag.size() / 2; ++i) state[in_bag[i]] = 2;
  estimate.assign(rows_, 0);
  for (std::size_t i = 0; i < rows_; ++i)
    if (state[unit_of(i)] == 2) std::swap(estimate[i], counts[i]);
}

}  // namespace causalsynth
