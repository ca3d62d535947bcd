# The data with what was fitted to them, in the names of broom and of MatchIt.

#' Data with propensities, weights and subclasses
#'
#' Adds what an effect or nuisance object knows of each row. Besides broom's dotted names (`.ps`, ...), the propensity,
#' the weight and the subclass come under the names of MatchIt's `match_data()`, so that code written for matched
#' data, such as `lm(y ~ a, data, weights = weights)`, runs on it.
#'
#' @param x An effect of [estimate_effect()] or a nuisance object of [nuisance()] or [as_nuisance()].
#' @param data The data frame it was made from (without omitted rows), or `NULL` for its covariates, `.treat` and
#'   `.outcome`.
#' @param distance,weights,subclass Names of the added columns, for data that have such columns already; `NULL`
#'   leaves one out.
#' @param estimand For a nuisance object: whose weights, `"ATE"`, `"ATT"`, `"ATC"` or `"ATO"`.
#' @param ... Not used; an unknown argument is an error.
#' @return The data, of its class, with further columns. `distance` (and `.ps`): P(A = 1 | W). `weights`: the
#'   weight that the row has in a weighted analysis, the estimand's times the case weight (0: not used); `.weights`:
#'   the estimand's alone. With several methods, `weights_<method>` and `.weights_<method>`. `subclass`: where
#'   a method makes any (pairs of [est_matching()]); with several methods, `subclass_<method>`. `.q1`, `.q0`: the
#'   outcome's mean under treatment and under control. For a nuisance object also `.g1`, `.g0`: the bounded
#'   probabilities. With more than two arms `.ps_<level>` and `.q_<level>` stand for each arm's probability and mean. A
#'   name that the data have already is an error of class `causalsynth_error_input`.
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- estimate_effect(Y ~ A | ., study, method = "iptw", learner_treatment = learn_glm(),
#'                        learner_outcome = learn_glm())
#' weighted <- augment(fit, study)
#' coef(lm(Y ~ A, weighted, weights = weights))
#' @name augment_methods
NULL

#' @rdname augment_methods
#' @export
augment.causalsynth_effect <- function(x, data = NULL, ..., distance = "distance", weights = "weights",
                                       subclass = "subclass") {
  check_dots_empty(...)
  data <- augmented_rows(x, data)
  data$.ps <- x$distance
  data$.q1 <- x$q1
  data$.q0 <- x$q0
  data <- add_column(data, distance, x$distance, "distance")
  with_weight_columns(data, x, weights, subclass)
}

#' @rdname augment_methods
#' @export
augment.causalsynth_nuisance <- function(x, data = NULL, ..., estimand = c("ATE", "ATT", "ATC", "ATO"),
                                         distance = "distance", weights = "weights") {
  check_dots_empty(...)
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand")
  data <- augmented_rows(x, data, "the nuisances were fitted to")
  for (part in c("ps", "q1", "q0", "g1", "g0")) data[[paste0(".", part)]] <- x[[part]]
  data <- add_column(data, distance, x$ps, "distance")
  own <- estimand_weights(x$treat, x$ps, x$g1, x$g0, estimand)
  with_weight_columns(data, list(weights = own, s.weights = x$weights, n = x$n), weights)
}

# The rows to add columns to: those given, or what the object keeps of them.
augmented_rows <- function(x, data, whence = "the effect was estimated from", call = rlang::caller_env()) {
  if (is.null(data)) {
    data <- if (is.null(x$covs)) data.frame(.treat = x$treat) else cbind(x$covs, .treat = x$treat)
    data$.outcome <- x$outcome
  }
  check_data_frame(data, "data", call = call)
  if (nrow(data) != x$n) {
    omitted <- nrow(data) == x$n + length(x$omitted)
    abort("input", c(
      "{.arg data} has {nrow(data)} row{?s}; {whence} {x$n}.",
      i = if (omitted) "Leave out the rows with a missing treatment or outcome first."
    ), call = call)
  }
  data
}

# Adds the methods' weights with a dot, times the case weights without one, and the subclass.
with_weight_columns <- function(data, x, weights = "weights", subclass = "subclass", call = rlang::caller_env()) {
  several <- is.data.frame(x$weights)
  sets <- if (several) as.list(x$weights) else list(x$weights)
  dotted <- paste0(".weights", if (several) paste0("_", names(sets)))
  for (j in seq_along(sets)) data[[dotted[j]]] <- sets[[j]]
  loaded <- lapply(sets, times_case, case = x$s.weights %||% rep(1, x$n))
  data <- add_column(data, weights, loaded, "weights", if (several) names(sets), call = call)
  add_column(data, subclass, x$subclass, "subclass", if (is.list(x$subclass)) names(x$subclass), call = call)
}

# Adds the values as a column, or several as columns name_label; not where the name is NULL or there are no values.
add_column <- function(data, name, values, arg, labels = NULL, call = rlang::caller_env()) {
  if (is.null(name) || is.null(values)) return(data)
  if (!(is.character(name) && length(name) == 1 && !is.na(name) && nzchar(name))) {
    abort("input", c("{.arg {arg}} must be the name of a column, or NULL.", x = "It is {describe(name)}."), call = call)
  }
  columns <- paste0(name, if (length(labels)) paste0("_", labels))
  taken <- intersect(columns, names(data))
  if (length(taken)) {
    abort("input", c(
      "{.arg data} has the column{?s} {.val {taken}} already.",
      i = "Give another name, such as {.code {arg} = \"match_{arg}\"}, or NULL to leave it out."
    ), call = call)
  }
  if (!is.list(values)) values <- list(values)
  for (j in seq_along(columns)) data[[columns[j]]] <- values[[j]]
  data
}
