// Targeted maximum likelihood for the ATE (van der Laan & Rubin 2006; Gruber & van der Laan 2010).
#pragma once
#include <array>
#include <vector>

#include "core/causal/estimators.h"

namespace causalsynth {

struct TmleOptions {
  bool two = true;              // an epsilon an arm; else one with H = A / g1 - (1 - A) / g0
  bool target_weights = false;  // 1 / g as weights of the loss, not in the covariate
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

TmleResult tmle(const StudyView& study, const TmleOptions& options);

}  // namespace causalsynth
