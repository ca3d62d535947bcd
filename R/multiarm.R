#' Treatments of more than two arms
#'
#' A treatment that is a factor (or text) of three or more levels: [nuisance()] fits the probability of every arm and
#' the outcome's mean in every arm, [estimate_effect()] gives each arm's mean outcome and its contrasts with a
#' reference arm.
#'
#' @details **Nuisances.** Probabilities: [learn_forest()] fits one forest for all classes, [learn_glm()] a multinomial
#' logistic regression by maximum likelihood; any other learner fits each arm against all others, and the
#' probabilities are divided by their sum. Outcomes: by arm, or jointly with the arm as a column, as the learner
#' says. `bounds` hold for each arm's probability. [as_nuisance()] takes a factor `treat` with matrices `ps` and `q1`,
#' a column an arm.
#'
#' **Effects.** IPTW, AIPW, OR and TMLE (two epsilons, that is one an arm) estimate the mean outcome of all rows had
#' they been in arm a, from that arm's nuisances; with two arms they are those of the binary treatment. Terms:
#' `ATE_<level>` is the arm's mean less the reference's, `mean_<level>` the mean, `log_rr_<level>` and
#' `log_or_<level>` the log ratios to the reference. `vcov()` is the joint covariance of all contrasts and methods, so
#' that any two arms can be compared. The estimand is the ATE: for the ATT or overlap weights of two of the arms, keep
#' the rows of these two.
#'
#' @return `nuisance()` gives an object of class `causalsynth_nuisance_arms`: `treat` (1, 2, ... in the order of
#'   `arms`), `ps`, `g` (bounded) and `q`, matrices of rows by arms, and the rest as for two arms. `estimate_effect()`
#'   gives one of class `causalsynth_effect_arms`, also a `causalsynth_effect`.
#' @references Imbens (2000), Biometrika 87, 706-710; Cattaneo (2010), Journal of Econometrics 155, 138-154.
#' @examples
#' d <- data.frame(w = rnorm(300))
#' d$a <- factor(sample(c("none", "low", "high"), 300, TRUE), c("none", "low", "high"))
#' d$y <- d$w + as.integer(d$a) + rnorm(300)
#' fit <- estimate_effect(y ~ a | w, d, learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' fit
#' vcov(fit)
#' @name multi_arm
NULL

max_arms <- 50

# A factor or text of more than two levels that occur.
is_arms <- function(x) (is.factor(x) || is.character(x)) && length(unique(x[!is.na(x)])) > 2

has_several_arms <- function(formula, data, call = rlang::caller_env()) {
  check_present(data, "data", call)
  if (!is.data.frame(data) || !inherits(formula, "formula") || length(formula) != 3) return(FALSE)
  side <- formula[[3]]
  if (!(is.call(side) && identical(side[[1]], as.name("|")) && is.name(side[[2]]))) return(FALSE)
  name <- as.character(side[[2]])
  name %in% names(data) && is_arms(data[[name]])
}

# 1, 2, ... in the order of the levels, the first being the reference.
arms_treatment <- function(x, name, call) {
  x <- droplevels(as.factor(x))
  if (nlevels(x) > max_arms) {
    abort("data", c(
      "The treatment {.val {name}} has {nlevels(x)} levels; at most {max_arms} arms are taken.",
      i = "Merge levels, or check that it is not an identifier."
    ), call = call)
  }
  small <- table(x) < 2
  if (any(small)) {
    abort("data", c(
      "{sum(small)} arm{?s} of {.val {name}} {?has/have} one row only: {.val {utils::head(levels(x)[small], 5)}}.",
      i = "Merge levels, or drop these rows."
    ), call = call)
  }
  list(values = as.numeric(x), levels = levels(x))
}

# nuisance() of several arms; two_arms() is its like.
several_arms <- function() {
  list(
    coded = arms_treatment, levels = function(study) study$treat_levels,
    check_weights = function(weights, study, call) {
      check_weighted_levels(weights, study$treat, study$treat_levels, call)
    },
    check_sizes = check_level_sizes, crossfit = crossfit_arms,
    predictions = function(runs, study) {
      list(arms = study$treat_levels, ps = median_of_runs(runs, "ps"), q = median_of_runs(runs, "q"))
    },
    result = new_nuisance_arms
  )
}

check_weighted_levels <- function(weights, treat, levels, call) {
  if (is.null(weights)) return(invisible())
  for (arm in seq_along(levels)) {
    if (any(weights[treat == arm] > 0)) next
    abort("data", c(
      "{.arg weights} is zero in all {sum(treat == arm)} row{?s} of the arm {.val {levels[arm]}}.",
      i = "Every arm needs rows of positive weight; drop the arm otherwise."
    ), call = call)
  }
}

