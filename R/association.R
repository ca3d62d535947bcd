#' Difference of pairwise associations
#'
#' How far the associations of all pairs of columns in synthetic rows are from those in real ones.
#'
#' @inheritParams pmse
#' @param holdout Data frame of further real rows, or `NULL`: their difference to `real` becomes the reference, which is
#'   what sampling alone makes.
#' @details Of two numbers (also dates and logicals) Pearson's correlation, from -1 to 1; of a number and a factor the
#'   correlation ratio; of two factors Cramer's V, both from 0 to 1 and corrected for the bias that many levels make
#'   (epsilon squared, Kelley 1935; Bergsma 2013). Pairs of rows with both values count; a pair without, or with a
#'   column that is constant there, has association 0.
#' @return An object of class `causalsynth_association`: `mean` (of absolute differences over pairs), `max`, `pairs` (a
#'   data frame: columns, type, `real`, `synthetic`, `difference`). `tidy()` has `association_mean` and
#'   `association_max`, `autoplot()` a map of the differences.
#' @references Bergsma (2013) "A bias-correction for Cramer's V and Tschuprow's T"
#'   \doi{10.1016/j.jkss.2012.10.002}; Kelley (1935) "An unbiased correlation ratio measure", PNAS 21.
#' @examples
#' real <- generate(dgp_paper(), 300, seed = 1)
#' association_difference(real, generate(dgp_paper("weak"), 300, seed = 2))
#' @export
association_difference <- function(real, synthetic, columns = NULL, ..., holdout = NULL) {
  check_dots_empty(...)
  both <- stacked_rows(real, synthetic, columns)
  if (length(both$columns) < 2) abort("input", "At least two columns are needed for an association.")
  pairs <- association_pairs(both)
  reference <- if (is.null(holdout)) c(NA_real_, NA_real_) else {
    far <- abs(association_pairs(stacked_rows(real, holdout, both$columns))$difference)
    c(mean(far), max(far))
  }
  far <- abs(pairs$difference)
  new_metric(
    metric_values(c("association_mean", "association_max"), c(mean(far), max(far)), low = 0, reference = reference,
                  n = both$n_synthetic),
    "causalsynth_association", mean = mean(far), max = max(far), pairs = pairs, n_real = both$n_real,
    n_synthetic = both$n_synthetic, columns = both$columns
  )
}

association_pairs <- function(both) {
  real <- associations(take_rows(both$rows, which(both$synthetic == 0)))
  synthetic <- associations(take_rows(both$rows, which(both$synthetic == 1)))
  at <- which(upper.tri(real), arr.ind = TRUE)
  kind <- vapply(both$rows, is.factor, NA)
  data.frame(
    first = both$columns[at[, 1]], second = both$columns[at[, 2]],
    type = c("correlation", "correlation ratio", "Cramer's V")[1 + kind[at[, 1]] + kind[at[, 2]]],
    real = real[at], synthetic = synthetic[at], difference = synthetic[at] - real[at]
  )
}

# The matrix of associations of all pairs.
associations <- function(rows) {
  p <- length(rows)
  result <- diag(p)
  factor_at <- which(vapply(rows, is.factor, NA))
  number_at <- setdiff(seq_len(p), factor_at)
  if (length(number_at)) {
    numbers <- as.matrix(rows[number_at])
    found <- suppressWarnings(stats::cor(numbers, use = "pairwise.complete.obs"))
    found[is.na(found)] <- 0
    result[number_at, number_at] <- found
  }
  for (j in factor_at) {
    codes <- as.integer(rows[[j]])
    for (i in number_at) result[i, j] <- result[j, i] <- correlation_ratio(rows[[i]], codes)
    for (i in factor_at[factor_at < j]) result[i, j] <- result[j, i] <- cramers_v(as.integer(rows[[i]]), codes)
  }
  result
}

# Square root of epsilon squared: 1 - (within mean square) / (total mean square), at least 0.
correlation_ratio <- function(x, codes) {
  known <- !is.na(x) & !is.na(codes)
  x <- x[known]
  group <- match(codes[known], unique(codes[known]))
  n <- length(x)
  k <- max(0, group)
  total <- sum((x - mean(x))^2)
  if (k < 2 || n <= k || total <= 0) return(0)
  means <- rowsum(x, group)[, 1] / tabulate(group)
  within <- sum((x - means[group])^2)
  sqrt(max(0, 1 - (within / (n - k)) / (total / (n - 1))))
}

# Bergsma's: V^2 = max(0, phi^2 - (r - 1)(c - 1) / (n - 1)) over min(r', c') - 1, r' = r - (r - 1)^2 / (n - 1).
cramers_v <- function(a, b) {
  known <- !is.na(a) & !is.na(b)
  a <- match(a[known], unique(a[known]))
  b <- match(b[known], unique(b[known]))
  n <- length(a)
  size <- c(max(0, a), max(0, b))
  if (min(size) < 2) return(0)
  # Cells that are empty in the table count by what they are expected to have: sum of all is n.
  cell <- (b - 1) * size[1] + a
  count <- rowsum(rep(1, n), cell)
  at <- as.integer(rownames(count))
  expected <- tabulate(a, size[1])[(at - 1) %% size[1] + 1] / n * tabulate(b, size[2])[(at - 1) %/% size[1] + 1]
  phi <- max(0, sum(count^2 / expected) / n - 1 - prod(size - 1) / (n - 1))
  corrected <- size - (size - 1)^2 / (n - 1)
  if (min(corrected) <= 1) return(0)
  min(1, sqrt(phi / (min(corrected) - 1)))
}

#' @export
format.causalsynth_association <- function(x, digits = 3, ...) {
  worst <- x$pairs[which.max(abs(x$pairs$difference)), ]
  reference <- x$values$reference
  number <- function(v) format(v, digits = digits)
  c(
    sprintf("<association> %s of columns: mean absolute difference %s, largest %s",
            count_phrase(nrow(x$pairs), "pair"),
            number(x$mean), number(x$max)),
    if (!is.na(reference[1])) sprintf("Of the holdout's rows: mean %s, largest %s", number(reference[1]),
                                      number(reference[2])),
    sprintf("Largest: %s and %s (%s), %s in real rows, %s in synthetic ones", worst$first, worst$second, worst$type,
            number(worst$real), number(worst$synthetic))
  )
}

#' Map of the differences of associations
#'
#' @param object Made by [association_difference()].
#' @param ... Unknown names are an error.
#' @return A ggplot: a tile a pair of columns, coloured by synthetic minus real association.
#' @examples
#' real <- generate(dgp_paper(), 100, seed = 1)
#' ggplot2::autoplot(association_difference(real, generate(dgp_paper(), 100, seed = 2)))
#' @exportS3Method ggplot2::autoplot causalsynth_association
autoplot.causalsynth_association <- function(object, ...) {
  check_dots_empty(...)
  pairs <- object$pairs
  rows <- data.frame(first = factor(c(pairs$first, pairs$second), object$columns),
                     second = factor(c(pairs$second, pairs$first), rev(object$columns)),
                     difference = rep(pairs$difference, 2))
  ggplot2::ggplot(rows, ggplot2::aes(.data$first, .data$second, fill = .data$difference)) +
    ggplot2::geom_tile() +
    ggplot2::scale_fill_gradient2(low = plot_colours[1], mid = "grey96", high = plot_colours[2]) +
    ggplot2::labs(x = NULL, y = NULL, fill = "synthetic\nminus real") +
    ggplot2::theme_minimal() +
    ggplot2::theme(axis.text.x = ggplot2::element_text(angle = 45, hjust = 1))
}
