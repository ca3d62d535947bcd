# The three sets of rows that fidelity() compares, under one coding of their columns.

# list(real, synthetic, holdout: data frames of numbers and factors with common levels; kind: "given" or "split";
# columns; notes).
quality_sets <- function(real, synthetic, holdout, columns, key, call = rlang::caller_env()) {
  check_data_frame(real, "real", call = call)
  check_data_frame(synthetic, "synthetic", call = call)
  kind <- if (is.null(holdout)) "split" else "given"
  if (kind == "split") {
    halves <- split_holdout(real, key, call)
    real <- halves$real
    holdout <- halves$holdout
  } else {
    check_data_frame(holdout, "holdout", call = call)
  }
  sets <- list(real = real, synthetic = synthetic, holdout = holdout)
  columns <- common_columns(sets, columns, call)
  few <- names(sets)[vapply(sets, nrow, 1L) < 2]
  if (length(few)) abort("data", "{.arg {few[1]}} has one row; at least 2 are needed to compare.", call = call)
  coded <- code_sets(sets, columns, call)
  extra <- setdiff(names(synthetic), columns)
  extra <- if (length(columns) == length(real)) extra
  notes <- if (length(extra)) paste0(
    "Columns of the synthetic rows that real ones lack are left out: ", paste(utils::head(extra, 5), collapse = ", "),
    if (length(extra) > 5) sprintf(" (and %d more)", length(extra) - 5)
  )
  c(coded, list(kind = kind, columns = columns, notes = notes))
}

# Two halves of real rows, at random.
split_holdout <- function(real, key, call) {
  if (nrow(real) < 4) {
    abort("data", c("{.arg real} has {nrow(real)} row{?s}; at least 4 are needed to split off a holdout.",
                    i = "Give further real rows as {.arg holdout}."), call = call)
  }
  order <- random_permutation(unclass(key), nrow(real))
  half <- seq_along(order) <= nrow(real) / 2
  data <- unclass_frame(real)
  list(real = take_rows(data, sort(order[!half])), holdout = take_rows(data, sort(order[half])))
}

common_columns <- function(sets, columns, call) {
  columns <- distance_columns(sets$real, sets$synthetic, columns, call)
  absent <- setdiff(columns, names(sets$holdout))
  if (length(absent)) abort("data", "{.arg holdout} lacks {length(absent)} column{?s}: {.val {absent}}.", call = call)
  columns
}

code_sets <- function(sets, columns, call) {
  rows <- vapply(sets, nrow, 1L)
  coded <- lapply(columns, function(name) code_column(lapply(sets, function(s) s[[name]]), name, call))
  lapply(stats::setNames(names(sets), names(sets)), function(set) {
    structure(stats::setNames(lapply(coded, `[[`, set), columns), class = "data.frame",
              row.names = .set_row_names(rows[[set]]))
  })
}

# One column of all sets: numbers, or factors with the levels of all. A column without any value fits either kind.
code_column <- function(values, name, call) {
  text <- vapply(values, function(x) is.factor(x) || is.character(x), NA)
  empty <- vapply(values, function(x) all(is.na(x)), NA)
  text[empty] <- if (any(!empty)) text[!empty][1] else text[1]
  if (length(unique(text)) > 1) {
    other <- names(text)[text != text[1]][1]
    abort("data", "Column {.val {name}} is {class(values[[1]])[1]} in {.arg real} and
                   {class(values[[other]])[1]} in {.arg {other}}.", call = call)
  }
  for (set in names(values)) {
    if (is.numeric(values[[set]])) check_no_infinite(values[[set]], name, set, call)
    check_covariate(values[[set]], name, call)
  }
  if (!text[1]) return(lapply(values, as.numeric))
  known <- unique(unlist(lapply(values, function(x) {
    if (is.factor(x)) levels(droplevels(x)) else sort(unique(as.character(x)), method = "radix")
  })))
  lapply(values, function(x) factor(as.character(x), known))
}

check_effect_columns <- function(formula, sets, call) {
  if (is.null(formula)) return(invisible())
  study <- study_data(formula, sets$real, call = call)
  invisible(study)
}

# At most n rows, drawn without replacement and kept in order.
thin_rows <- function(data, n, key) {
  if (nrow(data) <= n) return(data)
  take_rows(data, sort(random_permutation(unclass(key), nrow(data))[seq_len(n)]))
}

# Two sets as stacked_rows() has them.
pair_sets <- function(real, other) {
  rows <- Map(function(a, b) if (is.factor(a)) factor(c(as.integer(a), as.integer(b)), seq_along(levels(a)), levels(a))
              else c(a, b), real, other)
  n <- c(nrow(real), nrow(other))
  list(rows = structure(rows, class = "data.frame", row.names = .set_row_names(sum(n))), synthetic = rep(0:1, n),
       n_real = n[1], n_synthetic = n[2], columns = names(real))
}

# An error's message on one line.
plain_message <- function(e) {
  text <- gsub("\n *[ix*!\u2139\u2716\u2022] ", " ", cli::ansi_strip(conditionMessage(e)))
  trimws(gsub("[\n ]+", " ", text))
}

# What `code(which)` makes of the "synthetic" and of the "holdout" rows, as list(values, notes): one number a metric,
# with `std.error` that of the first at the end. Where it fails on the data: NA, and the reason.
score_both <- function(metrics, code, n, std.error = FALSE, low = -Inf, high = Inf) {
  reason <- NULL
  one <- function(which) {
    tryCatch(suppressWarnings(code(which)), causalsynth_error = function(e) {
      reason <<- reason %||% paste0(
        paste(utils::head(metrics, 2), collapse = ", "), if (length(metrics) > 2) ", ...", " of ", which, " rows: ",
        plain_message(e)
      )
      rep(NA_real_, length(metrics) + std.error)
    })
  }
  own <- unname(one("synthetic"))
  reference <- unname(one("holdout"))
  at <- seq_along(metrics)
  list(values = metric_values(metrics, own[at], c(if (std.error) own[length(metrics) + 1] else NA_real_,
                                                  rep(NA_real_, length(metrics) - 1)), low, high, reference[at], n),
       notes = reason)
}
