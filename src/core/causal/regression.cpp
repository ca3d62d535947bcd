// Outcome regression, and its augmentation by weighted residuals (AIPW).
#include "core/base/require.h"
#include "core/causal/estimators.h"

namespace causalsynth {
namespace {

// The target's weight h and its slope in ps. For the ATO, ps (1 - ps) + (1 - 2 ps)(A - ps) =
// (A - ps)^2: errors of a learned ps then cancel to first order.
struct Target {
  double h = 0.0, slope = 0.0;
};
Target target_of(const StudyView& study, std::size_t i, Estimand estimand) {
  if (estimand != Estimand::ato) return {target_weight(study, i, estimand), 0.0};
  const double gap = study.treat[i] - study.ps[i];
  return {gap * gap, -2.0 * gap};
}

// mean_a = sum s (h Q_a + 1[A=a] w (Y - Q_a)) / sum s h; without residuals w = 0.
// For the ATT the efficient influence function (Hahn 1998) is the same ratio's.
void one_arm(const StudyView& study, const WeightOptions& options,
             const std::vector<double>& slopes, int arm, ArmMeans& result) {
  const std::size_t n = study.size();
  const bool augmented = !slopes.empty();
  const Span<const double> q = arm ? study.q1 : study.q0;
  std::vector<double>& influence = result.influence[arm];
  influence.resize(n);
  double top = 0.0, bottom = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double s = study.weight(i), h = target_of(study, i, options.estimand).h;
    double value = h * q[i];
    if (augmented && study.treat[i] == arm) value += result.weights[i] * (study.outcome[i] - q[i]);
    influence[i] = value;
    top += s * value;
    bottom += s * h;
  }
  require(bottom > 0.0, "the target's weights are all zero");
  const double mean = result.mean[arm] = top / bottom;
  if (options.gradient) {
    result.by_ps[arm].assign(n, 0.0);
    result.by_q[arm].resize(n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double s = study.weight(i);
    const Target target = target_of(study, i, options.estimand);
    influence[i] = static_cast<double>(n) * s * (influence[i] - mean * target.h) / bottom;
    if (!options.gradient) continue;
    const bool own = augmented && study.treat[i] == arm;
    result.by_q[arm][i] = s * (target.h - (own ? result.weights[i] : 0.0)) / bottom;
    double by_ps = target.slope * (q[i] - mean);
    if (own) by_ps += slopes[i] * (study.outcome[i] - q[i]);
    result.by_ps[arm][i] = s * by_ps / bottom;
  }
}

}  // namespace

ArmMeans aipw(const StudyView& study, const WeightOptions& options) {
  options.validate();
  const auto share = arm_shares(study);
  ArmMeans result;
  result.weights.resize(study.size());
  std::vector<double> slopes(study.size());
  for (std::size_t i = 0; i < study.size(); ++i) {
    const ArmWeight w = arm_weight(study, i, options, share);
    result.weights[i] = w.value;
    slopes[i] = w.slope;
    result.capped += w.capped;
  }
  for (int arm = 0; arm < 2; ++arm) one_arm(study, options, slopes, arm, result);
  return result;
}

ArmMeans outcome_regression(const StudyView& study, const WeightOptions& options) {
  options.validate();
  require(options.estimand != Estimand::ato, "outcome regression: ATO is not available");
  ArmMeans result;
  result.weights.assign(study.size(), 1.0);
  for (int arm = 0; arm < 2; ++arm) one_arm(study, options, {}, arm, result);
  return result;
}

}  // namespace causalsynth
