#' Forest learner
#'
#' The default learner of [nuisance()] and [fit_hybrid()]: a [forest()] whose node size is chosen by out-of-bag
#' squared error (Brier score) among several, all scored in one pass.
#'
#' @inheritParams forest
#' @param min_node_size Candidate node sizes; one value to fix it.
#' @param outcome How the outcome is regressed: `"by_arm"`, a forest within each treatment arm, or `"joint"`, one
#'   forest in which the treatment is a further column, tried at every split.
#' @param crossfit Default way to honest predictions in [nuisance()]: `"oob"` (out-of-bag) or `"folds"`.
#' @param ... Unknown names are an error.
#' @return A learner, an object of class `causalsynth_learner`, for [nuisance()], [estimate_effect()],
#'   [fit_hybrid()] and [tstr()].
#' @examples
#' learn_forest(trees = 200, min_node_size = 10)
#' @export
learn_forest <- function(trees = 500, mtry = NULL, min_node_size = c(5, 10, 20, 50), min_bucket = 1, max_depth = NULL,
                         sample_fraction = 1, replace = TRUE, split_rule = "default", honest = FALSE,
                         outcome = c("by_arm", "joint"), crossfit = c("oob", "folds"), ...) {
  check_dots_empty(...)
  settings <- list(
    trees = check_whole(trees, "trees", max = 200000), mtry = mtry, min_node_size = min_node_size,
    min_bucket = min_bucket,
    max_depth = max_depth, sample_fraction = sample_fraction, replace = replace,
    split_rule = check_choice(split_rule, c("default", "extratrees"), "split_rule"),
    honest = check_flag(honest, "honest")
  )
  options <- forest_options(trees, NULL, min_node_size, min_bucket, max_depth, sample_fraction, replace, 1)
  crossfit <- check_choice(crossfit, c("oob", "folds"), "crossfit")
  if (crossfit == "oob") check_out_of_bag(options, "out-of-bag predictions", rlang::current_env())
  if (!is.null(mtry)) check_whole(mtry, "mtry")
  structure(
    list(
      label = sprintf("forest (%s trees)", format(trees, big.mark = ",")),
      outcome = check_choice(outcome, c("by_arm", "joint"), "outcome"),
      crossfit = crossfit,
      settings = settings
    ),
    class = c("learn_forest", "causalsynth_learner")
  )
}

#' @exportS3Method
fit_learner.learn_forest <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                     call = rlang::caller_env()) {
  if (!is.null(terms)) terms <- fixed_terms(terms, x)
  columns <- if (is.null(terms)) unclass_frame(x) else learner_frame(terms, x)
  if (length(columns) == 0 || length(unique(y)) == 1) return(fit_constant(y, weights))
  settings <- forest_settings(learner, columns)
  fit <- rlang::exec(forest.data.frame, columns, y, !!!settings, weights = weights, seed = key, threads = threads)
  structure(list(forest = fit, terms = terms), class = "fitted_forest")
}

# The arguments of forest() for these columns.
forest_settings <- function(learner, columns) {
  settings <- learner$settings
  settings$mtry <- if (!is.null(settings$mtry)) min(settings$mtry, length(columns))
  settings
}

#' @exportS3Method
predict_fit.fitted_forest <- function(fit, newx, threads = NULL) {
  predict.causalsynth_forest(fit$forest, fitted_forest_rows(fit, newx), threads = threads)
}

#' @exportS3Method
predict_oob.fitted_forest <- function(fit, newx = NULL, threads = NULL) {
  if (is.null(newx)) return(fit$forest$oob)
  forest_predict_oob(fit$forest, fitted_forest_rows(fit, newx), threads)
}

#' @exportS3Method
without_training.fitted_forest <- function(fit) {
  fit$forest <- without_oob(fit$forest)
  fit
}

fitted_forest_rows <- function(fit, newx) if (is.null(fit$terms)) newx else learner_frame(fit$terms, newx)

# A regression without columns, or of a constant: the mean, left out of itself when predicted out of bag.
fit_constant <- function(y, weights) {
  w <- weights %||% rep(1, length(y))
  structure(list(mean = sum(w * y) / sum(w), y = y, w = w), class = "fitted_constant")
}

#' @exportS3Method
predict_fit.fitted_constant <- function(fit, newx, threads = NULL) rep(fit$mean, nrow(newx))

#' @exportS3Method
predict_oob.fitted_constant <- function(fit, newx = NULL, threads = NULL) {
  if (length(fit$y) == 1) return(fit$y)
  (sum(fit$w * fit$y) - fit$w * fit$y) / (sum(fit$w) - fit$w)
}
