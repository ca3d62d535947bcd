#' Fit a generator
#'
#' Learns the joint law of a data frame's columns, as a `gen_*()` spec says.
#'
#' @param spec A generator spec: [gen_forest()], [gen_copula()], [gen_row_lm()], [gen_ctgan()], [gen_data()],
#'   [gen_function()], [gen_chat()] or [gen_python()].
#' @param data Data frame, one row a unit. Numbers (integer, double, logical, Date), factors and text; missing
#'   values allowed.
#' @param ... Unknown names are an error.
#' @param strata Names of columns that divide the rows: one fit for each combination of their values, of at least 30
#'   rows. Rows drawn keep the strata's shares (each stratum gets its share of n rows, rounded up or down at random).
#' @param weights Survey weights: a number of at least 0 for each row of `data`, or `NULL`. The law learned is that of
#'   the rows taken in proportion to their weights.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default (see [causalsynth-package]); the result does not
#'   depend on it.
#' @return An object of class `causalsynth_generator`: draw rows with [generate()][generate.causalsynth_generator],
#'   see its columns with `tidy()`. Infinite values, lists as columns and duplicated names are errors of class
#'   `causalsynth_error_data`.
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- fit_generator(gen_forest(trees = 20), study, seed = 2)
#' fit
#' generate(fit, 5, seed = 3)
#' @export
fit_generator <- function(spec, data, ..., strata = NULL, weights = NULL, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(spec, "spec")
  spec <- check_generator(spec, "spec", call)
  check_data_frame(data, "data")
  if (length(data) == 0) abort("data", "{.arg data} has no column.")
  for (name in names(data)) check_covariate(data[[name]], name, call)
  weights <- check_survey_weights(weights, nrow(data), call)
  strata <- check_strata(strata, data, call)
  if (!is.null(strata)) require_pool(spec, "be fitted by `strata`", call)
  key <- rng_key(seed)
  threads <- resolve_threads(threads)
  if (is.null(strata)) {
    fit <- fit_columns(spec, data, key, threads, weights, call)
  } else {
    fit <- finish_generator(learn_strata(spec, data, strata, key, threads, weights, call), spec, data)
  }
  fit$template <- row_template(data)
  fit$copies <- count_copies(fit, data, derive_key(key, "copies"), threads)
  fit
}

fit_columns <- function(spec, data, key, threads, weights, call) {
  finish_generator(learn_rows(spec, data, key, threads, weights, call), spec, data)
}

finish_generator <- function(fit, spec, data) {
  fit$blueprint <- fit$blueprint %||% column_blueprint(data)
  fit$n <- nrow(data)
  fit$spec <- spec
  class(fit) <- c(class(fit), "causalsynth_generator")
  fit
}

# What a kind of generator does.
# learn_rows(): a classed list. `weights`: survey weights, a finite number >= 0 for each row of `data` and a positive
# sum, or NULL. A generator of text columns may return a `blueprint` of its own, to leave out levels of few rows.
# draw_columns(): a list of n encoded columns (numbers, or codes of the blueprint's levels; NA: missing) in the
# blueprint's order.
# draw_given(): the same given some columns. `given` is a named list over the blueprint's columns, each of
#   list(value = n numbers or codes, none missing), one a row;
#   list(low = , high = ), an interval with both ends, which may be infinite;
#   list(codes = allowed codes of a factor).
# The columns of a `value` come back as given. See R/given.R for the default method.
#' @rdname extending
#' @export
learn_rows <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) UseMethod("learn_rows")

#' @rdname extending
#' @export
draw_columns <- function(fit, n, key, threads) UseMethod("draw_columns")

#' @rdname extending
#' @export
draw_given <- function(fit, n, given, key, threads) UseMethod("draw_given")

# An empty frame of the seed's class (data.frame, tibble, data.table) without its rows' names.
row_template <- function(data) {
  template <- data[0, , drop = FALSE]
  attr(template, "row.names") <- integer()
  template
}

