#' Pictures of the fidelity of synthetic rows
#'
#' @param object Made by [fidelity()].
#' @param type What to draw:
#'   * `"summary"`: how much worse than the holdout's each score is, in tolerances (1: just beyond it);
#'   * `"marginals"`: shares of real and synthetic rows in each column, in bars of at least 5 real rows (outer bars
#'     hold all beyond them);
#'   * `"associations"`: a map of synthetic less real associations of pairs, and the holdout's in the other triangle;
#'   * `"propensity"`: fitted propensities by arm, real and synthetic rows each by their own regression;
#'   * `"effect"`: estimates of the ATE with 95 % intervals on real, holdout and synthetic rows;
#'   * `"outcome"`: observed against predicted outcome of the holdout, by regressions trained on synthetic and on real
#'     rows, in groups of at least 5.
#'
#'   The last three need a `formula`.
#' @param ... Unknown names are an error.
#' @param columns With `"marginals"`: names of columns; `NULL`: the 12 that differ most.
#' @return A ggplot.
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' other <- generate(dgp_paper("weak"), 200, seed = 2)
#' found <- fidelity(real, other, Y ~ A | ., generate(dgp_paper(), 200, seed = 3),
#'   estimators = "aipw", learner = learn_glm(), permutations = 2, seed = 4)
#' ggplot2::autoplot(found, "marginals")
#' @exportS3Method ggplot2::autoplot causalsynth_fidelity
autoplot.causalsynth_fidelity <- function(object, type = c("summary", "marginals", "associations", "propensity",
                                                           "effect", "outcome"), ..., columns = NULL) {
  check_dots_empty(...)
  type <- check_choice(type, c("summary", "marginals", "associations", "propensity", "effect", "outcome"), "type")
  if (type %in% c("propensity", "effect", "outcome") && is.null(object$causal)) {
    abort("input", "{.code type = \"{type}\"} needs a {.arg formula} in {.fn fidelity}.")
  }
  if (type == "associations" && is.null(object$associations)) {
    abort("input", "There is one column: it has no pair.")
  }
  switch(type, summary = fidelity_summary_plot(object), marginals = marginals_plot(object, columns),
         associations = associations_plot(object), propensity = fidelity_propensity_plot(object),
         effect = fidelity_effect_plot(object), outcome = fidelity_outcome_plot(object))
}

# Blue and orange of plot_colours, and grey.
set_colours <- c(real = "grey55", synthetic = "#0072B2", holdout = "#E69F00")

fidelity_summary_plot <- function(x, most = 8) {
  rows <- cbind(x$verdicts, label = x$definitions$label)
  rows <- rows[!rows$verdict %in% c(NA, "not computed"), ]
  rows$size <- rows$worse_by / rows$tolerance
  rows$shown <- pmin(pmax(rows$size, -2), most)
  rows$verdict <- factor(rows$verdict, c("like the holdout", "worse", "much worse"))
  rows$label <- factor(rows$label, rev(unique(rows$label)))
  rows$group <- factor(rows$group, c("marginals", "joint", "causal"))
  beyond <- sum(rows$size > most)
  ggplot2::ggplot(rows, ggplot2::aes(.data$shown, .data$label, colour = .data$verdict, shape = .data$verdict)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60") +
    ggplot2::geom_vline(xintercept = 1, linetype = 2, colour = "grey60") +
    ggplot2::geom_segment(ggplot2::aes(x = 0, xend = .data$shown, yend = .data$label), linewidth = .4,
                          show.legend = FALSE) +
    ggplot2::geom_point(size = 2.6) +
    ggplot2::facet_grid(ggplot2::vars(.data$group), scales = "free_y", space = "free_y") +
    ggplot2::scale_colour_manual(values = c(plot_colours[3:2], "black"), drop = FALSE) +
    ggplot2::scale_shape_manual(values = c(16, 17, 15), drop = FALSE) +
    ggplot2::labs(x = "worse than the holdout's, in tolerances (dashed: 1)", y = NULL, colour = NULL, shape = NULL,
                  caption = if (beyond) sprintf("%s beyond %d drawn there", count_phrase(beyond, "score"), most)) +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom", panel.grid.major.y = ggplot2::element_blank())
}

marginals_plot <- function(x, columns) {
  table <- x$marginals$columns
  if (is.null(columns)) {
    size <- pmax(table$ks, table$tv, table$missing, na.rm = TRUE)
    columns <- table$column[sort(utils::head(order(-size), 12))]
  }
  unknown <- setdiff(columns, table$column)
  if (length(unknown)) abort("input", "{.arg columns} names {length(unknown)} unknown column{?s}: {.val {unknown}}.",
                             call = rlang::caller_env())
  bars <- x$marginals$bars[x$marginals$bars$column %in% columns, ]
  bars$key <- paste(bars$column, bars$label, sep = "\r")
  bars$key <- factor(bars$key, unique(bars$key))
  bars$column <- factor(bars$column, columns)
  # Bins of numbers are many: every so many of them bears its lower end.
  shown <- stats::ave(seq_len(nrow(bars)), bars$column, bars$set, FUN = seq_along)
  binned <- !is.na(bars$left)
  text <- ifelse(binned, format_each(bars$left, 3), clip_text(bars$label, 12))
  text[binned & shown %% 4 != 1] <- ""
  text <- stats::setNames(text, as.character(bars$key))
  ggplot2::ggplot(bars, ggplot2::aes(.data$key, .data$share, fill = .data$set)) +
    ggplot2::geom_col(position = "dodge", width = .85) +
    ggplot2::facet_wrap(ggplot2::vars(.data$column), scales = "free") +
    ggplot2::scale_x_discrete(labels = function(keys) unname(text[keys])) +
    ggplot2::scale_fill_manual(values = set_colours) +
    ggplot2::labs(x = NULL, y = "share of rows", fill = NULL) +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom", axis.text.x = ggplot2::element_text(angle = 45, hjust = 1, size = 7),
                   panel.grid.major.x = ggplot2::element_blank())
}

