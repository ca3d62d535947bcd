# Targeting a hybrid's outcome law: the fluctuation of the seed's TMLE, then one shift an arm (and subgroup).

# The seed's nuisances with a column an arm, the reference first: arms (keys of terms), index (the row's arm), outcome,
# ps, g (bounded), q, family, n.
arm_view <- function(nuisance) UseMethod("arm_view")

#' @exportS3Method
arm_view.causalsynth_nuisance <- function(nuisance) {
  list(
    arms = c("0", "1"), index = nuisance$treat + 1, outcome = nuisance$outcome, family = nuisance$family,
    ps = cbind(1 - nuisance$ps, nuisance$ps), g = cbind(nuisance$g0, nuisance$g1),
    q = cbind(nuisance$q0, nuisance$q1), n = nuisance$n
  )
}

#' @exportS3Method
arm_view.causalsynth_nuisance_arms <- function(nuisance) {
  list(arms = nuisance$arms, index = nuisance$treat, outcome = nuisance$outcome, family = nuisance$family,
       ps = nuisance$ps, g = nuisance$g, q = nuisance$q, n = nuisance$n)
}

# One arm's pieces for target_q(), of some rows.
target_pieces <- function(nuisance, arm, rows = NULL) {
  pieces <- if (is.null(nuisance$arms)) {
    list(treat = as.numeric(nuisance$treat == arm - 1), outcome = nuisance$outcome, family = nuisance$family,
         ps = if (arm == 2) nuisance$ps else 1 - nuisance$ps, g1 = if (arm == 2) nuisance$g1 else nuisance$g0,
         q1 = if (arm == 2) nuisance$q1 else nuisance$q0, arms = 1)
  } else {
    arm_pieces(nuisance, arm)
  }
  pieces$q0 <- pieces$q1
  pieces$g0 <- rep(1, length(pieces$treat))
  vectors <- c("treat", "outcome", "ps", "q1", "q0", "g1", "g0")
  if (!is.null(rows)) pieces[vectors] <- lapply(pieces[vectors], `[`, rows)
  pieces["weights"] <- list(NULL)
  pieces
}

# TMLE of every arm's mean: list(means, covariance, epsilon, low, high), arms in the order of arm_view().
target_arms <- function(nuisance, rows = NULL) {
  range <- if (nuisance$family == "gaussian") range(nuisance$outcome)
  est <- est_tmle(y_bounds = range)
  fits <- lapply(seq_along(arm_view(nuisance)$arms), function(arm) {
    target_q(target_pieces(nuisance, arm, rows), est)
  })
  influence <- vapply(fits, function(f) f$if_1, numeric(length(fits[[1]]$if_1)))
  n <- nrow(influence)
  list(
    means = vapply(fits, function(f) f$mean_1, 1), covariance = unname(influence_variance(
      influence, rep(n / (n - 1), length(fits)), NULL)),
    epsilon = vapply(fits, function(f) f$epsilon[["treated"]], 1), low = fits[[1]]$y_low, high = fits[[1]]$y_high
  )
}

# The seed's own estimate, kept with the hybrid and carried by its pools: the first contrast, the arms' means and their
# covariance (in the order of arm_view()), the table of all terms.
seed_effect <- function(nuisance) {
  effect <- estimate_effect(nuisance, method = "tmle")
  table <- tidy(effect)
  keys <- arm_view(nuisance)$arms
  arms <- match(paste0("mean_", keys), table$term)
  binary <- is.null(nuisance$arms)
  c(
    list(estimate = table$estimate[1], std.error = table$std.error[1], conf.low = table$conf.low[1],
         conf.high = table$conf.high[1]),
    if (binary) {
      list(mean_1 = table$estimate[arms[2]], mean_0 = table$estimate[arms[1]],
           variance = unname(effect$variance[rev(arms), rev(arms)]))
    },
    list(means = stats::setNames(table$estimate[arms], keys), covariance = unname(effect$variance[arms, arms]),
         table = table[c("term", "estimate", "std.error", "conf.low", "conf.high")])
  )
}

