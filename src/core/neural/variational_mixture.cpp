#include "variational_mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../base/require.h"
#include "elementwise.h"

namespace causalsynth {
namespace {

constexpr double kLeastRange = 1e-290;  // of values that are not all one but for rounding
constexpr std::size_t kCells = 256, kCellsAnSd = 50;
constexpr double kLeastVariance = 1e-6;  // of the values' own
constexpr double kGone = 1e-3;           // values: a component of less never comes back

// Values taken together: their mean, weight, and weighted squares around the mean.
struct Cells {
  std::vector<double> value, weight, square;
  void add(const double* value, const double* weight, std::size_t n) {
    double total = 0.0, sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      total += weight[i];
      sum += weight[i] * value[i];
    }
    if (total <= 0.0) return;
    for (std::size_t i = 0; i < n; ++i) {
      const double gap = value[i] - sum / total;
      squares += weight[i] * gap * gap;
    }
    this->value.push_back(sum / total);
    this->weight.push_back(total);
    square.push_back(squares);
  }
};

// Values in order; many are taken together, up to a 256th of them and a 50th of their sd.
Cells sorted_cells(Span<const double> values, Span<const double> weights) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  const std::size_t n = values.size(), most = std::max<std::size_t>(1, n / kCells);
  std::vector<double> x(n), w(n, 1.0);
  double mean = 0.0, square = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = values[order[i]];
    if (!weights.empty()) w[i] = weights[order[i]];
    mean += x[i] / static_cast<double>(n);
  }
  for (const double v : x) square += (v - mean) * (v - mean) / static_cast<double>(n);
  const double widest = std::sqrt(square) / kCellsAnSd;
  Cells result;
  for (std::size_t i = 0, end; i < n; i = end) {
    end = i + 1;
    while (end < n && end - i < most && x[end] - x[i] <= widest) ++end;
    result.add(&x[i], &w[i], end - i);
  }
  return result;
}

struct Posterior {
  std::vector<double> count, mean, variance, precision, freedom;  // Normal-Wishart of each
  std::vector<double> log_weight, weight;                         // of the sticks
};

class Fit {
 public:
  Fit(Cells cells, const MixtureOptions& options) : x_(std::move(cells)), options_(options) {
    total_ = std::accumulate(x_.weight.begin(), x_.weight.end(), 0.0);
    double square = 0.0;
    for (std::size_t i = 0; i < x_.value.size(); ++i) prior_mean_ += x_.weight[i] * x_.value[i];
    prior_mean_ /= total_;
    for (std::size_t i = 0; i < x_.value.size(); ++i) {
      const double gap = x_.value[i] - prior_mean_;
      square += x_.weight[i] * gap * gap + x_.square[i];
    }
    variance_ = square / total_;
    k_ = std::min(options.components, x_.value.size());
    share_.assign(k_ * x_.value.size(), 0.0);
  }

  std::vector<Component> run() {
    start();
    maximise();
    iterate();
    prune();
    prior_ = 0.0;
    iterate();
    return kept();
  }

 private:
  // Lloyd's algorithm on the line, from quantiles: groups stay intervals of the sorted values.
  void start() {
    const std::size_t n = x_.value.size();
    std::vector<std::size_t> edge(k_ + 1);
    for (std::size_t c = 0; c <= k_; ++c) edge[c] = c * n / k_;
    for (int step = 0; step < 100; ++step) {
      std::vector<double> centre(k_, 0.0);
      for (std::size_t c = 0; c < k_; ++c) {
        double total = 0.0;
        for (std::size_t i = edge[c]; i < edge[c + 1]; ++i) {
          total += x_.weight[i];
          centre[c] += x_.weight[i] * x_.value[i];
        }
        centre[c] = total > 0.0 ? centre[c] / total : x_.value[std::min(edge[c], n - 1)];
      }
      std::vector<std::size_t> next = edge;
      for (std::size_t c = 1; c < k_; ++c) {
        const double middle = (centre[c - 1] + centre[c]) / 2;
        next[c] = static_cast<std::size_t>(
            std::upper_bound(x_.value.begin(), x_.value.end(), middle) - x_.value.begin());
        next[c] = std::max(next[c], next[c - 1]);
      }
      if (next == edge) break;
      edge = next;
    }
    for (std::size_t c = 0; c < k_; ++c)
      for (std::size_t i = edge[c]; i < edge[c + 1]; ++i) share_[c * n + i] = 1.0;
  }

