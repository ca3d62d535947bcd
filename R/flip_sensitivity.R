#' How far the twins' outcomes may be wrong
#'
#' Estimates again with twins' outcomes made worse: a share of the pool's outcomes flipped, and all twins' odds
#' multiplied,
#' until the conclusion tips.
#'
#' @param pair A pair object of [pair_synthetic()].
#' @param rates Shares of the pool's outcomes that are flipped, from 0 to .5 (binary outcomes). Where the twins' means
#'   are
#'   known, a share rho makes of a mean q (1 - 2 rho) q + rho; where they are fitted, the pool's outcomes are flipped at
#'   random before the fit.
#' @param odds_ratio Factors on the odds of twins' outcomes, above 0. For an outcome that is a number its logarithm is a
#'   shift in standard deviations.
#' @param direction `"effect"`: treated twins' odds are multiplied and control twins' divided, the worst for the
#'   effect. `"outcome"`: those of all twins are multiplied.
#' @param method One method, as in [estimate_effect()][estimate_effect.causalsynth_pair].
#' @param conf.level Confidence level.
#' @param trial,... As in [estimate_effect()][estimate_effect.causalsynth_pair]; the trial's part of the variance is
#'   that
#'   of the estimate as it is.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @return An object of class `causalsynth_sensitivity`: `$flips` and `$tilts`, data frames of `rate` or `odds_ratio`,
#'   `estimate`, `std.error`, `conf.low`, `conf.high`; `$tipping_point`, the odds ratio nearest to 1 from which the
#'   interval holds 0 (the estimate is 0, where there is no interval), 1 where it holds 0 as it is, `NA` where none up
#'   to
#'   1000 either way does; [tidy()], `autoplot()`.
#' @references Rosenbaum (2002), Observational Studies, chapter 4; VanderWeele and Ding (2017), Annals of Internal
#'   Medicine 167, 268-274; Kim, Xu and Lin (2025) \doi{10.48550/arXiv.2511.00318} (label flips).
#' @examples
#' trial <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., trial, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' study <- generate(dgp_paper("none"), 200, seed = 3)
#' pair <- pair_synthetic(Y ~ A | ., study, generate(hybrid, 5000, seed = 4), seed = 5)
#' flip_sensitivity(pair)
#' @export
flip_sensitivity <- function(pair, rates = c(.05, .1, .2), odds_ratio = 2^seq(-3, 3, by = .5), ...,
                             direction = c("effect", "outcome"), method = "aipw", trial = NULL, conf.level = .95,
                             seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_present(pair, "pair")
  if (!inherits(pair, "causalsynth_pair")) {
    abort("input", "{.arg pair} must be made by {.fn pair_synthetic}; it is {describe(pair)}.")
  }
  if (pair$n_twins == 0) abort("input", "There are no twins, so nothing can be wrong with them.")
  check_each(rates, "rates", 0, .5, call)
  check_each(odds_ratio, "odds_ratio", 1e-6, 1e6, call)
  direction <- check_choice(direction, c("effect", "outcome"), "direction")
  check_level(conf.level, "conf.level")
  if (length(pair_methods(method, call)) > 1) abort("input", "{.arg method} must be one method.")
  binary <- pair$family == "binomial"
  key <- rng_key(seed)
  base <- estimate_effect(pair, method, ..., trial = trial, seed = key, threads = threads)
  dots <- list(...)
  dots$learner_membership <- NULL
  ask <- list(method = pair_methods(method, call), dots = dots)
  run <- list(key = key, threads = resolve_threads(threads), call = call)
  at <- function(flip = 0, log_odds = 0) {
    tilt <- log_odds * if (direction == "effect") c(-1, 1) else c(1, 1)
    changed <- with_outcomes(pair, flip, tilt, run)
    fit <- pair_estimates(changed, ask, run)
    variance <- if (is.na(base$estimates$std.error[1])) NA_real_
                else study_part(fit, changed)[1, 1] + base$trial_variance[1, 1]
    scenario_row(fit$estimates$estimate[1], sqrt(variance), conf.level)
  }
  flips <- if (binary && length(rates)) {
    do.call(rbind, lapply(sort(unique(c(0, rates))), function(r) cbind(rate = r, at(flip = r))))
  }
  tilts <- do.call(rbind, lapply(sort(unique(c(1, odds_ratio))), function(o) {
    cbind(odds_ratio = o, at(log_odds = log(o)))
  }))
  structure(list(
    flips = flips, tilts = tilts, tipping_point = tipping_point(at), direction = direction,
    method = names(ask$method), conf.level = conf.level, binary = binary, n_twins = pair$n_twins,
    known = !is.na(base$estimates$std.error[1]), roles = pair$roles
  ), class = "causalsynth_sensitivity")
}

check_each <- function(x, arg, low, high, call) {
  if (is.numeric(x) && !anyNA(x) && all(x >= low & x <= high)) return(invisible())
  abort("input", c("{.arg {arg}} must be numbers from {low} to {high}.", x = "It is {describe(x)}."), call = call)
}

# The pair with its twins as they are, and their outcomes changed.
with_outcomes <- function(pair, flip, tilt, run) {
  inner <- list(key = pair$key, threads = run$threads, call = run$call)
  twins <- twin_outcomes(pair$pairs, pair$source, pair$settings, inner, flip, tilt)
  pair$twins <- twins
  pair$outcome[pair$n_data + seq_len(pair$n_twins)] <- twins$y
  pair
}

scenario_row <- function(estimate, se, level) {
  half <- stats::qnorm((1 + level) / 2) * se
  data.frame(estimate = estimate, std.error = se, conf.low = estimate - half, conf.high = estimate + half)
}

