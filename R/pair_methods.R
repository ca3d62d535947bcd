# How pair objects and their effects print; their tables and figures.

#' @export
format.causalsynth_pair <- function(x, ...) pair_lines(x)

# What was paired, in one to three lines.
pair_lines <- function(x) {
  arms <- c(treated = sum(x$pairs$arm == 1), control = sum(x$pairs$arm == 0))
  given <- paste0(thousands(arms), " ", names(arms))[arms > 0]
  set <- "rows of the pool, set to the wanted treatment"
  kinds <- c(pool = "rows of the pool with the wanted treatment", hybrid = set, self = set)
  c(
    paste0(count_phrase(x$n_data, "row"), " of the study; ", count_phrase(x$n_beyond, "row"), " beyond ",
           signif(x$threshold, 3), " (", percent(x$n_beyond / x$n_data), ")"),
    if (x$n_twins == 0) "No twins: no row is beyond the threshold; the data are unchanged"
    else c(paste0(count_phrase(x$n_twins, "synthetic twin"), " (", paste(given, collapse = ", "), "): ",
                  kinds[[x$settings$outcome]]),
           paste0("Twins' outcomes: ", twin_outcome_phrase(x)))
  )
}

twin_outcome_phrase <- function(x) {
  if (x$settings$draw == "expectation") return(paste("expected, by", x$twins$how))
  if (x$settings$outcome == "pool" && x$settings$draws == 1) return("the pool's own")
  paste0(if (x$settings$draws > 1) paste("mean of", x$settings$draws, "draws") else "drawn", " around ", x$twins$how)
}

#' @export
print.causalsynth_pair <- function(x, ..., lines = 25) {
  text <- pair_lines(x)
  then <- "estimate_effect(pair, trial = ) with the trial behind the pool, compare_remedies(), flip_sensitivity()."
  if (x$n_twins) {
    d <- x$pairs$distance
    worst <- x$population[which.max(abs(x$population$shift)), ]
    text <- c(
      text,
      paste0("Distance to the twin (", x$settings$distance, "): median ", signif(stats::median(d), 3), ", 95 % within ",
             signif(stats::quantile(d, .95), 3), ", largest ", signif(max(d), 3)),
      if (length(x$dropped)) paste("Constant in the study, not compared:", paste(x$dropped, collapse = ", ")),
      paste0("For whom: ", if (pair_is_complete(x)) "the study's population"
             else paste("the study's rows, those with a twin counted",
                        if (anyDuplicated(x$pairs$row)) "more than once" else "twice"),
             "; covariate means moved by at most ", signif(abs(worst$shift), 2), " SD (", worst$term, ")"),
      "Twins are no new patients: standard errors count the study's and the trial's rows only."
    )
  }
  show_lines(paste0("<pairs> twins for ", x$roles$outcome, " by ", x$roles$treatment), tail = text,
             then = if (x$n_twins) then else "estimate_effect(formula, data): the study alone will do.",
             lines = lines)
  invisible(x)
}

#' @export
summary.causalsynth_pair <- function(object, ...) {
  structure(list(pair = object, population = object$population, distance = summary(object$pairs$distance)),
            class = "summary.causalsynth_pair")
}

#' @export
print.summary.causalsynth_pair <- function(x, ...) {
  print(x$pair, lines = Inf)
  cat("Means of the covariates, in the study and with the twins:\n")
  print(x$population, row.names = FALSE, digits = 3)
  invisible(x)
}

#' Tables and figures of pairs
#'
#' @param x,object A pair object of [pair_synthetic()].
#' @param type `"distance"`: the distances of twins from their rows, by arm. `"population"`: how far the means of the
#'   covariates moved. `"remedies"`: estimates of all remedies with intervals, by [compare_remedies()].
#' @param ... For `type = "remedies"`, arguments of [compare_remedies()]; else unknown names are an error.
#' @return `tidy()`: the table of pairs, `row`, `pool_row`, `arm`, `distance`. `glance()`: one row of counts.
#'   `weights()`: one for each row and twin. `autoplot()`: a ggplot.
#' @examples
#' trial <- generate(dgp_paper(), 300, seed = 1)
#' study <- generate(dgp_paper("none"), 100, seed = 2)
#' pair <- pair_synthetic(Y ~ A | ., study, trial, seed = 3,
#'                        learner_treatment = learn_forest(trees = 100), learner_outcome = learn_glm())
#' glance(pair)
#' ggplot2::autoplot(pair)
#' @name pair_methods
NULL

