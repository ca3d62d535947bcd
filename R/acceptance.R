# Acceptance of a generator's rows: where the moments of its covariates miss the seed's, rows are kept with
# probabilities fitted once by entropy balancing (Hainmueller 2012), so that rows stay independent draws of one law.

# Misses below this (in standard deviations of the seed; for variances as log ratio of standard deviations) are left.
balance_tolerance <- .02
least_ess <- .3
most_pair_columns <- 20
most_fit_rows <- 50000

# What is measured of each covariate, learnt from the seed: list of entries (column, kind, centre, scale, levels).
moment_plan <- function(covs) {
  plan <- lapply(names(covs), function(name) {
    x <- covs[[name]]
    missing <- anyNA(x)
    if (is.factor(x) || is.character(x)) {
      share <- table(factor(as.character(x))) / length(x)
      levels <- names(share)[share >= .01]
      if (length(levels) == length(share)) levels <- levels[-1]
      return(list(column = name, kind = "levels", levels = levels, missing = missing))
    }
    x <- as.numeric(x)
    scale <- stats::sd(x, na.rm = TRUE)
    if (!is.finite(scale) || scale == 0) return(list(column = name, kind = "none", missing = missing))
    list(column = name, kind = if (length(unique(x[!is.na(x)])) > 2) "number" else "binary", missing = missing,
         centre = mean(x, na.rm = TRUE), scale = scale)
  })
  list(columns = plan, pairs = FALSE)
}

# What the generator never draws - levels of few rows, values that are hardly ever missing - no weights of its rows can
# bring back: its moments are met among the seed's other rows.
drawn_moments <- function(plan, covs, rows) {
  plan$columns <- lapply(plan$columns, function(entry) {
    x <- rows[[entry$column]]
    if (entry$missing && !anyNA(x)) {
      entry$missing <- FALSE
      entry$undrawn_missing <- TRUE
    }
    if (entry$kind == "levels") {
      drawn <- unique(as.character(x[!is.na(x)]))
      had <- unique(as.character(covs[[entry$column]]))
      entry$undrawn <- setdiff(had[!is.na(had)], drawn)
      if (length(entry$undrawn)) {
        entry$levels <- intersect(entry$levels, drawn)
        if (length(entry$levels) == length(drawn)) entry$levels <- entry$levels[-1]
      }
    }
    entry
  })
  plan
}

# A matrix of moment functions, a column each, named "column: what"; NA in rows of what is never drawn.
moment_columns <- function(plan, rows) {
  base <- list()
  squares <- list()
  for (entry in plan$columns) {
    x <- rows[[entry$column]]
    name <- entry$column
    if (entry$missing) base[[paste0(name, ": missing")]] <- as.numeric(is.na(x))
    if (entry$kind == "levels") {
      text <- as.character(x)
      for (level in entry$levels) {
        share <- as.numeric(!is.na(text) & text == level)
        if (isTRUE(entry$undrawn_missing)) share[is.na(text)] <- NA
        base[[paste0(name, ": ", level)]] <- replace(share, text %in% entry$undrawn, NA)
      }
    } else if (entry$kind != "none") {
      z <- (as.numeric(x) - entry$centre) / entry$scale
      if (!isTRUE(entry$undrawn_missing)) z[is.na(z)] <- 0
      base[[paste0(name, ": mean")]] <- z
      if (entry$kind == "number") squares[[paste0(name, ": square")]] <- z^2
    }
  }
  all <- c(base, squares)
  if (plan$pairs) {
    for (i in seq_along(base)[-1]) for (j in seq_len(i - 1)) {
      all[[paste(names(base)[j], names(base)[i], sep = " x ")]] <- base[[i]] * base[[j]]
    }
  }
  matrix(unlist(all, use.names = FALSE), nrow(rows), dimnames = list(NULL, names(all)))
}

# Largest miss of the moments in units of the seed's spread: means, and log ratios of standard deviations.
largest_miss <- function(table) {
  if (nrow(table) == 0) return(0)
  scale <- ifelse(is.na(table$seed_sd) | table$seed_sd == 0, 1, table$seed_sd)
  miss <- abs(table$before - table$seed) / scale
  spread <- spread_miss(table, "before_sd")
  max(miss, spread[is.finite(spread)], na.rm = TRUE)
}

# How far standard deviations are off the seed's, as log ratios; NA for shares.
spread_miss <- function(table, column) abs(log(table[[column]] / table$seed_sd))

