#' Augment the outcome regression with synthetic rows
#'
#' Fits the outcome regression to the study and a pool together, corrects it by targeted learning on the study's rows
#' only,
#' and carries the correction over to the pool: beside the study alone, with and without it, and with a share of the
#' pool's
#' outcomes flipped.
#'
#' @param formula Roles of the study, `Y ~ A | W1 + W2`.
#' @param data The study's rows, a data frame.
#' @param pool A pool of [generate()][generate.causalsynth_hybrid], or any data frame with the study's columns.
#' @param ... Unknown names are an error.
#' @param flip Shares of the pool's outcomes that are flipped at random before the fit (binary outcomes).
#' @param learner_treatment,learner_outcome,bounds As in [nuisance()].
#' @param conf.level Confidence level.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @return An object of class `causalsynth_augmented`: `$estimates`, a data frame with a row for each outcome regression
#'   (`fitted_on`: `"study"` or `"study + pool"`; `flip`), `correction` and rows that it is averaged over (`over`:
#'   `"study"`, `"study + pool"`): `estimate`, `mean_1`, `mean_0`, `std.error`, `conf.low`, `conf.high`. `$epsilon`: the
#'   fluctuation of each regression. [tidy()], `autoplot()`.
#' @details `correction` is
#'   * `"none"`: the mean of Q(1, W) - Q(0, W);
#'   * `"targeted"`: Q is fluctuated as in [est_tmle()] until the study's rows solve the score; over study and pool the
#'     study's epsilon is *transported*: logit Q + epsilon_a / g_a(W), with the study's propensity at the pool's rows;
#'   * `"soft refit"`: the corrected means Q*(A, W) of all rows are the labels to which the regression is fitted anew.
#'
#' Q of a row of the study is predicted without that row. Standard errors are those of the study's influence function,
#' for
#' the targeted estimate over the study's rows, which takes the pool as given: it is valid as far as g is, whatever the
#' pool did to Q. The others have none: the error of a regression that is not targeted, or of what the pool's law
#' adds, is unknown.
#' @references Kim, Xu and Lin (2025) \doi{10.48550/arXiv.2511.00318}, study 4; van der Laan and Rubin (2006)
#'   \doi{10.2202/1557-4679.1043}.
#' @seealso [pair_synthetic()] for twins, [fuse_effects()] where the trial's rows are at hand.
#' @examples
#' trial <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., trial, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' study <- generate(dgp_paper("weak"), 300, seed = 3)
#' augment_outcome(Y ~ A | ., study, generate(hybrid, 1000, seed = 4), seed = 5,
#'                 learner_treatment = learn_glm(), learner_outcome = learn_forest(trees = 50))
#' @export
augment_outcome <- function(formula, data, pool, ..., flip = c(0, .05, .1), learner_treatment = learn_forest(),
                            learner_outcome = learn_forest(), bounds = "gruber", conf.level = .95, seed = NULL,
                            threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_present(data, "data")
  check_present(pool, "pool")
  check_each(flip, "flip", 0, .5, call)
  check_level(conf.level, "conf.level")
  learners <- list(treatment = check_learner(learner_treatment, "learner_treatment"),
                   outcome = check_learner(learner_outcome, "learner_outcome"))
  source <- pair_source(formula, data, pool, list(outcome = "pool"), call)
  if (any(flip > 0)) check_flips(source, call)
  encode_columns(source$covs, column_blueprint(source$study$covs, decimals = FALSE), "pool", call)
  run <- list(key = rng_key(seed), threads = resolve_threads(threads), call = call, learners = learners)
  alone <- suppressWarnings(
    nuisance(formula, data, learners$treatment, learners$outcome, bounds = bounds,
             seed = derive_key(run$key, "study"), threads = run$threads),
    classes = "causalsynth_warning_overlap"
  )
  alone <- fix_bounds(alone)
  g_pool <- pool_propensity(source, alone, run)
  study_only <- augmented_row_set(alone, NULL, source, 0, run)
  with_pool <- lapply(unique(flip), function(share) augmented_row_set(alone, g_pool, source, share, run))
  sets <- c(list(study_only), with_pool)
  table <- do.call(rbind, lapply(sets, `[[`, "table"))
  half <- stats::qnorm((1 + conf.level) / 2) * table$std.error
  table$conf.low <- table$estimate - half
  table$conf.high <- table$estimate + half
  structure(list(
    estimates = table, epsilon = do.call(rbind, lapply(sets, `[[`, "epsilon")), n_data = source$study$n,
    n_pool = nrow(source$covs), bounds = alone$bounds, conf.level = conf.level, learners = alone$learners,
    roles = alone$roles
  ), class = "causalsynth_augmented")
}

