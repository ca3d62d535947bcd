#' Does one benchmark size and rank estimators' errors as another does?
#'
#' @param x A study of [study()].
#' @param y Another study with the same estimators and sizes, or `NULL` to compare sources of `x`.
#' @param reference,other Names of the sources to compare: the one that is believed, and the one that is judged. With
#'   `y` they are sources of `x` and `y`. `NULL` takes the first source of each (the first and second of `x` without
#'   `y`); `other` may name several.
#' @param ... Unknown arguments are an error.
#' @param conf.level Level of intervals.
#' @return An object of class `causalsynth_study_comparison`: a list of `ratios`, a row an `other`, knobs, `n` and
#'   method: both RMSEs, their `ratio` (other / reference) and its interval by the delta method on the logarithm;
#'   `pairs`, a row a pair of methods: the difference of their mean squared errors in the reference and in the other,
#'   the first's Monte Carlo error (paired: estimators of one replicate share data), and the `verdict`: `"tie"` where
#'   the reference's difference is within 2 Monte Carlo errors, else `"alike"` or `"reversed"`; `ranks`, Kendall's tau
#'   of the methods' RMSE. `tidy()` returns the ratios, `glance()` counts pairs, `autoplot()` draws the two RMSE against
#'   each other.
#' @examples
#' data <- generate(dgp_paper(), 300, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., data, gen_copula(), learner_treatment = learn_glm(),
#'   learner_outcome = learn_glm(), seed = 1)
#' both <- study(list(mechanism = dgp_paper(), hybrid = hybrid), c("iptw", "aipw", "or"), n = 150,
#'   reps = 10, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1, threads = 1)
#' compare_studies(both)
#' @export
compare_studies <- function(x, y = NULL, reference = NULL, ..., other = NULL, conf.level = .95) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(x, "x")
  check_study(x, "x", call)
  if (!is.null(y)) check_study(y, "y", call)
  check_level(conf.level, "conf.level")
  second <- y %||% x
  reference <- if (is.null(reference)) x$sources[1] else check_choice(reference, x$sources, "reference")
  other <- other %||% if (is.null(y)) setdiff(x$sources, reference) else second$sources
  foreign <- setdiff(other, second$sources)
  if (length(other) == 0 || length(foreign)) {
    abort("input", c(
      "{.arg other} must name sources of the study, {.val {second$sources}}.",
      x = if (length(foreign)) "It has {.val {foreign}}." else "There is no second source to compare with."
    ))
  }
  methods <- intersect(x$methods, second$methods)
  sizes <- intersect(x$n, second$n)
  if (length(methods) == 0 || length(sizes) == 0) {
    abort("input", "The studies share no {if (length(methods)) 'n' else 'estimator'}: nothing can be compared.")
  }
  parts <- list()
  for (name in other) for (n in sizes) {
    parts <- c(parts, list(compare_cell(error_matrix(x, reference, n, methods), error_matrix(second, name, n, methods),
                                        data.frame(other = name, n = n), conf.level)))
  }
  collect <- function(what) {
    rows <- do.call(rbind, lapply(parts, `[[`, what))
    rownames(rows) <- NULL
    rows
  }
  structure(list(ratios = collect("ratios"), pairs = collect("pairs"), ranks = collect("ranks"), reference = reference,
                 other = other, conf.level = conf.level), class = "causalsynth_study_comparison")
}

check_study <- function(x, arg, call) {
  if (!inherits(x, "causalsynth_study")) {
    abort("input", c("{.arg {arg}} must be a study of {.fn study}.", x = "It is {describe(x)}."), call = call)
  }
  if (length(x$knobs)) {
    abort("input", c("{.arg {arg}} has knobs: its sources are not one each.",
                     i = "Compare studies of one setting of the knobs."), call = call)
  }
}

# Squared errors of one source and n: a row a replicate and a column a method, NA where it failed.
error_matrix <- function(x, source, n, methods) {
  rows <- x$results[x$results$source == source & x$results$n == n & x$results$method %in% methods, ]
  squared <- (rows$estimate - rows$truth)^2
  matrix(squared[order(match(rows$method, methods), rows$rep)], ncol = length(methods), dimnames = list(NULL, methods))
}

compare_cell <- function(first, second, labels, level) {
  moments <- function(m) {
    mse <- colMeans(m, na.rm = TRUE)
    list(mse = mse, relative = apply(m, 2, stats::sd, na.rm = TRUE) / sqrt(colSums(!is.na(m))) / mse)
  }
  a <- moments(first)
  b <- moments(second)
  ratio <- sqrt(b$mse / a$mse)
  # The standard error of a log RMSE is half the relative one of the MSE.
  half <- stats::qnorm((1 + level) / 2) * sqrt(a$relative^2 + b$relative^2) / 2
  ratios <- data.frame(labels, method = colnames(first), rmse_reference = sqrt(a$mse), rmse_other = sqrt(b$mse),
                       ratio = ratio, conf.low = ratio * exp(-half), conf.high = ratio * exp(half), row.names = NULL)
  list(ratios = ratios, pairs = compare_pairs(first, second, labels),
       ranks = data.frame(labels, tau = rank_agreement(a$mse, b$mse), n_methods = ncol(first)))
}

