#' Propensity and outcome regressions of a study
#'
#' Fits P(A = 1 | W) and the outcome's mean in each arm, honestly predicted for every row, and bounds the
#' propensities. [estimate_effect()] turns the result into effects.
#'
#' @param formula `Y ~ A | W1 + W2`, or `Y ~ A | .` for all other columns.
#' @param data A data frame, one row a unit. Missing `A` or `Y` are an error unless `na.action = na.omit`.
#' @param learner_treatment,learner_outcome Learners: [learn_forest()], [learn_glm()], [learn_stack()],
#'   [learn_superlearner()], [learn_parsnip()] or [learn_function()].
#' @param crossfit How rows are predicted: `"oob"` (out of bag), `"folds"`, `"none"` (in sample); one word for both
#'   learners, or `c(treatment = , outcome = )`. `NULL` takes each learner's default: `"oob"` for forests and stacks,
#'   `"none"` for glm, `"folds"` for the others. `"none"` for a learner whose default it is not is a warning of class
#'   `causalsynth_warning_crossfit`: what has seen a row predicts it too well, and standard errors become too
#'   small.
#' @param folds Number of folds, stratified by arm and by a binary outcome.
#' @param repeats Number of repetitions with fresh folds or trees; estimates combine by the median.
#' @param bounds A number b bounds each arm's own probability from below; `c(l, u)` clips on both sides;
#'   `"gruber"` is the number min(.25, 5 / (sqrt(n) log n)) (Gruber et al. 2022); `NULL` none. `"adaptive"` lets
#'   [estimate_effect()] choose c in min(.25, c / (sqrt(n) log n)) for each method: see its details.
#' @param na.action `na.fail`, or `na.omit` to drop rows with a missing treatment or outcome.
#' @param seed One whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @param weights Case weights, one a row of `data`, or `NULL`: learners fit with them (own functions need an argument
#'   `weights` for it).
#' @param cluster Cluster of each row, or `NULL`. No row then helps to predict another of its cluster: folds keep
#'   clusters whole, and forests draw whole clusters into their bags (with case weights as well they cannot: folds are
#'   their default then).
#' @return An object of class `causalsynth_nuisance` (for a treatment of more than two levels see [multi_arm]): a list
#'   with `treat`, `outcome`, `ps`, `q1`, `q0`, `g1`, `g0` (bounded probabilities; with `bounds = "adaptive"` by
#'   Gruber's rule until an effect is estimated), `bounds`, `n`, `weights`, `covs`, `notes` (weights of stacks,
#'   separation, filled and aliased columns) and more. Errors are of class `causalsynth_error_input`,
#'   `causalsynth_error_data` or, where a learner fails or predicts a missing value or no probability,
#'   `causalsynth_error_fit`. Warnings: over 5 % of rows bounded (also of class
#'   `causalsynth_warning_bounded`), or a factor level that only one arm has, of class `causalsynth_warning_overlap`;
#'   perfect separation of a logistic regression `causalsynth_warning_separated`; fewer than 20 rows
#'   or 10 clusters `causalsynth_warning_data`.
#' @references Gruber, Phillips, Lee and van der Laan (2022), American Journal of Epidemiology 191, 1640-1651.
#'   Chernozhukov et al. (2018), The Econometrics Journal 21, C1-C68.
#' @examples
#' d <- data.frame(w = rnorm(300))
#' d$a <- rbinom(300, 1, plogis(d$w))
#' d$y <- d$w + d$a + rnorm(300)
#' nuisance(y ~ a | w, d, learn_glm(), learn_glm())
#' @export
nuisance <- function(formula, data, learner_treatment = learn_forest(), learner_outcome = learn_forest(),
                     crossfit = NULL, folds = 5, repeats = 1, bounds = "gruber", na.action = stats::na.fail,
                     cluster = NULL, weights = NULL, seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_present(formula, "formula")
  arms <- if (has_several_arms(formula, data)) several_arms() else two_arms()
  study <- study_data(formula, data, na.action, call, coded = arms$coded)
  omitted <- if (study$n_omitted) rows_with_missing_role(study, data, na.action, call) else integer()
  weights <- check_case_weights(weights, nrow(data), call)
  if (!is.null(weights)) weights <- kept_rows(weights, omitted)
  arms$check_weights(weights, study, call)
  groups <- if (!is.null(cluster)) kept_rows(check_cluster(cluster, nrow(data), call), omitted)
  learners <- list(treatment = check_learner(learner_treatment, "learner_treatment", call),
                   outcome = check_learner(learner_outcome, "learner_outcome", call))
  job <- list(
    covs = fixed_levels(study$covs), terms = study$terms, treat = study$treat, arms = arms$levels(study),
    treatment = study$treatment, outcome = study$outcome_values, family = study$family, weights = weights,
    learners = learners, crossfit = resolve_crossfit(crossfit, learners, call, groups, weights),
    folds = check_whole(folds, "folds", 2, call = call), threads = resolve_threads(threads, call), groups = groups,
    call = call
  )
  arms$check_sizes(job, call)
  repeats <- check_whole(repeats, "repeats", call = call)
  key <- rng_key(seed, call)
  recipe <- nuisance_recipe(job, study$terms, list(formula = formula, outcome = study$outcome, repeats = repeats,
                                                   bounds = bounds))
  bounds <- resolve_bounds(bounds, study$n, call)
  runs <- hush_separation(lapply(seq_len(repeats), function(r) arms$crossfit(job, derive_key(key, "repeat", r))))
  notes <- nuisance_notes(runs, job, call)
  arms$result(c(list(treat = study$treat, outcome = study$outcome_values), arms$predictions(runs, study), list(
    weights = weights, covs = job$covs, formula = formula, terms = study$terms,
    roles = study[c("outcome", "treatment", "covariates")], treat_levels = study$treat_levels,
    outcome_levels = study$outcome_levels, family = study$family, fits = runs[[1]]$fits,
    learners = vapply(learners, function(l) l$label, ""), crossfit = job$crossfit, folds = job$folds,
    omitted = omitted, repeats = if (repeats > 1) runs, recipe = recipe, cluster = groups, notes = notes,
    one_arm_levels = levels_of_one_arm(job$covs, study$treat, study$treat_levels, call)
  )), bounds, call)
}

