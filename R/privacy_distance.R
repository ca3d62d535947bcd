# Rows as privacy() compares them, and what distances between them say.

# list(frames, codes, is_factor): train, synthetic and holdout as data frames of numbers and factors of common levels,
# and as matrices: numbers over the training rows' range (Gower) or standard deviation (Euclid), levels as codes.
# A number that is constant or missing in all training rows is compared as a level.
privacy_rows <- function(train, synthetic, holdout, distance, call) {
  n <- c(train = nrow(train), synthetic = nrow(synthetic), holdout = nrow(holdout))
  set <- factor(rep(names(n), n), names(n))
  columns <- Map(function(a, b, c, name) {
    both <- stacked_column(a, b, name, call)
    stacked_column(if (is.factor(both)) both else as.numeric(both), c, name, call)
  }, train, synthetic, holdout, names(train))
  is_factor <- vapply(columns, is.factor, NA)
  in_train <- set == "train"
  level <- is_factor | vapply(columns, function(x) is_constant(as.numeric(x[in_train])), NA)
  scaled <- Map(function(x, level, name) {
    if (level) return(as.numeric(if (is.factor(x)) x else match(x, unique(x[!is.na(x)]))))
    x <- as.numeric(x)
    in_units(x, units_of(x[in_train], if (distance == "gower") value_range else stats::sd), name, call)
  }, columns, level, names(train))
  codes <- matrix(unlist(scaled), ncol = length(scaled))
  frame <- structure(columns, class = "data.frame", row.names = .set_row_names(length(set)))
  pick <- function(name) which(set == name)
  list(
    frames = lapply(stats::setNames(nm = names(n)), function(name) take_rows(frame, pick(name))),
    codes = lapply(stats::setNames(nm = names(n)), function(name) codes[pick(name), , drop = FALSE]),
    is_factor = unname(level), constant = names(train)[level & !is_factor], distance = distance
  )
}

# The two nearest of `reference` for each of `queries`, matrices of codes: list(first, second, index). NA where there
# are too few rows.
two_nearest <- function(queries, reference, rows, run, same = FALSE, columns = NULL) {
  columns <- columns %||% seq_along(rows$is_factor)
  is_factor <- rows$is_factor[columns]
  queries <- queries[, columns, drop = FALSE]
  reference <- reference[, columns, drop = FALSE]
  found <- if (rows$distance == "gower") {
    metrics_nearest_two(queries, reference, is_factor, "gower", same, run)
  } else {
    euclidean_nearest(queries, reference, is_factor, same, run)
  }
  for (part in c("first", "second")) found[[part]][!is.finite(found[[part]])] <- NA
  found$index[is.na(found$first)] <- NA
  found
}

# By the k-d tree where levels fit in indicators and nothing is missing; else all pairs, under Gower's rule for what is
# missing.
euclidean_nearest <- function(queries, reference, is_factor, same, run) {
  levels <- vapply(which(is_factor), function(j) max(c(queries[, j], reference[, j], 0), na.rm = TRUE), 1)
  missing <- anyNA(queries) || anyNA(reference)
  if (missing || sum(levels) + sum(!is_factor) > most_indicators) {
    return(metrics_nearest_two(queries, reference, is_factor, "mixed", same, run))
  }
  expand <- function(x) {
    if (!any(is_factor)) return(x)
    parts <- lapply(seq_len(ncol(x)), function(j) {
      if (!is_factor[j]) return(x[, j])
      sqrt(.5) * outer(x[, j], seq_len(levels[match(j, which(is_factor))]), "==")
    })
    matrix(unlist(parts), nrow(x))
  }
  if (same) queries <- reference <- expand(reference) else {
    queries <- expand(queries)
    reference <- expand(reference)
  }
  metrics_nearest_two(queries, reference, logical(ncol(queries)), "points", same, run)
}

# Every search between the sets that scores need.
privacy_distances <- function(rows, run) {
  codes <- rows$codes
  list(
    synthetic_train = two_nearest(codes$synthetic, codes$train, rows, run),
    holdout_train = two_nearest(codes$holdout, codes$train, rows, run),
    train_train = two_nearest(codes$train, codes$train, rows, run, same = TRUE),
    train_synthetic = two_nearest(codes$train, codes$synthetic, rows, run),
    holdout_synthetic = two_nearest(codes$holdout, codes$synthetic, rows, run)
  )
}

distance_ratio <- function(found) {
  ratio <- found$first / found$second
  ratio[which(found$first == 0 & found$second == 0)] <- 1
  ratio
}

# Equal values within rounding: sums of the same parts in another order.
nearly_equal <- function(a, b) abs(a - b) <= 1e-12 * pmax(abs(a), abs(b))

distance_scores <- function(rows, near, values, run, key, given) {
  own <- near$synthetic_train
  held <- near$holdout_train
  cut <- stats::quantile(near$train_train$first, .05, na.rm = TRUE, names = FALSE, type = 1)
  same <- row_numbers(rows)
  # Where the holdout was split off, it was in the data too: what it would show of people who were not is left out.
  members <- if (given) same$train else c(same$train, same$holdout)
  scores <- list(
    share_score("copies", "copies", same$synthetic %in% members, same$holdout %in% same$train),
    share_score("near_copies", "copies", own$first <= cut, held$first <= cut, cluster = own$index),
    replicated_score(same, given),
    unique_values_score(values),
    normal_score("dcr_mean", "distance", own$first, held$first),
    quantile_score("dcr_median", "distance", own$first, .5, held$first),
    quantile_score("dcr_q05", "distance", own$first, .05, held$first),
    normal_score("nndr_mean", "distance", distance_ratio(own), distance_ratio(held)),
    quantile_score("nndr_q05", "distance", distance_ratio(own), .05, distance_ratio(held))
  )
  c(scores, dcr_share_scores(rows, run, key, given), list(
    baseline_score(rows, own, run, key),
    share_score("identifiability", "distance", near$train_synthetic$first < near$train_train$first,
                if (given) near$holdout_synthetic$first < near$holdout_train$first),
    share_score("authenticity", "distance", farther(own, near$train_train), farther(held, near$train_train),
                cluster = own$index)
  ))
}

