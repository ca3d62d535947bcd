# How the trial's outcomes reach the twins, where the regression behind them is a forest: its prediction is a weighted
# mean of the trial's outcomes, so an estimate sum_i w_i Q(a_i, W_i) over twins has the derivative
#   c_j = sum_i w_i K(W_i, j)
# in the outcome of the trial's row j, K the forest's weights. Targeting moves Q(a, .) such that its mean over the law
# is the trial's estimate, which adds sum(w) [1{A_j = a} / (m g_a(W_j)) - mean over the law of K(W, j)].
# A classifier's odds of twins against the trial instead of K miss that a forest smooths (measured: SD of the trial's
# part 20 - 27 % too large).

# Rows of the pool that stand for the law.
most_law_rows <- 1000

# list(fits, job, pool) of forests fitted to the trial as its nuisances were; NULL where they are no forests.
trial_forests <- function(trial, x, run) {
  learner <- trial$recipe$learners$outcome
  variables <- if (!is.null(trial$terms)) all.vars(stats::delete.response(trial$terms))
  if (!inherits(learner, "learn_forest") || !is.null(trial$weights) || !all(variables %in% x$roles$covariates)) {
    return(NULL)
  }
  pool <- fixed_levels(x$source$covs)
  job <- list(
    covs = trial_covs(trial$covs, pool, run$call), terms = trial$terms, treat = trial$treat,
    treatment = trial$roles$treatment, outcome = trial$outcome, family = trial$family, weights = NULL,
    learners = trial$recipe$learners, groups = trial$cluster, threads = run$threads, call = run$call
  )
  key <- derive_key(run$key, "trial's regression")
  fits <- if (learner$outcome == "joint") {
    list(both = fit_part(job, "outcome_joint", seq_along(job$treat), "both", key))
  } else {
    lapply(c(q0 = 0, q1 = 1), function(arm) {
      fit_part(job, "outcome_by_arm", seq_along(job$treat), arm, derive_key(key, "arm", arm))
    })
  }
  list(fits = fits, job = job, pool = pool)
}

# m c_j (Y_j - Q(A_j, W_j)) of the trial's rows, by arm.
kernel_scores <- function(loading, trial, forests, x) {
  residual <- trial$outcome - ifelse(trial$treat == 1, trial$q1, trial$q0)
  n_pool <- nrow(forests$pool)
  law <- unique(round(seq(1, n_pool, length.out = min(n_pool, most_law_rows))))
  one_arm <- function(arm) {
    used <- loading$arm == arm
    if (!any(used)) return(numeric(trial$n))
    weight <- loading$weight[used]
    reach <- kernel_sums(forests, arm, loading$rows[used], weight)
    if (isTRUE(x$source$origin$targeted)) {
      direct <- (trial$treat == arm) / (trial$n * if (arm == 1) trial$g1 else trial$g0)
      smoothed <- kernel_sums(forests, arm, law, rep(1 / length(law), length(law)))
      reach <- reach + sum(weight) * (direct - smoothed)
    }
    trial$n * reach * residual
  }
  list(treated = one_arm(1), control = one_arm(0))
}

# sum_i weight_i K(W_i, j) for the pool's rows i and the trial's rows j, in blocks of rows.
kernel_sums <- function(forests, arm, rows, weight, block = 2000) {
  job <- forests$job
  joint <- !is.null(forests$fits$both)
  fit <- if (joint) forests$fits$both else forests$fits[[arm + 1]]
  own <- if (joint) seq_along(job$treat) else which(job$treat == arm)
  result <- numeric(length(job$treat))
  if (!inherits(fit, "fitted_forest")) {
    result[own] <- sum(weight) / length(own)
    return(result)
  }
  trained <- take_rows(job$covs, own)
  if (joint) trained[[job$treatment]] <- job$treat
  trained <- fitted_forest_rows(fit, trained)
  for (start in seq(1, length(rows), by = block)) {
    at <- start:min(start + block - 1, length(rows))
    new <- take_rows(forests$pool, rows[at])
    if (joint) new <- with_treatment(job, new, arm)
    k <- forest_weights(fit$forest, trained, fitted_forest_rows(fit, new), threads = job$threads)
    result[own] <- result[own] + as.numeric(weight[at] %*% k)
  }
  result
}
