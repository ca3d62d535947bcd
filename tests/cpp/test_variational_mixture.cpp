#include <cmath>

#include "catch.h"
#include "core/neural/variational_mixture.h"
#include "core/random/stream.h"

using namespace causalsynth;

TEST_CASE("digamma") {
  CHECK(digamma(1.0) == Approx(-0.5772156649015329).epsilon(1e-10));
  CHECK(digamma(0.25) == Approx(-4.2274535333762654).epsilon(1e-10));
  CHECK(digamma(30.0) == Approx(3.3844381326855955).epsilon(1e-12));
}

TEST_CASE("well separated normals are found, and no more") {
  Stream stream(1, StreamTag::test, 0);
  std::vector<double> x;
  for (int i = 0; i < 3000; ++i) {
    const double u = stream.uniform(), z = stream.normal();
    x.push_back(u < 0.5 ? -6 + z : (u < 0.8 ? 0.5 * z : 7 + 1.5 * z));
  }
  const auto found = variational_mixture(x, {}, {});
  REQUIRE(found.size() >= 3);
  std::vector<Component> large;
  for (const Component& c : found)
    if (c.weight > 0.05) large.push_back(c);
  REQUIRE(large.size() == 3);
  const double mean[] = {-6, 0, 7}, sd[] = {1, 0.5, 1.5}, weight[] = {0.5, 0.3, 0.2};
  for (int k = 0; k < 3; ++k) {
    CHECK(large[k].mean == Approx(mean[k]).margin(0.15));
    CHECK(large[k].sd == Approx(sd[k]).epsilon(0.06));
    CHECK(large[k].weight == Approx(weight[k]).margin(0.03));
  }
}

TEST_CASE("the mixture has the values' own mean and variance") {
  Stream stream(2, StreamTag::test, 3);
  std::vector<double> x(1000);
  double mean = 0.0, square = 0.0;
  for (double& v : x) mean += (v = 3.0 + 2.0 * stream.normal()) / 1000;
  for (const double v : x) square += (v - mean) * (v - mean) / 1000;
  const auto found = variational_mixture(x, {}, {});
  CHECK(found.size() <= 2);
  double own = 0.0, spread = 0.0;
  for (const Component& c : found) own += c.weight * c.mean;
  for (const Component& c : found)
    spread += c.weight * (c.sd * c.sd + (c.mean - own) * (c.mean - own));
  CHECK(own == Approx(mean).epsilon(1e-3));
  CHECK(spread == Approx(square).epsilon(1e-3));
}

TEST_CASE("weights count as copies; posteriors sum to one; one value is one component") {
  const std::vector<double> few{-2, -1.9, -2.1, 3, 3.1, 2.9, 3.2}, w{1, 2, 1, 3, 1, 1, 2};
  std::vector<double> many;
  for (std::size_t i = 0; i < few.size(); ++i)
    for (int k = 0; k < w[i]; ++k) many.push_back(few[i]);
  MixtureOptions options;
  options.components = 2;
  const auto b = variational_mixture(many, {}, options);
  const auto a = variational_mixture(few, w, options);
  REQUIRE(a.size() == b.size());
  CHECK(a[0].weight == Approx(b[0].weight).margin(0.05));
  double p[2];
  mixture_posterior(b, 0.4, p);
  CHECK(p[0] + p[1] == Approx(1.0));
  const std::vector<double> same(5, 2.0);
  CHECK(variational_mixture(same, {}, {}).size() == 1);
  CHECK_THROWS(variational_mixture({}, {}, {}));
}

TEST_CASE("numbers whose squares are none or infinite have the mixture of ordinary ones") {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back((i % 2 ? 0.0 : 8.0) + 0.01 * (i % 7));
  MixtureOptions options;
  const auto plain = variational_mixture(values, {}, options);
  for (const double scale : {1e-280, 1e-30, 1e90}) {
    std::vector<double> other(values);
    for (double& x : other) x *= scale;
    const auto found = variational_mixture(other, {}, options);
    REQUIRE(found.size() == plain.size());
    for (std::size_t c = 0; c < plain.size(); ++c)
      CHECK(found[c].mean == Approx(plain[c].mean * scale).epsilon(1e-6));
  }
  CHECK(variational_mixture(std::vector<double>{0.0, 5e-324, 1e-323}, {}, options).size() == 1);
}
