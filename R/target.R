# Targeting a hybrid's outcome law: the fluctuation of the seed's TMLE, then one shift per arm.

# The seed's own estimate, kept with the hybrid and carried by its pools.
seed_effect <- function(nuisance) {
  effect <- estimate_effect(nuisance, method = "tmle")
  table <- tidy(effect)
  arms <- match(c("mean_1", "mean_0"), table$term)
  list(
    estimate = table$estimate[1], std.error = table$std.error[1], conf.low = table$conf.low[1],
    conf.high = table$conf.high[1], mean_1 = table$estimate[arms[1]], mean_0 = table$estimate[arms[2]],
    variance = unname(effect$variance[arms, arms])
  )
}

# Epsilons from the seed; shifts such that the law's arm means equal the seed's targeted ones.
fit_target <- function(hybrid, nuisance, base) {
  seed <- target_q(nuisance)
  target <- list(epsilon_1 = seed$epsilon[["treated"]], epsilon_0 = seed$epsilon[["control"]], low = seed$y_low,
                 high = seed$y_high, bound = est_tmle()$q_bounds)
  target$shift_1 <- solve_shift(target_logit(target, base$q1, target$epsilon_1, base$g1),
                                to_unit(target, hybrid$seed_effect$mean_1))
  target$shift_0 <- solve_shift(target_logit(target, base$q0, target$epsilon_0, base$g0),
                                to_unit(target, hybrid$seed_effect$mean_0))
  target
}

to_unit <- function(target, y) (y - target$low) / (target$high - target$low)

target_logit <- function(target, q, epsilon, g) {
  unit <- pmin(pmax(to_unit(target, q), target$bound), 1 - target$bound)
  stats::qlogis(unit) + epsilon / g
}

# d such that mean(expit(logits + d)) = mean: monotone in d.
solve_shift <- function(logits, mean) {
  mean <- min(max(mean, 1e-9), 1 - 1e-9)
  miss <- function(d) mean(stats::plogis(logits + d)) - mean
  stats::uniroot(miss, c(-1, 1), extendInt = "upX", tol = 1e-12)$root
}

apply_target <- function(target, base) {
  one <- function(q, epsilon, shift, g) {
    unit <- stats::plogis(target_logit(target, q, epsilon, g) + shift)
    target$low + unit * (target$high - target$low)
  }
  list(
    q1 = one(base$q1, target$epsilon_1, target$shift_1, base$g1),
    q0 = one(base$q0, target$epsilon_0, target$shift_0, base$g0)
  )
}

# Residuals of the seed by arm and by bins of the predicted mean, centred within each bin so that Q stays the mean.
residual_law <- function(study, nuisance) {
  range <- range(study$outcome_values)
  arms <- lapply(list(control = 0, treated = 1), function(arm) {
    rows <- study$treat == arm
    q <- if (arm == 1) nuisance$q1[rows] else nuisance$q0[rows]
    residual <- study$outcome_values[rows] - q
    bins <- max(1, min(10, floor(sum(rows) / 30)))
    cuts <- unique(stats::quantile(q, seq_len(bins - 1) / bins, names = FALSE))
    groups <- split(residual, factor(findInterval(q, cuts), 0:length(cuts)))
    filled <- lengths(groups) > 0
    groups[!filled] <- list(residual)
    list(cuts = cuts, residuals = lapply(groups, centred_quantiles))
  })
  c(arms, list(range = range))
}

# Order statistics centred so that a draw between them has mean zero. With positions uniform on (0, m), half a gap
# beyond either end, the draw's mean is their mean but for the tails' stretch, which is removed exactly.
centred_quantiles <- function(x) {
  x <- sort(x)
  m <- length(x)
  if (m == 1) return(0)
  x - mean(x) - (x[m] - x[m - 1] - x[2] + x[1]) / (8 * m)
}

# One residual a row: u in (0, 1) is its place in the bin's distribution.
draw_residuals <- function(law, treat, mean, u) {
  result <- numeric(length(treat))
  for (arm in 0:1) {
    part <- law[[arm + 1]]
    rows <- which(treat == arm)
    bin <- findInterval(mean[rows], part$cuts) + 1
    for (b in unique(bin)) {
      inside <- rows[bin == b]
      sorted <- part$residuals[[b]]
      room <- room_in_range(sorted, mean[inside], law$range)
      result[inside] <- room * quantile_between(sorted, u[inside])
    }
  }
  result
}

# The share of a centred distribution's width that fits between the range's ends around the mean: scaled by it,
# draws keep their mean and stay in the seed's range.
room_in_range <- function(sorted, mean, range) {
  m <- length(sorted)
  if (m == 1) return(rep(1, length(mean)))
  lowest <- sorted[1] - (sorted[2] - sorted[1]) / 2
  highest <- sorted[m] + (sorted[m] - sorted[m - 1]) / 2
  below <- if (lowest < 0) (range[1] - mean) / lowest else Inf
  above <- if (highest > 0) (range[2] - mean) / highest else Inf
  pmax(0, pmin(1, below, above))
}

# Rounds to so many decimals, up with the probability that keeps the mean (NA: not at all).
round_at_random <- function(values, decimals, u) {
  if (is.na(decimals)) return(values)
  scaled <- values * 10^decimals
  near <- round(scaled)
  exact <- abs(scaled - near) < 1e-9 * pmax(1, abs(scaled))
  ifelse(exact, near, floor(scaled + u)) / 10^decimals
}

quantile_between <- function(sorted, u) {
  m <- length(sorted)
  if (m == 1) return(rep(sorted, length(u)))
  position <- u * m - 0.5
  below <- pmin(pmax(floor(position), 0), m - 2)
  sorted[below + 1] + (position - below) * (sorted[below + 2] - sorted[below + 1])
}
