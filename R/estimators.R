# What est_*() specs share. A spec has class c("est_<kind>", "causalsynth_estimator") and a field `label`.

new_estimator <- function(kind, ...) {
  structure(list(label = kind, ...), class = c(paste0("est_", kind), "causalsynth_estimator"))
}

# Runs a spec on the pieces of one repetition (treat, outcome, ps, g1, g0, q1, q0, weights, family, fits, covs,
# treatment, terms, run (NULL, or list(key, threads)); `arms` = 1 where only mean_1 is wanted, else NULL). Returns
# list(mean_1, mean_0, if_1, if_0, weights, epsilon, inference (a phrase), factor (n / (n - 1) or 1 on the variance),
# na_reason (NULL, or why there is no standard error), notes, subclass (NULL, or a factor of pairs)).
#' @rdname extending
#' @export
run_estimator <- function(est, pieces, estimand, se, call = rlang::caller_env()) UseMethod("run_estimator")

# Stops where a method cannot do `what` ("bootstrap", "cluster", "weights": unequal ones).
check_support <- function(est, what, call) UseMethod("check_support")

#' @exportS3Method
check_support.default <- function(est, what, call) invisible()

# May the estimator take several arms, each against all others? Those whose mean_1 needs the treated arm's
# nuisances only.
takes_arms <- function(est) inherits(est, c("est_iptw", "est_aipw", "est_or", "est_tmle"))

# Several specs, or specs and names of methods, as a list.
#' @export
c.causalsynth_estimator <- function(...) {
  parts <- lapply(list(...), function(part) {
    if (inherits(part, "causalsynth_estimator") || is.function(part)) list(part) else as.list(part)
  })
  do.call(c, parts)
}

#' @export
print.causalsynth_estimator <- function(x, ...) {
  show_lines(paste("<estimator>", format(x)), then = "method of estimate_effect(), alone or in a list of several.")
  invisible(x)
}

#' @export
format.causalsynth_estimator <- function(x, ...) {
  fields <- Filter(Negate(is.null), unclass(x)[-1])
  fields <- lapply(fields, function(value) paste(format(value, trim = TRUE), collapse = " to "))
  paste0(x$label, if (length(fields)) paste0(" (", paste(names(fields), fields, sep = " = ", collapse = ", "), ")"))
}

check_estimand <- function(estimand, available, label, call) {
  if (estimand %in% available) return(invisible())
  abort("input", c(
    "{.val {label}} is not available for {.code estimand = \"{estimand}\"}.",
    i = "It estimates {.or {.val {available}}}; {.val iptw} and {.val aipw} estimate all four."
  ), call = call)
}

# The squares of weights beyond 1e100 overflow as those of infinite ones.
check_positive_g <- function(pieces, both, label, call, least = smallest_number) {
  both <- both && is.null(pieces$arms)
  own <- if (both) pmin(pieces$g1, pieces$g0) else ifelse(pieces$treat == 1, pieces$g1, pieces$g0)
  zero <- own < least
  if (!any(zero)) return(invisible())
  size <- if (any(own[zero] > 0)) "below {least}" else "0"
  abort("overlap", c(
    paste0("{.val {label}}: {sum(zero)} row{?s} have probability ", size, " of an arm, so weights are infinite."),
    i = "Give {.arg bounds}, such as {.code bounds = \"gruber\"}."
  ), call = call)
}

core_pieces <- function(pieces) {
  w <- pieces$weights
  c(pieces[c("treat", "outcome", "ps", "g1", "g0", "q1", "q0")],
    list(weights = if (is.null(w)) numeric() else w / mean(w)))
}

# Adds to the influence functions what estimating the nuisances by glm contributes (stacked estimating equations;
# Stefanski & Boos 2002): the derivative of each mean in the coefficients times the coefficients' influence.
stack_nuisances <- function(fit, pieces, treatment, outcome) {
  n <- length(pieces$treat)
  arms <- pieces$arms %||% c(1, 0)
  slopes <- function(name) do.call(cbind, fit[paste0(name, arms)])
  if (treatment) through_g <- treatment_influence(pieces$fits$treatment, slopes("by_ps_"), n)
  for (k in seq_along(arms)) {
    name <- paste0("if_", arms[k])
    if (treatment) fit[[name]] <- fit[[name]] + through_g[, k]
    if (outcome) {
      fit[[name]] <- fit[[name]] + outcome_influence(pieces, arms[k], fit[[paste0("by_q_", arms[k])]], n)
    }
  }
  fit
}

# The influence through a propensity model on means with slopes `by_ps` (a column each) in each row's probability.
treatment_influence <- function(model, by_ps, n) UseMethod("treatment_influence")

#' @exportS3Method
treatment_influence.fit_glm <- function(model, by_ps, n) {
  glm_influence(model, crossprod(model$x, by_ps * glm_slope(model, model$x)), n)
}

outcome_influence <- function(pieces, arm, by_q, n) {
  by_arm <- pieces$fits$by_arm
  model <- if (by_arm) pieces$fits$outcome[[2 - arm]] else pieces$fits$outcome[[1]]
  covs <- if (by_arm) pieces$covs else with_treatment(pieces, pieces$covs, pieces$joint_value %||% arm)
  x <- design_matrix(model$design, covs)
  influence <- drop(glm_influence(model, crossprod(x, by_q * glm_slope(model, x)), n))
  if (!by_arm) return(influence)
  all <- numeric(n)
  all[pieces$treat == arm] <- influence
  all
}

has_glm_treatment <- function(pieces) inherits(pieces$fits$treatment, c("fit_glm", "fit_arm_share"))
has_glm_outcome <- function(pieces) length(pieces$fits$outcome) > 0

abort_no_sandwich <- function(what, call) {
  abort("input", c(
    "{.code se = \"sandwich\"} stacks the nuisances' estimating equations: {what}.",
    i = "Use {.code learn_glm()} for the nuisances with {.code crossfit = \"none\"}, or {.code se = \"if\"}."
  ), call = call)
}

cap_note <- function(fit, cap) {
  if (is.finite(cap)) paste0(count_phrase(fit$n_capped, "weight"), " capped at ", signif(cap, 4))
}

check_cap <- function(cap, call = rlang::caller_env()) {
  cap <- check_number(cap, "cap", 0, call = call)
  if (cap == 0) abort("input", "{.arg cap} must be above 0.", call = call)
  cap
}
