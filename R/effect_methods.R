# Methods of effects.

#' Effects as tables and figures
#'
#' @param x,object An effect of [estimate_effect()].
#' @param conf.int TRUE adds confidence limits.
#' @param conf.level,level Confidence level.
#' @param parm Names or numbers of the coefficients, or all of them.
#' @param ... Not used; an unknown argument is an error.
#' @return `tidy()`: a data frame with columns `method`, `term`, `estimate`, `std.error`, `statistic`, `p.value`,
#'   `conf.low`, `conf.high`, one row a method and term. `glance()`: one row a method. `confint()`: a matrix.
#'   `coef()`, `vcov()`: the contrasts, named `ATE` (with several methods `aipw:ATE` and so on), and their joint
#'   covariance. `weights()`: the methods' weights. `nobs()`: rows analysed. `as.list()`: one effect a method.
#' @seealso [augment()][augment_methods] adds weights to the data, [autoplot()][autoplot.causalsynth_effect] is a forest
#'   plot, [as_weightit()] leads to WeightIt and cobalt, [diagnose_overlap()] to balance.
#' @examples
#' a <- rep(0:1, 50)
#' fit <- estimate_effect(as_nuisance(a, rnorm(100, a), rep(.5, 100), rep(1, 100), rep(0, 100)))
#' tidy(fit)
#' glance(fit)
#' @name effect_methods
NULL

#' @rdname effect_methods
#' @export
tidy.causalsynth_effect <- function(x, conf.int = TRUE, conf.level = .95, ...) {
  check_dots_empty(..., .known = c("conf.int", "conf.level"))
  check_level(conf.level, "conf.level")
  table <- x$estimates
  table$statistic <- table$estimate / table$std.error
  table$p.value <- 2 * stats::pnorm(-abs(table$statistic))
  if (check_flag(conf.int, "conf.int")) {
    half <- stats::qnorm((1 + conf.level) / 2) * table$std.error
    table$conf.low <- table$estimate - half
    table$conf.high <- table$estimate + half
  }
  rownames(table) <- NULL
  table
}

is_contrast <- function(x) x$estimates$term == x$estimand

contrast_names <- function(x) {
  if (length(x$methods) == 1) x$estimand else paste(names(x$methods), x$estimand, sep = ":")
}

#' @export
coef.causalsynth_effect <- function(object, ...) {
  stats::setNames(object$estimates$estimate[is_contrast(object)], contrast_names(object))
}

#' @export
vcov.causalsynth_effect <- function(object, ...) {
  at <- is_contrast(object)
  matrix(object$variance[at, at], sum(at), dimnames = list(contrast_names(object), contrast_names(object)))
}

#' @rdname effect_methods
#' @export
confint.causalsynth_effect <- function(object, parm, level = .95, ...) {
  check_level(level, "level")
  centre <- coef(object)
  tails <- c((1 - level) / 2, (1 + level) / 2)
  limits <- centre + sqrt(diag(vcov(object))) %o% stats::qnorm(tails)
  dimnames(limits) <- list(names(centre), paste(format(100 * tails, trim = TRUE, digits = 3), "%"))
  if (missing(parm)) limits else limits[parm, , drop = FALSE]
}

#' @export
nobs.causalsynth_effect <- function(object, ...) object$n

#' @export
weights.causalsynth_effect <- function(object, ...) object$weights

#' @rdname effect_methods
#' @export
glance.causalsynth_effect <- function(x, ...) {
  check_dots_empty(...)
  pick <- function(e, i) if (length(e) >= i) e[[i]] else NA_real_
  data.frame(
    method = names(x$methods), estimand = x$estimand, n = x$n, n_treated = sum(x$treat), n_control = sum(x$treat == 0),
    n_omitted = x$n_omitted, bounds = x$bounds$rule, n_bounded = x$bounds$n_bounded,
    bound = if (x$bounds$rule %in% c("none", "clip")) NA_real_ else x$bounds$value,
    epsilon = vapply(x$epsilon, function(e) if (length(e) == 1) e[[1]] else NA_real_, 1),
    epsilon_control = vapply(x$epsilon, function(e) if (length(e) == 2) e[[1]] else NA_real_, 1),
    epsilon_treated = vapply(x$epsilon, pick, 1, i = 2),
    learner_treatment = x$learners[["treatment"]], learner_outcome = x$learners[["outcome"]],
    crossfit_treatment = x$crossfit[["treatment"]], crossfit_outcome = x$crossfit[["outcome"]],
    repeats = x$n_repeats, inference = unname(x$inference), row.names = NULL
  )
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
    for (name in c("methods", "inference", "na_reason", "notes", "epsilon")) one[[name]] <- x[[name]][label]
    if (is.data.frame(x$weights)) one$weights <- x$weights[[label]]
    if (is.list(x$subclass)) one["subclass"] <- list(x$subclass[[label]])
    one$bounds <- bounds_of_method(x$bounds, label)
    structure(one, class = class(x))
  }), labels)
}

