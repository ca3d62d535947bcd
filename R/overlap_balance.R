# Balance of covariates between the arms: definitions on the help page of diagnose_overlap().

# list(table, fallback): a row a term and sample; `fallback` names the terms whose SMD is over the standard deviation
# of all rows. `case`: case weights; `loaded`: balancing weights times these, by name.
balance_table <- function(covs, treat, case, loaded, estimand, call = rlang::caller_env()) {
  samples <- c(list(before = case), lapply(loaded, function(w) if (any(is.infinite(w))) NULL else w))
  arms <- list(treat = treat, all = arm_weights(samples, treat, NULL), samples = samples, estimand = estimand)
  parts <- lapply(names(covs), function(name) {
    check_covariate(covs[[name]], name, call)
    column_balance(covs[[name]], name, arms)
  })
  table <- do.call(rbind, c(list(empty_balance()), lapply(parts, `[[`, "table")))
  list(table = table, fallback = unlist(lapply(parts, `[[`, "fallback")))
}

empty_balance <- function() {
  data.frame(term = character(), variable = character(), level = character(), type = character(),
             sample = character(), mean_treated = numeric(), mean_control = numeric(), smd = numeric(),
             variance_ratio = numeric(), ks = numeric())
}

# For each sample the weights of the given rows, summing to one in each arm: list(treated, control, signed, shares,
# at_treated, at_control). `signed` has them in the rows' order, those of control negative; `shares` are the
# arms' parts of the total. NULL for a sample of infinite weights.
arm_weights <- function(samples, treat, rows) {
  if (!is.null(rows)) treat <- treat[rows]
  treated <- which(treat == 1)
  control <- which(treat != 1)
  lapply(samples, function(w) {
    if (is.null(w)) return(NULL)
    if (!is.null(rows)) w <- w[rows]
    total <- c(sum(w[treated]), sum(w[control]))
    w1 <- w[treated] / total[1]
    w0 <- w[control] / total[2]
    signed <- numeric(length(w))
    signed[treated] <- w1
    signed[control] <- -w0
    list(treated = w1, control = w0, signed = signed, shares = total / sum(total), at_treated = treated,
         at_control = control)
  })
}

# Rows of one covariate: itself, or its levels, and an indicator if some of it is missing.
column_balance <- function(x, name, arms) {
  absent <- is.na(x)
  some <- any(absent)
  seen <- if (some) which(!absent)
  weights <- if (some) arm_weights(arms$samples, arms$treat, seen) else arms$all
  known <- if (some) x[seen] else x
  parts <- list()
  if (length(known)) {
    codes <- level_codes(known)
    parts <- if (is.null(codes)) list(numeric_balance(as.numeric(known), name, weights, arms$estimand))
             else level_balance(codes, name, weights, arms$estimand)
  }
  if (some) {
    shares <- level_shares(as.integer(absent), 1L, arms$all)
    parts <- c(parts, list(share_balance(shares, name, NA, "missing", arms$all, arms$estimand)))
  }
  list(table = do.call(rbind, lapply(parts, `[[`, "table")), fallback = unlist(lapply(parts, `[[`, "fallback")))
}

# Codes of a factor's levels, or of two values' larger one, as list(codes, labels, type); NULL for a number.
level_codes <- function(x) {
  if (is.character(x)) x <- factor(x)
  if (is.factor(x)) return(list(codes = as.integer(x), labels = levels(x), type = "level"))
  if (is.logical(x)) return(list(codes = as.integer(x), labels = NA, type = "binary"))
  # Most numbers have a third value among the first rows.
  if (length(unique(utils::head(x, 1000))) > 2) return(NULL)
  values <- sort(unique(x))
  if (length(values) != 2) return(NULL)
  labels <- if (all(as.numeric(values) == 0:1)) NA else format(values[2], trim = TRUE)
  list(codes = as.integer(x == values[2]), labels = labels, type = "binary")
}

level_balance <- function(codes, name, weights, estimand) {
  shares <- level_shares(codes$codes, length(codes$labels), weights)
  parts <- lapply(seq_along(codes$labels), function(j) {
    share_balance(lapply(shares, function(s) if (!is.null(s)) s[j, , drop = FALSE]), name, codes$labels[j],
                  codes$type, weights, estimand)
  })
  used <- vapply(parts, function(p) any(p$table[c("mean_treated", "mean_control")] > 0, na.rm = TRUE), NA)
  if (codes$type == "level") parts[used] else parts
}

