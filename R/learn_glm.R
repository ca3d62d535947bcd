#' Linear and logistic regression as a learner
#'
#' Least squares (a number as outcome) or logistic regression (0/1) on the terms of the formula, for [nuisance()],
#' [estimate_effect()], [fit_hybrid()] and [tstr()]. Collinear and constant columns are set aside; a missing number
#' becomes the column's mean and a missing level the mode, each with an indicator column.
#'
#' @param outcome `"by_arm"` fits the outcome within each arm, `"joint"` once with the treatment as a column.
#' @param crossfit Default way to honest predictions in [nuisance()]: `"none"` (in sample, which a model of few
#'   coefficients bears) or `"folds"`.
#' @return A learner, an object of class `causalsynth_learner`. Fitting needs more rows than columns (in each arm, where
#'   the outcome is fitted by arm): otherwise an error of class `causalsynth_error_data`. Perfect separation, a 0/1
#'   variable that a column or several together predict without error in some rows (or that has one value only), is a
#'   warning of class `causalsynth_warning_separated` and `causalsynth_warning_fit` that names the columns of the
#'   design; [nuisance()] keeps and prints them.
#' @references Golub and Van Loan (2013), Matrix Computations, section 5; McCullagh and Nelder (1989), section 2.5;
#'   Albert and Anderson (1984), Biometrika 71, 1-10 (separation).
#' @examples
#' study <- generate(dgp_paper("moderate"), 500, seed = 1)
#' estimate_effect(Y ~ A | ., study, learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' @export
learn_glm <- function(outcome = c("by_arm", "joint"), crossfit = c("none", "folds")) {
  outcome <- check_choice(outcome, c("by_arm", "joint"), "outcome")
  structure(
    list(label = if (outcome == "joint") "glm (joint)" else "glm",
         crossfit = check_choice(crossfit, c("none", "folds"), "crossfit"), outcome = outcome),
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
  if (family == "binomial" && fit$separated) {
    fit$separation <- find_separation(fit, built$x, y, weights)
    warn_separated(fit$separation, call)
  } else if (!fit$converged) {
    cli::cli_warn("The logistic regression did not converge in {fit$iterations} iterations.",
                  class = c("causalsynth_warning_fit", "causalsynth_warning"), call = call)
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

# Which columns of the design separate the classes: those that do so each by itself; failing that, those along which
# the coefficients diverge, without the ones that are not needed to separate.
find_separation <- function(fit, x, y, weights) {
  seen <- if (is.null(weights)) rep(TRUE, length(y)) else weights > 0
  one_class <- length(unique(y[seen])) == 1
  moving <- abs(fit$direction) * apply(x, 2, stats::sd)
  columns <- if (!one_class) colnames(x)[order(moving)][sort(moving) > .01 * max(moving)]
  alone <- columns[vapply(columns, function(name) separates(x[seen, name], y[seen]), NA)]
  needed <- if (length(alone)) alone else needed_columns(columns, x[seen, , drop = FALSE], y[seen])
  list(
    columns = intersect(colnames(x), needed), together = !length(alone) && length(needed) > 1, one_class = one_class,
    rows = sum(seen & pmin(fit$fitted, 1 - fit$fitted) < 1e-8), n = sum(seen)
  )
}

# Backwards from the slowest: a column without which the classes are separated still is left out.
needed_columns <- function(columns, x, y, most = 10) {
  if (length(columns) > most) return(columns)
  for (name in columns) {
    rest <- setdiff(columns, name)
    left <- x[, c(intersect("(Intercept)", colnames(x)), rest), drop = FALSE]
    if (length(rest) && glm_core(left, y, "binomial")$separated) columns <- rest
  }
  columns
}

# No value of one class beyond the least of the other.
separates <- function(x, y) {
  if (length(unique(y)) < 2 || length(unique(x)) < 2) return(FALSE)
  one <- range(x[y == 1])
  zero <- range(x[y == 0])
  one[1] >= zero[2] || zero[1] >= one[2]
}

warn_separated <- function(found, call) {
  what <- if (found$one_class) "has one value only" else {
    paste0("is predicted without error by ", count_columns(found$columns), if (found$together) " together")
  }
  cli::cli_warn(c(
    "The 0/1 variable of a logistic regression {what}: its coefficients diverge.",
    x = "{found$rows} of {count_phrase(found$n, \"row\")} {?has/have} a fitted probability of 0 or 1.",
    i = "Drop such a column, merge its rare levels, or use {.code learn_forest()}."
  ), class = c("causalsynth_warning_separated", "causalsynth_warning_fit", "causalsynth_warning"), call = call)
}

count_columns <- function(columns, most = 5) {
  shown <- paste(utils::head(columns, most), collapse = ", ")
  paste0(if (length(columns) == 1) "column " else "columns ", shown,
         if (length(columns) > most) paste0(" and ", length(columns) - most, " more"))
}

#' @exportS3Method
fit_report.fit_glm <- function(fit) {
  found <- fit$separation
  list(separated = if (!is.null(found)) if (found$one_class) "(one value only)" else found$columns,
       filled = names(fit$design$n_missing), aliased = setdiff(names(fit$aliased)[fit$aliased], "(Intercept)"))
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

# Directions v of the coefficients, a column each: the influence of each fitted row on v'beta, sum over rows =
# n (v'beta_hat - v'beta). Stacked estimating equations (Stefanski & Boos 2002): n (X'WX)^-1 x_i w_i (y_i - mean_i).
glm_influence <- function(fit, direction, n = nrow(fit$x)) {
  direction <- as.matrix(direction)
  kept <- !fit$aliased
  fitted <- fit$fitted %||% glm_mean(fit, fit$x)
  slope <- if (fit$family == "binomial") fitted * (1 - fitted) else numeric()
  weights <- if (is.null(fit$weights)) slope else if (length(slope)) slope * fit$weights else fit$weights
  # R'R = X'WX, without forming it; collinear columns left out.
  x <- if (all(kept)) fit$x else fit$x[, kept, drop = FALSE]
  r <- linear_triangle(x, if (length(weights)) sqrt(weights) else numeric())
  solved <- matrix(0, length(kept), ncol(direction))
  if (any(kept)) solved[kept, ] <- backsolve(r, forwardsolve(t(r), direction[kept, , drop = FALSE]))
  residual <- n * (fit$y - fitted)
  if (!is.null(fit$weights)) residual <- residual * fit$weights
  (fit$x %*% solved) * residual
}

#' @export
print.fit_glm <- function(x, ...) {
  cat("<glm fit>", x$family, nrow(x$x), "rows, rank", x$rank, "of", ncol(x$x), "columns\n")
  invisible(x)
}
