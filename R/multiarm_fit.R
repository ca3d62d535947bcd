# Honest predictions for several arms: probabilities (rows by arms) and mean outcomes (rows by arms).

# One repetition: list(ps, q, fits, reports); `job` as in crossfit.R, with treat 1, 2, ... and `arms` their names.
crossfit_arms <- function(job, key) {
  fold <- NULL
  if ("folds" %in% job$crossfit) fold <- stratified_folds(job, derive_key(key, "folds"))
  ps <- crossfit_probabilities(job, fold, key)
  q <- crossfit_arm_means(job, fold, key)
  for (part in list(list(ps$values, "treatment"), list(q$values, "outcome"))) check_arm_values(part, job)
  list(ps = ps$values, q = q$values,
       fits = list(treatment = ps$fit, outcome = q$fits, by_arm = job$learners$outcome$outcome == "by_arm"),
       reports = c(ps$reports, q$reports))
}

check_arm_values <- function(part, job) {
  bad <- sum(!is.finite(part[[1]]))
  if (bad == 0) return(invisible())
  abort("fit", "The learner of the {part[[2]]} predicts {bad} value{?s} that {?is/are} missing or infinite.",
        call = job$call)
}

arm_matrix <- function(job) {
  matrix(0, length(job$treat), length(job$arms), dimnames = list(NULL, job$arms))
}

crossfit_probabilities <- function(job, fold, key) {
  how <- job$crossfit[["treatment"]]
  values <- arm_matrix(job)
  reports <- list()
  fit_rows <- function(rows, index) {
    learner <- with_groups(job$learners$treatment, job$groups[rows], job$weights)
    fit <- fit_arms(learner, take_rows(job$covs, rows),
                    factor(job$arms[job$treat[rows]], job$arms), derive_key(key, "arms", index), job$threads,
                    job$terms, weights = job$weights[rows], call = job$call)
    reports <<- c(reports, list(c(list(part = "treatment", arm = NA, fold = index), fit_report(fit))))
    fit
  }
  if (how == "folds") {
    for (k in seq_len(job$folds)) {
      test <- which(fold == k)
      values[test, ] <- predict_arms(fit_rows(which(fold != k), k), take_rows(job$covs, test), job$threads)
    }
    return(list(values = values, reports = reports))
  }
  fit <- fit_rows(seq_along(job$treat), 0)
  found <- if (how == "oob") predict_arms_oob(fit) else predict_arms(fit, job$covs, job$threads)
  if (is.null(found)) abort_learner_without_oob(job$call)
  values[] <- found
  list(values = values, reports = reports, fit = if (how == "none" && inherits(fit, "fit_arms_glm")) fit)
}

abort_learner_without_oob <- function(call) {
  abort("input", c(
    "{.code crossfit = \"oob\"} was asked of a learner without out-of-bag predictions.",
    i = "Use {.code crossfit = \"folds\"}."
  ), call = call)
}

# One regression an arm, or one of all rows with the arm as a column.
crossfit_arm_means <- function(job, fold, key) {
  how <- job$crossfit[["outcome"]]
  joint <- job$learners$outcome$outcome == "joint"
  values <- arm_matrix(job)
  fits <- reports <- list()
  for (arm in if (joint) 0 else seq_along(job$arms)) {
    columns <- if (joint) seq_along(job$arms) else arm
    label <- if (joint) "both" else job$arms[arm]
    fit_rows <- function(rows, index) {
      fit <- fit_arm_outcome(job, rows, arm, derive_key(key, paste0("outcome", arm), index))
      reports <<- c(reports, list(c(list(part = "outcome", arm = label, fold = index), fit_report(fit))))
      fit
    }
    if (how == "folds") {
      for (k in seq_len(job$folds)) {
        test <- which(fold == k)
        fit <- fit_rows(which(fold != k), k)
        for (j in columns) values[test, j] <- predict_arm_outcome(job, fit, test, j, joint)
      }
      next
    }
    fit <- fit_rows(seq_along(job$treat), 0)
    for (j in columns) {
      values[, j] <- if (how == "oob") arm_outcome_oob(job, fit, j, joint)
      else predict_arm_outcome(job, fit, seq_along(job$treat), j, joint)
    }
    if (how == "none" && inherits(fit, "fit_glm")) fits <- c(fits, list(fit))
  }
  list(values = values, fits = fits, reports = reports)
}

# `arm` 0: all rows, jointly.
fit_arm_outcome <- function(job, rows, arm, key) {
  x <- job$covs
  terms <- job$terms
  if (arm == 0) {
    x[[job$treatment]] <- factor(job$arms[job$treat], job$arms)
    terms <- joint_terms(job)
  } else {
    rows <- rows[job$treat[rows] == arm]
  }
  learner <- with_groups(job$learners$outcome, job$groups[rows], job$weights)
  fit_learner(learner, take_rows(x, rows), job$outcome[rows], job$family, key, job$threads, terms,
              weights = job$weights[rows], call = job$call)
}

arm_value <- function(job, arm) factor(job$arms[arm], job$arms)

predict_arm_outcome <- function(job, fit, rows, arm, joint) {
  x <- take_rows(job$covs, rows)
  predict_fit(fit, if (joint) with_treatment(job, x, arm_value(job, arm)) else x, job$threads)
}

# Rows of other arms were never in the arm's fit: all of it may speak for them.
arm_outcome_oob <- function(job, fit, arm, joint) {
  if (joint) {
    found <- predict_oob(fit, with_treatment(job, job$covs, arm_value(job, arm)), job$threads)
    if (is.null(found)) abort_learner_without_oob(job$call)
    return(found)
  }
  own <- job$treat == arm
  inside <- predict_oob(fit)
  if (is.null(inside)) abort_learner_without_oob(job$call)
  values <- numeric(length(own))
  values[own] <- inside
  if (any(!own)) values[!own] <- predict_fit(fit, take_rows(job$covs, !own), job$threads)
  values
}
