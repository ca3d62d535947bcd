# A chat's answer as rows: which objects it holds, whether each is a row of the table, and its values by column.

# What rows of a chat are checked against, in place of the data: kept levels, whether values may be missing, whether a
# column is 0 and 1 only or beyond a million, and with range = "seed" its two ends. It holds no other value.
chat_reference <- function(data, range, least) {
  columns <- lapply(unclass_frame(as.data.frame(data)), function(x) {
    known <- x[!is.na(x)]
    values <- if (is.factor(x)) {
      factor(names(kept_levels(x, least)), levels(x), ordered = is.ordered(x))
    } else if (is.character(x)) {
      names(kept_levels(x, least))
    } else if (length(known) == 0 || is.logical(x) || all(as.numeric(known) %in% c(0, 1))) {
      unique(known)
    } else {
      numbers <- if (range == "seed") as.numeric(range(known)) else c(2, if (any(abs(as.numeric(known)) > 1e6)) 2e6)
      if (all(numbers %in% c(0, 1))) numbers <- c(numbers, .5)
      as_seed_type(numbers, x)
    }
    if (anyNA(x)) values[length(values) + 1] <- NA
    values
  })
  as_rows(lapply(columns, rep_len, max(lengths(columns), 1)), row_template(data))
}

# The row objects of an answer: text, or a list that the chat has parsed. Text is read as JSON; where it is not whole
# (cut short, or with words around it), the objects in it that are whole are read one by one.
# list(rows = list of lists or NULLs for objects that are none, whole = was the answer one JSON value of the form?)
answer_objects <- function(answer) {
  if (is.character(answer)) {
    text <- enc2utf8(paste(answer, collapse = "\n"))
    parsed <- read_json(text)
    if (is.null(parsed)) return(list(rows = lapply(object_texts(text), read_json), whole = FALSE))
    answer <- parsed
  }
  rows <- if (is.list(answer) && !is.null(answer[["rows"]])) answer[["rows"]] else answer
  if (is.data.frame(rows)) rows <- frame_objects(rows)
  if (!is.list(rows) || !is.null(names(rows))) return(list(rows = list(), whole = FALSE))
  list(rows = rows, whole = TRUE)
}

frame_objects <- function(rows) {
  lapply(seq_len(nrow(rows)), function(i) lapply(rows, function(x) {
    x <- x[[i]]
    if (length(x) != 1 || is.na(x)) NULL else if (is.factor(x)) as.character(x) else x
  }))
}

read_json <- function(text) {
  tryCatch(jsonlite::parse_json(text, simplifyVector = FALSE), error = function(e) NULL)
}

# Texts of objects without objects inside: braces in strings do not count.
object_texts <- function(text) {
  pattern <- "\\{(?>[^{}\"]+|\"(?>[^\"\\\\]+|\\\\.)*\")*+\\}"
  found <- tryCatch(regmatches(text, gregexpr(pattern, text, perl = TRUE))[[1]], warning = function(w) character())
  found
}

# Objects as rows of the reference's types: list(rows, parsing) as of clean_cells().
check_objects <- function(objects, reference, range, call) {
  columns <- names(reference)
  n <- length(objects)
  reason <- rep(length(text_reasons) + 1L, n)
  drop_where <- function(flags, name) {
    reason[flags] <<- pmin(reason[flags], match(name, text_reasons))
  }
  drop_where(!vapply(objects, is_flat_object, NA), "malformed")
  ok <- reason > length(text_reasons)
  named <- lapply(objects[ok], names)
  at <- which(ok)
  drop_where(at[!vapply(named, function(x) all(x %in% columns), NA)], "unknown_column")
  drop_where(at[vapply(named, anyDuplicated, 1L) > 0], "repeated_column")
  drop_where(at[!vapply(named, function(x) all(columns %in% x), NA)], "absent_column")
  at <- which(reason > length(text_reasons))
  cells <- lapply(columns, function(name) lapply(objects[at], `[[`, name))
  wrong <- rep(FALSE, length(at))
  for (j in seq_along(columns)) {
    cells[[j]] <- typed_cells(cells[[j]], reference[[j]])
    wrong <- wrong | cells[[j]]$wrong
  }
  drop_where(at[wrong], "wrong_type")
  settle_rows(which(reason > length(text_reasons)), reason, function(rows, j) {
    cells[[j]]$values[match(rows, at)]
  }, reference, range, call)
}

is_flat_object <- function(x) {
  is.list(x) && length(x) > 0 && !is.null(names(x)) && all(vapply(x, function(v) {
    is.null(v) || (is.atomic(v) && length(v) == 1)
  }, NA))
}

# JSON values of one column: their values, and which have another type than it. Levels and text may be written as
# numbers or logicals (the level 1 as 1); nothing else is converted.
typed_cells <- function(cells, x) {
  empty <- vapply(cells, function(v) is.null(v) || is.na(v), NA)
  kind <- vapply(cells, function(v) {
    if (is.character(v)) "text" else if (is.logical(v)) "flag" else "number"
  }, "")
  text <- vapply(cells, function(v) {
    if (is.null(v) || is.na(v)) NA_character_ else if (is.numeric(v)) number_text(v, NULL) else as.character(v)
  }, "")
  if (is.factor(x) || is.character(x)) return(list(values = text, wrong = rep(FALSE, length(cells))))
  if (inherits(x, "Date") || inherits(x, "POSIXct")) {
    return(list(values = as_typed_text(text, x), wrong = !empty & (kind != "text" | !is_typed(text, FALSE, x))))
  }
  if (is.logical(x)) return(list(values = text, wrong = !empty & kind != "flag"))
  list(values = suppressWarnings(as.numeric(text)), wrong = !empty & kind != "number")
}

# A schema of the answer for ellmer's structured output.
answer_type <- function(reference) {
  fields <- lapply(as.list(reference), function(x) {
    needed <- !anyNA(x)
    if (is.factor(x) || is.character(x)) {
      levels <- unique(as.character(x[!is.na(x)]))
      if (length(levels)) return(ellmer::type_enum(levels, required = needed))
    }
    if (is.factor(x) || is.character(x)) return(ellmer::type_string(required = needed))
    if (inherits(x, "Date")) return(ellmer::type_string("YYYY-MM-DD", required = needed))
    if (inherits(x, "POSIXct")) return(ellmer::type_string("YYYY-MM-DD HH:MM:SS", required = needed))
    if (is.logical(x)) return(ellmer::type_boolean(required = needed))
    if (is.integer(x)) return(ellmer::type_integer(required = needed))
    ellmer::type_number(required = needed)
  })
  ellmer::type_object(rows = ellmer::type_array(do.call(ellmer::type_object, fields)))
}
