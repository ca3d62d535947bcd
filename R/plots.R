# What the autoplot() methods share.

# Okabe and Ito's colours, told apart by colour-blind eyes: blue, vermillion, green, orange.
plot_colours <- c("#0072B2", "#D55E00", "#009E73", "#E69F00")

# Observed against predicted, with the line of equality.
identity_plot <- function(predicted, observed, x, y) {
  rows <- data.frame(predicted = predicted, observed = observed)
  ggplot2::ggplot(rows, ggplot2::aes(.data$predicted, .data$observed)) +
    ggplot2::geom_point(alpha = max(.1, min(1, 200 / nrow(rows))), size = 1, colour = plot_colours[1]) +
    ggplot2::geom_abline(linetype = 2) +
    ggplot2::labs(x = x, y = y) +
    ggplot2::theme_minimal()
}

# Mean prediction and share of ones in groups of similar predictions, with normal 95 % limits.
calibration_table <- function(prob, y, groups = 10) {
  cuts <- unique(stats::quantile(prob, seq(0, 1, length.out = groups + 1), names = FALSE))
  group <- if (length(cuts) > 1) cut(prob, cuts, include.lowest = TRUE, labels = FALSE) else rep(1L, length(prob))
  by_group <- function(values, what) as.numeric(tapply(values, group, what))
  n <- by_group(y, length)
  share <- by_group(y, mean)
  half <- stats::qnorm(.975) * sqrt(share * (1 - share) / n)
  data.frame(predicted = by_group(prob, mean), observed = share, n = n, low = pmax(share - half, 0),
             high = pmin(share + half, 1))
}

# Shares of a column's values in bars: a number of many values in 20 bins, anything else by value (the rarer beyond
# `most` together). Returns column, label, key (unique over columns), share, binned, labelled.
marginal_bars <- function(x, name, most = 8) {
  is_time <- inherits(x, c("Date", "POSIXct"))
  binned <- (is.numeric(x) || is_time) && length(unique(x[!is.na(x)])) > most
  labels <- if (binned) {
    numbers <- as.numeric(x)
    edges <- seq(min(numbers, na.rm = TRUE), max(numbers, na.rm = TRUE), length.out = 21)
    middles <- (edges[-1] + edges[-21]) / 2
    days <- if (inherits(x, "Date")) middles else middles / 86400
    text <- if (is_time) format(.Date(days)) else as.character(signif(middles, 2))
    cut(numbers, edges, include.lowest = TRUE, labels = make.unique(text, sep = "\u200b"))
  } else {
    lump_rare(if (is.factor(x)) droplevels(x) else factor(x), most)
  }
  labels <- addNA(labels, ifany = TRUE)
  levels(labels)[is.na(levels(labels))] <- "missing"
  share <- as.numeric(table(labels)) / length(x)
  labelled <- if (binned) (seq_along(share) - 4) %% 13 == 0 | levels(labels) == "missing" else TRUE
  data.frame(column = name, label = levels(labels), key = paste(name, levels(labels), sep = "\r"), share = share,
             binned = binned & levels(labels) != "missing", labelled = labelled)
}

lump_rare <- function(x, most) {
  if (nlevels(x) <= most) return(x)
  common <- names(sort(table(x), decreasing = TRUE))[seq_len(most - 1)]
  levels(x)[!levels(x) %in% common] <- "others"
  x
}

# plot() of whatever has an autoplot() draws that.
#' @rawNamespace S3method(plot, causalsynth_effect, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_hybrid, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_generator, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_pool, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_overlap, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_pair, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_remedies, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_sensitivity, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_augmented, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_fidelity, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_privacy, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_comparison, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_study, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_study_comparison, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_matched, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_importance, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_metric, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_dcr, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_dcr_match, draw_plot)
#' @rawNamespace S3method(plot, causalsynth_tstr, draw_plot)
draw_plot <- function(x, ...) {
  print(autoplot(x, ...))
  invisible(x)
}

#' @rawNamespace S3method(plot, causalsynth_nuisance, no_plot)
#' @rawNamespace S3method(plot, causalsynth_nuisance_arms, no_plot)
#' @rawNamespace S3method(plot, causalsynth_dgp, no_plot)
#' @rawNamespace S3method(plot, causalsynth_certificate, no_plot)
#' @rawNamespace S3method(ggplot2::autoplot, causalsynth_nuisance, no_plot)
#' @rawNamespace S3method(ggplot2::autoplot, causalsynth_nuisance_arms, no_plot)
#' @rawNamespace S3method(ggplot2::autoplot, causalsynth_dgp, no_plot)
#' @rawNamespace S3method(ggplot2::autoplot, causalsynth_certificate, no_plot)
no_plot <- function(...) {
  kind <- sub("^causalsynth_", "", utils::tail(class(..1), 1))
  instead <- c(nuisance = "plot {.code diagnose_overlap(x)}, or an effect of them.",
               nuisance_arms = "plot an effect of them.", dgp = "plot {.code generate(x, n)}.",
               certificate = "plot the hybrid or a pool of it.")[[kind]]
  abort("input", c("There is no picture of an object of class {.cls {class(..1)[1]}}.", i = paste("Instead", instead)),
        call = rlang::caller_env())
}
