# The parts of a diagnosis of overlap, each from the study's treatment, propensities and weights.

# `study`: list(treat, covs, distance, s.weights, subclass, bounds, omitted, roles, treat_levels, learner, crossfit);
# `sets`: weights by name, without case weights; `methods`: which methods they are of. A part added here (a region, a
# remedy) gets its lines in overlap_sections() of overlap_methods.R.
new_overlap <- function(study, sets, methods, estimand, threshold, call) {
  n <- length(study$treat)
  rule <- if (identical(threshold, "gruber")) "gruber" else "number"
  if (rule == "gruber") threshold <- resolve_bounds("gruber", n, call)$value
  rows <- seq_len(n + length(study$omitted))
  if (length(study$omitted)) rows <- rows[-study$omitted]
  case <- study$s.weights %||% rep(1, n)
  bounded <- causal_bounds(study$distance, bound_in_use(study$bounds, n, call))
  arm <- factor(study$treat, c(1, 0), c("treated", "control"))
  loaded <- lapply(sets, times_case, case = case)
  balance <- balance_table(study$covs, study$treat, case, loaded, estimand, call)
  structure(list(
    propensity = propensity_summary(study$distance, arm, case),
    beyond = rows_beyond(study, bounded, threshold, estimand, rows, arm),
    ess = effective_sizes(loaded, arm, case),
    alternatives = estimand_sizes(study, bounded, arm, case),
    largest = largest_weights(loaded, study$distance, rows, arm),
    n_infinite = vapply(loaded, function(w) sum(is.infinite(w)), 1L),
    balance = balance$table, fallback = balance$fallback,
    regions = overlap_regions(study$covs, study$treat, study$distance, threshold),
    remedies = overlap_remedies(study, threshold, call),
    treat = study$treat, covs = study$covs, distance = study$distance, s.weights = study$s.weights,
    subclass = study$subclass, estimand = estimand,
    weights = if (length(sets) == 1) sets[[1]] else as.data.frame(sets, optional = TRUE),
    methods = methods, threshold = threshold, rule = rule, bounds = study$bounds, n_bounded = bounded$n_bounded, n = n,
    n_omitted = length(study$omitted), roles = study$roles, treat_levels = study$treat_levels,
    learner = study$learner, crossfit = study$crossfit
  ), class = "causalsynth_overlap")
}

# The bound as causal_bounds() takes it. Of methods that each chose their own, the largest: a row is `bounded` if any of
# them moves it; Gruber's where they use none.
bound_in_use <- function(bounds, n, call) {
  value <- as.numeric(bounds$value)
  if (bounds$rule %in% c("none", "clip")) return(value)
  value <- value[!is.na(value)]
  if (length(value)) max(value) else resolve_bounds("gruber", n, call)$value
}

weight_sets <- function(x) if (is.data.frame(x$weights)) as.list(x$weights) else list(after = x$weights)

propensity_summary <- function(ps, arm, case) {
  shares <- c(min = 0, q05 = .05, q25 = .25, median = .5, q75 = .75, q95 = .95, max = 1)
  parts <- lapply(levels(arm), function(a) {
    own <- arm == a & case > 0
    c(n = sum(arm == a), mean = stats::weighted.mean(ps[own], case[own]), weighted_quantile(ps[own], case[own], shares))
  })
  data.frame(arm = levels(arm), do.call(rbind, parts))
}

# The least value whose cumulated weight is at least that share of all.
weighted_quantile <- function(x, w, shares) {
  o <- order(x)
  total <- cumsum(w[o])
  at <- findInterval(shares * total[length(total)] * (1 - 1e-12), total, left.open = TRUE) + 1
  stats::setNames(x[o][pmin(at, length(x))], names(shares))
}

rows_beyond <- function(study, bounded, threshold, estimand, rows, arm) {
  ps <- study$distance
  rare_treated <- ps < threshold
  at <- which(rare_treated | 1 - ps < threshold)
  rare <- ifelse(rare_treated[at], "treated", "control")
  moved <- bounded$g1[at] != ps[at] | bounded$g0[at] != 1 - ps[at]
  matters <- switch(estimand, ATE = rep(TRUE, length(at)), ATT = rare == "control", ATC = rare == "treated",
                    ATO = rep(FALSE, length(at)))
  data.frame(row = rows[at], arm = as.character(arm[at]), ps = ps[at], rare = rare, bounded = moved,
             matters = matters)
}

# Weights times case weights: a row of case weight 0 is not there, whatever its weight.
times_case <- function(w, case) ifelse(case == 0, 0, w * case)

# Kish's effective size; NA where a weight is infinite or all are zero.
kish_size <- function(w) {
  if (any(is.infinite(w)) || all(w == 0)) return(NA_real_)
  w <- w / max(w)
  sum(w)^2 / sum(w^2)
}

effective_sizes <- function(loaded, arm, case) {
  by_set <- lapply(names(loaded), function(name) {
    w <- loaded[[name]]
    before <- vapply(levels(arm), function(a) kish_size(case[arm == a]), 1)
    after <- vapply(levels(arm), function(a) kish_size(w[arm == a]), 1)
    data.frame(sample = name, arm = levels(arm), n = as.vector(table(arm)), before = before, after = after,
               share = after / before, row.names = NULL)
  })
  do.call(rbind, by_set)
}

# What each estimand's weights would leave of the arms.
estimand_sizes <- function(study, bounded, arm, case) {
  sizes <- lapply(c("ATE", "ATT", "ATC", "ATO"), function(e) {
    w <- times_case(estimand_weights(study$treat, study$distance, bounded$g1, bounded$g0, e), case)
    data.frame(estimand = e, treated = kish_size(w[arm == "treated"]), control = kish_size(w[arm == "control"]))
  })
  do.call(rbind, sizes)
}

largest_weights <- function(loaded, ps, rows, arm, most = 10) {
  parts <- lapply(names(loaded), function(name) {
    w <- loaded[[name]]
    by_arm <- lapply(levels(arm), function(a) {
      own <- which(arm == a)
      total <- sum(w[own])
      top <- utils::head(own[order(-w[own])], most)
      data.frame(sample = rep(name, length(top)), arm = a, row = rows[top], ps = ps[top], weight = w[top],
                 share = if (is.finite(total)) w[top] / total else NA_real_)
    })
    do.call(rbind, by_arm)
  })
  do.call(rbind, parts)
}
