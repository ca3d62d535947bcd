#' Fit a hybrid generator
#'
#' Covariates come from a generator; treatment is drawn from a fitted propensity (or at random) and the outcome from
#' a fitted regression, so that each synthetic row's two mean outcomes, and with them the average treatment effect,
#' are known exactly.
#'
#' @details With `targeted = TRUE` the effect of the seed (the real data) is kept by construction: (1) arm means are
#' estimated on the seed by two-epsilon TMLE with honest nuisances, as `estimate_effect(formula, data, method =
#' "tmle", seed = seed)` does; (2) the outcome regression is refitted on all rows and fluctuated with the same
#' epsilons; (3) one shift per arm, on the logit scale of the outcome's range, makes the mean of `Q(a, W)` over
#' 200,000 rows of the generator (all its rows, for [gen_data()]) equal the seed's targeted arm mean. Rows are never
#' selected: a finite pool misses the law's effect by `sd(Q1 - Q0) / sqrt(n)`.
#'
#' An outcome that is a number is its regression plus a residual, drawn between the order statistics of the seed's
#' out-of-bag (or cross-fitted) residuals in the same arm at a similar predicted mean. Residuals are scaled down where
#' they would leave the seed's range, and values are rounded to the seed's decimals at random, up or down, so that
#' their mean stays Q. Spikes, such as many zeros, are smoothed over.
#'
#' @param formula Roles of the study, `Y ~ A | W1 + W2` (`.`: all other columns).
#' @param data The seed: a data frame, n rows. A is binary (0/1, logical or a factor of two levels); Y a number or
#'   binary.
#' @param generator Generator spec for the covariates, see [gen_forest()] and [gen_data()].
#' @param treatment `"fitted"`: A drawn from the fitted propensity; `"randomized"`: with the seed's share of treated
#'   rows, whatever the covariates.
#' @param targeted Keep the seed's effect by construction (see details)?
#' @param learner_treatment,learner_outcome Learners as in [nuisance()].
#' @param ... Unknown names are an error: arguments after `generator` are named in full.
#' @param bounds Bounds of the propensity in the estimation on the seed, as in [nuisance()].
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @return An object of class `causalsynth_hybrid`. [generate()][generate.causalsynth_hybrid] draws a pool of rows
#'   from it, [truth()] is the effect of its law, `$seed_effect` the seed's TMLE, `$fluctuation` the epsilons and
#'   shifts. Errors are of class `causalsynth_error_input` (formula, arguments) or `causalsynth_error_data` (a
#'   treatment that is not binary, one arm only, a constant outcome, missing or infinite values in treatment or
#'   outcome, infinite covariates).
#' @references Kim, Xu and Lin (2025) \doi{10.48550/arXiv.2511.00318}; van der Laan and Rubin (2006)
#'   \doi{10.2202/1557-4679.1043}.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' hybrid
#' pool <- generate(hybrid, 1000, seed = 3)
#' truth(pool)
#' @export
fit_hybrid <- function(formula, data, generator = gen_forest(), ..., treatment = c("fitted", "randomized"),
                       targeted = TRUE, learner_treatment = learn_forest(), learner_outcome = learn_forest(),
                       bounds = "gruber", seed = NULL, threads = NULL) {
  check_dots_empty(..., .known = c("treatment", "targeted", "learner_treatment", "learner_outcome", "bounds", "seed",
                                   "threads"))
  study <- study_data(formula, data)
  treatment <- check_choice(treatment, c("fitted", "randomized"), "treatment")
  check_flag(targeted, "targeted")
  if (length(study$covs) == 0) abort("input", "A hybrid needs at least one covariate after {.code |}.")
  learners <- list(treatment = check_learner(learner_treatment, "learner_treatment"),
                   outcome = check_learner(learner_outcome, "learner_outcome"))
  key <- rng_key(seed)
  threads <- resolve_threads(threads)
  nuisance <- nuisance(
    formula, data, learner_treatment = learners$treatment, learner_outcome = learners$outcome, bounds = bounds,
    seed = key, threads = threads
  )
  nuisance <- fix_bounds(nuisance)
  hybrid <- structure(list(
    formula = formula, roles = study[c("outcome", "treatment", "covariates")], family = study$family,
    template = row_template(data[names(data) %in% c(study$outcome, study$treatment, study$covariates)]),
    role_blueprint = column_blueprint(data[c(study$treatment, study$outcome)]),
    treat_levels = study$treat_levels, outcome_levels = study$outcome_levels,
    treatment = treatment, targeted = targeted, n_seed = study$n, share_treated = mean(study$treat),
    bounds = nuisance$bounds
  ), class = "causalsynth_hybrid")
  hybrid$generator <- fit_generator(generator, study_covs(data, study), seed = derive_key(key, "generator"),
                                    threads = threads)
  hybrid$models <- fit_models(study_job(study, learners, threads, rlang::current_env()), derive_key(key, "models"))
  hybrid$models <- without_rows(hybrid$models)
  hybrid$seed_effect <- seed_effect(nuisance)
  hybrid$residuals <- if (study$family == "gaussian") residual_law(study, nuisance)
  fit_outcome_law(hybrid, nuisance, derive_key(key, "law"), threads)
}

