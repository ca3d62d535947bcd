#' Rows from text
#'
#' The exact parser of [serialize_rows()], and a strict reader of what language models write in that form. Every line
#' becomes a row with the columns, types and levels of `like`, or is dropped and counted under a reason.
#'
#' @param text Character vector of lines "name is value, name is value", columns in any order. A text may hold
#'   several lines; blank ones are skipped.
#' @param like Data frame that says which columns, types and levels there are (usually the real data), or a fitted
#'   generator, which knows them too.
#' @param ... Unknown names are an error.
#' @param missing The word that stands for a missing value, as given to [serialize_rows()]; with `NULL` a column that is
#'   not in the line is missing.
#' @param range "seed" also drops rows with a number outside the range that its column has in `like`.
#' @param quiet Do not warn of rows that were dropped?
#' @details A line is dropped under the first reason that applies, in this order:
#'   1. `malformed`: it is not of the form that [serialize_rows()] documents;
#'   2. `unknown_column`: it names a column that `like` has not;
#'   3. `repeated_column`: it names a column twice;
#'   4. `absent_column`: it lacks a column (unless `missing = NULL`);
#'   5. `wrong_type`: a number, date or logical that is none (`12 mg`, `0x1A`, `31.12.2024`, `yes`), or a text in quotes
#'      where one of them is needed;
#'   6. `missing`, `infinite`, `too_large`, `unknown_level`, `out_of_range`: as for [gen_data()].
#'
#'   Decimals in a whole-number column are rounded and counted, as there.
#' @return A data frame of the class of `like`. If any line was dropped or any value rounded, its attribute `"parsing"`
#'   says so: an object with `$kept` (numbers of the lines kept), `$dropped` (counts by reason), `$rounded` (by
#'   column), `$total`, that has `print()`, `format()`, `summary()`, `tidy()` and `glance()`; a warning of class
#'   `causalsynth_warning_dropped` tells the counts. Without the attribute every line was kept as it stood.
#' @seealso [serialize_rows()].
#' @examples
#' real <- data.frame(age = c(63, 47.5), stage = factor(c("I", "II")))
#' parse_rows("stage is II, age is 51", like = real)
#' lines <- c("stage is II, age is 51", "stage is IV, age is 51", "Sure! Here are rows:")
#' rows <- parse_rows(lines, like = real,
#'                    quiet = TRUE)
#' attr(rows, "parsing")
#' @export
parse_rows <- function(text, like, ..., missing = "missing", range = c("none", "seed"), quiet = FALSE) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(text, "text")
  if (!is.character(text)) {
    abort("input", c("{.arg text} must be a character vector of lines.", x = "It is {describe(text)}."))
  }
  range <- check_choice(range, c("none", "seed"), "range")
  check_flag(quiet, "quiet")
  check_missing_word(missing, call)
  like <- row_reference(like, range, call)
  lines <- unlist(strsplit(enc2utf8(text[!is.na(text)]), "\r?\n"))
  lines <- lines[grepl("[^[:space:]]", lines, useBytes = TRUE)]
  split <- split_lines(lines, missing)
  found <- arrange_cells(split, length(lines), names(like), is.null(missing))
  result <- clean_cells(found$cells, found$quoted, found$reason, like, range, call)
  if (!quiet) warn_dropped(result$parsing, call)
  finish_parsing(result)
}

finish_parsing <- function(result) {
  rows <- result$rows
  parsing <- result$parsing
  if (parsing$n_dropped || length(parsing$rounded)) attr(rows, "parsing") <- parsing
  rows
}

warn_dropped <- function(parsing, call) {
  if (parsing$n_dropped == 0) return(invisible())
  cli::cli_warn(c(
    "{parsing$n_dropped} of {parsing$total} row{?s} dropped: {paste(drop_phrases(parsing), collapse = ', ')}.",
    i = "{.code attr(rows, \"parsing\")} has the counts."
  ), class = c("causalsynth_warning_dropped", "causalsynth_warning"), call = call)
}

# What rows are checked against: the data, or a small frame that says the same of columns.
row_reference <- function(like, range, call) {
  check_present(like, "like", call)
  if (is.data.frame(like)) {
    check_data_frame(like, "like", call = call)
    for (name in names(like)) check_covariate_kind(like[[name]], name, call)
    return(like)
  }
  if (!inherits(like, "causalsynth_generator")) {
    abort("input", c("{.arg like} must be a data frame or a fitted generator.", x = "It is {describe(like)}."),
          call = call)
  }
  if (range == "seed") {
    abort("input", "A fitted generator does not know the ranges of its columns: give the data as {.arg like}.",
          call = call)
  }
  columns <- Map(blueprint_values, like$blueprint)
  columns <- lapply(columns, rep_len, max(lengths(columns)))
  as_rows(columns, like$template)
}

