# Honest predictions of the nuisances: out of bag, by folds, or in sample.

# One repetition: list(ps, q1, q0, fits, reports). `job` holds study pieces: covs, terms, treat, treatment (name),
# outcome, family, weights, learners (treatment, outcome), crossfit (same names), folds, threads, call. `reports`: what
# each fit has to say (fit_report()), with its `part`, `arm` and `fold` (0: none).
crossfit_once <- function(job, key) {
  fold <- NULL
  if ("folds" %in% job$crossfit) fold <- stratified_folds(job, derive_key(key, "folds"))
  if (forests_only(job)) {
    together <- crossfit_forests(job, fold, key)
    if (!is.null(together)) return(together)
  }
  ps <- crossfit_part(job, "treatment", fold, key)
  by_arm <- job$learners$outcome$outcome == "by_arm"
  q <- if (by_arm) crossfit_part(job, "outcome_by_arm", fold, key) else crossfit_part(job, "outcome_joint", fold, key)
  list(
    ps = ps$values[[1]], q1 = q$values[[1]], q0 = q$values[[2]],
    fits = list(treatment = if (length(ps$fits)) ps$fits[[1]], outcome = q$fits, by_arm = by_arm),
    reports = c(ps$reports, q$reports)
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

# One nuisance, as list(values, fits, reports): values are vectors over all rows, fits those of in-sample glm learners.
crossfit_part <- function(job, part, fold, key) {
  role <- if (part == "treatment") "treatment" else "outcome"
  how <- job$crossfit[[role]]
  arms <- if (part == "treatment") NA else if (part == "outcome_joint") "both" else c(1, 0)
  all_rows <- seq_along(job$treat)
  fits <- reports <- values <- list()
  fit_rows <- function(rows, arm, index) {
    check_fold_arms(job, rows, index)
    fit <- fit_part(job, part, rows, arm, derive_key(key, paste0(part, arm), index))
    reports <<- c(reports, list(c(list(part = role, arm = arm, fold = index), fit_report(fit))))
    fit
  }
  for (arm in arms) {
    if (how == "folds") {
      found <- replicate(if (identical(arm, "both")) 2 else 1, numeric(length(all_rows)), simplify = FALSE)
      for (k in seq_len(job$folds)) {
        test <- which(fold == k)
        piece <- predict_part(job, fit_rows(which(fold != k), arm, k), test, arm, k)
        for (j in seq_along(found)) found[[j]][test] <- piece[[j]]
      }
    } else {
      fit <- fit_rows(all_rows, arm, 0)
      found <- if (how == "oob") predict_part_oob(job, fit, arm) else predict_part(job, fit, NULL, arm)
      if (how == "none" && inherits(fit, "fit_glm")) fits <- c(fits, list(fit))
    }
    values <- c(values, found)
  }
  list(values = values, fits = fits, reports = reports)
}

# Rows of weight 0 teach nothing: what is left for a fold's fit must hold both arms.
check_fold_arms <- function(job, rows, index) {
  used <- if (is.null(job$weights)) rows else rows[job$weights[rows] > 0]
  for (arm in 0:1) {
    if (any(job$treat[used] == arm)) next
    abort("data", c(
      "Without fold {index} of {job$folds} no row of positive weight is left in the
       {c('control', 'treated')[arm + 1]} arm.",
      i = "Give fewer {.arg folds}, or drop the rows of weight 0 first."
    ), call = job$call)
  }
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
  learner <- part_learner(job, part, rows)
  fit_learner(learner, take_rows(x, rows), y[rows], family, key, job$threads, terms,
              weights = job$weights[rows], call = job$call)
}

# The part's learner as it fits these rows.
part_learner <- function(job, part, rows) {
  learner <- if (part == "treatment") job$learners$treatment else job$learners$outcome
  with_groups(learner, job$groups[rows], job$weights)
}

joint_terms <- function(job) {
  side <- stats::reformulate(c(sprintf("`%s`", job$treatment), attr(job$terms, "term.labels")))
  environment(side) <- environment(job$terms)
  stats::terms(side)
}

# Predictions for rows (NULL: all): one vector, or two (treated, control) from a joint fit. Checked, whatever the
# learner.
predict_part <- function(job, fit, rows, arm, index = 0) {
  x <- if (is.null(rows)) job$covs else take_rows(job$covs, rows)
  sides <- if (identical(arm, "both")) list(with_treatment(job, x, 1), with_treatment(job, x, 0)) else list(x)
  lapply(sides, function(side) checked_values(job, predict_fit(fit, side, job$threads), nrow(x), arm, index))
}

checked_values <- function(job, values, n, arm, index = 0) {
  role <- if (is.na(arm)) "treatment" else "outcome"
  family <- if (role == "treatment") "binomial" else job$family
  label <- paste0("The learner of the ", role, " (", job$learners[[role]]$label, ")")
  check_learner_values(values, n, family, label, job$call, if (index > 0) paste(" of fold", index) else "")
}

with_treatment <- function(job, x, value) {
  x[[job$treatment]] <- rep(value, nrow(x))
  x
}

# Rows of the other arm were never in the arm's forest: all its trees may speak for them.
predict_part_oob <- function(job, fit, arm) {
  n <- length(job$treat)
  honest <- function(newx = NULL) {
    values <- if (is.null(newx)) predict_oob(fit) else predict_oob(fit, newx, job$threads)
    if (is.null(values)) {
      abort("input", c(
        "{.code crossfit = \"oob\"} was asked of a learner without out-of-bag predictions.",
        i = "Use {.code crossfit = \"folds\"}."
      ), call = job$call)
    }
    values
  }
  if (identical(arm, "both")) {
    # Under its own treatment a row's prediction is there already: one more, with all treatments turned round, will do.
    turned <- job$covs
    turned[[job$treatment]] <- 1 - job$treat
    own <- checked_values(job, honest(), n, arm)
    other <- checked_values(job, honest(turned), n, arm)
    return(lapply(c(1, 0), function(a) ifelse(job$treat == a, own, other)))
  }
  if (is.na(arm)) return(list(checked_values(job, honest(), n, arm)))
  own <- job$treat == arm
  values <- numeric(n)
  values[own] <- checked_values(job, honest(), sum(own), arm)
  values[!own] <- checked_values(job, predict_fit(fit, take_rows(job$covs, !own), job$threads), sum(!own), arm)
  list(values)
}
