#' Pictures of a study
#'
#' @param object A study of [study()].
#' @param type `"forest"`: each method's measure with its Monte Carlo interval; `"lollipop"`: the same as a stem from
#'   the value that is aimed at; `"zip"`: all intervals, stacked by how far the estimate is from the truth in its
#'   standard errors, those that miss it in colour; `"n"`: the measure against sample size.
#' @param metric A measure of [summary()][study_methods]; `"zip"` has none.
#' @param ... Unknown arguments are an error.
#' @param source,n Sources and sizes to show; all by default.
#' @return A ggplot.
#' @references Morris, White and Crowther (2019), Statistics in Medicine 38, 2074-2102 (zip and lollipop plots).
#' @examples
#' glms <- study(dgp_paper(), c("iptw", "aipw"), n = c(100, 200), reps = 20, seed = 1, threads = 1,
#'   learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' autoplot(glms)
#' autoplot(glms, "zip")
#' autoplot(glms, "n", "rmse")
#' @exportS3Method ggplot2::autoplot causalsynth_study
autoplot.causalsynth_study <- function(object, type = c("forest", "lollipop", "zip", "n"), metric = "bias", ...,
                                       source = NULL, n = NULL) {
  check_dots_empty(...)
  type <- check_choice(type, c("forest", "lollipop", "zip", "n"), "type")
  metric <- check_choice(metric, study_metrics, "metric")
  pick <- function(rows) {
    kept <- rows$source %in% (source %||% object$sources) & rows$n %in% (n %||% object$n)
    if (!any(kept)) {
      abort("input", c("No results for this {.arg source} and {.arg n}.",
                       i = "Sources are {.val {object$sources}}, sizes {.val {object$n}}."),
            call = rlang::caller_env())
    }
    rows <- rows[kept, ]
    rows$panel <- panel_labels(rows, object, sizes = type != "n")
    rows
  }
  if (type == "zip") return(zip_plot(pick(object$results), object))
  rows <- pick(tidy(object))
  rows <- rows[rows$metric == metric & !is.na(rows$estimate), ]
  if (nrow(rows) == 0) abort("input", "No method of this study has a {.val {metric}}: standard errors are missing.")
  switch(type, forest = metric_plot(rows, object, metric, FALSE), lollipop = metric_plot(rows, object, metric, TRUE),
         n = size_plot(rows, object, metric))
}

panel_labels <- function(rows, x, sizes) {
  parts <- list(if (length(x$sources) > 1 || length(x$knobs)) rows$source)
  for (knob in x$knobs) parts <- c(parts, list(paste(knob, "=", format(rows[[knob]], trim = TRUE))))
  if (sizes && length(x$n) > 1) parts <- c(parts, list(paste("n =", rows$n)))
  parts <- parts[!vapply(parts, is.null, NA)]
  label <- if (length(parts)) do.call(paste, c(parts, sep = ", ")) else rep("", nrow(rows))
  factor(label, unique(label))
}

# Okabe and Ito's colours, as many as methods (grey tones beyond eight).
method_scale <- function(methods, ...) {
  colours <- c(plot_colours, "#CC79A7", "#56B4E9", "#F0E442", "#000000")
  colours <- rep_len(c(colours, rep("grey50", max(1, length(methods) - 8))), max(length(methods), 1))
  ggplot2::scale_colour_manual(values = stats::setNames(colours[seq_along(methods)], methods), ...)
}

metric_aim <- function(metric, x) {
  switch(metric, bias = 0, model_se_error = 0, coverage = x$conf.level, coverage_bias_eliminated = x$conf.level,
         relative_efficiency = 1, NULL)
}

metric_names <- c(
  bias = "Bias", empirical_se = "Empirical standard error", model_se = "Model standard error",
  model_se_error = "Error of the model standard error (%)", mse = "Mean squared error",
  rmse = "Root mean squared error",
  coverage = "Coverage", coverage_bias_eliminated = "Bias-eliminated coverage", power = "Power",
  relative_efficiency = "Relative efficiency"
)

axis_title <- function(metric) paste0(metric_names[[metric]], ", with 95 % Monte Carlo interval")

study_theme <- function() {
  ggplot2::theme_minimal() +
    ggplot2::theme(panel.grid.minor = ggplot2::element_blank(), legend.position = "top",
                   panel.spacing = ggplot2::unit(1, "lines"))
}

