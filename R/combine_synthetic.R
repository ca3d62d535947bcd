#' Combine the analyses of several synthetic sets
#'
#' One estimate, standard error and interval from m analyses of m synthetic sets: effects of pools, or fits of `glm()`,
#' `survival::coxph()` and anything else with `coef()` and `vcov()`.
#'
#' @param x A list of m fits of one model, one a set; or a list of pools (such as `simulate(hybrid, 5)` gives), which
#'   are analysed by [estimate_effect()]. One fit, or one pool, may be given as it is.
#' @param ... For pools: arguments of [estimate_effect()].
#' @param rule How the variance is made, see details; `NULL` takes `"seed"` for effects of pools, `"simple"` where
#'   `n` is given, `"full"` otherwise.
#' @param n Number of rows of the seed (of pools known).
#' @param k Rows of each synthetic set (default: what `nobs()` says).
#' @details With q and v the mean of the estimates and of their (naive) variances, b the variance between the sets:
#' * `"seed"`: V_seed + v / m, for effects of pools drawn from one targeted hybrid, which carry V_seed, the
#'   influence-function variance of the seed's targeted estimate; V_seed (1 + 1 / m) + v / m for pools of m proper
#'   hybrids.
#' * `"simple"`: v (k / n + 1 / m), complete synthesis with parameters held at their estimates.
#' * `"proper"`: v (k / n + (1 + k / n) / m), complete synthesis, models refitted on a bootstrap of the seed a set
#'   (`proper = TRUE` of [fit_hybrid()]).
#' * `"full"`: (1 + 1 / m) b - v, complete synthesis by draws of the models' parameters, m > 1; where that is not
#'   positive, v k / n if `n` is given, else v.
#' * `"partial"`: v + b / m, some columns real, sets of the seed's size, m > 1.
#'
#' `"simple"` and `"proper"` suppose that the synthesis model is right and estimated at the usual rate, and that the
#' treatment was drawn from the fitted propensity. They rest on no set being better than its seed: v k / n is the
#' variance that the seed itself would have given. `"full"` and `"partial"` refer to Student's t.
#' @return An object of class `causalsynth_combined`, a list with `estimates` (a data frame of `term`, `estimate`,
#'   `std.error`, `df`), `variance`, `within` (v), `between` (b), `rule`, `m`, `n`, `k`. `coef()`, `vcov()`,
#'   `confint()`, `nobs()`, `tidy()` and `glance()` as for other fits. Errors are of class `causalsynth_error_input`.
#' @references Raab, Nowok and Dibben (2016) \doi{10.29012/jpc.v7i3.407}; Raghunathan, Reiter and Rubin (2003), Journal
#'   of Official Statistics 19, 1-16; Reiter (2002), Journal of Official Statistics 18, 531-543; Reiter (2003), Survey
#'   Methodology 29, 181-188.
#' @examples
#' study <- generate(dgp_paper(), 400, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' sets <- simulate(hybrid, 3, seed = 3)
#' combine_synthetic(sets, learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' fits <- lapply(sets, function(set) glm(Y ~ A + W4, binomial, as.data.frame(set)))
#' combine_synthetic(fits, n = 400)
#' @export
combine_synthetic <- function(x, ..., rule = NULL, n = NULL, k = NULL) {
  call <- rlang::current_env()
  check_present(x, "x")
  if (is_pool(x) || !is_plain_list(x)) x <- list(x)
  if (length(x) == 0) abort("input", "{.arg x} is empty: give the fits of one synthetic set or more.")
  pools <- vapply(x, is_pool, NA)
  if (all(pools)) x <- lapply(x, estimate_effect, ...) else {
    check_dots_empty(...)
    if (any(pools)) abort("input", "{.arg x} mixes pools and fits: give the ones or the others.")
  }
  parts <- lapply(seq_along(x), function(i) combined_part(x[[i]], i, call))
  check_same_terms(parts, call)
  rule <- resolve_rule(rule, parts, n, call)
  sizes <- combined_sizes(parts, rule, n, k, call)
  combine_parts(parts, rule, sizes)
}

is_plain_list <- function(x) is.list(x) && is.null(attr(x, "class"))