# Means and standard deviations of numbers, shares of levels and of missing values, weighted.
moment_table <- function(plan, rows, weights = NULL) {
  w <- if (is.null(weights)) rep(1 / nrow(rows), nrow(rows)) else weights / sum(weights)
  parts <- lapply(plan$columns, function(entry) {
    x <- rows[[entry$column]]
    known <- !is.na(x)
    what <- if (entry$missing) "share missing"
    mean <- if (entry$missing) sum(w[!known])
    sd <- rep(NA_real_, length(mean))
    if (entry$kind == "levels" && length(entry$levels)) {
      place <- match(as.character(x), entry$levels)
      what <- c(what, paste("share of", entry$levels))
      mean <- c(mean, vapply(seq_along(entry$levels), function(l) sum(w[which(place == l)]), 1))
      sd <- c(sd, rep(NA_real_, length(entry$levels)))
    } else if (entry$kind %in% c("number", "binary")) {
      v <- w[known] / sum(w[known])
      value <- as.numeric(x[known])
      centre <- sum(v * value)
      what <- c(what, "mean")
      mean <- c(mean, centre)
      sd <- c(sd, sqrt(sum(v * (value - centre)^2)))
    }
    list(column = rep(entry$column, length(what)), what = what, mean = mean, sd = sd)
  })
  all <- function(name, empty) c(empty, unlist(lapply(parts, `[[`, name), use.names = FALSE))
  data.frame(column = all("column", character()), what = all("what", character()), mean = all("mean", numeric()),
             sd = all("sd", numeric()))
}

# The table of the certificate: seed, generator, released law.
moments_compared <- function(plan, covs, rows, weights, released = NULL, released_weights = NULL) {
  seed <- moment_table(plan, covs)
  before <- moment_table(plan, rows)
  after <- if (is.null(released)) moment_table(plan, rows, weights) else moment_table(plan, released, released_weights)
  share <- is.na(seed$sd)
  data.frame(
    column = seed$column, what = seed$what, seed = seed$mean, before = before$mean, after = after$mean,
    seed_sd = ifelse(share, sqrt(pmax(seed$mean * (1 - seed$mean), 0)), seed$sd),
    before_sd = before$sd, after_sd = after$sd
  )
}

# Weights exp(x lambda) whose means of x are `target` (Newton steps on the dual, halved until it falls): list(lambda,
# weights (mean 1), ess (a share), converged).
entropy_balance <- function(x, target, steps = 50) {
  x <- sweep(x, 2, target)
  lambda <- numeric(ncol(x))
  dual <- function(l) {
    score <- drop(x %*% l)
    top <- max(score)
    top + log(mean(exp(score - top)))
  }
  value <- dual(lambda)
  converged <- FALSE
  for (step in seq_len(steps)) {
    score <- drop(x %*% lambda)
    w <- exp(score - max(score))
    w <- w / sum(w)
    gradient <- drop(crossprod(x, w))
    if (max(abs(gradient)) < 1e-8) {
      converged <- TRUE
      break
    }
    curvature <- crossprod(x * w, x) - tcrossprod(gradient)
    diag(curvature) <- diag(curvature) + 1e-9
    direction <- tryCatch(solve(curvature, gradient), error = function(e) gradient)
    size <- 1
    repeat {
      new <- lambda - size * direction
      now <- dual(new)
      if (is.finite(now) && now < value + 1e-14) break
      size <- size / 2
      if (size < 1e-8) break
    }
    if (size < 1e-8) break
    lambda <- new
    value <- now
  }
  score <- drop(x %*% lambda)
  w <- exp(score - max(score))
  w <- w / mean(w)
  # Rounding ends the steps a little early where some moment is nearly a sum of others.
  list(lambda = lambda, weights = w, ess = 1 / mean(w^2), converged = converged || max(abs(gradient)) < 1e-4)
}

