#' Super learner of the package SuperLearner
#'
#' `SuperLearner::SuperLearner()` as a learner: a weighted mean of the algorithms of a library, weighted by inner
#' cross-validation.
#'
#' @param SL.library Names of SuperLearner's wrappers, such as `c("SL.glm", "SL.ranger")`, or its list form with
#'   screening algorithms. Wrappers of your own are found where this function is called, or in the global environment.
#' @param method How SuperLearner weights the algorithms.
#' @param folds Inner folds, stratified by a 0/1 variable; at most one a row.
#' @param outcome How the outcome is regressed: `"by_arm"` or `"joint"` (see [learn_function()]).
#' @param crossfit Default way to honest predictions in [nuisance()]: `"folds"` only, unless `"none"` is asked of
#'   [nuisance()] itself.
#' @return A learner, an object of class `causalsynth_learner`. The algorithms see numbers only: the columns of the
#'   design that [learn_glm()] makes of the formula's terms, without the intercept, factors as indicators, missing
#'   values filled by mean or mode beside an indicator. They run in R, one after the other, under a generator seeded by
#'   the caller's `seed`. [nuisance()] prints the weights. Without the package SuperLearner: an error of class
#'   `causalsynth_error_input`; where all algorithms fail, or a prediction is not one finite number a row, one of class
#'   `causalsynth_error_fit`.
#' @references van der Laan, Polley and Hubbard (2007), Statistical Applications in Genetics and Molecular Biology
#'   6(1), article 25.
#' @examples
#' if (requireNamespace("SuperLearner", quietly = TRUE)) {
#'   study <- generate(dgp_paper("moderate"), 200, seed = 1)
#'   sl <- learn_superlearner(c("SL.mean", "SL.glm"), folds = 3)
#'   nuisance(Y ~ A | W1 + W4, study, sl, sl, folds = 2, seed = 1)
#' }
#' @export
learn_superlearner <- function(SL.library, method = "method.NNLS", folds = 10, outcome = c("by_arm", "joint"),
                               crossfit = "folds") {
  check_present(SL.library, "SL.library")
  needs_package("SuperLearner", "learn_superlearner()")
  if (!(is.character(SL.library) || is.list(SL.library)) || length(SL.library) == 0) {
    abort("input", c(
      "{.arg SL.library} must name wrappers of SuperLearner, such as {.code c(\"SL.mean\", \"SL.glm\")}.",
      x = "It is {describe(SL.library)}."
    ))
  }
  wrappers <- unique(unlist(SL.library))
  found <- superlearner_wrappers(wrappers, rlang::caller_env(), rlang::current_env())
  structure(
    list(label = paste("super learner of", paste(wrappers, collapse = ", ")),
         crossfit = check_choice(crossfit, "folds", "crossfit"),
         outcome = check_choice(outcome, c("by_arm", "joint"), "outcome"),
         library = SL.library, method = method, folds = check_whole(folds, "folds", 2), wrappers = found),
    class = c("learn_superlearner", "causalsynth_learner")
  )
}

needs_package <- function(package, what, call = rlang::caller_env()) {
  if (requireNamespace(package, quietly = TRUE)) return(invisible())
  abort("input", c(
    "{.code {what}} needs the package {.pkg {package}}, which is not installed.",
    i = "Run {.code install.packages(\"{package}\")}."
  ), call = call)
}

# An environment in which SuperLearner finds its own wrappers and the caller's.
superlearner_wrappers <- function(names, caller, call) {
  home <- asNamespace("SuperLearner")
  place <- new.env(parent = home)
  unknown <- character()
  for (name in names) {
    if (exists(name, home, mode = "function", inherits = FALSE)) next
    own <- get0(name, caller, mode = "function")
    if (is.null(own)) unknown <- c(unknown, name) else assign(name, own, place)
  }
  if (length(unknown)) {
    near <- near_names(unknown[1], grep("^SL[.]|^screen[.]", ls(home), value = TRUE))
    abort("input", c(
      "{.arg SL.library} names {length(unknown)} unknown wrapper{?s}: {.val {unknown}}.",
      i = if (length(near)) "Did you mean {.val {near[1]}}?"
    ), call = call)
  }
  place
}

#' @exportS3Method
fit_learner.learn_superlearner <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                           call = rlang::caller_env()) {
  built <- fit_design(terms %||% all_columns_terms(x), x, call)
  numbers <- design_numbers(built$x)
  if (length(numbers) == 0) return(fit_constant(y, weights))
  binary <- family == "binomial"
  fit <- function(columns) {
    rarest <- if (binary) min(table(y)) else length(y)
    control <- list(V = max(2, min(learner$folds, rarest)), stratifyCV = binary && rarest > 1)
    model <- SuperLearner::SuperLearner(
      Y = y, X = numbers, family = if (binary) stats::binomial() else stats::gaussian(), SL.library = learner$library,
      method = learner$method, obsWeights = weights, cvControl = control, env = learner$wrappers
    )
    if (sum(model$coef) == 0) stop("All algorithms have weight 0, so that every prediction would be 0.")
    structure(list(model = model, design = built$design), class = "super_learner")
  }
  fit_foreign(learner$label, x, y, family, key, NULL, weights, call, fit, predict_superlearner)
}

# The design without its intercept as a data frame of proper names.
design_numbers <- function(matrix) {
  frame <- as.data.frame(matrix[, colnames(matrix) != "(Intercept)", drop = FALSE])
  stats::setNames(frame, make.names(names(frame), unique = TRUE))
}

predict_superlearner <- function(object, columns) {
  newdata <- design_numbers(design_matrix(object$design, columns))
  drop(stats::predict(object$model, newdata = newdata, onlySL = TRUE)$pred)
}

#' @exportS3Method
fit_report.fitted_foreign <- function(fit) {
  if (!inherits(fit$object, "super_learner")) return(list())
  list(weights = fit$object$model$coef, filled = names(fit$object$design$n_missing))
}