rank_agreement <- function(a, b) {
  if (length(a) < 2) return(NA_real_)
  suppressWarnings(stats::cor(a, b, method = "kendall"))
}

compare_pairs <- function(first, second, labels) {
  k <- ncol(first)
  if (k < 2) return(NULL)
  pairs <- utils::combn(k, 2)
  rows <- lapply(seq_len(ncol(pairs)), function(j) {
    i <- pairs[, j]
    gap <- first[, i[1]] - first[, i[2]]
    gap <- gap[!is.na(gap)]
    there <- mean(second[, i[1]] - second[, i[2]], na.rm = TRUE)
    mcse <- stats::sd(gap) / sqrt(length(gap))
    tie <- !isTRUE(abs(mean(gap)) > 2 * mcse)
    data.frame(labels, method_1 = colnames(first)[i[1]], method_2 = colnames(first)[i[2]], difference = mean(gap),
               mcse = mcse, difference_other = there,
               verdict = if (tie) "tie" else if (sign(there) == sign(mean(gap))) "alike" else "reversed")
  })
  do.call(rbind, rows)
}

#' @export
format.causalsynth_study_comparison <- function(x, ...) {
  counts <- glance(x)
  paste0("<study comparison> ", paste(x$other, collapse = ", "), " against ", x$reference, ": ", counts$alike, " of ",
         counts$alike + counts$reversed, " pairs of estimators ordered alike, ", count_phrase(counts$tie, "tie"))
}

#' @export
print.causalsynth_study_comparison <- function(x, ...) {
  table <- x$ratios
  shown <- utils::head(table, 12)
  number <- function(v) formatC(v, digits = 4, format = "g", flag = "#")
  ratios <- data.frame(shown[c("other", "n", "method")], rmse_reference = number(shown$rmse_reference),
                       rmse_other = number(shown$rmse_other),
                       ratio = sprintf("%.2f (%.2f to %.2f)", shown$ratio, shown$conf.low, shown$conf.high))
  wrong <- utils::head(x$pairs[x$pairs$verdict == "reversed", ], 4)
  show_lines(
    format(x), trimws(table_lines(ratios, right = FALSE), "right"),
    c(if (nrow(shown) < nrow(table)) paste0("(", nrow(table) - nrow(shown), " more rows: see tidy())"),
      if (nrow(wrong)) paste0("reversed (", wrong$other, ", n = ", wrong$n, "): ", wrong$method_1, " and ",
                              wrong$method_2),
      "A tie: mean squared errors of the reference within 2 Monte Carlo errors"),
    then = "summary() has the pairs and ranks, autoplot() draws the ratios."
  )
  invisible(x)
}

#' @export
summary.causalsynth_study_comparison <- function(object, ...) {
  structure(list(label = format(object), pairs = object$pairs, ranks = object$ranks),
            class = "summary.causalsynth_study_comparison")
}

#' @export
print.summary.causalsynth_study_comparison <- function(x, ...) {
  write_wrapped(x$label)
  print(x$pairs, row.names = FALSE, digits = 3)
  print(x$ranks, row.names = FALSE, digits = 3)
  invisible(x)
}

#' @export
tidy.causalsynth_study_comparison <- function(x, ...) {
  check_dots_empty(...)
  x$ratios
}

#' @export
glance.causalsynth_study_comparison <- function(x, ...) {
  check_dots_empty(...)
  count <- function(verdict) sum(x$pairs$verdict == verdict)
  data.frame(reference = x$reference, alike = count("alike"), reversed = count("reversed"), tie = count("tie"),
             smallest_ratio = min(x$ratios$ratio), largest_ratio = max(x$ratios$ratio), tau = mean(x$ranks$tau))
}

#' @exportS3Method ggplot2::autoplot causalsynth_study_comparison
autoplot.causalsynth_study_comparison <- function(object, ...) {
  check_dots_empty(...)
  rows <- object$ratios
  rows$panel <- paste0(rows$other, ", n = ", rows$n)
  rows$panel <- factor(rows$panel, unique(rows$panel))
  rows$method <- factor(rows$method, rev(unique(rows$method)))
  ggplot2::ggplot(rows, ggplot2::aes(.data$ratio, .data$method)) +
    ggplot2::geom_vline(xintercept = 1, linetype = 2, colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), colour = plot_colours[1]) +
    ggplot2::geom_point(colour = plot_colours[1], size = 2) +
    ggplot2::facet_wrap("panel") +
    ggplot2::scale_x_log10() +
    ggplot2::labs(x = paste0("RMSE against that of ", object$reference, " (", 100 * object$conf.level, " % interval)"),
                  y = NULL) +
    ggplot2::theme_minimal()
}
