#' Targeted maximum likelihood
#'
#' Fluctuates the outcome regression on the scaled logit until the efficient score is solved, then averages it.
#' Estimates ATE, ATT and ATC. A binary outcome is taken as it is; any other is scaled to \[0, 1\] by its range, or by
#' `y_bounds`.
#'
#' @details logit Q_a* = logit Q_a + epsilon_a h_a, with the clever covariate h_a of each arm: for the ATE 1 / g_a, for
#' the ATT 1 (treated) and g / (1 - g) (control), for the ATC (1 - g) / g and 1. The mean of arm a is that of Q_a*
#' over the target's rows: all, the treated, the controls. As this takes the law of W within the target from the
#' rows themselves, only Q is fluctuated, and one step per arm solves the efficient influence equation; no iteration
#' between Q and g is needed. `glance()` gives what is left of that equation (`score`).
#'
#' @param fluctuation `"two"` fits one epsilon an arm, `"one"` a single one with H = A h1 - (1 - A) h0, which solves
#'   the score of the difference, not of either mean.
#' @param target_weights FALSE puts h in the clever covariate; TRUE in the weights of the loss.
#' @param q_bounds Initial regressions are bounded to \[q_bounds, 1 - q_bounds\] on the unit scale, and counted.
#' @param y_bounds Known least and largest value of an outcome that is a number, `c(low, high)`, for the unit scale;
#'   `NULL` takes the range of the rows. An outcome outside is an error of class `causalsynth_error_data`.
#' @return An estimator for [estimate_effect()].
#' @references van der Laan and Rubin (2006), Int. J. Biostatistics 2(1); Gruber and van der Laan (2010), Int. J.
#'   Biostatistics 6(1), article 26; van der Laan and Rose (2011), Targeted Learning, chapter 8 (ATT).
#' @examples
#' est_tmle(fluctuation = "one")
#' est_tmle(y_bounds = c(0, 100))
#' @export
est_tmle <- function(fluctuation = c("two", "one"), target_weights = FALSE, q_bounds = 5e-4, y_bounds = NULL) {
  q_bounds <- check_number(q_bounds, "q_bounds", 0, .49)
  if (q_bounds == 0) abort("input", "{.arg q_bounds} must be above 0.")
  ok <- is.null(y_bounds) || (is.numeric(y_bounds) && length(y_bounds) == 2 && all(is.finite(y_bounds)) &&
                                y_bounds[1] < y_bounds[2])
  if (!ok) {
    abort("input", c("{.arg y_bounds} must be {.code c(low, high)} with low < high, or NULL.",
                     x = "It is {describe(y_bounds)}."))
  }
  new_estimator("tmle", fluctuation = check_choice(fluctuation, c("two", "one"), "fluctuation"),
                target_weights = check_flag(target_weights, "target_weights"), q_bounds = q_bounds,
                y_bounds = y_bounds)
}

# The targeted regressions of a nuisance object (or of one repetition's pieces): list(q1, q0, epsilon (one, or
# control and treated), y_low, y_high, n_q_bounded, converged, and the estimator's means and influence functions).
target_q <- function(nuisance, est = est_tmle(), estimand = "ATE", call = rlang::caller_env()) {
  check_tmle_g(nuisance, estimand, call)
  range <- outcome_range(nuisance, est$y_bounds, call)
  two <- est$fluctuation == "two"
  both <- is.null(nuisance$arms)
  fit <- causal_tmle(core_pieces(nuisance), list(
    estimand = estimand, two = two, both = both, target_weights = est$target_weights, q_bounds = est$q_bounds,
    low = range[1], high = range[2]
  ))
  if (two) names(fit$epsilon) <- if (both) c("control", "treated") else "treated"
  c(fit, list(y_low = range[1], y_high = range[2]))
}

# The ATT needs P(A = 0 | W) only, the ATC P(A = 1 | W).
check_tmle_g <- function(pieces, estimand, call) {
  if (estimand == "ATT") pieces$g1 <- rep(1, length(pieces$treat))
  if (estimand == "ATC") pieces$g0 <- rep(1, length(pieces$treat))
  check_positive_g(pieces, TRUE, "tmle", call)
}

outcome_range <- function(pieces, y_bounds, call) {
  if (pieces$family == "binomial") return(c(0, 1))
  range <- range(pieces$outcome)
  if (is.null(y_bounds)) return(range)
  outside <- sum(pieces$outcome < y_bounds[1] | pieces$outcome > y_bounds[2])
  if (outside) {
    abort("data", c(
      "The outcome lies outside {.code y_bounds = c({y_bounds[1]}, {y_bounds[2]})} in {outside} row{?s}.",
      x = "It ranges from {signif(range[1], 4)} to {signif(range[2], 4)}.",
      i = "Give bounds that hold for all rows, or leave {.arg y_bounds} NULL."
    ), call = call)
  }
  y_bounds
}

#' @exportS3Method
check_request.est_tmle <- function(est, estimand, se, call) {
  check_estimand(estimand, c("ATE", "ATT", "ATC"), "tmle", call)
  if (se == "sandwich") abort("input", c(
    "{.code se = \"sandwich\"} is not available for {.val tmle}.",
    i = "Use {.code se = \"if\"}, or {.val iptw}, {.val aipw} or {.val or}."
  ), call = call)
}

#' @exportS3Method
run_estimator.est_tmle <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  fit <- target_q(pieces, est, estimand, call)
  score <- if (is.null(pieces$arms)) fit$if_1 - fit$if_0 else fit$if_1
  fit$score <- mean(score)
  # Solved when what is left is nothing beside the standard error.
  fit$converged <- fit$converged && abs(fit$score) <= 1e-6 * stats::sd(score) / sqrt(length(score)) +
    1e-10 * (fit$y_high - fit$y_low)
  if (!fit$converged) {
    cli::cli_warn("TMLE's fluctuation did not converge: its estimate rests on weights too large to solve the score.",
                  class = c("causalsynth_warning_fit", "causalsynth_warning"), call = call)
  }
  n <- length(pieces$treat)
  c(fit, list(
    inference = "influence function", factor = n / (n - 1),
    notes = c(if (fit$n_q_bounded) paste(count_phrase(fit$n_q_bounded, "row"), "with Q moved by q_bounds"),
              if (!fit$converged) paste0("fluctuation did not converge (score ", signif(fit$score, 2), ")"))
  ))
}