# Weighted shares of the codes 1, 2, ... in each arm, for each sample: a matrix (treated, control).
level_shares <- function(codes, n_levels, weights) {
  lapply(weights, function(w) {
    if (is.null(w)) return(NULL)
    cbind(code_sums(codes[w$at_treated], w$treated, n_levels), code_sums(codes[w$at_control], w$control, n_levels))
  })
}

# Sums of weights that sum to one; all and none of them exactly 1 and 0.
code_sums <- function(codes, w, n_levels) {
  sums <- numeric(n_levels)
  if (length(codes) == 0) return(sums + NA)
  found <- rowsum(w, codes, reorder = FALSE)
  code <- as.integer(rownames(found))
  sums[code[code > 0]] <- found[code > 0, 1]
  ifelse(abs(sums - 1) < 1e-12, 1, sums)
}

share_balance <- function(shares, name, level, type, weights, estimand) {
  before <- shares$before
  of_all <- sum(before * weights$before$shares)
  spread <- target_spread(before * (1 - before), of_all * (1 - of_all), estimand)
  cells <- lapply(shares, function(s) {
    if (is.null(s)) return(rep(NA_real_, 5))
    c(s[1], s[2], standardised(s[1] - s[2], spread), NA, abs(s[1] - s[2]))
  })
  balance_rows(name, level, type, cells, spread)
}

numeric_balance <- function(x, name, weights, estimand) {
  first <- weights$before
  x1 <- x[first$at_treated]
  x0 <- x[first$at_control]
  o <- order(x, method = "radix")
  sorted <- x[o]
  ends <- c(which(sorted[-1] != sorted[-length(sorted)]), length(sorted))
  moments <- lapply(weights, function(w) if (!is.null(w)) {
    cbind(weighted_moments(x1, w$treated), weighted_moments(x0, w$control))
  })
  before <- moments$before
  constant <- sorted[1] == sorted[length(sorted)]
  spread <- if (constant) list(s = 0, fallback = FALSE)
            else target_spread(before[2, ], variance_of_all(before, first), estimand)
  cells <- lapply(stats::setNames(nm = names(weights)), function(sample) {
    m <- moments[[sample]]
    if (is.null(m) || anyNA(m[1, ])) return(rep(NA_real_, 5))
    ks <- if (constant) 0 else max(abs(cumsum(weights[[sample]]$signed[o])[ends]))
    c(m[1, 1], m[1, 2], if (constant) 0 else standardised(m[1, 1] - m[1, 2], spread), m[2, 1] / m[2, 2], ks)
  })
  balance_rows(name, NA, "numeric", cells, spread)
}

# Mean and unbiased variance under weights that sum to one.
weighted_moments <- function(x, w) {
  if (length(x) == 0) return(c(NA_real_, NA_real_))
  mean <- sum(w * x)
  c(mean, sum(w * (x - mean)^2) / (1 - sum(w^2)))
}

# The unbiased variance of both arms' rows together from the arms' means (first row) and variances (second).
variance_of_all <- function(moments, w) {
  squares <- c(sum(w$treated^2), sum(w$control^2))
  within <- ifelse(squares < 1, moments[2, ] * (1 - squares), 0)
  mean <- sum(w$shares * moments[1, ])
  sum(w$shares * (within + (moments[1, ] - mean)^2)) / (1 - sum(w$shares^2 * squares))
}

# The SMD's standard deviation by estimand from the variances (treated, control) before weighting: list(s, fallback).
# A variance below 1e-20 of that of all rows is zero but for rounding.
target_spread <- function(variances, of_all, estimand) {
  v <- switch(estimand, ATT = variances[1], ATC = variances[2], mean(variances))
  if (is.finite(v) && v > 1e-20 * of_all) return(list(s = sqrt(v), fallback = FALSE))
  list(s = sqrt(of_all), fallback = TRUE)
}

standardised <- function(difference, spread) if (isTRUE(difference == 0)) 0 else difference / spread$s

balance_rows <- function(name, level, type, cells, spread) {
  values <- do.call(rbind, cells)
  label <- if (type == "missing") "missing" else level
  term <- if (is.na(label)) name else paste0(name, ": ", label)
  values[!is.finite(values)] <- NA
  table <- data.frame(
    term = term, variable = name, level = as.character(level), type = type, sample = names(cells),
    mean_treated = values[, 1], mean_control = values[, 2], smd = values[, 3], variance_ratio = values[, 4],
    ks = values[, 5], row.names = NULL
  )
  moved <- any(table$smd != 0, na.rm = TRUE)
  list(table = table, fallback = if (spread$fallback && moved) term)
}
