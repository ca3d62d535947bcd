# The demo's files: each is written under another name first, so that none is ever there in part.

write_whole <- function(path, write) {
  part <- file.path(dirname(path), paste0("part-", basename(path)))
  on.exit(unlink(part))
  write(part)
  if (!file.rename(part, path)) stop("cannot write ", path, call. = FALSE)
}

write_study <- function(result, folder) {
  dir.create(folder, recursive = TRUE, showWarnings = FALSE)
  if (!dir.exists(folder)) stop("cannot create the folder ", folder, call. = FALSE)
  csv <- function(x) function(path) utils::write.csv(x, path, row.names = FALSE)
  png <- function(plot, height) function(path) {
    ggplot2::ggsave(path, plot, device = "png", width = 7, height = height, dpi = 150, bg = "white")
  }
  write_whole(file.path(folder, "hybrid.csv"), csv(as.data.frame(result$sets$targeted$rows)))
  write_whole(file.path(folder, "table.csv"), csv(result$estimates))
  write_whole(file.path(folder, "ate.png"), png(effect_plot(result), 4.2))
  write_whole(file.path(folder, "dcr.png"), png(distance_plot(result), 3.4))
}

# Estimates and intervals of every set, the effects that they should have found, and each pool's exact effect.
effect_plot <- function(result) {
  rows <- result$estimates
  rows$set <- factor(rows$set, rev(unique(rows$set)))
  rows$method <- factor(toupper(rows$method), rev(toupper(estimators)))
  exact <- unique(rows[!is.na(rows$truth), c("set", "truth")])
  seed <- result$sets$targeted$fit$seed_effect$estimate
  lines <- data.frame(x = c(result$truth, seed), what = c(if (!is.null(result$truth)) "dashed", "dotted"))
  key <- paste0("Dotted: the seed's TMLE (", signif(seed, 4), ")",
                if (!is.null(result$truth)) paste0("; dashed: the mechanism's effect (", signif(result$truth, 4), ")"),
                ".\nCross: the exact effect of the pool's rows. OR by forests has no standard error, so no interval.")
  apart <- ggplot2::position_dodge(width = .6)
  ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$set, colour = .data$method, shape = .data$method)) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$x, linetype = .data$what), lines, colour = "grey40") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), na.rm = TRUE,
                            position = apart) +
    ggplot2::geom_point(position = apart, size = 2) +
    ggplot2::geom_point(ggplot2::aes(.data$truth, .data$set), exact, inherit.aes = FALSE, shape = 4, size = 4) +
    ggplot2::scale_linetype_identity() +
    ggplot2::scale_colour_manual(values = c("#CC79A7", "#009E73", "#D55E00", "#0072B2")) +
    ggplot2::guides(colour = ggplot2::guide_legend(reverse = TRUE), shape = ggplot2::guide_legend(reverse = TRUE)) +
    ggplot2::labs(
      x = "Average treatment effect", y = NULL, colour = NULL, shape = NULL, title = result$title %||% result$name,
      caption = key
    ) +
    ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(legend.position = "top", plot.title.position = "plot")
}

distance_plot <- function(result) {
  distances <- result$quality$distances
  rows <- data.frame(set = factor(rep(names(distances), lengths(distances)), rev(names(distances))),
                     distance = unlist(distances, use.names = FALSE))
  ggplot2::ggplot(rows, ggplot2::aes(.data$distance, .data$set)) +
    ggplot2::geom_boxplot(outlier.size = .3, outlier.alpha = .2, fill = "#56B4E9", alpha = .4) +
    ggplot2::labs(x = "Distance to the closest record of the seed (covariates, standardised)", y = NULL,
                  title = result$title %||% result$name) +
    ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(plot.title.position = "plot")
}