# Epsilons from the seed; shifts such that the law's arm means, and those of subgroups, equal the seed's targeted ones.
#   base    list(q, g): matrices of the law's rows
#   groups  NULL, or the law's subgroup codes (a list by variable)
fit_target <- function(seed, subgroups, base, groups, weights = NULL) {
  target <- c(seed[c("epsilon", "low", "high")], list(bound = est_tmle()$q_bounds))
  w <- weights %||% rep(1, nrow(base$q))
  target$shift <- numeric(length(seed$epsilon))
  parts <- lapply(subgroups, function(s) list(variable = s$variable, levels = s$levels,
                                              shift = matrix(0, length(s$levels), length(seed$epsilon))))
  for (arm in seq_along(seed$epsilon)) {
    logits <- target_logit(target, base$q[, arm], target$epsilon[arm], base$g[, arm])
    wanted <- lapply(subgroups, function(s) to_unit(target, s$means[, arm]))
    solved <- solve_shifts(logits, to_unit(target, seed$means[arm]), wanted, groups, w)
    target$shift[arm] <- solved$shift
    for (v in seq_along(parts)) parts[[v]]$shift[, arm] <- solved$parts[[v]]
  }
  target$subgroups <- parts
  target
}

to_unit <- function(target, y) (y - target$low) / (target$high - target$low)

target_logit <- function(target, q, epsilon, g) {
  unit <- pmin(pmax(to_unit(target, q), target$bound), 1 - target$bound)
  stats::qlogis(unit) + epsilon / g
}

# d such that the (weighted) mean of expit(logits + d) is `mean`: monotone in d.
solve_shift <- function(logits, mean, weights = NULL) {
  mean <- min(max(mean, 1e-9), 1 - 1e-9)
  w <- if (is.null(weights)) 1 / length(logits) else weights / sum(weights)
  miss <- function(d) sum(w * stats::plogis(logits + d)) - mean
  stats::uniroot(miss, c(-1, 1), extendInt = "upX", tol = 1e-12)$root
}

# Shifts of subgroups by raking: one variable after the other, until all hold; then one for all rows. A variable's
# wanted means are moved by one constant to agree with the arm's own where the law's shares are not the seed's.
solve_shifts <- function(logits, mean, wanted, groups, w, cycles = 30) {
  if (length(wanted) == 0) return(list(shift = solve_shift(logits, mean, w), parts = list()))
  parts <- lapply(wanted, function(x) numeric(length(x)))
  shares <- lapply(seq_along(wanted), function(v) {
    vapply(seq_along(wanted[[v]]), function(l) sum(w[groups[[v]] == l]), 1) / sum(w)
  })
  agreed <- Map(function(x, share) pmin(pmax(x + (mean - sum(share * x) / sum(share)), 1e-6), 1 - 1e-6), wanted, shares)
  for (cycle in seq_len(cycles)) {
    moved <- 0
    for (v in seq_along(agreed)) for (l in which(shares[[v]] > 0)) {
      rows <- which(groups[[v]] == l)
      d <- solve_shift(logits[rows], agreed[[v]][l], w[rows])
      logits[rows] <- logits[rows] + d
      parts[[v]][l] <- parts[[v]][l] + d
      moved <- max(moved, abs(d))
    }
    if (moved < 1e-9 || length(agreed) == 1) break
  }
  list(shift = solve_shift(logits, mean, w), parts = parts)
}

# Means of rows by arms under the target; `base` as in fit_target().
apply_target <- function(target, base, groups = NULL) {
  result <- base$q
  for (arm in seq_along(target$epsilon)) {
    logits <- target_logit(target, base$q[, arm], target$epsilon[arm], base$g[, arm]) + target$shift[arm]
    for (v in seq_along(target$subgroups)) {
      logits <- logits + c(0, target$subgroups[[v]]$shift[, arm])[groups[[v]] + 1]
    }
    result[, arm] <- target$low + stats::plogis(logits) * (target$high - target$low)
  }
  result
}
