#include "mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace causalsynth {
namespace {

constexpr double kLeastGain = 2.5;  // of the log score, for more than one component

double mixture_score(const std::vector<std::vector<double>>& densities,
                     const std::vector<double>& weights, Span<const double> case_weights) {
  std::size_t n = 0;
  for (const auto& d : densities) n = std::max(n, d.size());
  double score = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    double mix = 1e-300;
    for (std::size_t c = 0; c < weights.size(); ++c)
      if (weights[c] > 0.0) mix += weights[c] * densities[c][i];
    score += (case_weights.empty() ? 1.0 : case_weights[i]) * std::log(mix);
  }
  return score;
}

}  // namespace

std::vector<double> mixture_weights(const std::vector<std::vector<double>>& densities,
                                    Span<const double> case_weights, double least) {
  const std::size_t parts = densities.size();
  std::vector<double> weights(parts, 0.0);
  std::size_t n = 0, present = 0;
  for (const auto& d : densities) n = std::max(n, d.size()), present += !d.empty();
  for (std::size_t c = 0; c < parts; ++c)
    if (!densities[c].empty()) weights[c] = 1.0 / static_cast<double>(present);
  auto improve = [&] {
    std::vector<double> sums(parts, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      double mix = 1e-300;
      for (std::size_t c = 0; c < parts; ++c)
        if (weights[c] > 0.0) mix += weights[c] * densities[c][i];
      const double w = case_weights.empty() ? 1.0 : case_weights[i];
      for (std::size_t c = 0; c < parts; ++c)
        if (weights[c] > 0.0) sums[c] += w * weights[c] * densities[c][i] / mix;
    }
    double sum = 0.0;
    for (double s : sums) sum += s;
    for (std::size_t c = 0; c < parts; ++c) weights[c] = sum > 0.0 ? sums[c] / sum : weights[c];
  };
  for (int round = 0; round < 60; ++round) improve();
  const double most = *std::max_element(weights.begin(), weights.end());
  bool dropped = false;
  for (double& w : weights)
    if (w > 0.0 && w < least && w < most) w = 0.0, dropped = true;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& w : weights) w /= sum;
  for (int round = 0; dropped && round < 40; ++round) improve();
  // One component alone, where the others hardly add to the log score.
  const double mixed = mixture_score(densities, weights, case_weights);
  for (std::size_t c = 0; c < parts; ++c) {
    if (weights[c] == 0.0) continue;
    std::vector<double> alone(parts, 0.0);
    alone[c] = 1.0;
    if (mixture_score(densities, alone, case_weights) > mixed - kLeastGain) return alone;
  }
  return weights;
}

ForestOptions generator_forest(const GeneratorOptions& options, std::size_t columns,
                               std::size_t rows, std::uint64_t key) {
  ForestOptions result;
  result.trees = options.trees;
  result.key = key;
  result.mtry = static_cast<int>(columns <= 8 ? columns : std::max<std::size_t>(8, columns / 4));
  // Bags without replacement: a leaf of min_bucket draws has as many rows.
  result.replace = false;
  result.sample_fraction = std::min(0.632, 30000.0 / static_cast<double>(rows));
  result.min_bucket = options.min_count;
  std::vector<int> sizes{10, 20, 50, 100, 200};
  if (options.min_node_size > 0) sizes.assign(1, options.min_node_size);
  while (sizes.size() > 1 && sizes.back() * 2 > static_cast<int>(rows)) sizes.pop_back();
  result.min_node_size = sizes;
  return result;
}

std::vector<double> ridge_penalties(std::size_t rows, std::size_t terms) {
  if (terms * 40 <= rows) return {0.02};
  return {0.02, 2.0, 20.0, 200.0, 2000.0};
}

}  // namespace causalsynth