# list(plan, lambda, centre, cap, rate, ess, table, pairs): NULL lambda where the generator's moments do.
fit_acceptance <- function(covs, rows, exact, call) {
  plan <- drawn_moments(moment_plan(covs), covs, rows)
  table <- moments_compared(plan, covs, rows, NULL)
  result <- list(plan = plan, ess = 1, rate = 1, table = table, miss = largest_miss(table), pairs = FALSE)
  if (result$miss <= balance_tolerance) return(result)
  some <- if (exact || nrow(rows) <= most_fit_rows) rows else take_rows(unclass_frame(rows), seq_len(most_fit_rows))
  fit <- balance_moments(plan, covs, some)
  if (!fit$converged || fit$ess < least_ess) {
    worst <- table[order(-abs(table$before - table$seed) / pmax(table$seed_sd, 1e-12, na.rm = TRUE)), ]
    abort("data", c(
      "The generator's covariates are too far from the seed's to be brought to its means and variances.",
      x = "{if (fit$converged) paste0('Only ', round(100 * fit$ess), ' % of its rows would count (effective sample
           size; at least ', 100 * least_ess, ' % are needed).') else 'No weights of its rows have these means.'}",
      x = "Farthest: {worst$column[1]} ({worst$what[1]} {signif(worst$before[1], 3)}, seed
           {signif(worst$seed[1], 3)}).",
      i = "Give more rows, another generator such as {.or {.fn {c('gen_forest', 'gen_copula')}}}, or
           {.code targeted = FALSE}."
    ), call = call)
  }
  pairs <- pair_balance(plan, covs, some)
  if (!is.null(pairs)) {
    fit <- pairs
    plan$pairs <- TRUE
  }
  result[c("plan", "lambda", "centre", "ess", "pairs")] <- list(plan, fit$lambda, fit$target, fit$ess, plan$pairs)
  # A cap keeps the rate up: the few rows above it are all kept, which the moments after it show.
  result$cap <- if (exact) Inf else stats::quantile(fit$weights, .999, names = FALSE)
  result$log_scale <- fit$log_scale
  result$rate <- if (exact) 1 else mean(pmin(1, fit$weights / result$cap))
  result
}

balance_moments <- function(plan, covs, rows) {
  x <- moment_columns(plan, rows)
  target <- colMeans(moment_columns(plan, covs), na.rm = TRUE)
  fit <- entropy_balance(x, target)
  score <- drop(sweep(x, 2, target) %*% fit$lambda)
  # log of the constant that makes the weights' mean 1.
  fit$log_scale <- max(score) + log(mean(exp(score - max(score))))
  fit$target <- target
  fit
}

# Cross-products too, where there are few columns and enough rows go on counting; NULL else.
pair_balance <- function(plan, covs, rows) {
  base <- ncol(moment_columns(plan, utils::head(rows, 1)))
  if (base < 2 || base > most_pair_columns) return(NULL)
  plan$pairs <- TRUE
  fit <- balance_moments(plan, covs, rows)
  if (fit$converged && fit$ess >= least_ess) fit
}

# Weights of rows, mean 1 over the generator's law.
acceptance_weights <- function(acceptance, rows) {
  if (is.null(acceptance$lambda)) return(rep(1, nrow(rows)))
  x <- sweep(moment_columns(acceptance$plan, rows), 2, acceptance$centre)
  exp(drop(x %*% acceptance$lambda) - acceptance$log_scale)
}

# n rows of the law that is released.
accepted_rows <- function(generator, acceptance, n, key, threads) {
  if (is.null(acceptance$lambda)) return(generate(generator, n, derive_key(key, "covariates"), threads = threads))
  whole <- law_rows(generator, 1, key, threads)
  if (isTRUE(attr(whole, "exact"))) {
    total <- cumsum(acceptance_weights(acceptance, whole))
    u <- random_uniforms(unclass(derive_key(key, "covariates")), n) * total[length(total)]
    return(take_template_rows(whole, pmin(findInterval(u, total) + 1, nrow(whole))))
  }
  parts <- list()
  have <- 0
  round <- 0
  while (have < n) {
    round <- round + 1
    ask <- ceiling((n - have) / acceptance$rate * 1.02) + 50
    rows <- generate(generator, ask, derive_key(key, "covariates", round), threads = threads)
    chance <- acceptance_weights(acceptance, rows) / acceptance$cap
    kept <- which(random_uniforms(unclass(derive_key(key, "accept", round)), ask) < chance)
    kept <- utils::head(kept, n - have)
    parts[[round]] <- take_template_rows(rows, kept)
    have <- have + length(kept)
  }
  if (round == 1) parts[[1]] else do.call(rbind, parts)
}

# Rows by number, of any class of data frame, numbered anew.
take_template_rows <- function(rows, index) {
  as_rows(lapply(as.list(rows), `[`, index), row_template(rows))
}