  void maximise() {
    const std::size_t n = x_.value.size();
    p_.count.assign(k_, 0.0);
    p_.mean.assign(k_, 0.0);
    std::vector<double> spread(k_, 0.0), part(n);
    for (std::size_t c = 0; c < k_; ++c) {
      const double* share = &share_[c * n];
      for (std::size_t i = 0; i < n; ++i) part[i] = x_.weight[i] * share[i];
      for (std::size_t i = 0; i < n; ++i) p_.count[c] += part[i];
      p_.mean[c] = dot_product(part.data(), x_.value.data(), n) / std::max(p_.count[c], 1e-300);
      for (std::size_t i = 0; i < n; ++i) {
        const double gap = x_.value[i] - p_.mean[c];
        part[i] *= gap * gap;
      }
      spread[c] = dot_product(share, x_.square.data(), n);
      for (std::size_t i = 0; i < n; ++i) spread[c] += part[i];
    }
    p_.precision.assign(k_, 0.0);
    p_.freedom.assign(k_, 0.0);
    p_.variance.assign(k_, 0.0);
    for (std::size_t c = 0; c < k_; ++c) {
      const double n = p_.count[c], gap = n > 0.0 ? p_.mean[c] - prior_mean_ : 0.0;
      p_.precision[c] = p_.freedom[c] = std::max(prior_ + n, 1e-300);
      const double pull = prior_ * n / p_.precision[c] * gap * gap;
      p_.variance[c] =
          (prior_ * variance_ + spread[c] + pull) / p_.freedom[c] + kLeastVariance * variance_;
      p_.mean[c] = prior_mean_ + n / p_.precision[c] * gap;
    }
    sticks();
  }

  // Beta posteriors of the sticks, the largest component first (Kurihara, Welling and Teh 2007).
  void sticks() {
    if (prior_ == 0.0) {
      for (std::size_t c = 0; c < k_; ++c) p_.weight[c] = p_.count[c] / total_;
      return;
    }
    double beyond = total_, log_rest = 0.0, rest = 1.0, sum = 0.0;
    std::vector<std::size_t> order(k_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return p_.count[a] > p_.count[b]; });
    p_.log_weight.assign(k_, 0.0);
    p_.weight.assign(k_, 0.0);
    for (const std::size_t c : order) {
      beyond = std::max(beyond - p_.count[c], 0.0);
      const double a = 1.0 + p_.count[c], b = options_.concentration + beyond;
      const double both = digamma(a + b);
      p_.log_weight[c] = digamma(a) - both + log_rest;
      log_rest += digamma(b) - both;
      p_.weight[c] = a / (a + b) * rest;
      rest *= b / (a + b);
      sum += p_.weight[c];
    }
    for (double& w : p_.weight) w /= sum;
  }

  // Of the weight and density of a component, but for the distance to its mean.
  double expected_log(std::size_t c) const {
    const double half = p_.freedom[c] / 2;
    return p_.log_weight[c] + 0.5 * (digamma(half) - std::log(half * p_.variance[c]) -
                                     1.0 / p_.precision[c]);
  }

  // `square` of a cell only shifts the logarithms of all components by what hardly differs among
  // those that matter: the mean stands for the cell.
  void expect() {
    std::vector<double> base(k_);
    std::vector<std::size_t> there;
    for (std::size_t c = 0; c < k_; ++c) {
      if (p_.count[c] < kGone) continue;
      there.push_back(c);
      base[c] = prior_ > 0.0 ? expected_log(c)
                             : std::log(p_.weight[c]) - 0.5 * std::log(p_.variance[c]);
    }
    const std::size_t n = x_.value.size();
    std::vector<double> top(n, -1e300), sum(n, 0.0);
    std::fill(share_.begin(), share_.end(), 0.0);
    for (const std::size_t c : there) {
      double* row = &share_[c * n];
      const double by = -0.5 / p_.variance[c], mean = p_.mean[c], first = base[c];
      for (std::size_t i = 0; i < n; ++i) {
        const double gap = x_.value[i] - mean;
        row[i] = first + by * gap * gap;
        top[i] = std::max(top[i], row[i]);
      }
    }
    std::vector<float> power(n);
    for (const std::size_t c : there) {
      double* row = &share_[c * n];
      for (std::size_t i = 0; i < n; ++i) power[i] = static_cast<float>(row[i] - top[i]);
      exp_each(power.data(), n);
      for (std::size_t i = 0; i < n; ++i) sum[i] += row[i] = power[i];
    }
    for (const std::size_t c : there)
      for (std::size_t i = 0; i < n; ++i) share_[c * n + i] /= sum[i];
  }

  void iterate() {
    for (std::size_t step = 0; step < options_.iterations; ++step) {
      const std::vector<double> before = p_.weight;
      expect();
      maximise();
      double change = 0.0;
      for (std::size_t c = 0; c < k_; ++c)
        change = std::max(change, std::fabs(before[c] - p_.weight[c]));
      if (change < options_.tolerance) break;
    }
  }

  // Components of little weight are as if they had never been.
  void prune() {
    const double most = *std::max_element(p_.weight.begin(), p_.weight.end());
    for (std::size_t c = 0; c < k_; ++c)
      if (p_.weight[c] < std::min(options_.least_weight, most)) p_.count[c] = p_.weight[c] = 0.0;
  }

  std::vector<Component> kept() const {
    std::vector<Component> result;
    for (std::size_t c = 0; c < k_; ++c)
      if (p_.weight[c] > 0.0)
        result.push_back({p_.mean[c], std::sqrt(p_.variance[c]), p_.weight[c]});
    std::sort(result.begin(), result.end(),
              [](const Component& a, const Component& b) { return a.mean < b.mean; });
    return result;
  }

  Cells x_;
  const MixtureOptions& options_;
  double total_ = 0.0, prior_ = 1.0, prior_mean_ = 0.0, variance_ = 0.0;
  std::size_t k_ = 1;
  std::vector<double> share_;  // of each cell in each component
  Posterior p_;
};

}  // namespace

