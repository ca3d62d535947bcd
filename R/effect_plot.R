#' Forest plot of effects
#'
#' @param object An effect of [estimate_effect()].
#' @param ... Further effects to show beside it; their names, and that of none for `object`, label them.
#' @param conf.level Confidence level.
#' @return A ggplot: a row a method of each effect, in groups by estimand where there are several; estimate and
#'   interval as points and lines, and in figures on the right. A hollow point has no standard error.
#' @examples
#' study <- generate(dgp_paper("weak"), 500, seed = 1)
#' fitted <- nuisance(Y ~ A | ., study, learn_glm(), learn_glm())
#' all <- estimate_effect(fitted, method = c("iptw", "aipw", "tmle"))
#' ggplot2::autoplot(all, estimate_effect(fitted, estimand = "ATT"))
#' @exportS3Method ggplot2::autoplot causalsynth_effect
autoplot.causalsynth_effect <- function(object, ..., conf.level = .95) {
  check_level(conf.level, "conf.level")
  others <- list(...)
  foreign <- !vapply(others, inherits, NA, "causalsynth_effect")
  if (any(foreign)) {
    at <- which(foreign)[1]
    if (nzchar(rlang::names2(others)[at])) check_dots_empty(!!!others[at], .known = "conf.level")
    abort("input", c("Arguments after {.arg object} must be effects.", x = "One is {describe(others[[at]])}."))
  }
  rows <- forest_rows(c(list(object), others), conf.level)
  figures <- forest_figures(rows)
  ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$at)) +
    ggplot2::geom_vline(xintercept = 0, linetype = 2, colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), rows[rows$known, ],
                            colour = plot_colours[1], linewidth = .8) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$known), size = 2.4, colour = plot_colours[1], fill = "white",
                        stroke = .8) +
    ggplot2::scale_shape_manual(values = c(`TRUE` = 16, `FALSE` = 21), guide = "none") +
    ggplot2::scale_y_continuous(
      breaks = rows$at, labels = rows$label, expand = ggplot2::expansion(add = .6),
      sec.axis = ggplot2::dup_axis(labels = figures, name = NULL)
    ) +
    ggplot2::labs(x = forest_title(object, rows, conf.level), y = NULL) +
    ggplot2::theme_minimal() +
    ggplot2::theme(panel.grid.minor = ggplot2::element_blank(), panel.grid.major.y = ggplot2::element_blank(),
                   axis.text.y = ggplot2::element_text(size = 10, colour = "grey20"))
}

# A row a method of each effect, from the top down, with a gap between estimands: estimate, conf.low, conf.high, known
# (has a standard error), label, term, at (height).
forest_rows <- function(effects, conf.level) {
  names <- rlang::names2(effects)
  parts <- lapply(seq_along(effects), function(i) {
    x <- effects[[i]]
    table <- tidy(x, conf.level = conf.level)[is_contrast(x), ]
    label <- table$method
    if (nzchar(names[i])) label <- if (length(unique(label)) > 1) paste0(names[i], ": ", label) else names[i]
    data.frame(table[c("estimate", "conf.low", "conf.high")], known = !is.na(table$std.error), label = label,
               term = table$term)
  })
  rows <- do.call(rbind, parts)
  groups <- unique(rows$term)
  rows <- rows[order(match(rows$term, groups)), ]
  if (length(groups) > 1) rows$label <- paste0(rows$term, "  ", rows$label)
  rows$at <- -(seq_len(nrow(rows)) + .5 * (match(rows$term, groups) - 1))
  rownames(rows) <- NULL
  rows
}

# Estimates and limits as text, with the decimals that give the narrowest interval three figures.
forest_figures <- function(rows) {
  widths <- (rows$conf.high - rows$conf.low)[rows$known]
  scale <- min(c(widths[widths > 0], if (!any(rows$known)) abs(rows$estimate)), Inf)
  digits <- if (is.finite(scale) && scale > 0) max(0, min(6, 2 - floor(log10(scale)))) else 3
  number <- function(v) formatC(v, digits = digits, format = "f", big.mark = ",")
  ifelse(rows$known, paste0(number(rows$estimate), " (", number(rows$conf.low), " to ", number(rows$conf.high), ")"),
         paste0(number(rows$estimate), " (no SE)"))
}

forest_title <- function(x, rows, conf.level) {
  groups <- unique(rows$term)
  what <- if (length(groups) == 1) groups else "effect"
  paste0(what, " of ", x$roles$treatment, " on ", x$roles$outcome, ", ", 100 * conf.level, " % confidence interval")
}
