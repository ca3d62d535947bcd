#include "core/base/require.h"
#include "core/causal/estimators.h"

namespace causalsynth {
namespace {

// Horvitz-Thompson divides by the target's size, Hajek by the sum of weights; n times that.
std::array<double, 2> denominators(const StudyView& study, const WeightOptions& options,
                                   const std::array<double, 2>& hajek) {
  if (options.hajek) return hajek;
  double target = 0.0;
  for (std::size_t i = 0; i < study.size(); ++i)
    target += study.weight(i) * target_weight(study, i, options.estimand);
  if (!options.stabilised || options.estimand != Estimand::ate) return {target, target};
  const auto share = arm_shares(study);
  return {target * share[0], target * share[1]};
}

// Stabilised weights hold the arm's share, which a cap does not let cancel: the slope of the
// mean in the share, over the rows of the arm below the cap.
double slope_in_share(const StudyView& study, const WeightOptions& options, double bottom,
                      const ArmMeans& result, int arm) {
  if (!options.stabilised || options.estimand != Estimand::ate || result.capped == 0) return 0.0;
  const double share = arm_shares(study)[arm], mean = result.mean[arm];
  double sum = 0.0;
  for (std::size_t i = 0; i < study.size(); ++i) {
    if (study.treat[i] != arm || result.weights[i] >= options.cap) continue;
    const double centred = study.outcome[i] - (options.hajek ? mean : 0.0);
    sum += study.weight(i) * result.weights[i] / share * centred;
  }
  return sum / bottom - (options.hajek ? 0.0 : mean / share);
}

// psi = D mean - sum(w Y): the influence of row i is n s_i (w_i Y_i 1[A=a] - mean d_i) / D with
// d_i its part of D; likewise the slope in ps_i.
void fill_influence(const StudyView& study, const WeightOptions& options,
                    const std::array<double, 2>& bottom, const std::vector<double>& slopes,
                    ArmMeans& result) {
  const std::size_t n = study.size();
  const auto share = arm_shares(study);
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i) total += study.weight(i);
  for (int arm = 0; arm < 2; ++arm) {
    result.influence[arm].assign(n, 0.0);
    if (options.gradient) result.by_ps[arm].assign(n, 0.0);
    const double scale = options.stabilised && options.estimand == Estimand::ate ? share[arm] : 1.0;
    const double by_share = slope_in_share(study, options, bottom[arm], result, arm);
    for (std::size_t i = 0; i < n; ++i) {
      const double s = study.weight(i), y = study.outcome[i], mean = result.mean[arm];
      const bool own = study.treat[i] == arm;
      const double w = own ? result.weights[i] : 0.0, dw = own ? slopes[i] : 0.0;
      double part = w, slope = dw;
      if (!options.hajek) {
        part = scale * target_weight(study, i, options.estimand);
        slope = options.estimand == Estimand::ato ? 1.0 - 2.0 * study.ps[i] : 0.0;
      }
      result.influence[arm][i] =
          static_cast<double>(n) * s * (w * y - mean * part) / bottom[arm] +
          by_share * s * (own - share[arm]) * static_cast<double>(n) / total;
      if (options.gradient) result.by_ps[arm][i] = s * (dw * y - mean * slope) / bottom[arm];
    }
  }
}

}  // namespace

ArmMeans iptw(const StudyView& study, const WeightOptions& options) {
  options.validate();
  const std::size_t n = study.size();
  const auto share = arm_shares(study);
  ArmMeans result;
  result.weights.resize(n);
  std::vector<double> slopes(n);
  std::array<double, 2> top{}, hajek{};
  for (std::size_t i = 0; i < n; ++i) {
    const ArmWeight w = arm_weight(study, i, options, share);
    result.weights[i] = w.value;
    slopes[i] = w.slope;
    result.capped += w.capped;
    const std::size_t arm = study.treat[i] == 1.0;
    top[arm] += study.weight(i) * w.value * study.outcome[i];
    hajek[arm] += study.weight(i) * w.value;
  }
  const auto bottom = denominators(study, options, hajek);
  require(bottom[0] > 0.0 && bottom[1] > 0.0, "all weights of an arm are zero");
  result.mean = {top[0] / bottom[0], top[1] / bottom[1]};
  fill_influence(study, options, bottom, slopes, result);
  return result;
}

}  // namespace causalsynth