# The study's propensity at the pool's rows: list(g1, g0), bounded as the study's.
pool_propensity <- function(source, alone, run) {
  study <- source$study
  study$covs <- fixed_levels(study$covs)
  job <- study_job(study, run$learners, run$threads, run$call)
  fit <- hush_separation(fit_part(job, "treatment", seq_along(study$treat), NA, derive_key(run$key, "propensity")))
  job$covs <- match_levels(fixed_levels(source$covs), study$covs)
  causal_bounds(predict_part(job, fit, NULL, NA)[[1]], as.numeric(alone$bounds$value))[c("g1", "g0")]
}

# All estimates of one outcome regression: on the study (g_pool NULL), or on study and pool. list(table, epsilon).
augmented_row_set <- function(alone, g_pool, source, flip, run) {
  augmented <- !is.null(g_pool)
  key <- derive_key(run$key, if (augmented) "with pool" else "alone", round(1e6 * flip))
  rows <- study_and_pool(alone, source, flip, augmented, key, run)
  n <- alone$n
  q <- honest_means(rows, rows$y, alone, run, derive_key(key, "regression"))
  own <- alone
  own$q1 <- q$q1[seq_len(n)]
  own$q0 <- q$q0[seq_len(n)]
  fit <- target_q(own)
  targeted <- estimate_effect(own, method = "tmle")$estimates
  target <- list(epsilon_1 = fit$epsilon[["treated"]], epsilon_0 = fit$epsilon[["control"]], low = fit$y_low,
                 high = fit$y_high, bound = est_tmle()$q_bounds)
  g <- list(g1 = c(alone$g1, g_pool$g1), g0 = c(alone$g0, g_pool$g0))
  corrected <- list(q1 = transported(target, q$q1, target$epsilon_1, g$g1),
                    q0 = transported(target, q$q0, target$epsilon_0, g$g0))
  soft <- honest_means(rows, ifelse(rows$treat == 1, corrected$q1, corrected$q0), alone, run, derive_key(key, "soft"))
  one <- function(correction, means, over, se = NA_real_) {
    used <- if (over == "study") seq_len(n) else seq_along(means$q1)
    m <- c(mean(means$q1[used]), mean(means$q0[used]))
    data.frame(fitted_on = if (augmented) "study + pool" else "study", flip = flip, correction = correction,
               over = over, estimate = m[1] - m[2], mean_1 = m[1], mean_0 = m[2], std.error = se)
  }
  study <- rbind(one("none", q, "study"), one("targeted", corrected, "study", targeted$std.error[1]),
                 one("soft refit", soft, "study"))
  both <- if (augmented) {
    rbind(one("none", q, "study + pool"), one("targeted", corrected, "study + pool"),
          one("soft refit", soft, "study + pool"))
  }
  list(table = rbind(study, both),
       epsilon = data.frame(fitted_on = study$fitted_on[1], flip = flip, epsilon_1 = target$epsilon_1,
                            epsilon_0 = target$epsilon_0))
}

# Means under the study's fluctuation of one arm: logit Q + epsilon / g on the unit scale.
transported <- function(target, q, epsilon, g) {
  unit <- pmin(pmax((q - target$low) / (target$high - target$low), target$bound), 1 - target$bound)
  target$low + stats::plogis(stats::qlogis(unit) + epsilon / g) * (target$high - target$low)
}

# list(covs, treat, y) of the study's rows, and of the pool's below.
study_and_pool <- function(alone, source, flip, augmented, key, run) {
  if (!augmented) return(list(covs = alone$covs, treat = alone$treat, y = alone$outcome))
  pool <- flipped(source, flip, list(key = key))
  covs <- match_levels(fixed_levels(source$covs), fixed_levels(alone$covs))
  list(covs = bind_columns(fixed_levels(alone$covs), covs), treat = c(alone$treat, pool$treat),
       y = c(alone$outcome, pool$outcome))
}

