#' @export
format.causalsynth_hybrid <- function(x, ...) {
  seed <- x$seed_effect
  c(
    sprintf("Hybrid of %s ~ %s, fitted on %s rows (%s)", x$roles$outcome, x$roles$treatment,
            format(x$n_seed, big.mark = ","), if (x$targeted) "targeted: the seed's effect is kept" else "plain"),
    sprintf("  Covariates: %s; %s", x$generator$spec$label, count_phrase(length(x$roles$covariates), "column")),
    sprintf("  Treatment:  %s; reference level of %s is %s",
            if (x$treatment == "fitted") "drawn from the fitted propensity"
            else sprintf("at random, P = %.3g", x$share_treated), x$roles$treatment, x$treat_levels[1]),
    sprintf("  Outcome:    %s", if (x$family == "binomial") "binary, drawn from the fitted probabilities"
            else "regression plus residuals of the seed's conditional law"),
    sprintf("Effect of its law, truth(): %.5g (means %.5g and %.5g)", truth(x), x$law$mean_1, x$law$mean_0),
    sprintf("The seed's estimate (TMLE): %.5g, SE %.3g, 95%% CI %.5g to %.5g", seed$estimate, seed$std.error,
            seed$conf.low, seed$conf.high),
    paste("Propensity bounds on the seed:", bounds_phrase(x$bounds, x$n_seed)),
    if (x$targeted) {
      sprintf("Shifts that keep it (logit scale): %.3g in arm 1, %.3g in arm 0",
              x$fluctuation$shift_1, x$fluctuation$shift_0)
    } else {
      "A plain hybrid does not aim at the seed's estimate; targeted = TRUE does."
    },
    sprintf("A pool of k rows misses the law's effect by about %.3g / sqrt(k).", x$law$sd),
    "Draw rows with generate(hybrid, n, seed)."
  )
}

#' @export
print.causalsynth_hybrid <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
summary.causalsynth_hybrid <- function(object, ...) {
  structure(list(hybrid = object, table = tidy(object)), class = "summary.causalsynth_hybrid")
}

#' @export
print.summary.causalsynth_hybrid <- function(x, ...) {
  print(x$hybrid)
  print(x$table, row.names = FALSE, digits = 4)
  invisible(x)
}

#' @export
tidy.causalsynth_hybrid <- function(x, ...) {
  check_dots_empty(...)
  seed <- x$seed_effect
  data.frame(
    term = c("ATE", "mean_1", "mean_0"),
    seed = c(seed$estimate, seed$mean_1, seed$mean_0),
    law = c(truth(x), x$law$mean_1, x$law$mean_0)
  )
}

#' @export
glance.causalsynth_hybrid <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    n_seed = x$n_seed, targeted = x$targeted, treatment = x$treatment, generator = x$generator$spec$label,
    estimate = x$seed_effect$estimate, std.error = x$seed_effect$std.error, truth = truth(x), law_sd = x$law$sd
  )
}

#' Plot the mean outcomes of a hybrid's law
#'
#' @param object A fitted hybrid.
#' @param n Number of rows to draw for the picture.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param ... Unknown names are an error.
#' @return A ggplot: the distribution over rows of Q(1, W) and Q(0, W), the law's two means as dashed lines. Their
#'   distance is
#'   [truth()] of the hybrid.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, learner_outcome = learn_glm(),
#'                      learner_treatment = learn_glm(), seed = 2)
#' ggplot2::autoplot(hybrid, seed = 3)
#' @export
autoplot.causalsynth_hybrid <- function(object, n = 5000, seed = NULL, ...) {
  check_dots_empty(..., .known = c("n", "seed"))
  parts <- pool_parts(generate(object, n, seed))
  arms <- paste("if", object$roles$treatment, "=", rev(object$treat_levels))
  rows <- data.frame(mean = c(parts$q1, parts$q0), arm = factor(rep(arms, each = length(parts$q1)), arms))
  centres <- data.frame(mean = c(object$law$mean_1, object$law$mean_0), arm = factor(arms, arms))
  ggplot2::ggplot(rows, ggplot2::aes(.data$mean, fill = .data$arm, colour = .data$arm)) +
    ggplot2::geom_histogram(ggplot2::aes(y = ggplot2::after_stat(.data$count) / length(parts$q1)), bins = 40,
                            alpha = .45,
                            position = "identity", linewidth = 0) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$mean, colour = .data$arm), data = centres, linetype = 2) +
    ggplot2::scale_fill_manual(values = plot_colours[2:1], aesthetics = c("fill", "colour")) +
    ggplot2::labs(x = paste("mean of", object$roles$outcome, "given the covariates"), y = "share of rows", fill = NULL,
                  colour = NULL, subtitle = sprintf("Effect of the law: %.4g", truth(object))) +
    ggplot2::theme_minimal() + ggplot2::theme(legend.position = "top")
}
