#' Give rows without overlap a synthetic twin
#'
#' Where part of the study's rows have next to no chance of one treatment, rows of a pool (synthetic rows of a hybrid
#' that was trained on a randomised trial, say) stand in: each row gets a twin that had the other treatment, its nearest
#' row in the pool, and effects are estimated on both together by [estimate_effect()][estimate_effect.causalsynth_pair].
#'
#' @param formula Roles of the study, `Y ~ A | W1 + W2`.
#' @param data The study's rows, a data frame.
#' @param pool A pool of [generate()][generate.causalsynth_hybrid], or any data frame with the study's columns.
#' @param ... Unknown names are an error.
#' @param outcome Where twins come from. `"pool"`: rows of the pool that had the wanted treatment. `"hybrid"`: any rows
#'   of the pool, set to the wanted treatment, with the pool's outcome regression. `"self"`: any rows of the pool, with
#'   an outcome regression fitted to the study itself: it extrapolates to where it has no rows, and is here to be
#'   compared.
#' @param amount `"all"`: every row gets a twin of the other treatment. `"threshold"`: only rows beyond the threshold
#'   get one, of the treatment that they seldom have, those who seldom are treated first. `"auto"`: `"all"` where more
#'   than 5 % of the rows are beyond the threshold, else `"threshold"`.
#' @param threshold A row is *beyond* it if its probability of one treatment is smaller. `"gruber"`:
#'   min(.25, 5 / (sqrt(n) log n)); or a number from 0 to .5, such as .001.
#' @param draw `"expectation"`: a twin's outcome is its mean given treatment and covariates; `"random"`: a draw (with
#'   `outcome = "pool"`, the pool's own). Means add no noise, and are the default.
#' @param draws Number of random outcomes that are averaged for a twin.
#' @param refit_q FALSE takes the mean outcomes that a hybrid's pool knows (targeted, if the hybrid is); TRUE fits a
#'   regression to the pool's rows by `learner_outcome`, as is done for pools that do not know them.
#' @param propensity P(A = 1 | W), one a row of `data`; NULL predicts it out of bag by `learner_treatment`.
#' @param trial The rows that the pool's hybrid was trained on (or their [nuisance()]), for standard errors; they may be
#'   given to [estimate_effect()][estimate_effect.causalsynth_pair] instead.
#' @param distance `"euclidean"`, `"mahalanobis"` or `"gower"`, as in [match_nearest()], on the scale of `data`.
#' @param replace TRUE lets a row of the pool be the twin of several rows.
#' @param learner_treatment,learner_outcome Learners as in [nuisance()].
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @return An object of class `causalsynth_pair`, a list with
#'   * `data`: the rows of `data`, untouched and in their order, then the twins, with the columns `.source` (`"data"`,
#'     `"synthetic"`), `.pair` (the number of the row of `data`) and `.distance` (twins). Columns of `data` without a
#'     role are missing in twins. An outcome that is no number (a factor, say) is missing in twins with mean outcomes;
#'     then `.outcome` has all outcomes as numbers.
#'   * `pairs`: a row a twin, in the order matched: `row` of `data`, `pool_row`, `arm` (1 treated, 0 control),
#'     `distance`.
#'   * `beyond`, `n_beyond`: the rows beyond the threshold; `population`: the means of the covariates in `data` and in
#'     both together, and their difference in standard deviations, which says for whom an effect would be.
#'   * `treat`, `covs`, `weights`, `distance`, `estimand`, `s.weights`, `subclass` as in effects, for
#'     `cobalt::bal.tab()`.
#'
#'   Where no row is beyond the threshold, `amount = "threshold"` returns the data unchanged, and says so. Errors are of
#'   class `causalsynth_error_input` or `_data`: a pool without rows of the wanted treatment, one of fewer rows than are
#'   needed, columns that differ.
#' @details Distances are those of [match_nearest()]: numbers over their standard deviation in `data`. Columns that are
#'   constant in `data` count for nothing. The paper's program is `amount = "threshold", threshold = .001, draw =
#'   "random", refit_q = TRUE`.
#' @references Kim, Xu and Lin (2025) \doi{10.48550/arXiv.2511.00318}, study 3; Xu (2026), arXiv 2604.23904.
#' @seealso [estimate_effect()][estimate_effect.causalsynth_pair], [flip_sensitivity()], [compare_remedies()],
#'   [fuse_effects()] where the trial's rows themselves are at hand.
#' @examples
#' trial <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., trial, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' study <- generate(dgp_paper("none"), 200, seed = 3)
#' pair <- pair_synthetic(Y ~ A | ., study, generate(hybrid, 5000, seed = 4), seed = 5)
#' pair
#' head(pair$pairs)
#' @export
pair_synthetic <- function(formula, data, pool, ..., outcome = c("pool", "hybrid", "self"),
                           amount = c("all", "threshold", "auto"), threshold = "gruber",
                           draw = c("expectation", "random"), draws = 1, refit_q = FALSE, propensity = NULL,
                           distance = c("euclidean", "mahalanobis", "gower"), replace = FALSE,
                           learner_treatment = learn_forest(), learner_outcome = learn_forest(), trial = NULL,
                           seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_present(data, "data")
  check_present(pool, "pool")
  ask <- list(
    outcome = check_choice(outcome, c("pool", "hybrid", "self"), "outcome"),
    amount = check_choice(amount, c("all", "threshold", "auto"), "amount"),
    threshold = check_threshold(threshold, call),
    draw = check_choice(draw, c("expectation", "random"), "draw"), draws = check_whole(draws, "draws"),
    refit_q = check_flag(refit_q, "refit_q"),
    distance = check_choice(distance, c("euclidean", "mahalanobis", "gower"), "distance"),
    replace = check_flag(replace, "replace"), propensity = propensity,
    learner_treatment = check_learner(learner_treatment, "learner_treatment"),
    learner_outcome = check_learner(learner_outcome, "learner_outcome")
  )
  check_free_names(data, c(".source", ".pair", ".distance", ".outcome"), call)
  source <- pair_source(formula, data, pool, ask, call)
  if (!is.null(trial)) check_trial(trial, call)
  key <- rng_key(seed)
  pair <- make_pair(source, ask, list(key = key, threads = resolve_threads(threads), call = call))
  pair$trial <- trial
  pair
}