clip_text <- function(text, width) ifelse(nchar(text) > width, paste0(substr(text, 1, width - 1), "\u2026"), text)

# Above the diagonal synthetic less real, below it holdout less real.
associations_plot <- function(x) {
  pairs <- x$associations
  rows <- data.frame(
    first = factor(c(pairs$second, pairs$first), x$columns),
    second = factor(c(pairs$first, pairs$second), rev(x$columns)),
    difference = c(pairs$difference, pairs$reference)
  )
  limit <- max(.1, abs(rows$difference))
  ggplot2::ggplot(rows, ggplot2::aes(.data$first, .data$second, fill = .data$difference)) +
    ggplot2::geom_tile(colour = "white", linewidth = .2) +
    ggplot2::scale_fill_gradient2(low = plot_colours[1], mid = "grey96", high = plot_colours[2],
                                  limits = c(-limit, limit)) +
    ggplot2::scale_x_discrete(drop = FALSE) + ggplot2::scale_y_discrete(drop = FALSE) +
    ggplot2::coord_equal() +
    ggplot2::labs(x = NULL, y = NULL, fill = "less real",
                  subtitle = "Associations: synthetic (upper right) and holdout (lower left) less real") +
    ggplot2::theme_minimal() +
    ggplot2::theme(axis.text.x = ggplot2::element_text(angle = 45, hjust = 1))
}

fidelity_propensity_plot <- function(x) {
  bins <- x$causal$propensity
  if (is.null(bins)) abort("data", "No propensity could be fitted: see {.code $notes}.", call = rlang::caller_env())
  names <- paste0(x$causal$treatment, " = ", x$causal$treat_levels)
  bins$arm <- factor(names[bins$arm + 1], names)
  bins$density <- bins$share / (bins$right - bins$left)
  ggplot2::ggplot(bins, ggplot2::aes(fill = .data$set, colour = .data$set)) +
    ggplot2::geom_rect(ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = 0, ymax = .data$density), alpha = .35,
                       linewidth = .3) +
    ggplot2::facet_wrap(ggplot2::vars(.data$arm), ncol = 1) +
    ggplot2::scale_fill_manual(values = set_colours) +
    ggplot2::scale_colour_manual(values = set_colours) +
    ggplot2::labs(x = "fitted propensity", y = "density", fill = NULL, colour = NULL) +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom")
}

fidelity_effect_plot <- function(x) {
  rows <- x$causal$estimates
  rows$set <- factor(rows$set, c("synthetic", "holdout", "real"))
  rows$method <- factor(rows$method, rev(unique(rows$method)))
  real <- rows[rows$set == "real", ]
  known <- !is.na(rows$std.error)
  dodge <- ggplot2::position_dodge(width = .5)
  ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$method, colour = .data$set, shape = .data$set)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60") +
    ggplot2::geom_linerange(data = rows[known, ], ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high),
                            position = dodge) +
    ggplot2::geom_point(position = dodge, size = 2.4) +
    ggplot2::scale_colour_manual(values = set_colours) +
    ggplot2::guides(colour = ggplot2::guide_legend(reverse = TRUE), shape = ggplot2::guide_legend(reverse = TRUE)) +
    ggplot2::labs(x = paste("average effect of", x$causal$treatment, "on", x$causal$outcome), y = NULL, colour = NULL,
                  shape = NULL, caption = if (!all(known)) "Without interval: no standard error") +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom")
}

fidelity_outcome_plot <- function(x) {
  rows <- x$causal$calibration
  if (is.null(rows)) abort("data", "No outcome regression could be fitted: see {.code $notes}.",
                           call = rlang::caller_env())
  ggplot2::ggplot(rows, ggplot2::aes(.data$predicted, .data$observed, colour = .data$set, shape = .data$set)) +
    ggplot2::geom_abline(linetype = 2, colour = "grey60") +
    ggplot2::geom_line() +
    ggplot2::geom_point(size = 2.4) +
    ggplot2::scale_colour_manual(values = set_colours) +
    ggplot2::labs(x = paste("predicted", x$causal$outcome), y = "observed in the holdout", colour = "trained on",
                  shape = "trained on", subtitle = "Holdout rows in groups of similar predictions") +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom")
}