#' Draw synthetic rows
#'
#' @param x A fitted generator.
#' @param n Number of rows, at least 1. May be left out where `given` is a data frame.
#' @param seed A whole number, or `NULL` to draw from R's own generator. The same seed gives the same rows for any
#'   number of threads.
#' @param ... Unknown names are an error.
#' @param given What is fixed: rows are drawn from the law given that.
#'   * A data frame of some of the columns: row i of the result has the values of its row i, except where these are
#'     missing, which are drawn like the other columns.
#'   * A named list for all rows alike: of a numeric column one number (a value) or two (a range, both ends included,
#'     infinite ones allowed); of a factor, text or logical column one or more values to choose from.
#' @param constraints A one-sided formula, such as `~ end >= start`, or a list of some, which every row satisfies: rows
#'   that do not are drawn again. They are evaluated on the columns alone, with base R's functions, and give
#'   `TRUE` or `FALSE` for each row. A row where a constraint is `NA`, because a value is missing, counts as satisfying
#'   it, as in SQL; write `~ !is.na(end) & end >= start` to have it otherwise.
#' @param drop_copies_of A data frame, usually the one the generator was fitted on: rows drawn that equal one of its
#'   rows in all columns are drawn again. (Fitted generators hold no rows to compare with; their print says how many
#'   of a first draw were copies.)
#' @param threads Number of threads, or `NULL` for the default.
#' @return A data frame of `n` independent rows with the columns, types, levels and class of the data the generator
#'   was fitted on. Where too few of `max(1e5, 100 n)` candidates satisfy what is asked, the error, of class
#'   `causalsynth_error_input`, says how many did. Single values of a continuous column can be given to
#'   [gen_forest()], [gen_copula()] and [gen_row_lm()], and to [gen_data()] where a row has them.
#' @name generate.causalsynth_generator
#' @examples
#' fit <- fit_generator(gen_copula(), data.frame(x = rnorm(100), y = rexp(100)), seed = 1)
#' generate(fit, 3, seed = 2)
#' generate(fit, 3, seed = 2, given = list(x = c(0, 1)), constraints = ~ y >= x)
#' generate(fit, given = data.frame(x = c(-1, 0, 1)), seed = 2)
#' @export
generate.causalsynth_generator <- function(x, n = NULL, seed = NULL, ..., given = NULL, constraints = NULL,
                                           drop_copies_of = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  if (is.null(n) && !missing(given) && is.data.frame(given)) n <- nrow(given)
  if (is.null(n)) abort("input", "The argument {.arg n} is missing; it has no default.")
  n <- check_whole(n, "n", min = 1)
  known <- resolve_given(given_value(given, "given", "Write it as {.code list(column = value)}.", call), x$blueprint, n,
                         call)
  rules <- check_constraints(constraints, x$blueprint, call)
  copies <- copy_finder(drop_copies_of, x$blueprint, call)
  key <- rng_key(seed)
  threads <- resolve_threads(threads)
  columns <- if (is.null(rules) && is.null(copies)) {
    draw_known(x, seq_len(n), known, key, threads)
  } else {
    draw_ruled(x, n, known, list(rules = rules, copies = copies), key, threads, call)
  }
  as_rows(Map(decode_column, columns, x$blueprint), x$template)
}

# A list of columns as a data frame of the template's class.
as_rows <- function(columns, template) {
  rows <- structure(columns, names = names(template), class = "data.frame",
                    row.names = .set_row_names(length(columns[[1]])))
  if (inherits(template, "data.table") && requireNamespace("data.table", quietly = TRUE)) {
    return(data.table::as.data.table(rows))
  }
  class(rows) <- setdiff(class(template), "causalsynth_pool")
  rows
}

#' @importFrom stats simulate
#' @export
simulate.causalsynth_generator <- function(object, nsim = 1, seed = NULL, ..., n = object$n) {
  nsim <- check_whole(nsim, "nsim", 0)
  key <- rng_key(seed)
  lapply(seq_len(nsim), function(i) generate(object, n, derive_key(key, "simulate", i), ...))
}

#' @export
format.causalsynth_gen <- function(x, ...) paste0("<generator spec> ", x$label)

# A spec, also where its brackets were forgotten, as with learners.
check_generator <- function(spec, arg, call) {
  if (is.function(spec)) spec <- tryCatch(spec(), error = function(e) spec)
  if (!inherits(spec, "causalsynth_gen")) {
    abort("input", c(
      "{.arg {arg}} must be a generator spec such as {.code gen_forest()}.",
      x = "It is {describe(spec)}.",
      i = if (is.data.frame(spec)) "The spec comes first: {.code fit_generator(gen_forest(), data)}."
    ), call = call)
  }
  spec
}

