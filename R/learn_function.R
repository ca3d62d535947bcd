#' A learner of your own functions
#'
#' Any regression that a function fits and another predicts from.
#'
#' @param fit Function of `x` (data frame: the formula's variables, one row a unit, with the study's types and missing
#'   values) and `y` (numeric; 0/1 for a treatment or a binary outcome) that returns anything `predict` understands. A
#'   further argument named `weights` receives the case weights (or `NULL`), one named `family` the word `"binomial"`
#'   or `"gaussian"`.
#' @param predict Function of what `fit` returned and of `newx` (data frame as `x`) that returns one finite number a
#'   row: the mean, which for a 0/1 variable is a probability.
#' @param label A short phrase for prints.
#' @param outcome How the outcome is regressed: `"by_arm"`, within each arm, or `"joint"`, with the treatment (0/1) as
#'   a further column.
#' @param crossfit Default way to honest predictions in [nuisance()]: `"folds"`, or `"none"` (in sample) for
#'   regressions of few parameters.
#' @return A learner, an object of class `causalsynth_learner`. Both functions run in R, one call after the other, under
#'   a generator seeded by the caller's `seed`. A function that fails, or that predicts another number of values, a
#'   missing or infinite one, or a probability outside \[0, 1\], is an error of class `causalsynth_error_fit`; case
#'   weights that `fit` has no argument for are one of class `causalsynth_error_input`.
#' @examples
#' study <- generate(dgp_paper("moderate"), 300, seed = 1)
#' shares <- learn_function(
#'   fit = function(x, y) tapply(y, x$W1, mean),
#'   predict = function(object, newx) object[as.character(newx$W1)],
#'   label = "shares by W1"
#' )
#' nuisance(Y ~ A | ., study, shares, shares, seed = 1)
#' @export
learn_function <- function(fit, predict, label = "own functions", outcome = c("by_arm", "joint"),
                           crossfit = c("folds", "none")) {
  check_present(fit, "fit")
  check_present(predict, "predict")
  check_function(fit, "fit", "of {.arg x} and {.arg y} that returns a fit")
  check_function(predict, "predict", "of a fit and {.arg newx} that returns one number a row")
  if (!is.character(label) || length(label) != 1 || is.na(label)) {
    abort("input", c("{.arg label} must be one text.", x = "It is {describe(label)}."))
  }
  structure(
    list(label = label, crossfit = check_choice(crossfit, c("folds", "none"), "crossfit"),
         outcome = check_choice(outcome, c("by_arm", "joint"), "outcome"), fit = fit, predict = predict),
    class = c("learn_function", "causalsynth_learner")
  )
}

#' @exportS3Method
fit_learner.learn_function <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                       call = rlang::caller_env()) {
  takes <- names(formals(args(learner$fit)))
  if (uneven(weights) && !"weights" %in% takes) {
    abort("input", c(
      "The learner {.val {learner$label}} takes no case weights: its {.arg fit} has no argument {.arg weights}.",
      i = "Give it one, or give weights to {.fn estimate_effect} after {.fn nuisance}."
    ), call = call)
  }
  fit_foreign(learner$label, x, y, family, key, terms, weights, call, function(columns) {
    extra <- list(weights = weights, family = family)
    do.call(learner$fit, c(list(columns, y), extra[intersect(names(extra), takes)]))
  }, learner$predict)
}

uneven <- function(weights) !is.null(weights) && length(unique(weights)) > 1

# What the learners of other people's code share. `fit(columns)` runs under a seeded generator on the columns of the
# terms, `predict(object, columns)` likewise; the latter must not be a closure over the fitted rows, as fits are saved.
# A constant y, or no columns, need no foreign code: the mean.
fit_foreign <- function(label, x, y, family, key, terms, weights, call, fit, predict) {
  if (!is.null(terms)) terms <- fixed_terms(terms, x)
  columns <- foreign_columns(terms, x, call)
  if (length(columns) == 0 || length(unique(y)) == 1) return(fit_constant(y, weights))
  object <- run_foreign(fit(columns), label, "fitting", derive_key(key, "fit"), call)
  structure(list(object = object, label = label, family = family, terms = terms, predict = predict,
                 key = derive_key(key, "predict")), class = "fitted_foreign")
}

foreign_columns <- function(terms, x, call) {
  if (is.null(terms)) unclass_frame(x) else learner_frame(terms, x, call)
}

run_foreign <- function(code, label, doing, key, call) {
  tryCatch(
    with_r_seed(key, code),
    error = function(e) {
      abort("fit", c("{label} failed while {doing}.", x = "{conditionMessage(e)}"), call = call)
    }
  )
}

# Whoever asks for predictions checks them: check_learner_values().
#' @exportS3Method
predict_fit.fitted_foreign <- function(fit, newx, threads = NULL) {
  columns <- foreign_columns(fit$terms, newx, NULL)
  drop_dimensions(run_foreign(fit$predict(fit$object, columns), fit$label, "predicting", fit$key, NULL))
}

# A matrix or array of one column is a vector.
drop_dimensions <- function(values) {
  if (is.numeric(values) && length(dim(values)) %in% 1:2 && sum(dim(values) > 1) <= 1) as.vector(values) else values
}
