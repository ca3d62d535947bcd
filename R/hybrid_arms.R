# The regressions of a hybrid, for two arms or more: probabilities and mean outcomes as matrices with a column an arm,
# the reference first.

# Is the study one of several arms? Its job as the fitting functions of multiarm_fit.R take it.
hybrid_job <- function(study, learners, threads, call) {
  job <- study_job(study, learners, threads, call)
  if (study$several) job$arms <- study$treat_levels
  job
}

fit_hybrid_models <- function(job, key) {
  if (is.null(job$arms)) return(fit_models(job, key))
  hush_separation({
    rows <- seq_along(job$treat)
    joint <- job$learners$outcome$outcome == "joint"
    outcome <- lapply(if (joint) 0 else seq_along(job$arms), function(arm) {
      fit_arm_outcome(job, rows, arm, derive_key(key, "arm", arm))
    })
    treatment <- fit_arms(job$learners$treatment, job$covs, factor(job$arms[job$treat], job$arms),
                          derive_key(key, "treatment"), job$threads, job$terms, call = job$call)
    list(treatment = treatment, outcome = outcome, joint = joint, treatment_name = job$treatment, family = job$family,
         arms = job$arms, learners = lapply(job$learners, function(learner) list(label = learner$label)))
  })
}

# list(ps, q) of covariate rows: matrices of rows by arms.
hybrid_predictions <- function(models, rows, threads, call = rlang::caller_env()) {
  found <- raw_predictions(models, rows, threads, call)
  found$q <- apply_calibration(models$calibration, found$q, rows)
  found
}

raw_predictions <- function(models, rows, threads, call) {
  if (is.null(models$arms)) {
    found <- predict_models(models, rows, threads, call)
    return(list(ps = cbind(1 - found$ps, found$ps), q = cbind(found$q0, found$q1)))
  }
  ps <- predict_arms(models$treatment, rows, threads)
  arms <- seq_along(models$arms)
  q <- vapply(arms, function(arm) {
    if (!models$joint) return(predict_fit(models$outcome[[arm]], rows, threads))
    rows[[models$treatment_name]] <- factor(rep(models$arms[arm], nrow(rows)), models$arms)
    predict_fit(models$outcome[[1]], rows, threads)
  }, numeric(nrow(rows)))
  q <- matrix(q, nrow(rows))
  for (part in list(ps, q)) {
    bad <- sum(!is.finite(part))
    if (bad) abort("fit", "A learner predicts {bad} value{?s} that {?is/are} missing or infinite.", call = call)
  }
  list(ps = unname(ps), q = q)
}

#' @exportS3Method
without_training.fit_arms_forest <- function(fit) {
  fit$fit <- without_training(fit$fit)
  fit
}

#' @exportS3Method
without_training.fit_arms_each <- function(fit) {
  fit$fits <- lapply(fit$fits, without_training)
  fit
}

#' @exportS3Method
without_training.fit_arms_glm <- function(fit) {
  fit[c("x", "arm", "weights")] <- NULL
  fit
}

# Each arm's probability under the hybrid's bounds.
bounded_arms <- function(ps, bounds) {
  value <- as.numeric(bounds$value)
  if (ncol(ps) == 2) {
    found <- causal_bounds(ps[, 2], value)
    return(cbind(found$g0, found$g1))
  }
  for (arm in seq_len(ncol(ps))) ps[, arm] <- causal_bounds(ps[, arm], value)$g1
  ps
}