# The study, its pool and what the pool knows: list(formula, data, study, pool, covs, treat, outcome, means, origin).
pair_source <- function(formula, data, pool, ask, call) {
  study <- study_data(formula, data, call = call)
  if (length(study$covs) == 0) abort("input", "Pairing needs at least one covariate after {.code |}.", call = call)
  check_data_frame(pool, "pool", call = call)
  parts <- if (is_pool(pool)) pool_parts(pool, call)
  rows <- unclass_frame(if (is_pool(pool)) plain_rows(pool) else as.data.frame(pool))
  needed <- c(study$covariates, if (ask$outcome != "self") c(study$treatment, study$outcome))
  absent <- setdiff(needed, names(rows))
  if (length(absent)) {
    abort("data", c("{.arg pool} lacks {length(absent)} column{?s} of the study: {.val {absent}}.",
                    i = "Its columns are {.val {utils::head(names(rows), 12)}}."), call = call)
  }
  source <- list(formula = written_out(study, formula), data = data, study = study, pool = pool,
                 covs = rows[study$covariates], means = parts[c("q1", "q0")], origin = parts$origin)
  if (ask$outcome != "self") source <- c(source, pool_roles(rows, study, call))
  source
}

# The formula with `.` written out: the columns that pairing adds are no covariates.
written_out <- function(study, formula) {
  formula[[3]][[3]] <- stats::formula(study$terms)[[2]]
  formula
}

# The pool's treatment and outcome on the study's codes.
pool_roles <- function(rows, study, call, arg = "pool") {
  coded <- function(x, levels, name) {
    if (is.null(levels)) {
      if (!is.numeric(x)) {
        abort("data", "Column {.val {name}} of {.arg {arg}} is {describe(x)}; the study's is a number.", call = call)
      }
      values <- as.numeric(x)
      if (name == study$treatment || study$family == "binomial") values[!values %in% 0:1] <- NA
    } else {
      values <- match(if (is.numeric(x)) as.character(as.numeric(x)) else as.character(x), levels) - 1
    }
    bad <- sum(!is.finite(values))
    if (bad) {
      abort("data", c(
        "Column {.val {name}} of {.arg {arg}} is missing or has values that the study lacks in {bad} of {length(x)}
         row{?s}.",
        i = if (!is.null(levels)) "The study's values are {.val {levels}}."
      ), call = call)
    }
    values
  }
  list(treat = coded(rows[[study$treatment]], study$treat_levels, study$treatment),
       outcome = coded(rows[[study$outcome]], study$outcome_levels, study$outcome))
}