# Q(1, W) and Q(0, W) of all rows, none predicted by a fit that saw it.
honest_means <- function(rows, y, alone, run, key) {
  binary <- all(y %in% c(0, 1))
  study <- list(covs = rows$covs, terms = alone$terms, treat = rows$treat, treatment = alone$roles$treatment,
                outcome_values = y, family = if (binary) "binomial" else "gaussian")
  job <- study_job(study, list(treatment = learn_nothing(), outcome = run$learners$outcome), run$threads, run$call)
  job$crossfit <- resolve_crossfit(NULL, job$learners, run$call)
  job$folds <- 5
  part <- hush_separation(crossfit_once(job, key))
  if (alone$family != "binomial") return(part[c("q1", "q0")])
  # Soft labels are no 0/1 outcome: a linear fit may leave the unit interval.
  lapply(part[c("q1", "q0")], function(v) pmin(pmax(v, 0), 1))
}

#' @export
format.causalsynth_augmented <- function(x, ...) {
  c(
    paste0("<augmented> outcome regression of ", x$roles$outcome, " on ", thousands(x$n_data),
           " rows of the study and ", thousands(x$n_pool), " of the pool, corrected on the study's rows"),
    paste0("propensity bounds: ", bounds_phrase(x$bounds, x$n_data))
  )
}

#' @export
print.causalsynth_augmented <- function(x, ...) {
  text <- format(x)
  table <- x$estimates[c("fitted_on", "flip", "correction", "over", "estimate", "std.error")]
  shown <- utils::head(table, 14)
  shown$flip <- percent(shown$flip)
  show_lines(text, c(table_lines(shown), if (nrow(table) > nrow(shown)) "(more rows: see tidy())"),
             "Without a standard error: the error of a regression that is not targeted is unknown.",
             then = "autoplot(), tidy(); fuse_effects() where the trial's rows are at hand.")
  invisible(x)
}

#' @export
summary.causalsynth_augmented <- function(object, ...) {
  structure(list(about = format(object), table = tidy(object), epsilon = object$epsilon),
            class = "summary.causalsynth_augmented")
}

#' @export
print.summary.causalsynth_augmented <- function(x, ...) {
  write_wrapped(x$about)
  print(x$table, row.names = FALSE, digits = 3)
  cat("Fluctuations:\n")
  print(x$epsilon, row.names = FALSE, digits = 3)
  invisible(x)
}

#' Tables and figures of augmented outcome regressions
#'
#' @param x,object An object of [augment_outcome()].
#' @param ... Not used; an unknown argument is an error.
#' @return `tidy()`: its table of estimates. `autoplot()`: the estimates, by regression and correction.
#' @examples
#' study <- generate(dgp_paper("weak"), 200, seed = 1)
#' other <- generate(dgp_paper(), 300, seed = 2)
#' fit <- augment_outcome(Y ~ A | ., study, other, flip = 0, seed = 3, learner_treatment = learn_glm(),
#'                        learner_outcome = learn_glm())
#' tidy(fit)
#' ggplot2::autoplot(fit)
#' @name augmented_methods
NULL

#' @rdname augmented_methods
#' @export
tidy.causalsynth_augmented <- function(x, ...) {
  check_dots_empty(...)
  table <- x$estimates
  rownames(table) <- NULL
  table
}

#' @rdname augmented_methods
#' @exportS3Method ggplot2::autoplot causalsynth_augmented
autoplot.causalsynth_augmented <- function(object, ...) {
  check_dots_empty(...)
  rows <- tidy(object)
  rows$label <- paste0(rows$fitted_on, ifelse(rows$flip > 0, paste0(", ", percent(rows$flip), " flipped"), ""))
  rows$label <- factor(rows$label, rev(unique(rows$label)))
  ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$label, colour = .data$correction, shape = .data$over)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high),
                            rows[!is.na(rows$std.error), ]) +
    ggplot2::geom_point(size = 2) +
    ggplot2::scale_colour_manual(values = plot_colours[1:3]) +
    ggplot2::labs(x = "ATE", y = "outcome regression fitted on", colour = "correction", shape = "averaged over") +
    ggplot2::theme_minimal()
}
