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
    if (is.null(x$oob)) {
      "No out-of-bag predictions: every tree has seen every row."
    } else {
      sprintf(
        "Out-of-bag %s: %.5g", if (is.null(x$classes) && x$kind == "mean") "mean squared error" else "Brier score",
        x$oob_error
      )
    },
    if (x$extra_trees > 0) {
      sprintf("%s grown for rows that all trees had seen.", count_phrase(x$extra_trees, "extra tree was", "extra trees were"))
    }
  )
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

#' @export
glance.causalsynth_forest <- function(x, ...) {
  data.frame(
    n = x$n, columns = length(x$blueprint), trees = x$options$trees, min_node_size = x$min_node_size,
    oob_error = x$oob_error %||% NA_real_
  )
}
