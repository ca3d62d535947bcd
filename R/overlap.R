#' Diagnose overlap and balance
#'
#' Says, before any outcome is looked at, whether the two arms can be compared: how the propensity lies in each arm,
#' how many rows have almost no chance of one treatment, what the weights of the estimand cost in effective sample
#' size, which rows carry most weight, and how well the covariates are balanced before and after weighting.
#'
#' @param x A formula `Y ~ A | W1 + W2`, a `causalsynth_nuisance` of [nuisance()] or [as_nuisance()], or an effect of
#'   [estimate_effect()], whose own weights are diagnosed.
#' @param data A data frame, one row a unit.
#' @param estimand Whose effect is wanted: `"ATE"`, `"ATT"`, `"ATC"`, or `"ATO"` (overlap weights). An effect
#'   has its own.
#' @param threshold A row is *beyond* it if P(A = 1 | W) or P(A = 0 | W) is smaller. `"gruber"`:
#'   min(.25, 5 / (sqrt(n) log n)); or a number from 0 to .5, such as .001.
#' @param weights Case weights, one a row of `data`, or `NULL`.
#' @param seed One whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @param ... Of the formula's method: arguments of [nuisance()] such as `learner_treatment`, `crossfit` or `bounds`.
#'   No outcome is modelled unless `learner_outcome` is given.
#' @return An object of class `causalsynth_overlap`, a list with
#'   * `propensity`: a row an arm, the size `n` and the distribution of P(A = 1 | W), predicted out of bag or as
#'     the nuisance says. Quantiles are the least value with at least that share of the arm's rows, or of their case
#'     weights.
#'   * `beyond`: a row for each row of the data beyond the threshold: its number `row`, `arm`, `ps`, the treatment
#'     it seldom gets (`rare`), whether the nuisance's own bound moved it (`bounded`), and whether it matters for
#'     the estimand (`matters`: for the ATT only a rare control, for the ATC only a rare treatment, for
#'     the ATO neither).
#'   * `regions`: where these rows lie, in words, by a regression tree of three levels on the covariates: `region`, its
#'     rows `n`, `treated`, `control`, `beyond`, and the `rare` treatment; regions at least half of whose rows are
#'     beyond, `NULL` if there are none.
#'   * `remedies`: what each remedy would leave: `rows` kept, twins needed (`twins_treated`, `twins_control`), effective
#'     sizes by arm (twins included), and `whose` effect it would be.
#'   * `ess`: effective sample sizes (sum w)^2 / sum w^2 (Kish 1965) by arm, `before` (case weights) and `after`
#'     (times the estimand's weights), and their ratio `share`; `alternatives`: those of all four estimands.
#'   * `largest`: the ten largest weights of each arm, `share` being that of the arm's total.
#'   * `balance`: a row for each numeric covariate, each level of a factor, each covariate of two values, and an
#'     indicator for each covariate with missing values, by `sample` (`"before"`, `"after"`; with several methods of
#'     different weights, their names).
#'   * `treat`, `covs`, `weights`, `distance`, `estimand`, `s.weights`, `subclass` as in effects, for
#'     `cobalt::bal.tab()`.
#'
#'   Errors are of class `causalsynth_error_input` or `_data`.
#' @details
#' **Standardised mean difference** (SMD): the difference of the arms' means over a standard deviation that weighting
#' leaves as it is (Austin 2009): sqrt((s1^2 + s0^2) / 2) for ATE and ATO, the treated arm's s1 for the ATT, the control
#' arm's s0 for the ATC. For shares s^2 = p (1 - p). Where that is zero, the standard deviation of all rows stands
#' in, and print() says so. **Variance ratio**: treated over control, with weights sum w (x - mean)^2 /
#' (sum w - sum w^2 / sum w); for numeric covariates only. **KS**: the largest distance of the arms' weighted
#' distribution functions. All are of the rows where the covariate is known; what is missing has a row of its own.
#' Case weights enter everything.
#'
#' **Weights**: ATE 1 / g; ATT 1 and (1 - g0) / g0; ATC (1 - g1) / g1 and 1; ATO the other arm's
#' probability (Li, Morgan and Zaslavsky 2018), with g bounded as the nuisance says. A method that does not weight,
#' such as outcome regression, is diagnosed by these.
#' @references Austin (2009), Statistics in Medicine 28, 3083-3107. Kish (1965), Survey Sampling. Li, Morgan and
#'   Zaslavsky (2018), JASA 113, 390-400. Gruber, Phillips, Lee and van der Laan (2022), American Journal of
#'   Epidemiology 191, 1640-1651.
#'   Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees.
#' @seealso [overlap_methods] for tables and figures; [pair_synthetic()] and [compare_remedies()] for what to do.
#' @examples
#' study <- generate(dgp_paper("weak"), 500, seed = 1)
#' diagnose_overlap(Y ~ A | ., study, learner_treatment = learn_glm())
#' @export
diagnose_overlap <- function(x, ...) UseMethod("diagnose_overlap")

#' @export
diagnose_overlap.default <- function(x, ...) {
  check_present(x, "x")
  if (is.list(x) && length(x$treat_levels) > 2) check_two_arms(x, rlang::current_env())
  abort("input", c(
    "{.arg x} must be a formula {.code Y ~ A | W1 + W2}, a nuisance object or an effect.",
    x = "It is {describe(x)}.",
    i = instead_of_formula(x, "diagnose_overlap")
  ))
}

