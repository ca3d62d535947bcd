# The protocol between nuisance() (and fit_hybrid()) and any learner. A learner is a spec made by learn_*(), of class
# c("learn_<kind>", "causalsynth_learner"), with the fields `label` (a short phrase for prints), `crossfit` (its default
# way of honest prediction: "oob", "none" or "folds") and `outcome` ("by_arm" or "joint": how the outcome is regressed).

# Fits a regression of y on the columns of x.
#   x       data frame, one row a unit; factors and missing values allowed
#   y       numeric vector; 0/1 when family is "binomial"
#   terms   `terms` object that says what of x the learner sees (default: every column)
#   weights case weights or NULL
# Returns an object for predict_fit() and predict_oob().
fit_learner <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL, call = rlang::caller_env()) {
  UseMethod("fit_learner")
}

# Probabilities (family "binomial") or means for new rows: a numeric vector.
predict_fit <- function(fit, newx, threads = NULL) UseMethod("predict_fit")

# Out-of-bag predictions for the rows it was fitted on, or for the same rows with changed columns (`newx`), each by
# the trees that did not see the row. NULL where the learner has no such thing.
predict_oob <- function(fit, newx = NULL, threads = NULL) UseMethod("predict_oob")

#' @exportS3Method
predict_oob.default <- function(fit, newx = NULL, threads = NULL) NULL

is_learner <- function(x) inherits(x, "causalsynth_learner")

check_learner <- function(x, arg, call = rlang::caller_env()) {
  if (is.function(x)) x <- x()
  if (!is_learner(x)) {
    abort("input", c(
      "{.arg {arg}} must be a learner such as {.code learn_forest()} or {.code learn_glm()}.",
      x = "It is {describe(x)}."
    ), call = call)
  }
  x
}

# The terms to fit when none are given: every column of x, by name.
all_columns_terms <- function(x) {
  if (length(x) == 0) return(stats::terms(~1))
  stats::terms(stats::reformulate(sprintf("`%s`", names(x))))
}

#' @export
print.causalsynth_learner <- function(x, ...) {
  cat("<learner>", x$label, "\n")
  invisible(x)
}
