#include <algorithm>
#include <cmath>

#include "core/base/require.h"
#include "core/causal/estimators.h"

namespace causalsynth {

void BoundRule::validate() const {
  if (kind == Kind::none) return;
  require(low >= 0.0 && low <= 1.0, "bounds: the lower bound must lie in [0, 1]");
  require(kind != Kind::clip || (high >= low && high <= 1.0),
          "bounds: the upper bound must lie between the lower one and 1");
}

void WeightOptions::validate() const { require(cap > 0.0, "weights: cap must be positive"); }

BoundedPropensity bound_propensity(Span<const double> ps, const BoundRule& rule) {
  rule.validate();
  const std::size_t n = ps.size();
  BoundedPropensity result;
  result.g1.resize(n);
  result.g0.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double p = ps[i];
    require(p >= 0.0 && p <= 1.0, "bounds: a propensity lies outside [0, 1]");
    bool up_1 = false, up_0 = false;
    double g1 = p, g0 = 1.0 - p;
    if (rule.kind == BoundRule::Kind::lower) {
      up_1 = g1 < rule.low;
      up_0 = g0 < rule.low;
      g1 = std::max(g1, rule.low);
      g0 = std::max(g0, rule.low);
    } else if (rule.kind == BoundRule::Kind::clip) {
      up_1 = p < rule.low;
      up_0 = p > rule.high;
      g1 = std::min(std::max(p, rule.low), rule.high);
      g0 = 1.0 - g1;
    }
    result.g1[i] = g1;
    result.g0[i] = g0;
    result.bounded_1 += up_1;
    result.bounded_0 += up_0;
    result.bounded_rows += up_1 || up_0;
  }
  return result;
}

std::array<double, 2> arm_shares(const StudyView& study) {
  std::array<double, 2> sum{};
  for (std::size_t i = 0; i < study.size(); ++i)
    sum[study.treat[i] == 1.0] += study.weight(i);
  require(sum[0] > 0.0 && sum[1] > 0.0, "an arm has no rows");
  const double total = sum[0] + sum[1];
  return {sum[0] / total, sum[1] / total};
}

double target_weight(const StudyView& study, std::size_t i, Estimand estimand) {
  switch (estimand) {
    case Estimand::ate: return 1.0;
    case Estimand::att: return study.treat[i];
    case Estimand::atc: return 1.0 - study.treat[i];
    default: return study.ps[i] * (1.0 - study.ps[i]);
  }
}

// ATE: 1 / g_a; ATT: 1 and (1 - g0) / g0; ATC: (1 - g1) / g1 and 1; ATO: the other arm's
// unbounded probability, which needs no bound.
ArmWeight weight_in_arm(const StudyView& study, std::size_t i, int arm,
                        const WeightOptions& options, const std::array<double, 2>& share) {
  const bool treated = arm == 1;
  const double own = treated ? study.g1[i] : study.g0[i];
  const double raw = treated ? study.ps[i] : 1.0 - study.ps[i];
  ArmWeight result;
  const bool is_target = (options.estimand == Estimand::att && treated) ||
                         (options.estimand == Estimand::atc && !treated);
  if (options.estimand == Estimand::ato) {
    result.value = 1.0 - raw;
    result.slope = -1.0;
  } else if (is_target) {
    result.value = 1.0;
  } else {
    require(own > 0.0, "a row has probability 0 of an arm; give bounds");
    result.value = options.estimand == Estimand::ate ? 1.0 / own : (1.0 - own) / own;
    result.slope = own == raw ? -1.0 / (own * own) : 0.0;
  }
  if (!treated) result.slope = -result.slope;  // g0 = 1 - ps
  if (options.stabilised && options.estimand == Estimand::ate) {
    result.value *= share[treated];
    result.slope *= share[treated];
  }
  if (result.value > options.cap) return {options.cap, 0.0, true};
  return result;
}

ArmWeight arm_weight(const StudyView& study, std::size_t i, const WeightOptions& options,
                     const std::array<double, 2>& share) {
  return weight_in_arm(study, i, study.treat[i] == 1.0, options, share);
}

}  // namespace causalsynth
