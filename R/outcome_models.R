# The regressions of a study fitted once on all its rows, to predict for rows yet to come: P(A = 1 | W), and the
# outcome's mean by arm or jointly. The pieces of a fit are those of crossfit.R.

# A study as the fitting functions of crossfit.R take it.
study_job <- function(study, learners, threads, call) {
  list(
    covs = fixed_levels(study$covs), terms = study$terms, treat = study$treat, treatment = study$treatment,
    outcome = study$outcome_values, family = study$family, weights = NULL, learners = learners, threads = threads,
    call = call
  )
}

fit_models <- function(job, key) {
  rows <- seq_along(job$treat)
  outcome <- if (job$learners$outcome$outcome == "joint") {
    list(both = fit_part(job, "outcome_joint", rows, "both", derive_key(key, "joint")))
  } else {
    list(q1 = fit_part(job, "outcome_by_arm", rows, 1, derive_key(key, "arm", 1)),
         q0 = fit_part(job, "outcome_by_arm", rows, 0, derive_key(key, "arm", 0)))
  }
  list(treatment = fit_part(job, "treatment", rows, NA, derive_key(key, "treatment")), outcome = outcome,
       treatment_name = job$treatment)
}

# list(ps, q1, q0) for covariate rows.
predict_models <- function(models, rows, threads) {
  ps <- predict_fit(models$treatment, rows, threads)
  if (is.null(models$outcome$both)) {
    return(list(ps = ps, q1 = predict_fit(models$outcome$q1, rows, threads),
                q0 = predict_fit(models$outcome$q0, rows, threads)))
  }
  job <- list(covs = rows, treatment = models$treatment_name, threads = threads)
  q <- predict_part(job, models$outcome$both, seq_len(nrow(rows)), "both")
  list(ps = ps, q1 = q[[1]], q0 = q[[2]])
}

# The same models without what they keep of the rows they were fitted on: predictions do not need it.
without_rows <- function(models) {
  strip <- function(fit) {
    fit[intersect(c("x", "y", "w", "weights", "fitted"), names(fit))] <- NULL
    if (!is.null(fit$forest)) fit$forest <- without_oob(fit$forest)
    fit
  }
  models$treatment <- strip(models$treatment)
  models$outcome <- lapply(models$outcome, strip)
  models
}
