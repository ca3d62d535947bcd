# Margins of gen_copula(). A margin is a list of cells: cum (0 = first < ... < last = 1), low, high. Cell k has
# probability
# cum[k + 1] - cum[k], uniform on [low, high]; a single value (an atom) where both are equal. `group` numbers the cells
# that the fit takes as one. Edges of cells that are no atoms lie between values of the data, never on them.

most_cells <- 200

new_margin <- function(share, low, high, group = seq_along(share)) {
  keep <- share > 0
  cum <- c(0, cumsum(share[keep]) / sum(share[keep]))
  # Cells too small to be told apart in the sums.
  distinct <- diff(cum) > 0
  cum <- c(0, cum[-1][distinct])
  cum[length(cum)] <- 1
  list(cum = as.double(cum), low = as.double(low[keep][distinct]), high = as.double(high[keep][distinct]),
       group = group[keep][distinct])
}

# `values`: numbers without missing ones. `jitter`: a function of n that draws uniforms.
numeric_margin <- function(values, weights, entry, settings, jitter) {
  table <- value_table(values, weights)
  n <- length(values)
  step <- if (is.na(entry$decimals)) 0 else 10^-entry$decimals
  is_atom <- atom_values(table, n, entry, settings)
  if (is.null(is_atom$cells)) return(atoms_margin(table, is_atom$kept))
  cells <- continuous_cells(table, is_atom$cells, settings$min_count, step, jitter)
  new_margin(cells$share, cells$low, cells$high)
}

value_table <- function(values, weights) {
  distinct <- sort(unique(values))
  at <- match(values, distinct)
  list(value = distinct, count = tabulate(at, length(distinct)),
       weight = if (is.null(weights)) tabulate(at, length(distinct)) else as.numeric(rowsum(weights, at)))
}

# Which values are drawn as they are: `kept`, all of the law; or `cells`, the spikes of a law with a continuous part.
atom_values <- function(table, n, entry, settings) {
  m <- length(table$value)
  common <- table$count >= settings$min_count
  if (m == 1) return(list(kept = TRUE))
  if (is.logical(entry$ptype)) return(list(kept = if (any(common)) common else rep(TRUE, m)))
  if (m <= settings$most_atoms && sum(table$count[common]) >= n / 2) return(list(kept = common))
  list(cells = common & table$count >= settings$atom_share * n)
}

# Rare values go to the nearest kept one.
atoms_margin <- function(table, kept) {
  value <- table$value[kept]
  to <- vapply(table$value, function(v) which.min(abs(value - v)), 1L)
  share <- as.numeric(tapply(table$weight, factor(to, seq_along(value)), sum))
  share[is.na(share)] <- 0
  new_margin(share, value, value)
}

# Cells between and beside the spikes, in the order of values.
continuous_cells <- function(table, spike, min_count, step, jitter) {
  run <- cumsum(spike | c(TRUE, utils::head(spike, -1)))
  parts <- lapply(split(seq_along(spike), run), function(at) {
    if (spike[at[1]]) {
      return(data.frame(share = table$weight[at], low = table$value[at], high = table$value[at]))
    }
    segment_cells(table, at, min_count, step, jitter)
  })
  do.call(rbind, parts)
}

# A stretch of values without spikes as cells of at least `min_count` rows each (all rows, if they are fewer).
segment_cells <- function(table, at, min_count, step, jitter) {
  value <- table$value[at]
  weight <- table$weight[at]
  rows <- cumsum(table$count[at])
  total <- rows[length(rows)]
  cells <- max(1, min(most_cells, floor(total / max(min_count, 5))))
  # The last value of each cell but the last one.
  last <- unique(findInterval(total * seq_len(cells - 1) / cells, rows, left.open = TRUE) + 1)
  last <- last[last < length(value)]
  while (length(last) && total - rows[last[length(last)]] < min_count) last <- utils::head(last, -1)
  cell <- findInterval(seq_along(value), last + 1) + 1
  inner <- value[last] + (value[last + 1] - value[last]) * (.4 + .2 * jitter(length(last)))
  if (any(inner %in% value)) {
    cell <- rep(1, length(value))
    inner <- numeric()
  }
  share <- as.numeric(rowsum(weight, cell))
  ends <- segment_ends(table, at, cell, inner, step, jitter(2))
  data.frame(share = share, low = c(ends[1], inner), high = c(inner, ends[2]))
}

