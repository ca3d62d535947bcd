#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.h"
#include "core/generate/copula.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

// Two columns: one uniform on [0, 1], one of three values; their latents correlate by rho. A third
// is missing in a fifth of the rows, on a latent of its own.
struct Model {
  std::vector<double> uniform_cum{0, 1}, uniform_low{0}, uniform_high{1};
  std::vector<double> three_cum{0, .25, .75, 1}, three{1, 2, 3};
  std::vector<double> factor;
  Copula copula;
  explicit Model(double rho) {
    factor = {1, rho, 0, 0, std::sqrt(1 - rho * rho), 0, 0, 0, 1};
    copula.factor = {factor.data(), 3, 3};
    copula.columns.resize(3);
    copula.columns[0].margin = {uniform_cum, uniform_low, uniform_high};
    copula.columns[0].value = 0;
    copula.columns[1].margin = {three_cum, three, three};
    copula.columns[1].value = 1;
    copula.columns[2] = copula.columns[0];
    copula.columns[2].missing = 2;
    copula.columns[2].share_missing = .2;
  }
};

using Table = std::vector<std::vector<double>>;
Table draw(const Copula& copula, const GivenLatents& given, std::size_t n, int threads = 2) {
  Table table(copula.columns.size(), std::vector<double>(n));
  std::vector<Span<double>> out;
  for (auto& column : table) out.emplace_back(column.data(), n);
  Execution execution;
  execution.threads = threads;
  draw_copula(copula, given, 7, out, execution);
  return table;
}

bool same(const Table& a, const Table& b) {
  for (std::size_t j = 0; j < a.size(); ++j)
    for (std::size_t i = 0; i < a[j].size(); ++i)
      if (!(a[j][i] == b[j][i] || (std::isnan(a[j][i]) && std::isnan(b[j][i])))) return false;
  return true;
}

// P(Z2 in its highest quarter | Z1 = z), rho the correlation.
double top_given(double z, double rho) {
  return normal_cdf(-(0.674489750196082 - rho * z) / std::sqrt(1 - rho * rho));
}

}  // namespace

TEST_CASE("margins and missing shares are as stated, whatever the threads") {
  const Model model(.6);
  const Table t = draw(model.copula, {}, 40000, 1);
  double mean = 0, twos = 0, missing = 0;
  for (std::size_t i = 0; i < 40000; ++i) {
    mean += t[0][i] / 40000;
    twos += t[1][i] == 2;
    missing += std::isnan(t[2][i]);
    if (!std::isnan(t[2][i])) CHECK(t[2][i] == t[0][i]);
  }
  CHECK(mean == Approx(.5).epsilon(.01));
  CHECK(twos / 40000 == Approx(.5).epsilon(.03));
  CHECK(missing / 40000 == Approx(.2).epsilon(.05));
  CHECK(same(t, draw(model.copula, {}, 40000, 3)));
}

TEST_CASE("a point given: the rest follows the conditional normal") {
  const Model model(.6);
  const std::vector<double> point{.8}, precision{1};
  GivenLatents given;
  given.points = {point.data(), 1, 1};
  given.precision = {precision.data(), 1, 1};
  const Table t = draw(model.copula, given, 40000);
  double top = 0;
  for (std::size_t i = 0; i < 40000; ++i) {
    CHECK(t[0][i] == Approx(normal_cdf(.8)));
    top += t[1][i] == 3;
  }
  CHECK(top / 40000 == Approx(top_given(.8, .6)).epsilon(.03));
}

