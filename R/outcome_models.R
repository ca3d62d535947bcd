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

# Separation is not said again: nuisance() has, of the same rows.
fit_models <- function(job, key) hush_separation(fit_all_models(job, key))

fit_all_models <- function(job, key) {
  rows <- seq_along(job$treat)
  outcome <- if (job$learners$outcome$outcome == "joint") {
    list(both = fit_part(job, "outcome_joint", rows, "both", derive_key(key, "joint")))
  } else {
    list(q1 = fit_part(job, "outcome_by_arm", rows, 1, derive_key(key, "arm", 1)),
         q0 = fit_part(job, "outcome_by_arm", rows, 0, derive_key(key, "arm", 0)))
  }
  list(treatment = fit_part(job, "treatment", rows, NA, derive_key(key, "treatment")), outcome = outcome,
       treatment_name = job$treatment, family = job$family,
       learners = lapply(job$learners, function(learner) list(label = learner$label)))
}

# list(ps, q1, q0) for covariate rows.
predict_models <- function(models, rows, threads, call = rlang::caller_env()) {
  job <- list(covs = rows, treatment = models$treatment_name, threads = threads, family = models$family,
              learners = models$learners, call = call)
  q <- if (is.null(models$outcome$both)) {
    c(predict_part(job, models$outcome$q1, NULL, 1), predict_part(job, models$outcome$q0, NULL, 0))
  } else {
    predict_part(job, models$outcome$both, NULL, "both")
  }
  list(ps = predict_part(job, models$treatment, NULL, NA)[[1]], q1 = q[[1]], q0 = q[[2]])
}

# The same models without what they keep of the rows they were fitted on: predictions do not need it.
without_rows <- function(models) {
  models$treatment <- without_training(models$treatment)
  models$outcome <- lapply(models$outcome, without_training)
  models
}
