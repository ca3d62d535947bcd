# The law of a hybrid's outcome given arm, covariates and mean, learnt from the seed's honest residuals. Its mean is
# always the one asked for, Q(a, W), so that truth() stays exact.
#   binary      0/1 with that probability
#   discrete    a number of few values (counts, scores): the seed's shares of the values where the predicted mean is
#               similar, tilted exponentially to the mean
#   continuous  values shared by many rows (spikes) with their own probabilities, the rest (R/residual_law.R) as
#               discrete values are, drawn between order statistics, or as mean plus residual

most_outcome_values <- 30

# `view` as of arm_view(), `covs` the covariates of its rows.
fit_outcome_law <- function(view, covs, key, threads) {
  if (view$family == "binomial") return(list(kind = "binary"))
  values <- sort(unique(view$outcome))
  discrete <- length(values) <= most_outcome_values
  fit_arm <- if (discrete) discrete_arm else continuous_arm
  spread <- vapply(seq_along(view$arms), function(a) {
    own <- view$index == a
    sqrt(mean((view$outcome[own] - view$q[own, a])^2))
  }, 1)
  list(
    kind = if (discrete) "discrete" else "continuous", range = range(values), values = if (discrete) values,
    spread = spread, arms = lapply(seq_along(view$arms), function(arm) {
      fit_arm(view, covs, arm, values, derive_key(key, "arm", arm), threads)
    })
  )
}

# One outcome a row. `arm`: codes; `mean`: Q of the row's own arm; `uniforms(label)`: a uniform number a row.
draw_outcomes <- function(law, arm, mean, rows, uniforms, threads) {
  u <- uniforms("outcome")
  if (law$kind == "binary") return(as.numeric(u < mean))
  pick <- uniforms("outcome part")
  spike <- if (law$kind == "continuous") uniforms("spike")
  result <- numeric(length(arm))
  for (a in seq_along(law$arms)) {
    own <- which(arm == a)
    if (length(own) == 0) next
    result[own] <- if (law$kind == "discrete") {
      draw_discrete(law$arms[[a]], mean[own], pick[own], u[own])
    } else {
      draw_continuous(law$arms[[a]], law$range, mean[own], take_rows(rows, own),
                      list(spike = spike[own], pick = pick[own], u = u[own]), threads)
    }
  }
  result
}

# Cuts of predicted means into at most 10 groups of so many rows or more.
mean_cuts <- function(q, rows = 30) {
  bins <- max(1, min(10, floor(length(q) / rows)))
  unique(stats::quantile(q, seq_len(bins - 1) / bins, names = FALSE))
}

discrete_arm <- function(view, covs, arm, values, key, threads) {
  own <- view$index == arm
  y <- match(view$outcome[own], values)
  q <- view$q[own, arm]
  cuts <- mean_cuts(q)
  # Half a row spread over the values of all arms, a row of the arm's own: every value stays possible.
  everywhere <- tabulate(match(view$outcome, values), length(values)) / view$n
  inside <- (tabulate(y, length(values)) + .5 * everywhere) / (length(y) + .5)
  groups <- split(y, factor(findInterval(q, cuts), 0:length(cuts)))
  list(cuts = cuts, grids = unname(lapply(groups, function(g) {
    tilt_grid(values, values, (tabulate(g, length(values)) + inside) / (length(g) + 1), range(values))
  })))
}

# A law on intervals [low, high] (points, where they are equal) with probabilities p, tilted: the laws
# p_j exp(t c_j), c_j the interval's middle, over a grid of t, between the two ends of `range` by themselves. Returns
# the ends with the intervals, the laws' means, which ascend, and their distribution functions, a row each.
tilt_grid <- function(low, high, p, range) {
  middle <- (low + high) / 2
  centre <- sum(p * middle)
  scale <- sqrt(sum(p * (middle - centre)^2))
  tilts <- seq(-8, 8, by = .5) / max(scale, 1e-8 * diff(range))
  laws <- vapply(tilts, function(t) {
    score <- t * (middle - centre) + log(p)
    w <- exp(score - max(score))
    w / sum(w)
  }, p)
  laws <- t(matrix(laws, length(p)))
  laws <- cbind(0, laws, 0)
  ends <- matrix(0, 2, ncol(laws))
  ends[1, 1] <- ends[2, ncol(laws)] <- 1
  laws <- rbind(ends[1, ], laws, ends[2, ])
  means <- drop(laws %*% c(range[1], middle, range[2]))
  # Where tilts leave nothing but an end, its copies add nothing.
  kept <- c(TRUE, diff(cummax(means)) > 1e-12 * diff(range))
  list(low = c(range[1], low, range[2]), high = c(range[1], high, range[2]), means = means[kept],
       cdf = t(apply(laws[kept, , drop = FALSE], 1, cumsum)))
}

# One value a row of this mean: between two laws of the grid it is their mixture's, exactly.
draw_tilted <- function(grid, mean, pick, u) {
  j <- findInterval(mean, grid$means, all.inside = TRUE)
  share <- (mean - grid$means[j]) / (grid$means[j + 1] - grid$means[j])
  j <- j + (pick < share)
  last <- ncol(grid$cdf)
  above <- grid$cdf[j, -last, drop = FALSE]
  at <- 1 + rowSums(u > above)
  # The place within its step is uniform again: it serves as the place within the interval.
  below <- ifelse(at == 1, 0, grid$cdf[cbind(j, pmax(at - 1, 1))])
  place <- (u - below) / (grid$cdf[cbind(j, at)] - below)
  grid$low[at] + pmin(pmax(place, 0), 1) * (grid$high[at] - grid$low[at])
}

draw_discrete <- function(part, mean, pick, u) {
  result <- numeric(length(mean))
  bin <- findInterval(mean, part$cuts) + 1
  for (b in unique(bin)) {
    rows <- which(bin == b)
    result[rows] <- draw_tilted(part$grids[[b]], mean[rows], pick[rows], u[rows])
  }
  result
}

# Rounds to so many decimals, up with the probability that keeps the mean (NA: not at all).
round_at_random <- function(values, decimals, u) {
  if (is.na(decimals)) return(values)
  scaled <- values * 10^decimals
  near <- round(scaled)
  exact <- abs(scaled - near) < 1e-9 * pmax(1, abs(scaled))
  ifelse(exact, near, floor(scaled + u)) / 10^decimals
}
