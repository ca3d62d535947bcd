# Performance measures of a study, each with its Monte Carlo error (Morris, White and Crowther 2019; RMSE by jackknife).

study_metrics <- c("bias", "empirical_se", "model_se", "model_se_error", "mse", "rmse", "coverage",
                   "coverage_bias_eliminated", "power", "relative_efficiency")

# Measures of one method in one cell from its replicates (those without an estimate left out); `reference`: estimates of
# the method that efficiency is relative to, a replicate each. Returns list(value, mcse), named by study_metrics.
performance_measures <- function(x, reference, level) {
  ok <- !is.na(x$estimate)
  reference <- reference[ok]
  x <- x[ok, , drop = FALSE]
  spread <- spread_measures(x, reference)
  intervals <- interval_measures(x, spread$value[["empirical_se"]], level)
  list(value = c(spread$value, intervals$value)[study_metrics], mcse = c(spread$mcse, intervals$mcse)[study_metrics])
}

spread_measures <- function(x, reference) {
  r <- nrow(x)
  error <- x$estimate - x$truth
  squared <- error^2
  mse <- mean(squared)
  empirical <- if (r > 1) stats::sd(x$estimate) else NA_real_
  both <- !is.na(reference)
  # (EmpSE_ref / EmpSE)^2, on the replicates that both have: they share their data.
  ratio <- correlation <- NA_real_
  if (sum(both) > 2 && stats::var(x$estimate[both]) > 0) {
    ratio <- stats::var(reference[both]) / stats::var(x$estimate[both])
    correlation <- suppressWarnings(stats::cor(reference[both], x$estimate[both]))
  }
  left_out <- sqrt(pmax(0, (sum(squared) - squared) / (r - 1)))
  list(
    value = c(bias = mean(error), empirical_se = empirical, mse = mse, rmse = sqrt(mse), relative_efficiency = ratio),
    mcse = c(
      bias = empirical / sqrt(r), empirical_se = empirical / sqrt(2 * max(r - 1, 0)),
      mse = if (r > 1) sqrt(sum((squared - mse)^2) / (r * (r - 1))) else NA_real_,
      rmse = if (r > 1) sqrt((r - 1) / r * sum((left_out - mean(left_out))^2)) else NA_real_,
      relative_efficiency = 2 * ratio * sqrt(pmax(0, 1 - correlation^2) / (sum(both) - 1))
    )
  )
}

# What needs standard errors or intervals; from the replicates that have them.
interval_measures <- function(x, empirical, level) {
  share <- function(hits) {
    hits <- hits[!is.na(hits)]
    p <- mean(hits)
    c(p, sqrt(p * (1 - p) / length(hits)))
  }
  centre <- mean(x$estimate)
  covered <- share(x$conf.low <= x$truth & x$truth <= x$conf.high)
  around <- share(x$conf.low <= centre & centre <= x$conf.high)
  power <- share(x$conf.low > 0 | x$conf.high < 0)
  variance <- x$std.error[!is.na(x$std.error)]^2
  r <- length(variance)
  model <- if (r) sqrt(mean(variance)) else NA_real_
  wobble <- if (r > 1) stats::var(variance) else NA_real_
  list(
    value = c(model_se = model, model_se_error = 100 * (model / empirical - 1), coverage = covered[1],
              coverage_bias_eliminated = around[1], power = power[1]),
    mcse = c(
      model_se = sqrt(wobble / (4 * r * model^2)),
      model_se_error = 100 * model / empirical * sqrt(wobble / (4 * r * model^4) + 1 / (2 * max(r - 1, 0))),
      coverage = covered[2], coverage_bias_eliminated = around[2], power = power[2]
    )
  )
}

# A row a cell and method, a column a measure, then their Monte Carlo errors; and counts of failures.
study_table <- function(x, reference = x$methods[1]) {
  results <- x$results
  keys <- c("source", x$knobs, "n")
  cell <- match(do.call(paste, c(results[keys], sep = "\r")), unique(do.call(paste, c(results[keys], sep = "\r"))))
  rows <- lapply(split(seq_len(nrow(results)), cell), function(at) {
    part <- results[at, ]
    base <- part$estimate[part$method == reference]
    do.call(rbind, lapply(x$methods, function(method) {
      own <- part[part$method == method, ]
      found <- performance_measures(own, base, x$conf.level)
      names(found$mcse) <- paste0(names(found$mcse), "_mcse")
      data.frame(own[1, keys, drop = FALSE], method = method, truth = own$truth[1], reps = nrow(own),
                 failed = sum(is.na(own$estimate)), no_se = sum(!is.na(own$estimate) & is.na(own$std.error)),
                 warned = sum(!is.na(own$warning)), as.list(found$value), as.list(found$mcse), check.names = FALSE)
    }))
  })
  table <- do.call(rbind, rows)
  rownames(table) <- NULL
  number <- vapply(table, is.double, NA)
  table[number] <- lapply(table[number], function(v) replace(v, !is.finite(v), NA_real_))
  table
}