#' @rdname pair_methods
#' @export
tidy.causalsynth_pair <- function(x, ...) {
  check_dots_empty(...)
  x$pairs
}

#' @rdname pair_methods
#' @export
glance.causalsynth_pair <- function(x, ...) {
  check_dots_empty(...)
  d <- x$pairs$distance
  data.frame(
    n = x$n_data, n_twins = x$n_twins, n_beyond = x$n_beyond, threshold = x$threshold, amount = x$amount,
    outcome = x$settings$outcome, draw = x$settings$draw, mean_distance = if (length(d)) mean(d) else NA_real_,
    max_distance = if (length(d)) max(d) else NA_real_, max_shift = max(abs(x$population$shift))
  )
}

#' @export
weights.causalsynth_pair <- function(object, ...) object$weights

#' @export
nobs.causalsynth_pair <- function(object, ...) object$n_data

#' @exportS3Method cobalt::bal.tab
bal.tab.causalsynth_pair <- function(x, ...) {
  cobalt::bal.tab(x[c("treat", "covs", "weights", "distance", "estimand")], ...)
}

#' @rdname pair_methods
#' @exportS3Method ggplot2::autoplot causalsynth_pair
autoplot.causalsynth_pair <- function(object, type = c("distance", "population", "remedies"), ...) {
  type <- check_choice(type, c("distance", "population", "remedies"), "type")
  if (type == "remedies") return(autoplot(compare_remedies(object, ...)))
  check_dots_empty(...)
  if (object$n_twins == 0) {
    abort("input", "There are no twins to plot: no row is beyond the threshold.", call = rlang::current_env())
  }
  if (type == "distance") distance_plot(object) else shift_plot(object)
}

distance_plot <- function(x) {
  rows <- data.frame(distance = x$pairs$distance, arm = ifelse(x$pairs$arm == 1, "treated", "control"))
  ggplot2::ggplot(rows, ggplot2::aes(.data$distance, fill = .data$arm)) +
    ggplot2::geom_histogram(bins = 30, alpha = .7, position = "stack") +
    ggplot2::scale_fill_manual(values = c(treated = plot_colours[2], control = plot_colours[1])) +
    ggplot2::labs(x = "distance of the twin from its row, in standard deviations", y = "twins", fill = "twin's arm") +
    ggplot2::theme_minimal() + ggplot2::theme(legend.position = "top")
}

shift_plot <- function(x) {
  rows <- utils::head(x$population[order(-abs(x$population$shift)), ], 30)
  rows$term <- factor(rows$term, rev(rows$term))
  ggplot2::ggplot(rows, ggplot2::aes(.data$shift, .data$term)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60") +
    ggplot2::geom_point(colour = plot_colours[1], size = 2) +
    ggplot2::labs(x = "mean with twins less mean of the study, in standard deviations", y = NULL) +
    ggplot2::theme_minimal()
}

# "by forest (500 trees)", but "by design", "the pool's own means".
by_phrase <- function(label) if (grepl("^(by|the) ", label)) label else paste("by", label)

#' @export
nobs.causalsynth_pair_effect <- function(object, ...) object$n

#' @export
print.causalsynth_pair_effect <- function(x, ..., lines = 25) {
  table <- utils::head(tidy(x), 12)[c("method", "term", "estimate", "std.error", "conf.low", "conf.high")]
  head <- c(paste0("<effect> ATE of ", x$roles$treatment, " on ", x$roles$outcome, ": ", x$treat_levels[2],
                   " against ", x$treat_levels[1], " (reference)"), x$pair_source)
  notes <- c(
    paste0("nuisances: treatment ", by_phrase(x$learners[[1]]), "; outcome ", by_phrase(x$learners[[2]])),
    paste0("standard errors: ", x$inference[[1]]), unique(unlist(x$na_reason)),
    if (!is.null(x$parts) && !anyNA(x$estimates$std.error) && !anyNA(x$parts$trial[1])) {
      paste0("of the first estimate's variance, ", percent(x$parts$trial[1]^2 / x$estimates$std.error[1]^2),
             " comes from the trial behind the pool")
    }
  )
  show_lines(head, table_lines(format_estimates(table, rep(FALSE, nrow(table)))), notes,
             then = "compare_remedies(pair, trial = ), flip_sensitivity(pair, trial = ).", lines = lines)
  invisible(x)
}
