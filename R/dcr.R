#' Distance to the closest record
#'
#' How far each synthetic row is from the nearest real row, and that distance relative to the second nearest: near
#' zero means copies of real people. It is a diagnostic, not a proof of privacy: rows can be far apart and still give
#' members away (arXiv 2505.01524).
#'
#' @param real data frame of real rows, the reference.
#' @param synthetic data frame of rows to measure, with the same columns.
#' @param columns names of the columns to compare; NULL takes all columns of `real`.
#' @param scale "real" divides each numeric column by its sample standard deviation in `real` (after subtracting the
#'   mean); "none" takes the values as they are.
#' @param threads number of threads; the result does not depend on it.
#' @param ... must be empty.
#' @details The squared distance adds up squared differences of the scaled numbers (Euclid), and 1 for each factor
#'   or text column that differs. Logicals and dates count as numbers. A constant column is not scaled.
#'   Where a value is missing on either side its column is left out and the sum scaled up by the number of columns
#'   over the number compared (Gower 1971, Biometrics 27); a row without any comparable row has distance NA, and
#'   is counted. All distances are exact, in double precision.
#' @return An object of class `causalsynth_dcr`, a list of
#'   * `distance`: d1, a number for each row of `synthetic`; `nndr`: d1 / d2, where d2 is the distance to the second
#'     nearest row (1 where both are 0; NA with one real row); `nearest`: the nearest row's number in `real`;
#'   * `mean`, `sd`, `median`, `min` of the distances, `nndr_mean`, `copies` (rows at distance 0);
#'   * `n`, `n_real`, `n_incomparable`, `columns`, `scale`.
#'
#'   [tidy()][tidy_metric] gives a table, [autoplot()][autoplot.causalsynth_dcr] a box plot. Columns that are
#'   lacking, of another type, infinite, or with levels that `real` lacks are errors of class
#'   `causalsynth_error_data`.
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' fresh <- generate(dgp_paper(), 200, seed = 2)
#' dcr(real, fresh, columns = paste0("W", 1:6))
#' @export
dcr <- function(real, synthetic, columns = NULL, ..., scale = "real", threads = NULL) {
  check_dots_empty(...)
  check_data_frame(real, "real")
  check_data_frame(synthetic, "synthetic")
  scale <- check_choice(scale, c("real", "none"), "scale")
  threads <- resolve_threads(threads)
  columns <- distance_columns(real, synthetic, columns)
  encoded <- distance_matrices(real[columns], synthetic[columns], scale)
  run <- list(threads = threads, progress = progress_bar("Distances to the closest record"))
  found <- euclidean_nearest(encoded$synthetic, encoded$real, encoded$is_factor, FALSE, run)
  new_dcr(found, list(n_real = nrow(real), columns = columns, scale = scale))
}

distance_columns <- function(real, synthetic, columns, call = rlang::caller_env()) {
  if (is.null(columns)) columns <- names(real)
  if (!is.character(columns) || length(columns) == 0 || anyNA(columns)) {
    abort("input", c("{.arg columns} must name columns, or be NULL.", x = "It is {describe(columns)}."), call = call)
  }
  columns <- unique(columns)
  absent <- setdiff(columns, names(real))
  if (length(absent)) abort("data", "{.arg real} lacks {length(absent)} column{?s}: {.val {absent}}.", call = call)
  absent <- setdiff(columns, names(synthetic))
  if (length(absent)) {
    abort("data", c(
      "{.arg synthetic} lacks {length(absent)} column{?s}: {.val {absent}}.",
      i = "Name the columns to compare in {.arg columns}."
    ), call = call)
  }
  columns
}

