# A pool: synthetic rows that know their mean outcomes. q1 and q0 live in the attribute "causalsynth", row by row, with
# where the pool comes from; whatever keeps or moves rows keeps or moves them too, and what cannot drops the class
# aloud.

new_pool <- function(rows, q1, q0, origin) {
  attr(rows, "causalsynth") <- c(list(q1 = q1, q0 = q0), list(origin = origin))
  class(rows) <- c("causalsynth_pool", setdiff(class(rows), "causalsynth_pool"))
  rows
}

is_pool <- function(x) inherits(x, "causalsynth_pool")

pool_parts <- function(x, call = rlang::caller_env()) {
  parts <- attr(x, "causalsynth", exact = TRUE)
  if (is.null(parts) || length(parts$q1) != nrow(x)) {
    abort("data", c(
      "This pool's mean outcomes do not fit its {nrow(x)} rows any more.",
      i = "An operation changed the rows without the package's knowledge: start from the original pool."
    ), call = call)
  }
  parts
}

# What a pool says of its making; carried along, never recomputed.
pool_origin <- function(hybrid) {
  # The formula's own environment may hold the seed: it must not travel with rows that are shared.
  formula <- hybrid$formula
  environment(formula) <- globalenv()
  list(
    formula = formula, kind = "hybrid", targeted = hybrid$targeted, treatment = hybrid$treatment,
    generator = hybrid$generator$spec$label, n_seed = hybrid$n_seed, seed_effect = hybrid$seed_effect,
    law_effect = truth(hybrid), treat_levels = hybrid$treat_levels, m = 1
  )
}

plain_rows <- function(x) {
  attr(x, "causalsynth") <- NULL
  class(x) <- setdiff(class(x), "causalsynth_pool")
  x
}

drop_pool <- function(x, what) {
  cli::cli_inform(c(
    "!" = "{what} cannot keep the pool's known mean outcomes: the result is an ordinary data frame.",
    i = "Take {.fn truth} of the pool before."
  ), class = "causalsynth_message_pool")
  plain_rows(x)
}

# The rows at `index` (whole numbers) as a pool.
pool_rows <- function(rows, parts, index) {
  if (anyNA(index)) return(drop_pool(rows, "Selecting rows that do not exist"))
  new_pool(rows, parts$q1[index], parts$q0[index], parts$origin)
}

#' @export
`[.causalsynth_pool` <- function(x, i, j, ..., drop) {
  parts <- pool_parts(x)
  plain <- plain_rows(x)
  by_row <- nargs() - as.integer(!missing(drop)) >= 3
  result <- if (by_row) {
    if (missing(drop)) plain[i, j, ...] else plain[i, j, ..., drop = drop]
  } else {
    if (missing(i)) plain[] else plain[i]
  }
  if (!is.data.frame(result)) return(result)
  if (!by_row || missing(i)) return(new_pool(result, parts$q1, parts$q0, parts$origin))
  index <- data.frame(row = seq_len(nrow(plain)), row.names = row.names(plain))[i, "row"]
  pool_rows(result, parts, index)
}

#' @export
rbind.causalsynth_pool <- function(..., deparse.level = 1) {
  given <- Filter(Negate(is.null), list(...))
  plain <- lapply(given, function(x) if (is_pool(x)) plain_rows(x) else x)
  result <- do.call(rbind, c(plain, list(deparse.level = deparse.level)))
  if (!all(vapply(given, is_pool, NA))) return(drop_pool(result, "Binding a pool to other rows"))
  parts <- lapply(given, pool_parts)
  same <- vapply(parts, function(p) identical(p$origin$law_effect, parts[[1]]$origin$law_effect) &&
                   identical(p$origin$seed_effect, parts[[1]]$origin$seed_effect), NA)
  if (!all(same)) return(drop_pool(result, "Binding pools of different hybrids"))
  new_pool(result, unlist(lapply(parts, `[[`, "q1")), unlist(lapply(parts, `[[`, "q0")), parts[[1]]$origin)
}

#' @export
merge.causalsynth_pool <- function(x, y, ...) {
  parts <- pool_parts(x)
  rows <- plain_rows(x)
  rows$.causalsynth_row <- seq_len(nrow(rows))
  result <- merge(rows, if (is_pool(y)) plain_rows(y) else y, ...)
  index <- result$.causalsynth_row
  result$.causalsynth_row <- NULL
  pool_rows(result, parts, index)
}

#' @export
`[<-.causalsynth_pool` <- function(x, i, j, ..., value) assign_in_pool(x, NextMethod(), "Changing the number of rows")

#' @export
`[[<-.causalsynth_pool` <- function(x, i, j, value) assign_in_pool(x, NextMethod(), "Changing the number of rows")

#' @export
`$<-.causalsynth_pool` <- function(x, name, value) assign_in_pool(x, NextMethod(), "Changing the number of rows")

# Assigning values keeps the rows and so the means of the law they were drawn from.
assign_in_pool <- function(before, after, what) {
  if (nrow(before) == nrow(after)) after else drop_pool(after, what)
}

