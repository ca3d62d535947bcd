# Cleaning of rows made elsewhere against the seed's columns, types and levels.

drop_reasons <- c("not_a_number", "missing", "infinite", "too_large", "unknown_level", "out_of_range")

# `data` is the seed. Returns a list:
#   rows      the rows kept, with the seed's columns, types and class
#   kept      their numbers in `rows` as given
#   dropped   rows dropped a reason (each under its first reason, in the order of drop_reasons); n_dropped, total
#   rounded   named counts: values of whole-number columns that were rounded
#   ignored   names of columns that the seed lacks
clean_rows <- function(rows, data, range = "none", call = rlang::caller_env()) {
  check_data_frame(rows, "rows", call = call)
  check_data_frame(data, "data", call = call)
  absent <- setdiff(names(data), names(rows))
  if (length(absent)) {
    abort("data", c(
      "The synthetic rows lack {length(absent)} column{?s} of the seed: {.val {absent}}.",
      i = "They have {.val {utils::head(names(rows), 12)}}."
    ), call = call)
  }
  checked <- lapply(names(data), function(name) check_column(rows[[name]], data[[name]], name, range, call))
  reason <- do.call(pmin, c(list(rep(length(drop_reasons) + 1L, nrow(rows))), lapply(checked, `[[`, "reason")))
  kept <- which(reason > length(drop_reasons))
  columns <- lapply(checked, function(one) one$values[kept])
  rounded <- vapply(checked, function(one) sum(one$rounded[kept]), 0L)
  list(
    rows = as_rows(columns, row_template(data)), kept = kept,
    dropped = stats::setNames(tabulate(reason, length(drop_reasons)), drop_reasons),
    n_dropped = nrow(rows) - length(kept), total = nrow(rows),
    rounded = stats::setNames(rounded, names(data))[rounded > 0],
    ignored = setdiff(names(rows), names(data))
  )
}

# One column: its values in the seed's type, the index of the first reason to drop each row (one past the last reason
# if none), and whether the value was rounded.
check_column <- function(x, seed, name, range, call) {
  if (is.list(x) || length(dim(x)) > 1) {
    abort("data", c(
      "Column {.val {name}} of the synthetic rows is a {class(x)[1]}.",
      i = "One value a row is needed."
    ), call = call)
  }
  if (is.factor(seed) || is.character(seed)) return(check_levels(x, seed))
  if (is.logical(seed)) return(check_logical(x, seed))
  check_numbers(x, seed, name, range, call)
}

# The first reason (by its index) of which the flags hold.
first_reason <- function(n, ...) {
  flags <- list(...)
  reason <- rep(length(drop_reasons) + 1L, n)
  for (name in rev(names(flags))) reason[flags[[name]]] <- match(name, drop_reasons)
  reason
}

check_levels <- function(x, seed) {
  text <- as.character(x)
  levels <- if (is.factor(seed)) levels(droplevels(seed)) else unique(seed)
  # A number written otherwise: "1.0" for the level "1".
  other <- !is.na(text) & !(text %in% levels)
  number <- as.character(suppressWarnings(as.numeric(text[other])))
  text[other] <- ifelse(number %in% levels[!is.na(levels)], number, text[other])
  missing <- is.na(text)
  reason <- first_reason(
    length(text), missing = missing & !anyNA(seed), unknown_level = !missing & !(text %in% levels)
  )
  values <- text
  if (is.factor(seed)) {
    values <- structure(match(text, levels(seed)), levels = levels(seed), class = class(seed))
  }
  list(values = values, reason = reason, rounded = logical(length(text)))
}

check_logical <- function(x, seed) {
  text <- toupper(as.character(x))
  text[suppressWarnings(as.numeric(text)) %in% 0] <- "0"
  text[suppressWarnings(as.numeric(text)) %in% 1] <- "1"
  values <- ifelse(text %in% c("TRUE", "T", "1"), TRUE, ifelse(text %in% c("FALSE", "F", "0"), FALSE, NA))
  missing <- is.na(text)
  seen <- unique(seed[!is.na(seed)])
  reason <- first_reason(
    length(x), missing = missing & !anyNA(seed), unknown_level = !missing & !(values %in% seen)
  )
  list(values = values, reason = reason, rounded = logical(length(x)))
}

check_numbers <- function(x, seed, name, range, call) {
  numbers <- as_seed_number(x, seed)
  text <- is.na(numbers) & !is.na(x) & !(as.character(x) %in% "NaN")
  if (any(text) && all(is.na(numbers))) {
    abort("data", c(
      "Column {.val {name}} of the synthetic rows is text; the seed's is {class(seed)[1]}.",
      x = "It holds, for instance, {.val {as.character(x[text])[1]}}.",
      i = "Convert the column, or leave it out of the seed."
    ), call = call)
  }
  known <- as.numeric(seed)[!is.na(seed)]
  finite <- is.finite(numbers)
  inside <- if (range == "seed" && length(known)) numbers >= min(known) & numbers <= max(known) else TRUE
  whole <- is.integer(seed) && !is.factor(seed)
  reason <- first_reason(
    length(numbers), not_a_number = text, missing = is.na(numbers) & !text & !anyNA(seed),
    infinite = is.infinite(numbers), too_large = finite & abs(numbers) > 1e6 & !any(abs(known) > 1e6),
    unknown_level = finite & length(known) > 0 & all(known %in% c(0, 1)) & !(numbers %in% c(0, 1)),
    out_of_range = finite & !inside
  )
  list(
    values = as_seed_type(numbers, seed), reason = reason,
    rounded = if (whole) finite & numbers != round(numbers) else logical(length(numbers))
  )
}

# Numbers behind a column that the seed holds as numbers, dates or times; NA where text does not convert.
as_seed_number <- function(x, seed) {
  if (is.factor(x)) x <- as.character(x)
  if (inherits(seed, "Date") && is.character(x)) return(as.numeric(as.Date(x, optional = TRUE, format = "%Y-%m-%d")))
  if (inherits(seed, "POSIXct") && is.character(x)) {
    zone <- attr(seed, "tzone")
    return(as.numeric(as.POSIXct(x, tz = if (is.null(zone)) "" else zone[1], optional = TRUE)))
  }
  # A column of TRUE and FALSE in a file is text.
  if (is.character(x) && all(x %in% c(NA, "TRUE", "FALSE", "T", "F", "true", "false"))) x <- as.logical(x)
  suppressWarnings(as.numeric(x))
}

as_seed_type <- function(numbers, seed) {
  if (is.integer(seed)) {
    numbers[!is.finite(numbers) | abs(numbers) > .Machine$integer.max] <- NA
    numbers <- as.integer(round(numbers))
  }
  attributes(numbers) <- attributes(seed)[setdiff(names(attributes(seed)), "names")]
  numbers
}
