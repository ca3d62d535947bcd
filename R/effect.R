#' Estimate an average treatment effect
#'
#' Effects of a treatment of two arms (or [more][multi_arm]) by weighting, outcome regression, AIPW, TMLE or
#' matching, from a formula and data or from fitted nuisances.
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
#' @param estimand `"ATE"`, `"ATT"`, `"ATC"`, or `"ATO"` (overlap weights): IPTW and AIPW estimate all four, OR,
#'   TMLE and matching the first three. With more than two arms: `"ATE"`.
#' @param contrasts TRUE adds the log risk ratio and log odds ratio of a binary outcome (delta method), beside the
#'   difference of the two means; `tidy(exponentiate = TRUE)` gives the ratios.
#' @param cluster Cluster of each row, or `NULL`: influence functions are summed within clusters, and nuisances are
#'   predicted without a row's own cluster (see [nuisance()]). A cluster may have rows of several arms; how many do is
#'   printed.
#' @param weights Case weights, one a row, or `NULL`. A row of weight 0 counts for nothing; how many is printed.
#' @param se `"if"`: influence functions for AIPW and TMLE, stacked estimating equations for IPTW and OR with glm
#'   nuisances; Abadie and Imbens's variance for [est_matching()]. `"sandwich"`: stacked estimating equations,
#'   for IPTW, AIPW and OR. `"bootstrap"`: see details.
#' @param bootstrap Settings of the bootstrap, `list(replicates = 1000, type = c("bca", "percentile"), groups = 100)`,
#'   or any of them; `type` names the intervals that are made, the first of which is shown.
#' @param reference The arm that others are compared with: a level of the treatment, a factor or text. `NULL` takes
#'   the first level.
#' @param seed One whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @param ... Arguments of [nuisance()] such as `learner_treatment`, `crossfit` or `bounds`.
#' @details **More than two arms.** A factor (or text) of three or more levels is a treatment of several arms: see
#' [multi_arm].
#'
#' **Bootstrap.** Rows are drawn with replacement (clusters whole), and the whole pipeline, nuisances and bounds
#' included, is run anew on each resample. Copies of a row never predict each other: folds keep them together, forests
#' draw them into their bags together, and a learner that cannot is cross-fitted in the resamples. The covariance is
#' that of the replicates. BCa intervals take their bias correction from the replicates and their acceleration from a
#' jackknife that leaves out one of at most `groups` random groups of rows (of clusters) at a time; a group of one row
#' each where there are no more rows than groups. The skewness of a sum of independent parts does not depend on how
#' they are grouped, so that grouping costs precision (about .4 / `groups`, a standard deviation, in the acceleration),
#' not bias; learners that draw at random add their own. Resamples that fail (such as one without a treated row) are
#' counted and printed. Resample b has its own random key: results do not depend on the number of workers, which
#' are those of a `future::plan()` where one is set, else `threads` forked processes (not on Windows).
#' **Bounds.** Rows count as bounded where the bounded probability enters the estimate: either arm's for the ATE, that
#' of control for the ATT, of treatment for the ATC, none for the ATO, outcome regression and matching. Over 5 % of
#' rows are a warning of class `causalsynth_warning_bounded`, and `print()` warns: simulated intervals cover far less
#' than they say where overlap is weak. Requests that a method cannot serve are errors before nuisances are fitted.
#' @return An object of class `causalsynth_effect`; [tidy()][effect_methods] gives its estimates with standard
#'   errors and confidence intervals, `$influence` the influence functions (a column a method and term). With `repeats`,
#'   each estimate is the median over repetitions and SE^2 = median(se^2 + (theta_r - median)^2); otherwise the
#'   contrast is exactly `mean_1 - mean_0`. Errors are of class `causalsynth_error_input`, `_data` or `_overlap`.
#' @references Chernozhukov et al. (2018), The Econometrics Journal 21, C1-C68; Stefanski and Boos (2002), The
#'   American Statistician 56, 29-38; Efron (1987), JASA 82, 171-185 (BCa); Davison and Hinkley (1997), Bootstrap
#'   Methods and their Application, section 5.3; Xu, Gruber and van der Laan (2026), arXiv 2604.20059.
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
  check_present(x, "x")
  abort("input", c(
    "{.arg x} must be a formula {.code Y ~ A | W1 + W2} or a nuisance object.",
    x = "It is {describe(x)}.",
    i = instead_of_formula(x, "estimate_effect")
  ))
}

#' @rdname estimate_effect
#' @export
estimate_effect.formula <- function(x, data, method = "aipw", ..., estimand = c("ATE", "ATT", "ATC", "ATO"),
                                    contrasts = FALSE, cluster = NULL, weights = NULL,
                                    se = c("if", "sandwich", "bootstrap"), synthetic = NULL, reference = NULL,
                                    bootstrap = list(), seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  own <- c("formula", "data", "seed", "threads", "weights", "cluster")
  arguments <- setdiff(names(formals(nuisance)), own)
  dots <- list(...)
  unknown <- !(rlang::names2(dots) %in% arguments)
  if (any(unknown)) {
    check_dots_empty(!!!dots[unknown], .call = call, .known = c(arguments, names(formals(estimate_effect.formula))))
  }
  check_present(data, "data", call)
  ask <- effect_request(method, estimand, contrasts, se, call, bootstrap)
  check_data_frame(data, "data", call = call)
  synthetic <- check_synthetic(synthetic, nrow(data), ask$se, call)
  if (!is.null(reference)) data <- with_reference(x, data, reference, call)
  if (!is.null(cluster)) cluster <- check_cluster(cluster, nrow(data), call)
  check_before_fitting(x, data, ask, dots, list(cluster = cluster, weights = weights, call = call))
  # NULL draws one key from R's generator; with a seed the nuisances are those of nuisance(seed = ).
  key <- rng_key(seed, call)
  fitted <- hush_bounded(called_by(call, nuisance(x, data, ..., seed = key, threads = threads, weights = weights,
                                                  cluster = cluster)))
  fitted$run <- list(key = key, threads = threads)
  if (length(fitted$omitted)) cluster <- cluster[-fitted$omitted]
  run <- list(cluster = cluster, key = key, threads = threads, call = call)
  fit <- effect_of(fitted, ask, run)
  warn_of_bounds(fit, call)
  scale_synthetic(fit, synthetic)
}

