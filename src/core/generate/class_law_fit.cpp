// How a class law is learnt: see class_law.h.
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
constexpr double kLeastCalibrated = 0.15;  // of the regressions, to carry the mixture's scores
constexpr double kCalibrated = 0.2;        // least penalty of a calibrated regression
constexpr double kBetter = 3.0;        // by how much log score more terms must pay

}  // namespace

// The rows that come as far as one step of the chain; y: of the step's own class?
struct ClassLaw::StepRows {
  std::vector<std::size_t> rows;
  std::vector<double> y, weights;
};

struct ClassLaw::Learning {
  const LawInput& input;
  std::vector<std::size_t> rows{};              // learnt from
  std::vector<int> label{};                     // of these
  std::vector<double> weights{};                // of these; empty: ones
  std::vector<double> counts{};                 // of the classes
  std::vector<std::vector<double>> density{3};  // of each row's own class, by component
  std::vector<double> forest_shares{};          // out of bag, of each row's classes
  std::vector<double> penalties{};              // of the steps of the chain
  std::vector<std::vector<double>> grams{};     // of these: X'WX about their solution
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
  RidgeLogistic regression(data);
  std::reverse(penalties.begin(), penalties.end());
  int worse = 0;
  for (const double penalty : penalties) {
    RidgeFit fit = regression.fit(penalty, true);
    const double score = log_score(fit.left_out, data.y, data.weights);
    if (score > best.score) {
      best = {std::move(fit.coefficients), std::move(fit.left_out), regression.gram(), score,
              penalty};
    } else if (++worse == 2) {
      break;
    }
  }
  return best;
}

}  // namespace

// Products of terms in the regression of the two last classes, if its left-out log score gains.
void ClassLaw::try_products(const Learning& at, const StepRows& of, RegressionStep& step) {
  const std::size_t n = of.y.size();
  std::vector<double> left(n);
  for (std::size_t i = 0; i < n; ++i) left[i] = of.y[i] - expit(step.left_out[i]);
  Design wider = design_;
  const DesignTarget rest{at.input.data, of.rows, left, {}, of.weights};
  const std::vector<double> strength(step.coefficients.begin() + 1, step.coefficients.end());
  if (wider.add_products(rest, strength, std::min(kMostProducts, n / 50)) == 0) return;
  const std::vector<double> x = wider.matrix(at.input.data, of.rows);
  RegressionStep more = fit_step({{x.data(), n, wider.terms() + 1}, of.y, of.weights},
                                 ridge_penalties(n, wider.terms()));
  if (!(more.score > step.score + kBetter)) return;
  step = std::move(more);
  design_ = wider;
  for (auto& earlier : coefficients_) earlier.resize(wider.terms() + 1, 0.0);
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
    StepRows of;
    std::vector<std::size_t> local;
    for (std::size_t i = 0; i < n; ++i) {
      if (step_of[at.label[i]] < k) continue;
      local.push_back(i);
      of.rows.push_back(at.rows[i]);
      of.y.push_back(step_of[at.label[i]] == k);
      if (!at.weights.empty()) of.weights.push_back(at.weights[i]);
    }
    const std::vector<double> x = design_.matrix(at.input.data, of.rows);
    // The first large step's penalty does for the others: the same prior of coefficients.
    const bool choose = k <= margin.has_missing();
    const std::vector<double> penalties = choose ? ridge_penalties(n, design_.terms())
                                                 : std::vector<double>{penalty};
    RegressionStep step =
        fit_step({{x.data(), of.y.size(), design_.terms() + 1}, of.y, of.weights}, penalties);
    penalty = step.penalty;
    if (k + 2 == classes_ && k <= margin.has_missing()) try_products(at, of, step);
    for (std::size_t i = 0; i < local.size(); ++i)
      density[local[i]] *= expit(of.y[i] > 0.5 ? step.left_out[i] : -step.left_out[i]);
    at.penalties.push_back(step.penalty);
    at.grams.push_back(std::move(step.gram));
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
  at.forest_shares.resize(n * classes_);
  for (std::size_t i = 0; i < n; ++i) {
    double* share = at.forest_shares.data() + i * classes_;
    for (std::size_t k = 0; k < classes_; ++k) {
      double p = classes_ == 2 ? fit.out_of_bag[i] : fit.out_of_bag[i * classes_ + k];
      if (classes_ == 2 && k == 0) p = 1.0 - p;
      share[k] = std::isnan(p) ? shares_[k] : std::max(p, 0.0);
    }
    density[i] = share[at.label[i]];
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
  if (weights_[1] < 1.0 && weights_[1] >= kLeastCalibrated) calibrate(at);
}

// Solves the regressions' score equations for the mixture, one step of the chain after the other:
// with p a step's probability, r the chance to get as far as this step, and f the other components'
// probability of its class, sum of x (y - w r p - (1 - w) f) = 0. The mixture then keeps what the
// regressions would keep alone - shares, and effects of each term - though forests shrink them.
void ClassLaw::calibrate(const Learning& at) {
  const std::size_t n = at.rows.size();
  const double w = weights_[1];
  const std::vector<double> x = design_.matrix(at.input.data, at.rows);
  std::vector<double> reach(n, 1.0), y(n), weights(n);
  for (std::size_t k = 0; k < coefficients_.size(); ++k) {
    const auto own = order_[k];
    for (std::size_t i = 0; i < n; ++i) {
      double other = weights_[0] * shares_[own];
      if (weights_[2] > 0.0) other += weights_[2] * at.forest_shares[i * classes_ + own];
      reach[i] = std::max(reach[i], 1e-9);
      y[i] = ((at.label[i] == own) - other) / (w * reach[i]);
      weights[i] = reach[i] * (at.weights.empty() ? 1.0 : at.weights[i]);
    }
    const RidgeData data{{x.data(), n, design_.terms() + 1}, y, weights};
    const bool same = at.grams[k].size() == data.x.cols() * data.x.cols();
    RidgeLogistic step(data, coefficients_[k], same ? at.grams[k] : std::vector<double>());
    RidgeFit fit = step.fit(std::max(at.penalties[k], kCalibrated), false);
    // Where the other components leave nothing that a probability can make up for: as it was.
    if (!fit.converged) fit = {coefficients_[k], {}, step.predictor(coefficients_[k]), {}};
    coefficients_[k] = fit.coefficients;
    for (std::size_t i = 0; i < n; ++i) reach[i] *= 1.0 - expit(fit.fitted[i]);
  }
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

}  // namespace causalsynth
