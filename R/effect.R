#' Estimate an average treatment effect
#'
#' Effects of a binary treatment by weighting, outcome regression, AIPW, TMLE or matching, from a formula and data or
#' from fitted nuisances.
#'
#' @param x A formula `Y ~ A | W1 + W2`; a `causalsynth_nuisance` of [nuisance()] or [as_nuisance()]; or a pool
#'   drawn by [generate()][generate.causalsynth_hybrid], whose roles are those of its hybrid.
#' @param data A data frame, one row a unit.
#' @details `bounds = "adaptive"` chooses the bound b = min(.25, c / (sqrt(n) log n)) on each arm's probability among
#'   c = .25, .5, 1, 2, 3, 4, 5, 6, 8, by Lepski's rule: the largest c whose estimate differs from that of every
#'   smaller c' by at most 1.5 sqrt(|SE'^2 - SE^2|). Each method of each estimand has its own choice; with `repeats`
#'   it is made once, on the medians. The choice and the number of rows it bounds are printed, and kept with the
#'   candidates in `$bounds`. In the spirit of Xu, Gruber and van der Laan (2026).
#'
#' @param method Names (`"iptw"`, `"aipw"`, `"or"`, `"tmle"`, `"matching"`), an `est_*()` spec, or several as vector
#'   or list; the names of a list label the methods.
#' @param estimand `"ATE"`, `"ATT"`, `"ATC"`, or `"ATO"` (overlap weights). TMLE: ATE; AIPW, OR and
#'   matching: the first three.
#' @param contrasts TRUE adds the log risk ratio and log odds ratio of a binary outcome (delta method).
#' @param cluster Cluster of each row, or `NULL`: influence functions are summed within clusters.
#' @param weights Case weights, one a row, or `NULL`.
#' @param se `"if"`: influence functions for AIPW and TMLE, stacked estimating equations for IPTW and OR with glm
#'   nuisances; Abadie and Imbens's variance for [est_matching()]. `"sandwich"`: stacked estimating equations
#'   throughout. `"bootstrap"` is refused: it is not there yet.
#' @param seed One whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @param ... Arguments of [nuisance()] such as `learner_treatment`, `crossfit` or `bounds`.
#' @return An object of class `causalsynth_effect`; [tidy()][effect_methods] gives its estimates with standard
#'   errors and confidence intervals. With `repeats`, each estimate is the median over repetitions and SE^2 =
#'   median(se^2 + (theta_r - median)^2); otherwise the contrast is exactly `mean_1 - mean_0`. Errors are of class
#'   `causalsynth_error_input`, `_data` or `_overlap`.
#' @references Chernozhukov et al. (2018), The Econometrics Journal 21, C1-C68; Stefanski and Boos (2002), The
#'   American Statistician 56, 29-38; Xu, Gruber and van der Laan (2026), arXiv 2604.20059.
#' @examples
#' d <- data.frame(w = rnorm(300))
#' d$a <- rbinom(300, 1, plogis(d$w))
#' d$y <- d$w + d$a + rnorm(300)
#' fit <- estimate_effect(y ~ a | w, d, method = c("iptw", "aipw"), learner_treatment = learn_glm(),
#'                        learner_outcome = learn_glm())
#' tidy(fit)
#' @export
estimate_effect <- function(x, ...) UseMethod("estimate_effect")

#' @export
estimate_effect.default <- function(x, ...) {
  abort("input", c(
    "{.arg x} must be a formula {.code Y ~ A | W1 + W2} or a nuisance object.",
    x = "It is {describe(x)}."
  ))
}

