# What fitted generators that know conditional laws do with given rows: fill their gaps, say how likely they are.

#' Fill missing cells
#'
#' Draws each missing cell of new rows given the cells that are there, and given the cells of its row drawn before it.
#' One draw a cell, so that the filled table has the law of complete rows; for multiple imputation call it with several
#' seeds.
#'
#' @param x A generator fitted with [gen_row_lm()].
#' @param data A data frame of columns of the generator; columns that it lacks count as not seen and are not returned.
#' @param ... Unknown names are an error.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @return `data` with its missing cells filled, everything else as it was. Cells of columns that were never seen
#'   filled at fit stay missing, with a message that counts them. Unknown columns, levels and infinite numbers are
#'   errors of class `causalsynth_error_data` or `_input`.
#' @seealso [generate()][generate.causalsynth_generator] with `given`, which may leave cells missing.
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' fit <- fit_generator(gen_row_lm(epochs = 5, width = 16, heads = 2), study, seed = 2)
#' gaps <- study[1:5, ]
#' gaps$W4[2:3] <- NA
#' gaps$Y[3] <- NA
#' impute(fit, gaps, seed = 3)
#' @export
impute <- function(x, data, ...) UseMethod("impute")

#' @export
impute.default <- function(x, data, ...) {
  check_present(x, "x")
  abort_no_law(x, "impute")
}

#' @rdname impute
#' @export
impute.fitted_gen_row_lm <- function(x, data, ..., seed = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_data_frame(data, "data")
  check_generator_columns(data, x, "data", call)
  key <- rng_key(seed)
  given <- lapply(names(x$blueprint), function(name) {
    if (is.null(data[[name]])) return(NULL)
    values <- as.double(encode_given(data[[name]], x$blueprint[[name]], name, call))
    # A missing code is 0 in the core.
    if (x$blueprint[[name]]$kind == "factor") values[is.na(values)] <- 0
    list(value = values)
  })
  drawn <- draw_row_lm(x, nrow(data), given, key, threads, fill = TRUE)
  left <- 0
  for (name in names(data)) {
    gaps <- which(is.na(data[[name]]))
    if (length(gaps) == 0) next
    values <- decode_column(drawn[[match(name, names(x$blueprint))]], x$blueprint[[name]])
    data[[name]][gaps] <- values[gaps]
    left <- left + sum(is.na(values[gaps]))
  }
  if (left) cli::cli_alert_info("{left} cell{?s} stay{?s/} missing: their columns were never filled at fit.")
  data
}

#' Log probability of rows
#'
#' How likely a fitted generator finds rows: the logarithm of their joint probability, by the chain of the columns.
#'
#' @details Of columns of levels or of few values (and of frequent values and missing cells of others) it is a
#' probability, of numbers a density with respect to length: sums over both are meant for comparisons of rows under
#' one generator, or of generators of the same columns. Rounded numbers count by the density at the number. A cell that
#' the generator can never draw, such as a rare level or a number beyond the ends of its law, has probability 0, its
#' row `-Inf`.
#'
#' @param x A generator fitted with [gen_row_lm()].
#' @param data A data frame with all columns of the generator.
#' @param ... Unknown names are an error.
#' @param orders 0: by the chain in the order of the columns, which is that of free draws. A number k: the log of the
#'   mean probability over k random orders of the columns, the same for all rows; slower, less noisy.
#' @param seed A whole number, or `NULL` to draw from R's own generator; matters where `orders` > 0.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @return A numeric vector, one a row of `data`, in nats.
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' fit <- fit_generator(gen_row_lm(epochs = 5, width = 16, heads = 2), study, seed = 2)
#' log_prob(fit, study[1:3, ])
#' @export
log_prob <- function(x, data, ...) UseMethod("log_prob")

#' @export
log_prob.default <- function(x, data, ...) {
  check_present(x, "x")
  abort_no_law(x, "log_prob")
}

#' @rdname log_prob
#' @export
log_prob.fitted_gen_row_lm <- function(x, data, ..., orders = 0, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  check_data_frame(data, "data")
  orders <- check_whole(orders, "orders", 0, 10000)
  key <- if (orders > 0) rng_key(seed) else as_key(c(0, 0))
  encoded <- encode_columns(data, x$blueprint, "data")
  encoded$rows <- nrow(data)
  row_lm_log_prob(row_lm_model(x), encoded, orders, unclass(key), run_control(threads, "Scoring rows"))
}

abort_no_law <- function(x, verb, call = rlang::caller_env()) {
  abort("input", c(
    "{.fn {verb}} needs a generator fitted with {.fn gen_row_lm}.",
    x = if (inherits(x, "fitted_strata")) "It was fitted with {.arg strata}."
        else if (inherits(x, "causalsynth_generator")) "It is a {x$spec$label}."
        else "It is {describe(x)}."
  ), call = call)
}

check_generator_columns <- function(data, x, arg, call) {
  unknown <- setdiff(names(data), names(x$blueprint))
  if (length(unknown) == 0) return(invisible())
  abort("data", c(
    "{.arg {arg}} has {length(unknown)} column{?s} that the generator does not know: {.val {unknown}}.",
    i = "Its columns are {.val {utils::head(names(x$blueprint), 12)}}."
  ), call = call)
}
