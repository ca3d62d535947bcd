#' Match rows to their nearest
#'
#' Pairs of treated and control rows as data (a formula), or the nearest rows of one table among another (two tables).
#' Searches are exact, by a k-d tree where the distance is Euclidean, else by comparing every pair.
#'
#' @param x A formula `Y ~ A | W1 + W2`, whose variables after `|` are matched on; or a data frame or matrix of rows to
#'   find neighbours for.
#' @param data A data frame, one row a unit.
#' @param pool A data frame or matrix with the columns of `x`, in which neighbours are looked for.
#' @param k Number of matches a row.
#' @param distance `"euclidean"`: numbers over their standard deviations; 1 for a level that differs. `"mahalanobis"`:
#'   under the inverse covariance of numbers and indicators of levels. `"gower"`: the mean over columns of
#'   absolute differences over the range (numbers) and of 1 for levels that differ. With a formula also
#'   `"propensity"` and `"logit"`, in standard deviations. Scales are those of `data` (of `x`). Missing values: Euclid
#'   and
#'   Gower compare the columns known on both sides, Euclid's sum being scaled up for the others (Gower 1971).
#' @param replace TRUE: a row may be the match of several.
#' @param method Without replacement: `"greedy"`, each row in turn takes the nearest still free, or `"optimal"`, the
#'   pairs of least total distance among the largest possible number of pairs. k = 1 for the latter.
#' @param order The turns of greedy pairs: as in the data, by falling (`"largest"`) or rising (`"smallest"`) propensity,
#'   or at random from the seed.
#' @param exact Names of columns of `data` whose values must be equal within a pair.
#' @param caliper The largest distance allowed, in the units of `distance`.
#' @param estimand `"ATT"`: each treated row is matched to controls; `"ATC"`: the other way round.
#' @param propensity P(A = 1 | W), a number for each row of `data`; NULL fits it by `learner_treatment`, where it is
#'   needed, as [nuisance()] does.
#' @param learner_treatment As in [nuisance()].
#' @param scale `"x"` standardises the columns by those of `x`; `"none"` takes numbers as they are (Euclid).
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @param ... Unknown names are an error.
#' @return With a formula: a data frame of class `causalsynth_matched` (and that of `data`), one row for each member of
#'   a match: the columns of `data`, `.row` (its number), `distance` (to its match; for the row that was matched the
#'   mean over its matches), `weights` (1 for matched rows, 1 over the number of matches for each of theirs) and
#'   `subclass` (a factor, one level a match). A row used several times stands there several times. `print()` says how
#'   many rows found no match, [tidy()] gives the balance before and after, `autoplot()` draws it.
#'
#'   With two tables: a list of class `causalsynth_nearest` with `index` and `distance`, n x k matrices (NA where there
#'   are fewer neighbours), and `dropped`, the constant columns, which count for nothing.
#'
#'   Errors are of class `causalsynth_error_input` or `_data` (columns that differ or are infinite).
#' @references Rubin (1973), Biometrics 29, 159-183; Gower (1971), Biometrics 27, 857-871; Friedman, Bentley and Finkel
#'   (1977), ACM Transactions on Mathematical Software 3, 209-226; Jonker and Volgenant (1987), Computing 38, 325-340.
#' @seealso [est_matching()] estimates effects by matching, with standard errors.
#' @examples
#' study <- generate(dgp_paper("moderate"), 300, seed = 1)
#' pairs <- match_nearest(Y ~ A | W1 + W4 + W6, study, estimand = "ATC", exact = "W1", caliper = .5)
#' pairs
#' nearest <- match_nearest(study[1:5, 1:6], study[-(1:5), 1:6], k = 2)
#' nearest$index
#' @export
match_nearest <- function(x, ...) UseMethod("match_nearest")

#' @export
match_nearest.default <- function(x, ...) {
  abort("input", c("{.arg x} must be a formula {.code Y ~ A | W1 + W2}, a data frame or a matrix.",
                   x = "It is {describe(x)}."))
}

