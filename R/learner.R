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

# What a fit has to say beside its predictions, as a list of what there is of: `weights` (named shares of members), and
# names of columns: `separated` (of a logistic regression), `filled` (missing values), `aliased` (collinear).
fit_report <- function(fit) UseMethod("fit_report")

#' @exportS3Method
fit_report.default <- function(fit) list()

# A fit without what it keeps of the rows it was fitted on: predictions of new rows do not need it.
without_training <- function(fit) UseMethod("without_training")

#' @exportS3Method
without_training.default <- function(fit) {
  if (is.list(fit)) fit[intersect(c("x", "y", "w", "weights", "fitted"), names(fit))] <- NULL
  fit
}

is_learner <- function(x) inherits(x, "causalsynth_learner")

check_learner <- function(x, arg, call = rlang::caller_env()) {
  if (is.function(x)) x <- tryCatch(x(), error = function(e) x)
  if (!is_learner(x)) {
    abort("input", c(
      "{.arg {arg}} must be a learner such as {.code learn_forest()} or {.code learn_glm()}.",
      x = "It is {describe(x)}.",
      i = if (is.character(x) && length(x) == 1 && x %in% learner_names) "Write {.code learn_{x}()}."
    ), call = call)
  }
  x
}

learner_names <- c("forest", "glm", "stack")

# One finite number a row, in [0, 1] where it is a probability: else an error that names the learner (and `where`, such
# as " in fold 2").
check_learner_values <- function(values, n, family, label, call = rlang::caller_env(), where = "") {
  if (!is.numeric(values) || length(values) != n) {
    got <- if (is.numeric(values)) count_phrase(length(values), "number") else describe(values)
    abort("fit", "{label} predicted {got} for {count_phrase(n, \"row\")}{where}; one number a row is needed.",
          call = call)
  }
  bad <- sum(!is.finite(values))
  if (bad) {
    abort("fit", c(
      "{label} predicted missing or infinite values in {bad} of {count_phrase(n, \"row\")}{where}.",
      i = "Does it take missing covariates? {.fn learn_forest} and {.fn learn_glm} do."
    ), call = call)
  }
  outside <- if (family == "binomial") sum(values < 0 | values > 1) else 0
  if (outside) {
    abort("fit", c(
      "{label} predicted values outside [0, 1] in {outside} of {count_phrase(n, \"row\")}{where}.",
      i = "A 0/1 variable needs probabilities, not scores on another scale."
    ), call = call)
  }
  as.numeric(values)
}

# The terms to fit when none are given: every column of x, by name.
all_columns_terms <- function(x) {
  if (length(x) == 0) return(stats::terms(~1))
  stats::terms(stats::reformulate(sprintf("`%s`", names(x))))
}
