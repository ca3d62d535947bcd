#' Effects from rows and their synthetic twins
#'
#' Estimates the average treatment effect on the study's rows together with their twins, with standard errors that count
#' the study's rows and the trial's rows behind the pool, and never the twins.
#'
#' @param x A pair object of [pair_synthetic()].
#' @param method As in [estimate_effect()], but for matching: names or `est_*()` specs, one or several.
#' @param ... Arguments of [nuisance()] such as `learner_outcome`; then propensity and outcome are fitted to rows and
#'   twins together, a row and its twin never predicting each other. Without any, and with a twin for every row, they
#'   are known: each covariate value occurs once in either arm, so that P(A = 1 | W) = 1/2, and the pool's means are
#'   the outcome regression (`outcome = "pool"` and `"hybrid"`).
#' @param trial The rows that the pool's hybrid was trained on, a data frame with the study's columns, or their
#'   [nuisance()]. NULL takes what [pair_synthetic()] was given.
#' @param se `"linear"`: the two-sample linearisation (see details). `"bootstrap"`: trial and study are resampled, the
#'   hybrid is fitted anew, rows are paired and estimated again.
#' @param bootstrap `list(replicates = 200)`.
#' @param refit How the hybrid is fitted in a resample: the hybrid itself, as [fit_hybrid()] returned it, to fit it in
#'   the same way with copies of a row kept from predicting each other; or `function(trial, seed)` that returns a
#'   hybrid. NULL: [fit_hybrid()] with its defaults, and the pool's treatment rule and targeting.
#' @param learner_membership Learner of the odds that tell twins from the trial's rows, for the linearisation where the
#'   trial's outcome regression is no forest.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @return An effect as of [estimate_effect()], of class `causalsynth_pair_effect` besides, with the methods of
#'   [effects][effect_methods]. `nobs()` counts the study's rows. Its parts of the variance of each estimate are in
#'   `$parts`: `data`, `trial`.
#'
#'   The standard error is `NA`, and print() says why, where nothing is known of the regression behind the twins: no
#'   trial, and a pool without copies (see [add_copies()]); a pool that is no hybrid; twins of the study's own
#'   regression; outcome regression by learners fitted to rows and twins.
#' @details **Linearisation.** An estimate is a mean of contributions c_i of the study's rows, each with its twins,
#' given
#' the pool's regression Q; and Q has errors of its own, which reach the estimate with the weights that it gives the
#' twins. So
#' V = var(c_i) / n + var(D_j) / m over the n rows of the study and the m rows of the trial, where
#' D_j = r_a(W_j) \[A_j / g(W_j) - (1 - A_j) / (1 - g(W_j))\] (Y_j - Q(A_j, W_j)), a = A_j, with the trial's own
#' honest nuisances and r_a the weight that twins given arm a put at W_j, over the trial's density there: estimated as
#' odds of a classifier of twins against the trial's rows. Where the trial's outcome regression is a forest, which
#' smooths the weights before they reach the trial's rows, the factor before the residual is taken from the forest
#' itself: m times the derivative of the estimate in Y_j, that is the sum over twins of their weight times the weight
#' that the forest gives row j in their prediction, and for a targeted hybrid what the shift of Q adds. Random outcomes
#' of twins enter the first part, and shrink with `draws`. Where the pool carries copies, the second part is the
#' variance of the estimate over them.
#'
#' The estimand is the effect in the population of all rows together: that of the study for `amount = "all"`, one with
#' more weight on rows beyond the threshold for `amount = "threshold"`. `print()` of the pair says how far the means
#' of the
#' covariates moved.
#' @references van der Laan and Rose (2011), Targeted Learning; Raab, Nowok and Dibben (2016), Journal of Privacy and
#'   Confidentiality 7(3) (synthetic rows are no new patients); Efron (1979), Annals of Statistics 7, 1-26.
#' @examples
#' trial <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., trial, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' study <- generate(dgp_paper("none"), 200, seed = 3)
#' pair <- pair_synthetic(Y ~ A | ., study, generate(hybrid, 5000, seed = 4), seed = 5)
#' behind <- nuisance(Y ~ A | ., trial, learn_glm(), learn_glm())
#' estimate_effect(pair, c("aipw", "iptw"), trial = behind, seed = 6)
#' @export
estimate_effect.causalsynth_pair <- function(x, method = "aipw", ..., learner_membership = learn_stack(), trial = NULL,
                                             se = c("linear", "bootstrap"), bootstrap = list(), refit = NULL,
                                             seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  dots <- list(...)
  known <- setdiff(names(formals(nuisance)), c("formula", "data", "seed", "threads", "weights", "cluster"))
  strange <- !(rlang::names2(dots) %in% known)
  if (any(strange)) {
    check_dots_empty(!!!dots[strange], .call = call,
                     .known = c(known, names(formals(estimate_effect.causalsynth_pair))))
  }
  se <- check_choice(se, c("linear", "bootstrap"), "se")
  ask <- list(
    method = pair_methods(method, call), dots = dots, se = se, trial = trial %||% x$trial, refit = refit,
    replicates = pair_replicates(bootstrap, se, call),
    learner_membership = check_learner(learner_membership, "learner_membership")
  )
  if (!is.null(ask$trial)) check_trial(ask$trial, call)
  run <- list(key = rng_key(seed), threads = resolve_threads(threads), call = call)
  fit <- pair_estimates(x, ask, run)
  if (se == "bootstrap") bootstrap_pair(fit, x, ask, run) else linear_variance(fit, x, ask, run)
}

