# Rules that every row drawn satisfies: constraints, and not being a copy of a real row.

# Formulas as a list of expressions over the columns; NULL without any.
check_constraints <- function(constraints, blueprint, call) {
  constraints <- given_value(constraints, "constraints", "Begin it with {.code ~}, as in {.code ~ end >= start}.", call)
  if (is.null(constraints)) return(NULL)
  if (inherits(constraints, "formula")) constraints <- list(constraints)
  if (!is.list(constraints) || !all(vapply(constraints, function(f) inherits(f, "formula") && length(f) == 2, NA))) {
    abort("input", c(
      "{.arg constraints} must be a one-sided formula such as {.code ~ end >= start}, or a list of some.",
      x = "It is {describe(constraints)}."
    ), call = call)
  }
  lapply(constraints, function(one) {
    unknown <- setdiff(all.vars(one), names(blueprint))
    if (length(unknown)) {
      abort("input", c(
        "The constraint {.code {deparse1(one)}} names {.val {unknown}}, which {?is no column/are no columns}.",
        i = "Constraints are evaluated on the columns alone: write other values out."
      ), call = call)
    }
    one[[2]]
  })
}

# One logical a row: does it satisfy the rule? Missing counts as yes.
satisfies <- function(rule, rows, call) {
  result <- tryCatch(eval(rule, rows, baseenv()), error = function(e) {
    abort("input", c("The constraint {.code ~{deparse1(rule)}} cannot be evaluated.", x = "{conditionMessage(e)}"),
          call = call)
  })
  n <- .row_names_info(rows, 2L)
  if (!is.logical(result) || !length(result) %in% c(1, n)) {
    abort("input", c(
      "The constraint {.code ~{deparse1(rule)}} must give TRUE or FALSE for each row.",
      x = "It gave {describe(result)}."
    ), call = call)
  }
  rep_len(is.na(result) | result, n)
}

# A function of encoded columns: which rows equal one of `data`'s in all columns? NULL without data.
copy_finder <- function(data, blueprint, call = rlang::caller_env(), arg = "drop_copies_of") {
  if (is.null(data)) return(NULL)
  check_data_frame(data, arg, min_rows = 0, call = call)
  absent <- setdiff(names(blueprint), names(data))
  if (length(absent)) {
    abort("data", "{.arg {arg}} lacks {length(absent)} column{?s} of the generator: {.val {absent}}.", call = call)
  }
  real <- lapply(names(blueprint), function(name) comparable(data[[name]], blueprint[[name]]))
  # Columns of many values first: they settle most rows at once.
  place <- order(vapply(blueprint, function(b) b$kind == "factor" || !is.na(b$decimals), NA))
  function(columns) {
    rows <- seq_along(columns[[1]])
    drawn <- Map(function(x, entry) comparable(decode_column(x, entry), entry), columns, blueprint)
    for (j in place) {
      if (length(rows) == 0) break
      rows <- rows[drawn[[j]][rows] %in% real[[j]]]
    }
    if (length(rows)) {
      m <- length(real[[1]])
      both <- match_rows(Map(function(a, b) c(a, b[rows]), real, drawn))
      rows <- rows[both[-seq_len(m)] %in% both[seq_len(m)]]
    }
    seq_along(columns[[1]]) %in% rows
  }
}

comparable <- function(x, entry) if (entry$kind == "factor") as.character(x) else as.numeric(x)

# Columns of rows that satisfy `rules$rules` and are no copies.
draw_ruled <- function(fit, n, known, rules, key, threads, call) {
  tally <- numeric(length(rules$rules) + 1)
  accept <- function(columns) {
    rows <- as_rows(Map(decode_column, columns, fit$blueprint), fit$template[0, , drop = FALSE])
    rows <- unclass_frame(as.data.frame(rows))
    good <- rep(TRUE, nrow(rows))
    for (k in seq_along(rules$rules)) {
      one <- satisfies(rules$rules[[k]], rows, call)
      tally[k] <<- tally[k] + sum(one)
      good <- good & one
    }
    if (!is.null(rules$copies)) {
      copy <- rules$copies(columns)
      tally[length(tally)] <<- tally[length(tally)] + sum(!copy)
      good <- good & !copy
    }
    good
  }
  draw <- function(rows, attempt) draw_known(fit, rows, known, derive_key(key, "candidates", attempt), threads)
  found <- if (is.null(known$rows)) {
    fill_by_rejection(n, function(m, attempt) draw(seq_len(m), attempt), accept)
  } else {
    fill_rows(n, draw, accept)
  }
  if (inherits(found, "exhausted")) {
    named <- c(vapply(rules$rules, function(rule) paste0("~", deparse1(rule)), ""), "no copy of a real row")
    used <- c(rep(TRUE, length(rules$rules)), !is.null(rules$copies))
    shares <- sprintf("%s: satisfied by %.3g %% of the rows tried", named[used], 100 * tally[used] / found$tries)
    abort_exhausted(found, n, "the constraints", stats::setNames(as_text(shares), rep("x", sum(used))),
                    call)
  }
  found
}

# As fill_by_rejection() where each row has something of its own given: each is drawn until it is accepted.
fill_rows <- function(n, draw, accept, most = most_candidates(n)) {
  columns <- NULL
  pending <- seq_len(n)
  tries <- attempt <- 0
  each <- 1
  while (length(pending)) {
    if (tries >= most) return(structure(list(accepted = n - length(pending), tries = tries), class = "exhausted"))
    attempt <- attempt + 1
    rows <- rep(pending, each = each)
    drawn <- draw(rows, attempt)
    good <- which(accept(drawn))
    place <- good[match(pending, rows[good])]
    if (is.null(columns)) columns <- lapply(drawn, function(x) rep(x[NA_integer_], n))
    done <- !is.na(place)
    for (j in seq_along(columns)) columns[[j]][pending[done]] <- drawn[[j]][place[done]]
    tries <- tries + length(rows)
    pending <- pending[!done]
    each <- max(1, min(4 * each, floor(max(n, 1e4) / max(length(pending), 1))))
  }
  columns
}

# How many of up to 1,000 rows are copies of rows of the seed in all columns.
count_copies <- function(fit, data, key, threads) {
  if (is_external(fit$spec)) return(NULL)
  n <- min(1000, nrow(data))
  list(drawn = n, copies = sum(copy_finder(data, fit$blueprint)(draw_columns(fit, n, key, threads))))
}

copies_phrase <- function(copies) {
  if (is.null(copies)) return(NULL)
  sprintf("Of %s drawn, %s of a real row in all columns", count_phrase(copies$drawn, "row"),
          if (copies$copies == 0) "none is a copy" else if (copies$copies == 1) "1 is a copy"
          else paste(format(copies$copies, big.mark = ","), "are copies"))
}
