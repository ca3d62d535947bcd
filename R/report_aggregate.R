# What a report shows of real rows: shares in bins that are empty or hold at least `least_rows` of them. Bins with fewer
# are pooled with their neighbours, levels with fewer under one name, and the figures say so.

least_rows <- 5
pooled_level <- "(rare levels)"
missing_level <- "(missing)"

# Rare levels of the real rows under one name, in both tables. Returns list(real, synthetic, pooled): how many levels of
# each column.
pool_rare_levels <- function(real, synthetic) {
  pooled <- integer()
  for (name in intersect(names(real), names(synthetic))) {
    if (!is_text(real[[name]])) next
    pool <- level_pool(as.character(real[[name]]))
    known <- unique(c(as.character(real[[name]]), as.character(synthetic[[name]])))
    rare <- setdiff(known[!is.na(known)], pool$keep)
    if (length(rare) == 0) next
    pooled[name] <- length(setdiff(rare, pool$joined))
    order <- c(if (is.factor(real[[name]])) intersect(levels(real[[name]]), pool$keep) else sort(pool$keep), pool$label)
    shorten <- function(x) {
      text <- as.character(x)
      text[text %in% rare] <- pool$label
      factor(text, order)
    }
    real[[name]] <- shorten(real[[name]])
    synthetic[[name]] <- shorten(synthetic[[name]])
  }
  list(real = real, synthetic = synthetic, pooled = pooled)
}

is_text <- function(x) is.factor(x) || is.character(x)

# list(keep, joined, label): levels of at least `least_rows` rows keep their names; the others go under `label`. Where
# they have fewer together, the least frequent of the named levels is joined to them.
level_pool <- function(x) {
  counts <- sort(table(x), decreasing = TRUE)
  keep <- counts >= least_rows
  joined <- character()
  rest <- sum(counts[!keep])
  if (any(keep) && rest > 0 && rest < least_rows) {
    joined <- names(counts)[max(which(keep))]
    keep[joined] <- FALSE
  }
  list(keep = names(counts)[keep], joined = joined,
       label = if (length(joined)) paste0(joined, " (and rare levels)") else pooled_level)
}

# Shares of one column in synthetic rows and, under the same bins, real ones: a data frame with left, right (position),
# bins (how many it spans), label, synthetic and, with `real`, real; attribute "notes".
aggregate_column <- function(synthetic, real = NULL) {
  numeric <- is.numeric(synthetic) || inherits(synthetic, c("Date", "POSIXct"))
  if (numeric && length(unique(synthetic[!is.na(synthetic)])) > 10) aggregate_number(synthetic, real)
  else aggregate_levels(synthetic, real)
}

# Edges come from the synthetic rows; the outer bins are open, so that no edge is an extreme value of the real ones.
aggregate_number <- function(synthetic, real) {
  values <- as.numeric(synthetic)
  range <- stats::quantile(values, c(.005, .995), na.rm = TRUE, names = FALSE)
  if (range[1] == range[2]) range <- range(values, na.rm = TRUE)
  inner <- pretty(range, 18)
  step <- inner[2] - inner[1]
  edges <- c(inner[1] - step, inner, inner[length(inner)] + step)
  place <- function(x) findInterval(as.numeric(x), inner, left.open = TRUE) + 1L
  k <- length(inner) + 1
  counts <- tabulate(place(values[!is.na(values)]), k)
  known <- if (!is.null(real)) as.numeric(real)[!is.na(real)]
  real_counts <- if (!is.null(real)) tabulate(place(known), k)
  group <- merged_bins(real_counts %||% rep(least_rows, k))
  span <- tabulate(group)
  sums <- function(x) as.vector(rowsum(x, group))
  left <- edges[match(seq_along(span), group)]
  table <- data.frame(left = left, right = left + span * step, bins = span, synthetic = sums(counts) / sum(counts))
  notes <- missing_notes(synthetic, real)
  if (!is.null(real)) {
    shown <- length(known) >= least_rows
    table$real <- if (shown) sums(real_counts) / length(known) else NA_real_
    if (!shown) notes <- c(notes, "Too few real values to be shown.")
    else if (max(span) > 1) notes <- c(notes, "Some bins pooled.")
  }
  attr(table, "axis") <- if (inherits(synthetic, c("Date", "POSIXct"))) time_labels(synthetic)
  structure(table, notes = notes, kind = "number")
}

time_labels <- function(x) {
  if (inherits(x, "Date")) return(function(v) format(.Date(v)))
  function(v) format(.POSIXct(v, "UTC"), "%Y-%m-%d")
}

