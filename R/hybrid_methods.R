#' @export
format.causalsynth_hybrid <- function(x, ...) {
  law <- x$law$means
  c(
    sprintf("<hybrid> of %s ~ %s from %s rows of seed (%s%s)", event_phrase(x), x$roles$treatment,
            format(x$n_seed, big.mark = ","), targeting_phrase(x), if (x$proper) ", of a bootstrap resample" else ""),
    sprintf("  Covariates: %s; %s", x$generator$spec$label, count_phrase(length(x$roles$covariates), "column")),
    sprintf("  Treatment:  %s; reference level of %s is %s", assignment_phrase(x$assignment), x$roles$treatment,
            x$treat_levels[1]),
    sprintf("  Outcome:    %s", outcome_phrase(x$outcome_law$kind)),
    if (length(changed_knobs(x$knobs))) paste("  Knobs:     ", knob_phrase(x$knobs)),
    sprintf("Effect of its law, truth(): %s (means: %s)", paste(signif(law[-1] - law[1], 5), collapse = ", "),
            arm_values(x$roles$treatment, x$treat_levels, law, 5)),
    effect_lines(x$certificate)[seq_len(min(3, length(law) - 1))],
    paste("Propensity bounds:", x$certificate$bounds),
    shift_lines(x$certificate),
    if (!x$targeted) "targeted = TRUE does.",
    sprintf("A pool of k rows misses the law's effect by about %s / sqrt(k).",
            paste(signif(x$law$sd, 3), collapse = ", "))
  )
}

targeting_phrase <- function(x) {
  if (!x$targeted) return("plain")
  if (length(changed_knobs(x$knobs))) return("targeted, then changed by knobs")
  if (x$proper) "targeted: keeps the effect" else "targeted: keeps the seed's effect"
}

# "A = 0: .47, A = 1: .84"
arm_values <- function(treatment, arms, values, digits) {
  paste0(treatment, " = ", arms, ": ", signif(values, digits), collapse = ", ")
}

#' @export
print.causalsynth_hybrid <- function(x, ..., lines = 25) {
  show_object(x, lines = lines,
              then = "generate(hybrid, n, seed) draws a pool, certificate(hybrid) tells all.")
  invisible(x)
}

#' @export
summary.causalsynth_hybrid <- function(object, ...) {
  structure(list(hybrid = object, table = tidy(object)), class = "summary.causalsynth_hybrid")
}

#' @export
print.summary.causalsynth_hybrid <- function(x, ...) {
  print(x$hybrid, lines = Inf)
  print(x$table, row.names = FALSE, digits = 4)
  invisible(x)
}

#' @export
tidy.causalsynth_hybrid <- function(x, ...) {
  check_dots_empty(...)
  table <- x$certificate$effects
  own <- c(contrast_names(x$arms), paste0("mean_", if (length(x$arms) == 2) rev(x$arms) else x$arms))
  rows <- match(own, table$term)
  data.frame(term = own, seed = table$estimate[rows], law = table$law[rows])
}

#' @export
glance.causalsynth_hybrid <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    n_seed = x$n_seed, targeted = x$targeted, treatment = x$treatment, generator = x$generator$spec$label,
    estimate = x$seed_effect$estimate, std.error = x$seed_effect$std.error,
    truth = unname(x$law$means[2] - x$law$means[1]), law_sd = x$law$sd[1]
  )
}

#' Plot the mean outcomes of a hybrid's law
#'
#' @param object A fitted hybrid.
#' @param n Number of rows to draw for the picture.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param ... Unknown names are an error.
#' @return A ggplot: the distribution over rows of Q(a, W) by arm, the law's means as dashed lines. Their distance is
#'   [truth()] of the hybrid.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), learner_outcome = learn_glm(),
#'                      learner_treatment = learn_glm(), seed = 2)
#' ggplot2::autoplot(hybrid, seed = 3)
#' @exportS3Method ggplot2::autoplot causalsynth_hybrid
autoplot.causalsynth_hybrid <- function(object, n = 5000, seed = NULL, ...) {
  check_dots_empty(...)
  means <- pool_parts(generate(object, n, seed))$means
  arms <- paste("if", object$roles$treatment, "=", object$treat_levels)
  shown <- rev(seq_along(arms))
  rows <- data.frame(mean = unlist(means[shown], use.names = FALSE),
                     arm = factor(rep(arms[shown], each = length(means[[1]])), arms[shown]))
  centres <- data.frame(mean = unname(object$law$means[shown]), arm = factor(arms[shown], arms[shown]))
  effects <- object$law$means[-1] - object$law$means[1]
  colours <- if (length(arms) == 2) plot_colours[2:1] else grDevices::hcl.colors(length(arms), "Dark 3")
  ggplot2::ggplot(rows, ggplot2::aes(.data$mean, fill = .data$arm, colour = .data$arm)) +
    ggplot2::geom_histogram(ggplot2::aes(y = ggplot2::after_stat(.data$count) / length(means[[1]])), bins = 40,
                            alpha = .45,
                            position = "identity", linewidth = 0) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$mean, colour = .data$arm), data = centres, linetype = 2) +
    ggplot2::scale_fill_manual(values = colours, aesthetics = c("fill", "colour")) +
    ggplot2::labs(x = paste("mean of", object$roles$outcome, "given the covariates"), y = "share of rows", fill = NULL,
                  colour = NULL, subtitle = paste("Effect of the law:", paste(signif(effects, 4), collapse = ", "))) +
    ggplot2::theme_minimal() + ggplot2::theme(legend.position = "top")
}
