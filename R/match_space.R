# Where nearest rows are looked for: two tables as matrices under one distance, and the searches over them.

# list(queries, reference, is_factor, mode, dropped): matrices of like columns. mode "tree": coordinates whose Euclidean
# distance is the one asked for; "mixed" and "gower": levels as codes, NA where missing, every pair compared. Scales are
# those of `real`; `dropped` names its constant columns, which no distance counts. `arg`: what the user calls `other`.
match_space <- function(real, other, distance, arg = "pool", call = rlang::caller_env()) {
  real <- fixed_levels(unclass_frame(real))
  other <- fixed_levels(unclass_frame(other))
  blueprint <- column_blueprint(real, decimals = FALSE)
  tables <- list(queries = encode_columns(real, blueprint, "data", call)$columns,
                 reference = encode_columns(other, blueprint, arg, call)$columns)
  for (name in names(real)) {
    check_covariate(real[[name]], name, call)
    check_covariate(other[[name]], name, call)
  }
  is_factor <- vapply(blueprint, function(b) b$kind == "factor", NA, USE.NAMES = FALSE)
  constant <- vapply(tables$queries, is_constant, NA)
  kept <- lapply(tables, function(columns) columns[!constant])
  space <- list(is_factor = is_factor[!constant], dropped = names(real)[constant], distance = distance)
  space$mode <- space_mode(kept, blueprint[!constant], distance, names(real)[!constant], call)
  if (all(constant)) {
    kept <- lapply(tables, function(columns) list(numeric(length(columns[[1]]))))
    space$is_factor <- FALSE
    space$mode <- "tree"
  } else {
    used <- names(real)[!constant]
    kept <- switch(space$mode, gower = scale_columns(kept, "queries", space$is_factor, value_range, used, call),
                   scale_columns(kept, "queries", space$is_factor, stats::sd, used, call))
    if (space$mode == "tree") kept <- indicator_columns(kept, blueprint[!constant], space$is_factor)
  }
  matrices <- lapply(kept, function(columns) matrix(as.double(unlist(columns)), ncol = length(columns)))
  if (distance == "mahalanobis" && !all(constant)) {
    root <- inverse_root(stats::cov(matrices$queries))
    matrices <- lapply(matrices, match_transform, root = root)
  }
  if (space$mode == "tree") space$is_factor <- logical(ncol(matrices$queries))
  c(matrices, space)
}

# As few as the k-d tree gains from; more levels are compared as codes.
most_indicators <- 36

space_mode <- function(tables, blueprint, distance, names, call) {
  if (distance == "gower") return("gower")
  missing <- vapply(seq_along(names), function(j) sum(vapply(tables, function(t) sum(is.na(t[[j]])), 1L)), 1L)
  if (distance == "mahalanobis") {
    if (any(missing > 0)) abort("data", c(
      "{.code distance = \"mahalanobis\"} needs all values; missing are {.val {names[missing > 0]}}
       ({sum(missing)} value{?s}).",
      i = "Impute them first, or take {.val euclidean} or {.val gower}, which compare what is known."
    ), call = call)
    return("tree")
  }
  columns <- sum(vapply(blueprint, function(b) max(1L, length(b$levels)), 1L))
  if (any(missing > 0) || columns > most_indicators) "mixed" else "tree"
}

is_constant <- function(x) {
  x <- x[!is.na(x)]
  length(x) == 0 || all(x == x[1])
}

value_range <- function(x) diff(range(x))

# Numbers in units of `spread` of the column of the table called `of`.
scale_columns <- function(tables, of, is_factor, spread, names, call) {
  for (j in which(!is_factor)) {
    units <- units_of(tables[[of]][[j]], spread)
    tables <- lapply(tables, function(columns) {
      columns[[j]] <- in_units(columns[[j]], units, names[j], call)
      columns
    })
  }
  tables
}

# A factor as one column a level, sqrt(1/2) high: levels that differ are at distance 1.
indicator_columns <- function(tables, blueprint, is_factor) {
  lapply(tables, function(columns) {
    unlist(lapply(seq_along(columns), function(j) {
      if (!is_factor[j]) return(columns[j])
      lapply(seq_along(blueprint[[j]]$levels), function(level) sqrt(.5) * (columns[[j]] == level))
    }), recursive = FALSE)
  })
}

