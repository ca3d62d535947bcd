# Rows given some columns: what the user wrote as the list that draw_given() takes, and the method for generators that
# know nothing better than to draw and reject.

# `given` of generate() as a list: `entries` as draw_given() takes them, for all rows alike; or `rows`, encoded values
# of n rows with those left to be drawn missing, and `pattern`, which rows have the same columns fixed. NULL: nothing.
resolve_given <- function(given, blueprint, n, call) {
  if (is.null(given) || (length(given) == 0 && is.list(given))) return(NULL)
  if (!is.list(given) || is.null(names(given)) || any(names(given) == "")) {
    abort("input", c("{.arg given} must be a data frame or a named list.", x = "It is {describe(given)}."), call = call)
  }
  unknown <- setdiff(names(given), names(blueprint))
  if (length(unknown)) {
    abort("input", c(
      "{.arg given} names {.val {unknown}}, which {?is no column/are no columns} of the generator.",
      i = "Its columns are {.val {utils::head(names(blueprint), 12)}}."
    ), call = call)
  }
  if (is.data.frame(given)) return(given_frame(given, blueprint, n, call))
  list(entries = Map(function(x, name) given_entry(x, blueprint[[name]], name, n, call), given, names(given)))
}

given_frame <- function(given, blueprint, n, call) {
  if (nrow(given) != n) {
    abort("input", "{.arg given} has {nrow(given)} row{?s}, {.arg n} is {n}: leave {.arg n} out.", call = call)
  }
  check_data_frame(given, "given", call = call)
  rows <- lapply(stats::setNames(nm = names(given)), function(name) {
    encode_given(given[[name]], blueprint[[name]], name, call)
  })
  list(rows = rows, pattern = match_rows(lapply(rows, is.na)))
}

encode_given <- function(x, entry, name, call) {
  if (entry$kind == "factor") return(encode_column(x, entry, name, "given", call))
  numbers <- as_seed_number(x, entry$ptype)
  bad <- sum((is.na(numbers) & !is.na(x)) | is.infinite(numbers))
  if (bad) abort("data", "{bad} value{?s} given of the column {.val {name}} {?is/are} no finite number.", call = call)
  numbers
}

given_entry <- function(x, entry, name, n, call) {
  if (length(x) == 0 || anyNA(x)) {
    abort("input", "What is given of the column {.val {name}} must be values, none of them missing.", call = call)
  }
  if (entry$kind == "factor") {
    codes <- unique(encode_column(if (is.factor(x)) x else as.character(x), entry, name, "given", call))
    return(if (length(codes) == 1) list(value = rep(codes, n)) else list(codes = codes))
  }
  if (is.logical(entry$ptype)) x <- unique(as.logical(x))
  numbers <- as_seed_number(x, entry$ptype)
  if (anyNA(numbers) || length(numbers) > 2) {
    abort("input", c(
      "Of the numeric column {.val {name}} a value or a range (two numbers) can be given.",
      x = "It is {describe(x)}."
    ), call = call)
  }
  if (length(numbers) == 1) {
    if (is.infinite(numbers)) abort("input", "The value given of {.val {name}} is infinite.", call = call)
    return(list(value = rep(numbers, n)))
  }
  if (numbers[1] > numbers[2] && !is.logical(entry$ptype)) {
    abort("input", "The range given of {.val {name}} is from {numbers[1]} down to {numbers[2]}.", call = call)
  }
  list(low = min(numbers), high = max(numbers))
}

# Encoded columns of the rows `rows` (numbers of rows of what is given; repeats allowed).
draw_known <- function(fit, rows, known, key, threads) {
  n <- length(rows)
  if (is.null(known)) return(draw_columns(fit, n, key, threads))
  if (is.null(known$rows)) {
    entries <- lapply(known$entries, function(one) if (is.null(one$value)) one else list(value = rep(one$value[1], n)))
    return(draw_given(fit, n, entries, key, threads))
  }
  pattern <- known$pattern[rows]
  columns <- NULL
  for (p in unique(pattern)) {
    at <- which(pattern == p)
    values <- lapply(known$rows, `[`, rows[at])
    values <- values[!vapply(values, anyNA, NA)]
    one_key <- derive_key(key, "pattern", p)
    drawn <- if (length(values)) {
      draw_given(fit, length(at), lapply(values, function(x) list(value = x)), one_key, threads)
    } else {
      draw_columns(fit, length(at), one_key, threads)
    }
    if (is.null(columns)) columns <- lapply(drawn, function(x) rep(x[NA_integer_], n))
    for (j in seq_along(columns)) columns[[j]][at] <- drawn[[j]]
  }
  columns
}

