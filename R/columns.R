# How data frame columns travel to the core and back: numeric vectors, or integer codes of a factor.

# What must be known to encode new rows alike and to give synthetic rows the seed's types: one entry a column with
# kind ("numeric", "factor"), levels, decimals (NA: more than six, or not wanted), and ptype (an empty column of that
# type).
column_blueprint <- function(data, decimals = TRUE) {
  lapply(data, function(x) {
    if (is.character(x)) x_levels <- sort(unique(x[!is.na(x)]), method = "radix")
    else if (is.factor(x)) x_levels <- levels(x)
    else x_levels <- NULL
    list(
      kind = if (is.null(x_levels)) "numeric" else "factor",
      levels = x_levels,
      decimals = if (decimals && is.null(x_levels)) count_decimals(as.numeric(x)) else NA,
      ptype = x[0]
    )
  })
}

# The least number of decimals, up to six, that every value has; NA if some need more. What rounding may change is
# nothing beside the values, and beside the largest where that is below 1: numbers of size 1e-12 are not all 0.
count_decimals <- function(values) {
  values <- values[is.finite(values)]
  least <- min(1, max(abs(values), 0))
  # A few values settle most columns: the rest is looked at only where these have so few decimals.
  if (length(values) > 50 && is.na(count_decimals(values[1:50]))) return(NA)
  for (d in 0:6) if (all(abs(values - round(values, d)) <= 1e-9 * pmax(least, abs(values)))) return(d)
  NA
}

# Columns of `data` in the blueprint's order as list(columns, levels): double vectors (levels 0) or integer codes from
# 1 (levels = their number). Unknown columns, types or levels are errors with their names.
encode_columns <- function(data, blueprint, arg = "newdata", call = rlang::caller_env()) {
  absent <- setdiff(names(blueprint), names(data))
  if (length(absent)) {
    abort("data", "{.arg {arg}} lacks {length(absent)} column{?s}: {.val {absent}}.", call = call)
  }
  if (is_sparse_frame(data)) return(encode_sparse(data, blueprint, arg, call))
  columns <- lapply(names(blueprint), function(name) {
    encode_column(data[[name]], blueprint[[name]], name, arg, call)
  })
  list(
    columns = columns,
    levels = vapply(blueprint, function(b) length(b$levels), 1L, USE.NAMES = FALSE),
    names = names(blueprint)
  )
}

encode_column <- function(x, entry, name, arg, call) {
  check_kind(x, name, call)
  if (entry$kind == "numeric") {
    if (is.factor(x) || is.character(x)) {
      abort("data", c(
        "Column {.val {name}} of {.arg {arg}} is {describe(x)}; a number is needed.",
        i = "It {known_as(arg)} a {class(entry$ptype)[1]} column."
      ), call = call)
    }
    x <- as.double(x)
    # NaN is missing, for every reader of the codes.
    if (anyNA(x) && any(is.nan(x))) x[is.nan(x)] <- NA
    return(x)
  }
  if (is.numeric(x) && !is.factor(x)) {
    abort("data", c(
      "Column {.val {name}} of {.arg {arg}} is {describe(x)}; its levels are needed.",
      i = "It {known_as(arg)} a {class(entry$ptype)[1]} column of {length(entry$levels)} level{?s}."
    ), call = call)
  }
  if (!is.factor(x)) x <- factor(as.character(x))
  codes <- match(levels(x), entry$levels)[as.integer(x)]
  unseen <- if (anyNA(codes)) unique(as.character(x[is.na(codes) & !is.na(x)]))
  if (length(unseen)) {
    abort("data", c(
      paste0("Column {.val {name}} of {.arg {arg}} has {length(unseen)} level{?s} ",
             switch(arg, synthetic = "that {.arg real} lacks: ", pool = , trial = "that the study lacks: ",
                    "never seen at fit: "),
             "{.val {utils::head(unseen, 8)}}."),
      i = "Known levels are {.val {utils::head(entry$levels, 8)}}."
    ), call = call)
  }
  codes
}

known_as <- function(arg) {
  switch(arg, synthetic = "is in the real rows", pool = , trial = "is in the study", "was at fit")
}

# Integers; what is drawn beyond their range is its end.
whole_numbers <- function(values) {
  whole <- suppressWarnings(as.integer(values))
  if (!anyNA(whole)) return(whole)
  beyond <- which(is.na(whole) & !is.na(values))
  whole[beyond] <- as.integer(sign(values[beyond])) * .Machine$integer.max
  whole
}

# Values from the core as a column of the seed's type.
decode_column <- function(values, entry) {
  ptype <- entry$ptype
  if (entry$kind == "factor") {
    if (is.character(ptype)) return(entry$levels[values])
    return(structure(as.integer(values), levels = entry$levels, class = class(ptype)))
  }
  if (is.logical(ptype)) return(as.logical(values))
  # A generator may have rounded already: round() takes longer than drawing.
  if (!is.na(entry$decimals) && !isTRUE(attr(values, "rounded"))) values <- round(values, entry$decimals)
  if (is.integer(ptype)) values <- whole_numbers(if (isTRUE(attr(values, "rounded"))) values else round(values))
  attributes(values) <- attributes(ptype)[setdiff(names(attributes(ptype)), "names")]
  values
}

# x[rows, ] of a plain data frame, without a look at row names; the frame itself where `rows` are all of it.
take_rows <- function(x, rows) {
  n <- .row_names_info(x, 2L)
  if (is.logical(rows)) rows <- which(rows)
  if (length(rows) == n && identical(rows, seq_len(n))) return(x)
  structure(lapply(unclass(x), `[`, rows), names = names(x), class = "data.frame",
            row.names = .set_row_names(length(rows)))
}
