#include "core/causal/estimators.h"
#include "core/causal/tmle.h"
#include "glue_host.h"

namespace {

using namespace causalsynth;

// `nuisance`: a list with treat, outcome, ps, g1, g0, q1, q0 and weights (mean 1, or empty).
struct StudyHolder {
  Rcpp::NumericVector treat, outcome, ps, g1, g0, q1, q0, weights;
  explicit StudyHolder(const Rcpp::List& x)
      : treat(x["treat"]), outcome(x["outcome"]), ps(x["ps"]), g1(x["g1"]), g0(x["g0"]),
        q1(x["q1"]), q0(x["q0"]), weights(x["weights"]) {
    for (const auto* v : {&outcome, &ps, &g1, &g0, &q1, &q0})
      if (v->size() != treat.size()) Rcpp::stop("internal: nuisances of different lengths");
    if (weights.size() != 0 && weights.size() != treat.size())
      Rcpp::stop("internal: one case weight a row is needed");
  }
  StudyView view() const {
    return {glue::view(treat), glue::view(outcome), glue::view(ps), glue::view(g1),
            glue::view(g0), glue::view(q1), glue::view(q0), glue::view(weights)};
  }
};

Estimand estimand_of(const std::string& name) {
  if (name == "ATE") return Estimand::ate;
  if (name == "ATT") return Estimand::att;
  if (name == "ATC") return Estimand::atc;
  if (name == "ATO") return Estimand::ato;
  Rcpp::stop("internal: unknown estimand '%s'", name);
}

WeightOptions weight_options(const Rcpp::List& list) {
  WeightOptions options;
  std::string estimand = "ATE";
  glue::OptionList reader(list);
  reader.read("estimand", estimand);
  reader.read("hajek", options.hajek);
  reader.read("stabilised", options.stabilised);
  reader.read("cap", options.cap);
  reader.read("gradient", options.gradient);
  reader.finish();
  options.estimand = estimand_of(estimand);
  return options;
}

Rcpp::List wrap_means(const ArmMeans& m) {
  return Rcpp::List::create(
      Rcpp::_["mean_1"] = m.mean[1], Rcpp::_["mean_0"] = m.mean[0],
      Rcpp::_["if_1"] = m.influence[1], Rcpp::_["if_0"] = m.influence[0],
      Rcpp::_["by_ps_1"] = m.by_ps[1], Rcpp::_["by_ps_0"] = m.by_ps[0],
      Rcpp::_["by_q_1"] = m.by_q[1], Rcpp::_["by_q_0"] = m.by_q[0],
      Rcpp::_["weights"] = m.weights, Rcpp::_["n_capped"] = static_cast<double>(m.capped));
}

}  // namespace

// `bounds`: empty (none), b, or c(l, u).
// [[Rcpp::export(rng = false)]]
Rcpp::List causal_bounds(Rcpp::NumericVector ps, Rcpp::NumericVector bounds) {
  BoundRule rule;
  if (bounds.size() == 1) rule = {BoundRule::Kind::lower, bounds[0], 1.0};
  if (bounds.size() == 2) rule = {BoundRule::Kind::clip, bounds[0], bounds[1]};
  const BoundedPropensity g = bound_propensity(glue::view(ps), rule);
  return Rcpp::List::create(Rcpp::_["g1"] = g.g1, Rcpp::_["g0"] = g.g0,
                            Rcpp::_["n_bounded_1"] = static_cast<double>(g.bounded_1),
                            Rcpp::_["n_bounded_0"] = static_cast<double>(g.bounded_0),
                            Rcpp::_["n_bounded"] = static_cast<double>(g.bounded_rows));
}

// `method`: "iptw", "aipw" or "or".
// [[Rcpp::export(rng = false)]]
Rcpp::List causal_means(std::string method, Rcpp::List nuisance, Rcpp::List options) {
  const StudyHolder study(nuisance);
  const WeightOptions settings = weight_options(options);
  if (method == "iptw") return wrap_means(iptw(study.view(), settings));
  if (method == "aipw") return wrap_means(aipw(study.view(), settings));
  if (method == "or") return wrap_means(outcome_regression(study.view(), settings));
  Rcpp::stop("internal: unknown method '%s'", method);
}

// [[Rcpp::export(rng = false)]]
Rcpp::List causal_tmle(Rcpp::List nuisance, Rcpp::List options) {
  const StudyHolder study(nuisance);
  TmleOptions settings;
  std::string estimand = "ATE";
  glue::OptionList reader(options);
  reader.read("estimand", estimand);
  reader.read("both", settings.both);
  reader.read("two", settings.two);
  reader.read("target_weights", settings.target_weights);
  reader.read("q_bounds", settings.q_bounds);
  reader.read("low", settings.low);
  reader.read("high", settings.high);
  reader.finish();
  settings.estimand = estimand_of(estimand);
  const TmleResult fit = tmle(study.view(), settings);
  Rcpp::List result = wrap_means(fit.means);
  result["q1"] = fit.q[1];
  result["q0"] = fit.q[0];
  result["epsilon"] = fit.epsilon;
  result["n_q_bounded"] = static_cast<double>(fit.q_bounded);
  result["converged"] = fit.converged;
  return result;
}
