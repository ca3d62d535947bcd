#include "core/linear/ridge.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/base/require.h"
#include "core/linear/logistic.h"

namespace causalsynth {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using MatrixMap = Eigen::Map<const Matrix>;
using VectorMap = Eigen::Map<const Vector>;
constexpr double kMostLeverage = 0.95;
constexpr int kIterations = 25, kHalvings = 20;
constexpr double kClose = 1e-4;     // gain in log likelihood that is not worth a step
constexpr double kSlow = 0.5;       // of the gain before: a slower step asks for new curvature
constexpr double kSameCurve = 0.1;  // mean relative change of curvature that leverages may ignore

Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

MatrixMap as_matrix(const RidgeData& data) {
  return {data.x.rows() ? data.x.column(0).data() : nullptr, index(data.x.rows()),
          index(data.x.cols())};
}

VectorMap view(Span<const double> x) { return {x.data(), index(x.size())}; }
VectorMap view(const std::vector<double>& x) { return {x.data(), index(x.size())}; }
std::vector<double> plain(const Vector& v) { return {v.data(), v.data() + v.size()}; }

// X'WX.
std::vector<double> gram_matrix(const MatrixMap& x, const Vector& w) {
  const Matrix scaled = w.cwiseSqrt().asDiagonal() * x;
  std::vector<double> gram(static_cast<std::size_t>(x.cols() * x.cols()), 0.0);
  Eigen::Map<Matrix>(gram.data(), x.cols(), x.cols())
      .selfadjointView<Eigen::Lower>()
      .rankUpdate(scaled.transpose());
  return gram;
}

// X'WX + penalty, as a Cholesky factor. A tiny multiple of the diagonal keeps copies of columns
// from breaking it.
Eigen::LLT<Matrix> factor(const std::vector<double>& gram, std::size_t columns, double penalty) {
  Matrix a = MatrixMap(gram.data(), index(columns), index(columns));
  const double tiny = 1e-9 * std::max(a.diagonal().maxCoeff(), 1e-300);
  for (Eigen::Index j = 0; j < a.rows(); ++j) a(j, j) += tiny + (j > 0 ? penalty : 0.0);
  return a.selfadjointView<Eigen::Lower>().llt();
}

// w x' (X'WX)^-1 x of each row, a block of rows at a time.
Vector leverages(const MatrixMap& x, const Vector& w, const Eigen::LLT<Matrix>& llt) {
  constexpr Eigen::Index kRows = 256;
  Vector h(x.rows());
  for (Eigen::Index from = 0; from < x.rows(); from += kRows) {
    const Eigen::Index rows = std::min(kRows, x.rows() - from);
    Matrix half = x.middleRows(from, rows).transpose();
    llt.matrixL().solveInPlace(half);
    h.segment(from, rows) = half.colwise().squaredNorm().transpose();
  }
  return (h.array() * w.array()).min(kMostLeverage).matrix();
}

Vector case_weights(const RidgeData& data) {
  if (data.weights.empty()) return Vector::Ones(index(data.x.rows()));
  return view(data.weights);
}

}  // namespace

RidgeRegression::RidgeRegression(const RidgeData& data) : data_(data) {
  const MatrixMap x = as_matrix(data);
  const Vector w = case_weights(data);
  gram_ = gram_matrix(x, w);
  moment_ = plain(x.transpose() * w.cwiseProduct(view(data.y)));
}

RidgeFit RidgeRegression::fit(double penalty) const {
  const MatrixMap x = as_matrix(data_);
  const VectorMap y = view(data_.y);
  const auto llt = factor(gram_, data_.x.cols(), penalty);
  const Vector b = llt.solve(view(moment_));
  const Vector h = leverages(x, case_weights(data_), llt), fitted = x * b;
  RidgeFit fit;
  fit.coefficients = plain(b);
  fit.leverage = plain(h);
  fit.fitted = plain(fitted);
  fit.left_out = plain((y.array() - (y - fitted).array() / (1.0 - h.array())).matrix());
  return fit;
}

RidgeLogistic::RidgeLogistic(const RidgeData& data)
    : data_(data), weighted_(data.x), coefficients_(data.x.cols(), 0.0), eta_(data.x.rows(), 0.0) {}

