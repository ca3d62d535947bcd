# Honest predictions of the nuisances: out of bag, by folds, or in sample.

# One repetition: list(ps, q1, q0, fits). `job` holds study pieces: covs, terms, treat, treatment (name), outcome,
# family, weights, learners (treatment, outcome), crossfit (same names), folds, threads, call.
crossfit_once <- function(job, key) {
  fold <- NULL
  if ("folds" %in% job$crossfit) fold <- stratified_folds(job, derive_key(key, "folds"))
  ps <- crossfit_part(job, "treatment", fold, key)
  by_arm <- job$learners$outcome$outcome == "by_arm"
  q <- if (by_arm) crossfit_part(job, "outcome_by_arm", fold, key) else crossfit_part(job, "outcome_joint", fold, key)
  list(
    ps = ps$values[[1]], q1 = q$values[[1]], q0 = q$values[[2]],
    fits = list(treatment = if (length(ps$fits)) ps$fits[[1]], outcome = q$fits, by_arm = by_arm)
  )
}

# Folds with the same share of each arm (and of each value of a binary outcome).
stratified_folds <- function(job, key) {
  if (!is.null(job$groups)) return(grouped_folds(job, key))
  strata <- job$treat + if (job$family == "binomial") 2 * job$outcome else 0
  order <- random_permutation(unclass(key), length(strata))
  order <- order[order(strata[order])]
  fold <- integer(length(strata))
  fold[order] <- rep_len(seq_len(job$folds), length(strata))
  fold
}

# One nuisance, as list(values, fits): values are vectors over all rows, fits those of in-sample glm learners.
crossfit_part <- function(job, part, fold, key) {
  role <- if (part == "treatment") "treatment" else "outcome"
  how <- job$crossfit[[role]]
  fit_rows <- function(rows, arm, index) fit_part(job, part, rows, arm, derive_key(key, paste0(part, arm), index))
  arms <- if (part == "treatment") NA else if (part == "outcome_joint") "both" else c(1, 0)
  all_rows <- seq_along(job$treat)
  fits <- list()
  values <- list()
  for (arm in arms) {
    if (how == "folds") {
      found <- replicate(if (identical(arm, "both")) 2 else 1, numeric(length(all_rows)), simplify = FALSE)
      for (k in seq_len(job$folds)) {
        test <- which(fold == k)
        piece <- predict_part(job, fit_rows(which(fold != k), arm, k), test, arm)
        for (j in seq_along(found)) found[[j]][test] <- piece[[j]]
      }
    } else {
      fit <- fit_rows(all_rows, arm, 0)
      found <- if (how == "oob") predict_part_oob(job, fit, arm) else predict_part(job, fit, all_rows, arm)
      if (how == "none" && inherits(fit, "fit_glm")) fits <- c(fits, list(fit))
    }
    values <- c(values, found)
  }
  list(values = values, fits = fits)
}

fit_part <- function(job, part, rows, arm, key) {
  x <- job$covs
  terms <- job$terms
  y <- job$outcome
  family <- job$family
  if (part == "treatment") {
    y <- job$treat
    family <- "binomial"
  } else if (identical(arm, "both")) {
    x[[job$treatment]] <- job$treat
    terms <- joint_terms(job)
  } else {
    rows <- rows[job$treat[rows] == arm]
  }
  learner <- if (part == "treatment") job$learners$treatment else job$learners$outcome
  fit_learner(learner, x[rows, , drop = FALSE], y[rows], family, key, job$threads, terms,
              weights = job$weights[rows], call = job$call)
}

joint_terms <- function(job) {
  side <- stats::reformulate(c(sprintf("`%s`", job$treatment), attr(job$terms, "term.labels")))
  environment(side) <- environment(job$terms)
  stats::terms(side)
}

# Predictions for rows: one vector, or two (treated, control) from a joint fit.
predict_part <- function(job, fit, rows, arm) {
  x <- job$covs[rows, , drop = FALSE]
  if (!identical(arm, "both")) return(list(predict_fit(fit, x, job$threads)))
  lapply(c(1, 0), function(a) predict_fit(fit, with_treatment(job, x, a), job$threads))
}

with_treatment <- function(job, x, value) {
  x[[job$treatment]] <- rep(value, nrow(x))
  x
}

# Rows of the other arm were never in the arm's forest: all its trees may speak for them.
predict_part_oob <- function(job, fit, arm) {
  if (identical(arm, "both")) {
    found <- lapply(c(1, 0), function(a) predict_oob(fit, with_treatment(job, job$covs, a), job$threads))
  } else if (is.na(arm)) {
    found <- list(predict_oob(fit))
  } else {
    own <- job$treat == arm
    inside <- predict_oob(fit)
    values <- numeric(length(own))
    if (!is.null(inside)) {
      values[own] <- inside
      values[!own] <- predict_fit(fit, job$covs[!own, , drop = FALSE], job$threads)
    }
    found <- list(if (!is.null(inside)) values)
  }
  if (is.null(found[[1]])) {
    abort("input", c(
      "{.code crossfit = \"oob\"} was asked of a learner without out-of-bag predictions.",
      i = "Use {.code crossfit = \"folds\"}."
    ), call = job$call)
  }
  found
}
