# Figures of reports. Real rows are grey areas, synthetic ones blue lines or points: shape tells them apart as well as
# colour. Each takes a table that is aggregated already (R/report_aggregate.R), and returns html.

report_colours <- c(real = "grey65", synthetic = "#0072B2")

report_theme <- function(size = 12) {
  ggplot2::theme_minimal(base_size = size) +
    ggplot2::theme(panel.grid.minor = ggplot2::element_blank(), legend.position = "top",
                   plot.margin = ggplot2::margin(4, 8, 4, 4))
}

points_text <- function(share) paste(signif(100 * share, 2), "percentage points")

# One column: `table` of aggregate_column().
marginal_figure <- function(name, table) {
  gap <- shown_distance(table)
  far <- if (!is.na(gap)) which.max(abs(table$real - table$synthetic))
  alt <- paste0(
    "Distribution of ", name, ". ",
    if (is.na(gap)) "Synthetic rows only." else {
      paste0("Real and synthetic shares differ by ", points_text(gap), " in all (total variation), most ",
             if (is.null(table$label)) paste0("from ", axis_text(table, table$left[far]), " to ",
                                              axis_text(table, table$right[far]))
             else paste0("at ", table$label[far]), ": real ", signif(100 * table$real[far], 2), " %, synthetic ",
             signif(100 * table$synthetic[far], 2), " %.")
    }
  )
  caption <- paste(c(paste0(name, if (!is.na(gap)) paste0(": ", signif(100 * gap, 2), " % apart"), "."),
                     attr(table, "notes")), collapse = " ")
  plot <- if (attr(table, "kind") == "number") number_plot(table) else levels_plot(table)
  html_figure(plot + report_theme(11), alt, caption, 300, 200)
}

axis_text <- function(table, value) {
  own <- attr(table, "axis")
  if (is.null(own)) format(signif(value, 6), trim = TRUE) else own(value)
}

number_plot <- function(table) {
  wide <- table$bins
  steps <- data.frame(at = c(table$left[1], as.vector(rbind(table$left, table$right)), table$right[nrow(table)]),
                      height = c(0, rep(table$synthetic / wide, each = 2), 0))
  plot <- ggplot2::ggplot(table)
  if (has_real(table)) {
    plot <- plot + ggplot2::geom_rect(ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = 0,
                                                   ymax = .data$real / .data$bins), fill = report_colours[["real"]])
  }
  plot <- plot + ggplot2::geom_path(ggplot2::aes(.data$at, .data$height), steps, colour = report_colours[["synthetic"]],
                                    linewidth = .7) +
    ggplot2::labs(x = NULL, y = NULL) + ggplot2::scale_y_continuous(labels = percent_labels)
  own <- attr(table, "axis")
  if (is.null(own)) plot else plot + ggplot2::scale_x_continuous(labels = own, n.breaks = 3)
}

levels_plot <- function(table) {
  table$at <- rev(seq_len(nrow(table)))
  plot <- ggplot2::ggplot(table)
  if (has_real(table)) {
    plot <- plot + ggplot2::geom_rect(ggplot2::aes(xmin = 0, xmax = .data$real, ymin = .data$at - .38,
                                                   ymax = .data$at + .38), fill = report_colours[["real"]])
  }
  plot + ggplot2::geom_segment(ggplot2::aes(x = 0, xend = .data$synthetic, y = .data$at, yend = .data$at),
                               colour = report_colours[["synthetic"]], linewidth = .7) +
    ggplot2::geom_point(ggplot2::aes(.data$synthetic, .data$at), colour = report_colours[["synthetic"]], size = 1.8) +
    ggplot2::scale_y_continuous(breaks = table$at, labels = clipped(table$label, 16),
                                expand = ggplot2::expansion(add = .3)) +
    ggplot2::scale_x_continuous(labels = percent_labels, limits = c(0, NA)) + ggplot2::labs(x = NULL, y = NULL)
}

has_real <- function(table) !is.null(table$real) && !anyNA(table$real)

percent_labels <- function(v) paste0(signif(100 * v, 3), "%")

