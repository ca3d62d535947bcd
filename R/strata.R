# Strata: one fit for each combination of values of some columns, of any generator.

# Fewer rows than this say too little of a stratum.
least_stratum <- 30

check_survey_weights <- function(weights, n, call) {
  weights <- check_case_weights(weights, n, call, "input")
  if (!is.null(weights) && sum(weights) == 0) {
    abort("input", c("{.arg weights} is zero in all {n} row{?s}.", i = "A law needs rows of some weight."), call = call)
  }
  weights
}

# Rows of weight zero say nothing of the law; the others' weights have mean 1.
rows_with_weight <- function(data, weights) {
  if (is.null(weights)) return(list(data = data))
  kept <- weights > 0
  list(data = data[kept, , drop = FALSE], weights = weights[kept] / mean(weights[kept]))
}

check_strata <- function(strata, data, call) {
  if (is.null(strata)) return(NULL)
  if (!is.character(strata) || length(strata) == 0 || anyNA(strata)) {
    abort("input", c("{.arg strata} must name columns, or be NULL.", x = "It is {describe(strata)}."), call = call)
  }
  strata <- unique(strata)
  absent <- setdiff(strata, names(data))
  if (length(absent)) {
    abort("input", c("{.arg data} has no column{?s} {.val {absent}}.", i = "{.arg strata} names columns of the data."),
          call = call)
  }
  if (length(strata) == length(data)) abort("input", "No column is left beside the {.arg strata}.", call = call)
  strata
}

# A generator of the other columns in each stratum, and the strata with their shares.
learn_strata <- function(spec, data, strata, key, threads, weights, call) {
  plain <- unclass_frame(as.data.frame(data))
  blueprint <- column_blueprint(plain)
  codes <- encode_columns(plain[strata], blueprint[strata], "data", call)$columns
  group <- match_rows(codes)
  first <- match(seq_len(max(group)), group)
  check_stratum_sizes(plain[first, strata, drop = FALSE], tabulate(group), call)
  others <- setdiff(names(plain), strata)
  fits <- if (is_external(spec)) {
    # Rows made elsewhere: one law, from which each stratum takes what belongs to it.
    list(fit_columns(spec, plain, key, threads, NULL, call))
  } else {
    lapply(seq_along(first), function(g) {
      rows <- which(group == g)
      fit_columns(spec, plain[rows, others, drop = FALSE], derive_key(key, "stratum", g), threads, weights[rows], call)
    })
  }
  share <- as.numeric(rowsum(weights %||% rep(1, length(group)), group)) / sum(weights %||% length(group))
  structure(list(
    strata = strata, values = stats::setNames(lapply(codes, `[`, first), strata), share = share, fits = fits,
    notes = c(sprintf("%s by %s", count_phrase(length(first), "stratum", "strata"), toString(strata)), fits[[1]]$notes)
  ), class = "fitted_strata")
}

# Generators whose rows come from elsewhere know all columns at once.
is_external <- function(spec) isTRUE(spec$external)

check_stratum_sizes <- function(values, counts, call) {
  small <- which(counts < least_stratum)
  if (length(small) == 0) return(invisible())
  named <- do.call(paste, c(Map(function(x, name) paste(name, as.character(x), sep = " = "), values, names(values)),
                            sep = ", "))
  shown <- utils::head(small, 5)
  lines <- sprintf("%s: %s", named[shown], vapply(counts[shown], count_phrase, "", one = "row"))
  more <- length(small) - length(shown)
  abort("data", c(
    "{length(small)} {cli::qty(length(small))}strat{?um has/a have} fewer than {least_stratum} rows.",
    stats::setNames(as_text(lines), rep("x", length(lines))),
    if (more) "... and {more} more.",
    i = "Merge small strata, or leave the columns among the others."
  ), call = call)
}

# The stratum of each of n rows: shares of n, rounded up or down at random (systematic sampling), in random order.
draw_strata <- function(share, n, key) {
  start <- random_uniforms(unclass(derive_key(key, "start")), 1)
  edges <- cumsum(share) / sum(share)
  group <- findInterval((seq_len(n) - 1 + start) / n, utils::head(edges, -1)) + 1L
  group[random_permutation(unclass(derive_key(key, "order")), n)]
}

#' @exportS3Method
draw_columns.fitted_strata <- function(fit, n, key, threads) {
  fill_strata(fit, draw_strata(fit$share, n, key), list(), key, threads)
}

#' @exportS3Method
draw_given.fitted_strata <- function(fit, n, given, key, threads) {
  by_value <- names(Filter(function(one) !is.null(one$value), given))
  if (all(fit$strata %in% by_value)) {
    group <- match_strata(fit, lapply(given[fit$strata], `[[`, "value"))
    return(fill_strata(fit, group, given[setdiff(names(given), fit$strata)], key, threads))
  }
  NextMethod()
}

match_strata <- function(fit, values) {
  n <- length(values[[1]])
  both <- match_rows(Map(c, fit$values, values))
  known <- seq_along(fit$share)
  group <- match(both[-known], both[known])
  lost <- sum(is.na(group))
  if (lost) {
    abort("input", "{lost} of {n} given row{?s} belong to a stratum that the generator was not fitted on.")
  }
  group
}

# Rows whose strata are known.
fill_strata <- function(fit, group, given, key, threads) {
  columns <- rep(list(rep(NA_real_, length(group))), length(fit$blueprint))
  names(columns) <- names(fit$blueprint)
  for (name in fit$strata) columns[[name]] <- fit$values[[name]][group]
  for (g in sort(unique(group))) {
    rows <- which(group == g)
    drawn <- draw_stratum(fit, g, length(rows), lapply(given, take_given, rows), derive_key(key, "rows", g), threads)
    for (name in setdiff(names(columns), fit$strata)) columns[[name]][rows] <- drawn[[name]]
  }
  unname(columns)
}

take_given <- function(one, rows) if (is.null(one$value)) one else list(value = one$value[rows])

# n rows of a stratum as codes of the whole's blueprint.
draw_stratum <- function(fit, g, n, given, key, threads) {
  inner <- if (length(fit$fits) > 1 || !is_external(fit$fits[[1]]$spec)) fit$fits[[g]] else fit$fits[[1]]
  if (is_external(inner$spec)) {
    given[fit$strata] <- lapply(fit$values, function(value) list(value = rep(value[g], n)))
  }
  given <- recode_given(given, fit$blueprint, inner$blueprint)
  drawn <- if (length(given)) draw_given(inner, n, given, key, threads) else draw_columns(inner, n, key, threads)
  names(drawn) <- names(inner$blueprint)
  Map(function(values, name) {
    levels <- inner$blueprint[[name]]$levels
    if (is.null(levels)) values else match(levels, fit$blueprint[[name]]$levels)[values]
  }, drawn, names(drawn))
}

# Codes of levels from one blueprint's to another's.
recode_given <- function(given, from, to) {
  for (name in names(given)) {
    levels <- from[[name]]$levels
    if (is.null(levels)) next
    recode <- function(codes) match(levels[codes], to[[name]]$levels)
    one <- given[[name]]
    given[[name]] <- if (is.null(one$codes)) list(value = recode(one$value)) else list(codes = recode(one$codes))
    if (anyNA(given[[name]]$value)) abort("input", "A given level of {.val {name}} never occurs in its stratum.")
  }
  given
}
