# How comparisons of synthesizers speak.

#' @export
format.causalsynth_comparison <- function(x, ...) {
  sprintf("<comparison> %s, each compared with %s and %s; best by mean rank: %s",
          count_phrase(nrow(x$ranks), "synthesizer"), count_phrase(x$n[["real"]], "real row"),
          count_phrase(x$n[["holdout"]], "holdout row"), x$ranks$synthesizer[1])
}

#' @export
print.causalsynth_comparison <- function(x, digits = 3, most = 6, ...) {
  most <- min(most, columns_that_fit(x, digits, most))
  close <- x$ranks$synthesizer[x$ranks$close]
  show_lines(
    c(format(x), if (x$holdout == "split") "No holdout was given: half of the real rows serve as one."),
    comparison_lines(x, digits, most),
    c("* worse than the holdout's by more than the tolerance, ** by more than three.",
      if (nrow(x$ranks) > most) paste(count_phrase(nrow(x$ranks) - most, "synthesizer"), "not shown: see tidy()"),
      if (length(close)) paste("Too close to the real rows, ranked last:", shorten(close, 4)),
      if (nrow(x$failures)) {
        sprintf("Failed: %s (%s)%s", x$failures$synthesizer[1], substr(x$failures$error[1], 1, 120),
                if (nrow(x$failures) > 1) sprintf(" and %d more", nrow(x$failures) - 1) else "")
      }),
    then = "autoplot(), summary(). Distances are diagnostics: see privacy()."
  )
  invisible(x)
}

comparison_labels <- c(dcr_median = "Distance to the closest record, median",
                       dcr_share = "Share closer to real than to holdout", copies = "Share of copies of real rows")

# The label of each metric, also those of distances.
comparison_label <- function(metrics) {
  own <- comparison_labels[metrics]
  unname(ifelse(is.na(own), defined_scores(metrics)$label, own))
}

# As many synthesizers, at least one, as the console is wide.
columns_that_fit <- function(x, digits, most) {
  for (k in rev(seq_len(min(most, nrow(x$ranks))))) {
    if (max(nchar(comparison_lines(x, digits, k))) <= getOption("width")) return(k)
  }
  1
}

comparison_lines <- function(x, digits, most) {
  shown <- utils::head(x$ranks$synthesizer, most)
  metrics <- unique(x$scores$metric)
  # Several estimators are for tidy(): the table is of one.
  effects <- grep("^ate_error_", metrics, value = TRUE)
  metrics <- setdiff(metrics, effects[-1])
  cells <- vapply(shown, function(name) {
    own <- x$scores[x$scores$synthesizer == name, ]
    own <- own[match(metrics, own$metric), ]
    verdict <- x$fidelity[[name]]$verdicts
    verdict <- verdict$verdict[match(metrics, verdict$metric)]
    mark <- ifelse(verdict %in% "worse", "*", ifelse(verdict %in% "much worse", "**", ""))
    format(paste0(format_each(own$estimate, digits), format(mark, width = 2)), justify = "right")
  }, character(length(metrics)))
  cells <- matrix(cells, length(metrics))
  first <- x$scores[x$scores$synthesizer == shown[1], ]
  reference <- format_each(first$reference[match(metrics, first$metric)], digits)
  table <- rbind(c("holdout", paste0(clip_text(shown, 14), "  ")), cbind(reference, cells),
                 c("", paste0(format_each(x$ranks$mean_rank[seq_along(shown)], digits), "  ")))
  label <- c("", comparison_label(metrics), "Mean rank (fidelity)")
  table <- apply(table, 2, format, justify = "right")
  trimws(paste0(format(label), "  ", apply(table, 1, paste, collapse = "  ")), "right")
}

#' @export
summary.causalsynth_comparison <- function(object, ...) {
  check_dots_empty(...)
  structure(list(comparison = object, ranks = object$ranks, scores = object$scores, failures = object$failures),
            class = "summary.causalsynth_comparison")
}

#' @export
format.summary.causalsynth_comparison <- function(x, ...) format(x$comparison)