# Values that stand for all that a blueprint's column allows: every level, any number, missing ones.
blueprint_values <- function(entry) {
  codes <- if (entry$kind == "factor") c(seq_along(entry$levels), NA)
  else if (is.logical(entry$ptype)) c(TRUE, FALSE, NA) else c(2, 2e6, NA)
  decode_column(codes, entry)
}

# Lines as parts: list(line, name, value, quoted) of all parts one after the other, and `malformed`, the lines that
# are not of the form. A value that is the word for missing is NA.
split_lines <- function(lines, missing) {
  bad <- !validUTF8(lines)
  lines[bad] <- ""
  bad <- bad | grepl("[\001-\010\013\014\016-\037\177]", lines, perl = TRUE)
  # Text in quotes is taken out first: commas and " is " in it separate nothing.
  masked <- lines
  pattern <- "\"(?:[^\"\\\\]++|\\\\.)*+\""
  at <- which(!bad & grepl("\"", lines, fixed = TRUE))
  found <- gregexpr(pattern, lines[at], perl = TRUE)
  texts <- regmatches(lines[at], found)
  ends <- cumsum(lengths(texts))
  regmatches(masked[at], found) <- Map(function(end, n) sprintf("\001%d\001", end - n + seq_len(n)), ends,
                                       lengths(texts))
  texts <- unquote_text(as.character(unlist(texts)))
  parts <- strsplit(masked, ", ", fixed = TRUE)
  line <- rep(seq_along(lines), lengths(parts))
  parts <- as.character(unlist(parts))
  cut <- regexpr(" is ", parts, fixed = TRUE)
  name <- read_token(substr(parts, 1, cut - 1), texts)
  value <- read_token(substr(parts, cut + 4, nchar(parts)), texts)
  wrong <- cut < 1 | name$bad | value$bad | is.na(name$text) | grepl(",$", masked)[line]
  bad[line[wrong]] <- TRUE
  bad[!grepl(" is ", masked, fixed = TRUE)] <- TRUE
  value$text[!value$quoted & value$text %in% missing] <- NA
  list(line = line, name = name$text, value = value$text, quoted = value$quoted, malformed = bad)
}

# Names or values: one text in quotes, or plain text that needs none.
read_token <- function(token, texts) {
  quoted <- grepl("^\001[0-9]+\001$", token, perl = TRUE)
  text <- token
  text[quoted] <- texts[as.integer(gsub("\001", "", token[quoted], fixed = TRUE))]
  bad <- is.na(text) | (!quoted & needs_quotes(token, NULL))
  list(text = text, quoted = quoted, bad = bad)
}

text_reasons <- c("malformed", "unknown_column", "repeated_column", "absent_column", "wrong_type")

# Parts as a matrix of text (lines by columns), which cells were quoted, and each line's reason to be dropped: an
# index into text_reasons, or one past them.
arrange_cells <- function(split, n, columns, absent_is_missing) {
  cells <- matrix(NA_character_, n, length(columns), dimnames = list(NULL, columns))
  quoted <- matrix(FALSE, n, length(columns))
  reason <- rep(length(text_reasons) + 1L, n)
  drop_at <- function(rows, name) {
    reason[rows] <<- pmin(reason[rows], match(name, text_reasons))
  }
  drop_at(which(split$malformed), "malformed")
  at <- match(split$name, columns)
  good <- !split$malformed[split$line]
  drop_at(unique(split$line[good & is.na(at)]), "unknown_column")
  good <- good & !is.na(at)
  place <- cbind(split$line, at)[good, , drop = FALSE]
  twice <- duplicated(place)
  drop_at(unique(place[twice, 1]), "repeated_column")
  present <- matrix(FALSE, n, length(columns))
  present[place] <- TRUE
  if (!absent_is_missing) drop_at(which(rowSums(present) < length(columns)), "absent_column")
  cells[place[!twice, , drop = FALSE]] <- split$value[good][!twice]
  quoted[place[!twice, , drop = FALSE]] <- split$quoted[good][!twice]
  list(cells = cells, quoted = quoted, reason = reason)
}

