#include "class_law.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../linear/logistic.h"
#include "../linear/ridge.h"

namespace causalsynth {
namespace {

constexpr std::size_t kMostTerms = 64, kMostSteps = 40, kMostProducts = 12;
constexpr double kMostCells = 2e7;    // rows times classes of a forest
constexpr double kLeastWeight = 0.04;  // of a component of the mixture
constexpr double kBetter = 3.0;        // by how much log score more terms must pay

}  // namespace

struct ClassLaw::Learning {
  const LawInput& input;
  std::vector<std::size_t> rows;  // learnt from
  std::vector<int> label;         // of these
  std::vector<double> weights;    // of these; empty: ones
  std::vector<double> counts;     // of the classes
  std::vector<std::vector<double>> density{3};  // of each row's own class, by component
  std::vector<double> forest_share;             // out of bag, of class 1 of two
  double penalty = 0.0;                         // of a regression for two classes
};

void ClassLaw::fit_shares(const Learning& at) {
  const double total = std::accumulate(at.counts.begin(), at.counts.end(), 0.0);
  shares_.resize(classes_);
  for (std::size_t k = 0; k < classes_; ++k) shares_[k] = at.counts[k] / total;
}

namespace {

double log_score(const std::vector<double>& eta, Span<const double> y, Span<const double> w) {
  double sum = 0.0;
  for (std::size_t i = 0; i < eta.size(); ++i) {
    const double e = y[i] > 0.5 ? eta[i] : -eta[i];
    const double loss = e > 0 ? std::log1p(std::exp(-e)) : std::log1p(std::exp(e)) - e;
    sum -= (w.empty() ? 1.0 : w[i]) * loss;
  }
  return sum;
}

RegressionStep fit_step(const RidgeData& data, std::vector<double> penalties) {
  RegressionStep best;
  std::vector<double> start;
  std::reverse(penalties.begin(), penalties.end());
  int worse = 0;
  for (const double penalty : penalties) {
    RidgeFit fit = ridge_logistic(data, penalty, true, start);
    start = fit.coefficients;
    const double score = log_score(fit.left_out, data.y, data.weights);
    if (score > best.score) {
      best = {std::move(fit.coefficients), std::move(fit.left_out), score, penalty};
    } else if (++worse == 2) {
      break;
    }
  }
  return best;
}

}  // namespace

// Products of terms in the one regression of two classes, if the left-out log score gains.
void ClassLaw::try_products(Learning& at, const std::vector<double>& y, RegressionStep& step) {
  const std::size_t n = y.size();
  std::vector<double> left(n);
  for (std::size_t i = 0; i < n; ++i) left[i] = y[i] - expit(step.left_out[i]);
  Design wider = design_;
  const DesignTarget rest{at.input.data, at.rows, left, {}, at.weights};
  const std::vector<double> strength(step.coefficients.begin() + 1, step.coefficients.end());
  if (wider.add_products(rest, strength, std::min(kMostProducts, n / 50)) > 0) {
    const std::vector<double> x = wider.matrix(at.input.data, at.rows);
    RegressionStep more = fit_step({{x.data(), n, wider.terms() + 1}, y, at.weights},
                                   ridge_penalties(n, wider.terms()));
    if (more.score > step.score + kBetter) step = std::move(more), design_ = wider;
  }
  at.penalty = step.penalty;
}

// Fills coefficients_ and the density of the linear component.
void ClassLaw::fit_linear(Learning& at) {
  const std::size_t n = at.rows.size();
  const DesignTarget target{at.input.data, at.rows, {}, at.label, at.weights};
  const std::size_t most = std::min(kMostTerms, n / 10);
  design_ = Design::choose(at.input.margins, at.input.column, target, most);
  if (design_.terms() == 0) return;
  order_.resize(classes_);
  std::iota(order_.begin(), order_.end(), std::uint16_t{0});
  const ColumnMargin& margin = at.input.margins[at.input.column];
  if (margin.has_missing()) std::rotate(order_.begin(), order_.end() - 1, order_.end());
  if (!margin.ordered())
    std::stable_sort(order_.begin() + margin.has_missing(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return at.counts[a] > at.counts[b]; });
  std::vector<std::size_t> step_of(classes_);
  for (std::size_t k = 0; k < classes_; ++k) step_of[order_[k]] = k;
  auto& density = at.density[1];
  density.assign(n, 1.0);
  const std::size_t steps = std::min(classes_ - 1, kMostSteps);
  double penalty = 0.0;
  for (std::size_t k = 0; k < steps; ++k) {
    std::vector<std::size_t> rows, local;
    std::vector<double> y, weights;
    for (std::size_t i = 0; i < n; ++i) {
      if (step_of[at.label[i]] < k) continue;
      local.push_back(i);
      rows.push_back(at.rows[i]);
      y.push_back(step_of[at.label[i]] == k);
      if (!at.weights.empty()) weights.push_back(at.weights[i]);
    }
    std::vector<double> x = design_.matrix(at.input.data, rows);
    // The first step's penalty, or more, does for the others: the same prior of coefficients.
    const std::vector<double> penalties = k == 0 ? ridge_penalties(n, design_.terms())
                                                 : std::vector<double>{penalty, 10 * penalty};
    RegressionStep step =
        fit_step({{x.data(), rows.size(), design_.terms() + 1}, y, weights}, penalties);
    penalty = k == 0 ? step.penalty : penalty;
    if (classes_ == 2) try_products(at, y, step);
    for (std::size_t i = 0; i < local.size(); ++i)
      density[local[i]] *= expit(y[i] > 0.5 ? step.left_out[i] : -step.left_out[i]);
    coefficients_.push_back(std::move(step.coefficients));
  }
  if (steps + 1 < classes_) {  // the rest by their shares
    double rest = 0.0;
    for (std::size_t k = steps; k < classes_; ++k) rest += shares_[order_[k]];
    for (std::size_t i = 0; i < n; ++i)
      if (step_of[at.label[i]] >= steps) density[i] *= shares_[at.label[i]] / rest;
  }
}

void ClassLaw::fit_forest(Learning& at) {
  const std::size_t n = at.rows.size();
  if (n < 20 || static_cast<double>(n) * static_cast<double>(classes_) > kMostCells) return;
  const CodeFrame predictors(at.input.margins, at.input.column, at.input.data, at.rows);
  std::vector<double> labels(at.label.begin(), at.label.end());
  const ForestTarget target{classes_ == 2 ? TargetKind::binary : TargetKind::classes, labels,
                            classes_};
  ForestOptions options = generator_forest(at.input.options, at.input.column, n, at.input.key);
  if (static_cast<double>(n) * static_cast<double>(classes_) > kMostCells / 10)
    options.min_node_size.assign(1, 20);  // each candidate keeps sums of its own
  Sampling sampling;
  sampling.weights = at.weights;
  Execution serial;
  serial.threads = 1;
  const ForestFit fit =
      causalsynth::fit_forest(predictors.frame(), target, options, sampling, serial);
  forest_ = LeafForest(fit.forest, classes_);
  std::vector<double> shares(classes_);
  std::size_t leaf = 0;
  for (const Tree& tree : fit.forest.trees)
    for (std::size_t l = 0; l < tree.leaves(); ++l, ++leaf) {
      const double* value = tree.values.data() + l * fit.forest.width;
      if (classes_ == 2)
        shares = {1.0 - value[0], value[0]};
      else
        shares.assign(value, value + classes_);
      forest_.set_shares(leaf, shares.data());
    }
  auto& density = at.density[2];
  density.resize(n);
  at.forest_share.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = static_cast<std::size_t>(at.label[i]);
    double p = classes_ == 2 ? fit.out_of_bag[i] : fit.out_of_bag[i * classes_ + k];
    at.forest_share[i] = p;
    if (classes_ == 2 && k == 0) p = 1.0 - p;
    density[i] = std::isnan(p) ? shares_[k] : std::max(p, 0.0);
  }
}