#' @export
print.summary.causalsynth_comparison <- function(x, digits = 3, ...) {
  write_wrapped(format(x), "")
  print(x$ranks, digits = digits, row.names = FALSE)
  cat("\nRanks by score:\n")
  ranked <- x$scores[!is.na(x$scores$rank), ]
  print(tapply(ranked$rank, list(factor(ranked$metric, unique(ranked$metric)),
                                 factor(ranked$synthesizer, x$ranks$synthesizer)), min))
  if (nrow(x$failures)) write_wrapped("", paste0("Failed: ", x$failures$synthesizer, ": ", x$failures$error))
  invisible(x)
}

#' Tables and a picture of a comparison of synthesizers
#'
#' @param x,object Made by [compare_synthesizers()].
#' @param ... Unknown names are an error.
#' @return `tidy()`: a row a synthesizer and metric. `glance()`: one row. `autoplot()`: a ggplot, a panel a metric, the
#'   line is the holdout's score.
#' @name comparison_methods
#' @examples
#' real <- generate(dgp_paper(), 150, seed = 1)
#' sets <- list(like = generate(dgp_paper(), 150, seed = 2), copula = gen_copula())
#' fresh <- generate(dgp_paper(), 150, seed = 3)
#' found <- compare_synthesizers(sets, real, fresh, permutations = 2, seed = 4)
#' glance(found)
#' ggplot2::autoplot(found)
NULL

#' @rdname comparison_methods
#' @export
tidy.causalsynth_comparison <- function(x, ...) {
  check_dots_empty(...)
  x$scores
}

#' @rdname comparison_methods
#' @export
glance.causalsynth_comparison <- function(x, ...) {
  check_dots_empty(...)
  data.frame(synthesizers = nrow(x$ranks), failed = nrow(x$failures), best = x$ranks$synthesizer[1],
             n_real = x$n[["real"]], n_holdout = x$n[["holdout"]], holdout = x$holdout,
             scores = length(unique(x$scores$metric)))
}

#' @rdname comparison_methods
#' @exportS3Method ggplot2::autoplot causalsynth_comparison
autoplot.causalsynth_comparison <- function(object, ...) {
  check_dots_empty(...)
  comparison_plot(object)
}

comparison_plot <- function(object, columns = 4) {
  rows <- object$scores[!is.na(object$scores$estimate), ]
  labels <- comparison_label(unique(object$scores$metric))
  rows$label <- factor(comparison_label(rows$metric), labels)
  rows$synthesizer <- factor(rows$synthesizer, rev(object$ranks$synthesizer))
  verdict <- mapply(function(name, metric) {
    verdicts <- object$fidelity[[name]]$verdicts
    verdicts$verdict[match(metric, verdicts$metric)]
  }, as.character(rows$synthesizer), rows$metric)
  words <- c("no worse, or not judged", "worse than the holdout's")
  rows$worse <- factor(words[1 + (verdict %in% c("worse", "much worse"))], words)
  lines <- unique(rows[c("label", "reference")])
  # References of thinned holdouts differ a little where sets are of several sizes.
  lines <- lines[!is.na(lines$reference), ]
  ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$synthesizer)) +
    ggplot2::geom_vline(data = lines, ggplot2::aes(xintercept = .data$reference), colour = plot_colours[4]) +
    ggplot2::geom_linerange(data = rows[!is.na(rows$conf.low), ],
                            ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), colour = "grey50") +
    ggplot2::geom_point(ggplot2::aes(colour = .data$worse, shape = .data$worse), size = 2.2) +
    ggplot2::facet_wrap(ggplot2::vars(.data$label), ncol = columns, scales = "free_x",
                        labeller = ggplot2::label_wrap_gen(24)) +
    ggplot2::scale_x_continuous(n.breaks = 3) +
    ggplot2::scale_colour_manual(values = plot_colours[1:2], drop = FALSE) +
    ggplot2::scale_shape_manual(values = c(16, 17), drop = FALSE) +
    ggplot2::labs(x = "score (line: the holdout's)", y = NULL, colour = NULL, shape = NULL) +
    ggplot2::theme_minimal(base_size = 9) +
    ggplot2::theme(legend.position = "bottom", panel.spacing.x = ggplot2::unit(10, "pt"),
                   panel.grid.minor = ggplot2::element_blank())
}