# A group for each bin, so that the rows of each group are none or at least `least_rows`; neighbours only.
merged_bins <- function(counts) {
  group <- seq_along(counts)
  repeat {
    sums <- as.vector(rowsum(counts, group))
    small <- which(sums > 0 & sums < least_rows)
    if (length(small) == 0 || length(sums) == 1) return(group)
    at <- small[which.min(sums[small])]
    near <- c(at - 1, at + 1)
    near <- near[near >= 1 & near <= length(sums)]
    # Into the fuller neighbour a bin at the edge, into the emptier one that has rows any other.
    to <- near[order(sums[near] == 0, sums[near])][1]
    group[group == max(at, to)] <- min(at, to)
    group <- match(group, unique(group))
  }
}

aggregate_levels <- function(synthetic, real) {
  text <- level_text(synthetic)
  real_text <- if (!is.null(real)) level_text(real)
  order <- level_order(synthetic, real)
  keep <- order
  notes <- character()
  rest <- "others"
  if (!is.null(real)) {
    pool <- level_pool(real_text)
    rare <- setdiff(order, pool$keep)
    if (length(rare)) {
      notes <- paste("Pooled:", count_phrase(length(setdiff(rare, pool$joined)), "value"), "of fewer than 5 real rows.")
      rest <- pool$label
    }
    keep <- setdiff(order, rare)
  }
  if (length(keep) > 12) {
    common <- names(sort(table(factor(text, keep)), decreasing = TRUE))[1:11]
    notes <- c(notes, paste(count_phrase(length(keep) - 11, "less frequent level"), "shown as one."))
    keep <- intersect(keep, common)
    rest <- "others"
  }
  labels <- c(keep, if (length(keep) < length(order)) rest)
  share <- function(x) {
    place <- match(x, keep)
    place[is.na(place)] <- length(labels)
    tabulate(place, length(labels)) / length(x)
  }
  at <- seq_along(labels)
  table <- data.frame(left = at - .5, right = at + .5, bins = rep(1L, length(at)), label = labels,
                      synthetic = share(text))
  if (!is.null(real)) table$real <- if (length(real_text) >= least_rows) share(real_text) else NA_real_
  structure(table, notes = notes, kind = "levels")
}

level_text <- function(x) {
  text <- as.character(x)
  text[is.na(text)] <- missing_level
  text
}

level_order <- function(synthetic, real) {
  both <- c(level_text(synthetic), if (!is.null(real)) level_text(real))
  found <- unique(both)
  known <- if (is.factor(synthetic)) levels(synthetic)
           else if (is.numeric(synthetic)) as.character(sort(unique(c(synthetic, real))))
           else sort(found)
  c(intersect(known, setdiff(found, missing_level)), if (missing_level %in% found) missing_level)
}

missing_notes <- function(synthetic, real) {
  share <- function(x) paste0(signif(100 * mean(is.na(x)), 2), " %")
  if (!anyNA(synthetic) && !anyNA(real)) return(character())
  if (is.null(real)) return(paste0("Missing: ", share(synthetic), "."))
  missing <- sum(is.na(real))
  of_real <- if (missing > 0 && missing < least_rows) "fewer than 5 rows" else share(real)
  paste0("Missing: ", share(synthetic), " of synthetic rows, of real ones ", of_real, ".")
}

# Half the sum of absolute differences of shares: 0 alike, 1 apart.
shown_distance <- function(table) if (is.null(table$real)) NA_real_ else sum(abs(table$real - table$synthetic)) / 2

# Its expectation where both sets follow one law: each difference of shares about normal. `n`: rows of both.
chance_distance <- function(table, n) {
  if (is.null(table$real)) return(NA_real_)
  share <- (table$real * n[2] + table$synthetic * n[1]) / sum(n)
  sum(sqrt(2 / pi * share * (1 - share) * sum(1 / n))) / 2
}

# Shares of each arm in bins of the propensity of width .05: arm, left, right, bins, share. With `guard`, bins of fewer
# than `least_rows` rows are pooled.
propensity_bins <- function(overlap, guard) {
  edges <- seq(0, 1, by = .05)
  parts <- lapply(c("treated", "control"), function(arm) {
    ps <- overlap$distance[overlap$treat == (arm == "treated")]
    counts <- tabulate(findInterval(ps, edges, rightmost.closed = TRUE), 20)
    if (guard && sum(counts) < least_rows) return(NULL)
    group <- if (guard) merged_bins(counts) else seq_along(counts)
    span <- tabulate(group)
    left <- edges[match(seq_along(span), group)]
    data.frame(arm = arm, left = left, right = left + span * .05, bins = span,
               share = as.vector(rowsum(counts, group)) / sum(counts))
  })
  do.call(rbind, parts)
}
