# What matching compares, and the matches: coordinates, imputed outcomes, pairs.

# list(x, z, notes): x, coordinates whose Euclidean distance is the one asked for, in standard deviations; z, the
# columns that the bias adjustment regresses on.
match_points <- function(est, pieces, call) {
  if (est$distance %in% c("propensity", "logit")) return(propensity_points(est, pieces, call))
  columns <- match_columns(pieces, call)
  spread <- apply(columns, 2, stats::sd)
  constant <- spread <= 1e-12 * apply(abs(columns), 2, max)
  z <- scale(columns[, !constant, drop = FALSE], scale = spread[!constant])
  notes <- if (any(constant)) paste("constant, not matched on:", paste(colnames(columns)[constant], collapse = ", "))
  if (ncol(z) == 0) return(list(x = matrix(0, nrow(columns), 1), z = z, notes = notes))
  covariance <- covariance_of(z, pieces$treat, est$covariance)
  root <- if (est$distance == "mahalanobis") inverse_root(covariance) else diagonal_root(diag(covariance))
  list(x = match_transform(z, root), z = z, notes = notes)
}

propensity_points <- function(est, pieces, call) {
  x <- pieces$ps
  if (est$distance == "logit") {
    outside <- sum(x <= 0 | x >= 1)
    if (outside) abort("overlap", c(
      "{.code distance = \"logit\"}: the propensity of {outside} row{?s} is 0 or 1, whose logit is infinite.",
      i = "Use {.code distance = \"propensity\"}."
    ), call = call)
    x <- stats::qlogis(x)
  }
  spread <- stats::sd(x)
  x <- matrix((x - mean(x)) / if (spread > 0) spread else 1)
  list(x = x, z = x)
}

# The covariates as numbers: the formula's terms without an intercept, an indicator a level for factors of more than
# two, so that no level is a reference.
match_columns <- function(pieces, call) {
  covs <- pieces$covs
  if (is.null(covs)) abort("input", c(
    "Matching on covariates needs them: these nuisances have none.",
    i = "Give {.arg covs} to {.fn as_nuisance}, or use {.code est_matching(distance = \"propensity\")}."
  ), call = call)
  covs <- droplevels(fixed_levels(unclass_frame(covs)))
  terms <- pieces$terms %||% all_columns_terms(covs)
  used <- intersect(all.vars(terms), names(covs))
  for (name in used) check_covariate(covs[[name]], name, call)
  missing <- vapply(covs[used], function(x) sum(is.na(x)), 1L)
  missing <- missing[missing > 0]
  if (length(missing)) abort("data", c(
    "Matching on covariates needs all their values; {length(missing)} column{?s} {?has/have} missing ones:",
    x = "{paste0(names(missing), ' (', missing, ')', collapse = ', ')} of {nrow(covs)} rows.",
    i = "Impute them first, or use {.code est_matching(distance = \"propensity\")}."
  ), call = call)
  frame <- stats::model.frame(terms, covs, na.action = stats::na.pass)
  many <- vapply(frame, function(x) is.factor(x) && nlevels(x) > 2, NA)
  indicators <- lapply(frame[many], stats::contrasts, contrasts = FALSE)
  design <- list(terms = attr(frame, "terms"), contrasts = if (length(indicators)) indicators)
  x <- frame_matrix(design, frame, covs)
  x[, colnames(x) != "(Intercept)", drop = FALSE]
}

# The sample covariance of columns of mean 0, of all rows or pooled within arms.
covariance_of <- function(z, treat, how) {
  if (how == "overall") return(crossprod(z) / (nrow(z) - 1))
  between <- lapply(0:1, function(arm) sum(treat == arm) * tcrossprod(colMeans(z[treat == arm, , drop = FALSE])))
  (crossprod(z) - between[[1]] - between[[2]]) / (nrow(z) - 2)
}

# L with L L' the generalised inverse of a covariance: directions without variance count for nothing.
inverse_root <- function(covariance) {
  parts <- eigen(covariance, symmetric = TRUE)
  kept <- parts$values > 1e-8 * max(parts$values)
  if (!any(kept)) return(matrix(0, nrow(covariance), 1))
  sweep(parts$vectors[, kept, drop = FALSE], 2, sqrt(parts$values[kept]), "/")
}

# A column that varies between arms only separates them: it has no within-arm scale, and no part in the distance.
diagonal_root <- function(variance) {
  diag(ifelse(variance > 1e-8 * max(variance), 1 / sqrt(pmax(variance, 0)), 0), length(variance))
}

find_matches <- function(est, study, queries, reference, m) {
  match_neighbours(study$x, queries, reference,
                   list(m = as.integer(m), ties = est$ties, tolerance = est$tie_tolerance), study$run)
}

# How many rows each query row was matched to, in the order of neighbours$queries$rows.
times_found <- function(neighbours) rep(neighbours$found, diff(neighbours$queries$start))