# A map of associations: `pairs` has first, second and the column `value`.
heat_figure <- function(pairs, columns, value, what, alt, caption, symmetric = TRUE) {
  rows <- data.frame(first = factor(c(pairs$first, pairs$second), columns),
                     second = factor(c(pairs$second, pairs$first), rev(columns)), value = rep(pairs[[value]], 2))
  few <- length(columns) <= 10
  short <- clipped(columns, 14)
  plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$first, .data$second, fill = .data$value)) +
    ggplot2::geom_tile(colour = "white", linewidth = .3) +
    ggplot2::scale_fill_gradient2(low = plot_colours[2], mid = "grey97", high = plot_colours[1], limits = c(-1, 1)) +
    ggplot2::scale_x_discrete(labels = short) + ggplot2::scale_y_discrete(labels = rev(short)) +
    ggplot2::guides(fill = ggplot2::guide_colourbar(title.position = "top")) +
    ggplot2::labs(x = NULL, y = NULL, fill = what) + ggplot2::coord_equal() + report_theme(12) +
    ggplot2::theme(axis.text = ggplot2::element_text(size = min(9.5, 170 / length(columns))),
                   axis.text.x = ggplot2::element_text(angle = 50, hjust = 1), panel.grid = ggplot2::element_blank(),
                   legend.key.width = ggplot2::unit(1.6, "lines"), legend.key.height = ggplot2::unit(.5, "lines"))
  if (few) {
    plot <- plot + ggplot2::geom_text(ggplot2::aes(label = formatC(.data$value, digits = 2, format = "f"),
                                                   colour = abs(.data$value) > .6), size = 3) +
      ggplot2::scale_colour_manual(values = c(`TRUE` = "white", `FALSE` = "grey15"), guide = "none")
  }
  html_figure(plot, alt, caption, 420, 450)
}

# Effects: `rows` with label, estimate, conf.low, conf.high, set ("real", "synthetic", "known"), from the top down.
effect_figure <- function(rows, x, alt, caption) {
  rows$at <- rev(seq_len(nrow(rows)))
  known <- c(real = "real", synthetic = "synthetic", known = "known exactly")
  rows$set <- factor(known[rows$set], known)
  plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$at, colour = .data$set, shape = .data$set)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey75") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), linewidth = .8, na.rm = TRUE,
                            show.legend = FALSE) +
    ggplot2::geom_point(size = 2.6) +
    ggplot2::scale_colour_manual(values = stats::setNames(c("grey35", report_colours[["synthetic"]], plot_colours[2]),
                                                          known), drop = TRUE) +
    ggplot2::scale_shape_manual(values = stats::setNames(c(15, 16, 18), known), drop = TRUE) +
    ggplot2::scale_y_continuous(breaks = rows$at, labels = rows$label, expand = ggplot2::expansion(add = .6)) +
    ggplot2::labs(x = x, y = NULL, colour = NULL, shape = NULL) + report_theme() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
  html_figure(plot, alt, caption, 480, 110 + 26 * nrow(rows))
}

# Shares by arm of the propensity, treated up and control down; `bins` of propensity_bins() with a column set.
propensity_figure <- function(bins, labels, alt, caption) {
  bins$share <- ifelse(bins$arm == "treated", 1, -1) * bins$share / bins$bins
  plot <- ggplot2::ggplot(bins) +
    ggplot2::geom_rect(ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = 0, ymax = .data$share,
                                    fill = .data$arm)) +
    ggplot2::geom_hline(yintercept = 0, colour = "grey30") +
    ggplot2::scale_fill_manual(values = c(treated = plot_colours[2], control = plot_colours[1]), labels = labels,
                               breaks = names(labels)) +
    ggplot2::scale_y_continuous(labels = function(v) percent_labels(abs(v))) +
    ggplot2::facet_wrap("set", ncol = 1) +
    ggplot2::labs(x = "probability of treatment given the covariates", y = "share of the arm",
                  fill = NULL) + report_theme()
  html_figure(plot, alt, caption, 460, 140 + 150 * length(unique(bins$set)))
}

# Absolute standardised mean differences: `rows` with term, sample ("before", "after"), set, smd.
love_figure <- function(rows, alt, caption) {
  order <- rows$term[rows$sample == "before" & rows$set == rows$set[1]]
  size <- tapply(rows$smd, factor(rows$term, unique(rows$term)), max, na.rm = TRUE)
  shown <- utils::head(names(sort(size, decreasing = TRUE)), 25)
  rows <- rows[rows$term %in% shown, ]
  rows$term <- factor(rows$term, rev(shown))
  rows$sample <- factor(c(before = "unweighted", after = "weighted")[rows$sample], c("unweighted", "weighted"))
  plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$smd, .data$term, colour = .data$sample, shape = .data$sample)) +
    ggplot2::geom_vline(xintercept = smd_limit, linetype = 2, colour = "grey55") +
    ggplot2::geom_point(size = 2, na.rm = TRUE) +
    ggplot2::scale_colour_manual(values = c(unweighted = "grey30", weighted = plot_colours[1])) +
    ggplot2::scale_shape_manual(values = c(unweighted = 1, weighted = 16)) +
    ggplot2::scale_y_discrete(labels = function(v) clipped(v, 16)) +
    ggplot2::facet_wrap("set") +
    ggplot2::labs(x = "absolute standardised mean difference", y = NULL, colour = NULL, shape = NULL) +
    report_theme()
  hidden <- length(order) - length(shown)
  if (hidden > 0) caption <- paste0(caption, " ", count_phrase(hidden, "term"), " of smaller differences not shown.")
  html_figure(plot, alt, caption, 460, 120 + 18 * length(shown))
}
