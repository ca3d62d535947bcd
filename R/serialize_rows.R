#' Rows as text
#'
#' Writes each row as one line, "age is 63, sex is female, albumin is 4.1": the form that language models which learn
#' tables (GReaT and its like) are trained on, and that prompts can show. [parse_rows()] is its exact parser.
#'
#' @section The form of a line: A line is `name is value`, with ", " between the columns.
#'   * Numbers have the fewest digits (15 or 17) that give the same number back, or as many as `digits` says; dates are
#'     `2024-12-31`, date-times `2024-12-31 23:59:59` with their fraction of a second, in the column's time zone,
#'     logicals `TRUE` and `FALSE`, factors and text their level.
#'   * A missing value is the word in `missing`; with `missing = NULL` its column is left out of the line.
#'   * A name, level or text is put in double quotes if it is empty, begins or ends with a blank, holds a comma, a
#'     double quote, a backslash, a control character (a line break, a tab) or " is ", or is the word for missing.
#'     Within quotes the escapes are those of JSON: `\"`, `\\`, `\n`, `\r`, `\t`, `\u001f`. Nothing else is ever quoted,
#'     and what is in quotes is never a missing value.
#'
#' @param data Data frame with columns of numbers, logicals, factors, text, dates or date-times.
#' @param order Order of the columns in each line: "data" as in the data, "random" a new one for each row (so that
#'   a model learns to complete a row from any columns).
#' @param ... Unknown names are an error.
#' @param seed A whole number for `order = "random"`, or `NULL` to draw from R's own generator.
#' @param digits Significant digits of numbers that are no whole-number column, 1 to 17, or `NULL` (the default) for as
#'   many as each needs. With fewer than a number needs it does not come back exactly.
#' @param missing The word for a missing value, or `NULL` to leave such columns out of the line.
#' @return A character vector, one line for each row, in UTF-8. An error of class `causalsynth_error_data` says which
#'   column cannot be written (lists, complex numbers, text that is not valid UTF-8, dates that are not whole days).
#' @section Privacy: The lines are the rows themselves, in another form. What is written here of real people is as
#'   confidential as the table is.
#' @references The form is that of Borisov et al. (2023), Language models are realistic tabular data generators,
#'   ICLR, \doi{10.48550/arXiv.2210.06280}.
#' @seealso [parse_rows()], [gen_chat()].
#' @examples
#' rows <- data.frame(age = c(63, 47.5), stage = factor(c("II, late", NA)),
#'   day = as.Date("2024-12-31") + 0:1)
#' lines <- serialize_rows(rows)
#' lines
#' identical(parse_rows(lines, like = rows), rows)
#' serialize_rows(rows, order = "random", seed = 1, missing = NULL)
#' @export
serialize_rows <- function(data, order = c("data", "random"), ..., digits = NULL, missing = "missing", seed = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_data_frame(data, "data", min_rows = 0)
  order <- check_choice(order, c("data", "random"), "order")
  check_missing_word(missing, call)
  if (!is.null(digits)) digits <- check_whole(digits, "digits", 1, 17)
  if (length(data) == 0) abort("data", "{.arg data} has no column.")
  unnamed <- sum(!nzchar(names(data)) | is.na(names(data)))
  if (unnamed) abort("data", "{.arg data} has {unnamed} column{?s} without a name.")
  plain <- unclass_frame(as.data.frame(data))
  if (nrow(plain) == 0) return(character())
  names <- quote_text(names(plain), missing)
  cells <- Map(function(x, name) column_text(x, name, digits, missing, call), plain, names(plain))
  parts <- Map(function(text, name) ifelse(is.na(text), NA, paste(name, "is", text)), cells, names)
  parts <- matrix(unlist(parts, use.names = FALSE), nrow(plain))
  if (order == "random") parts <- shuffle_within_rows(parts, rng_key(seed))
  left <- !is.na(parts)
  lines <- character(nrow(parts))
  whole <- rowSums(left) == ncol(parts)
  lines[whole] <- do.call(paste, c(lapply(seq_len(ncol(parts)), function(j) parts[whole, j]), sep = ", "))
  for (i in which(!whole)) lines[i] <- paste(parts[i, left[i, ]], collapse = ", ")
  lines
}

check_missing_word <- function(missing, call) {
  if (is.null(missing)) return(invisible())
  good <- is.character(missing) && length(missing) == 1 && !is.na(missing) && nzchar(missing) &&
    validUTF8(missing) && !needs_quotes(missing, NULL)
  if (!good) {
    abort("input", c(
      "{.arg missing} must be one word without commas, quotes and outer blanks, or NULL.",
      x = "It is {describe(missing)}."
    ), call = call)
  }
}

# Each row in an order of its own: of uniforms drawn for all cells.
shuffle_within_rows <- function(parts, key) {
  u <- matrix(random_uniforms(unclass(derive_key(key, "column order")), length(parts)), nrow(parts), byrow = TRUE)
  row <- as.vector(row(parts))
  matrix(parts[order(row, as.vector(u))], nrow(parts), byrow = TRUE)
}

