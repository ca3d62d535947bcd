# Pictures of a diagnosis of overlap.

#' @rdname overlap_methods
#' @exportS3Method ggplot2::autoplot causalsynth_overlap
autoplot.causalsynth_overlap <- function(object, type = c("propensity", "balance", "weights", "remedies"), ...,
                                         terms = 30) {
  check_dots_empty(...)
  type <- check_choice(type, c("propensity", "balance", "weights", "remedies"), "type")
  terms <- check_whole(terms, "terms")
  switch(type, propensity = mirror_plot(object), balance = love_plot(object, terms), weights = weights_plot(object),
         remedies = remedy_sizes_plot(object))
}

arm_labels <- function(x) {
  levels <- rev(x$treat_levels)
  c(treated = paste0("treated: ", x$roles$treatment, " = ", levels[1]),
    control = paste0("control: ", x$roles$treatment, " = ", levels[2]))
}

# Shares of each arm in bins of the propensity: columns arm, sample, left, right, share (negative for control).
mirror_bins <- function(x, bins = 40) {
  range <- range(x$distance)
  low <- floor(10 * range[1]) / 10
  high <- max(ceiling(10 * range[2]) / 10, low + .1)
  edges <- seq(low, high, length.out = bins + 1)
  bin <- findInterval(x$distance, edges, rightmost.closed = TRUE)
  case <- x$s.weights %||% rep(1, x$n)
  sets <- c(list(before = case), lapply(weight_sets(x)[1], times_case, case = case))
  parts <- lapply(names(sets), function(name) {
    w <- sets[[name]]
    by_arm <- lapply(c("treated", "control"), function(a) {
      own <- x$treat == (a == "treated")
      sums <- code_sums(bin[own], w[own] / sum(w[own]), bins)
      data.frame(arm = a, sample = name, left = edges[-(bins + 1)], right = edges[-1],
                 share = if (a == "treated") sums else -sums)
    })
    do.call(rbind, by_arm)
  })
  table <- do.call(rbind, parts)
  table[is.finite(table$share), ]
}

# The outline of bars as a path: two points a bin.
outline <- function(bins) {
  parts <- lapply(split(bins, bins$arm), function(b) {
    data.frame(arm = b$arm[1], at = c(b$left[1], as.vector(rbind(b$left, b$right)), b$right[nrow(b)]),
               share = c(0, rep(b$share, each = 2), 0))
  })
  do.call(rbind, parts)
}

mirror_plot <- function(x) {
  bins <- mirror_bins(x)
  rows <- bins[bins$sample == "before", ]
  weighted <- outline(bins[bins$sample != "before", ])
  labels <- arm_labels(x)
  cuts <- c(x$threshold, 1 - x$threshold)
  cuts <- cuts[cuts >= min(bins$left) & cuts <= max(bins$right)]
  picture <- ggplot2::ggplot(rows) +
    ggplot2::geom_rect(ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = 0, ymax = .data$share,
                                    fill = .data$arm), alpha = .55) +
    ggplot2::geom_vline(xintercept = cuts, linetype = 2, colour = "grey40") +
    ggplot2::geom_hline(yintercept = 0, colour = "grey30")
  if (!is.null(weighted)) {
    picture <- picture + ggplot2::geom_path(ggplot2::aes(.data$at, .data$share, group = .data$arm), weighted,
                                            colour = "grey20", linewidth = .4)
  }
  picture +
    ggplot2::scale_fill_manual(values = c(treated = plot_colours[2], control = plot_colours[1]), labels = labels,
                               breaks = names(labels)) +
    ggplot2::scale_y_continuous(labels = function(v) format(abs(v))) +
    ggplot2::labs(
      x = "probability of treatment", y = "share of the arm", fill = NULL,
      subtitle = paste0(thousands(nrow(x$beyond)), " of ", thousands(x$n), " rows beyond ", signif(x$threshold, 3),
                        " (dashed)"),
      caption = paste0("bars: rows; line: weighted for the ", x$estimand, set_note(x))
    ) +
    ggplot2::theme_minimal() + ggplot2::theme(legend.position = "top")
}

set_note <- function(x) {
  label <- of_sample(x, samples_of(x)[1])
  if (length(samples_of(x)) > 1) paste0(label, "; further weights: not shown") else label
}

