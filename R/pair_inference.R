# Standard errors after pairing: the study's rows and the trial's rows behind the twins' outcomes.

# Two-sample linearisation; NA with its reason where the regression behind the twins is a closed book.
linear_variance <- function(fit, x, ask, run) {
  data <- study_part(fit, x)
  if (x$n_twins == 0) return(with_pair_variance(fit, x, list(data = data), "influence function, no twins"))
  reason <- closed_book(x, ask)
  if (!is.null(reason)) return(with_pair_variance(fit, x, list(data = data), "none", reason))
  loadings <- twin_loadings(fit, x)
  if (is.null(ask$trial)) {
    trial <- copies_part(fit, x, loadings)
    return(with_pair_variance(fit, x, list(data = data, trial = trial), "study's rows + the pool's bootstrap copies"))
  }
  trial <- trial_part(fit, x, loadings, ask, run)
  how <- paste0("two-sample linearisation (", thousands(x$n_data), " rows of the study, ", thousands(attr(trial, "n")),
                " of the trial)")
  with_pair_variance(fit, x, list(data = data, trial = trial), how)
}

closed_book <- function(x, ask) {
  if (x$settings$outcome == "self") {
    return(paste("no standard error: twins' outcomes are the study's own regression, carried to where it has no rows;",
                 "its error there is unknown"))
  }
  if (is.null(x$source$origin)) {
    return("no standard error: the pool is no hybrid, and nothing is known of the error of its outcomes")
  }
  if (is.null(ask$trial) && is.null(pool_copies(x$source$pool))) {
    return("no standard error: give trial =, the rows behind the pool, or a pool with add_copies()")
  }
}

# The weight of each pool row's regression in the estimates: a list by kind of method of list(rows: of the pool, arm,
# weight). Weighting estimators use a twin's own outcome; outcome regression both means wherever it is evaluated.
twin_loadings <- function(fit, x) {
  n <- length(x$treat)
  twins <- x$n_data + seq_len(x$n_twins)
  g <- ifelse(x$treat == 1, fit$bounded$g1, fit$bounded$g0)[twins]
  own <- list(rows = x$pairs$pool_row, arm = x$pairs$arm, weight = 1 / (n * g))
  everywhere <- if (fit$designed) {
    list(rows = rep(x$pairs$pool_row, 2), arm = rep(1:0, each = x$n_twins), weight = rep(1 / x$n_twins, 2 * x$n_twins))
  } else own
  list(weighting = own, regression = everywhere)
}

kinds_of <- function(fit) ifelse(vapply(fit$methods, inherits, NA, "est_or"), "regression", "weighting")

# The trial's part from D_j, for all terms of all methods jointly.
trial_part <- function(fit, x, loadings, ask, run) {
  trial <- trial_nuisance(ask$trial, x, run)
  forests <- trial_forests(trial, x, run)
  scores <- lapply(loadings[unique(kinds_of(fit))], function(l) {
    if (is.null(forests)) trial_scores(l, trial, x, ask, run) else kernel_scores(l, trial, forests, x)
  })
  columns <- lapply(seq_len(nrow(fit$estimates)), function(i) {
    s <- scores[[kinds_of(fit)[[fit$estimates$method[i]]]]]
    switch(fit$estimates$term[i], mean_1 = s$treated, mean_0 = s$control, s$treated - s$control)
  })
  structure(stats::cov(do.call(cbind, columns)) / trial$n, n = trial$n)
}

# Honest nuisances of the trial, on the study's covariates.
trial_nuisance <- function(trial, x, run) {
  if (inherits(trial, "causalsynth_nuisance")) {
    absent <- setdiff(x$roles$covariates, names(trial$covs))
    if (length(absent)) {
      abort("input", c("The nuisances given as {.arg trial} lack the covariate{?s} {.val {absent}}.",
                       i = "Make them by {.fn nuisance}, or give {.arg covs} to {.fn as_nuisance}."), call = run$call)
    }
    return(trial)
  }
  suppressWarnings(
    nuisance(x$formula, trial, x$settings$learner_treatment, x$settings$learner_outcome,
             seed = derive_key(run$key, "trial"), threads = run$threads),
    classes = "causalsynth_warning_overlap"
  )
}

