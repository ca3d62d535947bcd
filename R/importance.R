#' Importance of columns
#'
#' How much each column contributes to a [forest()] that was asked to measure it.
#'
#' @details
#' `"impurity"`: the decrease of impurity (variance of means, Gini's of classes) by a column's splits, each by its
#' node's share of the tree's rows, summed over a tree and averaged over trees: units of the outcome's variance. It
#' favours columns of many values. In honest trees it is measured on the rows that fill the leaves.
#'
#' `"permutation"`: how much the squared error (for classes the Brier score, as `$oob_error`) of a tree's out-of-bag
#' rows grows when the column is shuffled among them, averaged over trees; rows count by their case weights. The
#' standard error is that over trees: it says how far more trees would move the figure, not how far another sample
#' would.
#'
#' `"corrected"`: the decrease of impurity in a second forest, grown on the columns and copies of them with shuffled
#' rows, less that of the copy. It is near zero for a column without information whatever its number of values. Where
#' enough importances are zero or negative, these and their mirror images (20 values at least) estimate the law under
#' no information, and `p.value` is the share of them that is as large as the column's importance.
#'
#' Rows are shuffled by streams keyed by the forest's seed, the tree and the column: threads do not matter.
#'
#' @param x A [forest()] fitted with `importance = "impurity"`, `"permutation"` or `"corrected"`.
#' @param ... Unknown names are an error.
#' @return A data frame of class `causalsynth_importance`, one row a column of the fit, the largest first: `column`,
#'   `importance`, `std.error` (for `"permutation"`), `p.value` (for `"corrected"`, where there are values enough).
#'   `autoplot()` shows the `most` largest, with normal 95 percent limits where there are standard errors. A forest
#'   without importances is an error of class `causalsynth_error_input`.
#' @references Breiman (2001) \doi{10.1023/A:1010933404324}; Sandri and Zuccolotto (2008)
#'   \doi{10.1198/106186008X344522}; Nembrini, Koenig and Wright (2018) \doi{10.1093/bioinformatics/bty373}; Janitza,
#'   Celik and Boulesteix (2018) \doi{10.1007/s11634-016-0276-4}.
#' @examples
#' fit <- forest(mpg ~ ., mtcars, trees = 100, importance = "permutation", seed = 1)
#' importance(fit)
#' ggplot2::autoplot(importance(fit))
#' @export
importance <- function(x, ...) UseMethod("importance")

#' @rdname importance
#' @export
importance.causalsynth_forest <- function(x, ...) {
  check_dots_empty(...)
  if (is.null(x$importance)) {
    abort("input", c("This forest kept no importances.",
                     i = "Fit it with {.code importance = \"permutation\"} (or {.val impurity}, {.val corrected})."))
  }
  table <- x$importance$table
  if (x$importance$kind == "corrected") table$p.value <- chance_p_values(table$importance)
  table <- table[order(-table$importance), , drop = FALSE]
  row.names(table) <- NULL
  structure(table, class = c("causalsynth_importance", "data.frame"), kind = x$importance$kind)
}

# What the core measured, in the order of the columns; NULL where nothing was asked for.
forest_importance <- function(raw, target, blueprint, kind) {
  if (kind == "none") return(NULL)
  # The core counts one of two classes, Gini's impurity both.
  both <- if (kind != "permutation" && length(target$classes) == 2) 2 else 1
  table <- data.frame(column = names(blueprint), importance = both * raw$importance)
  if (kind == "permutation") table$std.error <- ifelse(is.finite(raw$importance_error), raw$importance_error, NA_real_)
  list(kind = kind, table = table)
}

check_importance <- function(importance, options, p, call = rlang::caller_env()) {
  kind <- check_choice(importance, c("none", "impurity", "permutation", "corrected"), "importance", call = call)
  if (kind == "permutation") check_out_of_bag(options, "permutation importances", call)
  if (kind == "corrected" && p > 32767) {
    abort("data", c("{.code importance = \"corrected\"} takes at most 32767 columns; {.arg x} has {p}.",
                    i = "Use {.val impurity} or {.val permutation}, or fewer columns."), call = call)
  }
  kind
}

# Shares of the law without information (importances of at most zero, and the mirror image of the negative ones) that
# reach each importance; NULL where these are fewer than `least`.
chance_p_values <- function(importance, least = 20) {
  chance <- c(importance[importance <= 0], -importance[importance < 0])
  if (length(chance) < least) return(NULL)
  vapply(importance, function(value) mean(chance >= value), 1)
}

importance_titles <- c(
  impurity = "Decrease of impurity", permutation = "Increase of the out-of-bag loss when shuffled",
  corrected = "Decrease of impurity beyond chance"
)

#' @export
format.causalsynth_importance <- function(x, ..., most = 15) {
  title <- if (is.null(attr(x, "kind"))) "Importance" else importance_titles[[attr(x, "kind")]]
  shown <- utils::head(as.data.frame(unclass_importance(x)), most)
  numbers <- vapply(shown, is.numeric, NA)
  shown[numbers] <- lapply(shown[numbers], signif, 4)
  rest <- nrow(x) - nrow(shown)
  c(
    paste0("<importance> ", title, ", ", count_phrase(nrow(x), "column")),
    if (nrow(shown)) table_lines(shown, digits = NULL),
    if (rest > 0) paste("...", count_phrase(rest, "more column")),
    if (identical(attr(x, "kind"), "corrected") && is.null(x[["p.value"]])) {
      "No p-values: too few columns have an importance of at most zero."
    }
  )
}

unclass_importance <- function(x) structure(x, class = "data.frame", kind = NULL)

#' @export
print.causalsynth_importance <- function(x, ...) {
  text <- format(x, ...)
  show_lines(text[1], text[-1], then = "autoplot() draws it; partial_dependence(fit, data, columns) shows how.")
  invisible(x)
}

#' @export
summary.causalsynth_importance <- function(object, ...) {
  structure(list(
    kind = attr(object, "kind"), columns = nrow(object), positive = sum(object$importance > 0),
    top = utils::head(unclass_importance(object), 5)
  ), class = "summary.causalsynth_importance")
}

#' @export
print.summary.causalsynth_importance <- function(x, ...) {
  cat(sprintf("Importance (%s): %s, %d above zero\n", x$kind %||% "of columns", count_phrase(x$columns, "column"),
              x$positive))
  print(x$top, row.names = FALSE)
  invisible(x)
}

#' @rdname importance
#' @param object What `importance()` returned.
#' @param most Most columns shown.
#' @exportS3Method ggplot2::autoplot causalsynth_importance
autoplot.causalsynth_importance <- function(object, ..., most = 30) {
  check_dots_empty(...)
  rows <- utils::head(unclass_importance(object), check_whole(most, "most"))
  rows$column <- factor(rows$column, rev(rows$column))
  half <- stats::qnorm(.975) * (rows[["std.error"]] %||% 0)
  half[is.na(half)] <- 0
  rows$low <- rows$importance - half
  rows$high <- rows$importance + half
  title <- if (is.null(attr(object, "kind"))) "importance" else tolower(importance_titles[[attr(object, "kind")]])
  ggplot2::ggplot(rows, ggplot2::aes(.data$importance, .data$column)) +
    ggplot2::geom_vline(xintercept = 0, linetype = 2, colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$low, xmax = .data$high), colour = plot_colours[1]) +
    ggplot2::geom_point(colour = plot_colours[1]) +
    ggplot2::labs(x = title, y = NULL) +
    ggplot2::theme_minimal()
}
