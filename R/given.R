# Rows given some columns: what the user wrote as the list that draw_given() takes, and the method for generators that
# know nothing better than to draw and reject.

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
      i = "Give a range of it, or use {.fn gen_copula} or {.fn gen_forest}."
    ), call = call)
  }
}

reject_given <- function(fit, n, given, key, threads) {
  accept <- function(columns) {
    good <- TRUE
    for (name in names(given)) {
      j <- match(name, names(fit$blueprint))
      good <- good & within_given(columns[[j]], given[[name]], fit$blueprint[[j]])
    }
    good
  }
  draw <- function(m, attempt) draw_columns(fit, m, derive_key(key, "candidates", attempt), threads)
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
  tries <- format(found$tries, big.mark = ",")
  abort("input", c(
    "Too few rows fit {what}: {found$accepted} of the {n} needed after {tries} tries.",
    more,
    i = "Ask for what the data the generator was fitted on have more often."
  ), call = call)
}
