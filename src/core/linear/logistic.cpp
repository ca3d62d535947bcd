#include "core/linear/logistic.h"

#include <algorithm>
#include <cmath>

#include "core/base/require.h"
#include "core/linear/qr.h"

namespace causalsynth {

double expit(double x) {
  if (x >= 0.0) return 1.0 / (1.0 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1.0 + e);
}
double logit(double p) { return std::log(p) - std::log1p(-p); }

void LogisticOptions::validate() const {
  require(max_iterations >= 1, "logistic regression: max_iterations must be at least 1");
  require(tolerance > 0.0, "logistic regression: tolerance must be positive");
}

namespace {

constexpr double kWeightFloor = 1e-14;  // of p (1 - p), so that no working residual is infinite
constexpr double kSolveTolerance = 1e-14;
constexpr int kHalvings = 30;

double weight(const LogisticData& data, std::size_t i) {
  return data.weights.empty() ? 1.0 : data.weights[i];
}

void check(const LogisticData& data) {
  const std::size_t n = data.x.rows();
  require(data.y.size() == n, "logistic regression: y has another length than x has rows");
  require(data.weights.empty() || data.weights.size() == n,
          "logistic regression: one weight a row is needed");
  require(data.offset.empty() || data.offset.size() == n,
          "logistic regression: one offset a row is needed");
  for (std::size_t i = 0; i < n; ++i) {
    require(data.y[i] >= 0.0 && data.y[i] <= 1.0, "logistic regression: y must lie in [0, 1]");
    require(weight(data, i) >= 0.0, "logistic regression: a weight is negative");
  }
}

// Minus the log-likelihood: sum of w (y log(1 + e^-eta) + (1 - y) log(1 + e^eta)).
double loss(const LogisticData& data, const std::vector<double>& eta) {
  double sum = 0.0;
  for (std::size_t i = 0; i < eta.size(); ++i) {
    const double w = weight(data, i);
    if (w == 0.0) continue;
    const double y = data.y[i], e = eta[i];
    const double wrong = e >= 0.0 ? (1.0 - y) * e : -y * e;
    sum += w * (wrong + std::log1p(std::exp(-std::fabs(e))));
  }
  return sum;
}

void add_product(MatrixView<const double> x, const std::vector<double>& coefficients,
                 std::vector<double>& out) {
  for (std::size_t j = 0; j < x.cols(); ++j) {
    const double b = coefficients[j];
    if (b == 0.0) continue;
    const double* column = x.column(j).data();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += b * column[i];
  }
}

// The columns that carry no information beside the others under the case weights.
LinearSolution find_rank(const LogisticData& data) {
  std::vector<double> zero(data.x.rows(), 0.0);
  if (data.weights.empty()) return solve(factorise(data.x, {}, zero), kRankTolerance);
  std::vector<double> scale(data.x.rows());
  for (std::size_t i = 0; i < scale.size(); ++i) scale[i] = std::sqrt(data.weights[i]);
  return solve(factorise(data.x, scale, zero), kRankTolerance);
}

class Irls {
 public:
  Irls(const LogisticData& data, const LogisticOptions& options)
      : data_(data), options_(options), n_(data.x.rows()), eta_(n_, 0.0), scale_(n_), right_(n_) {
    if (!data.offset.empty()) std::copy(data.offset.begin(), data.offset.end(), eta_.begin());
  }

  LogisticFit run() {
    const LinearSolution start = find_rank(data_);
    fit_.aliased = start.aliased;
    fit_.rank = start.rank;
    fit_.coefficients.assign(data_.x.cols(), 0.0);
    fit_.direction.assign(data_.x.cols(), 0.0);
    if (fit_.rank == 0) fit_.converged = true;
    double current = loss(data_, eta_);
    while (!fit_.converged && fit_.iterations < options_.max_iterations) {
      ++fit_.iterations;
      const double before = current;
      current = step(current);
      fit_.converged = before - current <= options_.tolerance * (std::fabs(current) + 0.1);
    }
    finish();
    return std::move(fit_);
  }

 private:
  // One Newton step as weighted least squares of (y - p) / sqrt(v) on sqrt(v) x, v = p (1 - p);
  // halved until the loss does not grow. Returns the new loss.
  double step(double current) {
    for (std::size_t i = 0; i < n_; ++i) {
      const double p = expit(eta_[i]), w = weight(data_, i);
      const double root = std::sqrt(std::max(p * (1.0 - p), kWeightFloor));
      scale_[i] = std::sqrt(w) * root;
      right_[i] = std::sqrt(w) * (data_.y[i] - p) / root;
    }
    std::vector<double> delta =
        solve(factorise(data_.x, scale_, right_), kSolveTolerance, fit_.aliased).coefficients;
    std::vector<double> move(n_, 0.0), candidate(n_);
    add_product(data_.x, delta, move);
    double share = 1.0;
    for (int halving = 0; halving < kHalvings; ++halving, share *= 0.5) {
      for (std::size_t i = 0; i < n_; ++i) candidate[i] = eta_[i] + share * move[i];
      const double next = loss(data_, candidate);
      if (!(next <= current)) continue;
      for (std::size_t j = 0; j < delta.size(); ++j) fit_.coefficients[j] += share * delta[j];
      last_move_ = 0.0;
      for (const double m : move) last_move_ = std::max(last_move_, share * std::fabs(m));
      fit_.direction.swap(delta);
      eta_.swap(candidate);
      return next;
    }
    last_move_ = 0.0;
    return current;
  }

  void finish() {
    fit_.fitted.resize(n_);
    bool extreme = false;
    for (std::size_t i = 0; i < n_; ++i) {
      const double p = fit_.fitted[i] = expit(eta_[i]);
      extreme = extreme || p < 1e-8 || p > 1.0 - 1e-8;
    }
    fit_.separated = extreme && last_move_ > 0.1;
  }

  const LogisticData& data_;
  const LogisticOptions& options_;
  std::size_t n_;
  std::vector<double> eta_, scale_, right_;
  double last_move_ = 0.0;
  LogisticFit fit_;
};

}  // namespace

LogisticFit logistic_regression(const LogisticData& data, const LogisticOptions& options) {
  options.validate();
  check(data);
  return Irls(data, options).run();
}

}  // namespace causalsynth
