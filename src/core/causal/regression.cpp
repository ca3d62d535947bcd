// Outcome regression, and its augmentation by weighted residuals (AIPW).
#include "core/base/require.h"
#include "core/causal/estimators.h"

namespace causalsynth {
namespace {

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
    const double s = study.weight(i), h = target_weight(study, i, options.estimand);
    double value = h * q[i];
    if (augmented && study.treat[i] == arm) value += result.weights[i] * (study.outcome[i] - q[i]);
    influence[i] = value;
    top += s * value;
    bottom += s * h;
  }
  const double mean = result.mean[arm] = top / bottom;
  if (options.gradient) {
    result.by_ps[arm].assign(n, 0.0);
    result.by_q[arm].resize(n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double s = study.weight(i), h = target_weight(study, i, options.estimand);
    influence[i] = static_cast<double>(n) * s * (influence[i] - mean * h) / bottom;
    if (!options.gradient) continue;
    const bool own = augmented && study.treat[i] == arm;
    result.by_q[arm][i] = s * (h - (own ? result.weights[i] : 0.0)) / bottom;
    if (own) result.by_ps[arm][i] = s * slopes[i] * (study.outcome[i] - q[i]) / bottom;
  }
}

}  // namespace

ArmMeans aipw(const StudyView& study, const WeightOptions& options) {
  options.validate();
  require(options.estimand != Estimand::ato, "aipw: ATO is not available");
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