# r_a(W_j) times the weighted residual of the trial's rows, by arm: for regressions that are no forests.
trial_scores <- function(loading, trial, x, ask, run) {
  one_arm <- function(arm) {
    used <- loading$arm == arm
    if (!any(used)) return(numeric(trial$n))
    r <- density_ratio(x, loading$rows[used], loading$weight[used], trial, ask, run, arm)
    residual <- trial$outcome - if (arm == 1) trial$q1 else trial$q0
    r * (trial$treat == arm) / (if (arm == 1) trial$g1 else trial$g0) * residual
  }
  list(treated = one_arm(1), control = one_arm(0))
}

# The weights that twins put at each of the trial's rows over the trial's density: odds of a classifier of twins against
# the trial, scaled so that their mean is the twins' total weight.
density_ratio <- function(x, rows, weight, trial, ask, run, arm) {
  twins <- take_rows(fixed_levels(x$source$covs), rows)
  covs <- trial_covs(trial$covs, twins, run$call)
  both <- bind_columns(twins, covs)
  member <- rep(1:0, c(length(rows), trial$n))
  case <- if (max(weight) > min(weight) * (1 + 1e-9)) c(weight / mean(weight), rep(1, trial$n))
  p <- membership(both, member, ask$learner_membership, case, derive_key(run$key, "membership", arm), run)
  odds <- pmin(p / (1 - p), 1e4)[member == 0]
  if (sum(odds) == 0) return(rep(sum(weight), trial$n))
  odds * sum(weight) / mean(odds)
}

trial_covs <- function(covs, like, call) {
  blueprint <- column_blueprint(like, decimals = FALSE)
  encode_columns(covs, blueprint, "trial", call)
  match_levels(fixed_levels(covs[names(like)]), like)
}

# P(member = 1 | covariates), each row predicted without itself.
membership <- function(covs, member, learner, weights, key, run) {
  study <- list(
    covs = fixed_levels(covs), terms = all_columns_terms(covs), treat = member, treatment = ".member",
    outcome_values = member, family = "binomial", n = length(member)
  )
  job <- study_job(study, list(treatment = learner, outcome = learn_nothing()), run$threads, run$call)
  job$weights <- weights
  job$crossfit <- resolve_crossfit(NULL, job$learners, run$call)
  job$folds <- min(5, sum(member), sum(!member))
  hush_separation(crossfit_once(job, key))$ps
}

