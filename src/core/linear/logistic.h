// Logistic regression by iteratively reweighted least squares with step-halving.
#pragma once
#include <cstddef>
#include <vector>

#include "core/base/span.h"

namespace causalsynth {

struct LogisticOptions {
  int max_iterations = 100;
  double tolerance = 1e-12;  // relative change of the log-likelihood
  void validate() const;
};

// Rows of a logistic regression: no intercept is added; y in [0, 1] (quasi-binomial);
// `weights` and `offset` may be empty (ones, zeros).
struct LogisticData {
  MatrixView<const double> x;
  Span<const double> y;
  Span<const double> weights;
  Span<const double> offset;
};

struct LogisticFit {
  std::vector<double> coefficients;  // 0 where aliased
  std::vector<unsigned char> aliased;
  std::vector<double> fitted;  // probabilities
  std::size_t rank = 0;
  int iterations = 0;
  bool converged = false;
  // Fitted values within 1e-8 of 0 or 1 while the linear predictor still grows: no finite
  // maximum (Albert & Anderson 1984).
  bool separated = false;
  // Change of the coefficients in the last step: where there is no finite maximum, the direction
  // in which they diverge.
  std::vector<double> direction;
};

LogisticFit logistic_regression(const LogisticData& data, const LogisticOptions& options);

// 1 / (1 + exp(-x)) and its inverse.
double expit(double x);
double logit(double p);

}  // namespace causalsynth