# The odds ratio nearest to 1 at which the interval's end (or the estimate) on zero's side reaches zero; 1 where it is
# there already.
tipping_point <- function(at, most = log(1000)) {
  base <- at()
  known <- !is.na(base$std.error)
  sign <- sign(base$estimate)
  end <- function(log_odds) {
    row <- at(log_odds = log_odds)
    sign * if (!known) row$estimate else if (sign > 0) row$conf.low else row$conf.high
  }
  if (sign == 0 || end(0) <= 0) return(1)
  found <- vapply(c(-1, 1), function(side) {
    grid <- side * most * (1:12) / 12
    values <- c(end(0), vapply(grid, end, 1))
    first <- which(values <= 0)[1]
    if (is.na(first)) return(NA_real_)
    ends <- c(0, grid)[c(first - 1, first)]
    stats::uniroot(end, ends, tol = 1e-4)$root
  }, 1)
  if (all(is.na(found))) return(NA_real_)
  exp(found[which.min(abs(found))])
}

#' @export
format.causalsynth_sensitivity <- function(x, ...) {
  unit <- if (x$binary) "odds ratio" else "shift (as exp of standard deviations)"
  what <- if (x$direction == "effect") "treated twins up, control twins down (below 1: the other way round)"
          else "all twins alike"
  tip <- x$tipping_point
  held <- if (x$known) paste0("the ", 100 * x$conf.level, " % interval holds 0") else "the estimate is 0"
  c(
    paste0("<sensitivity> of the ATE (", x$method, ") to the outcomes of ", count_phrase(x$n_twins, "twin")),
    if (!is.null(x$flips)) {
      paste("Flipped outcomes:", paste(percent(x$flips$rate), short_number(x$flips$estimate), collapse = ", "))
    },
    paste0("Tilt by ", unit, ", ", what),
    if (is.na(tip)) "Tipping point: none up to 1000 either way"
    else if (tip == 1) paste("Tipping point: none needed,", held, "as it is")
    else paste("Tipping point:", if (x$known) "from" else "at", unit, signif(tip, 3), if (x$known) "on", held)
  )
}

#' @export
print.causalsynth_sensitivity <- function(x, ...) {
  shown <- x$tilts[unique(round(seq(1, nrow(x$tilts), length.out = min(13, nrow(x$tilts))))), ]
  show_lines(format(x), c(table_lines(format(shown, digits = 3)),
                          if (nrow(shown) < nrow(x$tilts)) "(more rows: see tidy())"),
             then = "autoplot(); could the twins be as wrong as the tipping point says?")
  invisible(x)
}

#' @export
summary.causalsynth_sensitivity <- function(object, ...) {
  structure(list(about = format(object), table = tidy(object)), class = "summary.causalsynth_sensitivity")
}

#' @export
print.summary.causalsynth_sensitivity <- function(x, ...) {
  write_wrapped(x$about)
  print(x$table, row.names = FALSE, digits = 3)
  invisible(x)
}

#' Tables and figures of a sensitivity analysis
#'
#' @param x,object An object of [flip_sensitivity()].
#' @param ... Not used; an unknown argument is an error.
#' @return `tidy()`: a data frame with columns `kind` (`"flip"`, `"tilt"`), `value` (the rate or the odds ratio),
#'   `estimate`, `std.error`, `conf.low`, `conf.high`. `autoplot()`: the curve over odds ratios with its interval, the
#'   tipping point dashed.
#' @examples
#' trial <- generate(dgp_paper(), 300, seed = 1)
#' study <- generate(dgp_paper("none"), 100, seed = 2)
#' hybrid <- fit_hybrid(Y ~ A | ., trial, gen_data(trial[1:6]), seed = 3,
#'                      learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' pair <- pair_synthetic(Y ~ A | ., study, generate(hybrid, 1000, seed = 4), seed = 5)
#' ggplot2::autoplot(flip_sensitivity(pair))
#' @name sensitivity_methods
NULL

#' @rdname sensitivity_methods
#' @export
tidy.causalsynth_sensitivity <- function(x, ...) {
  check_dots_empty(...)
  as_kind <- function(table, kind) {
    if (is.null(table)) return(NULL)
    data.frame(kind = kind, value = table[[1]], table[-1])
  }
  table <- rbind(as_kind(x$flips, "flip"), as_kind(x$tilts, "tilt"))
  rownames(table) <- NULL
  table
}

#' @rdname sensitivity_methods
#' @exportS3Method ggplot2::autoplot causalsynth_sensitivity
autoplot.causalsynth_sensitivity <- function(object, ...) {
  check_dots_empty(...)
  rows <- object$tilts
  picture <- ggplot2::ggplot(rows, ggplot2::aes(.data$odds_ratio, .data$estimate)) +
    ggplot2::geom_hline(yintercept = 0, colour = "grey60")
  if (object$known) {
    picture <- picture + ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$conf.low, ymax = .data$conf.high), alpha = .2,
                                              fill = plot_colours[1])
  }
  tip <- object$tipping_point
  if (!is.na(tip) && tip != 1) picture <- picture + ggplot2::geom_vline(xintercept = tip, linetype = 2,
                                                                      colour = plot_colours[2])
  picture + ggplot2::geom_line(colour = plot_colours[1]) + ggplot2::geom_point(colour = plot_colours[1]) +
    ggplot2::scale_x_log10() +
    ggplot2::labs(x = if (object$binary) "odds ratio on twins' outcomes" else "exp(shift in standard deviations)",
                  y = paste0("ATE (", object$method, ")")) +
    ggplot2::theme_minimal()
}