pair_methods <- function(method, call) {
  methods <- resolve_methods(method, call)
  for (est in methods) if (inherits(est, "est_matching")) {
    abort("input", c("{.val matching} is not for rows with twins, which are matched already.",
                     i = "Use {.val iptw}, {.val aipw}, {.val or} or {.val tmle}."), call = call)
  }
  methods
}

pair_replicates <- function(bootstrap, se, call) {
  if (!is.list(bootstrap) || !all(rlang::names2(bootstrap) %in% "replicates")) {
    abort("input", "{.arg bootstrap} must be {.code list(replicates = )}.", call = call)
  }
  if (length(bootstrap) && se != "bootstrap") {
    abort("input", "{.arg bootstrap} is for {.code se = \"bootstrap\"} only.", call = call)
  }
  check_whole(bootstrap$replicates %||% 200, "bootstrap$replicates", 2, 1e6, call = call)
}

# Rows and twins as one study, whose twins with known means need no fit.
pair_estimates <- function(x, ask, run) {
  designed <- length(ask$dots) == 0 && pair_is_complete(x) && x$twins$known
  fitted <- if (designed) designed_nuisance(x) else fitted_nuisance(x, ask, run)
  # A twin's mean is what its row is not: family "binomial" only where all outcomes are.
  fit <- suppressWarnings(estimate_effect(fitted, method = ask$method), classes = "causalsynth_warning_overlap")
  fit$roles <- x$roles
  fit$treat_levels <- x$treat_levels
  fit$designed <- designed
  fit$bounded <- fitted[c("g1", "g0")]
  if (designed) {
    fit$learners <- c(treatment = "by design, P = 1/2", outcome = "the pool's own means")
    fit$crossfit <- c(treatment = "given", outcome = "given")
  }
  fit
}

designed_nuisance <- function(x) {
  order <- match(x$pair, x$pairs$row)
  as_nuisance(x$treat, x$outcome, rep(.5, length(x$treat)), x$twins$q1[order], x$twins$q0[order], covs = x$covs)
}

# Nuisances of rows and twins; a row and its twins are one cluster.
fitted_nuisance <- function(x, ask, run) {
  rows <- x$covs
  rows[[x$roles$treatment]] <- x$treat
  rows[[x$roles$outcome]] <- x$outcome
  suppressWarnings(
    rlang::inject(nuisance(x$formula, rows, !!!ask$dots, cluster = if (x$n_twins) x$pair,
                           seed = derive_key(run$key, "nuisances"), threads = run$threads)),
    classes = "causalsynth_warning_overlap"
  )
}

# The study's part: each row's contribution with that of its twins.
study_part <- function(fit, x) {
  influence <- or_influence(fit)
  sums <- rowsum(influence, x$pair, reorder = TRUE) * (x$n_data / length(x$pair))
  stats::cov(sums) / x$n_data
}

# Outcome regression's influence given the regression, which others have already: Q_a less its mean.
or_influence <- function(fit) {
  influence <- fit$influence
  for (name in names(fit$methods)) {
    if (!inherits(fit$methods[[name]], "est_or")) next
    rows <- which(fit$estimates$method == name)
    centred <- cbind(fit$q1 - fit$q0, fit$q1, fit$q0)
    influence[, rows] <- sweep(centred, 2, colMeans(centred))
  }
  influence
}

# Estimates by outcome regression whose regression was fitted to rows and twins: its error is not in their influence
# (measured: intervals without it cover 66 %).
unknown_regressions <- function(fit) {
  or <- names(fit$methods)[vapply(fit$methods, inherits, NA, "est_or")]
  if (fit$designed) logical(nrow(fit$estimates)) else fit$estimates$method %in% or
}

# Puts a covariance, its parts and its story in place of those that took twins for patients.
with_pair_variance <- function(fit, x, parts, how, reason = NULL) {
  total <- if (is.null(reason)) Reduce(`+`, parts) else parts$data + NA
  unknown <- unknown_regressions(fit)
  if (how != "none" && is.null(fit$resampled)) total[unknown, ] <- total[, unknown] <- NA
  labels <- rownames(fit$variance)
  dimnames(total) <- list(labels, labels)
  fit$variance <- total
  fit$estimates$std.error <- sqrt(diag(total))
  fit$inference <- stats::setNames(rep(how, length(fit$methods)), names(fit$methods))
  fit$na_reason <- lapply(stats::setNames(nm = names(fit$methods)), function(m) {
    if (is.null(reason) && is.null(fit$resampled) && m %in% fit$estimates$method[unknown]) {
      return(paste0(m, ": no standard error: the error of an outcome regression fitted to rows and twins is unknown"))
    }
    reason
  })
  fit$parts <- data.frame(fit$estimates[c("method", "term")], data = sqrt(diag(parts$data)),
                          trial = if (is.null(parts$trial)) NA_real_ else sqrt(diag(parts$trial)))
  fit$trial_variance <- parts$trial
  fit$n <- x$n_data
  fit$n_twins <- x$n_twins
  fit$pair_source <- pair_lines(x)
  structure(fit, class = c("causalsynth_pair_effect", "causalsynth_effect"))
}