RidgeLogistic::RidgeLogistic(const RidgeData& data, std::vector<double> coefficients,
                             std::vector<double> gram)
    : data_(data), weighted_(data.x), coefficients_(std::move(coefficients)),
      gram_(std::move(gram)) {
  eta_ = predictor(coefficients_);
}

std::vector<double> RidgeLogistic::predictor(const std::vector<double>& coefficients) const {
  return plain(as_matrix(data_) * view(coefficients));
}

double RidgeLogistic::loss(const std::vector<double>& eta, const std::vector<double>& b,
                           double penalty) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < eta.size(); ++i) {
    const double e = eta[i];
    sum += case_weight(i) *
           (std::max(e, 0.0) + std::log1p(std::exp(-std::fabs(e))) - data_.y[i] * e);
  }
  return sum + 0.5 * penalty * view(b).tail(index(b.size()) - 1).squaredNorm();
}

double RidgeLogistic::slope(std::size_t i) const {
  const double mean = expit(eta_[i]);
  return std::max(mean * (1.0 - mean), 1e-10);
}

void RidgeLogistic::refresh() {
  curve_.resize(eta_.size());
  for (std::size_t i = 0; i < eta_.size(); ++i) curve_[i] = case_weight(i) * slope(i);
  gram_ = weighted_(curve_);
}

// The longest of 1, 1/2, 1/4 ... of the move that does not raise the loss; false: none does.
bool RidgeLogistic::move_along(const std::vector<double>& move, double penalty, double& current) {
  double share = 1.0;
  for (int halving = 0; halving < kHalvings; ++halving, share *= 0.5) {
    std::vector<double> next = plain(view(coefficients_) + share * view(move));
    std::vector<double> eta = predictor(next);
    const double there = loss(eta, next, penalty);
    if (!(there <= current)) continue;
    coefficients_ = std::move(next);
    eta_ = std::move(eta);
    current = there;
    return true;
  }
  return false;
}

RidgeFit RidgeLogistic::fit(double penalty, bool leave_out) {
  const MatrixMap x = as_matrix(data_);
  bool fresh = gram_.empty();
  if (fresh) refresh();
  RidgeFit fit;
  auto llt = factor(gram_, data_.x.cols(), penalty);
  double current = loss(eta_, coefficients_, penalty), last = HUGE_VAL;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    Vector rest(x.rows());
    for (std::size_t i = 0; i < eta_.size(); ++i)
      rest[index(i)] = case_weight(i) * (data_.y[i] - expit(eta_[i]));
    Vector gradient = x.transpose() * rest;
    gradient.tail(x.cols() - 1) -= penalty * view(coefficients_).tail(x.cols() - 1);
    const Vector move = llt.solve(gradient);
    const double gain = gradient.dot(move);
    fit.converged = !(gain > kClose);
    if (fit.converged) break;
    const bool slow = gain > kSlow * last;
    if (slow && !fresh) {
      refresh();
      llt = factor(gram_, data_.x.cols(), penalty);
      fresh = true;
      last = HUGE_VAL;
      continue;
    }
    if (!move_along(plain(move), penalty, current)) break;
    fresh = false;
    last = gain;
  }
  fit.coefficients = coefficients_;
  fit.fitted = eta_;
  if (leave_out) leave_each_out(penalty, fit);
  return fit;
}

// One Newton step without each row.
void RidgeLogistic::leave_each_out(double penalty, RidgeFit& fit) {
  const std::size_t n = eta_.size();
  double change = 0.0, total = 0.0;
  Vector curve(index(n));
  for (std::size_t i = 0; i < n; ++i) {
    curve[index(i)] = case_weight(i) * slope(i);
    if (!curve_.empty()) change += std::fabs(curve[index(i)] - curve_[i]);
    total += curve[index(i)];
  }
  if (curve_.empty() || change > kSameCurve * total) refresh();
  const Vector h =
      leverages(as_matrix(data_), curve, factor(gram_, data_.x.cols(), penalty));
  fit.leverage = plain(h);
  fit.left_out.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    // The row's own pull, bounded: one Newton step is no guide where the curve is flat.
    const double own = fit.leverage[i] / (1.0 - fit.leverage[i]);
    const double pull = (data_.y[i] - expit(eta_[i])) / slope(i) * own;
    fit.left_out[i] = eta_[i] - std::min(std::max(pull, -4.0), 4.0);
  }
}

}  // namespace causalsynth
