# From fitted nuisances and a request to an effect object.

# One repetition's nuisances in the form that estimators read; `bound` as causal_bounds() takes it.
repeat_pieces <- function(x, r, bound) {
  pieces <- x[c("treat", "outcome", "ps", "q1", "q0", "g1", "g0", "weights", "family", "fits", "covs", "terms")]
  pieces["run"] <- list(x$run)
  pieces$treatment <- x$roles$treatment
  if (!is.null(r)) {
    pieces[c("ps", "q1", "q0")] <- r[c("ps", "q1", "q0")]
    pieces["fits"] <- list(r$fits)
  }
  pieces[c("g1", "g0")] <- causal_bounds(pieces$ps, bound)[c("g1", "g0")]
  pieces
}

# What each method finds in one repetition (r: NULL for the only one): its run_estimator() result with `means` (one an
# arm, named) and `arm_influence` (a column an arm, in the same order).
arm_fits <- function(x, r, ask, bounds, call) UseMethod("arm_fits")

#' @exportS3Method
arm_fits.causalsynth_nuisance <- function(x, r, ask, bounds, call) {
  lapply(stats::setNames(nm = names(ask$methods)), function(name) {
    pieces <- repeat_pieces(x, r, method_bound(bounds, name, x))
    if (isTRUE(ask$point)) pieces["fits"] <- list(NULL)
    se <- if (ask$se == "bootstrap") "if" else ask$se
    fit <- run_estimator(ask$methods[[name]], pieces, ask$estimand, se, call)
    fit$means <- c(`1` = fit$mean_1, `0` = fit$mean_0)
    fit$arm_influence <- cbind(fit$if_1, fit$if_0)
    fit
  })
}

# Arms and the terms made of them: labels in the order of `means`, the reference's position, and a suffix for terms
# of single contrasts (none with two arms).
arm_layout <- function(x) UseMethod("arm_layout")

#' @exportS3Method
arm_layout.causalsynth_nuisance <- function(x) list(labels = c("1", "0"), reference = 2L, suffix = "")

# Estimates, covariance and influence functions over all repetitions, and the bounds they were found under.
effect_runs <- function(x, ask, cluster, call) {
  layout <- arm_layout(x)
  bounds <- settle_bounds(x, ask, cluster, call)
  runs <- lapply(if (length(x$repeats)) x$repeats else list(NULL), function(r) {
    fits <- arm_fits(x, r, ask, bounds, call)
    c(list(fits = fits), effect_terms(fits, ask, layout, cluster))
  })
  c(combine_repeats(runs), list(first = runs[[1]], n_repeats = length(runs), bounds = bounds))
}

# `run`: cluster, key, threads, call.
effect_of <- function(x, ask, run) {
  check_contrasts(ask, x$family, x$roles$outcome, run$call)
  if (!is.null(run$cluster)) for (est in ask$methods) check_support(est, "cluster", run$call)
  if (ask$se == "bootstrap") check_can_refit(x, ask, run$call)
  fit <- new_effect(x, ask, effect_runs(x, ask, run$cluster, run$call), run$cluster)
  if (ask$se == "bootstrap") add_bootstrap(fit, x, ask, run) else fit
}

new_effect <- function(x, ask, found, cluster) {
  first <- found$first
  collect <- function(name) lapply(first$fits, `[[`, name)
  weights <- collect("weights")
  layout <- arm_layout(x)
  object <- list(
    estimates = cbind(first$labels, estimate = found$estimate, std.error = sqrt(diag(found$variance))),
    variance = found$variance, estimand = ask$estimand, contrast_terms = contrast_terms(ask$estimand, layout),
    methods = ask$methods, se = ask$se, inference = vapply(first$fits, function(f) f$inference, ""),
    na_reason = collect("na_reason"), notes = collect("notes"), epsilon = collect("epsilon"),
    score = vapply(first$fits, function(f) f$score %||% NA_real_, 1), influence = first$influence,
    treat = x$treat, covs = x$covs, distance = x$ps, s.weights = x$weights,
    subclass = subclass_of(collect("subclass")),
    weights = if (length(weights) == 1) weights[[1]] else as.data.frame(weights, check.names = FALSE),
    outcome = x$outcome, q1 = x$q1, q0 = x$q0, n = x$n, n_clusters = if (!is.null(cluster)) max(cluster),
    n_mixed_clusters = if (!is.null(cluster)) mixed_clusters(cluster, x$treat),
    n_repeats = found$n_repeats, family = x$family, roles = x$roles, treat_levels = x$treat_levels,
    outcome_levels = x$outcome_levels,
    bounds = found$bounds, learners = x$learners, crossfit = x$crossfit, n_omitted = length(x$omitted),
    n_missing = fit_missing(x), aliased = fit_aliased(x), n_zero_weight = sum(x$weights == 0), omitted = x$omitted,
    one_arm_levels = x$one_arm_levels, separated = separation_lines(x$notes$separated)
  )
  if (is.null(x$arms)) structure(object, class = "causalsynth_effect") else arms_effect(object, x)
}

# Clusters with rows of more than one arm.
mixed_clusters <- function(cluster, treat) {
  pairs <- unique(data.frame(cluster = cluster, treat = treat))
  sum(table(pairs$cluster) > 1)
}