#' Give a pool copies of its outcome regression
#'
#' Refits the pool's hybrid to bootstrap resamples of the rows that it was trained on, and keeps the mean outcomes
#' that each
#' gives the pool's rows. They tell whoever uses the pool, without the trial itself, how uncertain those means are:
#' [estimate_effect()][estimate_effect.causalsynth_pair] makes its standard errors of them.
#'
#' @param pool A pool of [generate()][generate.causalsynth_hybrid].
#' @param trial The rows that its hybrid was trained on.
#' @param copies Number of copies.
#' @param refit How the hybrid is fitted: the hybrid itself, as [fit_hybrid()] returned it, to fit it in the same way
#'   with copies of a row kept from predicting each other; or `function(trial, seed)` that returns a hybrid. NULL:
#'   [fit_hybrid()] with its defaults, and the pool's treatment rule and targeting.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @param ... Unknown names are an error.
#' @return The pool, with an attribute `causalsynth_copies`: a list of two matrices `q1` and `q0`, a row for each of the
#'   pool's and a column a copy, and the pool's own means `of` which they are copies. After rows were selected or moved
#'   it is not used any more.
#' @examples
#' trial <- generate(dgp_paper(), 300, seed = 1)
#' refit <- function(trial, seed) {
#'   fit_hybrid(Y ~ A | ., trial, gen_data(trial[1:6]), seed = seed, learner_treatment = learn_glm(),
#'              learner_outcome = learn_glm())
#' }
#' pool <- generate(refit(trial, 2), 1000, seed = 3)
#' pool <- add_copies(pool, trial, copies = 10, refit = refit, seed = 4)
#' study <- generate(dgp_paper("none"), 200, seed = 5)
#' estimate_effect(pair_synthetic(Y ~ A | ., study, pool, seed = 6), seed = 7)
#' @export
add_copies <- function(pool, trial, ..., copies = 50, refit = NULL, seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_present(pool, "pool")
  if (!is_pool(pool)) abort("input", "{.arg pool} must be a pool of a hybrid; it is {describe(pool)}.")
  check_data_frame(trial, "trial")
  copies <- check_whole(copies, "copies", 2, 10000)
  parts <- pool_parts(pool)
  refit <- resolve_refit(refit, parts$origin, call)
  key <- derive_key(rng_key(seed), "copies")
  rows <- unclass_frame(plain_rows(pool))
  work <- function(b, threads) {
    hybrid <- refit_resample(refit, trial, key, b)
    if (!inherits(hybrid, "causalsynth_hybrid")) return(hybrid)
    hybrid_means(hybrid, rows, threads)
  }
  made <- map_units(copies, work, resolve_threads(threads), "Copies of the regression")
  failed <- !vapply(made, is.list, NA)
  if (sum(!failed) < 2) {
    abort("fit", c("The hybrid could be fitted in {sum(!failed)} of {copies} resample{?s} only.",
                   x = "The first error: {made[failed][[1]]}"))
  }
  if (any(failed)) cli::cli_inform(c("!" = "{sum(failed)} of {copies} resamples failed: {made[failed][[1]]}"),
                                   class = "causalsynth_message_copies")
  q <- function(name) vapply(made[!failed], `[[`, numeric(nrow(pool)), name)
  attr(pool, "causalsynth_copies") <- list(q1 = q("q1"), q0 = q("q0"), of = parts[c("q1", "q0")])
  pool
}

# The pool's copies, if its rows are those that they were made for.
pool_copies <- function(pool) {
  copies <- attr(pool, "causalsynth_copies", exact = TRUE)
  if (length(copies) && identical(pool_parts(pool)[c("q1", "q0")], copies$of)) copies
}

# A hybrid's mean outcomes of given covariate rows.
hybrid_means <- function(hybrid, rows, threads) {
  rows <- rows[hybrid$roles$covariates]
  base <- hybrid_predictions(hybrid$models, rows, threads)
  base$g <- if (!is.null(hybrid$fluctuation)) bounded_arms(base$ps, hybrid$bounds)
  q <- unname(apply_mean_knobs(hybrid$mean_knobs, targeted_means(hybrid, base, rows)))
  list(q1 = q[, 2], q0 = q[, 1])
}

# The hybrid of a resample of the trial's rows, or the message of the error.
refit_resample <- function(refit, trial, key, b) {
  index <- resampled(nrow(trial), derive_key(key, "trial", b))
  sample <- as_rows(lapply(unclass(as.data.frame(trial)), `[`, index), row_template(trial))
  key <- derive_key(key, "fit", b)
  tryCatch(suppressWarnings(refit(sample, key, index)), error = function(e) rlang::cnd_header(e))
}

resampled <- function(n, key) pmin(n, 1L + as.integer(random_uniforms(unclass(key), n) * n))

# function(rows, key, copies): the hybrid of a resample; `copies`: rows that are copies of one share a number. Functions
# of users do not know of copies: out-of-bag predictions of a row then come from trees that have seen its copy.
resolve_refit <- function(refit, origin, call) {
  if (is.null(refit)) refit <- default_hybrid(origin)
  if (is.function(refit)) return(function(rows, key, copies) refit(rows, as.numeric(unclass(key)[2])))
  if (inherits(refit, "causalsynth_hybrid") && !is.null(refit$recipe)) {
    return(function(rows, key, copies) refit_hybrid(refit, rows, copies, key, 1L))
  }
  abort("input", c("{.arg refit} must be a hybrid, or a function of {.arg trial} and {.arg seed} that returns one.",
                   x = if (inherits(refit, "causalsynth_hybrid"))
                     "This hybrid was read from a file, which does not hold how it was fitted."
                   else "It is {describe(refit)}."), call = call)
}