#' @export
print.causalsynth_gen <- function(x, ...) {
  show_lines(format(x), then = "fit_generator(spec, data), or generator of fit_hybrid(); summary().")
  invisible(x)
}

#' @export
format.causalsynth_generator <- function(x, ...) {
  kinds <- table(factor(vapply(x$blueprint, `[[`, "", "kind"), c("numeric", "factor")))
  c(
    paste("<generator>", x$spec$label),
    sprintf("Fitted on %s rows of %s (%d numeric, %d categorical)", format(x$n, big.mark = ","),
            count_phrase(length(x$blueprint), "column"), kinds[["numeric"]], kinds[["factor"]]),
    x$notes,
    copies_phrase(x$copies)
  )
}

#' @export
print.causalsynth_generator <- function(x, ..., lines = 25) {
  show_object(x, first = 2, lines = lines,
              then = "generate(fit, n, seed) draws rows, autoplot(fit) compares them.")
  invisible(x)
}

#' @export
summary.causalsynth_generator <- function(object, ...) {
  structure(list(generator = object, columns = tidy(object)), class = "summary.causalsynth_generator")
}

#' @export
print.summary.causalsynth_generator <- function(x, ...) {
  print(x$generator, lines = Inf)
  print(x$columns, row.names = FALSE)
  invisible(x)
}

#' @export
tidy.causalsynth_generator <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    column = names(x$blueprint),
    type = vapply(x$blueprint, function(b) class(b$ptype)[1], "", USE.NAMES = FALSE),
    levels = vapply(x$blueprint, function(b) length(b$levels), 1L, USE.NAMES = FALSE)
  )
}

#' @export
glance.causalsynth_generator <- function(x, ...) {
  check_dots_empty(...)
  data.frame(generator = x$spec$label, n = x$n, columns = length(x$blueprint))
}

#' Plot the marginal distributions of a generator
#'
#' @param object A fitted generator.
#' @param n Number of rows to draw for the picture.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param columns Names of the columns to show; default: the first 12.
#' @param ... Unknown names are an error.
#' @return A ggplot: shares in bins for numbers of many values, shares of the values for all others.
#' @examples
#' fit <- fit_generator(gen_forest(trees = 20), generate(dgp_paper(), 200, seed = 1), seed = 1)
#' ggplot2::autoplot(fit, n = 500, seed = 2)
#' @exportS3Method ggplot2::autoplot causalsynth_generator
autoplot.causalsynth_generator <- function(object, n = 2000, seed = NULL, columns = NULL, ...) {
  check_dots_empty(...)
  known <- names(object$blueprint)
  if (is.null(columns)) columns <- utils::head(known, 12)
  unknown <- setdiff(columns, known)
  if (length(unknown)) abort("input", "The generator has no column{?s} {.val {unknown}}.")
  rows <- generate(object, n, seed)
  bars <- do.call(rbind, lapply(columns, function(name) marginal_bars(rows[[name]], name)))
  bars$column <- factor(bars$column, columns)
  bars$key <- factor(bars$key, unique(bars$key))
  hidden <- length(known) - length(columns)
  bars$width <- ifelse(bars$binned, 1, .6)
  # Bars as tiles, whose width is an aesthetic in every version of ggplot2.
  ggplot2::ggplot(bars, ggplot2::aes(.data$key, .data$share / 2, height = .data$share, width = .data$width)) +
    ggplot2::geom_tile(fill = plot_colours[1]) +
    ggplot2::scale_x_discrete(breaks = levels(bars$key)[bars$labelled],
                              guide = ggplot2::guide_axis(check.overlap = TRUE),
                              labels = function(key) sub("\u200b.*", "", sub("^[^\r]*\r", "", key))) +
    ggplot2::facet_wrap("column", scales = "free") +
    ggplot2::labs(x = NULL, y = "share of rows", subtitle = paste(count_phrase(nrow(rows), "row"), "drawn"),
                  caption = if (hidden) paste(count_phrase(hidden, "column"), "not shown")) +
    ggplot2::theme_minimal() + ggplot2::theme(panel.grid.major.x = ggplot2::element_blank())
}