#' @exportS3Method dplyr::dplyr_row_slice
dplyr_row_slice.causalsynth_pool <- function(data, i, ...) {
  parts <- pool_parts(data)
  index <- if (is.logical(i)) which(i) else i
  pool_rows(dplyr::dplyr_row_slice(plain_rows(data), i, ...), parts, index)
}

#' @exportS3Method dplyr::dplyr_reconstruct
dplyr_reconstruct.causalsynth_pool <- function(data, template) {
  shared <- intersect(names(data), names(template))
  kept <- nrow(data) == nrow(template) && length(shared) > 0 &&
    identical(unclass_frame(data[shared]), unclass_frame(plain_rows(template)[shared]))
  result <- dplyr::dplyr_reconstruct(data, plain_rows(template))
  if (!kept && !same_columns_changed(data, template)) return(drop_pool(result, "This operation"))
  parts <- pool_parts(template)
  new_pool(result, parts$q1, parts$q0, parts$origin)
}

# mutate() and the like: same number of rows, and every column either untouched or one that was assigned anew. Row
# order can only
# be trusted while at least one column of more than one value is as it was.
same_columns_changed <- function(data, template) {
  if (nrow(data) != nrow(template)) return(FALSE)
  shared <- intersect(names(data), names(template))
  for (name in shared) {
    old <- template[[name]]
    if (identical(data[[name]], old) && length(unique(old)) > min(20, nrow(template) / 2)) return(TRUE)
  }
  FALSE
}

#' @export
truth.causalsynth_pool <- function(x, estimand = "ATE", ...) {
  check_choice(estimand, "ATE", "estimand")
  parts <- pool_parts(x)
  if (nrow(x) == 0) return(NA_real_)
  mean(parts$q1 - parts$q0)
}

#' @export
truth.causalsynth_hybrid <- function(x, estimand = "ATE", ...) {
  check_choice(estimand, "ATE", "estimand")
  x$law$mean_1 - x$law$mean_0
}

#' @export
format.causalsynth_pool <- function(x, ...) {
  parts <- attr(x, "causalsynth", exact = TRUE)
  if (length(parts$q1) != nrow(x)) return(NULL)
  origin <- parts$origin
  c(
    sprintf("Hybrid pool: %s rows made from a seed of %s (%s, %s)", format(nrow(x), big.mark = ","),
            format(origin$n_seed, big.mark = ","), if (origin$targeted) "targeted" else "plain", origin$generator),
    if (nrow(x)) {
      sprintf("Exact effect of these rows: %.5g (of the law: %.5g; +/- %.2g is the chance of %s rows)",
              truth(x), origin$law_effect, stats::sd(parts$q1 - parts$q0) / sqrt(nrow(x)),
              format(nrow(x), big.mark = ","))
    },
    sprintf("The seed's own estimate: %.5g (SE %.3g)", origin$seed_effect$estimate, origin$seed_effect$std.error)
  )
}

#' @export
print.causalsynth_pool <- function(x, ..., n = 6) {
  cat(paste("#", format(x)), sep = "\n")
  rows <- utils::head(plain_rows(x), n)
  hidden <- max(0, ncol(rows) - 12)
  print(if (hidden) rows[seq_len(12)] else rows, ...)
  more <- c(if (nrow(x) > n) count_phrase(nrow(x) - n, "more row"), if (hidden) count_phrase(hidden, "more column"))
  if (length(more)) cat("# ... and", paste(more, collapse = ", "), "\n")
  invisible(x)
}

#' @export
summary.causalsynth_pool <- function(object, ...) summary(plain_rows(object), ...)

#' @export
as.data.frame.causalsynth_pool <- function(x, ...) as.data.frame(plain_rows(x), ...)

#' Plot the effects of a pool's rows
#'
#' @param object A pool of [generate()] of a hybrid.
#' @param ... Unknown names are an error.
#' @return A ggplot: the distribution of Q(1, W) - Q(0, W) over rows, with their mean, [truth()] of the pool, as a line.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, learner_outcome = learn_glm(), learner_treatment = learn_glm(), seed = 2)
#' ggplot2::autoplot(generate(hybrid, 1000, seed = 3))
#' @export
autoplot.causalsynth_pool <- function(object, ...) {
  check_dots_empty(...)
  parts <- pool_parts(object)
  rows <- data.frame(effect = parts$q1 - parts$q0)
  ggplot2::ggplot(rows, ggplot2::aes(.data$effect)) +
    ggplot2::geom_histogram(ggplot2::aes(y = ggplot2::after_stat(.data$count) / nrow(rows)), bins = 40,
                            fill = plot_colours[1], alpha = .6) +
    ggplot2::geom_vline(xintercept = truth(object), colour = plot_colours[2], linewidth = 1) +
    ggplot2::labs(x = "Q(1, W) - Q(0, W)", y = "share of rows",
                  subtitle = sprintf("Exact effect of %s: %.4g (line)", count_phrase(nrow(rows), "row"),
                                     truth(object))) +
    ggplot2::theme_minimal()
}