check_trial <- function(trial, call) {
  warn_pool_as_trial(trial, call)
  if (is.data.frame(trial) || inherits(trial, "causalsynth_nuisance")) return(invisible())
  abort("input", c("{.arg trial} must be a data frame, or its {.fn nuisance}.", x = "It is {describe(trial)}."),
        call = call)
}

# `run`: key, threads, call; `flip`: share of the pool's outcomes that are wrong (flip_sensitivity()); `tilt`: log odds
# added to twins' means, c(control, treated).
make_pair <- function(source, ask, run, flip = 0, tilt = c(0, 0)) {
  study <- source$study
  n <- study$n
  ps <- data_propensity(source$formula, source$data, ask$propensity, ask$learner_treatment, run$key, run$threads,
                        run$call)
  bound <- if (identical(ask$threshold, "gruber")) resolve_bounds("gruber", n, run$call)$value else ask$threshold
  beyond <- data.frame(row = which(ps < bound | ps > 1 - bound))
  beyond$ps <- ps[beyond$row]
  beyond$rare <- ifelse(beyond$ps < bound, "treated", "control")
  amount <- ask$amount
  if (amount == "auto") amount <- if (nrow(beyond) > .05 * n) "all" else "threshold"
  wanted <- if (amount == "all") {
    data.frame(row = c(which(study$treat == 0), which(study$treat == 1)),
               arm = rep(1:0, c(sum(study$treat == 0), sum(study$treat == 1))))
  } else {
    data.frame(row = c(which(ps < bound), which(ps > 1 - bound)),
               arm = rep(1:0, c(sum(ps < bound), sum(ps > 1 - bound))))
  }
  pairs <- find_twins(wanted, source, ask, run)
  twins <- twin_outcomes(pairs, source, ask, run, flip, tilt)
  new_pair(source, ask, list(ps = ps, threshold = bound, beyond = beyond, amount = amount, pairs = pairs,
                             twins = twins, key = run$key))
}

# Twins of the wanted rows: a data frame row, pool_row, arm, distance, in the order matched; `dropped` as an attribute.
find_twins <- function(wanted, source, ask, run) {
  space <- match_space(source$study$covs, source$covs, ask$distance, "pool", run$call)
  control <- run_control(run$threads, "Twins")
  free <- seq_len(nrow(source$covs))
  parts <- lapply(c(1L, 0L), function(arm) {
    rows <- wanted$row[wanted$arm == arm]
    if (length(rows) == 0) return(NULL)
    own <- if (ask$outcome == "pool") free[source$treat[free] == arm] else free
    check_supply(length(rows), length(own), arm, ask, run$call)
    found <- if (!ask$replace) greedy_in(space, rows, own, Inf, control) else {
      part <- space
      part$queries <- space$queries[rows, , drop = FALSE]
      part$reference <- space$reference[own, , drop = FALSE]
      one <- nearest_in(part, 1, Inf, control)
      list(index = own[one$index[, 1]], distance = one$distance[, 1])
    }
    if (anyNA(found$index)) abort("data", c(
      "{sum(is.na(found$index))} row{?s} {?has/have} no covariate in common with any row of {.arg pool}.",
      i = "Impute their missing values first."
    ), call = run$call)
    if (!ask$replace) free <<- setdiff(free, found$index)
    data.frame(row = rows, pool_row = found$index, arm = arm, distance = found$distance)
  })
  pairs <- do.call(rbind, c(list(data.frame(row = integer(), pool_row = integer(), arm = integer(),
                                            distance = numeric())), parts))
  attr(pairs, "dropped") <- space$dropped
  pairs
}

check_supply <- function(need, supply, arm, ask, call) {
  what <- if (ask$outcome == "pool") paste(c("control", "treated")[arm + 1], "row") else "row"
  if (supply == 0) {
    abort("data", c("{.arg pool} has no {what} left; {need} row{?s} of the study need {?a/} twin{?s}.",
                    i = "Draw a pool with both treatments, or use {.code outcome = \"hybrid\"}."), call = call)
  }
  if (supply >= need || ask$replace) return(invisible())
  abort("data", c("{.arg pool} has {count_phrase(supply, what)}; {need} are needed for twins without replacement.",
                  i = "Draw a larger pool, or use {.code replace = TRUE}."), call = call)
}

# "all" where every row has a twin, else "threshold".
pair_is_complete <- function(x) nrow(x$pairs) == x$n_data && !anyDuplicated(x$pairs$row)
