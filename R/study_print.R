# How studies print.

study_label <- function(x) {
  paste0(count_phrase(length(x$sources), "source"), ", n = ", paste(x$n, collapse = ", "), ", ",
         count_phrase(x$reps, "replicate"), " of ", count_phrase(length(x$methods), "estimator"))
}

#' @export
format.causalsynth_study <- function(x, ...) paste0("<study> ", study_label(x))

#' @export
print.causalsynth_study <- function(x, ...) {
  failed <- sum(!is.na(x$results$error))
  reasons <- sort(table(x$results$error), decreasing = TRUE)
  table <- study_table(x)
  show_lines(
    c(format(x), source_truth_lines(x$truth, x$estimand)),
    measure_lines(table, study_keys(table), c("bias", "empirical_se", "rmse", "coverage"), 12,
                  getOption("width"), "empirical_se"),
    c("In brackets: Monte Carlo errors",
      if (failed) paste0(count_phrase(failed, "estimate"), " failed; most often (", reasons[[1]], " times): ",
                         substr(names(reasons)[1], 1, 90))),
    then = "summary() has all measures; as.data.frame(), autoplot(), compare_studies()."
  )
  invisible(x)
}

#' @export
format.summary.causalsynth_study <- function(x, ...) paste0("<study summary> ", x$label)

#' @export
print.summary.causalsynth_study <- function(x, ...) {
  write_wrapped(format(x))
  write_wrapped(source_truth_lines(x$truth, NULL))
  keys <- study_keys(x$table)
  first <- c("bias", "empirical_se", "model_se", "rmse", "coverage")
  writeLines(measure_blocks(x$table, keys, union(first, study_metrics)))
  write_wrapped(paste0("In brackets: Monte Carlo errors. relative_efficiency: against ", x$reference,
                       "; model_se_error in percent"))
  for (i in seq_len(min(3, nrow(x$failures)))) {
    failed <- count_phrase(x$failures$replicates[i], "estimate")
    write_wrapped(paste(failed, "failed:", substr(x$failures$error[i], 1, 100)))
  }
  invisible(x)
}

study_keys <- function(table) names(table)[seq_len(match("method", names(table)))]

source_truth_lines <- function(truths, estimand) {
  words <- c(mechanism = "of the law, exact", pool = "of the pool's rows, exact", tmle = "the whole source's TMLE",
             self = "each estimator's own on the whole source", given = "given", `own function` = "own function's")
  values <- ifelse(is.na(truths$value), "", paste0(signif(truths$value, 5), ", "))
  lines <- paste0("truth of ", truths$source, ": ", values, words[truths$truth])
  lines <- unique(lines)
  if (length(lines) > 5) lines <- c(lines[1:4], paste0("(and ", length(lines) - 4, " more)"))
  if (!is.null(estimand)) lines[1] <- paste0("Estimand: ", estimand, "; ", lines[1])
  lines
}

# Measures as "value (Monte Carlo error)", with failures where there are any. Where `width` is too narrow, keys of one
# value are left out, then the measures named in `spare`.
measure_lines <- function(table, keys, metrics, most = Inf, width = Inf, spare = character()) {
  shown <- table[keys]
  for (metric in metrics) shown[[metric]] <- with_error(table[[metric]], table[[paste0(metric, "_mcse")]])
  if (any(table$failed > 0)) shown$failed <- paste0(table$failed, "/", table$reps)
  rows <- utils::head(shown, most)
  force(width)
  old <- options(width = 120)
  on.exit(options(old))
  lines <- function() sub("^ ", "", trimws(table_lines(rows, right = FALSE), "right"))
  constant <- keys[vapply(keys, function(key) length(unique(table[[key]])) == 1, NA)]
  for (name in c(setdiff(constant, "method"), spare)) if (max(nchar(lines(), "width")) > width) rows[[name]] <- NULL
  c(lines(), if (nrow(rows) < nrow(shown)) paste0("(", nrow(shown) - nrow(rows), " more rows: see summary())"))
}

# All of `metrics`, in as many tables below one another as the console's width asks for.
measure_blocks <- function(table, keys, metrics) {
  fits <- function(k) max(nchar(measure_lines(table, keys, metrics[seq_len(k)]), "width")) <= getOption("width")
  lines <- character()
  while (length(metrics)) {
    some <- seq_len(max(1, Filter(fits, seq_along(metrics))))
    lines <- c(lines, measure_lines(table, keys, metrics[some]), "")
    metrics <- metrics[-some]
  }
  lines
}

with_error <- function(value, mcse) {
  known <- mcse[is.finite(mcse) & mcse > 0]
  digits <- if (length(known)) max(0, min(6, 1 - floor(log10(min(known))))) else 3
  # A standard error that exploded is not spelt out.
  number <- function(x) {
    ifelse(abs(x) < 1e6, formatC(x, digits = digits, format = "f"), formatC(x, digits = 3, format = "g"))
  }
  ifelse(is.na(value), "-", ifelse(is.na(mcse), number(value), paste0(number(value), " (", number(mcse), ")")))
}
