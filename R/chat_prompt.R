# What a chat model is told of a table: a summary of each column, the strongest associations, what the user adds, and
# only on request real rows.

#' Show the prompt of a generator
#'
#' Prints, without sending anything, the text that [gen_chat()] would send to the chat model for its first request.
#'
#' @param x A [gen_chat()] spec, or what [fit_generator()] made of it. Anything else goes to [utils::prompt()], which
#'   has this name too.
#' @param data The real data (with a spec only).
#' @param ... Unknown names are an error.
#' @param n Number of rows asked for; `NULL`: the spec's `batch`.
#' @param seed A whole number, as for [fit_generator()] (with a spec: it chooses the examples) or for [generate()].
#' @return The text, of class `causalsynth_prompt`, whose `print()` writes it as it is. All that is sent of the data is
#'   in it; a chat model with structured output also gets the names, types and levels as a schema.
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' prompt(gen_chat(function(text) "", "Patients of an imaginary trial."), study, n = 5, seed = 1)
#' @export
prompt <- function(x, ...) {
  if (inherits(x, c("gen_chat", "fitted_gen_chat"))) UseMethod("prompt")
  if (!missing(x) && any(startsWith(class(x), "causalsynth_"))) {
    abort("input", c("{.fn prompt} shows what {.fn gen_chat} would send.", x = "It is {describe(x)}."),
          call = rlang::current_env())
  }
  call <- sys.call()
  call[[1]] <- quote(utils::prompt)
  eval(call, parent.frame())
}

#' @rdname prompt
#' @export
prompt.gen_chat <- function(x, data, ..., n = NULL, seed = NULL) {
  check_dots_empty(...)
  check_data_frame(data, "data")
  for (name in names(data)) check_covariate(data[[name]], name, rlang::current_env())
  key <- rng_key(seed)
  new_prompt(prepare_chat(x, data, key), x, n, key)
}

#' @rdname prompt
#' @export
prompt.fitted_gen_chat <- function(x, ..., n = NULL, seed = NULL) {
  check_dots_empty(...)
  new_prompt(x$brief, x$spec, n, rng_key(seed))
}

new_prompt <- function(brief, spec, n, key) {
  n <- if (is.null(n)) spec$batch else check_whole(n, "n", call = rlang::caller_env())
  structure(prompt_text(brief, n, 1, key), class = "causalsynth_prompt")
}

#' @export
format.causalsynth_prompt <- function(x, ...) strsplit(unclass(x), "\n", fixed = TRUE)[[1]]

#' @export
print.causalsynth_prompt <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
summary.causalsynth_prompt <- function(object, ...) {
  data.frame(lines = length(format(object)), characters = nchar(unclass(object)))
}

# What of the data goes to the chat, as text; `examples`: the rows shown, NULL without.
prepare_chat <- function(spec, data, key) {
  plain <- unclass_frame(as.data.frame(data))
  shown <- if (is.data.frame(spec$examples)) {
    unclass_frame(as.data.frame(spec$examples)[names(plain)])
  } else if (spec$examples > 0) {
    take_rows(plain, random_permutation(unclass(derive_key(key, "examples")), nrow(plain))
              [seq_len(min(spec$examples, nrow(plain)))])
  }
  list(
    about = spec$prompt, columns = unlist(Map(describe_column, plain, names(plain), spec$min_count)),
    associations = if (spec$associations) describe_associations(plain, spec$min_count),
    examples = shown, lines = if (!is.null(shown)) serialize_rows(shown),
    template = template_row(plain, spec$min_count)
  )
}

# The text of request `index` for n rows. Its series number makes texts of different seeds differ.
prompt_text <- function(brief, n, index, key) {
  lines <- brief$lines
  if (length(lines)) lines <- lines[random_permutation(unclass(derive_key(key, "order", index)), length(lines))]
  paste(c(
    "Make synthetic rows of a table for statistical research. No row describes a real person.",
    if (length(brief$about)) c("", "About the table:", brief$about),
    "", "Its columns:", brief$columns,
    if (length(brief$associations)) {
      c("", "Associations of pairs (from 0, none, to 1; numbers by rank, with their sign):", brief$associations)
    },
    if (length(lines)) c("", "Rows that show what is usual. Copy none of them:", lines),
    "",
    sprintf("Make %s. Draw each from the joint distribution that the above describes: rows differ, shares and spreads",
            count_phrase(n, "row")),
    "are as stated, columns go together as they do in such data. Use no level but those listed.",
    "Answer with one JSON object and nothing else, a missing value as null, in this form:",
    sprintf("{\"rows\": [%s, ...]}", brief$template),
    sprintf("(Request %d of series %08x.)", as.integer(index), as.integer(unclass(derive_key(key, "series"))[1] / 2))
  ), collapse = "\n")
}

json_string <- function(x) paste0("\"", json_escaped(x), "\"")

