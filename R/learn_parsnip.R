#' A model of the package parsnip as a learner
#'
#' Any model specification of parsnip, such as `parsnip::boost_tree(engine = "xgboost")`, as a learner.
#'
#' @param model_spec A model specification of parsnip. Its mode need not be set: a treatment or a 0/1 outcome is
#'   classified (class probabilities are predicted), any other outcome is a regression.
#' @param outcome How the outcome is regressed: `"by_arm"` or `"joint"` (see [learn_function()]).
#' @param crossfit Default way to honest predictions in [nuisance()]: `"folds"`, or `"none"` (in sample) for
#'   regressions of few parameters.
#' @return A learner, an object of class `causalsynth_learner`. The model is fitted by formula to the formula's
#'   variables, with factors encoded and missing values treated as its engine does; it runs in R under a generator
#'   seeded by the caller's `seed`. Without the package parsnip, or with a model that lacks the mode needed: an error
#'   of class `causalsynth_error_input`; a model that fails, or predicts a missing value, one of class
#'   `causalsynth_error_fit`.
#' @examples
#' if (requireNamespace("parsnip", quietly = TRUE)) {
#'   study <- generate(dgp_paper("moderate"), 200, seed = 1)
#'   tree <- learn_parsnip(parsnip::decision_tree(engine = "rpart", min_n = 20))
#'   if (requireNamespace("rpart", quietly = TRUE)) nuisance(Y ~ A | ., study, tree, tree,
#'   folds = 2, seed = 1)
#' }
#' @export
learn_parsnip <- function(model_spec, outcome = c("by_arm", "joint"), crossfit = c("folds", "none")) {
  check_present(model_spec, "model_spec")
  needs_package("parsnip", "learn_parsnip()")
  if (!inherits(model_spec, "model_spec")) {
    abort("input", c(
      "{.arg model_spec} must be a model specification of parsnip, such as {.code parsnip::linear_reg()}.",
      x = "It is {describe(model_spec)}."
    ))
  }
  structure(
    list(label = paste0("parsnip ", class(model_spec)[1], " (", model_spec$engine %||% "default engine", ")"),
         crossfit = check_choice(crossfit, c("folds", "none"), "crossfit"),
         outcome = check_choice(outcome, c("by_arm", "joint"), "outcome"), spec = model_spec),
    class = c("learn_parsnip", "causalsynth_learner")
  )
}

#' @exportS3Method
fit_learner.learn_parsnip <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                      call = rlang::caller_env()) {
  binary <- family == "binomial"
  spec <- parsnip_mode(learner, if (binary) "classification" else "regression", call)
  fit <- function(columns) {
    columns$.outcome <- if (binary) factor(y, 0:1) else y
    case_weights <- if (uneven(weights)) parsnip_weights(weights, call)
    parsnip::fit(spec, .outcome ~ ., data = columns, case_weights = case_weights)
  }
  fit_foreign(learner$label, x, y, family, key, terms, weights, call, fit,
              if (binary) predict_parsnip_class else predict_parsnip_number)
}

predict_parsnip_class <- function(object, columns) stats::predict(object, columns, type = "prob")[[".pred_1"]]

predict_parsnip_number <- function(object, columns) stats::predict(object, columns, type = "numeric")[[".pred"]]

parsnip_mode <- function(learner, mode, call) {
  tryCatch(
    parsnip::set_mode(learner$spec, mode),
    error = function(e) {
      abort("input", c(
        "{learner$label} has no mode {.val {mode}}, which this variable needs.",
        i = "Give another model for it by {.arg learner_treatment} or {.arg learner_outcome}."
      ), call = call)
    }
  )
}

parsnip_weights <- function(weights, call) {
  needs_package("hardhat", "learn_parsnip() with case weights", call)
  hardhat::importance_weights(weights)
}