# Is a row farther from its nearest training row than that row from its nearest other?
farther <- function(found, among) found$first > among$first[found$index]

normal_score <- function(metric, group, x, reference) {
  x <- x[!is.na(x)]
  reference <- reference[!is.na(reference)]
  if (length(x) == 0) return(no_score(metric, group, "no row has this distance"))
  privacy_score(metric, group, "normal", estimate = mean(x), std.error = stats::sd(x) / sqrt(length(x)),
                limits = c(0, Inf), reference = if (length(reference)) mean(reference) else NA, n = length(x),
                n_reference = length(reference))
}

quantile_score <- function(metric, group, x, p, reference) {
  x <- x[!is.na(x)]
  reference <- reference[!is.na(reference)]
  if (length(x) == 0) return(no_score(metric, group, "no row has this distance"))
  privacy_score(metric, group, "quantile", values = sort(x), p = p, n = length(x), n_reference = length(reference),
                reference = if (length(reference)) stats::quantile(reference, p, names = FALSE) else NA)
}

# A number for each distinct row over the three sets: rows are equal where all values are, missing ones among them.
row_numbers <- function(rows) {
  stacked <- do.call(rbind, rows$codes)
  id <- rep(1, nrow(stacked))
  for (j in seq_len(ncol(stacked))) {
    value <- match(stacked[, j], unique(stacked[, j]))
    mixed <- id * (max(value) + 1) + value
    id <- match(mixed, unique(mixed))
  }
  split(id, rep(factor(names(rows$codes), names(rows$codes)), vapply(rows$codes, nrow, 1L)))
}

# Counts in training rows and in synthetic rows of each row's combination.
occurs <- function(values, among) {
  counts <- tabulate(match(among, unique(among)))
  found <- counts[match(values, unique(among))]
  found[is.na(found)] <- 0L
  found
}

replicated_score <- function(same, given, metric = "replicated_uniques", group = "copies") {
  share_score(
    metric, group, occurs(same$train, same$train) == 1 & occurs(same$train, same$synthetic) == 1,
    if (given) occurs(same$holdout, same$train) == 0 & occurs(same$holdout, same$synthetic) == 1
  )
}

# Synthetic rows against as many training as holdout rows. Rows with the same nearest one side with it together: the
# variance sums over nearest rows.
dcr_share_scores <- function(rows, run, key, given) {
  names <- c("dcr_share", "dcr_overfitting_protection")
  if (!given) {
    return(lapply(names, no_score, group = "distance", detail = "needs rows that the generator never saw"))
  }
  size <- min(nrow(rows$codes$train), nrow(rows$codes$holdout))
  part <- function(name) {
    x <- rows$codes[[name]]
    x[sort(draw_rows(nrow(x), size, derive_key(key, paste("share", name)))), , drop = FALSE]
  }
  near <- list(two_nearest(rows$codes$synthetic, part("train"), rows, run),
               two_nearest(rows$codes$synthetic, part("holdout"), rows, run))
  tied <- nearly_equal(near[[1]]$first, near[[2]]$first)
  closer <- near[[1]]$first < near[[2]]$first & !tied
  side <- ifelse(tied, .5, as.numeric(closer))
  known <- !is.na(side)
  cluster <- ifelse(closer, near[[1]]$index, -near[[2]]$index)
  value <- function(metric, x, map, reference) {
    privacy_score(metric, "distance", "normal", estimate = mean(x[known]),
                  std.error = clustered_error(x[known], cluster[known]), limits = 0:1, map = map, reference = reference,
                  n = sum(known), n_reference = size)
  }
  list(value("dcr_share", side, NULL, .5), value("dcr_overfitting_protection", as.numeric(closer), "overfitting", 1))
}

clustered_error <- function(x, cluster) sqrt(sum(rowsum(x - mean(x), cluster)^2)) / length(x)

# `size` of n rows, all in order where there are no more.
draw_rows <- function(n, size, key) {
  if (size >= n) return(seq_len(n))
  with_r_seed(key, sample.int(n, size))
}

# Rows drawn uniformly, column by column, over the training rows' range or levels.
baseline_score <- function(rows, own, run, key) {
  train <- rows$codes$train
  n <- nrow(rows$codes$synthetic)
  random <- with_r_seed(derive_key(key, "baseline"), vapply(seq_len(ncol(train)), function(j) {
    known <- train[!is.na(train[, j]), j]
    if (length(known) == 0) return(rep(NA_real_, n))
    if (rows$is_factor[j]) return(unique(known)[sample.int(length(unique(known)), n, TRUE)])
    stats::runif(n, min(known), max(known))
  }, numeric(n)))
  away <- stats::median(two_nearest(matrix(random, n), train, rows, run)$first, na.rm = TRUE)
  x <- own$first[!is.na(own$first)]
  if (is.na(away) || away == 0 || length(x) == 0) {
    return(no_score("dcr_baseline_protection", "distance", "random rows are at distance 0"))
  }
  privacy_score("dcr_baseline_protection", "distance", "quantile", values = sort(x), p = .5, by = away, limits = 0:1,
                reference = 1, n = length(x), n_reference = n)
}