void ClassLaw::fit_weights(Learning& at) {
  auto& own = at.density[0];
  own.resize(at.rows.size());
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = shares_[at.label[i]];
  weights_ = mixture_weights(at.density, at.weights, kLeastWeight);
  if (weights_[2] == 0.0) forest_ = LeafForest();
  if (weights_[1] == 0.0) {
    design_ = Design();
    coefficients_.clear();
    order_.clear();
    return;
  }
  if (classes_ == 2 && weights_[1] < 1.0 && weights_[1] >= 0.15) calibrate(at);
}

// Solves the regression's score equations for the mixture: with p the regression's and f the
// other components' probabilities, sum of x (y - w p - (1 - w) f) = 0. The mixture then keeps what
// the regression would keep alone - shares, and effects of each term - though forests shrink them.
void ClassLaw::calibrate(const Learning& at) {
  const std::size_t n = at.rows.size();
  const double w = weights_[1];
  const auto first = order_[0];
  std::vector<double> y(n);
  for (std::size_t i = 0; i < n; ++i) {
    double other = weights_[0] * shares_[first];
    if (weights_[2] > 0.0) {
      const double f = std::isnan(at.forest_share[i]) ? shares_[1] : at.forest_share[i];
      other += weights_[2] * (first == 1 ? f : 1.0 - f);
    }
    y[i] = ((at.label[i] == first) - other) / w;
  }
  const std::vector<double> x = design_.matrix(at.input.data, at.rows);
  const RidgeData data{{x.data(), n, design_.terms() + 1}, y, at.weights};
  coefficients_[0] = ridge_logistic(data, at.penalty, false, coefficients_[0]).coefficients;
}

