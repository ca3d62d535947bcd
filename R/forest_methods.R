#' @export
format.causalsynth_forest <- function(x, ...) {
  what <- if (is.null(x$classes)) "<forest> regression"
          else paste("<forest> probabilities of", length(x$classes), "classes")
  c(
    what,
    sprintf(
      "%s rows, %s, %s of nodes up to %d rows kept whole", format(x$n, big.mark = ","),
      count_phrase(length(x$blueprint), "column"), count_phrase(x$options$trees, "tree"), x$min_node_size
    ),
    if (length(x$losses) > 1) "  (node size chosen by out-of-bag error)",
    forest_features(x),
    if (is.null(x$oob_error)) {
      "No out-of-bag predictions: every tree has seen every row."
    } else {
      sprintf(
        "Out-of-bag %s: %.5g%s",
        if (is.null(x$classes) && x$kind == "mean") "mean squared error" else "Brier score", x$oob_error,
        if (is.null(x$oob)) " (the rows' own predictions are left out)" else ""
      )
    },
    if (x$extra_trees > 0) {
      sprintf("%s grown for rows that all trees had seen.",
              count_phrase(x$extra_trees, "extra tree was", "extra trees were"))
    }
  )
}

# The same forest without what it holds of each training row. The names stay: without them `$oob` would be `$oob_error`.
# Weights and clusters, from which bags are drawn anew, leave a mark for prints.
without_oob <- function(forest) {
  forest[intersect(c("oob", "y"), names(forest))] <- list(NULL)
  if (!is.null(forest$weights)) forest$weights <- TRUE
  if (!is.null(forest$weights) || !is.null(forest$n_clusters)) forest$model <- forest_without_rows(forest$model)
  forest
}

# Two reasons why there are none.
abort_no_oob <- function(object, cure, call = rlang::caller_env()) {
  abort("input", c(
    if (is.null(object$oob_error)) "This forest left no row out of bag."
    else "This forest is kept without the out-of-bag predictions of its rows.",
    i = cure
  ), call = call)
}

# What a forest has beyond the usual, as a line of print; NULL where nothing.
forest_features <- function(x) {
  features <- c(
    if (isTRUE(x$options$random_cuts)) "random cuts",
    if (isTRUE(x$options$honest)) "honest trees",
    if (!is.null(x$weights)) "rows drawn by weight",
    if (!is.null(x$n_clusters)) paste(count_phrase(x$n_clusters, "cluster"), "drawn whole")
  )
  if (length(features)) paste0("  (", paste(features, collapse = ", "), ")")
}

#' @export
print.causalsynth_forest <- function(x, ...) {
  show_object(x,
              then = "predict(fit, newdata), autoplot(fit), partial_dependence(fit, data, columns).")
  invisible(x)
}

#' @rdname forest_methods
#' @export
glance.causalsynth_forest <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    n = x$n, columns = length(x$blueprint), trees = x$options$trees, min_node_size = x$min_node_size,
    oob_error = x$oob_error %||% NA_real_
  )
}

#' Forests as tables and figures
#'
#' @param x,object A [forest()].
#' @param type `autoplot()`: `"calibration"`, of the out-of-bag probabilities in ten groups, with 95 percent limits;
#'   `"observed"`, outcomes against out-of-bag means; `"node_size"`, the out-of-bag error of each candidate. Default:
#'   the first for classes and for numbers 0 and 1, else the second.
#' @param ... Unknown names are an error.
#' @return `tidy()`: a data frame, one row a candidate node size, with `min_node_size`, `oob_error` (out-of-bag mean
#'   squared error, or Brier score; `NA` without out-of-bag rows) and `chosen`. `glance()`: one row. `autoplot()`: a
#'   ggplot, which `plot()` draws. `summary()`: a list that prints itself, with `nodes` and `leaves` (means a tree),
#'   `memory` (bytes), `null_error` (the error of predicting the outcome's mean or shares) and `skill`, 1 less the ratio
#'   of the two errors: \eqn{R^2} for means, the Brier skill score for probabilities.
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- forest(Y ~ ., study, trees = 50, min_node_size = c(5, 20), seed = 1)
#' tidy(fit)
#' ggplot2::autoplot(fit)
#' @name forest_methods
NULL

#' @rdname forest_methods
#' @export
tidy.causalsynth_forest <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    min_node_size = x$candidates, oob_error = if (is.null(x$oob_error)) NA_real_ else x$losses,
    chosen = x$candidates == x$min_node_size
  )
}