# Both tables as matrices of doubles, numeric columns on the scale of `real`.
distance_matrices <- function(real, synthetic, scale, call = rlang::caller_env()) {
  class(real) <- class(synthetic) <- "data.frame"
  for (name in names(real)) {
    check_text(real[[name]], name, call)
    check_text(synthetic[[name]], name, call)
  }
  blueprint <- column_blueprint(real, decimals = FALSE)
  tables <- list(
    real = encode_columns(real, blueprint, "real", call)$columns,
    synthetic = encode_columns(synthetic, blueprint, "synthetic", call)$columns
  )
  is_factor <- vapply(blueprint, function(b) b$kind == "factor", TRUE, USE.NAMES = FALSE)
  for (j in which(!is_factor)) {
    for (arg in names(tables)) check_no_infinite(tables[[arg]][[j]], names(blueprint)[j], arg, call)
  }
  if (scale != "none") tables <- scale_columns(tables, "real", is_factor, stats::sd, names(blueprint), call)
  matrices <- lapply(tables, function(columns) {
    matrix(as.double(unlist(columns)), ncol = length(columns))
  })
  c(matrices, list(is_factor = is_factor))
}

# What in_units() measures a column by: the mean and the spread of `own`. Of sizes whose squares would vanish, `size` is
# taken out first.
units_of <- function(own, spread) {
  own <- own[!is.na(own)]
  size <- max(abs(own), 0)
  if (size == 0 || size >= smallest_number) size <- 1
  own <- own / size
  width <- if (length(own) > 1) spread(own) else 0
  list(size = size, centre = if (length(own)) mean(own) else 0, width = if (width > 0) width else 1)
}

# Values beyond reach of a scale of next to nothing are an error.
in_units <- function(x, units, name, call) {
  x <- (x / units$size - units$centre) / units$width
  bad <- sum(is.infinite(x))
  if (bad) {
    abort("data", c(
      "Column {.val {name}}: {bad} value{?s} {?is/are} too far from the others for units of their spread.",
      i = "Rescale the column, or leave it out."
    ), call = call)
  }
  x
}

check_no_infinite <- function(x, name, arg, call) {
  infinite <- sum(is.infinite(x))
  if (infinite) {
    abort("data", c(
      "Column {.val {name}} of {.arg {arg}} is infinite in {infinite} of {length(x)} row{?s}.",
      i = "Drop these rows, or let {.fn gen_data} clean them."
    ), call = call)
  }
  check_size_of_numbers(x, paste0("Column \"", name, "\" of ", arg), call)
}

# A mean of nothing is NA, not NaN.
mean_or_na <- function(x) if (length(x)) mean(x) else NA_real_

new_dcr <- function(found, about) {
  distance <- found$first
  lost <- !is.finite(distance)
  distance[lost] <- NA
  found$index[lost] <- NA
  ratio <- distance / found$second
  ratio[distance == 0 & found$second == 0] <- 1
  ratio[!is.finite(found$second)] <- NA
  known <- distance[!lost]
  structure(
    c(list(
      distance = distance, nndr = ratio, nearest = found$index,
      mean = mean_or_na(known), sd = stats::sd(known), median = stats::median(known),
      min = if (length(known)) min(known) else NA_real_, nndr_mean = mean_or_na(ratio[!lost]),
      copies = sum(known == 0), n = length(distance), n_incomparable = sum(lost)
    ), about),
    class = "causalsynth_dcr"
  )
}

#' @export
format.causalsynth_dcr <- function(x, digits = 4, ...) {
  lines <- sprintf(
    "<dcr> Distance to the closest of %s (%s): mean %s, median %s, minimum %s",
    count_phrase(x$n_real, "real row"), count_phrase(x$n, "synthetic row"),
    format(x$mean, digits = digits), format(x$median, digits = digits), format(x$min, digits = digits)
  )
  lines <- c(lines, sprintf("Nearest over second nearest (NNDR): mean %s", format(x$nndr_mean, digits = digits)))
  if (x$copies) lines <- c(lines, sprintf("%s at distance 0: copies of real rows", count_phrase(x$copies, "row")))
  if (x$n_incomparable) {
    lost <- count_phrase(x$n_incomparable, "row")
    lines <- c(lines, paste(lost, "with no column in common with any real row: NA"))
  }
  lines
}

#' @export
print.causalsynth_dcr <- function(x, ...) {
  show_metric(x, ..., then = "compare with dcr(real, holdout), of real rows; privacy() attacks the rows.")
  invisible(x)
}