# list(coef, vcov (naive), k, pool) of one fit.
combined_part <- function(fit, i, call) {
  if (inherits(fit, "causalsynth_effect")) {
    terms <- term_names(fit, rep(TRUE, nrow(fit$estimates)))
    own <- if (is.null(fit$pool)) fit$variance else fit$pool$own
    return(list(coef = stats::setNames(fit$estimates$estimate, terms), vcov = own, k = fit$n, pool = fit$pool))
  }
  found <- tryCatch(list(coef = stats::coef(fit), vcov = as.matrix(stats::vcov(fit))), error = function(e) NULL)
  ok <- !is.null(found) && is.numeric(found$coef) && is.null(dim(found$coef)) && is.numeric(found$vcov) &&
    length(found$coef) > 0
  if (!ok) {
    abort("input", c(
      "Element {i} of {.arg x} has no {.fn coef} and {.fn vcov} of numbers.",
      x = "It is {describe(fit)}.",
      i = "Give fits such as {.fn glm}'s, effects of {.fn estimate_effect}, or pools."
    ), call = call)
  }
  # A coefficient that could not be estimated, NA, has no place in vcov() of some classes.
  known <- !is.na(found$coef)
  coef <- found$coef[known]
  if (is.null(names(coef))) names(coef) <- paste0("term_", seq_along(coef))
  vcov <- found$vcov
  if (!is.null(rownames(vcov)) && all(names(coef) %in% rownames(vcov))) {
    vcov <- vcov[names(coef), names(coef), drop = FALSE]
  }
  if (nrow(vcov) != length(coef)) {
    abort("input", "Element {i} of {.arg x}: {.fn vcov} has {nrow(vcov)} rows for {length(coef)} coefficient{?s}.",
          call = call)
  }
  list(coef = coef, vcov = unname(vcov), k = fit_rows_number(fit))
}

fit_rows_number <- function(fit) {
  n <- tryCatch(if (inherits(fit, "coxph")) fit$n else stats::nobs(fit), error = function(e) NULL)
  if (is.numeric(n) && length(n) == 1 && is.finite(n)) as.numeric(n)
}

check_same_terms <- function(parts, call) {
  first <- names(parts[[1]]$coef)
  same <- vapply(parts, function(p) identical(names(p$coef), first), NA)
  if (all(same)) return(invisible())
  i <- which(!same)[1]
  abort("input", c(
    "The fits have different coefficients: element {i} of {.arg x} has {.val {utils::head(names(parts[[i]]$coef), 6)}},
     the first {.val {utils::head(first, 6)}}.",
    i = "Fit the same model to each set, with factors of the same levels."
  ), call = call)
}

resolve_rule <- function(rule, parts, n, call) {
  rules <- c("seed", "simple", "proper", "full", "partial")
  pools <- !vapply(parts, function(p) is.null(p$pool), NA)
  if (is.null(rule)) rule <- if (all(pools)) "seed" else if (!is.null(n)) "simple" else "full"
  rule <- check_choice(rule, rules, "rule", call)
  if (rule == "seed" && !all(pools)) {
    abort("input", c(
      "{.code rule = \"seed\"} is for effects of pools, which carry their seed's variance.",
      i = "Give {.arg n} for {.code rule = \"simple\"}."
    ), call = call)
  }
  if (rule %in% c("full", "partial") && length(parts) < 2) {
    abort("input", c("{.code rule = \"{rule}\"} needs more than one set.",
                     i = "Give {.arg n}, the rows of the seed, for {.code rule = \"simple\"}."), call = call)
  }
  if (rule == "seed") check_one_seed(parts, call)
  rule
}

# Pools of one hybrid, or of proper hybrids of one seed: one V_seed.
check_one_seed <- function(parts, call) {
  proper <- vapply(parts, function(p) p$pool$proper, NA)
  same <- vapply(parts, function(p) isTRUE(all.equal(p$pool$seed, parts[[1]]$pool$seed)), NA)
  if (all(same) && length(unique(proper)) == 1) return(invisible())
  abort("input", c(
    "The pools come from different seeds, or some of them from proper hybrids only.",
    i = "Combine pools of one hybrid, or of {.code fit_hybrid(proper = TRUE)} with one seed and the same learners."
  ), call = call)
}

combined_sizes <- function(parts, rule, n, k, call) {
  m <- length(parts)
  if (rule == "seed") return(list(m = m, n = parts[[1]]$pool$n, k = parts[[1]]$k))
  if (!is.null(n)) n <- check_whole(n, "n", call = call)
  if (is.null(k)) {
    found <- unlist(lapply(parts, `[[`, "k"))
    k <- if (length(found)) mean(found)
  } else k <- check_whole(k, "k", call = call)
  if (rule %in% c("simple", "proper") && (is.null(n) || is.null(k))) {
    abort("input", c(
      "{.code rule = \"{rule}\"} needs {.arg {if (is.null(n)) 'n' else 'k'}}.",
      i = "n: rows of the seed; k: rows of each synthetic set."
    ), call = call)
  }
  list(m = m, n = n, k = k)
}

combine_parts <- function(parts, rule, sizes) {
  m <- sizes$m
  q <- vapply(parts, function(p) unname(p$coef), numeric(length(parts[[1]]$coef)))
  q <- matrix(q, ncol = m)
  within <- Reduce(`+`, lapply(parts, `[[`, "vcov")) / m
  between <- if (m > 1) stats::cov(t(q)) else NA * within
  found <- combined_variance(rule, within, between, sizes, parts[[1]]$pool)
  terms <- names(parts[[1]]$coef)
  error <- sqrt(pmax(diag(found$variance), 0))
  structure(list(
    estimates = data.frame(term = terms, estimate = rowMeans(q), std.error = error, df = unname(found$df),
                           row.names = NULL),
    variance = structure(found$variance, dimnames = list(terms, terms)), within = within, between = between,
    rule = rule, note = found$note, m = m, n = sizes$n, k = sizes$k, pool = parts[[1]]$pool
  ), class = "causalsynth_combined")
}

