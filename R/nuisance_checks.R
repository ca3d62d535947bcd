# Checks of what nuisance() and as_nuisance() are given, and how nuisances print.

check_given <- function(x, name, n, call) {
  if (length(x) != n) {
    abort("input", "{.arg {name}} has length {length(x)}; {.arg treat} has {n}.", call = call)
  }
  if (name %in% c("ps", "q1", "q0") && !is.numeric(x)) {
    abort("input", "{.arg {name}} must be numeric, not {describe(x)}.", call = call)
  }
  bad <- sum(is.na(x) | is_infinite(x))
  if (bad) {
    abort("data", c(
      "{.arg {name}} is missing or infinite in {bad} of {n} row{?s}.",
      i = "Drop these rows from all vectors."
    ), call = call)
  }
  check_size_of_numbers(x, name, call)
}

check_range <- function(x, name, call) {
  bad <- sum(x < 0 | x > 1)
  if (bad) {
    abort("data", "{.arg {name}} lies outside [0, 1] in {bad} of {length(x)} row{?s}; it must be a probability.",
          call = call)
  }
}

check_case_weights <- function(weights, n, call, class = "data") {
  if (is.null(weights)) return(NULL)
  if (!is.numeric(weights) || length(weights) != n) {
    abort("input", c("{.arg weights} must be {n} number{?s}, one a row; it is {describe(weights)}.",
                     i = values_of_column(weights)), call = call)
  }
  bad <- sum(is.na(weights) | is.infinite(weights) | weights < 0)
  if (bad) {
    abort(class, c(
      "{.arg weights} is missing, infinite or negative in {bad} row{?s}.",
      i = "A case weight counts how often a row stands for the population: 0 leaves the row out."
    ), call = call)
  }
  as.numeric(weights)
}

check_weighted_arms <- function(weights, treat, call) {
  if (is.null(weights)) return(invisible())
  for (arm in 0:1) {
    if (any(weights[treat == arm] > 0)) next
    abort("data", c(
      "{.arg weights} is zero in all {sum(treat == arm)} row{?s} of the {c('control', 'treated')[arm + 1]} arm.",
      i = "An effect needs rows of both arms."
    ), call = call)
  }
}

check_arm_sizes <- function(job, call) {
  smallest <- min(sum(job$treat == 0), sum(job$treat == 1))
  if ("folds" %in% job$crossfit && smallest < job$folds) {
    abort("data", c(
      "The smaller arm has {smallest} row{?s}: too few for {job$folds} folds.",
      i = "Give a smaller {.arg folds}."
    ), call = call)
  }
}

# Text as factors whose levels all arms and folds share.
fixed_levels <- function(covs) {
  text <- vapply(covs, is.character, NA)
  covs[text] <- lapply(covs[text], factor)
  covs
}

resolve_crossfit <- function(crossfit, learners, call, groups = NULL, weights = NULL) {
  own <- vapply(learners, function(l) l$crossfit, "")
  ways <- c("oob", "folds", "none")
  if (is.null(crossfit)) return(if (is.null(groups)) own else grouped_crossfit(own, learners, weights))
  named <- length(crossfit) == 2 && setequal(names(crossfit), names(own))
  if (!is.character(crossfit) || !all(crossfit %in% ways) || !(length(crossfit) == 1 || named)) {
    abort("input", c(
      "{.arg crossfit} must be one of {.or {.val {ways}}}, or NULL for the learners' defaults.",
      x = "It is {describe(crossfit)}."
    ), call = call)
  }
  asked <- if (named) crossfit[names(own)] else c(treatment = crossfit, outcome = crossfit)
  risky <- names(own)[asked == "none" & own != "none"]
  if (length(risky)) {
    labels <- unique(vapply(learners[risky], function(l) l$label, ""))
    cli::cli_warn(c(
      "{.code crossfit = \"none\"} predicts the {risky} in sample by {labels}, which {?has/have} seen every row.",
      i = "Standard errors will be too small; leave {.arg crossfit} NULL."
    ), class = c("causalsynth_warning_crossfit", "causalsynth_warning"), call = call)
  }
  asked
}

# list(rule, value): value is empty, b, or c(l, u).
resolve_bounds <- function(bounds, n, call = rlang::caller_env()) {
  if (is.null(bounds)) return(list(rule = "none", value = numeric()))
  if (identical(bounds, "gruber") || identical(bounds, "adaptive")) {
    return(list(rule = bounds, value = scaled_bound(5, n)))
  }
  ok <- is.numeric(bounds) && length(bounds) %in% 1:2 && all(is.finite(bounds) & bounds >= 0 & bounds <= 1) &&
    (if (length(bounds) == 1) bounds < .5 else bounds[1] < bounds[2])
  if (!ok) {
    abort("input", c(
      "{.arg bounds} must be {.val gruber}, {.val adaptive}, a number below .5, a pair {.code c(l, u)} with
       l < u in [0, 1], or NULL.",
      x = "It is {describe(bounds)}."
    ), call = call)
  }
  list(rule = if (length(bounds) == 1) "lower" else "clip", value = as.numeric(bounds))
}