#' @export
summary.causalsynth_dcr <- function(object, ...) {
  summary.causalsynth_metric(object)
}

#' Tidy and draw a metric
#'
#' @param x,object A metric made by [dcr()], [nndr()], [tstr()], [pmse()], [classifier_auc()], [precision_recall()] or
#'   [association_difference()], or what [match_dcr()] made.
#' @param conf.level Level of the intervals, between 0 and 1.
#' @param ... Unknown names are an error.
#' @return A data frame, one row a `metric`, with `estimate`, `conf.low`, `conf.high`, `reference` (the value of a
#'   holdout of real rows where one was given, else NA) and `n`. Means have normal intervals, medians those of order
#'   statistics, the AUC that of DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44). `autoplot()`: a ggplot of
#'   estimates and intervals, with a cross at the reference.
#' @examples
#' tidy(dcr(generate(dgp_paper(), 100, seed = 1), generate(dgp_paper(), 100, seed = 2)))
#' @name tidy_metric
NULL

#' @rdname tidy_metric
#' @export
tidy.causalsynth_dcr <- function(x, conf.level = .95, ...) {
  check_dots_empty(...)
  conf.level <- check_level(conf.level, "conf.level")
  rows <- list(
    dcr_mean = mean_interval(x$distance, conf.level), dcr_median = median_interval(x$distance, conf.level),
    nndr_mean = mean_interval(x$nndr, conf.level)
  )
  metric_table(rows, x$n - x$n_incomparable)
}

# One row a metric: `rows` a named list of c(estimate, low, high).
metric_table <- function(rows, n, reference = NA_real_) {
  values <- do.call(rbind, rows)
  data.frame(
    metric = names(rows), estimate = values[, 1], conf.low = values[, 2], conf.high = values[, 3],
    reference = reference, n = n, row.names = NULL
  )
}

mean_interval <- function(x, level) {
  x <- x[!is.na(x)]
  if (length(x) == 0) return(rep(NA_real_, 3))
  half <- stats::qnorm((1 + level) / 2) * stats::sd(x) / sqrt(length(x))
  mean(x) + c(0, -half, half)
}

# Order statistics whose ranks are binomial quantiles.
median_interval <- function(x, level) {
  x <- sort(x)
  n <- length(x)
  if (n == 0) return(rep(NA_real_, 3))
  low <- max(stats::qbinom((1 - level) / 2, n, .5), 1)
  c(stats::median(x), x[low], x[n + 1 - low])
}

#' Plot the distances to the closest record
#'
#' @param object an object made by [dcr()].
#' @param ... further objects made by [dcr()], named: one box each.
#' @return A ggplot.
#' @examples
#' real <- generate(dgp_paper(), 100, seed = 1)
#' ggplot2::autoplot(dcr(real, generate(dgp_paper(), 100, seed = 2)))
#' @exportS3Method ggplot2::autoplot causalsynth_dcr
autoplot.causalsynth_dcr <- function(object, ...) {
  sets <- list(synthetic = object, ...)
  if (any(names(sets) == "") || !all(vapply(sets, inherits, TRUE, "causalsynth_dcr"))) {
    abort("input", "Further arguments must be named objects made by {.fn dcr}.")
  }
  rows <- do.call(rbind, lapply(names(sets), function(name) {
    data.frame(set = name, distance = sets[[name]]$distance)
  }))
  rows <- rows[!is.na(rows$distance), ]
  rows$set <- factor(rows$set, names(sets))
  ggplot2::ggplot(rows, ggplot2::aes(.data$set, .data$distance)) +
    ggplot2::geom_boxplot(outlier.size = .4, fill = "grey90") +
    ggplot2::labs(x = NULL, y = "distance to the closest real row") +
    ggplot2::theme_minimal()
}

#' @rdname tidy_metric
#' @export
glance.causalsynth_dcr <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    n = x$n, n_real = x$n_real, columns = length(x$columns), mean = x$mean, sd = x$sd, median = x$median, min = x$min,
    nndr_mean = x$nndr_mean, copies = x$copies, n_incomparable = x$n_incomparable
  )
}