ClassLaw ClassLaw::fit(const LawInput& input, const std::vector<int>& classes) {
  ClassLaw law;
  law.classes_ = input.margins[input.column].classes();
  Learning at{input};
  at.counts.assign(law.classes_, 0.0);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] == ColumnMargin::kUnseen) continue;
    at.rows.push_back(i);
    at.label.push_back(classes[i]);
    if (!input.options.weights.empty()) at.weights.push_back(input.options.weights[i]);
    at.counts[classes[i]] += at.weights.empty() ? 1.0 : at.weights.back();
  }
  law.fit_shares(at);
  if (law.classes_ < 2 || input.column == 0 || at.rows.size() < 10) return law;
  law.fit_linear(at);
  law.fit_forest(at);
  law.fit_weights(at);
  return law;
}

void ClassLaw::draw_linear(const RowView& data, std::vector<std::uint32_t> rows, Stream& stream,
                           std::vector<std::uint16_t>& out) const {
  std::vector<double> eta;
  for (std::size_t k = 0; k < coefficients_.size() && !rows.empty(); ++k) {
    eta.assign(rows.size(), 0.0);
    design_.add(data, rows, coefficients_[k], eta.data());
    const bool last = k + 2 == classes_;
    std::size_t left = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t row = rows[i];
      if (stream.uniform() < expit(eta[i]))
        out[row] = order_[k];
      else if (last)
        out[row] = order_[k + 1];
      else
        rows[left++] = row;
    }
    rows.resize(left);
  }
  if (rows.empty()) return;
  std::vector<double> cumulative;
  double sum = 0.0;
  for (std::size_t k = coefficients_.size(); k < classes_; ++k)
    cumulative.push_back(sum += shares_[order_[k]]);
  for (const std::uint32_t row : rows)
    out[row] = order_[coefficients_.size() + stream.choose(cumulative)];
}

void ClassLaw::draw(const RowView& data, Stream& stream, std::vector<std::uint16_t>& out) const {
  out.assign(data.rows, 0);
  if (classes_ < 2) return;
  std::vector<double> cumulative(classes_);
  std::partial_sum(shares_.begin(), shares_.end(), cumulative.begin());
  std::vector<std::uint32_t> linear;
  const bool alone = coefficients_.empty() && forest_.empty();
  for (std::uint32_t i = 0; i < data.rows; ++i) {
    double u = alone ? 0.0 : stream.uniform();
    if (alone || (u -= weights_[0]) < 0.0) {
      out[i] = static_cast<std::uint16_t>(stream.choose(cumulative));
    } else if (forest_.empty() || u < weights_[1]) {
      linear.push_back(i);
    } else {
      const std::size_t tree = stream.below(static_cast<std::uint32_t>(forest_.trees()));
      out[i] = static_cast<std::uint16_t>(forest_.draw_class(forest_.leaf(tree, data, i), stream));
    }
  }
  if (!linear.empty()) draw_linear(data, std::move(linear), stream, out);
}