metric_plot <- function(rows, x, metric, stems) {
  rows$method <- factor(rows$method, rev(x$methods))
  aim <- metric_aim(metric, x)
  rows$from <- aim %||% 0
  plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$method, colour = .data$method))
  if (!is.null(aim)) plot <- plot + ggplot2::geom_vline(xintercept = aim, linetype = 2, colour = "grey50")
  if (stems) {
    plot <- plot + ggplot2::geom_segment(ggplot2::aes(x = .data$from, xend = .data$estimate, yend = .data$method)) +
      ggplot2::geom_text(ggplot2::aes(.data$conf.low, label = "("), na.rm = TRUE) +
      ggplot2::geom_text(ggplot2::aes(.data$conf.high, label = ")"), na.rm = TRUE)
  } else {
    plot <- plot + ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), linewidth = .8,
                                           na.rm = TRUE)
  }
  plot <- plot + ggplot2::geom_point(size = 2.4) + method_scale(x$methods, guide = "none") +
    ggplot2::labs(x = axis_title(metric), y = NULL) + study_theme()
  if (nlevels(rows$panel) > 1) plot <- plot + ggplot2::facet_wrap("panel")
  plot
}

size_plot <- function(rows, x, metric) {
  rows$method <- factor(rows$method, x$methods)
  aim <- metric_aim(metric, x)
  gaps <- diff(log10(sort(x$n)))
  apart <- ggplot2::position_dodge(width = min(.08, .6 * gaps))
  plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$n, .data$estimate, colour = .data$method))
  if (!is.null(aim)) plot <- plot + ggplot2::geom_hline(yintercept = aim, linetype = 2, colour = "grey50")
  plot <- plot +
    ggplot2::geom_line(position = apart) +
    ggplot2::geom_pointrange(ggplot2::aes(ymin = .data$conf.low, ymax = .data$conf.high), size = .3, na.rm = TRUE,
                             position = apart) +
    ggplot2::scale_x_log10(breaks = x$n) + method_scale(x$methods) +
    ggplot2::labs(x = "Sample size n", y = axis_title(metric), colour = NULL) + study_theme()
  if (nlevels(rows$panel) > 1) plot <- plot + ggplot2::facet_wrap("panel")
  plot
}

# Intervals ordered by |z| = |estimate - truth| / standard error, as centiles: a well-behaved method turns colour at the
# level of its intervals.
zip_plot <- function(rows, x) {
  rows <- rows[!is.na(rows$conf.low) & !is.na(rows$estimate), ]
  if (nrow(rows) == 0) abort("input", "No method of this study has intervals: a zip plot needs them.")
  half <- (rows$conf.high - rows$conf.low) / 2
  distance <- abs(rows$estimate - rows$truth) / half
  group <- interaction(rows$panel, rows$method, drop = TRUE)
  rows$centile <- 100 * stats::ave(distance, group, FUN = function(d) rank(d, ties.method = "first") / length(d))
  rows$method <- factor(rows$method, x$methods)
  covers <- rows$conf.low <= rows$truth & rows$truth <= rows$conf.high
  rows$covers <- factor(ifelse(covers, "covers the truth", "misses it"), c("covers the truth", "misses it"))
  plot <- ggplot2::ggplot(rows, ggplot2::aes(y = .data$centile, colour = .data$covers)) +
    ggplot2::geom_segment(ggplot2::aes(x = .data$conf.low, xend = .data$conf.high, yend = .data$centile),
                          linewidth = .4) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$truth), unique(rows[c("panel", "method", "truth")]),
                        colour = "black") +
    ggplot2::geom_hline(yintercept = 100 * x$conf.level, linetype = 2, colour = "grey30") +
    ggplot2::scale_colour_manual(values = c(`covers the truth` = plot_colours[1], `misses it` = plot_colours[2])) +
    ggplot2::labs(x = paste0(100 * x$conf.level, " % intervals"), y = "Centile of |estimate - truth| / standard error",
                  colour = NULL) + study_theme()
  if (nlevels(rows$panel) > 1) return(plot + ggplot2::facet_grid(panel ~ method, scales = "free_x"))
  plot + ggplot2::facet_wrap("method")
}