# c / (sqrt(n) log n), at most .25.
scaled_bound <- function(c, n) pmin(.25, c / (sqrt(n) * log(n)))

# Lines that nuisances and effects have in common.
learners_line <- function(x, repeats = length(x$repeats)) {
  model <- function(part, k) {
    if (x$learners[[k]] == "given") return(paste(part, "given"))
    paste0(part, " by ", x$learners[[k]], ", crossfit ", x$crossfit[[k]])
  }
  paste0("nuisances: ", model("treatment", 1), "; ", model("outcome", 2),
         if (repeats > 1) paste0("; median of ", repeats, " repeats"))
}

# The outcome, and which of two named levels is counted: "Y = dead".
event_phrase <- function(x) {
  levels <- x$outcome_levels
  plain <- is.null(levels) || identical(levels, c("0", "1")) || identical(levels, c("FALSE", "TRUE"))
  if (plain) x$roles$outcome else paste(x$roles$outcome, "=", levels[2])
}

arm_counts <- function(x) {
  paste0(thousands(sum(x$treat)), " treated, ", thousands(sum(x$treat == 0)), " control")
}

filled_line <- function(missing) {
  paste0("missing filled by mean or mode: ", shorten(paste0(names(missing), " (", missing, ")"), 8),
         "; an indicator of each")
}

bounds_phrase <- function(bounds, n) {
  if (bounds$rule == "none") return("none")
  if (bounds$rule == "adaptive") return(adaptive_phrase(bounds, n))
  paste0(bounds_rule_phrase(bounds), "; bounded ", count_phrase(bounds$n_bounded, "row"), " of ",
         format(n, big.mark = ","),
         " (treated side ", bounds$n_bounded_1, ", control side ", bounds$n_bounded_0, ")")
}

bounds_rule_phrase <- function(bounds) {
  value <- signif(bounds$value, 3)
  switch(bounds$rule,
    gruber = paste0("each arm's probability >= ", value, " (gruber)"),
    lower = paste0("each arm's probability >= ", value,
                   if (!is.null(bounds$c)) paste0(" (adaptive, c = ", bounds$c, ")")),
    clip = paste0("clipped to [", value[1], ", ", value[2], "]")
  )
}

#' @export
format.causalsynth_nuisance <- function(x, ...) {
  range3 <- function(v) paste(format(signif(range(v), 3)), collapse = " to ")
  missing <- fit_missing(x)
  c(
    paste0("<nuisances> ", event_phrase(x), " (", x$family, ") by ", x$roles$treatment, " (", x$treat_levels[2],
           " against ", x$treat_levels[1], ")"),
    paste0("n = ", thousands(x$n), ": ", arm_counts(x),
           if (any(x$weights == 0)) paste0("; ", count_phrase(sum(x$weights == 0), "row"), " of weight 0"),
           if (length(x$omitted)) paste0("; ", count_phrase(length(x$omitted), "row"), " omitted (missing A or Y)")),
    learners_line(x),
    paste0("propensity P(A = 1 | W): ", range3(x$ps), "; outcome regression: Q1 ", range3(x$q1), ", Q0 ",
           range3(x$q0)),
    paste0("propensity bounds: ", bounds_phrase(x$bounds, x$n)),
    if (length(missing)) filled_line(missing),
    if (length(fit_aliased(x))) paste0("collinear columns set aside: ", shorten(fit_aliased(x), 8)),
    if (NROW(x$notes$weights)) weight_lines(x$notes$weights),
    if (NROW(x$notes$separated)) paste("perfect separation of", separation_lines(x$notes$separated)),
    if (length(x$one_arm_levels)) paste0("levels seen in one arm only: ", paste(x$one_arm_levels, collapse = "; "))
  )
}

fit_missing <- function(x) x$notes$filled

fit_aliased <- function(x) x$notes$aliased

#' @export
print.causalsynth_nuisance <- function(x, ..., lines = 25) {
  show_object(x, first = 2, lines = lines,
              then = "estimate_effect(nuisances, method), diagnose_overlap(nuisances).")
  invisible(x)
}

#' @export
summary.causalsynth_nuisance <- function(object, ...) {
  values <- data.frame(
    nuisance = c("ps", "g1", "g0", "q1", "q0"),
    t(vapply(object[c("ps", "g1", "g0", "q1", "q0")], function(v) c(mean = mean(v), stats::quantile(v)), numeric(6))),
    check.names = FALSE, row.names = NULL
  )
  structure(list(nuisance = object, values = values), class = "summary.causalsynth_nuisance")
}

#' @export
print.summary.causalsynth_nuisance <- function(x, ...) {
  print(x$nuisance, lines = Inf)
  print(x$values, row.names = FALSE, digits = 3)
  invisible(x)
}

#' @export
nobs.causalsynth_nuisance <- function(object, ...) object$n
