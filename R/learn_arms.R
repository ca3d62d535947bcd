# Probabilities of several arms, by any learner.

# Fits P(arm | x) for the factor `arm`; the rest as in fit_learner(). Returns an object for predict_arms() and
# predict_arms_oob(). The default fits each arm against all others.
fit_arms <- function(learner, x, arm, key, threads, terms = NULL, weights = NULL, call = rlang::caller_env()) {
  UseMethod("fit_arms")
}

# Rows by arms, adding up to 1.
predict_arms <- function(fit, newx, threads = NULL) UseMethod("predict_arms")

# The same out of bag, or NULL where the learner has no such thing.
predict_arms_oob <- function(fit) UseMethod("predict_arms_oob")

#' @exportS3Method
fit_arms.default <- function(learner, x, arm, key, threads, terms = NULL, weights = NULL, call = rlang::caller_env()) {
  fits <- lapply(seq_along(levels(arm)), function(k) {
    fit_learner(learner, x, as.numeric(as.integer(arm) == k), "binomial", derive_key(key, "against", k), threads,
                terms, weights = weights, call = call)
  })
  structure(list(fits = fits), class = "fit_arms_each")
}

#' @exportS3Method
predict_arms.fit_arms_each <- function(fit, newx, threads = NULL) {
  adding_to_one(lapply(fit$fits, predict_fit, newx = newx, threads = threads), nrow(newx))
}

#' @exportS3Method
predict_arms_oob.default <- function(fit) NULL

#' @exportS3Method
predict_arms_oob.fit_arms_each <- function(fit) {
  values <- lapply(fit$fits, predict_oob)
  if (is.null(values[[1]])) NULL else adding_to_one(values, length(values[[1]]))
}

#' @exportS3Method
fit_report.fit_arms_each <- function(fit) {
  reports <- lapply(fit$fits, fit_report)
  parts <- setdiff(unique(unlist(lapply(reports, names))), "weights")
  stats::setNames(lapply(parts, function(part) unique(unlist(lapply(reports, `[[`, part)))), parts)
}

# Columns divided by their sum, equal where all are 0.
adding_to_one <- function(values, n) {
  values <- matrix(unlist(values), n)
  values <- pmin(pmax(values, 0), 1)
  total <- rowSums(values)
  values[total == 0, ] <- 1
  values / rowSums(values)
}

# One forest for all classes.
#' @exportS3Method
fit_arms.learn_forest <- function(learner, x, arm, key, threads, terms = NULL, weights = NULL,
                                  call = rlang::caller_env()) {
  if (length(attr(terms, "term.labels") %||% names(x)) == 0) return(NextMethod())
  fit <- fit_learner(learner, x, arm, "classes", key, threads, terms, weights = weights, call = call)
  structure(list(fit = fit), class = "fit_arms_forest")
}

#' @exportS3Method
predict_arms.fit_arms_forest <- function(fit, newx, threads = NULL) {
  predict(fit$fit$forest, fitted_forest_rows(fit$fit, newx), type = "prob", threads = threads)
}

#' @exportS3Method
predict_arms_oob.fit_arms_forest <- function(fit) fit$fit$forest$oob
