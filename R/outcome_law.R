# The law of a hybrid's outcome given arm, covariates and mean, learnt from the seed's honest residuals. Its mean is
# always the one asked for, Q(a, W), so that truth() stays exact.
#   binary      0/1 with that probability
#   discrete    a number of few values (counts, scores): the seed's shares of the values where the predicted mean is
#               similar, tilted exponentially to the mean
#   continuous  values shared by many rows (spikes) with their own probabilities, the rest by R/residual_law.R

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
  result <- numeric(length(arm))
  for (a in seq_along(law$arms)) {
    own <- which(arm == a)
    if (length(own) == 0) next
    result[own] <- if (law$kind == "discrete") {
      draw_discrete(law$arms[[a]], law$values, mean[own], pick[own], u[own])
    } else {
      draw_continuous(law$arms[[a]], law$range, mean[own], take_rows(rows, own), list(pick = pick[own], u = u[own]),
                      threads)
    }
  }
  result
}

# Cuts of predicted means into at most 10 groups of 30 rows or more.
mean_cuts <- function(q) {
  bins <- max(1, min(10, floor(length(q) / 30)))
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
  list(cuts = cuts, grids = lapply(groups, function(g) {
    tilt_grid(values, (tabulate(g, length(values)) + inside) / (length(g) + 1))
  }))
}

# Laws p_j exp(t v_j) over a grid of tilts t, from the lowest value alone to the highest alone: their means, which
# ascend, and distribution functions, a row each.
tilt_grid <- function(values, p) {
  centre <- sum(p * values)
  scale <- sqrt(sum(p * (values - centre)^2))
  tilts <- seq(-8, 8, by = .5) / max(scale, 1e-8 * diff(range(values)))
  laws <- t(vapply(tilts, function(t) {
    score <- t * (values - centre) + log(p)
    w <- exp(score - max(score))
    w / sum(w)
  }, p))
  ends <- diag(length(values))[c(1, length(values)), ]
  laws <- rbind(ends[1, ], laws, ends[2, ])
  means <- drop(laws %*% values)
  # Where tilts leave nothing but an end, its copies add nothing.
  kept <- c(TRUE, diff(means) > 1e-12 * diff(range(values)))
  list(means = means[kept], cdf = t(apply(laws[kept, , drop = FALSE], 1, cumsum)))
}

# A mean between two laws of the grid is that of their mixture, exactly.
draw_discrete <- function(part, values, mean, pick, u) {
  result <- numeric(length(mean))
  bin <- findInterval(mean, part$cuts) + 1
  for (b in unique(bin)) {
    rows <- which(bin == b)
    grid <- part$grids[[b]]
    j <- findInterval(mean[rows], grid$means, all.inside = TRUE)
    share <- (mean[rows] - grid$means[j]) / (grid$means[j + 1] - grid$means[j])
    j <- j + (pick[rows] < share)
    cdf <- grid$cdf[, -length(values), drop = FALSE]
    result[rows] <- values[1 + rowSums(u[rows] > cdf[j, , drop = FALSE])]
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
