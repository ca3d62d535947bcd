# Propensities and effects given covariates (CATE) fitted on a set of rows, to compare two sets over common test rows.

cate_learners <- c("t", "s", "dr", "ra")

# What compare_surfaces() needs of one set: predictions for any rows by `models` (propensity and outcome by arm),
# `joint` (outcome with the treatment as a column), and `second`, the second stages of DR- and RA-learner.
fit_surfaces <- function(rows, settings, family, key, call = rlang::caller_env()) {
  study <- study_data(settings$formula, rows, call = call)
  study$family <- family
  learner <- settings$learner
  learner$outcome <- "by_arm"
  job <- study_job(study, list(treatment = learner, outcome = learner), settings$threads, call)
  all <- seq_len(study$n)
  models <- fit_models(job, derive_key(key, "models"))
  own <- honest_models(models, job)
  bound <- scaled_bound(5, study$n)
  pseudo <- pseudo_outcomes(job, own, bound)
  second <- lapply(names(pseudo), function(name) {
    fit_learner(learner, job$covs, pseudo[[name]], "gaussian", derive_key(key, name), job$threads, job$terms,
                call = call)
  })
  list(models = models, joint = hush_separation(fit_part(job, "outcome_joint", all, "both", derive_key(key, "joint"))),
       second = stats::setNames(second, names(pseudo)), job = job, bounded = sum(own$ps < bound | own$ps > 1 - bound))
}

# Propensity and outcome means of the fitted rows themselves, each by trees that did not see the row (where the learner
# has such predictions, else in sample).
honest_models <- function(models, job) {
  values <- predict_models(models, job$covs, job$threads)
  ps <- predict_oob(models$treatment)
  if (!is.null(ps)) values$ps <- ps
  for (arm in 0:1) {
    name <- paste0("q", arm)
    own <- predict_oob(models$outcome[[name]])
    if (!is.null(own)) values[[name]][job$treat == arm] <- own
  }
  values
}

# DR (Kennedy 2023): q1 - q0 + A (Y - q1) / g1 - (1 - A) (Y - q0) / g0. RA (Curth and van der Schaar 2021):
# A (Y - q0) + (1 - A) (q1 - Y). Each has the effect given W as mean.
pseudo_outcomes <- function(job, own, bound) {
  a <- job$treat
  y <- job$outcome
  list(dr = own$q1 - own$q0 + a * (y - own$q1) / pmax(own$ps, bound) -
         (1 - a) * (y - own$q0) / pmax(1 - own$ps, bound),
       ra = a * (y - own$q0) + (1 - a) * (own$q1 - y))
}

# list(ps, cate: a matrix, a column a learner) for rows.
predict_surfaces <- function(fit, rows, settings) {
  covs <- rows[names(fit$job$covs)]
  by_arm <- predict_models(fit$models, covs, settings$threads)
  joint <- predict_part(replace(fit$job, "covs", list(covs)), fit$joint, NULL, "both")
  list(ps = by_arm$ps, cate = cbind(
    t = by_arm$q1 - by_arm$q0, s = joint[[1]] - joint[[2]],
    dr = predict_fit(fit$second$dr, covs, settings$threads), ra = predict_fit(fit$second$ra, covs, settings$threads)
  ))
}

# c(1 - mean Jensen-Shannon distance of propensities, root mean square difference of the effects by learner).
compare_surfaces <- function(real, other, test, settings) {
  a <- predict_surfaces(real, test, settings)
  b <- predict_surfaces(other, test, settings)
  c(1 - mean(js_distance(a$ps, b$ps)), sqrt(colMeans((a$cate - b$cate)^2)))
}

# Root of the Jensen-Shannon divergence, base 2, of Bernoulli(p) and Bernoulli(q).
js_distance <- function(p, q) {
  entropy <- function(x) {
    part <- function(v) ifelse(v > 0, -v * log2(v), 0)
    part(x) + part(1 - x)
  }
  sqrt(pmax(0, entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2))
}

# Shares by arm of each set's own fitted propensities, in bins of at least 5 real rows of an arm.
propensity_bars <- function(sets, settings, key) {
  fitted <- lapply(c(real = "real", synthetic = "synthetic"), function(name) {
    tryCatch(suppressWarnings({
      study <- study_data(settings$formula, sets$thin[[name]])
      job <- study_job(study, list(treatment = settings$learner, outcome = settings$learner), settings$threads, NULL)
      fit <- fit_part(job, "treatment", seq_len(study$n), NA, derive_key(key, "propensity", name == "real"))
      list(ps = predict_oob(fit) %||% predict_fit(fit, job$covs, settings$threads), treat = study$treat)
    }), causalsynth_error = function(e) NULL)
  })
  if (any(vapply(fitted, is.null, NA))) return(NULL)
  parts <- lapply(0:1, function(arm) {
    values <- lapply(fitted, function(f) f$ps[f$treat == arm])
    bars <- column_bars(values, "propensity", most = 0)
    bars <- bars[bars$label != "missing", ]
    cbind(arm = arm, bars[c("set", "left", "right", "share")])
  })
  table <- do.call(rbind, parts)
  rownames(table) <- NULL
  table
}