# One line on a column. Nothing in it rests on fewer than `least` rows, except that a level or value may be named if
# the whole column has no more.
describe_column <- function(x, name, least) {
  lost <- mean(is.na(x))
  missing <- if (lost > 0) sprintf("; missing in %s", percent(lost)) else ""
  paste0("- ", json_string(name), ": ", column_phrase(x[!is.na(x)], least), missing)
}

column_phrase <- function(x, least) {
  if (length(x) == 0) return("always missing")
  if (is.factor(x) || is.character(x)) return(levels_phrase(x, least))
  if (is.logical(x)) return(sprintf("true or false; true in %s", percent(mean(x))))
  kind <- if (inherits(x, "Date")) "date, as \"YYYY-MM-DD\"" else if (inherits(x, "POSIXct")) {
    "time, as \"YYYY-MM-DD HH:MM:SS\""
  } else if (is.integer(x) || count_decimals(as.numeric(x)) %in% 0) "whole number" else "number"
  values <- sort(unique(as.numeric(x)))
  counts <- tabulate(match(as.numeric(x), values))
  if (length(values) <= 12 && (all(counts >= least) || all(values %in% c(0, 1)))) {
    shares <- paste0(shown_number(values, x), " (", vapply(counts / length(x), percent, ""), ")", collapse = ", ")
    return(sprintf("%s; one of %s", kind, shares))
  }
  paste0(kind, decimals_phrase(x), "; ", quantiles_phrase(x, least))
}

decimals_phrase <- function(x) {
  d <- if (is.double(x) && !is.object(x)) count_decimals(as.numeric(x)) else NA
  if (is.na(d) || d == 0) "" else sprintf(" with %s", count_phrase(d, "decimal"))
}

levels_phrase <- function(x, least) {
  counts <- kept_levels(x, least)
  shown <- seq_along(counts) <= 20
  shares <- ifelse(shown, paste0(" (", vapply(counts / length(x), percent, ""), ")"), "")
  paste0(if (is.ordered(x)) "ordered text" else "text", "; one of ",
         paste0(json_string(names(counts)), shares, collapse = ", "))
}

# Counts of the levels that `least` rows have (of all levels, if none has as many), the most frequent first unless
# ordered.
kept_levels <- function(x, least) {
  x <- x[!is.na(x)]
  counts <- table(if (is.factor(x)) droplevels(x) else factor(x, sort(unique(x), method = "radix")))
  counts <- stats::setNames(as.integer(counts), names(counts))
  if (any(counts >= least)) counts <- counts[counts >= least]
  if (is.ordered(x)) counts else counts[order(-counts)]
}

# Quantiles that leave `least` rows on each side, to three digits.
quantiles_phrase <- function(x, least) {
  n <- length(x)
  probs <- c(.01, .05, .25, .5, .75, .95, .99)
  probs <- probs[n * pmin(probs, 1 - probs) >= least]
  if (length(probs) == 0) {
    return(sprintf("about %s", shown_number(signif(mean(as.numeric(x)), 2), x)))
  }
  values <- stats::quantile(as.numeric(x), probs, names = FALSE)
  values <- if (inherits(x, c("Date", "POSIXct"))) round(values) else signif(values, 3)
  paste("quantiles", paste0(shown_number(values, x), " (", 100 * probs, " %)", collapse = ", "))
}

shown_number <- function(values, x) {
  if (inherits(x, "Date")) return(format(.Date(round(values))))
  if (inherits(x, "POSIXct")) return(format(as.POSIXct(round(values), origin = "1970-01-01", tz = time_zone(x))))
  vapply(values, format, "", digits = 6, scientific = 7)
}

# The strongest associations, at most 30, none below .1: rank correlations of numbers, correlation ratios, Cramer's V.
describe_associations <- function(rows, least) {
  if (nrow(rows) < 4 * least || length(rows) < 2 || length(rows) > 200) return(NULL)
  rows[] <- lapply(rows, function(x) {
    if (is.factor(x) || is.character(x)) factor(x) else rank(as.numeric(x), na.last = "keep")
  })
  found <- associations(rows)
  at <- which(upper.tri(found) & abs(found) >= .1, arr.ind = TRUE)
  at <- at[utils::head(order(-abs(found[at])), 30), , drop = FALSE]
  if (nrow(at) == 0) return(NULL)
  sprintf("- %s and %s: %.2f", json_string(names(rows)[at[, 1]]), json_string(names(rows)[at[, 2]]), found[at])
}

# A row in the form asked for, of what every row could have.
template_row <- function(rows, least) {
  cells <- vapply(rows, function(x) {
    if (is.factor(x) || is.character(x)) {
      found <- kept_levels(x, least)
      return(if (length(found)) json_string(names(found)[1]) else "null")
    }
    if (inherits(x, "Date")) return("\"YYYY-MM-DD\"")
    if (inherits(x, "POSIXct")) return("\"YYYY-MM-DD HH:MM:SS\"")
    if (all(is.na(x))) return("null")
    if (is.logical(x)) return("true")
    "0"
  }, "")
  paste0("{", paste0(json_string(names(rows)), ": ", cells, collapse = ", "), "}")
}
