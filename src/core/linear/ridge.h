// Ridge regression and logistic regression with the predictions that each row would get without
// itself: exact for least squares, one Newton step for the logistic loss (Rad and Maleki 2020). The
// first column of x is the intercept and is not penalised; the others should be on a common scale.
#pragma once
#include <vector>

#include "core/base/span.h"

namespace causalsynth {

struct RidgeData {
  MatrixView<const double> x;
  Span<const double> y;        // logistic: any numbers; the score equations are solved
  Span<const double> weights;  // empty: ones
};

struct RidgeFit {
  std::vector<double> coefficients;
  std::vector<double> leverage;  // of each row
  std::vector<double> fitted;    // linear predictor
  std::vector<double> left_out;  // linear predictor without the row itself
};

RidgeFit ridge_regression(const RidgeData& data, double penalty);
// `leave_out`: are leverages and left-out predictors wanted? `start`: coefficients, or none.
RidgeFit ridge_logistic(const RidgeData& data, double penalty, bool leave_out,
                        const std::vector<double>& start = {});

}  // namespace causalsynth
