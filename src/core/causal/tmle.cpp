#include "core/causal/tmle.h"

#include <algorithm>

#include "core/base/require.h"
#include "core/linear/logistic.h"

namespace causalsynth {

void TmleOptions::validate() const {
  require(q_bounds > 0.0 && q_bounds < 0.5, "tmle: q_bounds must lie between 0 and .5");
  require(high > low, "tmle: the outcome's range is empty");
}

namespace {

// Initial Q on the scaled logit; counts rows that the bounds moved.
void initial_logits(const StudyView& study, const TmleOptions& options,
                    std::array<std::vector<double>, 2>& logits, std::size_t& moved) {
  const double range = options.high - options.low;
  for (auto& values : logits) values.resize(study.size());
  for (std::size_t i = 0; i < study.size(); ++i) {
    bool any = false;
    for (int arm = 0; arm < 2; ++arm) {
      const double q = ((arm ? study.q1 : study.q0)[i] - options.low) / range;
      const double inside = std::min(std::max(q, options.q_bounds), 1.0 - options.q_bounds);
      any = any || inside != q;
      logits[arm][i] = logit(inside);
    }
    moved += any;
  }
}

// The clever covariate of row i in arm a, without its sign.
double clever(const StudyView& study, std::size_t i, int arm, const TmleOptions& options) {
  return options.target_weights ? 1.0 : 1.0 / (arm ? study.g1 : study.g0)[i];
}

LogisticFit fluctuate(const StudyView& study, const TmleOptions& options,
                      const std::array<std::vector<double>, 2>& logits) {
  const std::size_t n = study.size(), p = options.two ? 2 : 1;
  std::vector<double> x(n * p, 0.0), y(n), offset(n), weights(n);
  for (std::size_t i = 0; i < n; ++i) {
    const int arm = study.treat[i] == 1.0;
    const double h = clever(study, i, arm, options);
    if (options.two) {
      x[i + n * static_cast<std::size_t>(arm)] = h;
    } else {
      x[i] = arm ? h : -h;
    }
    y[i] = (study.outcome[i] - options.low) / (options.high - options.low);
    offset[i] = logits[arm][i];
    weights[i] = study.weight(i);
    if (options.target_weights) weights[i] /= (arm ? study.g1 : study.g0)[i];
  }
  return logistic_regression({{x.data(), n, p}, y, weights, offset}, LogisticOptions{});
}

}  // namespace

TmleResult tmle(const StudyView& study, const TmleOptions& options) {
  options.validate();
  const std::size_t n = study.size();
  for (std::size_t i = 0; i < n; ++i)
    require(study.g1[i] > 0.0 && study.g0[i] > 0.0, "tmle: a probability is 0; give bounds");
  TmleResult result;
  std::array<std::vector<double>, 2> logits;
  initial_logits(study, options, logits, result.q_bounded);
  const LogisticFit fit = fluctuate(study, options, logits);
  result.epsilon = fit.coefficients;
  result.converged = fit.converged && !fit.separated;
  ArmMeans& means = result.means;
  means.weights.resize(n);
  for (int arm = 0; arm < 2; ++arm) {
    const double epsilon = options.two ? fit.coefficients[static_cast<std::size_t>(arm)]
                                       : (arm ? 1.0 : -1.0) * fit.coefficients[0];
    std::vector<double>& q = result.q[arm];
    q.resize(n);
    double sum = 0.0, total = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      const double eta = logits[arm][i] + epsilon * clever(study, i, arm, options);
      q[i] = options.low + (options.high - options.low) * expit(eta);
      sum += study.weight(i) * q[i];
      total += study.weight(i);
    }
    means.mean[arm] = sum / total;
    means.influence[arm].resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      double value = q[i] - means.mean[arm];
      if (study.treat[i] == arm) {
        means.weights[i] = 1.0 / (arm ? study.g1 : study.g0)[i];
        value += means.weights[i] * (study.outcome[i] - q[i]);
      }
      means.influence[arm][i] = study.weight(i) * value * static_cast<double>(n) / total;
    }
  }
  return result;
}

}  // namespace causalsynth
