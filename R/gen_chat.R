#' A chat model as a generator
#'
#' Asks a large language model for rows: a summary of the real data's columns goes into a prompt, the rows of its
#' answers are checked one by one, and what was dropped is counted. **Nothing is sent anywhere unless a chat is given
#' here, and then only by `generate()` or, with `pool`, by `fit_generator()`.**
#'
#' @section What is sent: [prompt()] shows all of it without sending anything: the names and types of columns; shares of
#' levels and of numbers with few values, if `min_count` rows have them; quantiles that leave `min_count` rows on each
#' side, to three digits; the shares of missing values; associations of pairs of columns; and your own `prompt`. These
#' are statistics of your data, and small tables may still tell something of persons: ask who is responsible for the
#' data before you send them to a service.
#'
#' With `examples` of 1 or more, that many **real rows are sent as they are, with every request**, and a warning of
#' class `causalsynth_warning_privacy` says so. To show examples without that, give rows that are no one's (from
#' [gen_copula()], for instance) as a data frame. Rows that copy an example are dropped.
#'
#' @section What a fitted one is: Without `pool` the fit is the table's summary and the prompt, and each `generate()`
#' sends requests, which take time and money. It can neither be given columns or constraints, nor be used where very
#' many rows are needed, as by [fit_hybrid()]. With `pool = m`, fitting asks for m rows, which the fit then holds; from
#' there on nothing is sent, and it is like [gen_data()]: `generate()` draws from these rows with replacement, all of
#' `given`, `constraints`, [fit_hybrid()] and [write_model()] work. The fit holds the rows of the model's answers and
#' the summary, but no real row, unless `examples` were asked for, and with `range = "seed"` the ends of each column's
#' range. A file of [write_model()] holds neither the chat nor the prompt.
#'
#' @section Requests: Each request asks for `batch` rows in a conversation of its own, the same prompt with another
#' number. A request that fails (time-out, connection, status 429 or 5xx) or whose answer holds no row that can be
#' kept (a refusal, JSON that is cut off before the first row) is sent again, `tries` times at most. Between tries it
#' waits as long as the service states (Retry-After), else `wait[1]` seconds, doubled each time, up to `wait[2]`; if
#' the service asks for longer that is an error that says so. Other refusals of the service (a wrong key, an unknown
#' model) end it at once. All in all at most `tries * ceiling(n / batch)` requests are sent: if these do not give n
#' rows, the error, of class `causalsynth_error_fit`, says how many came, and why others did not; its `$tally` has the
#' counts. An answer is read as JSON; if it is not whole, the objects in it that are whole are read (where ellmer
#' itself could not read structured output, the next try asks for text). A row is dropped
#' under the reasons of [parse_rows()], where `wrong_type` is any JSON value of another type (text for a number); only
#' levels may be written as numbers.
#'
#' With `cache` each good answer is written to a file of that folder (under another name, then renamed: whole or not at
#' all), and a call with the same data, spec and `seed` reads what is there and goes on from it. The files hold rows
#' and counts, not the prompt. With a fixed `seed` the requests are the same; the answers are as random as the model.
#'
#' @param chat A chat object of the package ellmer (such as `ellmer::chat_openai()`, `chat_ollama()`), any object with a
#'   method `$chat(text)`, or a function of one text that returns a text. Its answer may have the attributes `tokens`
#'   (sent, received) and `cost`; its errors may have a field `status` (of HTTP) and `retry_after` (seconds). An ellmer
#'   chat is copied for each request and stays as it is, its system prompt included.
#' @param prompt What the model should know of the table beside its columns' summary (what the rows are, what columns
#'   mean, units), one or more texts, or `NULL`.
#' @param examples A number of real rows to show (0, the default: none), or a data frame of rows to show instead.
#' @param ... Unknown names are an error.
#' @param batch Rows asked for in a request.
#' @param pool `NULL`, or the number of rows to ask for at fit, see below.
#' @param range "seed" drops rows with a number outside its column's range in the real data.
#' @param min_count Rows that a level or value must have to be told, and that lie beyond each quantile told. Rarer
#'   levels are not among those allowed.
#' @param associations Tell the strongest associations of pairs of columns?
#' @param structured Ask an ellmer chat for structured output (a JSON schema with columns, types and levels)? Not all
#'   models have it; without, the schema is in the prompt's words only.
#' @param tries,wait,timeout Tries of a request; seconds between two tries, the least and the most; seconds until an
#'   answer must be there. For chats other than ellmer's the time-out works where R can be interrupted.
#' @param cache A folder to keep good answers in, made if it is not there, or `NULL`.
#' @param label A name for prints; default: that of the model, if the chat tells it.
#' @return A generator spec for [fit_generator()], and with `pool` for [fit_hybrid()]. The rows that `generate()`
#'   returns without `pool` have an attribute `"chat"`, the fit with `pool` an entry `$tally`: requests, rows kept and
#'   dropped by reason, failures, tokens and cost where the chat reports them, with `print()`, `tidy()` and `glance()`.
#' @seealso [prompt()], [serialize_rows()], [gen_row_lm] for a language model of rows that needs no service.
#' @references Borisov et al. (2023), \doi{10.48550/arXiv.2210.06280}, and Kim, Xu and Lin (2025),
#'   \doi{10.48550/arXiv.2511.00318}, on language models as generators of tables.
#' @examplesIf requireNamespace("jsonlite", quietly = TRUE)
#' study <- generate(dgp_paper(), 200, seed = 1)[c("W1", "W4")]
#' # A function that answers as a model would; a real one: ellmer::chat_openai(model = "...").
#' imaginary <- function(text) {
#'   rows <- data.frame(W1 = rbinom(20, 1, .5), W4 = round(rnorm(20), 3))
#'   as.character(jsonlite::toJSON(list(rows = rows), digits = NA))
#' }
#' spec <- gen_chat(imaginary, "Covariates of an imaginary study.", batch = 20, pool = 40)
#' prompt(spec, study, seed = 1)
#' fit <- fit_generator(spec, study, seed = 1)
#' fit
#' generate(fit, 3, seed = 2)
#' @export
gen_chat <- function(chat, prompt = NULL, examples = 0, ..., batch = 20, pool = NULL, range = c("none", "seed"),
                     min_count = 5, associations = TRUE, structured = TRUE, tries = 3, wait = c(1, 60),
                     timeout = 120, cache = NULL, label = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_chat(chat, call)
  check_prompt(prompt, call)
  if (!is.data.frame(examples)) examples <- check_whole(examples, "examples", 0, 1000)
  check_wait(wait, call)
  spec <- list(
    chat = chat, prompt = prompt, examples = examples, batch = check_whole(batch, "batch", 1, 10000),
    pool = if (!is.null(pool)) check_whole(pool, "pool", 1), range = check_choice(range, c("none", "seed"), "range"),
    min_count = check_whole(min_count, "min_count", 1), associations = check_flag(associations, "associations"),
    structured = check_flag(structured, "structured"), tries = check_whole(tries, "tries", 1, 100),
    wait = as.numeric(wait), timeout = check_number(timeout, "timeout", .01, 1e6),
    cache = check_cache(cache, call), model = label %||% chat_model(chat), external = TRUE, live = is.null(pool)
  )
  if (!is.null(label)) check_text_value(label, "label", call)
  spec$label <- paste0("chat model", if (!is.null(spec$model)) paste0(" (", spec$model, ")"))
  if (is.numeric(examples) && examples > 0) warn_examples(examples, call)
  structure(spec, class = c("gen_chat", "causalsynth_gen"))
}