# One column as text, each value as it stands in a line; NA where a column is to be left out.
column_text <- function(x, name, digits, missing, call) {
  check_covariate_kind(x, name, call)
  text <- if (is.factor(x)) {
    quote_text(levels(x), missing)[x]
  } else if (is.character(x)) {
    quote_text(x, missing)
  } else if (inherits(x, "Date")) {
    date_text(x, name, call)
  } else if (inherits(x, "POSIXct")) {
    time_text(x)
  } else if (is.logical(x)) {
    as.character(x)
  } else {
    number_text(x, digits)
  }
  text[is.na(x) | is.na(text)] <- if (is.null(missing)) NA_character_ else missing
  text
}

check_covariate_kind <- function(x, name, call) {
  if (is.list(x) || length(dim(x)) > 1 || typeof(x) %in% c("complex", "raw")) {
    abort("data", c(
      "Column {.val {name}} is a {class(x)[1]}: it cannot be written as text.",
      i = "Give numbers, logicals, dates, text or a factor."
    ), call = call)
  }
  check_text(x, name, call)
}

number_text <- function(x, digits) {
  if (is.integer(x)) return(as.character(unclass(x)))
  x <- as.numeric(x)
  text <- if (is.null(digits)) csv_text(x) else sprintf("%.*g", as.integer(digits), x)
  # Platforms differ in how they print infinity.
  text[is.infinite(x)] <- ifelse(x[is.infinite(x)] > 0, "Inf", "-Inf")
  text
}

date_text <- function(x, name, call) {
  days <- as.numeric(x)
  odd <- sum(is.finite(days) & days != floor(days)) + sum(is.infinite(days))
  if (odd) {
    abort("data", c(
      "Column {.val {name}} holds {odd} date{?s} that {?is no whole day/are no whole days}.",
      i = "Round it, for instance with {.code as.Date(floor(as.numeric(x)), origin = \"1970-01-01\")}."
    ), call = call)
  }
  format(x, "%Y-%m-%d")
}

# Whole seconds, and the fraction in as many digits as the number needs.
time_text <- function(x) {
  seconds <- as.numeric(x)
  whole <- floor(seconds)
  zone <- time_zone(x)
  text <- format(as.POSIXct(whole, origin = "1970-01-01", tz = zone), "%Y-%m-%d %H:%M:%S", tz = zone)
  part <- which(is.finite(seconds) & seconds != whole)
  text[part] <- paste0(text[part], sub("^0", "", sprintf("%.9f", seconds[part] - whole[part])))
  text
}

time_zone <- function(x) attr(x, "tzone")[1] %||% ""

needs_quotes <- function(x, missing) {
  x %in% c("", missing) | grepl("[,\"\\\\[:cntrl:]]|^[[:space:]]|[[:space:]]$| is |^is | is$", x)
}

# Text as it stands in a line: quoted where it could be misread.
quote_text <- function(x, missing) {
  x <- enc2utf8(as.character(x))
  at <- which(!is.na(x) & needs_quotes(x, missing))
  if (length(at) == 0) return(x)
  x[at] <- paste0("\"", json_escaped(x[at]), "\"")
  x
}

# The inside of a JSON string.
json_escaped <- function(x) {
  text <- gsub("\\", "\\\\", enc2utf8(x), fixed = TRUE)
  text <- gsub("\"", "\\\"", text, fixed = TRUE)
  for (code in c(1:31, 127)) {
    short <- c(`9` = "\\t", `10` = "\\n", `13` = "\\r")[as.character(code)]
    text <- gsub(intToUtf8(code), if (is.na(short)) sprintf("\\u%04x", code) else short, text, fixed = TRUE)
  }
  text
}

# The text behind quotes; NA where an escape is none of JSON's.
unquote_text <- function(x) {
  inner <- substr(x, 2, nchar(x) - 1)
  plain <- !grepl("\\", inner, fixed = TRUE)
  inner[!plain] <- vapply(inner[!plain], unescape, "", USE.NAMES = FALSE)
  inner
}

json_escapes <- c(`"` = "\"", `\\` = "\\", `/` = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t")

unescape <- function(text) {
  found <- gregexpr("\\\\(u[0-9a-fA-F]{4}|.)", text, perl = TRUE)
  codes <- regmatches(text, found)[[1]]
  means <- vapply(codes, function(code) {
    mark <- substr(code, 2, 2)
    if (mark != "u" || nchar(code) < 6) return(unname(json_escapes[mark]))
    point <- strtoi(substr(code, 3, 6), 16L)
    if (point == 0 || (point >= 0xD800 && point <= 0xDFFF)) NA_character_ else intToUtf8(point)
  }, "", USE.NAMES = FALSE)
  if (anyNA(means)) return(NA_character_)
  regmatches(text, found) <- list(means)
  text
}