#' @export
format.causalsynth_effect <- function(x, ...) {
  table <- tidy(x)[is_contrast(x), ]
  number <- function(v) formatC(v, digits = 4, format = "g", flag = "#")
  text <- paste0(table$method, " ", x$estimand, " ", number(table$estimate))
  ifelse(is.na(table$std.error), paste0(text, " (no standard error)"),
         paste0(text, " (95 % CI ", number(table$conf.low), " to ", number(table$conf.high), ")"))
}

#' @export
print.causalsynth_effect <- function(x, ...) {
  table <- tidy(x)
  writeLines(c(
    paste0("<effect> ", x$estimand, " of ", x$roles$treatment, " on ", x$roles$outcome, ": ", x$treat_levels[2],
           " against ", x$treat_levels[1], " (reference)"),
    paste0("n = ", x$n, ": ", sum(x$treat), " treated, ", sum(x$treat == 0), " control",
           if (x$n_omitted) paste0("; ", x$n_omitted, " omitted (missing A or Y)"),
           if (!is.null(x$n_clusters)) paste0("; ", x$n_clusters, " clusters"))
  ))
  shown <- if (nrow(table) > 12) table[is_contrast(x), ] else table
  shown <- shown[c("method", "term", "estimate", "std.error", "conf.low", "conf.high")]
  print(shown, digits = 4, row.names = FALSE)
  writeLines(effect_footer(x))
  invisible(x)
}

# What was bounded, how standard errors were made, and what to beware of.
effect_footer <- function(x) {
  ways <- split(names(x$methods), x$inference)
  notes <- unlist(lapply(names(x$methods), function(m) {
    lines <- c(x$notes[[m]], x$na_reason[[m]])
    if (length(lines)) paste0(m, ": ", paste(lines, collapse = "; "))
  }))
  c(
    paste0("propensity bounds: ", bounds_phrase(x$bounds, x$n)),
    paste0("nuisances: treatment ", x$learners[[1]], " (crossfit ", x$crossfit[[1]], "), outcome ", x$learners[[2]],
           " (crossfit ", x$crossfit[[2]], ")", if (x$n_repeats > 1) paste0(", median of ", x$n_repeats, " repeats")),
    paste0("standard errors: ", paste0(names(ways), " (", vapply(ways, paste, "", collapse = ", "), ")",
                                       collapse = "; "), if (!is.null(x$n_clusters)) "; cluster-robust"),
    if (!is.null(x$synthetic)) paste0("synthetic rows: ", x$synthetic),
    if (length(x$n_missing)) paste0("missing filled by mean or mode, with an indicator: ",
                                    paste0(names(x$n_missing), " (", x$n_missing, ")", collapse = ", ")),
    if (length(x$aliased)) paste0("collinear columns set aside: ", paste(x$aliased, collapse = ", ")),
    if (length(x$separated)) paste("perfect separation of", x$separated),
    if (length(x$one_arm_levels)) paste0("levels seen in one arm only: ", paste(x$one_arm_levels, collapse = "; ")),
    utils::head(notes, 6)
  )
}

#' @export
summary.causalsynth_effect <- function(object, ...) {
  structure(list(effect = object, tidy = tidy(object), glance = glance(object)), class = "summary.causalsynth_effect")
}

#' @export
print.summary.causalsynth_effect <- function(x, ...) {
  print(x$effect)
  cat("\n")
  print(x$glance, row.names = FALSE)
  invisible(x)
}
