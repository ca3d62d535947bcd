# What metrics of real against synthetic rows share. A metric holds `values`: one row a metric with estimate, std.error
# (NA: none), low and high (what it cannot leave), reference (of a holdout of real rows, or NA) and n.

new_metric <- function(values, class, ...) {
  structure(list(values = values, ...), class = c(class, "causalsynth_metric"))
}

metric_values <- function(metric, estimate, std.error = NA_real_, low = -Inf, high = Inf, reference = NA_real_,
                          n = NA_integer_) {
  data.frame(metric = metric, estimate = estimate, std.error = std.error, low = low, high = high,
             reference = reference, n = as.integer(n))
}

#' @rdname tidy_metric
#' @export
tidy.causalsynth_metric <- function(x, conf.level = .95, ...) {
  check_dots_empty(...)
  conf.level <- check_level(conf.level, "conf.level")
  v <- x$values
  half <- stats::qnorm((1 + conf.level) / 2) * v$std.error
  data.frame(
    metric = v$metric, estimate = v$estimate, conf.low = pmax(v$estimate - half, v$low),
    conf.high = pmin(v$estimate + half, v$high), reference = v$reference, n = v$n
  )
}

#' @rdname tidy_metric
#' @export
glance.causalsynth_metric <- function(x, ...) {
  check_dots_empty(...)
  v <- x$values
  data.frame(as.list(stats::setNames(v$estimate, v$metric)), n_real = x$n_real, n_synthetic = x$n_synthetic,
             columns = length(x$columns))
}

#' @export
print.causalsynth_metric <- function(x, ...) {
  show_metric(x, ...)
  invisible(x)
}

#' @export
summary.causalsynth_metric <- function(object, ...) {
  structure(list(table = tidy(object), label = format(object)), class = "summary.causalsynth_metric")
}

#' @export
print.summary.causalsynth_metric <- function(x, ...) {
  write_wrapped(x$label, "")
  print(x$table, digits = 4, row.names = FALSE)
  invisible(x)
}

# Real and synthetic rows as one frame of numbers and factors, and `synthetic`, 0 or 1 a row. Levels are those of
# either.
stacked_rows <- function(real, synthetic, columns, call = rlang::caller_env()) {
  check_data_frame(real, "real", call = call)
  check_data_frame(synthetic, "synthetic", call = call)
  columns <- distance_columns(real, synthetic, columns, call)
  rows <- Map(function(a, b, name) stacked_column(a, b, name, call), unclass(real)[columns],
              unclass(synthetic)[columns],
              columns)
  n <- c(nrow(real), nrow(synthetic))
  list(
    rows = structure(rows, names = columns, class = "data.frame", row.names = .set_row_names(sum(n))),
    synthetic = rep(0:1, n), n_real = n[1], n_synthetic = n[2], columns = columns
  )
}

stacked_column <- function(a, b, name, call) {
  text <- c(is.factor(a) || is.character(a), is.factor(b) || is.character(b))
  if (text[1] != text[2]) {
    abort("data", "Column {.val {name}} is {class(a)[1]} in {.arg real} and {class(b)[1]} in {.arg synthetic}.",
          call = call)
  }
  if (text[1]) {
    check_text(a, name, call)
    check_text(b, name, call)
    known <- if (is.factor(a)) levels(droplevels(a)) else sort(unique(a), method = "radix")
    return(factor(c(as.character(a), as.character(b)),
                  unique(c(known, sort(unique(as.character(b)), method = "radix"))),
                  ordered = is.ordered(a)))
  }
  for (x in list(a, b)) check_kind(x, name, call)
  a <- as.numeric(a)
  b <- as.numeric(b)
  check_no_infinite(a, name, "real", call)
  check_no_infinite(b, name, "synthetic", call)
  c(a, b)
}

show_metric <- function(x, ..., then = "fidelity(real, synthetic, formula, holdout) sets it beside other scores.") {
  show_object(x, ..., then = then)
}

#' @rdname tidy_metric
#' @exportS3Method ggplot2::autoplot causalsynth_metric
autoplot.causalsynth_metric <- function(object, ..., conf.level = .95) {
  check_dots_empty(...)
  rows <- tidy(object, conf.level = conf.level)
  rows$metric <- factor(rows$metric, unique(rows$metric))
  known <- rows[!is.na(rows$reference), ]
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$metric)) +
    ggplot2::geom_pointrange(
      ggplot2::aes(xmin = ifelse(is.na(.data$conf.low), .data$estimate, .data$conf.low),
                   xmax = ifelse(is.na(.data$conf.high), .data$estimate, .data$conf.high)),
      colour = plot_colours[1]) +
    ggplot2::geom_point(ggplot2::aes(x = .data$reference), data = known, shape = 4, size = 3,
                        colour = plot_colours[2]) +
    # From zero on, or any difference would fill the panel.
    ggplot2::expand_limits(x = 0) +
    ggplot2::facet_wrap("metric", scales = "free", ncol = 1) +
    ggplot2::labs(x = NULL, y = NULL, subtitle = if (nrow(known)) "Cross: real rows of the holdout") +
    ggplot2::theme_minimal() + ggplot2::theme(axis.text.y = ggplot2::element_blank())
}