std::vector<double> ClassLaw::probabilities(const RowView& data) const {
  std::vector<double> result(data.rows * classes_);
  for (std::size_t i = 0; i < data.rows; ++i)
    for (std::size_t k = 0; k < classes_; ++k) result[i * classes_ + k] = weights_[0] * shares_[k];
  if (weights_[1] > 0.0) {
    std::vector<std::uint32_t> rows(data.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    std::vector<double> left(data.rows, weights_[1]), eta;
    for (std::size_t k = 0; k < coefficients_.size(); ++k) {
      eta.assign(data.rows, 0.0);
      design_.add(data, rows, coefficients_[k], eta.data());
      for (std::size_t i = 0; i < data.rows; ++i) {
        const double p = expit(eta[i]);
        result[i * classes_ + order_[k]] += left[i] * p;
        left[i] *= 1.0 - p;
      }
    }
    double rest = 0.0;
    for (std::size_t k = coefficients_.size(); k < classes_; ++k) rest += shares_[order_[k]];
    for (std::size_t k = coefficients_.size(); k < classes_; ++k)
      for (std::size_t i = 0; i < data.rows; ++i)
        result[i * classes_ + order_[k]] += left[i] * shares_[order_[k]] / rest;
  }
  if (forest_.empty()) return result;
  const double share = weights_[2] / static_cast<double>(forest_.trees());
  for (std::size_t i = 0; i < data.rows; ++i)
    for (std::size_t t = 0; t < forest_.trees(); ++t) {
      const std::size_t leaf = forest_.leaf(t, data, i);
      for (std::size_t k = 0; k < classes_; ++k)
        result[i * classes_ + k] += share * forest_.share(leaf, k);
    }
  return result;
}

void ClassLaw::pack(ArchiveWriter& out) const {
  out.vector(shares_);
  out.vector(weights_);
  design_.pack(out);
  out.vector(order_);
  out.value(static_cast<std::uint64_t>(coefficients_.size()));
  for (const auto& b : coefficients_) out.vector(b);
  forest_.pack(out);
}

ClassLaw ClassLaw::unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                          std::size_t column) {
  ClassLaw law;
  law.classes_ = margins[column].classes();
  in.vector(law.shares_);
  in.vector(law.weights_);
  law.design_ = Design::unpack(in, margins, column);
  in.vector(law.order_);
  law.coefficients_.resize(in.count());
  for (auto& b : law.coefficients_) in.vector(b);
  law.forest_ = LeafForest::unpack(in, margins, column);
  ArchiveReader::require(law.shares_.size() == law.classes_ && law.weights_.size() == 3);
  double sum = 0.0;
  for (const double share : law.shares_) {
    ArchiveReader::require(share >= 0.0);
    sum += share;
  }
  ArchiveReader::require(sum > 0.5 && sum < 1.5);
  for (const double weight : law.weights_) ArchiveReader::require(weight >= 0.0);
  ArchiveReader::require(law.weights_[2] > 0.0 ? law.forest_.width() == law.classes_
                                               : law.forest_.empty());
  ArchiveReader::require(law.forest_.empty() == (law.weights_[2] == 0.0));
  ArchiveReader::require((law.weights_[1] > 0.0) == !law.coefficients_.empty());
  ArchiveReader::require(law.coefficients_.empty() || (law.coefficients_.size() < law.classes_ &&
                                                       law.order_.size() == law.classes_));
  for (const std::uint16_t k : law.order_) ArchiveReader::require(k < law.classes_);
  for (const auto& b : law.coefficients_)
    ArchiveReader::require(b.size() == law.design_.terms() + 1);
  return law;
}

}  // namespace causalsynth
