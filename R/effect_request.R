# What estimate_effect() is asked, refused before any work where it cannot be served.

# What was asked, checked before any work.
effect_request <- function(method, estimand, contrasts, se, call, bootstrap = list()) {
  ask <- list(
    methods = resolve_methods(method, call), se = check_choice(se, c("if", "sandwich", "bootstrap"), "se", call),
    contrasts = check_flag(contrasts, "contrasts", call),
    estimand = check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand", call)
  )
  for (est in ask$methods) check_request(est, ask$estimand, ask$se, call)
  ask$bootstrap <- check_bootstrap(bootstrap, ask, call)
  ask
}

# Stops where a method does not serve the estimand or the kind of standard error.
check_request <- function(est, estimand, se, call) UseMethod("check_request")

#' @exportS3Method
check_request.default <- function(est, estimand, se, call) invisible()

# What else the rows and the learners tell before nuisance() fits anything; `dots` are its arguments, `run` holds
# cluster, weights, call.
check_before_fitting <- function(formula, data, ask, dots, run) {
  several <- has_several_arms(formula, data)
  if (several) {
    check_arms_request(ask, run$call)
    if (identical(dots$bounds, "adaptive")) abort_adaptive_arms(run$call)
  }
  if (!is.null(run$cluster)) for (est in ask$methods) check_support(est, "cluster", run$call)
  unequal <- is.numeric(run$weights) && length(unique(run$weights)) > 1
  if (unequal) for (est in ask$methods) check_support(est, "weights", run$call)
  if (ask$se == "sandwich" && is.null(dots$crossfit)) check_sandwich_learners(ask, dots, run$call)
  y_bounds <- Filter(Negate(is.null), lapply(ask$methods, function(est) est$y_bounds))
  if (!ask$contrasts && length(y_bounds) == 0) return(invisible())
  study <- study_data(formula, data, dots$na.action, run$call, if (several) arms_treatment else binary_treatment)
  check_contrasts(ask, study$family, study$outcome, run$call)
  for (bounds in y_bounds) outcome_range(list(outcome = study$outcome_values, family = study$family), bounds, run$call)
}

check_contrasts <- function(ask, family, outcome, call) {
  if (!ask$contrasts || family == "binomial") return(invisible())
  abort("input", c(
    "{.code contrasts = TRUE} needs a binary outcome; {.val {outcome}} is not.",
    i = "Ratios of risks and odds are for outcomes of two values; leave {.arg contrasts} FALSE."
  ), call = call)
}

# The glms that each method's stacked equations need.
check_sandwich_learners <- function(ask, dots, call) {
  glm <- c(treatment = inherits(dots$learner_treatment, "learn_glm"),
           outcome = inherits(dots$learner_outcome, "learn_glm"))
  for (est in ask$methods) {
    needed <- switch(class(est)[1], est_iptw = "treatment", est_or = "outcome", c("treatment", "outcome"))
    if (!all(glm[needed])) abort_no_sandwich(no_glm_phrase(needed), call)
  }
}

no_glm_phrase <- function(needed) {
  if (length(needed) == 2) return("these nuisances are not glms fitted in sample")
  paste(c(treatment = "the propensity", outcome = "the outcome regression")[[needed]], "is not a glm fitted in sample")
}
