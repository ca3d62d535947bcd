# Methods of effects.

#' Effects as tables and figures
#'
#' @param x,object An effect of [estimate_effect()].
#' @param conf.int TRUE adds confidence limits.
#' @param conf.level,level Confidence level.
#' @param exponentiate TRUE gives the ratios of `contrasts = TRUE` themselves: terms `rr` and `or` in place of
#'   `log_rr` and `log_or`, with the limits of the logarithm exponentiated. As in other packages `std.error`,
#'   `statistic` and `p.value` stay those of the logarithm; other terms are as they were.
#' @param conf.type `"bca"`, `"percentile"` (where the bootstrap made them) or `"normal"`: estimate and standard error;
#'   `NULL` takes the first that was made, else normal.
#' @param parm Names or numbers of the coefficients, or all of them.
#' @param complete TRUE takes all terms, not the contrasts only.
#' @param ... Not used; an unknown argument is an error.
#' @return `tidy()`: a data frame with columns `method`, `term`, `estimate`, `std.error`, `statistic`, `p.value`,
#'   `conf.low`, `conf.high`, one row a method and term: the contrasts (the risk difference of a binary outcome), the
#'   arms' means `mean_1` and `mean_0`, and with `contrasts = TRUE` `log_rr` and `log_or`. With more than two arms terms
#'   end in `_<level>`. The statistic and its p value are of a normal test of zero. `glance()`: one row a method;
#'   `n_bounded` counts the rows whose bounded probability enters the estimate
#'   (none for the ATO, outcome regression and matching).
#'   `confint()`: a matrix. `coef()`, `vcov()`: the contrasts, named `ATE` (with several methods `aipw:ATE` and so on),
#'   and their joint covariance over methods and arms. `weights()`: the methods' weights. `nobs()`: rows analysed.
#'   `as.list()`: one effect a method, as `modelsummary::modelsummary()` takes for its columns.
#' @seealso [augment()][augment_methods] adds weights to the data, [autoplot()][autoplot.causalsynth_effect] is a forest
#'   plot, [as_weightit()] leads to WeightIt and cobalt, [diagnose_overlap()] to balance.
#' @examples
#' a <- rep(0:1, 50)
#' y <- rep(c(0, 1, 1), length.out = 100)
#' fit <- estimate_effect(as_nuisance(a, y, rep(.5, 100), rep(.7, 100), rep(.6, 100)),
#'   contrasts = TRUE)
#' tidy(fit)
#' tidy(fit, exponentiate = TRUE)
#' glance(fit)
#' @name effect_methods
NULL

#' @rdname effect_methods
#' @export
tidy.causalsynth_effect <- function(x, conf.int = TRUE, conf.level = .95, exponentiate = FALSE, conf.type = NULL,
                                    ...) {
  call <- rlang::current_env()
  check_table_dots(list(...), c("conf.int", "conf.level", "exponentiate", "conf.type"), call)
  check_level(conf.level, "conf.level")
  check_flag(exponentiate, "exponentiate")
  table <- x$estimates
  table$statistic <- wald_statistic(table)
  table$p.value <- 2 * stats::pnorm(-abs(table$statistic))
  if (check_flag(conf.int, "conf.int")) {
    limits <- effect_limits(x, conf.level, interval_type(x, conf.type, call))
    table$conf.low <- limits[, 1]
    table$conf.high <- limits[, 2]
  }
  if (exponentiate) table <- exponentiated(table, x)
  rownames(table) <- NULL
  table
}

# Of a test of zero; none of what does not vary.
wald_statistic <- function(table) ifelse(table$std.error > 0, table$estimate / table$std.error, NA_real_)

# modelsummary hands on what it was asked for itself; anything else is an unknown argument.
check_table_dots <- function(dots, known, call) {
  empty <- vapply(dots, function(x) is.null(x) || isFALSE(x), NA)
  foreign <- names(dots) %in% c("vcov", "coef_rename") & empty | names(dots) %in% "gof_map"
  dots <- dots[!foreign]
  check_dots_empty(!!!dots, .call = call, .known = known)
}

exponentiated <- function(table, x) {
  logs <- grepl("^log_(rr|or)($|_)", table$term) & !(table$term %in% x$contrast_terms)
  if (!any(logs)) {
    abort("input", c("{.code exponentiate = TRUE} needs log ratios; this effect has none.",
                     i = "Ask for them by {.code estimate_effect(contrasts = TRUE)}."), call = rlang::caller_env())
  }
  for (column in intersect(c("estimate", "conf.low", "conf.high"), names(table))) {
    table[[column]][logs] <- exp(table[[column]][logs])
  }
  table$term[logs] <- sub("^log_", "", table$term[logs])
  table
}