#' @rdname estimate_effect
#' @export
estimate_effect.formula <- function(x, data, method = "aipw", ..., estimand = c("ATE", "ATT", "ATC", "ATO"),
                                    contrasts = FALSE, cluster = NULL, weights = NULL,
                                    se = c("if", "sandwich", "bootstrap"), synthetic = NULL, seed = NULL,
                                    threads = NULL) {
  call <- rlang::current_env()
  arguments <- setdiff(names(formals(nuisance)), c("formula", "data", "seed", "threads", "weights"))
  dots <- list(...)
  unknown <- !(rlang::names2(dots) %in% arguments)
  if (any(unknown)) {
    check_dots_empty(!!!dots[unknown], .call = call, .known = c(arguments, names(formals(estimate_effect.formula))))
  }
  check_present(data, "data", call)
  ask <- effect_request(method, estimand, contrasts, se, call)
  synthetic <- check_synthetic(synthetic, nrow(data), call)
  key <- rng_key(seed, call)
  fitted <- nuisance(x, data, ..., seed = key, threads = threads, weights = weights)
  fitted$run <- list(key = key, threads = threads)
  if (!is.null(cluster)) {
    cluster <- check_cluster(cluster, nrow(data), call)
    if (length(fitted$omitted)) cluster <- cluster[-fitted$omitted]
  }
  scale_synthetic(effect_of(fitted, ask, cluster, call), synthetic)
}

#' @rdname estimate_effect
#' @export
estimate_effect.causalsynth_nuisance <- function(x, method = "aipw", ..., estimand = c("ATE", "ATT", "ATC", "ATO"),
                                                 contrasts = FALSE, cluster = NULL, weights = NULL,
                                                 se = c("if", "sandwich", "bootstrap"), synthetic = NULL) {
  call <- rlang::current_env()
  check_dots_empty(..., .call = call, .known = names(formals(estimate_effect.causalsynth_nuisance)))
  ask <- effect_request(method, estimand, contrasts, se, call)
  if (!is.null(weights)) {
    # Stacked equations hold only for models fitted with the same case weights.
    if (!isTRUE(all.equal(weights, x$weights))) x["fits"] <- list(NULL)
    x$repeats <- lapply(x$repeats, function(r) r[c("ps", "q1", "q0")])
    x$weights <- check_case_weights(weights, x$n, call)
    check_weighted_arms(x$weights, x$treat, call)
  }
  if (!is.null(cluster)) cluster <- check_cluster(cluster, x$n, call)
  scale_synthetic(effect_of(x, ask, cluster, call), check_synthetic(synthetic, x$n, call))
}

effect_request <- function(method, estimand, contrasts, se, call) {
  se <- check_choice(se, c("if", "sandwich", "bootstrap"), "se", call)
  if (se == "bootstrap") {
    for (est in resolve_methods(method, call)) check_support(est, "bootstrap", call)
    abort("input", "{.code se = \"bootstrap\"} comes with a later version; use {.val if} or {.val sandwich}.",
          call = call)
  }
  list(
    methods = resolve_methods(method, call), se = se, contrasts = check_flag(contrasts, "contrasts", call),
    estimand = check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand", call)
  )
}

# One method's pairs, or a list of those of the methods that have some; NULL where none has.
subclass_of <- function(all) {
  if (length(all) == 1) return(all[[1]])
  all <- all[!vapply(all, is.null, NA)]
  if (length(all)) all
}

# A named list of specs.
resolve_methods <- function(method, call) {
  if (inherits(method, "causalsynth_estimator") || is.function(method)) method <- list(method)
  makers <- list(iptw = est_iptw, aipw = est_aipw, or = est_or, tmle = est_tmle, matching = est_matching)
  if (is.list(method)) method <- rejoin_specs(method, makers)
  specs <- lapply(method, resolve_method, makers = makers, call = call)
  if (length(specs) == 0) abort("input", "{.arg method} is empty.", call = call)
  labels <- rlang::names2(method)
  blank <- labels == ""
  labels[blank] <- vapply(specs[blank], function(s) s$label, "")
  stats::setNames(specs, make.unique(labels, sep = "_"))
}

resolve_method <- function(m, makers, call) {
  if (is.function(m)) m <- tryCatch(m(), error = function(e) m)
  if (inherits(m, "causalsynth_estimator")) return(m)
  one_word <- is.character(m) && length(m) == 1
  if (one_word && m %in% names(makers)) return(makers[[m]]())
  near <- if (one_word && !is.na(m)) near_names(m, names(makers))
  abort("input", c(
    "{.arg method} must be {.or {.val {names(makers)}}}, an {.code est_*()} spec, or several of them.",
    x = "It has {describe(m)}.",
    i = if (length(near)) "Did you mean {.val {near[1]}}?"
  ), call = call)
}

