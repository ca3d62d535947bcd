#' Linear and logistic regression as a learner
#'
#' Least squares (a number as outcome) or logistic regression (0/1) on the terms of the formula, for [nuisance()],
#' [estimate_effect()], [fit_hybrid()] and [tstr()]. Collinear and constant columns are set aside; a missing number
#' becomes the column's mean and a missing level the mode, each with an indicator column.
#'
#' @param outcome `"by_arm"` fits the outcome within each arm, `"joint"` once with the treatment as a column.
#' @return A learner, whose default `crossfit` is `"none"`. Fitting needs more rows than columns (in each arm, where
#'   the outcome is fitted by arm): otherwise an error of class `causalsynth_error_data`. Perfect separation is a
#'   warning of class `causalsynth_warning_fit`.
#' @references Golub and Van Loan (2013), Matrix Computations, section 5; McCullagh and Nelder (1989), section 2.5.
#' @examples
#' study <- generate(dgp_paper("moderate"), 500, seed = 1)
#' estimate_effect(Y ~ A | ., study, learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' @export
learn_glm <- function(outcome = c("by_arm", "joint")) {
  outcome <- check_choice(outcome, c("by_arm", "joint"), "outcome")
  structure(
    list(label = if (outcome == "joint") "glm (joint)" else "glm", crossfit = "none", outcome = outcome),
    class = c("learn_glm", "causalsynth_learner")
  )
}

#' @exportS3Method
fit_learner.learn_glm <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                  call = rlang::caller_env()) {
  built <- fit_design(terms %||% all_columns_terms(x), x, call)
  n <- nrow(built$x)
  p <- ncol(built$x)
  if (n <= p) {
    abort("data", c(
      "{.fn learn_glm} has {n} row{?s} for {p} column{?s} of the design; it needs more rows than columns.",
      i = "Use {.code learn_forest()}, or fewer covariates."
    ), call = call)
  }
  fit <- glm_core(built$x, y, family, weights)
  if (family == "binomial" && fit$separated) warn_separated(call)
  else if (!fit$converged) {
    cli::cli_warn("The logistic regression did not converge in {fit$iterations} iterations.",
                  class = "causalsynth_warning_fit", call = call)
  }
  structure(
    c(fit, list(design = built$design, x = built$x, y = y, weights = weights, family = family)),
    class = "fit_glm"
  )
}

glm_core <- function(x, y, family, weights = NULL, offset = NULL) {
  weights <- as.numeric(weights %||% numeric())
  fit <- if (family == "binomial") linear_logistic(x, y, weights, as.numeric(offset %||% numeric()), list())
  else linear_least_squares(x, y, weights)
  names(fit$coefficients) <- names(fit$aliased) <- colnames(x)
  fit$separated <- isTRUE(fit$separated)
  fit$converged <- fit$converged %||% TRUE
  fit
}

warn_separated <- function(call) {
  cli::cli_warn(c(
    "A logistic regression separates the classes: fitted probabilities reach 0 or 1 and coefficients diverge.",
    i = "Drop the covariate that predicts perfectly, or use {.code learn_forest()}."
  ), class = "causalsynth_warning_fit", call = call)
}

#' @exportS3Method
predict_fit.fit_glm <- function(fit, newx, threads = NULL) {
  glm_mean(fit, design_matrix(fit$design, newx))
}

glm_mean <- function(fit, x) {
  eta <- drop(x %*% fit$coefficients)
  if (fit$family == "binomial") stats::plogis(eta) else eta
}

# Derivative of the mean in the linear predictor.
glm_slope <- function(fit, x) {
  if (fit$family != "binomial") return(rep(1, nrow(x)))
  p <- glm_mean(fit, x)
  p * (1 - p)
}

# Direction v of the coefficients: the influence of each fitted row on v'beta, sum over rows = n (v'beta_hat - v'beta).
# Stacked estimating equations (Stefanski & Boos 2002): n (X'WX)^-1 x_i w_i (y_i - mean_i).
glm_influence <- function(fit, direction, n = nrow(fit$x)) {
  kept <- !fit$aliased
  if (!any(kept)) return(numeric(nrow(fit$x)))
  x <- fit$x[, kept, drop = FALSE]
  w <- fit$weights %||% rep(1, nrow(x))
  scale <- sqrt(colMeans(x^2))
  scale[scale == 0] <- 1
  r <- qr.R(qr(sweep(x, 2, scale, "/") * sqrt(w * glm_slope(fit, fit$x)), LAPACK = FALSE, tol = 0))
  solved <- backsolve(r, forwardsolve(t(r), direction[kept] / scale)) / scale
  n * drop(x %*% solved) * w * (fit$y - glm_mean(fit, fit$x))
}

#' @export
print.fit_glm <- function(x, ...) {
  cat("<glm fit>", x$family, nrow(x$x), "rows, rank", x$rank, "of", ncol(x$x), "columns\n")
  invisible(x)
}
