#' Precision, recall and coverage of synthetic rows
#'
#' Whether synthetic rows lie where real ones do (alpha-precision), whether they reach all places where real ones are
#' (beta-recall), and how many real rows have a synthetic row nearby (coverage).
#'
#' @inheritParams pmse
#' @param k The neighbours that make a real row's surroundings, for `coverage`.
#' @param holdout Data frame of further real rows, or `NULL`: their scores become the reference.
#' @details The larger set is thinned, at random, to the size of the smaller: `n` rows of each are compared. The space
#'   is that of the *naive* variant of alpha-precision: numbers over the range of `real` (min-max), and for each factor
#'   squared distance 1 between levels; no embedding is learned. A missing number takes the mean of `real`, and being
#'   missing is a column of its own; a missing level is a level.
#'
#'   With the centre c and the real rows' distances to it, P(alpha) is the share of synthetic rows within the
#'   alpha-quantile of these distances. R(beta) is the share of real rows x whose nearest synthetic row s is no farther
#'   than the nearest other real row, and lies within the beta-quantile of the distances of all such s to the centre of
#'   the synthetic rows. Scores are 1 - sum |alpha - P(alpha)| / sum alpha over 30 equal steps of alpha from 0 to 1, so
#'   too: of beta. Fresh real rows have an alpha-precision near 1, but a beta-recall near one half only (a synthetic row
#'   is nearer than the nearest real one every second time): read it beside a holdout's. Copies of `real` have a
#'   beta-recall near 1. Coverage is the share of real rows with a synthetic row no farther than their k-th nearest
#'   other real row; fresh rows have about 1 - 1 / 2^k.
#' @return An object of class `causalsynth_precision_recall`: `alpha_precision`, `beta_recall`, `coverage`, `curves` (a
#'   data frame of 30 rows: `level`, `precision`, `recall`), `n`.
#' @references Alaa, van Breugel, Saveliev and van der Schaar (2022) "How faithful is your synthetic data?", ICML;
#'   Naeem, Oh, Uh, Choi and Yoo (2020) "Reliable fidelity and diversity metrics for generative models", ICML.
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' fresh <- generate(dgp_paper(), 200, seed = 3)
#' precision_recall(real, generate(dgp_paper(), 200, seed = 2), holdout = fresh)
#' @export
precision_recall <- function(real, synthetic, columns = NULL, ..., k = 5, holdout = NULL, seed = NULL,
                             threads = NULL) {
  check_dots_empty(...)
  k <- check_whole(k, "k")
  threads <- resolve_threads(threads)
  key <- rng_key(seed)
  both <- stacked_rows(real, synthetic, columns)
  found <- precision_scores(both, k, threads, key)
  reference <- if (is.null(holdout)) rep(NA_real_, 3) else {
    precision_scores(stacked_rows(real, holdout, both$columns), k, threads, key)$scores
  }
  new_metric(
    metric_values(names(found$scores), unname(found$scores), low = 0, high = 1, reference = unname(reference),
                  n = found$n),
    "causalsynth_precision_recall", alpha_precision = found$scores[[1]], beta_recall = found$scores[[2]],
    coverage = found$scores[[3]], curves = found$curves, n = found$n, k = k, n_real = both$n_real,
    n_synthetic = both$n_synthetic, columns = both$columns
  )
}