void MixtureOptions::validate() const {
  require(components >= 1 && components <= 1000, "components must be from 1 to 1000");
  require(concentration > 0.0 && least_weight >= 0.0 && least_weight < 1.0,
          "concentration and least_weight are out of range");
}

double digamma(double x) {
  double shift = 0.0;
  while (x < 8.0) {
    shift -= 1.0 / x;
    x += 1.0;
  }
  const double r = 1.0 / (x * x);
  return shift + std::log(x) - 0.5 / x -
         r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r / 132))));
}

std::vector<Component> variational_mixture(Span<const double> values, Span<const double> weights,
                                           const MixtureOptions& options) {
  options.validate();
  require(!values.empty(), "a mixture needs values");
  require(weights.empty() || weights.size() == values.size(), "one weight a value");
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!weights.empty() && !(weights[i] > 0.0)) continue;
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  require(low <= high, "a mixture needs values of positive weight");
  const double range = high - low;
  if (!(range > kLeastRange)) return {{low, 1e-3 * std::max(std::fabs(low), 1.0), 1.0}};
  // On the scale of their range: squares of the smallest and largest numbers are none.
  std::vector<double> scaled(values.begin(), values.end());
  for (double& x : scaled) x = (x - low) / range;
  Cells cells = sorted_cells(scaled, weights);
  // Sums of weights count as numbers of values.
  const double total = std::accumulate(cells.weight.begin(), cells.weight.end(), 0.0);
  for (double& w : cells.weight) w *= static_cast<double>(values.size()) / total;
  std::vector<Component> found = Fit(std::move(cells), options).run();
  for (Component& one : found) {
    one.mean = low + range * one.mean;
    one.sd *= range;
  }
  return found;
}

void mixture_posterior(const std::vector<Component>& mixture, double x, double* to) {
  double top = -1e300, sum = 0.0;
  for (std::size_t c = 0; c < mixture.size(); ++c) {
    const double z = (x - mixture[c].mean) / mixture[c].sd;
    to[c] = std::log(mixture[c].weight / mixture[c].sd) - 0.5 * z * z;
    top = std::max(top, to[c]);
  }
  for (std::size_t c = 0; c < mixture.size(); ++c) sum += to[c] = std::exp(to[c] - top);
  for (std::size_t c = 0; c < mixture.size(); ++c) to[c] /= sum;
}

}  // namespace causalsynth