#' @rdname estimate_effect
#' @export
estimate_effect.causalsynth_nuisance <- function(x, method = "aipw", ..., estimand = c("ATE", "ATT", "ATC", "ATO"),
                                                 contrasts = FALSE, cluster = NULL, weights = NULL,
                                                 se = c("if", "sandwich", "bootstrap"), synthetic = NULL,
                                                 bootstrap = list(), seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  ask <- effect_request(method, estimand, contrasts, se, call, bootstrap)
  synthetic <- check_synthetic(synthetic, x$n, ask$se, call)
  if (!is.null(weights)) x <- with_weights(x, weights, call)
  if (!is.null(cluster)) cluster <- check_cluster(cluster, x$n, call)
  if (!is.null(seed) || !is.null(threads)) {
    x$run <- list(key = if (!is.null(seed)) rng_key(seed, call), threads = threads)
  }
  run <- list(cluster = cluster %||% x$cluster, key = if (ask$se == "bootstrap") rng_key(seed, call),
              threads = threads, call = call)
  scale_synthetic(effect_of(x, ask, run), synthetic)
}

# Other case weights than the nuisances were fitted with: stacked equations do not hold for them.
with_weights <- function(x, weights, call) {
  if (!isTRUE(all.equal(weights, x$weights))) x["fits"] <- list(NULL)
  x$repeats <- lapply(x$repeats, function(r) r[c("ps", "q1", "q0")])
  x$weights <- check_case_weights(weights, x$n, call)
  check_weighted_arms(x$weights, x$treat, call)
  x
}

# The treatment's column with `reference` as its first level.
with_reference <- function(formula, data, reference, call) {
  name <- parse_roles(formula, data, call)$treatment
  x <- data[[name]]
  if (!is.factor(x) && !is.character(x)) {
    abort("input", c(
      "{.arg reference} needs a treatment that is a factor or text; {.val {name}} is {class(x)[1]}.",
      i = "Make it one: {.code factor({name})}."
    ), call = call)
  }
  levels <- levels(droplevels(as.factor(x)))
  if (!(length(reference) == 1 && as.character(reference) %in% levels)) {
    abort("input", c(
      "{.arg reference} must be one of {.or {.val {utils::head(levels, 12)}}}, a level of {.val {name}}.",
      x = "It is {describe(reference)}."
    ), call = call)
  }
  data[[name]] <- factor(as.character(x), union(as.character(reference), levels))
  data
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
  makers <- estimator_makers()
  if (is.list(method)) method <- rejoin_specs(method, makers)
  specs <- lapply(method, resolve_method, makers = makers, call = call)
  if (length(specs) == 0) abort("input", "{.arg method} is empty.", call = call)
  labels <- rlang::names2(method)
  blank <- labels == ""
  labels[blank] <- vapply(specs[blank], function(s) s$label, "")
  stats::setNames(specs, make.unique(labels, sep = "_"))
}

estimator_makers <- function() {
  list(iptw = est_iptw, aipw = est_aipw, or = est_or, tmle = est_tmle, matching = est_matching)
}

resolve_method <- function(m, makers, call, arg = "method") {
  if (is.function(m)) m <- tryCatch(m(), error = function(e) m)
  if (inherits(m, "causalsynth_estimator")) return(m)
  one_word <- is.character(m) && length(m) == 1
  if (one_word && m %in% names(makers)) return(makers[[m]]())
  near <- if (one_word && !is.na(m)) near_names(m, names(makers))
  abort("input", c(
    "{.arg {arg}} must be {.or {.val {names(makers)}}}, an {.code est_*()} spec, or several of them.",
    x = "It has {describe(m)}.",
    i = if (length(near)) "Did you mean {.val {near[1]}}?",
    i = if (is.list(m) || length(m) > 1) "Rows go to an argument of their own, such as {.code data = }.",
    i = if (is.call(m) || is.name(m)) "Pools, pairs and nuisances have a formula of their own: leave it out."
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
  if (!is.atomic(cluster) || length(cluster) != n || anyNA(cluster)) {
    abort("input", c(
      "{.arg cluster} must have {n} value{?s}, one a row and none missing.",
      x = if (!is.atomic(cluster) || length(cluster) == 1) "It is {describe(cluster)}."
          else "It has {length(cluster)}, {sum(is.na(cluster))} of them missing.",
      i = values_of_column(cluster)
    ), call = call)
  }
  groups <- match(cluster, unique(cluster))
  if (max(groups) < 2) abort("data", "{.arg cluster} has one cluster only.", call = call)
  groups
}
