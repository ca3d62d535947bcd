# The outcome regression of a study: one fit within each arm, or one joint fit with the treatment as a column.

fit_outcome_models <- function(study, learner, key, threads, rows = seq_len(study$n), weights = NULL) {
  fit <- function(x, y, index, label, terms) {
    fit_learner(learner, x, y, study$family, derive_key(key, label), threads, terms, weights = weights[index])
  }
  if (learner$outcome == "joint") {
    x <- joint_columns(study$covs[rows, , drop = FALSE], study$treat[rows], study$treatment)
    joint <- fit(x, study$outcome_values[rows], rows, "joint", joint_terms(study))
    return(list(joint = joint, treatment = study$treatment))
  }
  by_arm <- function(arm, label) {
    index <- rows[study$treat[rows] == arm]
    fit(study$covs[index, , drop = FALSE], study$outcome_values[index], index, label, study$terms)
  }
  list(q1 = by_arm(1, "arm 1"), q0 = by_arm(0, "arm 0"))
}

joint_columns <- function(covs, treat, name) {
  covs[[name]] <- rep_len(treat, nrow(covs))
  covs
}

joint_terms <- function(study) {
  terms <- stats::update(stats::formula(study$terms), stats::as.formula(sprintf("~ . + `%s`", study$treatment)))
  stats::terms(terms)
}

# Means of the outcome under both treatments for covariate rows.
predict_outcome_models <- function(models, covs, threads) {
  if (is.null(models$joint)) {
    return(list(q1 = predict_fit(models$q1, covs, threads), q0 = predict_fit(models$q0, covs, threads)))
  }
  list(
    q1 = predict_fit(models$joint, joint_columns(covs, 1, models$treatment), threads),
    q0 = predict_fit(models$joint, joint_columns(covs, 0, models$treatment), threads)
  )
}
