# Methods of partial dependence.

#' Partial dependence as tables and figures
#'
#' @param x,object A partial dependence of [partial_dependence()].
#' @param ice `tidy()`: TRUE returns the rows' curves.
#' @param centre `autoplot()`: TRUE draws each curve less its value at the first grid point.
#' @param rows `autoplot()`: how many rows' curves are drawn at most, at equal steps through the data.
#' @param ... Unknown names are an error.
#' @return `tidy()`: a data frame, one row a grid point (and class, and row with `ice = TRUE`). `autoplot()`: a ggplot;
#'   marks on the axis are the grid points, which are quantiles of the data. `summary()`: least and greatest estimates
#'   and where they lie.
#' @examples
#' fit <- forest(Species ~ ., iris, trees = 50, seed = 1)
#' partial <- partial_dependence(fit, iris, "Petal.Length", grid = 10)
#' tidy(partial)
#' summary(partial)
#' ggplot2::autoplot(partial)
#' @name partial_methods
NULL

#' @rdname partial_methods
#' @export
tidy.causalsynth_partial <- function(x, ice = FALSE, ...) {
  check_dots_empty(...)
  if (check_flag(ice, "ice")) {
    rows <- attr(x, "ice")
    if (is.null(rows)) abort("input", "The rows' curves were not kept: ask for them with {.code ice = TRUE}.")
    return(rows)
  }
  structure(as.list(x), names = names(x), class = "data.frame", row.names = .set_row_names(nrow(x)))
}

# What is left after a selection is a plain data frame.
#' @export
`[.causalsynth_partial` <- function(x, ...) tidy(x)[...]

#' @export
as.data.frame.causalsynth_partial <- function(x, ...) tidy(x)

#' @export
format.causalsynth_partial <- function(x, ...) {
  columns <- attr(x, "columns")
  classes <- levels(x$class)
  what <- if (is.null(classes)) "the mean outcome"
  else if (length(classes) == 1) paste("the probability of", classes)
  else paste("the probabilities of", length(classes), "classes")
  c(
    sprintf("<partial dependence> of %s on %s", what, paste(columns, collapse = " and ")),
    sprintf("%s, means over %s%s", count_phrase(nrow(x) / max(1, length(classes)), "grid point"),
            count_phrase(attr(x, "n"), "row"), if (attr(x, "weighted")) ", weighted" else ""),
    if (!is.null(attr(x, "ice"))) "The rows' curves are kept."
  )
}

#' @export
print.causalsynth_partial <- function(x, ...) {
  table <- tidy(x)
  shown <- utils::head(table, 12)
  rest <- nrow(table) - nrow(shown)
  show_lines(format(x), table_lines(shown, 4), if (rest) paste0("(", count_phrase(rest, "more row"), ": see tidy())"),
             then = "autoplot() draws it.")
  invisible(x)
}

#' @export
summary.causalsynth_partial <- function(object, ...) {
  table <- tidy(object)
  parts <- if (is.null(table$class)) list(table) else split(table, table$class)
  where <- function(row) {
    values <- vapply(row[attr(object, "columns")], function(v) format(v, digits = 4), "")
    paste(names(values), "=", values, collapse = ", ")
  }
  ranges <- do.call(rbind, lapply(parts, function(part) {
    low <- part[which.min(part$estimate), ]
    high <- part[which.max(part$estimate), ]
    data.frame(least = low$estimate, least_at = where(low), greatest = high$estimate, greatest_at = where(high))
  }))
  if (!is.null(table$class)) ranges <- cbind(class = names(parts), ranges)
  rownames(ranges) <- NULL
  structure(list(lines = format(object), ranges = ranges), class = "summary.causalsynth_partial")
}

#' @export
print.summary.causalsynth_partial <- function(x, ...) {
  write_wrapped(x$lines)
  print(x$ranges, digits = 4, row.names = FALSE)
  invisible(x)
}

#' @rdname partial_methods
#' @exportS3Method ggplot2::autoplot causalsynth_partial
autoplot.causalsynth_partial <- function(object, centre = FALSE, rows = 200, ...) {
  check_dots_empty(...)
  check_flag(centre, "centre")
  rows <- check_whole(rows, "rows")
  table <- tidy(object)
  columns <- attr(object, "columns")
  label <- if (is.null(table$class)) "mean outcome" else "probability"
  plot <- if (length(columns) == 2) partial_surface(table, columns, label, centre)
  else partial_lines(table, columns, label, thin_curves(attr(object, "ice"), rows), centre)
  plot + ggplot2::theme_minimal()
}

#' @rdname partial_methods
#' @export
plot.causalsynth_partial <- function(x, ...) draw_plot(x, ...)

