#' @export
format.causalsynth_forest <- function(x, ...) {
  what <- if (is.null(x$classes)) "Regression forest" else paste("Probability forest,", length(x$classes), "classes")
  c(
    what,
    sprintf(
      "%s rows, %s, %s of nodes up to %d rows kept whole", format(x$n, big.mark = ","),
      count_phrase(length(x$blueprint), "column"), count_phrase(x$options$trees, "tree"), x$min_node_size
    ),
    if (length(x$losses) > 1) "  (node size chosen by out-of-bag error)",
    forest_features(x),
    if (is.null(x$oob)) {
      "No out-of-bag predictions: every tree has seen every row."
    } else {
      sprintf(
        "Out-of-bag %s: %.5g", if (is.null(x$classes) && x$kind == "mean") "mean squared error" else "Brier score",
        x$oob_error
      )
    },
    if (x$extra_trees > 0) {
      sprintf("%s grown for rows that all trees had seen.", 
              count_phrase(x$extra_trees, "extra tree was", "extra trees were"))
    }
  )
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
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
summary.causalsynth_forest <- function(object, ...) {
  structure(list(forest = object), class = "summary.causalsynth_forest")
}

#' @export
print.summary.causalsynth_forest <- function(x, ...) {
  print(x$forest)
  fit <- x$forest
  cat(sprintf("Nodes per tree: %.1f\n", fit$nodes / fit$options$trees))
  cat("Columns:", paste(utils::head(names(fit$blueprint), 20), collapse = ", "),
      if (length(fit$blueprint) > 20) "...", "\n")
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
#' @param ... Unknown names are an error.
#' @return `tidy()`: a data frame, one row a candidate node size, with `min_node_size`, `oob_error` (out-of-bag mean
#'   squared
#'   error, or Brier score; `NA` without out-of-bag rows) and `chosen`. `glance()`: one row. `autoplot()`: a ggplot of
#'   out-of-bag
#'   predictions: calibration of probabilities in ten groups, with 95 percent limits, or observed against predicted
#'   means.
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
    min_node_size = x$candidates, oob_error = if (is.null(x$oob)) NA_real_ else x$losses,
    chosen = x$candidates == x$min_node_size
  )
}

#' @rdname forest_methods
#' @export
autoplot.causalsynth_forest <- function(object, ...) {
  check_dots_empty(...)
  if (is.null(object$oob)) abort("input", "This forest left no row out of bag: there is nothing to plot.")
  if (is.null(object$classes) && object$kind == "mean") {
    return(identity_plot(object$oob, object$y, "out-of-bag prediction", "observed"))
  }
  curves <- forest_calibration(object)
  ggplot2::ggplot(curves, ggplot2::aes(.data$predicted, .data$observed)) +
    ggplot2::geom_abline(linetype = 2, colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(ymin = .data$low, ymax = .data$high), colour = plot_colours[1]) +
    ggplot2::geom_point(colour = plot_colours[1]) +
    (if (length(unique(curves$class)) > 1) ggplot2::facet_wrap("class")) +
    ggplot2::scale_x_continuous(breaks = c(0, .5, 1)) +
    ggplot2::coord_equal(xlim = c(0, 1), ylim = c(0, 1)) +
    ggplot2::labs(x = "out-of-bag probability", y = "share observed") +
    ggplot2::theme_minimal()
}

# One calibration table a class; of two classes only the second's.
forest_calibration <- function(object) {
  if (object$kind == "binary") {
    prob <- if (is.null(object$classes)) object$oob else object$oob[, 2]
    return(cbind(calibration_table(prob, object$y), class = object$classes[2] %||% "1"))
  }
  do.call(rbind, lapply(seq_along(object$classes), function(k) {
    table <- calibration_table(object$oob[, k], as.numeric(object$y == k - 1))
    cbind(table, class = object$classes[k])
  }))
}
