# How studies print.

study_label <- function(x) {
  paste0(count_phrase(length(x$sources), "source"), ", n = ", paste(x$n, collapse = ", "), ", ",
         count_phrase(x$reps, "replicate"), " of ", count_phrase(length(x$methods), "estimator"))
}

#' @export
format.causalsynth_study <- function(x, ...) paste0("<study> ", study_label(x))

#' @export
print.causalsynth_study <- function(x, ...) {
  print_study(study_table(x), study_label(x), x$truth, x$estimand)
  failed <- sum(!is.na(x$results$error))
  if (failed) {
    reasons <- sort(table(x$results$error), decreasing = TRUE)
    cat(count_phrase(failed, "estimate"), " failed; most often (", reasons[[1]], " times): ",
        substr(names(reasons)[1], 1, 90), "\n", sep = "")
  }
  cat("All measures: summary(); all estimates: as.data.frame(); pictures: autoplot()\n")
  invisible(x)
}

#' @export
format.summary.causalsynth_study <- function(x, ...) paste0("<study summary> ", x$label)

#' @export
print.summary.causalsynth_study <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  print_truths(x$truth, NULL)
  keys <- study_keys(x$table)
  first <- c("bias", "empirical_se", "model_se", "rmse", "coverage")
  print_rows(x$table, keys, first)
  cat("\n")
  print_rows(x$table, keys, setdiff(study_metrics, first))
  cat("In brackets: Monte Carlo errors. relative_efficiency: against ", x$reference, "; model_se_error in percent\n",
      sep = "")
  for (i in seq_len(min(3, nrow(x$failures)))) {
    cat(count_phrase(x$failures$replicates[i], "estimate"), "failed:", substr(x$failures$error[i], 1, 100), "\n")
  }
  invisible(x)
}

study_keys <- function(table) names(table)[seq_len(match("method", names(table)))]

# The measures that matter first, at most 12 rows of them.
print_study <- function(table, label, truths, estimand) {
  cat("<study> ", label, "\n", sep = "")
  print_truths(truths, estimand)
  print_rows(table, study_keys(table), c("bias", "empirical_se", "rmse", "coverage"), 12)
  cat("In brackets: Monte Carlo errors\n")
}

print_truths <- function(truths, estimand) {
  words <- c(mechanism = "of the law, exact", pool = "of the pool's rows, exact", tmle = "the whole source's TMLE",
             self = "each estimator's own on the whole source", given = "given", `own function` = "own function's")
  values <- ifelse(is.na(truths$value), "", paste0(signif(truths$value, 5), ", "))
  lines <- paste0("truth of ", truths$source, ": ", values, words[truths$truth])
  lines <- unique(lines)
  if (length(lines) > 5) lines <- c(lines[1:4], paste0("(and ", length(lines) - 4, " more)"))
  cat(if (!is.null(estimand)) paste0("Estimand: ", estimand, "; "), paste(lines, collapse = "\n"), "\n", sep = "")
}

# Measures as "value (Monte Carlo error)", with failures where there are any.
print_rows <- function(table, keys, metrics, most = Inf) {
  shown <- table[keys]
  for (metric in metrics) shown[[metric]] <- with_error(table[[metric]], table[[paste0(metric, "_mcse")]])
  if (any(table$failed > 0)) shown$failed <- paste0(table$failed, "/", table$reps)
  rows <- utils::head(shown, most)
  old <- options(width = 120)
  on.exit(options(old))
  print(rows, row.names = FALSE, right = FALSE)
  if (nrow(rows) < nrow(shown)) cat("(", nrow(shown) - nrow(rows), " more rows: see summary())\n", sep = "")
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