#' Results of a study
#'
#' @param x,object A study of [study()].
#' @param reference The method that relative efficiency is relative to: (EmpSE of it / EmpSE)^2, on the replicates that
#'   both have. The first by default.
#' @param conf.int Add limits of the Monte Carlo interval of each measure?
#' @param conf.level Its level.
#' @param row.names,optional Not used.
#' @param ... Unknown arguments are an error.
#' @return `summary()`: an object whose `$table` has a row a source, knob, `n` and method, with `truth`, `reps`,
#'   `failed` (replicates without an estimate), `no_se`, `warned` and the measures `bias`, `empirical_se`, `model_se`
#'   (root mean square of the standard errors), `model_se_error` (percent by which it is off the empirical one), `mse`,
#'   `rmse`, `coverage` of the intervals, `coverage_bias_eliminated` (of the mean estimate), `power` (share of intervals
#'   without 0) and `relative_efficiency`; then the Monte Carlo error of each, `<measure>_mcse`. `tidy()`: the same in
#'   long form, with `metric`, `estimate`, `std.error`. `glance()`: one row for the study. `as.data.frame()`: the long
#'   table of all estimates, which `rsimsum::simsum(data, estvarname = "estimate", se = "std.error", true = "truth",
#'   methodvar = "method", by = c("source", "n"))` reads. `$failures` of the summary counts each message.
#' @references Morris, White and Crowther (2019), Statistics in Medicine 38, 2074-2102.
#' @examples
#' glms <- study(dgp_paper(), c("iptw", "aipw"), n = 100, reps = 10, seed = 1, threads = 1,
#'   learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' summary(glms)
#' head(tidy(glms))
#' head(as.data.frame(glms))
#' @name study_methods
NULL

#' @rdname study_methods
#' @export
summary.causalsynth_study <- function(object, ..., reference = NULL) {
  check_dots_empty(...)
  reference <- if (is.null(reference)) object$methods[1] else check_choice(reference, object$methods, "reference")
  reasons <- sort(table(object$results$error), decreasing = TRUE)
  structure(list(
    table = study_table(object, reference), reference = reference, label = study_label(object), truth = object$truth,
    conf.level = object$conf.level,
    failures = data.frame(error = names(reasons) %||% character(), replicates = as.integer(reasons))
  ), class = "summary.causalsynth_study")
}

#' @rdname study_methods
#' @export
tidy.causalsynth_study <- function(x, conf.int = TRUE, conf.level = .95, reference = NULL, ...) {
  check_dots_empty(...)
  check_level(conf.level, "conf.level")
  table <- summary(x, reference = reference)$table
  keys <- c("source", x$knobs, "n", "method")
  at <- rep(seq_len(nrow(table)), each = length(study_metrics))
  long <- table[at, keys]
  long$metric <- rep(study_metrics, nrow(table))
  long$estimate <- as.vector(t(as.matrix(table[study_metrics])))
  long$std.error <- as.vector(t(as.matrix(table[paste0(study_metrics, "_mcse")])))
  if (check_flag(conf.int, "conf.int")) {
    half <- stats::qnorm((1 + conf.level) / 2) * long$std.error
    long$conf.low <- long$estimate - half
    long$conf.high <- long$estimate + half
  }
  rownames(long) <- NULL
  long
}

#' @rdname study_methods
#' @export
glance.causalsynth_study <- function(x, ...) {
  check_dots_empty(...)
  data.frame(sources = length(x$sources), methods = length(x$methods), sizes = length(x$n), reps = x$reps,
             estimates = nrow(x$results), failed = sum(!is.na(x$results$error)), estimand = x$estimand,
             version = x$version)
}

#' @rdname study_methods
#' @export
as.data.frame.causalsynth_study <- function(x, row.names = NULL, optional = FALSE, ...) {
  check_dots_empty(...)
  x$results
}
