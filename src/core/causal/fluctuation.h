// One-dimensional logistic fluctuation: logit p = offset + epsilon * covariate.
#pragma once
#include <vector>

namespace causalsynth {

struct FluctuationRows {
  std::vector<double> outcome, offset, covariate, weight;  // outcome in [0, 1]
  void append(const FluctuationRows& more);
};

struct Fluctuation {
  double epsilon = 0.0;
  bool converged = false;  // false too where epsilon has no finite solution
};

// Maximum likelihood of epsilon: the zero of the score sum w x (y - p), which falls in epsilon.
// Newton steps, kept within the bracket found so far and to 5 on the logit scale.
Fluctuation solve_fluctuation(const FluctuationRows& rows);

}  // namespace causalsynth
