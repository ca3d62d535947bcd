# Scores of privacy(): each knows how to give its estimate and interval at any level. A score is a list of metric, group,
# kind, n, n_reference, reference, detail (a phrase or ""), and what its kind needs.

privacy_score <- function(metric, group, kind, ..., reference = NA_real_, n = NA, n_reference = NA, detail = "") {
  list(metric = metric, group = group, kind = kind, reference = as.numeric(reference), n = as.integer(n),
       n_reference = as.integer(n_reference), detail = detail, ...)
}

# A score that cannot be had, and why.
no_score <- function(metric, group, detail) privacy_score(metric, group, "none", n = 0, n_reference = 0, detail = detail)

# A share of rows, TRUE where it holds; `cluster`: rows that stand or fall together.
share_score <- function(metric, group, holds, reference_holds = NULL, ..., cluster = NULL, detail = "") {
  known <- !is.na(holds)
  known_reference <- reference_holds[!is.na(reference_holds)]
  counted <- success_count(holds[known], cluster[known])
  privacy_score(metric, group, "share", counts = counted, n = sum(known),
                reference = if (length(known_reference)) mean(known_reference) else NA,
                n_reference = length(known_reference), detail = detail)
}

# list(s, n, design): successes, trials, and by how much clustered successes widen the variance (Kish's design effect of
# cluster sizes; 1 where each cluster has one success).
success_count <- function(holds, cluster = NULL) {
  s <- sum(holds)
  design <- 1
  if (!is.null(cluster) && s > 0) {
    sizes <- table(cluster[holds])
    design <- sum(sizes^2) / sum(sizes)
  }
  list(s = s, n = length(holds), design = design)
}

# Wilson's interval: centre (s + z^2 / 2) / (n + z^2), half-width z / (n + z^2) sqrt(s (n - s) / n + z^2 / 4), the
# latter times the square root of the design effect.
wilson <- function(counts, level) {
  z <- stats::qnorm((1 + level) / 2)
  s <- counts$s
  n <- counts$n
  if (n == 0) return(c(centre = NA_real_, half = NA_real_))
  c(centre = (s + z^2 / 2) / (n + z^2),
    half = z / (n + z^2) * sqrt(s * (n - s) / n + z^2 / 4) * sqrt(counts$design))
}

# Risk of an attack beyond what it does to people who are not in the data: (r - r0) / (1 - r0) of Wilson's centres, with
# the delta method's interval.
attack_risk <- function(train, control, level) {
  a <- wilson(train, level)
  b <- wilson(control, level)
  if (anyNA(c(a, b))) return(rep(NA_real_, 3))
  left <- 1 - b[["centre"]]
  risk <- (a[["centre"]] - b[["centre"]]) / left
  half <- sqrt((a[["half"]] / left)^2 + (b[["half"]] * (1 - a[["centre"]]) / left^2)^2)
  c(risk, risk - half, risk + half)
}

# The p-quantile with the order statistics whose ranks are binomial quantiles.
quantile_interval <- function(x, p, level) {
  x <- sort(x)
  n <- length(x)
  if (n == 0) return(rep(NA_real_, 3))
  ranks <- stats::qbinom(c((1 - level) / 2, (1 + level) / 2), n, p) + c(0, 1)
  c(stats::quantile(x, p, names = FALSE), x[min(max(ranks[1], 1), n)], x[min(max(ranks[2], 1), n)])
}

# The share of members above the level that 1 % of others exceed. The interval takes both the level's uncertainty (order
# statistics) and the share's (Wilson), each at a level that holds together (Bonferroni).
tpr_interval <- function(members, others, fpr, level) {
  n <- length(others)
  if (n == 0 || length(members) == 0) return(rep(NA_real_, 3))
  others <- sort(others, decreasing = TRUE)
  each <- 1 - (1 - level) / 2
  ranks <- stats::qbinom(c((1 - each) / 2, (1 + each) / 2), n, fpr)
  cut <- function(k) if (k >= n) -Inf else others[k + 1]
  found <- function(k) wilson(success_count(members > cut(k)), each)
  low <- found(ranks[1])
  high <- found(ranks[2])
  c(mean(members > cut(floor(fpr * n))), max(low[[1]] - low[[2]], 0), min(high[[1]] + high[[2]], 1))
}

# c(estimate, conf.low, conf.high, unclipped, unclipped.low, unclipped.high).
score_values <- function(score, level) {
  raw <- switch(score$kind,
    none = rep(NA_real_, 3),
    share = {
      w <- wilson(score$counts, level)
      share <- if (score$n > 0) score$counts$s / score$counts$n else NA_real_
      # At 0 and 1 the interval ends there, but for rounding.
      c(share, if (share %in% 0) 0 else w[["centre"]] - w[["half"]], if (share %in% 1) 1 else w[["centre"]] + w[["half"]])
    },
    risk = attack_risk(score$train, score$control, level),
    normal = score$estimate + c(0, -1, 1) * stats::qnorm((1 + level) / 2) * score$std.error,
    quantile = quantile_interval(score$values, score$p, level) / (score$by %||% 1),
    tpr = tpr_interval(score$members, score$others, score$fpr, level)
  )
  limits <- score$limits %||% if (score$kind %in% c("share", "risk", "tpr")) 0:1 else c(-Inf, Inf)
  if (!is.null(score$map)) raw <- sort_limits(switch(score$map, overfitting = 2 * (1 - raw)))
  c(pmin(pmax(raw, limits[1]), limits[2]), raw)
}

sort_limits <- function(x) c(x[1], sort(x[-1], na.last = TRUE))

score_table <- function(scores, level) {
  values <- do.call(rbind, lapply(scores, score_values, level = level))
  pick <- function(name, type) vapply(scores, function(s) s[[name]], type, USE.NAMES = FALSE)
  data.frame(
    group = pick("group", ""), metric = pick("metric", ""), estimate = values[, 1], conf.low = values[, 2],
    conf.high = values[, 3], reference = pick("reference", 1), n = pick("n", 1L), n_reference = pick("n_reference", 1L),
    unclipped = values[, 4], unclipped.low = values[, 5], unclipped.high = values[, 6],
    definition = vapply(pick("metric", ""), score_definition, "", USE.NAMES = FALSE), detail = pick("detail", "")
  )
}