check_level_sizes <- function(job, call) {
  counts <- table(factor(job$treat, seq_along(job$arms)))
  if ("folds" %in% job$crossfit && min(counts) < job$folds) {
    abort("data", c(
      "The arm {.val {job$arms[which.min(counts)]}} has {min(counts)} row{?s}: too few for {job$folds} folds.",
      i = "Give a smaller {.arg folds}, or merge arms."
    ), call = call)
  }
}

abort_adaptive_arms <- function(call) {
  abort("input", "{.code bounds = \"adaptive\"} is for two arms; give a number or {.val gruber}.", call = call)
}

# Bounds hold for each arm's own probability.
bound_arms <- function(ps, bounds, call) {
  if (bounds$rule == "adaptive") abort_adaptive_arms(call)
  sides <- lapply(seq_len(ncol(ps)), function(k) causal_bounds(ps[, k], as.numeric(bounds$value))$g1)
  g <- matrix(unlist(sides), nrow(ps), dimnames = dimnames(ps))
  list(g = g, moved = g != ps)
}

new_nuisance_arms <- function(parts, bounds, call) {
  bounded <- bound_arms(parts$ps, bounds, call)
  bounds$n_bounded_arms <- stats::setNames(colSums(bounded$moved), parts$arms)
  bounds$n_bounded <- sum(rowSums(bounded$moved) > 0)
  n <- length(parts$treat)
  if (bounds$n_bounded > bounded_limit * n) warn_bounded(bounds$n_bounded, n, call, cure = small_arms_cure)
  structure(c(parts, list(g = bounded$g, n = n, bounds = bounds)), class = "causalsynth_nuisance_arms")
}

# as_nuisance() of several arms.
as_nuisance_arms <- function(treat, outcome, ps, q1, q0, bounds, weights, covs, call = rlang::caller_env()) {
  check_present(ps, "ps", call)
  check_present(q1, "q1", call)
  if (!missing(q0)) {
    abort("input", c("With several arms {.arg q1} is a matrix with a column an arm; leave {.arg q0} out."), call = call)
  }
  n <- length(treat)
  check_given(treat, "treat", n, call)
  check_given(outcome, "outcome", n, call)
  treat <- arms_treatment(treat, "treat", call)
  outcome <- numeric_outcome(outcome, "outcome", call)
  ps <- check_arm_matrix(ps, "ps", n, treat$levels, call)
  q <- check_arm_matrix(q1, "q1", n, treat$levels, call)
  check_range(ps, "ps", call)
  off <- sum(abs(rowSums(ps) - 1) > 1e-6)
  if (off) abort("data", "The probabilities {.arg ps} do not add up to 1 in {off} of {n} row{?s}.", call = call)
  if (outcome$family == "binomial") check_range(q, "q1", call)
  weights <- check_case_weights(weights, n, call)
  check_weighted_levels(weights, treat$values, treat$levels, call)
  if (!is.null(covs)) {
    check_data_frame(covs, "covs", call = call)
    if (nrow(covs) != n) abort("input", "{.arg covs} has {nrow(covs)} row{?s}; {.arg treat} has {n}.", call = call)
  }
  new_nuisance_arms(list(
    treat = treat$values, outcome = outcome$values, arms = treat$levels, ps = ps, q = q, weights = weights,
    covs = covs, formula = NULL, terms = NULL,
    roles = list(outcome = "outcome", treatment = "treat", covariates = names(covs)), treat_levels = treat$levels,
    outcome_levels = outcome$levels, family = outcome$family, fits = NULL,
    learners = c(treatment = "given", outcome = "given"), crossfit = c(treatment = "given", outcome = "given"),
    folds = NULL, omitted = integer(), repeats = NULL
  ), resolve_bounds(bounds, n, call), call)
}

check_arm_matrix <- function(x, name, n, levels, call) {
  if (is.data.frame(x)) x <- as.matrix(x)
  ok <- is.matrix(x) && is.numeric(x) && nrow(x) == n && ncol(x) == length(levels)
  named <- ok && (is.null(colnames(x)) || setequal(colnames(x), levels))
  if (!named) {
    abort("input", c(
      "{.arg {name}} must be a matrix of {n} rows with a column for each arm: {.val {levels}}.",
      x = if (ok) "Its columns are {.val {colnames(x)}}."
      else if (is.matrix(x)) "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}." else "It is {describe(x)}."
    ), call = call)
  }
  if (!is.null(colnames(x))) x <- x[, levels, drop = FALSE]
  bad <- sum(!is.finite(x))
  if (bad) abort("data", "{.arg {name}} is missing or infinite in {bad} place{?s}.", call = call)
  dimnames(x) <- list(NULL, levels)
  storage.mode(x) <- "double"
  x
}