#' @rdname diagnose_overlap
#' @export
diagnose_overlap.formula <- function(x, data, ..., estimand = c("ATE", "ATT", "ATC", "ATO"), threshold = "gruber",
                                     weights = NULL, seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  arguments <- setdiff(names(formals(nuisance)), c("formula", "data", "seed", "threads", "weights"))
  dots <- list(...)
  unknown <- !(rlang::names2(dots) %in% arguments)
  if (any(unknown)) {
    check_dots_empty(!!!dots[unknown], .call = call, .known = c(arguments, names(formals(diagnose_overlap.formula))))
  }
  check_present(data, "data", call)
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand", call)
  check_threshold(threshold, call)
  if (is.null(dots$learner_outcome)) dots$learner_outcome <- learn_nothing()
  # The diagnosis itself says what this warning says.
  fitted <- suppressWarnings(
    rlang::inject(nuisance(x, data, !!!dots, seed = seed, threads = threads, weights = weights)),
    classes = "causalsynth_warning_overlap"
  )
  diagnose_overlap(fitted, estimand = estimand, threshold = threshold)
}

#' @rdname diagnose_overlap
#' @export
diagnose_overlap.causalsynth_nuisance <- function(x, ..., estimand = c("ATE", "ATT", "ATC", "ATO"),
                                                  threshold = "gruber") {
  call <- rlang::current_env()
  check_dots_empty(...)
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand", call)
  check_two_arms(list(treat = x$treat, distance = x$ps, treat_levels = x$treat_levels, roles = x$roles), call)
  study <- list(
    treat = x$treat, covs = x$covs, distance = x$ps, s.weights = x$weights, subclass = NULL, bounds = x$bounds,
    omitted = x$omitted, roles = x$roles, treat_levels = x$treat_levels, learner = x$learners[["treatment"]],
    crossfit = x$crossfit[["treatment"]]
  )
  weights <- estimand_weights(x$treat, x$ps, x$g1, x$g0, estimand)
  new_overlap(study, list(after = weights), NULL, estimand, check_threshold(threshold, call), call)
}

#' @rdname diagnose_overlap
#' @export
diagnose_overlap.causalsynth_effect <- function(x, ..., threshold = "gruber") {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_two_arms(x, call)
  study <- list(
    treat = x$treat, covs = x$covs, distance = x$distance, s.weights = x$s.weights, subclass = x$subclass,
    bounds = x$bounds, omitted = x$omitted, roles = x$roles, treat_levels = x$treat_levels,
    learner = x$learners[["treatment"]], crossfit = x$crossfit[["treatment"]]
  )
  own <- if (is.data.frame(x$weights)) as.list(x$weights) else stats::setNames(list(x$weights), names(x$methods))
  own <- own[vapply(own, function(w) any(w != 1), NA)]
  if (length(own) == 0) {
    g <- causal_bounds(x$distance, bound_in_use(x$bounds, x$n, call))
    own <- list(estimand_weights(x$treat, x$distance, g$g1, g$g0, x$estimand))
  }
  sets <- distinct_sets(own)
  methods <- names(sets)
  if (length(sets) == 1) names(sets) <- "after"
  new_overlap(study, sets, methods, x$estimand, check_threshold(threshold, call), call)
}

# Propensities of more than two arms are no single number a row.
check_two_arms <- function(x, call) {
  if (length(x$treat_levels) == 2 && is.numeric(x$treat) && is.numeric(x$distance) && is.null(dim(x$distance))) {
    return(invisible())
  }
  abort("input", c(
    "The treatment {.val {x$roles$treatment}} has {length(x$treat_levels)} arms; two are compared here.",
    i = "Take the rows of two arms at a time."
  ), call = call)
}

# Methods of the same weights share one set, under their joint name.
distinct_sets <- function(sets) {
  first <- vapply(sets, function(w) match(TRUE, vapply(sets, identical, NA, w)), 1L)
  labels <- vapply(unique(first), function(i) paste(names(sets)[first == i], collapse = ", "), "")
  stats::setNames(sets[unique(first)], labels)
}

# The weight of each row in its own arm; infinite where its own probability is 0.
estimand_weights <- function(treat, ps, g1, g0, estimand) {
  treated <- treat == 1
  switch(estimand,
    ATE = ifelse(treated, 1 / g1, 1 / g0),
    ATT = ifelse(treated, 1, (1 - g0) / g0),
    ATC = ifelse(treated, (1 - g1) / g1, 1),
    ATO = ifelse(treated, 1 - ps, ps)
  )
}

check_threshold <- function(threshold, call) {
  if (identical(threshold, "gruber")) return(threshold)
  ok <- is.numeric(threshold) && length(threshold) == 1 && !is.na(threshold) && threshold >= 0 && threshold < .5
  if (!ok) {
    abort("input", c(
      "{.arg threshold} must be {.val gruber} or one number from 0 to below .5.",
      x = "It is {describe(threshold)}."
    ), call = call)
  }
  threshold
}

# What stands in for the outcome's learner where only the propensity is asked for: the mean of y.
learn_nothing <- function() {
  structure(list(label = "none", crossfit = "oob", outcome = "joint"),
            class = c("learn_nothing", "causalsynth_learner"))
}

#' @exportS3Method
fit_learner.learn_nothing <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                      call = rlang::caller_env()) {
  structure(list(mean = mean(y), n = length(y)), class = "fit_nothing")
}

#' @exportS3Method
keeps_groups.learn_nothing <- function(learner, weights) TRUE

#' @exportS3Method
predict_fit.fit_nothing <- function(fit, newx, threads = NULL) rep(fit$mean, nrow(newx))

#' @exportS3Method
predict_oob.fit_nothing <- function(fit, newx = NULL, threads = NULL) rep(fit$mean, fit$n)