#' @rdname match_nearest
#' @export
match_nearest.matrix <- function(x, pool, ...) {
  call <- rlang::current_env()
  check_present(pool, "pool", call)
  if (!is.numeric(x)) abort("input", "A matrix {.arg x} must be numeric; it is {typeof(x)}.")
  if (!is.data.frame(pool) && !(is.matrix(pool) && is.numeric(pool) && ncol(pool) == ncol(x))) {
    abort("input", "{.arg pool} must be a numeric matrix of {ncol(x)} column{?s}, as {.arg x} is; it is
                    {describe(pool)}.")
  }
  named <- function(m) {
    if (is.data.frame(m)) return(m)
    colnames(m) <- colnames(x) %||% paste0("V", seq_len(ncol(x)))
    as.data.frame(m)
  }
  match_nearest.data.frame(named(x), named(pool), ...)
}

#' @rdname match_nearest
#' @export
match_nearest.data.frame <- function(x, pool, k = 1, ..., distance = c("euclidean", "mahalanobis", "gower"),
                                     replace = TRUE, method = c("greedy", "optimal"), caliper = Inf,
                                     scale = c("x", "none"), threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_data_frame(x, "x", call = call)
  check_data_frame(pool, "pool", call = call)
  k <- check_whole(k, "k")
  distance <- check_choice(distance, c("euclidean", "mahalanobis", "gower"), "distance")
  scale <- check_choice(scale, c("x", "none"), "scale")
  method <- check_choice(method, c("greedy", "optimal"), "method")
  caliper <- check_number(caliper, "caliper", 0)
  if (!check_flag(replace, "replace")) check_single(k, "Without replacement {.fn match_nearest} makes pairs")
  run <- run_control(threads, "Nearest rows")
  space <- if (scale == "x") match_space(x, pool[intersect(names(pool), names(x))], distance, "pool", call)
           else plain_space(x, pool, distance, call)
  rows <- seq_len(nrow(x))
  found <- if (replace) nearest_in(space, k, caliper, run)
           else if (method == "greedy") greedy_in(space, rows, seq_len(nrow(pool)), caliper, run)
           else optimal_in(space, rows, seq_len(nrow(pool)), caliper, run, call)
  structure(list(index = as.matrix(found$index), distance = as.matrix(found$distance), dropped = space$dropped,
                 measure = distance, n_pool = nrow(pool)), class = "causalsynth_nearest")
}

check_single <- function(k, what, call = rlang::caller_env()) {
  if (k == 1) return(invisible())
  abort("input", c(paste0(what, "; {.arg k} is {k}."), i = "Use {.code k = 1}, or {.code replace = TRUE}."),
        call = call)
}

# Numbers as they are.
plain_space <- function(x, pool, distance, call) {
  text <- names(x)[!vapply(x, is.numeric, NA)]
  if (distance != "euclidean" || length(text)) {
    abort("input", c(
      "{.code scale = \"none\"} is for the Euclidean distance of numbers.",
      x = if (length(text)) "{.val {text}} {?is/are} not numeric." else "{.arg distance} is {.val {distance}}."
    ), call = call)
  }
  blueprint <- column_blueprint(x, decimals = FALSE)
  tables <- list(queries = encode_columns(x, blueprint, "x", call)$columns,
                 reference = encode_columns(pool, blueprint, "pool", call)$columns)
  for (name in names(x)) for (table in list(x, pool)) check_covariate(table[[name]], name, call)
  matrices <- lapply(tables, function(columns) matrix(as.double(unlist(columns)), ncol = length(columns)))
  mode <- if (anyNA(matrices$queries) || anyNA(matrices$reference)) "mixed" else "tree"
  c(matrices, list(is_factor = logical(length(x)), dropped = character(), distance = distance, mode = mode))
}

#' @rdname match_nearest
#' @export
match_nearest.formula <- function(x, data, k = 1, ..., estimand = c("ATT", "ATC"),
                                  distance = c("mahalanobis", "euclidean", "gower", "propensity", "logit"),
                                  replace = FALSE, method = c("greedy", "optimal"),
                                  order = c("data", "largest", "smallest", "random"), exact = NULL, caliper = Inf,
                                  propensity = NULL, learner_treatment = learn_forest(), seed = NULL,
                                  threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_present(data, "data")
  study <- study_data(x, data)
  ask <- list(
    k = check_whole(k, "k"), focal = if (check_choice(estimand, c("ATT", "ATC"), "estimand") == "ATT") 1 else 0,
    estimand = estimand[1],
    distance = check_choice(distance, c("mahalanobis", "euclidean", "gower", "propensity", "logit"), "distance"),
    replace = check_flag(replace, "replace"), method = check_choice(method, c("greedy", "optimal"), "method"),
    order = check_choice(order, c("data", "largest", "smallest", "random"), "order"),
    caliper = check_number(caliper, "caliper", 0), strata = exact_strata(exact, data, call), exact = exact
  )
  if (!ask$replace && ask$method == "optimal") check_single(ask$k, "Optimal matching makes pairs")
  check_free_names(data, c(".row", "distance", "weights", "subclass"), call)
  key <- rng_key(seed)
  needs_ps <- ask$distance %in% c("propensity", "logit") || ask$order %in% c("largest", "smallest")
  ps <- if (needs_ps || !is.null(propensity)) {
    data_propensity(x, data, propensity, check_learner(learner_treatment, "learner_treatment"), key, threads, call)
  }
  run <- run_control(threads, "Matching")
  matches <- matched_rows(ask, study, ps, key, run, call)
  new_matched(data, study, ask, matches, call)
}

check_free_names <- function(data, names, call) {
  taken <- intersect(names, names(data))
  if (length(taken) == 0) return(invisible())
  abort("data", c("{.arg data} has {length(taken)} column{?s} already that the result needs: {.val {taken}}.",
                  i = "Rename {?it/them} first."), call = call)
}

# One number a row: the group of equal values in the columns `exact`.
exact_strata <- function(exact, data, call) {
  if (is.null(exact)) return(rep(1L, nrow(data)))
  if (!is.character(exact) || !all(exact %in% names(data))) {
    abort("input", c("{.arg exact} must name columns of {.arg data}.", x = "It is {describe(exact)}."), call = call)
  }
  labels <- do.call(paste, c(lapply(unclass_frame(data)[exact], as.character), sep = "\r"))
  match(labels, unique(labels))
}

# P(A = 1 | W) as given, or predicted honestly.
data_propensity <- function(formula, data, propensity, learner, key, threads, call) {
  if (!is.null(propensity)) {
    if (!is.numeric(propensity) || length(propensity) != nrow(data) || anyNA(propensity) ||
        any(propensity < 0 | propensity > 1)) {
      abort("input", c(
        "{.arg propensity} must be {nrow(data)} probabilit{?y/ies} in [0, 1], one a row of {.arg data}.",
        x = "It is {describe(propensity)}{if (length(propensity) == nrow(data)) ', some of it missing or outside'}."
      ), call = call)
    }
    return(as.numeric(propensity))
  }
  suppressWarnings(
    nuisance(formula, data, learner, learn_nothing(), bounds = NULL, seed = derive_key(key, "propensity"),
             threads = threads)$ps,
    classes = "causalsynth_warning_overlap"
  )
}

# Matches of the focal arm's rows: data frame row, partner, distance; a line a match.
matched_rows <- function(ask, study, ps, key, run, call) {
  focal <- which(study$treat == ask$focal)
  pool <- which(study$treat != ask$focal)
  space <- formula_space(ask, study, ps, call)
  turns <- switch(ask$order, data = focal, largest = focal[order(-ps[focal])], smallest = focal[order(ps[focal])],
                  random = focal[random_permutation(unclass(derive_key(key, "matching order")), length(focal))])
  parts <- lapply(unique(ask$strata[focal]), function(stratum) {
    rows <- turns[ask$strata[turns] == stratum]
    free <- pool[ask$strata[pool] == stratum]
    if (length(free) == 0) return(NULL)
    if (ask$replace) return(repeated_matches(space, rows, free, ask, run))
    pick <- function(free) {
      if (ask$method == "greedy") greedy_in(space, rows, free, ask$caliper, run)
      else optimal_in(space, rows, free, ask$caliper, run, call)
    }
    rounds <- list()
    for (i in seq_len(ask$k)) {
      found <- pick(free)
      rounds[[i]] <- data.frame(row = rows, partner = found$index, distance = found$distance)
      free <- setdiff(free, found$index)
    }
    do.call(rbind, rounds)
  })
  matches <- do.call(rbind, c(list(data.frame(row = integer(), partner = integer(), distance = numeric())), parts))
  matches <- matches[!is.na(matches$partner), ]
  attr(matches, "dropped") <- space$dropped
  matches[order(matches$row), ]
}

repeated_matches <- function(space, rows, free, ask, run) {
  part <- space
  part$queries <- space$queries[rows, , drop = FALSE]
  part$reference <- space$reference[free, , drop = FALSE]
  found <- nearest_in(part, min(ask$k, length(free)), ask$caliper, run)
  data.frame(row = rep(rows, ncol(found$index)), partner = free[as.vector(found$index)],
             distance = as.vector(found$distance))
}

formula_space <- function(ask, study, ps, call) {
  if (!ask$distance %in% c("propensity", "logit")) {
    return(match_space(study$covs, study$covs, ask$distance, "data", call))
  }
  x <- propensity_points(list(distance = ask$distance), list(ps = ps), call)$x
  list(queries = x, reference = x, is_factor = FALSE, mode = "tree", dropped = character(), distance = ask$distance)
}

new_matched <- function(data, study, ask, matches, call) {
  if (nrow(matches) == 0) {
    abort("data", c("No row found a match.", i = "Give a larger {.arg caliper}, or fewer {.arg exact} columns."),
          call = call)
  }
  focal <- unique(matches$row)
  group <- match(matches$row, focal)
  found <- tabulate(group, length(focal))
  rows <- c(focal, matches$partner)
  distance <- c(as.vector(rowsum(matches$distance, group)) / found, matches$distance)
  weight <- c(rep(1, length(focal)), 1 / found[group])
  subclass <- c(seq_along(focal), group)
  turn <- order(subclass, seq_along(rows))
  result <- as_rows(lapply(unclass(as.data.frame(data)), `[`, rows[turn]), row_template(data))
  extra <- list(.row = rows[turn], distance = distance[turn], weights = weight[turn],
                subclass = factor(subclass[turn], seq_along(focal)))
  for (name in names(extra)) result[[name]] <- extra[[name]]
  used <- code_sums(rows, weight, nrow(data))
  own <- study$treat == ask$focal
  balance <- balance_table(study$covs, study$treat, rep(1, study$n), list(after = used), ask$estimand, call)
  attr(result, "causalsynth_matching") <- c(ask[c("estimand", "distance", "replace", "method", "order", "k", "exact",
                                                  "caliper")], list(
    n = study$n, n_focal = sum(own), n_matched = length(focal), n_matches = nrow(matches),
    n_partners = length(unique(matches$partner)), roles = study[c("outcome", "treatment", "covariates")],
    treat_levels = study$treat_levels, dropped = attr(matches, "dropped"), balance = balance$table
  ))
  class(result) <- c("causalsynth_matched", class(result))
  result
}

matching_of <- function(x, call = rlang::caller_env()) {
  about <- attr(x, "causalsynth_matching", exact = TRUE)
  if (is.null(about)) {
    abort("data", c("These matched rows have lost what is known of their matching.",
                    i = "Start from the result of {.fn match_nearest}."), call = call)
  }
  about
}