# What refit_hybrid() needs to fit as fit_hybrid() does by default, with the treatment rule and targeting of a pool.
default_hybrid <- function(origin) {
  learner <- learn_forest()
  assignment <- if (origin$treatment == "fitted") list(kind = "fitted")
                else list(kind = "randomized", spec = assign_randomized())
  structure(list(
    formula = origin$formula, arms = origin$arms %||% c("0", "1"), targeted = origin$targeted, assignment = assignment,
    knobs = knob_defaults, recipe = list(learners = list(treatment = learner, outcome = learner), bounds = "gruber",
                                         generator = gen_forest())
  ), class = "causalsynth_hybrid")
}

# Variance over the copies of what the twins' regression adds to each estimate.
copies_part <- function(fit, x, loadings) {
  copies <- pool_copies(x$source$pool)
  values <- lapply(loadings[unique(kinds_of(fit))], function(l) {
    sums <- function(arm, q) colSums((l$weight * q[l$rows, , drop = FALSE])[l$arm == arm, , drop = FALSE])
    list(treated = sums(1, copies$q1), control = sums(0, copies$q0))
  })
  columns <- lapply(seq_len(nrow(fit$estimates)), function(i) {
    v <- values[[kinds_of(fit)[[fit$estimates$method[i]]]]]
    switch(fit$estimates$term[i], mean_1 = v$treated, mean_0 = v$control, v$treated - v$control)
  })
  stats::cov(do.call(cbind, columns))
}

# Two-sample bootstrap: both samples resampled, the hybrid fitted anew, rows paired and estimated again.
bootstrap_pair <- function(fit, x, ask, run) {
  origin <- x$source$origin
  if (is.null(origin) || !is.data.frame(ask$trial)) {
    abort("input", c("{.code se = \"bootstrap\"} resamples the rows that the pool's hybrid was trained on.",
                     i = "Give them as {.arg trial}, a data frame, with a pool of a hybrid."), call = run$call)
  }
  refit <- resolve_refit(ask$refit, origin, run$call)
  key <- derive_key(run$key, "two-sample bootstrap")
  work <- function(b, threads) {
    found <- tryCatch(one_resample(x, ask, refit, list(key = key, threads = threads, call = run$call), b),
                      error = function(e) rlang::cnd_header(e))
    if (is.character(found)) list(error = found) else list(estimate = found)
  }
  made <- map_units(ask$replicates, work, run$threads, "Two-sample bootstrap")
  good <- vapply(made, function(m) !is.null(m$estimate), NA)
  if (sum(good) < 2) {
    abort("fit", c("{sum(good)} of {ask$replicates} resample{?s} could be estimated.",
                   x = "The first error: {made[[which(!good)[1]]]$error}"), call = run$call)
  }
  values <- do.call(rbind, lapply(made[good], `[[`, "estimate"))
  how <- paste0("two-sample bootstrap (", sum(good), " resamples", if (any(!good)) paste0(", ", sum(!good), " failed"),
                ")")
  fit$resampled <- TRUE
  fit <- with_pair_variance(fit, x, list(data = stats::cov(values)), how)
  fit$parts <- NULL
  colnames(values) <- paste(fit$estimates$method, fit$estimates$term, sep = ":")
  fit$resamples <- values
  fit
}

one_resample <- function(x, ask, refit, run, b) {
  hybrid <- refit_resample(refit, ask$trial, run$key, b)
  if (is.character(hybrid)) rlang::abort(hybrid)
  pool <- generate(hybrid, nrow(x$source$pool), seed = derive_key(run$key, "pool", b), threads = run$threads)
  index <- resampled(x$n_data, derive_key(run$key, "study", b))
  data <- as_rows(lapply(unclass(as.data.frame(x$source$data)), `[`, index), row_template(x$source$data))
  settings <- x$settings
  if (!is.null(settings$propensity)) settings$propensity <- settings$propensity[index]
  source <- pair_source(x$formula, data, pool, settings, run$call)
  inner <- list(key = derive_key(run$key, "pairing", b), threads = run$threads, call = run$call)
  pair_estimates(make_pair(source, settings, inner), ask, inner)$estimates$estimate
}