# list(scores = c(alpha_precision, beta_recall, coverage), curves, n) of two stacked sets.
precision_scores <- function(both, k, threads, key, call = rlang::caller_env()) {
  n <- min(both$n_real, both$n_synthetic)
  if (n <= k) abort("data", "Precision and recall need more than {k} rows of either set; there are {n}.", call = call)
  pick <- function(label) {
    rows <- which(both$synthetic == label)
    if (length(rows) == n) rows else sort(rows[random_permutation(unclass(derive_key(key, "rows", label)),
                                                                  length(rows))[seq_len(n)]])
  }
  space <- naive_space(take_rows(both$rows, pick(0)), take_rows(both$rows, pick(1)))
  run <- run_control(threads)
  near <- list(mode = if (any(space$is_factor)) "mixed" else "tree", is_factor = space$is_factor)
  search <- function(reference, k) {
    nearest_in(c(near, list(queries = space$real, reference = reference)), k, Inf, run)
  }
  # The first is the row itself, or a row like it.
  among <- search(space$real, k + 1)$distance
  closest <- search(space$synthetic, 1)
  level <- seq(0, 1, length.out = 30)
  from_real <- centre_distance(space$real, space$real, space)
  precision <- stats::ecdf(centre_distance(space$synthetic, space$real, space))(
    stats::quantile(from_real, level, names = FALSE))
  away <- centre_distance(space$synthetic, space$synthetic, space)[closest$index[, 1]]
  near_enough <- closest$distance[, 1] <= among[, 2]
  radius <- stats::quantile(away, level, names = FALSE)
  recall <- vapply(radius, function(r) mean(near_enough & away <= r), 0)
  score <- function(found) 1 - sum(abs(level - found)) / sum(level)
  list(scores = c(alpha_precision = score(precision), beta_recall = score(recall),
                  coverage = mean(closest$distance[, 1] <= among[, k + 1])),
       curves = data.frame(level = level, precision = precision, recall = recall), n = n)
}

# Two like frames as matrices: numbers over the range of `real` (0 wide: as they are), levels as codes, missing numbers
# at the mean of `real` with a 0/1 column beside. list(real, synthetic, is_factor).
naive_space <- function(real, synthetic) {
  tables <- list(real = real, synthetic = synthetic)
  columns <- list(real = list(), synthetic = list())
  is_factor <- logical()
  for (j in seq_along(real)) {
    x <- lapply(tables, `[[`, j)
    if (is.factor(x$real)) {
      coded <- lapply(x, function(v) ifelse(is.na(v), 0, as.integer(v)))
      is_factor <- c(is_factor, TRUE)
    } else {
      known <- x$real[!is.na(x$real)]
      width <- if (length(known)) diff(range(known)) else 0
      centre <- if (length(known)) mean(known) else 0
      coded <- lapply(x, function(v) (ifelse(is.na(v), centre, v) - centre) / (if (width > 0) width else 1))
      is_factor <- c(is_factor, FALSE)
      if (any(vapply(x, anyNA, NA))) {
        columns <- Map(function(have, v) c(have, list(as.numeric(is.na(v)))), columns, x)
        is_factor <- c(FALSE, is_factor)
        columns <- lapply(columns, function(have) c(have[length(have)], have[-length(have)]))
      }
    }
    columns <- Map(function(have, v) c(have, list(as.numeric(v))), columns, coded)
  }
  as_matrix <- function(x) matrix(unlist(x), ncol = length(x))
  list(real = as_matrix(columns$real), synthetic = as_matrix(columns$synthetic), is_factor = is_factor)
}

# Distance of each row to the mean of `about`, a factor being an indicator of height sqrt(1/2) a level: its share of the
# squared distance is (1 - 2 p(own level) + sum p^2) / 2.
centre_distance <- function(rows, about, space) {
  square <- numeric(nrow(rows))
  for (j in seq_len(ncol(rows))) {
    if (space$is_factor[j]) {
      codes <- unique(about[, j])
      share <- tabulate(match(about[, j], codes), length(codes)) / nrow(about)
      own <- share[match(rows[, j], codes)]
      own[is.na(own)] <- 0
      square <- square + (1 - 2 * own + sum(share^2)) / 2
    } else {
      square <- square + (rows[, j] - mean(about[, j]))^2
    }
  }
  sqrt(square)
}

#' @export
format.causalsynth_precision_recall <- function(x, digits = 3, ...) {
  reference <- x$values$reference
  number <- function(v) format(v, digits = digits)
  c(
    sprintf("<precision and recall> alpha-precision %s, beta-recall %s, coverage %s",
            number(x$alpha_precision), number(x$beta_recall), number(x$coverage)),
    if (!is.na(reference[1])) sprintf("Of the holdout's rows: %s, %s, %s", number(reference[1]), number(reference[2]),
                                      number(reference[3])),
    sprintf("%s of each set, numbers over their range (naive variant); coverage of %s", count_phrase(x$n, "row"),
            count_phrase(x$k, "neighbour"))
  )
}
