#' Rows made elsewhere as a generator
#'
#' Takes the synthetic rows that another program (a GAN, a language model) made, cleans them against the types and
#' levels of the real data, and serves them like any generator's.
#'
#' @param rows data frame, or path of a CSV file (also compressed, `.csv.gz`) in UTF-8 with a header.
#'   A file is read as text and takes its types from the real data; empty fields and `NA` are missing.
#' @param range "seed" also drops rows with a number outside the range that its column has in the real data.
#' @details A row is dropped, and counted under the first reason that applies, in this order:
#'   1. `not_a_number`: text in a numeric column (or date) that does not convert;
#'   2. `missing`: a missing value in a column that has none in the real data;
#'   3. `infinite`: an infinite number;
#'   4. `too_large`: a number beyond 1e6 in absolute value, unless the real column has such;
#'   5. `unknown_level`: a level that the real column lacks or, in a numeric column that is only 0 and 1 in the real
#'      data, another value;
#'   6. `out_of_range`: only with `range = "seed"`.
#'
#'   The rows kept take the types of the real data (integer, factor levels, logical, date); where a whole-number
#'   column got decimals they are rounded and counted. A column that is text throughout where numbers are needed,
#'   and columns that the rows lack, are errors. Columns that the real data lack are left out and counted.
#' @return A generator spec for [fit_generator()] and [fit_hybrid()]. A file that cannot be read is an error of class
#'   `causalsynth_error_file`.
#' @examples
#' seed <- generate(dgp_paper(), 100, seed = 1)
#' made <- generate(dgp_paper(), 500, seed = 2)
#' made$W4[3] <- -Inf
#' fit <- fit_generator(gen_data(made), seed)
#' fit
#' head(generate(fit, 50, seed = 1))
#' @export
gen_data <- function(rows, range = c("none", "seed")) {
  check_present(rows, "rows")
  range <- check_choice(range, c("none", "seed"), "range")
  source <- if (is.character(rows) && length(rows) == 1) basename(rows) else "a data frame"
  if (!is.data.frame(rows)) rows <- read_rows(rows, text = TRUE)
  check_data_frame(rows, "rows")
  structure(
    list(rows = rows, range = range, source = source, external = TRUE, label = paste("rows made elsewhere,", source)),
    class = c("gen_data", "causalsynth_gen")
  )
}

#' @export
format.gen_data <- function(x, ...) sprintf("<generator spec> %s (%s)", x$label, count_phrase(nrow(x$rows), "row"))

#' @exportS3Method
learn_rows.gen_data <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  if (!is.null(weights) && length(weights) != nrow(spec$rows)) {
    abort("input", c(
      "Survey weights of {nrow(data)} row{?s} do not fit the {nrow(spec$rows)} row{?s} given to {.fn gen_data}.",
      i = "They can only be used where {.fn gen_data} is given the same rows as {.arg data}."
    ), call = call)
  }
  cleaned <- clean_rows(spec$rows, data, spec$range, call)
  if (nrow(cleaned$rows) == 0) {
    abort("data", c(
      "None of the {nrow(spec$rows)} row{?s} given to {.fn gen_data} is left after cleaning.",
      x = "Dropped: {paste(drop_phrases(cleaned), collapse = ', ')}."
    ), call = call)
  }
  if (!is.null(weights)) cleaned$weights <- weights[cleaned$kept]
  structure(c(cleaned, list(notes = cleaning_notes(cleaned))), class = "fitted_gen_data")
}

# The rows kept are the whole law: nothing needs to be drawn to know its means.
#' @exportS3Method
law_rows.fitted_gen_data <- function(generator, n, key, threads) {
  if (!is.null(generator$weights)) return(NextMethod())
  structure(generator$rows, exact = TRUE)
}

