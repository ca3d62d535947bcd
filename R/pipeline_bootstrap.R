#' Standard errors of synthetic data by a bootstrap of the whole pipeline
#'
#' Resamples the seed, fits everything anew on each resample (generator, nuisances, targets), draws a synthetic set and
#' analyses it: the spread of these estimates is the error of an analysis of one synthetic set, whatever the generator
#' and the learners. For untargeted hybrids and full synthetic sets, which carry no variance of their seed.
#'
#' @param x A hybrid of [fit_hybrid()] as it was fitted (one that was read from a file has no recipe), or a generator
#'   spec such as [gen_forest()], which then draws covariates, treatment and outcome together.
#' @param data The seed.
#' @param ... Arguments of [estimate_effect()], such as `learner_treatment` or `bounds`.
#' @param formula Roles, `Y ~ A | W1 + W2`; for a generator spec only.
#' @param method As in [estimate_effect()].
#' @param k Rows of the synthetic set; `NULL`: as many as the seed's.
#' @param replicates Number of resamples.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default. Resamples run in workers as in [estimate_effect()];
#'   the result does not depend on their number.
#' @return An effect of [estimate_effect()] on one synthetic set of the seed, whose covariance and intervals are those
#'   of the bootstrap (`$bootstrap` holds the replicates): estimate and standard error, normal limits. Resamples that
#'   fail are counted and printed. Errors are of class `causalsynth_error_input`, or `_fit` where most resamples fail.
#' @references Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 6.
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' plain <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), targeted = FALSE, seed = 2,
#'                     learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' pipeline_bootstrap(plain, study, replicates = 3, learner_treatment = learn_glm(),
#'                    learner_outcome = learn_glm(), seed = 3)
#' @export
pipeline_bootstrap <- function(x, data, ..., formula = NULL, method = "aipw", k = NULL, replicates = 200, seed = NULL,
                               threads = NULL) {
  call <- rlang::current_env()
  check_present(x, "x")
  check_data_frame(data, "data", min_rows = 2)
  k <- if (is.null(k)) nrow(data) else check_whole(k, "k", 2)
  replicates <- check_whole(replicates, "replicates", 2, 1e5)
  key <- rng_key(seed)
  threads <- resolve_threads(threads)
  plan <- c(pipeline_plan(x, formula, call), list(data = data, k = k, method = method, dots = list(...), key = key))
  fit <- run_pipeline(plan, data, derive_key(key, "whole"), threads)
  results <- map_units(replicates, function(b, threads) pipeline_replicate(b, plan, threads), threads, "Resampling")
  boot <- collect_replicates(results, fit$estimates)
  check_enough(boot, replicates, call)
  boot$type <- "normal"
  boot$asked <- replicates
  boot$folds <- character()
  fit$bootstrap <- boot
  fit <- bootstrap_inference(fit)
  fit$inference[] <- sprintf("bootstrap of the whole pipeline (%s resamples of the seed)",
                             format(nrow(boot$values), big.mark = ","))
  fit$synthetic <- sprintf("for the population: one set of %s rows, made anew from each resample of %s rows of seed",
                           format(k, big.mark = ","), format(nrow(data), big.mark = ","))
  fit
}

# How a set is made of rows of seed: list(make(rows, key, threads), formula).
pipeline_plan <- function(x, formula, call) {
  if (inherits(x, "causalsynth_gen")) {
    if (is.null(formula)) {
      abort("input", "A generator spec has no roles: give {.arg formula}, such as {.code Y ~ A | .}.", call = call)
    }
    return(list(formula = formula, make = function(rows, k, key, threads, cluster = NULL) {
      roles <- parse_roles(formula, rows)
      used <- names(rows) %in% c(roles$outcome, roles$treatment, roles$covariates)
      fit <- fit_generator(x, rows[used], seed = derive_key(key, "generator"), threads = threads)
      as.data.frame(generate(fit, k, derive_key(key, "rows"), threads = threads))
    }))
  }
  if (!inherits(x, "causalsynth_hybrid") || is.null(x$recipe)) {
    abort("input", c(
      "{.arg x} must be a hybrid as {.fn fit_hybrid} returned it, or a generator spec.",
      x = if (inherits(x, "causalsynth_hybrid")) "It was read from a file, which does not hold how it was fitted."
      else "It is {describe(x)}."
    ), call = call)
  }
  list(formula = x$formula, make = function(rows, k, key, threads, cluster = NULL) {
    hybrid <- refit_hybrid(x, rows, cluster, derive_key(key, "hybrid"), threads)
    plain_rows(generate(hybrid, k, derive_key(key, "rows"), threads = threads))
  })
}

# The same hybrid of other rows; `cluster`: which of them are copies of one.
refit_hybrid <- function(x, rows, cluster, key, threads) {
  call <- rlang::current_env()
  several <- length(x$arms) > 2
  study <- study_data(x$formula, rows, coded = if (several) arms_treatment else binary_treatment, call = call)
  study$several <- several
  treatment <- switch(x$assignment$kind, fitted = "fitted", "function" = x$assignment$fun,
                      randomized = x$assignment$spec)
  ask <- c(x$recipe, list(targeted = x$targeted, proper = FALSE, threads = threads, cluster = cluster))
  hybrid <- new_hybrid(x$formula, rows, study, ask, resolve_assignment(treatment, study, call), x$knobs)
  fit_hybrid_parts(hybrid, rows, study, ask, key, call)
}

run_pipeline <- function(plan, rows, key, threads, cluster = NULL) {
  made <- plan$make(rows, plan$k, key, threads, cluster)
  rlang::exec(estimate_effect, plan$formula, made, method = plan$method, !!!plan$dots,
              seed = derive_key(key, "analysis"), threads = threads)
}

# list(estimate, warned) or list(error).
pipeline_replicate <- function(b, plan, threads) {
  key <- derive_key(plan$key, "resample", b)
  n <- nrow(plan$data)
  index <- pmin(floor(random_uniforms(unclass(derive_key(key, "rows")), n) * n) + 1, n)
  warned <- FALSE
  found <- tryCatch(withCallingHandlers({
    rows <- take_template_rows(plan$data, index)
    list(estimate = run_pipeline(plan, rows, key, threads, index)$estimates$estimate)
  }, warning = function(w) {
    warned <<- TRUE
    invokeRestart("muffleWarning")
  }), error = function(e) list(error = rlang::cnd_header(e)))
  c(found, warned = warned)
}
