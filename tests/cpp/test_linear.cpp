#include <cmath>
#include <vector>

#include "catch.h"
#include "core/linear/logistic.h"
#include "core/linear/qr.h"

using namespace causalsynth;

namespace {
std::vector<double> fitted(MatrixView<const double> x, const std::vector<double>& b) {
  std::vector<double> out(x.rows(), 0.0);
  for (std::size_t j = 0; j < x.cols(); ++j)
    for (std::size_t i = 0; i < x.rows(); ++i) out[i] += b[j] * x(i, j);
  return out;
}
}  // namespace

TEST_CASE("least squares over several blocks finds exact coefficients") {
  const std::size_t n = 5000;
  std::vector<double> x(n * 3), y(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = 1.0;
    x[i + n] = std::sin(static_cast<double>(i));
    x[i + 2 * n] = 1e6 * std::cos(static_cast<double>(i) * 1.7);
    y[i] = 2.0 - 3.0 * x[i + n] + 1e-6 * x[i + 2 * n];
  }
  const auto fit = least_squares({x.data(), n, 3}, y, {});
  CHECK(fit.rank == 3);
  CHECK(std::fabs(fit.coefficients[0] - 2.0) < 1e-12);
  CHECK(std::fabs(fit.coefficients[1] + 3.0) < 1e-12);
  CHECK(std::fabs(fit.coefficients[2] - 1e-6) < 1e-17);
}

TEST_CASE("collinear, constant and zero columns keep the fitted values right") {
  const std::size_t n = 200;
  std::vector<double> x(n * 5, 0.0), y(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = 1.0;
    x[i + n] = std::sin(static_cast<double>(i));
    x[i + 2 * n] = 7.0;
    x[i + 3 * n] = x[i + n] * (1.0 + 1e-14 * std::cos(static_cast<double>(i)));
    y[i] = 5.0 + 2.0 * x[i + n];
  }
  const MatrixView<const double> view(x.data(), n, 5);
  const auto fit = least_squares(view, y, {});
  CHECK(fit.rank == 2);
  const auto values = fitted(view, fit.coefficients);
  for (std::size_t i = 0; i < n; ++i) CHECK(std::fabs(values[i] - y[i]) < 1e-10);
}

TEST_CASE("no columns at all is a fit of rank 0") {
  std::vector<double> y{1.0, 0.0, 1.0};
  CHECK(least_squares({nullptr, 3, 0}, y, {}).rank == 0);
  const auto fit = logistic_regression({{nullptr, 3, 0}, y, {}, {}}, LogisticOptions{});
  CHECK(fit.converged);
  CHECK(fit.fitted[0] == 0.5);
}

TEST_CASE("an intercept reproduces the mean, with offset and weights its score") {
  std::vector<double> x{1, 1, 1, 1}, y{1, 0, 0.25, 0}, offset{1, -1, 2, 0}, w{1, 2, 3, 4};
  const auto plain = logistic_regression({{x.data(), 4, 1}, y, {}, {}}, LogisticOptions{});
  CHECK(std::fabs(plain.fitted[0] - 0.3125) < 1e-12);
  const auto fit = logistic_regression({{x.data(), 4, 1}, y, w, offset}, LogisticOptions{});
  double score = 0.0;
  for (std::size_t i = 0; i < 4; ++i) score += w[i] * (y[i] - fit.fitted[i]);
  CHECK(std::fabs(score) < 1e-10);
  CHECK(fit.converged);
  CHECK_FALSE(fit.separated);
}

TEST_CASE("separation is flagged") {
  std::vector<double> x{1, 1, 1, 1, -2, -1, 1, 2}, y{0, 0, 1, 1};
  CHECK(logistic_regression({{x.data(), 4, 2}, y, {}, {}}, LogisticOptions{}).separated);
  const auto fit = logistic_regression({{x.data(), 4, 2}, y, {}, {}}, LogisticOptions{});
  CHECK(fit.direction[1] > 0.05);
  CHECK(std::fabs(fit.direction[0]) < 0.01);
  std::vector<double> mixed{0, 1, 0, 1};
  const auto calm = logistic_regression({{x.data(), 4, 2}, mixed, {}, {}}, LogisticOptions{});
  CHECK(std::fabs(calm.direction[1]) < 1e-4);
  CHECK_FALSE(logistic_regression({{x.data(), 4, 2}, mixed, {}, {}}, LogisticOptions{}).separated);
}
