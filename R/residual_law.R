# Outcomes that are numbers of many values. What is no spike has the mean m and is drawn in one of two ways:
#   cells      the seed's values among rows of similar predicted mean (and spread), between order statistics, tilted to
#              the mean: keeps skewness and range; where the predicted mean hardly varies within a cell
#   residuals  m + s e, s the spread given the covariates, e a standardised residual of the seed among rows of
#              similar predicted mean: where predictions are sharp

cell_variation <- .05
most_cell_values <- 200
spike_share <- .05
most_spikes <- 5
least_spread_rows <- 100

# Values shared by many rows, the most frequent first.
find_spikes <- function(y) {
  counts <- sort(table(y), decreasing = TRUE)
  counts <- counts[counts >= max(10, spike_share * length(y))]
  as.numeric(names(utils::head(counts, most_spikes)))
}

# What the regressions of spikes and spread are, whatever the learners: forests that cannot follow single rows.
side_forest <- function() learn_forest(trees = 100, min_node_size = c(10, 20, 50))

fit_side <- function(x, y, family, key, threads) {
  fit <- fit_learner(side_forest(), x, y, family, key, threads)
  list(fit = without_training(fit), honest = predict_oob(fit))
}

continuous_arm <- function(view, covs, arm, values, key, threads) {
  own <- which(view$index == arm)
  y <- view$outcome[own]
  x <- take_rows(covs, own)
  spikes <- find_spikes(view$outcome)
  sides <- lapply(seq_along(spikes), function(k) {
    fit_side(x, as.numeric(y == spikes[k]), "binomial", derive_key(key, "spike", k), threads)
  })
  chance <- matrix(as.numeric(unlist(lapply(sides, `[[`, "honest"))), length(y), length(spikes))
  rest <- which(!(y %in% spikes))
  m <- part_from_spikes(view$q[own, arm], chance, spikes, range(view$outcome))$mean[rest]
  residual <- y[rest] - m
  spread <- fit_spread(take_rows(x, rest), residual, derive_key(key, "spread"), threads)
  law <- if (sharp_means(residual, m)) residual_bins(residual / spread$honest, m)
  else value_cells(y[rest], m, spread, range(view$outcome))
  c(list(spikes = spikes, spike_fits = lapply(sides, `[[`, "fit"), spread = spread[c("fit", "least")]), law)
}

# Do predicted means vary within their bins by more than cell_variation of the residuals' variance?
sharp_means <- function(residual, m) {
  if (length(m) < 30) return(TRUE)
  bin <- findInterval(m, mean_cuts(m))
  mean((m - stats::ave(m, bin))^2) > cell_variation * mean(residual^2)
}

# Cells by predicted mean and, where the spread is predicted, by thirds of it: list(cuts, spread_cuts (one vector a
# bin), grids (a list a bin)).
value_cells <- function(y, m, spread, range) {
  cuts <- mean_cuts(m, if (is.null(spread$fit)) 30 else 60)
  bin <- findInterval(m, cuts) + 1
  bins <- lapply(seq_len(length(cuts) + 1), function(b) {
    own <- which(bin == b)
    if (length(own) < 2) own <- seq_along(y)
    thirds <- if (is.null(spread$fit)) 1 else max(1, min(3, floor(length(own) / 20)))
    inner <- unique(stats::quantile(spread$honest[own], seq_len(thirds - 1) / thirds, names = FALSE))
    cell <- findInterval(spread$honest[own], inner) + 1
    list(cuts = inner, grids = lapply(seq_len(length(inner) + 1), function(k) {
      inside <- own[cell == k]
      value_grid(y[if (length(inside) > 1) inside else own], range)
    }))
  })
  list(cuts = cuts, spread_cuts = lapply(bins, `[[`, "cuts"), grids = lapply(bins, `[[`, "grids"))
}

# Intervals halfway between order statistics (at most most_cell_values of them), alike in probability.
value_grid <- function(y, range) {
  v <- sort(y)
  if (length(v) > most_cell_values) {
    v <- stats::quantile(v, (seq_len(most_cell_values) - .5) / most_cell_values, names = FALSE, type = 5)
  }
  n <- length(v)
  middle <- (v[-1] + v[-n]) / 2
  tilt_grid(c(v[1], middle), c(middle, v[n]), rep(1 / n, n), range)
}

draw_cells <- function(part, mean, scale, pick, u) {
  result <- numeric(length(mean))
  bin <- findInterval(mean, part$cuts) + 1
  for (b in unique(bin)) {
    rows <- which(bin == b)
    cell <- findInterval(scale[rows], part$spread_cuts[[b]]) + 1
    for (k in unique(cell)) {
      at <- rows[cell == k]
      result[at] <- draw_tilted(part$grids[[b]][[k]], mean[at], pick[at], u[at])
    }
  }
  result
}

