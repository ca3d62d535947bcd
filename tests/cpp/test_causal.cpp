#include <cmath>
#include <vector>

#include "catch.h"
#include "core/causal/estimators.h"
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
    if (estimand == Estimand::ato) continue;
    WeightOptions options;
    options.estimand = estimand;
    for (int arm = 0; arm < 2; ++arm) {
      CHECK(std::fabs(mean(aipw(e.view(), options).influence[arm])) < 1e-14);
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
  CHECK_THROWS_AS(aipw(e.view(), options), std::invalid_argument);
}