# What nuisance() does differently for a binary treatment and for one of several arms (several_arms()).
two_arms <- function() {
  list(
    coded = binary_treatment, levels = function(study) NULL,
    check_weights = function(weights, study, call) check_weighted_arms(weights, study$treat, call),
    check_sizes = check_arm_sizes, crossfit = crossfit_once,
    predictions = function(runs, study) {
      lapply(c(ps = "ps", q1 = "q1", q0 = "q0"), function(name) median_of_runs(runs, name))
    },
    result = new_nuisance
  )
}

# Of predictions, a vector or a matrix, over the repeats.
median_of_runs <- function(runs, name) {
  found <- runs[[1]][[name]]
  if (length(runs) == 1) return(found)
  values <- vapply(runs, function(run) as.vector(run[[name]]), numeric(length(found)))
  found[] <- apply(values, 1, stats::median)
  found
}

#' Nuisances from given vectors
#'
#' Takes the propensity and the two mean outcomes of each row, fitted by any means, so that [estimate_effect()] can
#' use them.
#'
#' @param treat 0/1, logical or a factor of two levels, one a row. For a factor of more levels `ps` and `q1` are
#'   matrices with a column a level (named by it), and `q0` is left out.
#' @param outcome Numeric outcome; two values 0 and 1 make it binary.
#' @param ps P(A = 1 | W) of each row, in \[0, 1\].
#' @param q1,q0 The outcome's mean under treatment and under control; in \[0, 1\] for a binary outcome.
#' @param bounds As in [nuisance()].
#' @param weights Case weights, or `NULL`.
#' @param covs Data frame of covariates to keep with the result, or `NULL`.
#' @return An object of class `causalsynth_nuisance`; see [nuisance()]. Vectors of unlike length are an error of class
#'   `causalsynth_error_input`, missing or infinite values and probabilities outside \[0, 1\] of class
#'   `causalsynth_error_data`.
#' @examples
#' a <- rep(0:1, 50)
#' y <- rnorm(100, a)
#' estimate_effect(as_nuisance(a, y, rep(.5, 100), rep(1, 100), rep(0, 100)))
#' @export
as_nuisance <- function(treat, outcome, ps, q1, q0, bounds = "gruber", weights = NULL, covs = NULL) {
  call <- rlang::current_env()
  check_present(treat, "treat")
  check_present(outcome, "outcome")
  if (is_arms(treat)) return(as_nuisance_arms(treat, outcome, ps, q1, q0, bounds, weights, covs))
  check_present(ps, "ps")
  check_present(q1, "q1")
  check_present(q0, "q0")
  given <- list(treat = treat, outcome = outcome, ps = ps, q1 = q1, q0 = q0)
  n <- length(treat)
  if (n == 0) abort("data", "{.arg treat} has no rows.")
  for (name in names(given)) check_given(given[[name]], name, n, call)
  treat <- binary_treatment(treat, "treat", call)
  outcome <- numeric_outcome(outcome, "outcome", call)
  check_range(ps, "ps", call)
  weights <- check_case_weights(weights, n, call)
  check_weighted_arms(weights, treat$values, call)
  if (outcome$family == "binomial") for (name in c("q1", "q0")) check_range(given[[name]], name, call)
  if (!is.null(covs)) {
    check_data_frame(covs, "covs")
    if (nrow(covs) != n) abort("input", "{.arg covs} has {nrow(covs)} row{?s}; {.arg treat} has {n}.")
  }
  new_nuisance(list(
    treat = treat$values, outcome = outcome$values, ps = as.numeric(ps), q1 = as.numeric(q1), q0 = as.numeric(q0),
    weights = weights, covs = covs, formula = NULL, terms = NULL,
    roles = list(outcome = "outcome", treatment = "treat", covariates = names(covs)),
    treat_levels = treat$levels, outcome_levels = outcome$levels, family = outcome$family, fits = NULL,
    learners = c(treatment = "given", outcome = "given"), crossfit = c(treatment = "given", outcome = "given"),
    folds = NULL, omitted = integer(), repeats = NULL
  ), resolve_bounds(bounds, n, call), call)
}

new_nuisance <- function(parts, bounds, call) {
  n <- length(parts$treat)
  bounded <- causal_bounds(parts$ps, as.numeric(bounds$value))
  # An adaptive bound is not known yet: estimate_effect() says what it bounds.
  share <- if (bounds$rule == "adaptive") 0 else bounded$n_bounded / n
  bounds <- c(bounds, bounded[c("n_bounded_1", "n_bounded_0", "n_bounded")])
  object <- c(parts, bounded[c("g1", "g0")], list(n = n, bounds = bounds))
  if (share > bounded_limit) warn_bounded(bounded$n_bounded, n, call)
  structure(object, class = "causalsynth_nuisance")
}
