# Scores of single columns.

fidelity_marginals <- function(sets) {
  columns <- do.call(rbind, lapply(sets$columns, function(name) column_scores(sets, name)))
  rownames(columns) <- NULL
  over <- function(metric, what) {
    summarise <- function(x) if (all(is.na(x))) NA_real_ else what(x[!is.na(x)])
    c(summarise(columns[[metric]]), summarise(columns[[paste0(metric, "_reference")]]))
  }
  wanted <- list(ks_mean = over("ks", mean), ks_max = over("ks", max), wasserstein_mean = over("wasserstein", mean),
                 wasserstein_max = over("wasserstein", max), tv_mean = over("tv", mean), tv_max = over("tv", max),
                 missing_max = over("missing", max))
  wanted <- wanted[!vapply(wanted, function(w) all(is.na(w)), NA)]
  values <- metric_values(names(wanted), vapply(wanted, `[`, 0, 1), low = 0, high = Inf,
                          reference = vapply(wanted, `[`, 0, 2), n = sets$m)
  rownames(values) <- NULL
  list(values = values, columns = columns, bars = do.call(rbind, lapply(sets$columns, function(name) {
    both <- pair_sets(sets$real[name], sets$holdout[name])$rows[[1]]
    column_bars(list(real = both, synthetic = sets$synthetic[[name]]), name)
  })))
}

column_scores <- function(sets, name) {
  real <- sets$thin$real[[name]]
  own <- one_column(real, sets$thin$synthetic[[name]])
  reference <- one_column(real, sets$thin$holdout[[name]])
  names(reference) <- paste0(names(reference), "_reference")
  used <- sets$synthetic[[name]]
  unknown <- if (is.factor(real)) {
    setdiff(unique(as.character(used[!is.na(used)])), as.character(c(sets$real[[name]], sets$holdout[[name]])))
  }
  data.frame(column = name, type = if (is.factor(real)) "category" else "number", as.list(own), as.list(reference),
             missing_real = mean(is.na(real)), missing_synthetic = mean(is.na(sets$thin$synthetic[[name]])),
             new_levels = length(unknown), n_real = sum(!is.na(real)),
             n_synthetic = sum(!is.na(sets$thin$synthetic[[name]])))
}

# c(ks, wasserstein, tv, missing): NA what does not apply, or has no values.
one_column <- function(a, b) {
  found <- c(ks = NA_real_, wasserstein = NA_real_, tv = NA_real_, missing = abs(mean(is.na(a)) - mean(is.na(b))))
  a <- a[!is.na(a)]
  b <- b[!is.na(b)]
  if (length(a) == 0 || length(b) == 0) return(found)
  if (is.factor(a)) {
    shares <- function(x) tabulate(x, nlevels(x)) / length(x)
    found[["tv"]] <- sum(abs(shares(a) - shares(b))) / 2
  } else {
    found[["ks"]] <- ks_distance(a, b)
    spread <- stats::sd(a)
    found[["wasserstein"]] <- wasserstein(a, b) / (if (is.na(spread) || spread == 0) 1 else spread)
  }
  found
}

# Area between the two empirical distribution functions.
wasserstein <- function(a, b) {
  at <- sort(unique(c(a, b)))
  apart <- abs(findInterval(at, sort(a)) / length(a) - findInterval(at, sort(b)) / length(b))
  sum(apart[-length(at)] * diff(at))
}

# Shares of real (reference and holdout together) and synthetic rows in bars of at least `least` real rows: numbers of
# many values in bins, anything else by value, the rarer ones together. Outer bins hold what lies beyond them.
# columns: column, label, left, right (numbers in bins), set, share (of all rows, the missing included).
column_bars <- function(values, name, least = 5, most = 12) {
  real <- values$real
  known <- real[!is.na(real)]
  binned <- !is.factor(real) && length(unique(known)) > most
  edges <- if (binned) bar_edges(known, least)
  if (binned && length(edges) > 2) {
    labels <- paste(format(edges[-length(edges)], trim = TRUE), "to", format(edges[-1], trim = TRUE))
    code <- function(x) findInterval(x, edges[-c(1, length(edges))]) + 1L
  } else {
    binned <- FALSE
    counts <- sort(table(as.character(known)), decreasing = TRUE)
    labels <- names(counts)[counts >= least]
    # With what is left, no bar of real rows is smaller than `least`.
    while (length(labels) && (length(labels) > most || (sum(counts) - sum(counts[labels])) %in% seq_len(least - 1))) {
      labels <- labels[-length(labels)]
    }
    kept <- if (is.factor(real)) intersect(levels(real), labels) else as.character(sort(as.numeric(labels)))
    labels <- c(kept, "others")
    code <- function(x) match(as.character(x), kept, nomatch = length(kept) + 1L)
  }
  bar_table(values, name, labels, code, if (binned) edges)
}

bar_table <- function(values, name, labels, code, edges) {
  size <- length(labels)
  labels <- c(labels, "missing")
  parts <- lapply(names(values), function(set) {
    x <- values[[set]]
    at <- ifelse(is.na(x), size + 1L, code(x))
    data.frame(column = name, label = labels, left = c(edges[-length(edges)] %||% rep(NA, size), NA),
               right = c(edges[-1] %||% rep(NA, size), NA), set = set, share = tabulate(at, size + 1) / length(x))
  })
  table <- do.call(rbind, parts)
  shown <- tapply(table$share, table$label, sum) > 0
  table[table$label %in% names(shown)[shown] | (!is.null(edges) & table$label != "missing"), ]
}

# Round edges of about 20 bins between the `least`-th smallest and largest value, joined until each bin (outer ones
# open) holds `least`.
bar_edges <- function(x, least, bins = 20) {
  x <- sort(x)
  if (length(x) < 2 * least) return(numeric())
  edges <- pretty(c(x[least], x[length(x) + 1 - least]), bins)
  inner <- edges[-c(1, length(edges))]
  kept <- numeric()
  below <- 0
  for (edge in inner) {
    count <- sum(x < edge)
    if (count - below >= least && length(x) - count >= least) {
      kept <- c(kept, edge)
      below <- count
    }
  }
  if (length(kept) == 0) return(numeric())
  c(edges[1], kept, edges[length(edges)])
}
