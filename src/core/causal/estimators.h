// Estimators of the mean outcome under treatment and control from given nuisances. R-free.
#pragma once
#include <array>
#include <cstddef>
#include <limits>
#include <vector>

#include "core/base/span.h"

namespace causalsynth {

// How probabilities are bounded. `lower`: a number b bounds each arm's own probability from
// below, g1 = max(ps, b), g0 = max(1 - ps, b). `clip`: g1 = ps clipped to [l, u], g0 = 1 - g1.
struct BoundRule {
  enum class Kind { none, lower, clip };
  Kind kind = Kind::none;
  double low = 0.0, high = 1.0;
  void validate() const;
};

struct BoundedPropensity {
  std::vector<double> g1, g0;
  // Rows whose own rule moved P(A=1) up (1), or P(A=0) up (0); `rows` counts either.
  std::size_t bounded_1 = 0, bounded_0 = 0, bounded_rows = 0;
};

BoundedPropensity bound_propensity(Span<const double> ps, const BoundRule& rule);

// ATO weights by ps (1 - ps) (Li, Morgan & Zaslavsky 2018).
enum class Estimand { ate, att, atc, ato };

// One study with its nuisances; all of one length. `weights`: case weights with mean 1, or empty.
struct StudyView {
  Span<const double> treat, outcome, ps, g1, g0, q1, q0, weights;
  std::size_t size() const { return treat.size(); }
  double weight(std::size_t i) const { return weights.empty() ? 1.0 : weights[i]; }
};

// Index 0 is control, 1 is treated; the effect is mean[1] - mean[0].
struct ArmMeans {
  std::array<double, 2> mean{};
  // Influence functions with the nuisances taken as known: Var(mean) is about mean(IF^2) / n.
  std::array<std::vector<double>, 2> influence;
  // d mean[a] / d ps_i and d mean[a] / d q_a,i: what stacked estimating equations need. The
  // first is 0 where a bound or a cap binds. Filled on request.
  std::array<std::vector<double>, 2> by_ps, by_q;
  std::vector<double> weights;  // of each row in its own arm, without case weights
  std::size_t capped = 0;
};

struct WeightOptions {
  Estimand estimand = Estimand::ate;
  bool hajek = true;        // else Horvitz-Thompson
  bool stabilised = false;  // weights times P(A = a)
  double cap = std::numeric_limits<double>::infinity();
  bool gradient = false;
  void validate() const;
};

ArmMeans iptw(const StudyView& study, const WeightOptions& options);
// Uses estimand, cap and gradient. The ATO's target weight is (A - ps)^2: ps (1 - ps) plus what
// the efficient influence function adds for a learned ps (Crump et al. 2006).
ArmMeans aipw(const StudyView& study, const WeightOptions& options);
// Uses estimand (not ATO) and gradient.
ArmMeans outcome_regression(const StudyView& study, const WeightOptions& options);

// The weight of row i were it in `arm`, its slope in ps_i (0 where bounded or capped).
struct ArmWeight {
  double value = 0.0, slope = 0.0;
  bool capped = false;
};
ArmWeight weight_in_arm(const StudyView& study, std::size_t i, int arm,
                        const WeightOptions& options, const std::array<double, 2>& share);
// The same in the row's own arm.
ArmWeight arm_weight(const StudyView& study, std::size_t i, const WeightOptions& options,
                     const std::array<double, 2>& share);
// Weighted share of rows in each arm.
std::array<double, 2> arm_shares(const StudyView& study);
// The target's weight h(W) of row i: 1, A, 1 - A, ps (1 - ps).
double target_weight(const StudyView& study, std::size_t i, Estimand estimand);

}  // namespace causalsynth