#' Draw rows from rows made elsewhere
#'
#' @param x a fitted [gen_data()].
#' @param n number of rows; NULL takes all rows kept.
#' @param seed one whole number, or NULL to draw from R's own generator.
#' @param ... must be empty.
#' @param given,constraints,drop_copies_of as for [any generator][generate.causalsynth_generator].
#' @param threads not used: one draw is as fast as it gets.
#' @return A data frame of the real data's class, columns and types. If `n` is the number of rows kept, all of them in
#'   their order, so that the sets of [stats::simulate()] with that `n` share the same rows; otherwise, and where
#'   anything is given, constrained or weighted, rows drawn with replacement, in proportion to the survey weights.
#' @examples
#' seed <- generate(dgp_paper(), 100, seed = 1)
#' fit <- fit_generator(gen_data(generate(dgp_paper(), 50, seed = 2)), seed)
#' generate(fit, 3, seed = 3)
#' @export
generate.fitted_gen_data <- function(x, n = NULL, seed = NULL, ..., given = NULL, constraints = NULL,
                                     drop_copies_of = NULL, threads = NULL) {
  check_dots_empty(...)
  kept <- nrow(x$rows)
  if (is.null(n) && !is.data.frame(given)) n <- kept
  if (!is.null(given) || !is.null(constraints) || !is.null(drop_copies_of)) {
    return(generate.causalsynth_generator(x, n, seed, given = given, constraints = constraints,
                                          drop_copies_of = drop_copies_of, threads = threads))
  }
  n <- check_whole(n, "n")
  if (n == kept && is.null(x$weights)) return(x$rows)
  rows <- x$rows[draw_data_rows(x, n, rng_key(seed)), , drop = FALSE]
  attr(rows, "row.names") <- .set_row_names(nrow(rows))
  rows
}

# Numbers of rows, drawn with replacement among `among`.
draw_data_rows <- function(x, n, key, among = seq_len(nrow(x$rows))) {
  u <- random_uniforms(unclass(derive_key(key, "rows made elsewhere")), n)
  if (is.null(x$weights)) return(among[pmin(floor(u * length(among)) + 1, length(among))])
  edges <- cumsum(x$weights[among])
  among[findInterval(u * edges[length(edges)], edges) + 1]
}

data_columns <- function(x) encode_columns(unclass_frame(as.data.frame(x$rows)), x$blueprint, "rows")$columns

#' @exportS3Method
draw_columns.fitted_gen_data <- function(fit, n, key, threads) {
  rows <- draw_data_rows(fit, n, key)
  lapply(data_columns(fit), `[`, rows)
}

#' @exportS3Method
draw_given.fitted_gen_data <- function(fit, n, given, key, threads) {
  columns <- data_columns(fit)
  names(columns) <- names(fit$blueprint)
  good <- if (is.null(fit$weights)) rep(TRUE, nrow(fit$rows)) else fit$weights > 0
  by_value <- Filter(function(one) !is.null(one$value), given)
  for (name in setdiff(names(given), names(by_value))) {
    good <- good & within_given(columns[[name]], given[[name]], fit$blueprint[[name]])
  }
  good <- which(good)
  known <- lapply(columns[names(by_value)], `[`, good)
  group <- if (length(by_value)) match_rows(Map(c, known, lapply(by_value, `[[`, "value"))) else rep(1,
                                                                                                     length(good) + n)
  theirs <- split(good, factor(group[seq_along(good)], unique(group)))
  wanted <- group[length(good) + seq_len(n)]
  lost <- sum(lengths(theirs[as.character(wanted)]) == 0)
  if (lost) abort("input", "No row made elsewhere has what is given, for {lost} of the {n} row{?s} asked for.")
  rows <- integer(n)
  for (g in unique(wanted)) {
    at <- which(wanted == g)
    rows[at] <- draw_data_rows(fit, length(at), derive_key(key, "given", g), theirs[[as.character(g)]])
  }
  lapply(unname(columns), `[`, rows)
}

# What cleaning did, for prints.
cleaning_notes <- function(x) {
  kept <- format(nrow(x$rows), big.mark = ",")
  lines <- sprintf("%s of %s kept", kept, count_phrase(x$total, "row"))
  if (x$n_dropped) {
    lines <- c(lines, sprintf("Dropped %s: %s", format(x$n_dropped, big.mark = ","),
                              paste(drop_phrases(x), collapse = ", ")))
  }
  if (length(x$rounded)) {
    columns <- paste0(names(x$rounded), " (", x$rounded, ")", collapse = ", ")
    lines <- c(lines, paste0("Rounded to whole numbers: ", columns))
  }
  if (length(x$ignored)) lines <- c(lines, paste("Columns that the seed lacks, left out:", toString(x$ignored)))
  lines
}

drop_phrases <- function(cleaned) {
  counts <- cleaned$dropped[cleaned$dropped > 0]
  paste(format(counts, big.mark = ",", trim = TRUE), gsub("_", " ", names(counts)))
}