# list(variance, df (one a term), note).
combined_variance <- function(rule, v, b, sizes, pool) {
  m <- sizes$m
  ratio <- if (!is.null(sizes$n) && !is.null(sizes$k)) sizes$k / sizes$n
  normal <- rep(Inf, nrow(v))
  switch(
    rule,
    seed = list(variance = pool$seed * (1 + pool$proper / m) + v / m, df = normal,
                note = if (!pool$targeted) "approximate: the hybrid was not targeted"),
    simple = list(variance = v * (ratio + 1 / m), df = normal, note = "approximate"),
    proper = list(variance = v * (ratio + (1 + ratio) / m), df = normal, note = "approximate"),
    partial = list(variance = v + b / m, df = (m - 1) * (1 + diag(v) / (diag(b) / m))^2),
    full = {
      variance <- (1 + 1 / m) * b - v
      df <- (m - 1) * (1 - diag(v) / ((1 + 1 / m) * diag(b)))^2
      lost <- !(diag(variance) > 0)
      if (any(lost)) {
        # No positive estimate: the variance of Reiter (2002), without covariances to the other terms.
        variance[lost, ] <- variance[, lost] <- NA
        diag(variance)[lost] <- diag(v)[lost] * (ratio %||% 1)
        df[lost] <- Inf
      }
      list(variance = variance, df = df, note = if (any(lost)) {
        paste(count_phrase(sum(lost), "variance"), "not positive, replaced by v",
              if (is.null(ratio)) "(give n for v k / n)" else "k / n")
      })
    }
  )
}

rule_formula <- function(x) {
  switch(x$rule, seed = if (isTRUE(x$pool$proper)) "V_seed (1 + 1/m) + v / m" else "V_seed + v / m",
         simple = "v (k/n + 1/m)", proper = "v (k/n + (1 + k/n) / m)", full = "(1 + 1/m) b - v", partial = "v + b / m")
}

rule_symbols <- function(x) {
  formula <- rule_formula(x)
  paste(c(if (grepl("V_seed", formula)) "V_seed the seed's variance", "v the mean variance of one set",
          if (grepl("\\bb\\b", formula)) "b the variance between sets", "m the sets"), collapse = ", ")
}

#' @export
format.causalsynth_combined <- function(x, ...) {
  number <- function(n) if (is.null(n)) "unknown" else format(n, big.mark = ",")
  c(
    sprintf("<combined> %s: n = %s rows of seed, k = %s a set", count_phrase(x$m, "synthetic set"), number(x$n),
            number(x$k)),
    sprintf("SE^2 = %s (rule \"%s\"); %s%s", rule_formula(x), x$rule, rule_symbols(x),
            if (is.null(x$note)) "" else paste0("; ", x$note))
  )
}

#' @export
print.causalsynth_combined <- function(x, ..., lines = 25) {
  table <- tidy(x)
  shown <- utils::head(table[c("term", "estimate", "std.error", "conf.low", "conf.high")], 16)
  show_lines(format(x), c(table_lines(shown, 4), if (nrow(table) > 16) "(more terms: see tidy())"),
             then = "tidy(x), confint(x), vcov(x).", lines = lines)
  invisible(x)
}

#' @export
summary.causalsynth_combined <- function(object, ...) {
  structure(list(combined = object, glance = glance(object)), class = "summary.causalsynth_combined")
}

#' @export
print.summary.causalsynth_combined <- function(x, ...) {
  print(x$combined, lines = Inf)
  print(x$glance, row.names = FALSE)
  invisible(x)
}

#' @export
tidy.causalsynth_combined <- function(x, conf.level = .95, ...) {
  check_dots_empty(...)
  check_level(conf.level, "conf.level")
  table <- x$estimates
  half <- stats::qt((1 + conf.level) / 2, table$df) * table$std.error
  table$statistic <- wald_statistic(table)
  table$p.value <- 2 * stats::pt(-abs(table$statistic), table$df)
  table$conf.low <- table$estimate - half
  table$conf.high <- table$estimate + half
  table
}

#' @export
glance.causalsynth_combined <- function(x, ...) {
  check_dots_empty(...)
  data.frame(rule = x$rule, m = x$m, n = x$n %||% NA_real_, k = x$k %||% NA_real_)
}

#' @export
coef.causalsynth_combined <- function(object, ...) stats::setNames(object$estimates$estimate, object$estimates$term)

#' @export
vcov.causalsynth_combined <- function(object, ...) object$variance

#' @export
nobs.causalsynth_combined <- function(object, ...) object$k

#' @export
confint.causalsynth_combined <- function(object, parm, level = .95, ...) {
  table <- tidy(object, conf.level = level)
  tails <- c((1 - level) / 2, (1 + level) / 2)
  limits <- matrix(c(table$conf.low, table$conf.high), ncol = 2,
                   dimnames = list(table$term, paste(format(100 * tails, trim = TRUE, digits = 3), "%")))
  if (missing(parm)) limits else limits[parm, , drop = FALSE]
}
