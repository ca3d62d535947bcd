#include <cmath>

#include "catch.h"
#include "core/linear/logistic.h"
#include "core/linear/ridge.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

// Rows of an intercept and two terms, column-major; without row `skip`.
struct Rows {
  std::vector<double> x, y, binary;
  Rows(std::size_t n, std::size_t skip) {
    Stream stream(8, StreamTag::test, 0);
    std::vector<double> a, b;
    for (std::size_t i = 0; i < n; ++i) {
      const double u = stream.normal(), v = stream.normal(), e = stream.normal();
      const double p = stream.uniform();
      if (i == skip) continue;
      a.push_back(u), b.push_back(v);
      y.push_back(1 + 2 * u - v + e);
      binary.push_back(p < expit(u - v));
    }
    x.assign(a.size(), 1.0);
    x.insert(x.end(), a.begin(), a.end());
    x.insert(x.end(), b.begin(), b.end());
  }
  RidgeData data(bool logistic) const {
    return {{x.data(), y.size(), 3}, logistic ? binary : y, {}};
  }
};

}  // namespace

TEST_CASE("left-out predictions of ridge regression are those of fits without the row") {
  const Rows all(60, 1000);
  const RidgeFit fit = RidgeRegression(all.data(false)).fit(2.0);
  for (const std::size_t i : {0u, 17u, 59u}) {
    const Rows rest(60, i);
    const auto b = RidgeRegression(rest.data(false)).fit(2.0).coefficients;
    const double expected = b[0] + b[1] * all.x[60 + i] + b[2] * all.x[120 + i];
    CHECK(fit.left_out[i] == Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("left-out predictions of the logistic regression come close") {
  const Rows all(200, 1000);
  const RidgeFit fit = RidgeLogistic(all.data(true)).fit(0.5, true);
  for (const std::size_t i : {3u, 50u, 111u}) {
    const Rows rest(200, i);
    const auto b = RidgeLogistic(rest.data(true)).fit(0.5, false).coefficients;
    const double expected = b[0] + b[1] * all.x[200 + i] + b[2] * all.x[400 + i];
    CHECK(fit.left_out[i] == Approx(expected).margin(0.02));
    CHECK(std::fabs(fit.left_out[i] - expected) < 0.3 * std::fabs(fit.fitted[i] - expected) + 1e-3);
  }
}

TEST_CASE("the logistic score equations hold, also for outcomes outside [0, 1]") {
  Rows rows(300, 1000);
  for (double& y : rows.binary) y = 1.3 * y - 0.1;
  const RidgeFit fit = RidgeLogistic(rows.data(true)).fit(0.0, false);
  for (std::size_t j = 0; j < 3; ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 300; ++i)
      sum += rows.x[j * 300 + i] * (rows.binary[i] - expit(fit.fitted[i]));
    CHECK(std::fabs(sum) < 0.05);
  }
}

TEST_CASE("a penalty's fit does not depend on the fits before it") {
  const Rows rows(400, 1000);
  RidgeLogistic path(rows.data(true));
  for (const double penalty : {200.0, 20.0, 2.0}) {
    const RidgeFit after = path.fit(penalty, true);
    const RidgeFit alone = RidgeLogistic(rows.data(true)).fit(penalty, true);
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(after.coefficients[j] == Approx(alone.coefficients[j]).margin(1e-3));
    for (const std::size_t i : {0u, 99u, 399u})
      CHECK(after.left_out[i] == Approx(alone.left_out[i]).margin(5e-3));
  }
}