thin_curves <- function(curves, most) {
  if (is.null(curves)) return(NULL)
  n <- max(curves$row)
  if (n > most) curves <- curves[curves$row %in% round(seq(1, n, length.out = most)), ]
  curves
}

# Less the value at the first grid point, by class and row.
centred <- function(table, by) {
  group <- do.call(paste, c(list(rep("", nrow(table))), table[intersect(by, names(table))], sep = "\r"))
  table$estimate <- table$estimate - table$estimate[match(group, group)]
  table
}

partial_lines <- function(table, column, label, curves, centre) {
  discrete <- !is_axis(table[[column]])
  if (centre) {
    table <- centred(table, "class")
    if (!is.null(curves)) curves <- centred(curves, c("class", "row"))
    label <- paste(label, "less that of the first point")
  }
  several <- length(unique(table$class)) > 1
  by_colour <- several && is.null(curves) && nlevels(table$class) <= length(plot_colours)
  line <- if (by_colour) ggplot2::aes(colour = .data$class, group = .data$class) else ggplot2::aes(group = 1)
  draw <- function(geom, ...) if (by_colour) geom(line, ...) else geom(line, colour = plot_colours[1], ...)
  ggplot2::ggplot(table, ggplot2::aes(.data[[column]], .data$estimate)) +
    (if (!is.null(curves)) {
      ggplot2::geom_line(ggplot2::aes(group = .data$row), curves, colour = "grey50", alpha = .25, linewidth = .3)
    }) +
    draw(ggplot2::geom_line, linewidth = if (is.null(curves)) .6 else 1.1, linetype = if (discrete) 3 else 1) +
    draw(ggplot2::geom_point, size = if (discrete) 2.5 else 1) +
    (if (!discrete) ggplot2::geom_rug(sides = "b", alpha = .4)) +
    (if (by_colour) ggplot2::scale_colour_manual(values = plot_colours)) +
    (if (several && !by_colour) ggplot2::facet_wrap("class")) +
    ggplot2::labs(x = column, y = label, colour = NULL)
}

# Two columns: lines by level where one of them has levels, else areas of colour.
partial_surface <- function(table, columns, label, centre) {
  if (centre) abort("input", "{.code centre = TRUE} is for one column.", call = rlang::caller_env())
  axis <- vapply(table[columns], is_axis, NA)
  several <- length(unique(table$class)) > 1
  if (sum(axis) == 1 && length(unique(table[[columns[!axis]]])) <= length(plot_colours)) {
    table$level <- factor(table[[columns[!axis]]])
    lines <- ggplot2::ggplot(table, ggplot2::aes(.data[[columns[axis]]], .data$estimate, colour = .data$level)) +
      ggplot2::geom_line() +
      ggplot2::geom_point(size = 1) +
      ggplot2::scale_colour_manual(values = plot_colours) +
      (if (several) ggplot2::facet_wrap("class")) +
      ggplot2::labs(x = columns[axis], y = label, colour = columns[!axis])
    return(lines)
  }
  x <- cell_edges(table[[columns[1]]])
  y <- cell_edges(table[[columns[2]]])
  cells <- cbind(table[c(intersect("class", names(table)), "estimate")], left = x$low, right = x$high,
                 bottom = y$low, top = y$high)
  ggplot2::ggplot(cells) +
    ggplot2::geom_rect(ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = .data$bottom, ymax = .data$top,
                                    fill = .data$estimate)) +
    ggplot2::scale_fill_viridis_c() +
    x$scale("x") + y$scale("y") +
    (if (several) ggplot2::facet_wrap("class")) +
    ggplot2::labs(x = columns[1], y = columns[2], fill = label)
}

is_axis <- function(x) is.numeric(x) || inherits(x, c("Date", "POSIXct"))

# Each grid value's cell reaches half way to its neighbours; levels stand at 1, 2, ...
cell_edges <- function(x) {
  if (!is_axis(x)) {
    x <- factor(x)
    breaks <- seq_len(nlevels(x))
    labels <- levels(x)
    at <- as.integer(x)
    scale <- function(axis) position_scale(axis, breaks = breaks, labels = labels)
    return(list(low = at - .5, high = at + .5, scale = scale))
  }
  numbers <- as.numeric(x)
  values <- sort(unique(numbers))
  middle <- (values[-1] + values[-length(values)]) / 2
  at <- match(numbers, values)
  low <- c(values[1], middle)[at]
  high <- c(middle, values[length(values)])[at]
  label <- function(v) if (is.numeric(x)) format(v, trim = TRUE) else format(structure(v, class = class(x)))
  list(low = low, high = high, scale = function(axis) position_scale(axis, labels = label))
}

position_scale <- function(axis, ...) {
  if (axis == "x") ggplot2::scale_x_continuous(...) else ggplot2::scale_y_continuous(...)
}