check_chat <- function(chat, call) {
  check_present(chat, "chat", call)
  method <- if (!is.function(chat) && (is.environment(chat) || is.list(chat))) chat[["chat"]]
  if (is.function(chat) || is.function(method)) return(invisible())
  abort("input", c(
    "{.arg chat} must be a chat of {.pkg ellmer}, an object with a method {.code $chat()}, or a function of a text.",
    x = "It is {describe(chat)}."
  ), call = call)
}

check_prompt <- function(prompt, call) {
  if (is.null(prompt) || (is.character(prompt) && !anyNA(prompt) && all(validUTF8(prompt)))) return(invisible())
  abort("input", c("{.arg prompt} must be text, or NULL.", x = "It is {describe(prompt)}."), call = call)
}

check_wait <- function(wait, call) {
  good <- is.numeric(wait) && length(wait) == 2 && !anyNA(wait) && wait[1] >= 0 && wait[2] >= wait[1]
  if (!good) {
    abort("input", c("{.arg wait} must be two numbers of seconds, the least and the most.",
                     x = "It is {describe(wait)}."), call = call)
  }
}

check_text_value <- function(x, arg, call) {
  if (is.character(x) && length(x) == 1 && !is.na(x)) return(invisible())
  abort("input", c("{.arg {arg}} must be one text.", x = "It is {describe(x)}."), call = call)
}

warn_examples <- function(examples, call) {
  cli::cli_warn(c(
    "{examples} real row{?s} of the data will be sent to the chat model with every request.",
    i = "Only do this if the data may leave your hands. {.fn prompt} shows what is sent."
  ), class = c("causalsynth_warning_privacy", "causalsynth_warning"), call = call)
}

check_chat_packages <- function(call) {
  if (requireNamespace("jsonlite", quietly = TRUE)) return(invisible())
  abort("input", c("Answers of a chat model are read by the package {.pkg jsonlite}.",
                   i = "Install it with {.code install.packages(\"jsonlite\")}."), call = call)
}

# Generators that cannot draw very many rows, or rows given something, without a pool.
require_pool <- function(spec, what, call) {
  if (!is.list(spec) || !isTRUE(spec$live)) return(invisible())
  abort("input", c(
    "A {.fn {class(spec)[1]}} without {.arg pool} makes each row when it is asked for: it cannot {what}.",
    i = "Give it {.arg pool}, a number of rows to make once, when it is fitted, and to draw from."
  ), call = call)
}

#' @export
format.gen_chat <- function(x, ...) {
  shown <- if (is.data.frame(x$examples)) {
    sprintf("%s as examples", count_phrase(nrow(x$examples), "row of yours", "rows of yours"))
  } else if (x$examples > 0) sprintf("%s sent as examples", count_phrase(x$examples, "real row"))
  c(
    sprintf("<generator spec> %s, %s a request%s", x$label, count_phrase(x$batch, "row"),
            if (is.null(x$pool)) "" else sprintf(", a pool of %s", count_phrase(x$pool, "row"))),
    shown, if (!is.null(x$cache)) paste("Cache:", x$cache)
  )
}