# The outer edges: so that the mean of the outermost cell is that of its rows, but within the values seen.
segment_ends <- function(table, at, cell, inner, step, u) {
  value <- table$value[at]
  weight <- table$weight[at]
  m <- length(value)
  u <- .2 + .3 * u
  neighbour <- c(if (at[1] > 1) table$value[at[1] - 1] else NA, c(table$value, NA)[at[m] + 1])
  if (m == 1) {
    # One value: a cell that holds it, if it is between others; else one beside it.
    gap <- abs(neighbour - value)
    low <- if (is.na(gap[1])) value - .45 * step + (step == 0) * gap[2] * u[1] else value - gap[1] * u[1] / 2
    high <- if (is.na(gap[2])) value + .45 * step - (step == 0) * gap[1] * u[2] else value + gap[2] * u[2] / 2
    return(if (low <= high) c(low, high) else c(value - gap[1] * .5, high))
  }
  average <- function(which) if (sum(weight[which])) stats::weighted.mean(value[which], weight[which])
                             else mean(value[which])
  # The nearest that an end may come to the outermost value.
  least <- if (step > 0) value[1] - .45 * step else value[1] + (value[2] - value[1]) * u[1]
  most <- if (step > 0) value[m] + .45 * step else value[m] - (value[m] - value[m - 1]) * u[2]
  if (length(inner) == 0) return(if (least < most) c(least, most) else rep(mean(c(least, most)), 2))
  low <- max(2 * average(cell == 1) - inner[1], least)
  high <- min(2 * average(cell == max(cell)) - inner[length(inner)], most)
  c(avoid(min(low, inner[1]), value, inner[1]), avoid(max(high, inner[length(inner)]), value, inner[length(inner)]))
}

# An edge that is by chance a value of the data moves a little towards the inside.
avoid <- function(edge, value, inside) if (edge %in% value) edge + (inside - edge) * 1e-3 else edge

# `codes` without missing ones, 1 to `levels`. `order`: scores of the levels, by which those of a factor without an
# order are laid side by side. Rare levels: see gen_copula().
factor_margin <- function(codes, weights, levels, settings, ordered, is_text, order = NULL) {
  count <- tabulate(codes, levels)
  weight <- if (is.null(weights)) count else {
    sums <- rowsum(weights, codes)
    replace(numeric(levels), as.integer(rownames(sums)), sums)
  }
  group <- level_groups(count, settings$min_count, ordered, is_text)
  share <- weight
  for (g in unique(group[group > 0])) {
    members <- which(group == g)
    if (ordered) {
      # The rows of neighbours that are rare are the kept level's.
      kept <- members[count[members] >= settings$min_count | length(members) == 1]
      if (length(kept) == 1) share[members] <- ifelse(members == kept, sum(weight[members]), 0)
      else share[members] <- mean(weight[members])
    } else {
      share[members] <- mean(weight[members])
    }
  }
  share[group == 0] <- 0
  place <- if (ordered || is.null(order)) seq_len(levels) else base::order(order, seq_len(levels))
  place <- place[order(match(group[place], unique(group[place])))]
  new_margin(share[place], place, place, group[place])
}

# Levels drawn alike have one number; 0: not drawn. Common levels have a number of their own.
level_groups <- function(count, min_count, ordered, is_text) {
  group <- seq_along(count)
  rare <- count > 0 & count < min_count
  common <- which(count >= min_count)
  group[count == 0] <- 0L
  if (!any(rare)) return(group)
  if (length(common) == 0) {
    group[rare] <- which(rare)[1]
  } else if (ordered) {
    group[rare] <- common[vapply(which(rare), function(level) which.min(abs(common - level)), 1L)]
  } else if (is_text || sum(count[rare]) < min_count) {
    group[rare] <- 0L
  } else {
    group[rare] <- which(rare)[1]
  }
  group
}

# The interval of latent probabilities of each value, as a data frame of from, to; NA where the margin has no such
# value. `by_group` takes cells that the fit saw as one together.
margin_interval <- function(margin, values, step = 0, by_group = FALSE) {
  group <- if (by_group) margin$group else seq_along(margin$low)
  from <- utils::head(margin$cum, -1)
  to <- margin$cum[-1]
  if (by_group) {
    # A group's cells lie side by side.
    from <- from[match(group, group)]
    to <- to[length(group) + 1 - match(group, rev(group))]
  }
  atom <- match(values, ifelse(margin$low == margin$high, margin$low, NA), incomparables = NA)
  result <- data.frame(from = from[atom], to = to[atom])
  rest <- which(is.na(atom) & !is.na(values))
  if (length(rest) && any(margin$low < margin$high)) {
    result$from[rest] <- margin_cdf(margin, values[rest] - step / 2)
    result$to[rest] <- margin_cdf(margin, values[rest] + step / 2)
  }
  result
}

# P(X <= x), for numbers.
margin_cdf <- function(margin, x) {
  k <- findInterval(x, margin$low)
  inside <- pmax(k, 1)
  width <- margin$high[inside] - margin$low[inside]
  share <- ifelse(width > 0, pmin((x - margin$low[inside]) / width, 1), 1)
  cdf <- margin$cum[inside] + (margin$cum[inside + 1] - margin$cum[inside]) * share
  ifelse(k == 0, 0, cdf)
}