# c("aipw", est_tmle()) takes the spec apart into its fields, as c() heeds the class of its first argument only: puts
# runs of a spec's fields together again.
rejoin_specs <- function(method, makers) {
  names <- rlang::names2(method)
  joined <- list()
  i <- 1
  while (i <= length(method)) {
    part <- method[i]
    prefix <- sub("label$", "", names[i])
    fields <- NULL
    if (grepl("(^|[.])label$", names[i]) && is.character(part[[1]]) && part[[1]] %in% names(makers)) {
      fields <- as.character(names(formals(makers[[part[[1]]]])))
      if (!identical(names[i + seq_along(fields)], paste0(rep(prefix, length(fields)), fields))) fields <- NULL
    }
    if (!is.null(fields)) {
      values <- stats::setNames(method[i + seq_along(fields)], fields)
      part <- stats::setNames(list(do.call(makers[[part[[1]]]], values)), sub("[.]$", "", prefix))
    }
    joined <- c(joined, part)
    i <- i + 1 + length(fields)
  }
  joined
}

check_cluster <- function(cluster, n, call) {
  if (length(cluster) != n || anyNA(cluster)) {
    abort("input", "{.arg cluster} must have {n} value{?s}, one a row and none missing.", call = call)
  }
  groups <- match(cluster, unique(cluster))
  if (max(groups) < 2) abort("data", "{.arg cluster} has one cluster only.", call = call)
  groups
}

# One repetition's nuisances in the form that estimators read.
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

effect_of <- function(x, ask, cluster, call) {
  if (ask$contrasts && x$family != "binomial") {
    abort("input", "{.code contrasts = TRUE} needs a binary outcome; {.val {x$roles$outcome}} is not.", call = call)
  }
  if (!is.null(cluster)) for (est in ask$methods) check_support(est, "cluster", call)
  bounds <- settle_bounds(x, ask, cluster, call)
  runs <- lapply(if (length(x$repeats)) x$repeats else list(NULL), function(r) {
    fits <- lapply(stats::setNames(nm = names(ask$methods)), function(m) {
      run_estimator(ask$methods[[m]], pieces = repeat_pieces(x, r, method_bound(bounds, m, x)),
                    estimand = ask$estimand, se = ask$se, call = call)
    })
    c(list(fits = fits), effect_terms(fits, ask, cluster))
  })
  combined <- combine_repeats(runs)
  first <- runs[[1]]
  collect <- function(name) lapply(first$fits, `[[`, name)
  weights <- collect("weights")
  structure(list(
    estimates = cbind(first$labels, estimate = combined$estimate, std.error = sqrt(diag(combined$variance))),
    variance = combined$variance, estimand = ask$estimand, methods = ask$methods, se = ask$se,
    inference = vapply(first$fits, function(f) f$inference, ""), na_reason = collect("na_reason"),
    notes = collect("notes"), epsilon = collect("epsilon"), influence = first$influence,
    treat = x$treat, covs = x$covs, distance = x$ps, s.weights = x$weights,
    subclass = subclass_of(collect("subclass")),
    weights = if (length(weights) == 1) weights[[1]] else as.data.frame(weights, check.names = FALSE),
    outcome = x$outcome, q1 = x$q1, q0 = x$q0, n = x$n, n_clusters = if (!is.null(cluster)) max(cluster),
    n_repeats = length(runs), family = x$family, roles = x$roles, treat_levels = x$treat_levels, bounds = bounds,
    learners = x$learners, crossfit = x$crossfit, n_omitted = length(x$omitted), n_missing = fit_missing(x),
    aliased = fit_aliased(x), omitted = x$omitted, one_arm_levels = x$one_arm_levels,
    separated = separation_lines(x$notes$separated)
  ), class = "causalsynth_effect")
}