love_plot <- function(x, terms) {
  if (nrow(x$balance) == 0) {
    abort("input", c(
      "There is no balance to plot: no covariates were kept with the nuisances.",
      i = "Give {.arg covs} to {.fn as_nuisance}."
    ), call = rlang::caller_env())
  }
  rows <- x$balance[!is.na(x$balance$smd), c("term", "sample", "smd")]
  rows$smd <- abs(rows$smd)
  before <- rows[rows$sample == "before", ]
  largest <- tapply(rows$smd, factor(rows$term, before$term), max)
  shown <- before$term[utils::head(order(-largest), terms)]
  hidden <- nrow(before) - length(shown)
  rows <- rows[rows$term %in% shown, ]
  rows$term <- factor(rows$term, before$term[order(before$smd)])
  samples <- unique(rows$sample)
  rows$sample <- factor(rows$sample, samples)
  ggplot2::ggplot(rows, ggplot2::aes(.data$smd, .data$term)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60") +
    ggplot2::geom_vline(xintercept = smd_limit, linetype = 2, colour = "grey60") +
    ggplot2::geom_line(ggplot2::aes(group = .data$term), colour = "grey80") +
    ggplot2::geom_point(ggplot2::aes(colour = .data$sample, shape = .data$sample), size = 2) +
    ggplot2::scale_colour_manual(values = love_colours(length(samples))) +
    ggplot2::scale_shape_manual(values = c(1, 16, 17, 15, 18, 8, 3, 4)[(seq_along(samples) - 1) %% 8 + 1]) +
    ggplot2::scale_y_discrete(labels = function(v) clipped(v, 40)) +
    ggplot2::labs(
      x = "absolute standardised mean difference", y = NULL, colour = NULL, shape = NULL,
      caption = paste0("dashed: ", smd_limit,
                       if (hidden) paste0("; ", count_phrase(hidden, "term"), " of smaller differences not shown"))
    ) +
    ggplot2::theme_minimal() + ggplot2::theme(legend.position = "top")
}

love_colours <- function(k) rep_len(c("grey30", plot_colours[c(2, 1, 3, 4)]), k)

weights_plot <- function(x) {
  case <- x$s.weights %||% rep(1, x$n)
  sets <- weight_sets(x)
  arm <- ifelse(x$treat == 1, "treated", "control")
  parts <- lapply(names(sets), function(name) {
    w <- times_case(sets[[name]], case)
    w <- w / ifelse(x$treat == 1, mean(w[x$treat == 1]), mean(w[x$treat == 0]))
    ess <- x$ess[x$ess$sample == name, ]
    zero <- tapply(w == 0, factor(arm, ess$arm), sum)
    size <- signif(ess$after, 3)
    label <- if (length(sets) > 1) paste0(ess$arm, ", ", name, "\nESS ", size, " of ", ess$n)
             else paste0(ess$arm, ": ", thousands(ess$n), " rows count as ", size)
    label <- paste0(label, ifelse(zero > 0, paste0(" (", zero, " of weight 0)"), ""))
    names(label) <- ess$arm
    data.frame(arm = arm, panel = factor(label[arm], label), weight = w)
  })
  rows <- do.call(rbind, parts)
  rows <- rows[is.finite(rows$weight) & rows$weight > 0, ]
  if (nrow(rows) == 0) {
    abort("input", c(
      "There are no finite weights to plot.",
      i = "Give {.arg bounds} to {.fn nuisance}, such as {.code bounds = \"gruber\"}."
    ), call = rlang::caller_env())
  }
  ggplot2::ggplot(rows, ggplot2::aes(.data$weight, fill = .data$arm)) +
    ggplot2::geom_histogram(bins = 40, alpha = .7) +
    ggplot2::geom_vline(xintercept = 1, linetype = 2, colour = "grey40") +
    ggplot2::facet_wrap(~ panel, ncol = length(sets), dir = "v", scales = "free_y") +
    ggplot2::scale_x_log10() +
    ggplot2::scale_fill_manual(values = c(treated = plot_colours[2], control = plot_colours[1]), guide = "none") +
    ggplot2::labs(x = paste0("weight for the ", x$estimand, ", times its arm's mean"), y = "rows") +
    ggplot2::theme_minimal()
}

# Effective sizes of the arms that each remedy would leave.
remedy_sizes_plot <- function(x) {
  table <- x$remedies
  rows <- data.frame(remedy = factor(rep(table$remedy, 2), rev(table$remedy)),
                     arm = rep(c("treated", "control"), each = nrow(table)),
                     size = c(table$ess_treated, table$ess_control))
  rows$size[is.na(rows$size)] <- 0
  ggplot2::ggplot(rows, ggplot2::aes(.data$size, .data$remedy, fill = .data$arm)) +
    ggplot2::geom_col(position = "dodge", alpha = .7) +
    ggplot2::scale_fill_manual(values = c(treated = plot_colours[2], control = plot_colours[1])) +
    ggplot2::labs(x = "effective rows (twins included; none where weights are infinite)", y = NULL, fill = NULL) +
    ggplot2::theme_minimal() + ggplot2::theme(legend.position = "top")
}