# Cells of text, not yet dropped, as rows of `like`'s types; the rest is clean_rows()'s. Cells that are quoted are
# text for sure. Returns list(rows, parsing).
clean_cells <- function(cells, quoted, reason, like, range, call) {
  wrong <- rep(FALSE, nrow(cells))
  for (j in seq_along(like)) wrong <- wrong | (!is.na(cells[, j]) & !is_typed(cells[, j], quoted[, j], like[[j]]))
  reason[wrong] <- pmin(reason[wrong], match("wrong_type", text_reasons))
  settle_rows(which(reason > length(text_reasons)), reason, function(rows, j) {
    as_typed_text(cells[rows, j], like[[j]])
  }, like, range, call)
}

# Cleans the rows `open` (the others are dropped by `reason`); `column(rows, j)` gives their values of a column.
settle_rows <- function(open, reason, column, like, range, call) {
  n <- length(reason)
  dropped <- stats::setNames(tabulate(reason, length(text_reasons)), text_reasons)
  if (length(open)) {
    rows <- lapply(stats::setNames(seq_along(like), names(like)), function(j) column(open, j))
    frame <- structure(rows, class = "data.frame", row.names = .set_row_names(length(open)))
    cleaned <- clean_rows(frame, like, range, call)
  } else {
    cleaned <- list(rows = as_rows(lapply(as.list(like), `[`, 0), row_template(like)), kept = integer(),
                    rounded = stats::setNames(integer(), character()),
                    dropped = stats::setNames(integer(length(drop_reasons)), drop_reasons))
  }
  dropped <- c(dropped, cleaned$dropped[setdiff(drop_reasons, "not_a_number")])
  kept <- open[cleaned$kept]
  list(rows = cleaned$rows, parsing = structure(
    list(kept = kept, total = n, n_dropped = n - length(kept), dropped = dropped, rounded = cleaned$rounded),
    class = "causalsynth_parsing"
  ))
}

number_pattern <- "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?Inf$|^NaN$"
date_pattern <- "^-?[0-9]{1,7}-[0-9]{2}-[0-9]{2}$"
time_pattern <- "^-?[0-9]{1,7}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?$"

# Does a text stand for a value of the column's type?
is_typed <- function(text, quoted, x) {
  if (is.factor(x) || is.character(x)) return(rep(TRUE, length(text)))
  good <- if (inherits(x, "Date")) {
    grepl(date_pattern, text) & !is.na(as_seed_number(text, x))
  } else if (inherits(x, "POSIXct")) {
    grepl(time_pattern, text) & !is.na(read_times(text, x))
  } else if (is.logical(x)) {
    text %in% c("TRUE", "FALSE")
  } else {
    grepl(number_pattern, text)
  }
  good & !quoted
}

as_typed_text <- function(text, x) {
  if (inherits(x, "POSIXct")) return(read_times(text, x))
  if (is.factor(x) || is.character(x) || is.logical(x) || inherits(x, "Date")) return(text)
  as.numeric(text)
}

# Seconds since 1970. The fraction is read apart, as R's own reader loses digits of it.
read_times <- function(text, x) {
  whole <- as.numeric(as.POSIXct(sub("[.].*$", "", text), tz = time_zone(x), format = "%Y-%m-%d %H:%M:%S"))
  part <- grepl(".", text, fixed = TRUE) & !is.na(text)
  whole[part] <- whole[part] + as.numeric(sub("^[^.]*", "0", text[part]))
  whole
}

#' @export
format.causalsynth_parsing <- function(x, ...) {
  c(sprintf("<rows from text> %s of %s kept", format(length(x$kept), big.mark = ","), count_phrase(x$total, "row")),
    if (x$n_dropped) paste("Dropped:", paste(drop_phrases(x), collapse = ", ")),
    if (length(x$rounded)) paste0("Rounded to whole numbers: ",
                                  paste0(names(x$rounded), " (", x$rounded, ")", collapse = ", ")))
}

#' @export
print.causalsynth_parsing <- function(x, ...) {
  show_object(x)
  invisible(x)
}

#' @export
summary.causalsynth_parsing <- function(object, ...) object

#' @export
tidy.causalsynth_parsing <- function(x, ...) {
  check_dots_empty(...)
  data.frame(reason = names(x$dropped), rows = as.integer(x$dropped))
}

#' @export
glance.causalsynth_parsing <- function(x, ...) {
  check_dots_empty(...)
  data.frame(rows = as.integer(x$total), kept = length(x$kept), dropped = as.integer(x$n_dropped),
             rounded = as.integer(sum(x$rounded)))
}
