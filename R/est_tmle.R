#' Targeted maximum likelihood
#'
#' Fluctuates the outcome regression on the scaled logit until the efficient score is solved, then averages it.
#' Estimates the ATE. A binary outcome is taken as it is; any other is scaled to \[0, 1\] by its range.
#'
#' @param fluctuation `"two"` fits one epsilon an arm, `"one"` a single one with H = A/g1 - (1 - A)/g0.
#' @param target_weights FALSE puts 1/g in the clever covariate; TRUE in the weights of the loss.
#' @param q_bounds Initial regressions are bounded to \[q_bounds, 1 - q_bounds\] on the unit scale, and counted.
#' @return An estimator for [estimate_effect()].
#' @references van der Laan and Rubin (2006), Int. J. Biostatistics 2(1); Gruber and van der Laan (2010), Int. J.
#'   Biostatistics 6(1), article 26.
#' @examples
#' est_tmle(fluctuation = "one")
#' @export
est_tmle <- function(fluctuation = c("two", "one"), target_weights = FALSE, q_bounds = 5e-4) {
  q_bounds <- check_number(q_bounds, "q_bounds", 0, .49)
  if (q_bounds == 0) abort("input", "{.arg q_bounds} must be above 0.")
  new_estimator("tmle", fluctuation = check_choice(fluctuation, c("two", "one"), "fluctuation"),
                target_weights = check_flag(target_weights, "target_weights"), q_bounds = q_bounds)
}

# The targeted regressions of a nuisance object (or of one repetition's pieces): list(q1, q0, epsilon (one, or
# control and treated), y_low, y_high, n_q_bounded, converged, and the estimator's means and influence functions).
target_q <- function(nuisance, fluctuation = "two", target_weights = FALSE, q_bounds = 5e-4,
                     call = rlang::caller_env()) {
  check_positive_g(nuisance, TRUE, "tmle", call)
  range <- if (nuisance$family == "binomial") c(0, 1) else range(nuisance$outcome)
  fit <- causal_tmle(core_pieces(nuisance), list(
    two = fluctuation == "two", target_weights = target_weights, q_bounds = q_bounds, low = range[1], high = range[2]
  ))
  if (fluctuation == "two") names(fit$epsilon) <- c("control", "treated")
  c(fit, list(y_low = range[1], y_high = range[2]))
}

#' @exportS3Method
run_estimator.est_tmle <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  check_estimand(estimand, "ATE", "tmle", call)
  if (se == "sandwich") abort("input", c(
    "{.code se = \"sandwich\"} is not available for {.val tmle}.",
    i = "Use {.code se = \"if\"}, or {.val iptw}, {.val aipw} or {.val or}."
  ), call = call)
  fit <- target_q(pieces, est$fluctuation, est$target_weights, est$q_bounds, call)
  if (!fit$converged) {
    cli::cli_warn("TMLE's fluctuation did not converge: its estimate rests on weights too large to solve the score.",
                  class = c("causalsynth_warning_fit", "causalsynth_warning"), call = call)
  }
  n <- length(pieces$treat)
  c(fit, list(
    inference = "influence function", factor = n / (n - 1),
    notes = c(if (fit$n_q_bounded) paste(count_phrase(fit$n_q_bounded, "row"), "with Q moved by q_bounds"),
              if (!fit$converged) "fluctuation did not converge")
  ))
}