# The covariates as the data hold them (class kept), for the generator.
study_covs <- function(data, study) unclass_frame(as.data.frame(data)[study$covariates])

# The law that rows will be drawn from, seen on many rows of it: `law_rows` are fixed by the fit's key.
law_size <- 200000

fit_outcome_law <- function(hybrid, nuisance, key, threads) {
  rows <- law_rows(hybrid$generator, law_size, derive_key(key, "rows"), threads)
  base <- base_predictions(hybrid, rows, threads)
  hybrid$fluctuation <- if (hybrid$targeted) fit_target(hybrid, nuisance, base)
  law <- outcome_means(hybrid, base)
  hybrid$law <- list(mean_1 = mean(law$q1), mean_0 = mean(law$q0), n = nrow(rows),
                     sd = stats::sd(law$q1 - law$q0), exact = isTRUE(attr(rows, "exact")))
  hybrid
}

# Rows that stand for a generator's law; `exact` when they are all of it.
law_rows <- function(generator, n, key, threads) UseMethod("law_rows")

#' @exportS3Method
law_rows.causalsynth_generator <- function(generator, n, key, threads) {
  generate(generator, n, key, threads = threads)
}

# g (bounded by arm), and Q by arm before targeting, for covariate rows.
base_predictions <- function(hybrid, rows, threads) {
  predicted <- predict_models(hybrid$models, rows, threads)
  c(predicted, causal_bounds(predicted$ps, as.numeric(hybrid$bounds$value))[c("g1", "g0")])
}

# Q(1, W), Q(0, W) of the law.
outcome_means <- function(hybrid, base) {
  if (is.null(hybrid$fluctuation)) return(base[c("q1", "q0")])
  apply_target(hybrid$fluctuation, base)
}

#' @rdname generate.causalsynth_hybrid
#' @name generate.causalsynth_hybrid
#' @title Draw a pool of hybrid rows
#'
#' @param x A fitted hybrid.
#' @param n Number of rows, at least 1.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param ... Unknown names are an error.
#' @description Covariates from the hybrid's generator, treatment and outcome from its models.
#' @param counterfactuals Add the columns `.ps`, `.q1`, `.q0`: each row's probability of treatment and mean outcomes?
#' @param threads Number of threads, or `NULL` for the default; the rows do not depend on it.
#' @return A data frame of class `causalsynth_pool` and of the seed's class, with the seed's columns, types and
#'   levels. [truth()] of it is the exact mean of Q(1, W) - Q(0, W) over its rows, which travel with the rows
#'   through `[`, [rbind()], [merge()] and dplyr.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' generate(hybrid, 5, seed = 3)
#' @export
generate.causalsynth_hybrid <- function(x, n, seed = NULL, ..., counterfactuals = FALSE, threads = NULL) {
  check_dots_empty(..., .known = c("n", "seed", "counterfactuals", "threads"))
  n <- check_whole(n, "n", min = 1)
  check_flag(counterfactuals, "counterfactuals")
  key <- rng_key(seed)
  threads <- resolve_threads(threads)
  rows <- generate(x$generator, n, derive_key(key, "covariates"), threads = threads)
  base <- base_predictions(x, rows, threads)
  q <- outcome_means(x, base)
  share <- if (x$treatment == "randomized") rep(x$share_treated, n) else base$ps
  treat <- as.numeric(random_uniforms(unclass(derive_key(key, "treatment")), n) < share)
  mean <- ifelse(treat == 1, q$q1, q$q0)
  u <- random_uniforms(unclass(derive_key(key, "outcome")), n)
  outcome <- if (x$family == "binomial") as.numeric(u < mean) else {
    value <- mean + draw_residuals(x$residuals, treat, mean, u)
    decimals <- x$role_blueprint[[x$roles$outcome]]$decimals
    round_at_random(value, decimals, random_uniforms(unclass(derive_key(key, "rounding")), n))
  }
  columns <- as.list(rows)
  columns[[x$roles$treatment]] <- decode_role(treat, x$role_blueprint[[x$roles$treatment]], x$treat_levels)
  columns[[x$roles$outcome]] <- decode_role(outcome, x$role_blueprint[[x$roles$outcome]], x$outcome_levels)
  pool <- as_rows(columns[names(x$template)], x$template)
  if (counterfactuals) pool[c(".ps", ".q1", ".q0")] <- list(share, q$q1, q$q0)
  new_pool(pool, q$q1, q$q0, pool_origin(x))
}

# 0/1 back as the seed's own type; `levels` are the two labels in order.
decode_role <- function(values, entry, levels) {
  ptype <- entry$ptype
  if (is.character(ptype)) return(levels[values + 1])
  if (is.factor(ptype)) {
    return(structure(match(levels[values + 1], levels(ptype)), levels = levels(ptype), class = class(ptype)))
  }
  decode_column(values, entry)
}

#' @export
simulate.causalsynth_hybrid <- function(object, nsim = 1, seed = NULL, ..., n = object$n_seed) {
  nsim <- check_whole(nsim, "nsim", 0)
  key <- rng_key(seed)
  lapply(seq_len(nsim), function(i) generate(object, n, derive_key(key, "simulate", i), ...))
}
