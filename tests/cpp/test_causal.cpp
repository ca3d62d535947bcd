#include <cmath>
#include <vector>

#include "catch.h"
#include "core/causal/estimators.h"
#include "core/causal/fluctuation.h"
#include "core/causal/tmle.h"

using namespace causalsynth;

namespace {
struct Example {
  std::vector<double> treat{1, 1, 0, 0, 1, 0}, outcome{1, 0, 1, 0, 1, 0};
  std::vector<double> ps{.5, .6, .4, .2, .9, .3}, q1{.7, .4, .6, .5, .8, .3};
  std::vector<double> q0{.5, .3, .6, .2, .4, .1}, g1, g0;
  Example() {
    const auto g = bound_propensity(ps, BoundRule{});
    g1 = g.g1;
    g0 = g.g0;
  }
  StudyView view() const { return {treat, outcome, ps, g1, g0, q1, q0, {}}; }
};
double mean(const std::vector<double>& x) {
  double sum = 0.0;
  for (double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}
}  // namespace

TEST_CASE("a lower bound holds for each arm's own probability, a pair clips") {
  const std::vector<double> ps{0.01, 0.5, 1.0};
  const auto low = bound_propensity(ps, {BoundRule::Kind::lower, 0.1, 1.0});
  CHECK(low.g1 == std::vector<double>({0.1, 0.5, 1.0}));
  CHECK(low.g0 == std::vector<double>({0.99, 0.5, 0.1}));
  CHECK((low.bounded_1 == 1 && low.bounded_0 == 1 && low.bounded_rows == 2));
  const auto pair = bound_propensity(ps, {BoundRule::Kind::clip, 0.1, 0.8});
  CHECK(pair.g1 == std::vector<double>({0.1, 0.5, 0.8}));
  CHECK(pair.g0[2] == 1.0 - 0.8);
}

TEST_CASE("influence functions have mean zero") {
  const Example e;
  for (auto estimand : {Estimand::ate, Estimand::att, Estimand::atc, Estimand::ato}) {
    for (bool hajek : {true, false}) {
      WeightOptions options;
      options.estimand = estimand;
      options.hajek = hajek;
      const auto fit = iptw(e.view(), options);
      for (int arm = 0; arm < 2; ++arm) CHECK(std::fabs(mean(fit.influence[arm])) < 1e-14);
    }
    WeightOptions options;
    options.estimand = estimand;
    for (int arm = 0; arm < 2; ++arm) {
      CHECK(std::fabs(mean(aipw(e.view(), options).influence[arm])) < 1e-14);
      if (estimand == Estimand::ato) continue;
      CHECK(std::fabs(mean(outcome_regression(e.view(), options).influence[arm])) < 1e-14);
    }
  }
}

TEST_CASE("TMLE solves its efficient score") {
  const Example e;
  for (bool two : {true, false}) {
    for (bool weighted : {true, false}) {
      TmleOptions options;
      options.two = two;
      options.target_weights = weighted;
      const auto fit = tmle(e.view(), options);
      double score = 0.0;
      for (std::size_t i = 0; i < e.treat.size(); ++i)
        score += e.treat[i] == 1.0 ? (e.outcome[i] - fit.q[1][i]) / e.g1[i]
                                   : -(e.outcome[i] - fit.q[0][i]) / e.g0[i];
      CHECK(std::fabs(score) < 1e-9);
    }
  }
}

TEST_CASE("an infinite weight and an unavailable estimand are errors") {
  Example e;
  e.g1[0] = 0.0;
  CHECK_THROWS_AS(iptw(e.view(), WeightOptions{}), std::invalid_argument);
  CHECK_THROWS_AS(tmle(e.view(), TmleOptions{}), std::invalid_argument);
  WeightOptions options;
  options.estimand = Estimand::ato;
  CHECK_THROWS_AS(outcome_regression(e.view(), options), std::invalid_argument);
  TmleOptions tmle_options;
  tmle_options.estimand = Estimand::ato;
  CHECK_THROWS_AS(tmle(Example().view(), tmle_options), std::invalid_argument);
  tmle_options.estimand = Estimand::ate;
  tmle_options.high = 0.5;
  CHECK_THROWS_AS(tmle(Example().view(), tmle_options), std::invalid_argument);
}

TEST_CASE("TMLE's influence functions have mean zero for each estimand") {
  const Example e;
  for (auto estimand : {Estimand::ate, Estimand::att, Estimand::atc}) {
    for (bool weighted : {true, false}) {
      TmleOptions options;
      options.estimand = estimand;
      options.target_weights = weighted;
      const auto fit = tmle(e.view(), options);
      CHECK(fit.epsilon.size() == 2u);
      for (int arm = 0; arm < 2; ++arm) CHECK(std::fabs(mean(fit.means.influence[arm])) < 1e-10);
      options.both = false;
      const auto treated = tmle(e.view(), options);
      CHECK(treated.epsilon.size() == 1u);
      CHECK(treated.means.mean[1] == fit.means.mean[1]);
      CHECK(treated.means.influence[0].empty());
    }
  }
}

TEST_CASE("the ATO's augmented mean is orthogonal to the propensity") {
  // With residuals of mean zero given the arm, the slope of the mean in ps_i vanishes on average:
  // here exactly, as each covariate value holds its expected rows of both arms.
  Example e;
  e.treat = {1, 0, 0, 0};
  e.ps = {0.25, 0.25, 0.25, 0.25};
  e.outcome = {0.7, 0.2, 0.2, 0.2};
  e.q1 = {0.7, 0.7, 0.7, 0.7};
  e.q0 = {0.2, 0.2, 0.2, 0.2};
  e.g1 = e.ps;
  e.g0 = {0.75, 0.75, 0.75, 0.75};
  WeightOptions options;
  options.estimand = Estimand::ato;
  options.gradient = true;
  const auto fit = aipw(e.view(), options);
  CHECK(std::fabs(fit.mean[1] - 0.7) < 1e-15);
  for (int arm = 0; arm < 2; ++arm) CHECK(std::fabs(mean(fit.by_ps[arm])) < 1e-15);
}

TEST_CASE("a fluctuation is the zero of its score") {
  // One covariate value, offset 0: expit(epsilon x) is the weighted mean outcome.
  const FluctuationRows rows{{1, 0, 1, 1}, {0, 0, 0, 0}, {2, 2, 2, 2}, {1, 1, 2, 1}};
  const Fluctuation fit = solve_fluctuation(rows);
  CHECK(fit.converged);
  CHECK(std::fabs(2 * fit.epsilon - std::log(4.0)) < 1e-12);
  // Outcomes that are all 1 have no finite epsilon, far offsets are reached.
  CHECK(!solve_fluctuation({{1, 1}, {0, 0}, {1, 1}, {1, 1}}).converged);
  const Fluctuation far = solve_fluctuation({{1, 0}, {40, 40}, {50, 50}, {1, 1}});
  CHECK(far.converged);
  CHECK(std::fabs(40 + 50 * far.epsilon) < 1e-9);
  CHECK(solve_fluctuation({{1}, {0}, {0}, {1}}).epsilon == 0.0);
}

TEST_CASE("capped stabilised weights carry the share's influence") {
  // Moving the share by h moves the mean by its slope times h.
  const Example e;
  WeightOptions options;
  options.stabilised = true;
  options.cap = 0.9;
  const auto fit = iptw(e.view(), options);
  CHECK(fit.capped > 0u);
  for (int arm = 0; arm < 2; ++arm) CHECK(std::fabs(mean(fit.influence[arm])) < 1e-14);
}
