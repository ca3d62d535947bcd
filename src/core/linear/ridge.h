// Ridge regression and logistic regression with the predictions that each row would get without
// itself: exact for least squares, one Newton step for the logistic loss (Rad and Maleki 2020). The
// first column of x is the intercept and is not penalised; the others should be on a common scale.
#pragma once
#include <vector>

#include "core/base/span.h"
#include "core/linear/gram.h"

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
  bool converged = true;
};

// Fits of one regression by penalty; X'WX is computed once.
class RidgeRegression {
 public:
  explicit RidgeRegression(const RidgeData& data);
  RidgeFit fit(double penalty) const;

 private:
  RidgeData data_;
  std::vector<double> gram_, moment_;
};

// Fits of one logistic regression by penalty, each started from the one before. Steps use an
// earlier fit's curvature for as long as they converge quickly with it, as X'WX costs far more than
// a step.
class RidgeLogistic {
 public:
  explicit RidgeLogistic(const RidgeData& data);
  // From another fit of like rows: its coefficients, and X'WX about there.
  RidgeLogistic(const RidgeData& data, std::vector<double> coefficients, std::vector<double> gram);
  // `leave_out`: are leverages and left-out predictors wanted?
  RidgeFit fit(double penalty, bool leave_out);
  std::vector<double> predictor(const std::vector<double>& coefficients) const;
  const std::vector<double>& gram() const { return gram_; }

 private:
  double case_weight(std::size_t i) const { return data_.weights.empty() ? 1.0 : data_.weights[i]; }
  double loss(const std::vector<double>& eta, const std::vector<double>& b, double penalty) const;
  double slope(std::size_t i) const;  // of the mean in the predictor
  void refresh();
  bool move_along(const std::vector<double>& move, double penalty, double& current);
  void leave_each_out(double penalty, RidgeFit& fit);

  RidgeData data_;
  WeightedGram weighted_;
  std::vector<double> coefficients_, eta_;
  std::vector<double> gram_, curve_;  // X'WX and W where the curvature was last computed
};

}  // namespace causalsynth
