# The known effect of hybrids and pools, their prints and pictures.

# A term of effects from the arms' means, named by arm: contrasts with the first arm, means, or an error.
term_of_means <- function(means, term, call) {
  arms <- names(means)
  binary <- identical(arms, c("0", "1"))
  values <- c(means[-1] - means[1], means)
  names(values) <- c(contrast_names(arms), paste0("mean_", arms))
  if (is.character(term) && length(term) == 1 && term %in% names(values)) return(values[[term]])
  shown <- if (binary) c("ATE", "mean_1", "mean_0") else names(values)
  abort("input", c(
    "{.arg estimand} must be one of {.or {.val {utils::head(shown, 12)}}}.",
    x = "It is {describe(term)}.",
    i = if (!binary) "With several arms each contrast has its level in its name."
  ), call = call)
}

#' @export
truth.causalsynth_pool <- function(x, estimand = "ATE", ...) {
  check_dots_empty(...)
  parts <- pool_parts(x)
  means <- vapply(parts$means, mean, 1)
  names(means) <- sub("^q_?", "", names(means))
  value <- term_of_means(means, estimand, rlang::current_env())
  if (nrow(x) == 0) NA_real_ else value
}

# Of several arms, each arm's against the reference.
seed_estimate_line <- function(origin) {
  seed <- origin$seed_effect
  several <- length(origin$arms) > 2 && !is.null(seed$table)
  if (!several) return(sprintf("The seed's own estimate: %.5g (SE %.3g)", seed$estimate, seed$std.error))
  own <- seed$table[!grepl("^mean_", seed$table$term), ]
  paste("The seed's own estimates:", paste(sprintf("%s %.5g (SE %.3g)", sub("^ATE_", "", own$term), own$estimate,
                                                   own$std.error), collapse = ", "))
}

#' @export
truth.causalsynth_hybrid <- function(x, estimand = "ATE", ...) {
  check_dots_empty(...)
  term_of_means(x$law$means, estimand, rlang::current_env())
}

#' @export
format.causalsynth_pool <- function(x, ...) {
  parts <- attr(x, "causalsynth", exact = TRUE)
  means <- parts$means %||% parts[c("q0", "q1")]
  if (length(means[[1]]) != nrow(x)) return(NULL)
  origin <- parts$origin
  knobs <- if (!is.null(origin$knobs)) changed_knobs(origin$knobs)
  c(
    sprintf("Hybrid pool: %s made from a seed of %s (%s, %s)", count_phrase(nrow(x), "row"),
            format(origin$n_seed, big.mark = ","),
            if (origin$targeted) "targeted" else "plain", origin$generator),
    if (nrow(x)) {
      effects <- lapply(means[-1], function(q) q - means[[1]])
      law <- if (is.null(origin$law_means)) origin$law_effect else origin$law_means[-1] - origin$law_means[1]
      chance <- sprintf("; +/- %.2g is the chance of %s", vapply(effects, stats::sd, 1) / sqrt(nrow(x)),
                        count_phrase(nrow(x), "row"))
      sprintf("Exact effect of these rows%s: %.5g (of the law: %.5g%s)",
              if (length(effects) > 1) paste0(", ", origin$arms[-1]) else "",
              without_rounding(vapply(effects, mean, 1)), without_rounding(law), if (nrow(x) > 1) chance else "")
    },
    if (length(knobs)) paste("Knobs:", knob_phrase(origin$knobs)),
    seed_estimate_line(origin)
  )
}

#' Plot the effects of a pool's rows
#'
#' @param object A pool of [generate()] of a hybrid.
#' @param ... Unknown names are an error.
#' @return A ggplot: the distribution of Q(1, W) - Q(0, W) over rows (of each arm against the first, where there are
#'   more than two), with their mean, [truth()] of the pool, as a line.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), learner_outcome = learn_glm(),
#'                      learner_treatment = learn_glm(), seed = 2)
#' ggplot2::autoplot(generate(hybrid, 1000, seed = 3))
#' @exportS3Method ggplot2::autoplot causalsynth_pool
autoplot.causalsynth_pool <- function(object, ...) {
  check_dots_empty(...)
  means <- pool_parts(object)$means
  n <- length(means[[1]])
  against <- sub("^q_?", "", names(means)[-1])
  rows <- data.frame(effect = unlist(lapply(means[-1], function(q) q - means[[1]]), use.names = FALSE),
                     arm = factor(rep(against, each = n), against))
  centres <- data.frame(effect = vapply(means[-1], function(q) mean(q - means[[1]]), 1, USE.NAMES = FALSE),
                        arm = factor(against, against))
  picture <- ggplot2::ggplot(rows, ggplot2::aes(.data$effect)) +
    ggplot2::geom_histogram(ggplot2::aes(y = ggplot2::after_stat(.data$count) / n), bins = 40,
                            fill = plot_colours[1], alpha = .6) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$effect), data = centres, colour = plot_colours[2],
                        linewidth = 1) +
    ggplot2::labs(x = if (length(against) == 1) "Q(1, W) - Q(0, W)" else "Q(arm, W) - Q(first arm, W)",
                  y = "share of rows",
                  subtitle = sprintf("Exact effect of %s: %s (line)", count_phrase(n, "row"),
                                     paste(signif(centres$effect, 4), collapse = ", "))) +
    ggplot2::theme_minimal()
  if (length(against) == 1) picture else picture + ggplot2::facet_wrap("arm")
}