is_contrast <- function(x) x$estimates$term %in% x$contrast_terms

term_names <- function(x, rows) {
  if (length(x$methods) == 1) x$estimates$term[rows] else paste(x$estimates$method, x$estimates$term, sep = ":")[rows]
}

#' @rdname effect_methods
#' @export
coef.causalsynth_effect <- function(object, ..., complete = FALSE) {
  rows <- asked_rows(object, complete)
  stats::setNames(object$estimates$estimate[rows], term_names(object, rows))
}

#' @rdname effect_methods
#' @export
vcov.causalsynth_effect <- function(object, ..., complete = FALSE) {
  rows <- asked_rows(object, complete)
  names <- term_names(object, rows)
  matrix(object$variance[rows, rows], sum(rows), dimnames = list(names, names))
}

asked_rows <- function(x, complete, call = rlang::caller_env()) {
  if (check_flag(complete, "complete", call)) rep(TRUE, nrow(x$estimates)) else is_contrast(x)
}

#' @rdname effect_methods
#' @export
confint.causalsynth_effect <- function(object, parm, level = .95, ..., conf.type = NULL) {
  check_level(level, "level")
  limits <- effect_limits(object, level, interval_type(object, conf.type))[is_contrast(object), , drop = FALSE]
  tails <- c((1 - level) / 2, (1 + level) / 2)
  dimnames(limits) <- list(names(coef(object)), paste(format(100 * tails, trim = TRUE, digits = 3), "%"))
  if (missing(parm)) limits else limits[parm, , drop = FALSE]
}

#' @export
nobs.causalsynth_effect <- function(object, ...) object$n

#' @export
weights.causalsynth_effect <- function(object, ...) object$weights

#' @rdname effect_methods
#' @export
glance.causalsynth_effect <- function(x, ...) {
  check_table_dots(list(...), character(), rlang::current_env())
  pick <- function(e, i) if (length(e) >= i) e[[i]] else NA_real_
  data.frame(
    method = names(x$methods), estimand = x$estimand, n = x$n, n_treated = sum(x$treat), n_control = sum(x$treat == 0),
    n_omitted = x$n_omitted, bounds = x$bounds$rule,
    n_bounded = unname(bounded_rows(x$bounds, x$methods, x$estimand)), bound = used_bound(x),
    epsilon = vapply(x$epsilon, function(e) if (length(e) == 1) e[[1]] else NA_real_, 1),
    epsilon_control = vapply(x$epsilon, function(e) if (length(e) == 2) e[[1]] else NA_real_, 1),
    epsilon_treated = vapply(x$epsilon, pick, 1, i = 2), score = unname(x$score),
    learner_treatment = x$learners[["treatment"]], learner_outcome = x$learners[["outcome"]],
    crossfit_treatment = x$crossfit[["treatment"]], crossfit_outcome = x$crossfit[["outcome"]],
    repeats = x$n_repeats, inference = unname(x$inference), row.names = NULL
  )
}

# The lower bound a method; NA where it uses none.
used_bound <- function(x) {
  if (x$bounds$rule %in% c("none", "clip")) return(NA_real_)
  use <- vapply(x$methods, uses_bounds, NA, estimand = x$estimand)
  unname(ifelse(use, x$bounds$value, NA_real_))
}

#' @export
as.list.causalsynth_effect <- function(x, ...) {
  labels <- names(x$methods)
  stats::setNames(lapply(labels, function(label) {
    one <- unclass(x)
    rows <- x$estimates$method == label
    one$estimates <- x$estimates[rows, ]
    rownames(one$estimates) <- NULL
    one$variance <- x$variance[rows, rows, drop = FALSE]
    one$influence <- x$influence[, rows, drop = FALSE]
    for (name in c("methods", "inference", "na_reason", "notes", "epsilon", "score")) one[[name]] <- x[[name]][label]
    for (name in intersect(c("values", "jackknife"), names(x$bootstrap))) {
      one$bootstrap[[name]] <- x$bootstrap[[name]][, rows, drop = FALSE]
    }
    if (is.data.frame(x$weights)) one$weights <- x$weights[[label]]
    if (is.list(x$subclass)) one["subclass"] <- list(x$subclass[[label]])
    one$bounds <- bounds_of_method(x$bounds, label)
    structure(one, class = class(x))
  }), labels)
}