# Both outcomes of the target rows, the missing one imputed with replacement: list(target, y1, y0, used, used_squared
# (K/M and K/M^2, ties as fractions), gap (list by arm, for the homoskedastic variance), notes).
impute_outcomes <- function(est, study, call) {
  other <- rep(NA_real_, study$n)
  used <- used_squared <- numeric(study$n)
  tied <- 0
  differences <- list()
  for (arm in study$arms) {
    pool <- which(study$treat != arm)
    found <- find_matches(est, study, which(study$treat == arm), pool, est$m)
    usage <- match_usage(found, study$n)
    used <- used + usage$sum
    used_squared <- used_squared + usage$sum_of_squares
    fitted <- adjustment(est, study, pool, usage$sum, call)
    centre <- mean(study$outcome[pool] - fitted[pool])
    residual <- study$outcome - fitted - centre
    rows <- found$queries$rows
    means <- match_means(found, cbind(residual, residual^2))
    other[rows] <- means[, 1] + fitted[rows] + centre
    tied <- tied + sum(times_found(found) > est$m)
    differences <- c(differences, list(list(
      sign = 2 * arm - 1, own = residual[rows], mean = means[, 1], spread = pmax(means[, 2] - means[, 1]^2, 0)
    )))
  }
  target <- study$treat %in% study$arms
  treated <- study$treat == 1
  list(
    target = target, y1 = ifelse(treated, study$outcome, other), y0 = ifelse(treated, other, study$outcome),
    used = used, used_squared = used_squared, differences = differences,
    notes = paste0(
      count_phrase(sum(target), "row"), " matched with replacement to ", est$m, " (", est$distance, ") of ",
      format(sum(used > 0), big.mark = ","), " distinct rows",
      if (est$ties) paste0("; ", tied, " of them to more, tied ones") else ", the first among ties"
    )
  )
}

# What a regression on the columns z predicts for all rows, up to a constant: fitted to rows used as matches, weighted
# by how often. Zero where no adjustment is asked for.
adjustment <- function(est, study, pool, used, call) {
  if (!est$bias_adjust || ncol(study$z) == 0) return(numeric(study$n))
  rows <- pool[used[pool] > 0]
  x <- cbind(1, study$z[rows, , drop = FALSE])
  fit <- glm_core(x, study$outcome[rows], "gaussian", used[rows])
  if (length(rows) <= fit$rank) abort("data", c(
    "The bias adjustment regresses on {fit$rank} column{?s}, but only {length(rows)} row{?s} of an arm {?is/are} used.",
    i = "Use {.code bias_adjust = FALSE}, fewer covariates, or a larger {.arg m}."
  ), call = call)
  drop(study$z %*% fit$coefficients[-1])
}

# As impute_outcomes(), by greedy pairs; target rows are those that found a partner.
pair_outcomes <- function(est, study, key, call) {
  focal <- which(study$treat == study$arms)
  ps <- study$ps[focal]
  turns <- switch(
    est$order, data = seq_along(focal), largest = order(ps, decreasing = TRUE, method = "radix"),
    smallest = order(ps, method = "radix"),
    random = random_permutation(unclass(derive_key(key %||% rng_key(NULL), "matching order")), length(focal))
  )
  pool <- which(study$treat != study$arms)
  partner <- integer(length(focal))
  partner[turns] <- match_greedy(study$x, focal[turns], pool, list(), study$run)
  unmatched <- sum(partner == 0)
  rows <- focal[partner > 0]
  partner <- partner[partner > 0]
  if (length(rows) < 2) abort("data", c(
    "Matching without replacement made {length(rows)} pair{?s}; a standard error needs two.",
    i = "Use {.code replace = TRUE}."
  ), call = call)
  used <- as.numeric(seq_len(study$n) %in% partner)
  fitted <- adjustment(est, study, pool, used, call)
  other <- rep(NA_real_, study$n)
  other[rows] <- study$outcome[partner] - fitted[partner] + fitted[rows]
  subclass <- rep(NA_integer_, study$n)
  subclass[rows] <- subclass[partner] <- seq_along(rows)
  treated <- study$treat == 1
  list(
    target = seq_len(study$n) %in% rows, y1 = ifelse(treated, study$outcome, other),
    y0 = ifelse(treated, other, study$outcome), used = used,
    subclass = structure(subclass, levels = as.character(seq_along(rows)), class = "factor"),
    notes = pair_note(est, length(rows), unmatched, c("control", "treated")[study$arms + 1])
  )
}

pair_note <- function(est, pairs, unmatched, arm) {
  c(
    paste0(count_phrase(pairs, "pair"), " without replacement (", est$distance, "), in the order ", est$order),
    if (unmatched) paste0(count_phrase(unmatched, paste(arm, "row")),
                          " without a partner: the estimate is for the others only")
  )
}