# The k nearest reference rows of each query: list(index, distance), n x k matrices, NA where there are fewer.
nearest_in <- function(space, k, caliper, run) {
  if (space$mode != "tree") {
    found <- match_mixed(space$queries, space$reference, space$is_factor, list(gower = space$mode == "gower",
                         greedy = FALSE), list(k = as.integer(k), max_distance = caliper), run)
  } else {
    n <- nrow(space$queries)
    x <- rbind(space$queries, space$reference)
    lists <- match_neighbours(x, seq_len(n), n + seq_len(nrow(space$reference)),
                              list(m = as.integer(k), ties = FALSE, max_square = caliper^2), run)
    table <- match_table(lists, x, as.integer(k), run)
    found <- list(index = matrix(NA_integer_, n, k), distance = matrix(NA_real_, n, k))
    found$index[table$rows, ] <- table$index - n
    found$distance[table$rows, ] <- table$distance
  }
  found$distance[is.na(found$index)] <- NA
  found
}

# Pairs without replacement: each of the query rows `focal`, in this order, with the nearest of the reference rows
# `pool` still free. list(index, distance), one a row of focal; NA where none was left.
greedy_in <- function(space, focal, pool, caliper, run) {
  queries <- space$queries[focal, , drop = FALSE]
  if (length(focal) == 0 || length(pool) == 0) {
    return(list(index = rep(NA_integer_, length(focal)), distance = rep(NA_real_, length(focal))))
  }
  if (space$mode != "tree") {
    found <- match_mixed(queries, space$reference[pool, , drop = FALSE], space$is_factor,
                         list(gower = space$mode == "gower", greedy = TRUE), list(max_distance = caliper), run)
    index <- pool[found$index[, 1]]
    return(list(index = index, distance = ifelse(is.na(index), NA, found$distance[, 1])))
  }
  n <- length(focal)
  x <- rbind(queries, space$reference[pool, , drop = FALSE])
  partner <- match_greedy(x, seq_len(n), n + seq_along(pool), list(max_square = caliper^2), run)
  index <- pool[replace(partner - n, partner == 0, NA)]
  list(index = index, distance = tree_distance(space, focal, index))
}

tree_distance <- function(space, rows, index) {
  gap <- space$queries[rows, , drop = FALSE] - space$reference[index, , drop = FALSE]
  sqrt(rowSums(gap^2))
}

# The largest table of costs that optimal pairs may take: 400 MB.
most_costs <- 5e7

# Pairs of the least total distance, as greedy_in(). Only the n nearest reference rows of a query can matter to n
# queries, the other n - 1 being able to take no more than n - 1 of them.
optimal_in <- function(space, focal, pool, caliper, run, call) {
  part <- space
  part$queries <- space$queries[focal, , drop = FALSE]
  part$reference <- space$reference[pool, , drop = FALSE]
  n <- length(focal)
  if (n == 0 || length(pool) == 0) return(greedy_in(space, focal, pool, caliper, run))
  if (length(pool) > n && n * n < most_costs) {
    near <- sort(unique(as.vector(nearest_in(part, min(n, length(pool)), Inf, run)$index)))
    pool <- pool[near]
    part$reference <- space$reference[pool, , drop = FALSE]
  }
  if (as.numeric(n) * length(pool) > most_costs) {
    abort("input", c(
      "Optimal pairs of {n} with {length(pool)} rows need more than {format(most_costs, big.mark = ',')} distances.",
      i = "Use {.code method = \"greedy\"}, or {.arg exact} columns that part the rows."
    ), call = call)
  }
  cost <- match_mixed_distances(part$queries, part$reference, part$is_factor, part$mode == "gower", run)
  cost[cost > caliper] <- Inf
  wide <- n <= length(pool)
  partner <- match_assign(if (wide) cost else t(cost), run)
  if (!wide) {
    taken <- which(partner > 0)
    partner <- replace(integer(n), partner[taken], taken)
  }
  partner[partner == 0] <- NA
  list(index = pool[partner], distance = cost[cbind(seq_len(n), partner)])
}