# Means of what is no spike such that the whole has mean q: list(mean, chance). Where no such mean lies in the range,
# the spikes' probabilities are scaled instead.
part_from_spikes <- function(q, chance, spikes, range) {
  if (length(spikes) == 0) return(list(mean = q, chance = chance))
  total <- rowSums(chance)
  chance <- chance * pmin(1, .99 / pmax(total, 1e-12))
  total <- rowSums(chance)
  value <- drop(chance %*% spikes)
  mean <- (q - value) / (1 - total)
  inside <- pmin(pmax(mean, range[1]), range[2])
  bad <- which(mean != inside)
  if (length(bad)) {
    scale <- (q[bad] - inside[bad]) / (value[bad] - total[bad] * inside[bad])
    scale[!is.finite(scale) | scale < 0] <- 0
    scale <- pmin(scale, .99 / pmax(total[bad], 1e-12))
    again <- (q[bad] - scale * value[bad]) / (1 - scale * total[bad])
    lost <- again < range[1] | again > range[2]
    scale[lost] <- 0
    again[lost] <- q[bad][lost]
    chance[bad, ] <- chance[bad, , drop = FALSE] * scale
    mean[bad] <- again
  }
  list(mean = mean, chance = chance)
}

# E|residual| given covariates by a forest, where it explains more than chance does; 1 elsewhere.
fit_spread <- function(x, residual, key, threads) {
  n <- length(residual)
  size <- abs(residual)
  if (n < least_spread_rows || ncol(x) == 0 || stats::sd(size) == 0) return(list(honest = rep(1, n)))
  side <- fit_side(x, size, "gaussian", key, threads)
  others <- (sum(size) - size) / (n - 1)
  if (mean((size - side$honest)^2) > .98 * mean((size - others)^2)) return(list(honest = rep(1, n)))
  least <- .05 * mean(size)
  list(fit = side$fit, least = least, honest = pmax(side$honest, least))
}

# Standardised residuals by bins of the predicted mean, centred within each bin so that m stays the mean.
residual_bins <- function(residual, m) {
  if (length(residual) == 0) return(list(cuts = numeric(), residuals = list(0)))
  cuts <- mean_cuts(m)
  groups <- split(residual, factor(findInterval(m, cuts), 0:length(cuts)))
  groups[lengths(groups) == 0] <- list(residual)
  list(cuts = cuts, residuals = unname(lapply(groups, centred_quantiles)))
}

# Order statistics centred so that a draw between them has mean zero. With positions uniform on (0, m), half a gap
# beyond either end, the draw's mean is their mean but for the tails' stretch, which is removed exactly.
centred_quantiles <- function(x) {
  x <- sort(x)
  m <- length(x)
  if (m == 1) return(0)
  x - mean(x) - (x[m] - x[m - 1] - x[2] + x[1]) / (8 * m)
}

# `uniform`: list(spike, pick, u), a number in (0, 1) a row each.
draw_continuous <- function(part, range, mean, rows, uniform, threads) {
  spike <- integer(length(mean))
  if (length(part$spikes)) {
    chance <- vapply(part$spike_fits, predict_fit, numeric(length(mean)), newx = rows, threads = threads)
    parts <- part_from_spikes(mean, matrix(chance, length(mean)), part$spikes, range)
    mean <- parts$mean
    upper <- parts$chance
    for (k in seq_len(ncol(upper))[-1]) upper[, k] <- upper[, k] + upper[, k - 1]
    spike <- (1 + rowSums(uniform$spike > upper)) %% (length(part$spikes) + 1)
  }
  result <- numeric(length(mean))
  result[spike > 0] <- part$spikes[spike[spike > 0]]
  rest <- which(spike == 0)
  scale <- if (is.null(part$spread$fit)) rep(1, length(rest)) else {
    pmax(predict_fit(part$spread$fit, take_rows(rows, rest), threads), part$spread$least)
  }
  result[rest] <- if (is.null(part$grids)) {
    mean[rest] + draw_residuals(part, range, mean[rest], scale, uniform$u[rest])
  } else {
    draw_cells(part, mean[rest], scale, uniform$pick[rest], uniform$u[rest])
  }
  result
}

# One residual a row: u in (0, 1) is its place in the bin's distribution.
draw_residuals <- function(part, range, mean, scale, u) {
  result <- numeric(length(mean))
  bin <- findInterval(mean, part$cuts) + 1
  for (b in unique(bin)) {
    inside <- which(bin == b)
    sorted <- part$residuals[[b]]
    room <- room_in_range(sorted, mean[inside], scale[inside], range)
    result[inside] <- room * scale[inside] * quantile_between(sorted, u[inside])
  }
  result
}

# The share of a centred distribution's width that fits between the range's ends around the mean: scaled by it,
# draws keep their mean and stay in the seed's range.
room_in_range <- function(sorted, mean, scale, range) {
  m <- length(sorted)
  if (m == 1) return(rep(1, length(mean)))
  lowest <- (sorted[1] - (sorted[2] - sorted[1]) / 2) * scale
  highest <- (sorted[m] + (sorted[m] - sorted[m - 1]) / 2) * scale
  below <- ifelse(lowest < 0, (range[1] - mean) / lowest, Inf)
  above <- ifelse(highest > 0, (range[2] - mean) / highest, Inf)
  pmax(0, pmin(1, below, above))
}

quantile_between <- function(sorted, u) {
  m <- length(sorted)
  if (m == 1) return(rep(sorted, length(u)))
  position <- u * m - 0.5
  below <- pmin(pmax(floor(position), 0), m - 2)
  sorted[below + 1] + (position - below) * (sorted[below + 2] - sorted[below + 1])
}
