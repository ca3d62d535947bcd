# Summary and pictures of forests.

#' @rdname forest_methods
#' @export
summary.causalsynth_forest <- function(object, ...) {
  check_dots_empty(...)
  trees <- object$options$trees
  null_error <- forest_null_error(object)
  structure(list(
    forest = object, nodes = object$nodes / trees, leaves = (object$nodes / trees + 1) / 2,
    memory = as.numeric(utils::object.size(object)), null_error = null_error,
    skill = if (is.null(object$oob) || null_error == 0) NA_real_ else 1 - object$oob_error / null_error
  ), class = "summary.causalsynth_forest")
}

# The error of a prediction that knows no covariate: the variance around the mean or, for classes, around the shares
# (of several classes the sum over these, as the forest's own error is).
forest_null_error <- function(object) {
  share <- object$weights %||% rep(1, length(object$y))
  share <- share / sum(share)
  around_mean <- function(y) sum(share * (y - sum(share * y))^2)
  if (object$kind != "classes") return(around_mean(object$y))
  sum(vapply(seq_along(object$classes), function(k) around_mean(as.numeric(object$y == k - 1)), 1))
}

#' @export
format.summary.causalsynth_forest <- function(x, ...) {
  fit <- x$forest
  is_mean <- is.null(fit$classes) && fit$kind == "mean"
  columns <- paste(utils::head(names(fit$blueprint), 20), collapse = ", ")
  c(
    format(fit),
    sprintf("Without covariates (%s): %.5g; %s: %s", if (is_mean) "the mean" else "the shares", x$null_error,
            if (is_mean) "R squared" else "Brier skill score",
            if (is.na(x$skill)) "not known" else sprintf("%.3f", x$skill)),
    sprintf("Nodes per tree: %.1f, leaves: %.1f", x$nodes, x$leaves),
    paste("Memory:", format(structure(x$memory, class = "object_size"), units = "auto")),
    if (length(fit$candidates) > 1 && !is.null(fit$oob)) {
      paste0("Out-of-bag error by node size: ",
             paste0(fit$candidates, " ", signif(fit$losses, 4), ifelse(fit$candidates == fit$min_node_size, " *", ""),
                    collapse = ", "))
    },
    paste0("Columns: ", columns, if (length(fit$blueprint) > 20) ", ...")
  )
}

#' @export
print.summary.causalsynth_forest <- function(x, ...) {
  write_wrapped(format(x))
  invisible(x)
}

#' @rdname forest_methods
#' @export
plot.causalsynth_forest <- function(x, ...) draw_plot(x, ...)

#' @rdname forest_methods
#' @exportS3Method ggplot2::autoplot causalsynth_forest
autoplot.causalsynth_forest <- function(object, type = NULL, ...) {
  check_dots_empty(...)
  if (is.null(object$oob)) abort_no_oob(object, "There is nothing to plot.")
  of_means <- is.null(object$classes) && object$kind == "mean"
  type <- check_choice(type %||% if (of_means) "observed" else "calibration",
                       c("calibration", "observed", "node_size"), "type")
  if (type == "calibration" && of_means || type == "observed" && !of_means) {
    abort("input", c(
      "{.code type = \"{type}\"} is for {if (of_means) 'probabilities' else 'means'}.",
      i = "This forest predicts {if (of_means) 'means' else 'probabilities'}."
    ))
  }
  switch(type,
    observed = identity_plot(object$oob, object$y, "out-of-bag prediction", "observed"),
    calibration = calibration_plot(forest_calibration(object)),
    node_size = node_size_plot(tidy(object))
  )
}

calibration_plot <- function(curves) {
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

node_size_plot <- function(sizes, call = rlang::caller_env()) {
  if (nrow(sizes) < 2) {
    abort("input", c("{.code type = \"node_size\"} needs several candidates; this forest had one.",
                     i = "Fit it with several values of {.arg min_node_size}."), call = call)
  }
  ggplot2::ggplot(sizes, ggplot2::aes(.data$min_node_size, .data$oob_error)) +
    ggplot2::geom_line(colour = "grey60") +
    ggplot2::geom_point(ggplot2::aes(colour = .data$chosen), size = 2.5) +
    ggplot2::scale_x_log10(breaks = sizes$min_node_size) +
    ggplot2::scale_colour_manual(values = c(`FALSE` = "grey40", `TRUE` = plot_colours[2]), guide = "none") +
    ggplot2::labs(x = "nodes up to so many rows kept whole", y = "out-of-bag error") +
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