TEST_CASE("intervals given: exact where they part, by either way of drawing") {
  const Model model(.6);
  // The first latent in (-inf, -1) or (1, inf); the second in its highest quarter.
  const double inf = INFINITY, q = 0.674489750196082;
  const std::vector<double> low{-inf, 1, q}, high{-1, inf, inf};
  const double det = 1 - .36;
  const std::vector<double> precision{1 / det, -.6 / det, -.6 / det, 1 / det};
  GivenLatents given;
  given.low = {low.data(), 1, 3};
  given.high = {high.data(), 1, 3};
  given.pieces = {0, 2, 3};
  given.precision = {precision.data(), 2, 2};
  const Table t = draw(model.copula, given, 40000);
  double above = 0;
  for (std::size_t i = 0; i < 40000; ++i) {
    CHECK((t[0][i] <= normal_cdf(-1) || t[0][i] >= normal_cdf(1)));
    CHECK(t[1][i] == 3);
    above += t[0][i] > .5;
  }
  // By integration: P(Z1 > 1, Z2 > q) over P(|Z1| > 1, Z2 > q).
  double up = 0, down = 0;
  for (int k = 0; k < 100000; ++k) {
    const double z = 1 + (k + .5) * 8e-5, density = std::exp(-z * z / 2);
    up += density * top_given(z, .6);
    down += density * top_given(-z, .6);
  }
  CHECK(above / 40000 == Approx(up / (up + down)).epsilon(.01));
}

TEST_CASE("an interval that rejection cannot reach is drawn by Gibbs sampling") {
  const Model model(.9);
  // Both far apart against a strong correlation.
  const double inf = INFINITY;
  const std::vector<double> low{1.5, -inf}, high{inf, -1.5};
  const double det = 1 - .81;
  const std::vector<double> precision{1 / det, -.9 / det, -.9 / det, 1 / det};
  GivenLatents given;
  given.low = {low.data(), 1, 2};
  given.high = {high.data(), 1, 2};
  given.pieces = {0, 1, 2};
  given.precision = {precision.data(), 2, 2};
  const Table t = draw(model.copula, given, 200);
  double mean = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    CHECK(t[0][i] >= normal_cdf(1.5) - 1e-12);
    CHECK(t[1][i] == 1);
    mean += (t[0][i] - normal_cdf(1.5)) / 200;
  }
  // Pressed against the bound.
  CHECK(mean < .02);
}

TEST_CASE("correlations are found again from mean products of scores") {
  // Score of a median split: sqrt(2 / pi) times the sign; odd coefficients only.
  const std::size_t terms = 80;
  std::vector<double> hermite(2 * terms, 0.0);
  double h = 1;  // h_{k-1}(0) of normalised polynomials, for even k - 1
  for (std::size_t k = 1; k <= terms; k += 2) {
    hermite[k - 1] = 2 / M_PI * h / std::sqrt(static_cast<double>(k));
    h *= -std::sqrt(static_cast<double>(k) / static_cast<double>(k + 1));
  }
  std::copy_n(hermite.begin(), terms, hermite.begin() + static_cast<std::ptrdiff_t>(terms));
  for (const double rho : {-.8, -.3, 0.0, .5, .9}) {
    // E sign sign = 2 / pi asin(rho).
    const double product = 2 / M_PI * (2 / M_PI * std::asin(rho));
    std::vector<double> products{0, product, product, 0};
    latent_correlations({products.data(), 2, 2}, {hermite.data(), terms, 2}, .995, Execution{});
    CHECK(products[1] == Approx(rho).margin(.002));
    CHECK(products[1] == products[2]);
    CHECK(products[0] == 1.0);
  }
}

TEST_CASE("damaged copulas are refused") {
  Model model(.5);
  model.three_cum[1] = .8;
  CHECK_THROWS_AS(draw(model.copula, {}, 5), std::invalid_argument);
  model.three_cum[1] = .25;
  model.copula.columns[1].value = 3;
  CHECK_THROWS_AS(draw(model.copula, {}, 5), std::invalid_argument);
  model.copula.columns[1].value = 1;
  const double low = 1.5, high = 0.5;  // once an endless recursion
  GivenLatents given;
  given.low = {&low, 1, 1};
  given.high = {&high, 1, 1};
  given.pieces = {0, 1};
  CHECK_THROWS_AS(draw(model.copula, given, 5), std::invalid_argument);
  model.factor[4] = 0;
  CHECK_THROWS_AS(draw(model.copula, {}, 5), std::invalid_argument);
}
