# How effects print.

#' @export
format.causalsynth_effect <- function(x, ...) {
  table <- tidy(x)[is_contrast(x), ]
  text <- paste0(table$method, " ", table$term, " ", short_number(table$estimate))
  ifelse(is.na(table$std.error), paste0(text, " (no standard error)"),
         paste0(text, " (95 % CI ", short_number(table$conf.low), " to ", short_number(table$conf.high), ")"))
}

short_number <- function(v) formatC(v, digits = 4, format = "g", flag = "#")

#' @export
print.causalsynth_effect <- function(x, ..., lines = 25) {
  # Ratios read better than their logarithms; tidy() has both.
  has_ratios <- any(grepl("^log_(rr|or)", x$estimates$term))
  table <- tidy(x, exponentiate = has_ratios)
  # More lines than these would hide what stands below.
  if (nrow(table) > 12) {
    ratios <- grepl("^(rr|or)($|_)", table$term)
    kept <- is_contrast(x) | ratios
    table <- table[if (sum(kept) <= 12) kept else is_contrast(x), ]
  }
  hidden <- max(0, nrow(table) - 12)
  shown <- utils::head(table, 12)[c("method", "term", "estimate", "std.error", "conf.low", "conf.high")]
  shown <- format_estimates(shown, has_ratios & grepl("^(rr|or)($|_)", shown$term))
  more <- nrow(table) < nrow(x$estimates) || hidden
  show_lines(effect_header(x), c(table_lines(shown), if (more) "(more terms: see tidy())"), effect_footer(x),
             then = if (is.null(x$arms)) "diagnose_overlap(effect), autoplot(effect), tidy(effect)."
                    else "autoplot(effect), tidy(effect), vcov(effect).",
             lines = lines)
  invisible(x)
}

# Numbers with four digits a column; `ratios`, rows without a standard error of their own.
format_estimates <- function(table, ratios) {
  if (any(ratios)) table$std.error <- ifelse(ratios, "", format(table$std.error, digits = 4))
  number <- vapply(table, is.numeric, NA)
  table[number] <- lapply(table[number], format, digits = 4)
  table
}

effect_header <- function(x) {
  arms <- if (is.null(x$arms)) {
    arm_counts(x)
  } else {
    paste(levels(x$treat), thousands(table(x$treat)), collapse = ", ")
  }
  against <- if (is.null(x$arms)) paste0(x$treat_levels[2], " against ", x$treat_levels[1], " (reference)")
  else paste0(length(x$arms), " arms against ", x$reference, " (reference)")
  c(
    paste0("<effect> ", x$estimand, " of ", x$roles$treatment, " on ", event_phrase(x), ": ", against),
    paste0("n = ", thousands(x$n), ": ", arms,
           if (x$n_omitted) paste0("; ", count_phrase(x$n_omitted, "row"), " omitted (missing A or Y)"),
           if (x$n_zero_weight) paste0("; ", count_phrase(x$n_zero_weight, "row"), " of weight 0"),
           if (!is.null(x$n_clusters)) {
             mixed <- if (x$n_mixed_clusters) paste(x$n_mixed_clusters, "with rows of several arms")
             paste0("; ", x$n_clusters, " clusters, ", mixed %||% "none across arms")
           })
  )
}

# What was bounded, how standard errors were made, and what to beware of.
effect_footer <- function(x) {
  ways <- split(names(x$methods), x$inference)
  notes <- unlist(lapply(names(x$methods), function(m) {
    lines <- c(x$notes[[m]], x$na_reason[[m]])
    if (length(lines)) paste0(m, ": ", paste(lines, collapse = "; "))
  }))
  robust <- !is.null(x$n_clusters) && is.null(x$bootstrap)
  c(
    effect_bounds_lines(x),
    learners_line(x, x$n_repeats),
    paste0("standard errors: ", paste0(names(ways), " (", vapply(ways, paste, "", collapse = ", "), ")",
                                       collapse = "; "), if (robust) "; cluster-robust",
           if (!is.null(x$bootstrap) && !is.null(x$n_clusters)) "; clusters resampled whole"),
    bootstrap_phrases(x),
    if (!is.null(x$synthetic)) paste0("synthetic rows: ", x$synthetic),
    if (length(x$n_missing)) filled_line(x$n_missing),
    if (length(x$aliased)) paste0("collinear columns set aside: ", shorten(x$aliased, 8)),
    if (length(x$separated)) paste("perfect separation of", x$separated),
    if (length(x$one_arm_levels)) paste0("levels seen in one arm only: ", paste(x$one_arm_levels, collapse = "; ")),
    notes
  )
}

#' @export
summary.causalsynth_effect <- function(object, ...) {
  structure(list(effect = object, tidy = tidy(object), glance = glance(object)), class = "summary.causalsynth_effect")
}

#' @export
print.summary.causalsynth_effect <- function(x, ...) {
  print(x$effect, lines = Inf)
  cat("\n")
  print(x$glance, row.names = FALSE)
  invisible(x)
}
