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
using ConstMap = Eigen::Map<const Matrix>;
constexpr double kMostLeverage = 0.95;
constexpr int kIterations = 25, kHalvings = 20;

ConstMap as_matrix(const RidgeData& data) {
  return {data.x.rows() ? data.x.column(0).data() : nullptr,
          static_cast<Eigen::Index>(data.x.rows()), static_cast<Eigen::Index>(data.x.cols())};
}

Vector case_weights(const RidgeData& data) {
  if (data.weights.empty()) return Vector::Ones(static_cast<Eigen::Index>(data.x.rows()));
  return Eigen::Map<const Vector>(data.weights.data(),
                                  static_cast<Eigen::Index>(data.weights.size()));
}

// X'WX + penalty, as a Cholesky factor. A tiny multiple of the diagonal keeps copies of columns
// from breaking it.
Eigen::LLT<Matrix> factor(const ConstMap& x, const Vector& w, double penalty) {
  const Eigen::Index p = x.cols();
  const Matrix scaled = w.cwiseSqrt().asDiagonal() * x;
  Matrix gram = Matrix::Zero(p, p);
  gram.selfadjointView<Eigen::Lower>().rankUpdate(scaled.transpose());
  const double tiny = 1e-9 * std::max(gram.diagonal().maxCoeff(), 1e-300);
  for (Eigen::Index j = 0; j < p; ++j) gram(j, j) += tiny + (j > 0 ? penalty : 0.0);
  return gram.selfadjointView<Eigen::Lower>().llt();
}

std::vector<double> plain(const Vector& v) { return {v.data(), v.data() + v.size()}; }

// w x' (X'WX)^-1 x of each row.
Vector leverages(const ConstMap& x, const Vector& w, const Eigen::LLT<Matrix>& llt) {
  Matrix half = x.transpose();
  llt.matrixL().solveInPlace(half);
  return (half.colwise().squaredNorm().transpose().array() * w.array())
      .min(kMostLeverage)
      .matrix();
}

double loss(const RidgeData& data, const Vector& eta, const Vector& b, double penalty) {
  double sum = 0.0;
  for (Eigen::Index i = 0; i < eta.size(); ++i) {
    const double w = data.weights.empty() ? 1.0 : data.weights[static_cast<std::size_t>(i)];
    const double e = eta[i];
    sum += w * (std::max(e, 0.0) + std::log1p(std::exp(-std::fabs(e))) -
                data.y[static_cast<std::size_t>(i)] * e);
  }
  return sum + 0.5 * penalty * b.tail(b.size() - 1).squaredNorm();
}

}  // namespace

RidgeFit ridge_regression(const RidgeData& data, double penalty) {
  const ConstMap x = as_matrix(data);
  const Vector w = case_weights(data);
  const auto n = static_cast<Eigen::Index>(data.x.rows());
  const Eigen::Map<const Vector> y(data.y.data(), n);
  const auto llt = factor(x, w, penalty);
  RidgeFit fit;
  const Vector b = llt.solve(x.transpose() * w.cwiseProduct(y));
  const Vector h = leverages(x, w, llt), fitted = x * b;
  fit.coefficients = plain(b);
  fit.leverage = plain(h);
  fit.fitted = plain(fitted);
  fit.left_out = plain((y.array() - (y - fitted).array() / (1.0 - h.array())).matrix());
  return fit;
}

RidgeFit ridge_logistic(const RidgeData& data, double penalty, bool leave_out,
                        const std::vector<double>& start) {
  const ConstMap x = as_matrix(data);
  const Vector cases = case_weights(data);
  const Eigen::Index n = x.rows(), p = x.cols();
  const Eigen::Map<const Vector> y(data.y.data(), n);
  Vector b = Vector::Zero(p);
  if (!start.empty()) b = Eigen::Map<const Vector>(start.data(), p);
  Vector eta = x * b, mean(n), curve(n);
  double current = loss(data, eta, b, penalty);
  Eigen::LLT<Matrix> llt;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    for (Eigen::Index i = 0; i < n; ++i) {
      mean[i] = expit(eta[i]);
      curve[i] = cases[i] * std::max(mean[i] * (1.0 - mean[i]), 1e-10);
    }
    llt = factor(x, curve, penalty);
    Vector gradient = x.transpose() * cases.cwiseProduct(y - mean);
    gradient.tail(p - 1) -= penalty * b.tail(p - 1);
    const Vector move = llt.solve(gradient);
    const double before = current;
    double share = 1.0;
    for (int halving = 0; halving < kHalvings; ++halving, share *= 0.5) {
      const Vector next = b + share * move, along = x * next;
      const double there = loss(data, along, next, penalty);
      if (!(there <= current)) continue;
      b = next;
      eta = along;
      current = there;
      break;
    }
    if (before - current <= 1e-6 * (std::fabs(current) + 0.1)) break;
  }
  RidgeFit fit;
  fit.coefficients = plain(b);
  fit.fitted = plain(eta);
  if (!leave_out) return fit;
  const Vector h = leverages(x, curve, llt);
  fit.leverage = plain(h);
  fit.left_out.resize(static_cast<std::size_t>(n));
  for (Eigen::Index i = 0; i < n; ++i) {
    const double slope = std::max(curve[i] / std::max(cases[i], 1e-300), 1e-10);
    // The row's own pull, bounded: one Newton step is no guide where the curve is flat.
    const double pull = (y[i] - expit(eta[i])) / slope * h[i] / (1.0 - h[i]);
    fit.left_out[static_cast<std::size_t>(i)] = eta[i] - std::min(std::max(pull, -4.0), 4.0);
  }
  return fit;
}

}  // namespace causalsynth
