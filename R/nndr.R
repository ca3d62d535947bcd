#' Nearest over second nearest real row
#'
#' The ratio of a synthetic row's distances to its nearest and second nearest real row: near 0 where a row sits on one
#' real person in particular. See [dcr()] for the distances.
#'
#' @inheritParams dcr
#' @param holdout Data frame of further real rows, or `NULL`: their ratios become the reference.
#' @return An object of class `causalsynth_nndr`: `ratio` (one a row of `synthetic`; 1 where both distances are 0, `NA`
#'   where there is no second comparable row), `mean`, `median`, `low` (the 5 % quantile), `distances` (the [dcr()]).
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' nndr(real, generate(dgp_paper(), 200, seed = 2))
#' @export
nndr <- function(real, synthetic, columns = NULL, ..., scale = "real", holdout = NULL, threads = NULL) {
  check_dots_empty(...)
  distances <- dcr(real, synthetic, columns, scale = scale, threads = threads)
  summaries <- function(x) {
    x <- x[!is.na(x)]
    c(mean = mean_or_na(x), median = stats::median(x), low = unname(stats::quantile(x, .05)), n = length(x),
      se = stats::sd(x) / sqrt(length(x)))
  }
  own <- summaries(distances$nndr)
  reference <- if (is.null(holdout)) rep(NA_real_, 3) else {
    summaries(dcr(real, holdout, distances$columns, scale = scale, threads = threads)$nndr)[1:3]
  }
  new_metric(
    metric_values(c("nndr_mean", "nndr_median", "nndr_q05"), unname(own[1:3]), c(own[["se"]], NA, NA), 0, 1,
                  unname(reference), own[["n"]]),
    "causalsynth_nndr", ratio = distances$nndr, mean = own[["mean"]], median = own[["median"]], low = own[["low"]],
    distances = distances, n_real = distances$n_real, n_synthetic = distances$n, columns = distances$columns
  )
}

#' @export
format.causalsynth_nndr <- function(x, digits = 3, ...) {
  reference <- x$values$reference
  c(
    sprintf("<nndr> Nearest over second nearest distance: mean %s, median %s, 5 %% of rows below %s",
            format(x$mean, digits = digits), format(x$median, digits = digits), format(x$low, digits = digits)),
    if (!is.na(reference[1])) {
      sprintf("Of the holdout's rows: mean %s, median %s, 5 %% below %s", format(reference[1], digits = digits),
              format(reference[2], digits = digits), format(reference[3], digits = digits))
    },
    sprintf("%s to %s", count_phrase(x$n_synthetic, "synthetic row"), count_phrase(x$n_real, "real row"))
  )
}
