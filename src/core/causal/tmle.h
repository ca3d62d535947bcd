// Targeted maximum likelihood for the mean outcomes of the ATE, ATT and ATC (van der Laan & Rubin
// 2006; Gruber & van der Laan 2010).
#pragma once
#include <array>
#include <vector>

#include "core/causal/estimators.h"

namespace causalsynth {

struct TmleOptions {
  Estimand estimand = Estimand::ate;  // not ATO
  bool two = true;              // an epsilon an arm; else one, with H = A h1 - (1 - A) h0
  bool target_weights = false;  // the clever covariate h as weights of the loss instead
  bool both = true;             // else the treated arm only (needs `two`)
  double q_bounds = 5e-4;       // Q on the unit scale is bounded to [q_bounds, 1 - q_bounds]
  double low = 0.0, high = 1.0;  // outcome's scale: Y* = (Y - low) / (high - low)
  void validate() const;
};

struct TmleResult {
  ArmMeans means;                           // influence functions of the targeted fit
  std::array<std::vector<double>, 2> q;     // fluctuated Q0*, Q1* on the outcome's own scale
  std::vector<double> epsilon;              // one, or (control, treated)
  std::size_t q_bounded = 0;                // rows with a Q moved by q_bounds
  bool converged = true;
};

// Arm a's clever covariate h_a is its weight (ATE: 1 / g_a; ATT: 1 and (1 - g0) / g0), its mean
// that of Q_a* over the rows of the target population: with these the plug-in solves the efficient
// influence equation in one step, as no other part of the law needs targeting.
TmleResult tmle(const StudyView& study, const TmleOptions& options);

}  // namespace causalsynth