# The most candidates that rejection draws: acceptance of one in a hundred always does.
most_candidates <- function(n) max(1e5, 100 * n)

# Fills n places with accepted candidates. `draw(m, attempt)` makes m candidates (a list of columns), `accept(columns)`
# says which are good. Returns the columns of the first n good ones, or a list(accepted, tries) of class "exhausted".
fill_by_rejection <- function(n, draw, accept, most = most_candidates(n)) {
  kept <- list()
  good <- tries <- attempt <- 0
  while (good < n) {
    if (tries >= most) return(structure(list(accepted = good, tries = tries), class = "exhausted"))
    rate <- if (tries == 0) 1 else max(good, .5) / tries
    m <- min(ceiling(1.1 * (n - good) / rate) + 10, max(2 * n, 1e4), most - tries)
    attempt <- attempt + 1
    columns <- draw(m, attempt)
    rows <- which(accept(columns))
    rows <- utils::head(rows, n - good)
    kept[[attempt]] <- lapply(columns, `[`, rows)
    good <- good + length(rows)
    tries <- tries + m
  }
  do.call(Map, c(list(f = c), kept))
}

#' @exportS3Method
draw_given.causalsynth_generator <- function(fit, n, given, key, threads) {
  by_value <- Filter(function(g) !is.null(g$value), given)
  check_rejectable(fit, by_value)
  if (length(by_value) == 0) return(reject_given(fit, n, given, key, threads))
  # Rows of equal values are drawn together.
  group <- match_rows(lapply(by_value, `[[`, "value"))
  columns <- rep(list(numeric(n)), length(fit$blueprint))
  for (g in unique(group)) {
    rows <- which(group == g)
    fixed <- lapply(by_value, function(one) list(low = one$value[rows[1]], high = one$value[rows[1]]))
    drawn <- reject_given(fit, length(rows), utils::modifyList(given, fixed), derive_key(key, "given", g), threads)
    for (j in seq_along(columns)) columns[[j]][rows] <- drawn[[j]]
  }
  at <- match(names(by_value), names(fit$blueprint))
  columns[at] <- lapply(by_value, function(one) one$value)
  columns
}

# Rows with equal values in all columns have equal numbers, by first appearance.
match_rows <- function(columns) {
  text <- do.call(paste, c(lapply(columns, function(x) match(x, unique(x))), sep = "\r"))
  match(text, unique(text))
}

check_rejectable <- function(fit, by_value, call = rlang::caller_env()) {
  for (name in names(by_value)) {
    entry <- fit$blueprint[[name]]
    if (entry$kind == "factor" || is.logical(entry$ptype) || entry$decimals %in% 0) next
    abort("input", c(
      "This generator ({fit$spec$label}) cannot draw rows given single values of the continuous column {.val {name}}.",
      i = if (inherits(fit, "fitted_strata")) "Give values of {.val {fit$strata}} as well, or a range of it."
          else "Give a range of it, or use {.fn gen_copula} or {.fn gen_forest}."
    ), call = call)
  }
}

# Rows of which those that fit `given` are kept: a generator that can may draw them likelier to fit.
propose_rows <- function(fit, n, given, key, threads) UseMethod("propose_rows")

#' @exportS3Method
propose_rows.default <- function(fit, n, given, key, threads) draw_columns(fit, n, key, threads)

reject_given <- function(fit, n, given, key, threads) {
  accept <- function(columns) {
    good <- TRUE
    for (name in names(given)) {
      j <- match(name, names(fit$blueprint))
      good <- good & within_given(columns[[j]], given[[name]], fit$blueprint[[j]])
    }
    good
  }
  draw <- function(m, attempt) propose_rows(fit, m, given, derive_key(key, "candidates", attempt), threads)
  found <- fill_by_rejection(n, draw, accept)
  if (inherits(found, "exhausted")) abort_exhausted(found, n, "what is given")
  found
}

# Which encoded values lie within an entry of `given`; a missing one never does.
within_given <- function(values, one, entry) {
  if (!is.null(one$codes)) return(values %in% one$codes)
  if (entry$kind == "numeric" && !is.na(entry$decimals)) values <- round(values, entry$decimals)
  (values >= one$low & values <= one$high) %in% TRUE
}

abort_exhausted <- function(found, n, what, more = NULL, call = NULL) {
  tries <- format(found$tries, big.mark = ",", scientific = FALSE)
  abort("input", c(
    "Too few rows fit {what}: {found$accepted} of the {n} needed after {tries} tries.",
    more,
    i = "Ask for what the data the generator was fitted on have more often."
  ), call = call)
}
