#include "core/causal/fluctuation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/linear/logistic.h"

namespace causalsynth {
namespace {

constexpr int kMaxIterations = 200;
constexpr double kScoreTolerance = 1e-13;  // of sum w |x|
constexpr double kStepTolerance = 1e-12;   // on the logit scale
constexpr double kLargestStep = 5.0;

struct Score {
  double value = 0.0, information = 0.0;
};

Score score_at(const FluctuationRows& rows, double epsilon) {
  Score score;
  for (std::size_t i = 0; i < rows.outcome.size(); ++i) {
    const double x = rows.covariate[i], p = expit(rows.offset[i] + epsilon * x);
    const double wx = rows.weight[i] * x;
    score.value += wx * (rows.outcome[i] - p);
    score.information += wx * x * p * (1.0 - p);
  }
  return score;
}

}  // namespace

void FluctuationRows::append(const FluctuationRows& more) {
  const auto join = [](std::vector<double>& to, const std::vector<double>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  join(outcome, more.outcome);
  join(offset, more.offset);
  join(covariate, more.covariate);
  join(weight, more.weight);
}

Fluctuation solve_fluctuation(const FluctuationRows& rows) {
  double scale = 0.0, squares = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < rows.covariate.size(); ++i) {
    const double x = std::fabs(rows.covariate[i]);
    scale += rows.weight[i] * x;
    squares += rows.weight[i] * x * x;
    largest = std::max(largest, x);
  }
  Fluctuation fit;
  if (scale == 0.0) return {0.0, true};
  const double infinity = std::numeric_limits<double>::infinity();
  double below = -infinity, above = infinity, last = 0.0;
  Score score;
  for (int k = 0; k < kMaxIterations; ++k) {
    score = score_at(rows, fit.epsilon);
    if (std::fabs(score.value) <= kScoreTolerance * scale) {
      fit.converged = true;
      break;
    }
    (score.value > 0.0 ? below : above) = fit.epsilon;
    double step = score.value / score.information;
    const double limit = kLargestStep / largest;
    if (!(std::fabs(step) <= limit)) step = score.value > 0.0 ? limit : -limit;
    double next = fit.epsilon + step;
    if (next <= below || next >= above) next = 0.5 * (below + above);
    last = (next - fit.epsilon) * largest;
    fit.epsilon = next;
    if (std::fabs(last) <= kStepTolerance * std::max(1.0, std::fabs(next) * largest)) {
      fit.converged = true;
      break;
    }
  }
  // A score that fades with its slope while steps stay large has its zero at infinity.
  if (std::fabs(last) > 0.1 && score.information < 1e-8 * squares) fit.converged = false;
  return fit;
}

}  // namespace causalsynth
