# Fitted chat generators: with a pool, its rows as of gen_data(); without, what is needed to ask.

#' @exportS3Method
learn_rows.gen_chat <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  if (!is.null(weights)) {
    abort("input", c("A {.fn gen_chat} takes no survey weights: its summary of the columns counts each row once.",
                     i = "Draw rows in proportion to the weights, and fit it to these."), call = call)
  }
  check_chat_packages(call)
  check_examples(spec$examples, data, call)
  brief <- prepare_chat(spec, data, key)
  blueprint <- column_blueprint(data)
  decimals <- Filter(Negate(is.na), lapply(blueprint, function(entry) {
    if (entry$kind == "numeric" && is.double(entry$ptype) && !is.object(entry$ptype)) entry$decimals else NA
  }))
  fit <- list(spec = spec, brief = brief, reference = chat_reference(data, spec$range, spec$min_count),
              decimals = decimals)
  for (name in names(blueprint)) {
    if (is.character(data[[name]])) {
      blueprint[[name]]$levels <- sort(unique(stats::na.omit(fit$reference[[name]])), method = "radix")
    }
  }
  fit$blueprint <- blueprint
  if (is.null(spec$pool)) {
    fit$notes <- "Each draw asks the chat; nothing has been sent yet"
    return(structure(fit, class = c("fitted_chat_live", "fitted_gen_chat")))
  }
  found <- collect_rows(fit, spec$pool, derive_key(key, "pool"), call)
  fit$tally <- found$tally
  fit$rows <- as_rows(unname(as.list(found$rows)), row_template(data))
  fit$notes <- c(paste("A pool of", count_phrase(nrow(fit$rows), "row"), "to draw from"), repeats_phrase(fit$rows),
                 format(found$tally))
  structure(fit, class = c("fitted_gen_chat", "fitted_gen_data"))
}

check_examples <- function(examples, data, call) {
  if (!is.data.frame(examples)) return(invisible())
  absent <- setdiff(names(data), names(examples))
  if (length(absent)) {
    abort("data", "{.arg examples} lack {length(absent)} column{?s} of the data: {.val {absent}}.", call = call)
  }
}

repeats_phrase <- function(rows) {
  again <- sum(duplicated(as.data.frame(rows)))
  if (again) sprintf("Rows of the pool that repeat another: %s", format(again, big.mark = ","))
}

#' Ask a chat model for rows
#'
#' Of a [gen_chat()] that was fitted without a `pool`: every call sends requests.
#'
#' @param x A fitted [gen_chat()].
#' @param n Number of rows.
#' @param seed A whole number, which fixes the requests (not the model's answers) and finds them in a cache, or `NULL`
#'   to draw from R's own generator.
#' @param ... Unknown names are an error.
#' @param given,constraints,drop_copies_of Need a `pool`: an error here.
#' @param threads Not used: requests are sent one after the other.
#' @return A data frame of `n` rows of the data's class, columns and types, with an attribute `"chat"`: requests, rows
#'   kept and dropped, failures, usage. Fewer rows in the bounded number of requests are an error of class
#'   `causalsynth_error_fit`.
#' @examplesIf requireNamespace("jsonlite", quietly = TRUE)
#' study <- data.frame(x = c(1, 0, 1, 1, 0, 1))
#' spec <- gen_chat(function(text) '{"rows": [{"x": 1}, {"x": 0}, {"x": 7}]}', batch = 2)
#' fit <- fit_generator(spec, study)
#' rows <- generate(fit, 4, seed = 1)
#' attr(rows, "chat")
#' @export
generate.fitted_chat_live <- function(x, n, seed = NULL, ..., given = NULL, constraints = NULL,
                                      drop_copies_of = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  if (!is.null(given)) require_pool(x$spec, "take `given` columns", call)
  if (!is.null(constraints)) require_pool(x$spec, "take `constraints`", call)
  if (!is.null(drop_copies_of)) require_pool(x$spec, "take `drop_copies_of`", call)
  n <- check_whole(n, "n")
  found <- collect_rows(x, n, rng_key(seed), call)
  structure(as_rows(unname(as.list(found$rows)), x$template), chat = found$tally)
}

#' @exportS3Method
draw_columns.fitted_chat_live <- function(fit, n, key, threads) {
  require_pool(fit$spec, "draw the many rows that this needs", rlang::caller_env())
}

#' @exportS3Method
draw_given.fitted_chat_live <- function(fit, n, given, key, threads) {
  require_pool(fit$spec, "take given columns", rlang::caller_env())
}

# A picture asks for one request's rows unless told otherwise.
#' @exportS3Method ggplot2::autoplot fitted_chat_live
autoplot.fitted_chat_live <- function(object, n = object$spec$batch, seed = NULL, columns = NULL, ...) {
  check_dots_empty(...)
  autoplot.causalsynth_generator(object, n, seed, columns)
}

#' @export
glance.fitted_gen_chat <- function(x, ...) {
  check_dots_empty(...)
  data.frame(generator = x$spec$label, n = x$n, columns = length(x$blueprint))
}

# A file of a pool: rows and counts. The chat may hold a key, the prompt may hold rows.
#' @exportS3Method
pack_model.fitted_gen_chat <- function(x, keep_rows, call) {
  if (inherits(x, "fitted_chat_live")) {
    abort("input", c(
      "A {.fn gen_chat} without {.arg pool} cannot be written: it needs its chat for every row.",
      i = "Fit it with {.arg pool}, a number of rows to ask for once, or write the rows themselves."
    ), call = call)
  }
  without_chat(x)
}

portable_spec <- function(spec) {
  if (inherits(spec, "gen_chat")) spec[c("chat", "prompt", "examples", "cache")] <- NULL
  spec
}

# `x`: a generator with a pool that was made by something that no file can hold.
without_chat <- function(x) {
  x$spec <- portable_spec(x$spec)
  if (inherits(x, "fitted_gen_chat")) {
    x$brief <- NULL
    x$reference <- NULL
  }
  x
}

#' @exportS3Method
pack_model.fitted_strata <- function(x, keep_rows, call) {
  x$fits <- lapply(x$fits, pack_model, keep_rows, call)
  x$spec <- portable_spec(x$spec)
  x
}
