// Quadrature over the law of W. The three normal variables are rotated so that the treatment's
// logit varies along the first axis only: without overlap it is almost a step there, and
// Gauss-Hermite rules would need hundreds of nodes. The trapezoid rule on the whole line converges
// like exp(-2 pi d / h) for a function analytic within d of the real axis (Trefethen and Weideman
// 2014, SIAM Review 56(3)): d = pi / slope along the first axis, more than 1 along the others.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "paper_mechanism.h"

namespace causalsynth {
namespace {

using Vector3 = std::array<double, 3>;

struct Rule {
  std::vector<double> nodes, weights;
};

// Nodes k h within 8.5 standard deviations, weights in proportion to the normal density.
Rule normal_rule(double step) {
  Rule rule;
  const int last = static_cast<int>(std::ceil(8.5 / step));
  double sum = 0;
  for (int k = -last; k <= last; ++k) {
    rule.nodes.push_back(k * step);
    rule.weights.push_back(std::exp(-0.5 * (k * step) * (k * step)));
    sum += rule.weights.back();
  }
  for (double& weight : rule.weights) weight /= sum;
  return rule;
}

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// An orthonormal basis whose first vector points along `direction`, by Gram and Schmidt.
std::array<Vector3, 3> basis_along(const Vector3& direction) {
  std::array<Vector3, 3> basis{};
  std::size_t found = 0;
  std::vector<Vector3> candidates{direction, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  for (Vector3 v : candidates) {
    for (std::size_t k = 0; k < found; ++k) {
      const double along = dot(v, basis[k]);
      for (std::size_t j = 0; j < 3; ++j) v[j] -= along * basis[k][j];
    }
    const double length = std::sqrt(dot(v, v));
    if (length < 1e-8 || found == 3) continue;
    for (std::size_t j = 0; j < 3; ++j) basis[found][j] = v[j] / length;
    ++found;
  }
  return basis;
}

void add(PaperMoments& sum, const PaperMoments& part, double weight) {
  sum.q1 += weight * part.q1;
  sum.q0 += weight * part.q0;
  sum.g += weight * part.g;
  sum.g_q1 += weight * part.g_q1;
  sum.g_q0 += weight * part.g_q0;
  sum.h += weight * part.h;
  sum.h_q1 += weight * part.h_q1;
  sum.h_q0 += weight * part.h_q0;
}

PaperMoments moments_at(const PaperMechanism& mechanism, const PaperCovariates& w) {
  PaperMoments m;
  m.q1 = PaperMechanism::outcome_probability(1, w);
  m.q0 = PaperMechanism::outcome_probability(0, w);
  const double logit = mechanism.treatment_logit(w);
  m.g = mechanism.propensity(w);
  m.g_q1 = m.g * m.q1;
  m.g_q0 = m.g * m.q0;
  m.h = m.g / (1.0 + std::exp(logit));  // exact where 1 - g would cancel
  m.h_q1 = m.h * m.q1;
  m.h_q0 = m.h * m.q0;
  return m;
}

}  // namespace

PaperMoments paper_moments(const PaperMechanism& mechanism, const Execution& execution) {
  const auto& b = mechanism.coefficients();
  // The logit's slopes in W4, W5 and the noise of W6.
  const Vector3 slopes{b[4] + 0.5 * b[6], b[5] + 0.5 * b[6], b[6]};
  const double slope = std::sqrt(dot(slopes, slopes));
  const std::array<Vector3, 3> basis = basis_along(slopes);
  const Rule across = normal_rule(0.375);
  const Rule along = normal_rule(std::min(0.375, 0.8 / std::max(slope, 1.0)));
  const std::size_t n_along = along.nodes.size();

  std::vector<PaperMoments> parts(8 * n_along);
  parallel_for(parts.size(), execution, [&](std::size_t unit, const CancelFlag&) {
    const std::size_t cell = unit / n_along, k = unit % n_along;
    PaperCovariates w{};
    for (std::size_t j = 0; j < 3; ++j) w[j] = (cell >> j) & 1;
    for (std::size_t l = 0; l < across.nodes.size(); ++l)
      for (std::size_t m = 0; m < across.nodes.size(); ++m) {
        const Vector3 z{along.nodes[k], across.nodes[l], across.nodes[m]};
        Vector3 x{};
        for (std::size_t j = 0; j < 3; ++j)
          x[j] = z[0] * basis[0][j] + z[1] * basis[1][j] + z[2] * basis[2][j];
        w[3] = x[0];
        w[4] = x[1];
        w[5] = 0.5 * x[0] + 0.5 * x[1] + x[2];
        add(parts[unit], moments_at(mechanism, w), across.weights[l] * across.weights[m]);
      }
  });

  PaperMoments total;
  for (std::size_t unit = 0; unit < parts.size(); ++unit) {
    const std::size_t cell = unit / n_along;
    const double w1 = cell & 1, w2 = (cell >> 1) & 1;
    const double third = 0.3 + 0.35 * (w1 + w2) / 2;
    const double weight = 0.25 * ((cell >> 2) & 1 ? third : 1 - third);
    add(total, parts[unit], weight * along.weights[unit % n_along]);
  }
  return total;
}

}  // namespace causalsynth
