# How fidelity objects speak.

#' @export
format.causalsynth_fidelity <- function(x, ...) {
  n <- format(x$n, big.mark = ",", trim = TRUE)
  verdict <- x$verdicts$verdict[!is.na(x$verdicts$verdict)]
  lost <- sum(verdict == "not computed")
  judged <- verdict != "not computed"
  bad <- verdict[judged] != "like the holdout"
  c(
    sprintf("<fidelity> %s synthetic and %s holdout rows, both compared with %s real rows; %s", n[["synthetic"]],
            n[["holdout"]], n[["real"]], count_phrase(length(x$columns), "column")),
    sprintf("%d of %d judged scores are worse than the holdout's by more than their tolerance%s%s", sum(bad),
            sum(judged), if (any(bad)) " (*; **: by more than three)" else "",
            if (lost) sprintf("; %d of the synthetic rows could not be computed", lost) else "")
  )
}

#' @export
print.causalsynth_fidelity <- function(x, digits = 3, ...) {
  text <- format(x)
  head <- c(
    text[1],
    if (x$holdout == "split") {
      "No holdout was given: half of the real rows serve as one (the generator has probably seen both halves)."
    },
    if (x$n[["compared"]] < max(x$n[c("synthetic", "holdout")])) {
      sprintf("Thinned to %s synthetic and holdout rows each (effects: all rows).",
              format(x$n[["compared"]], big.mark = ","))
    }
  )
  notes <- if (length(x$notes)) {
    paste0("Note: ", substr(x$notes[1], 1, 180),
           if (length(x$notes) > 1) sprintf(" (and %d more in $notes)", length(x$notes) - 1))
  }
  show_lines(head, score_lines(x, fitting_scores(x, head, text[2]), digits), c(text[2], notes),
             then = "summary() has the columns, autoplot() draws, privacy().")
  invisible(x)
}

# Fewer of the joint scores where the words above and below take more than a few lines.
fitting_scores <- function(x, head, verdict) {
  spare <- c("missing_max", "coverage", "pmse_logit_standardised", "alpha_precision")
  words <- length(wrap_lines(c(head, verdict))) + 1 + 2 * (length(x$notes) > 0)
  metrics <- shown_scores(x)
  groups <- length(unique(defined_scores(metrics)$group))
  too_many <- max(0, length(metrics) + groups + 1 + words - 25)
  setdiff(metrics, utils::head(intersect(spare, metrics), too_many))
}

# The scores that say most, at most 16.
shown_scores <- function(x) {
  methods <- sub("^ate_error_", "", grep("^ate_error_", x$scores$metric, value = TRUE))
  method <- if ("aipw" %in% methods) "aipw" else methods[1]
  wanted <- c("ks_mean", "wasserstein_max", "tv_mean", "missing_max", "association_mean", "association_max",
              "pmse_forest_standardised", "classifier_auc", "alpha_precision", "beta_recall", "coverage",
              "propensity_jsd", "u_pehe", paste0(c("ate_error_", "ate_overlap_"), method), "tstr_auc", "tstr_r2")
  if (length(x$notes) == 0 && x$holdout == "given") wanted <- append(wanted, "pmse_logit_standardised", 6)
  intersect(wanted, x$scores$metric)
}

score_lines <- function(x, metrics, digits) {
  at <- match(metrics, x$scores$metric)
  scores <- x$scores[at, ]
  about <- x$definitions[at, ]
  verdict <- x$verdicts$verdict[at]
  interval <- ifelse(is.na(scores$conf.low), "", sprintf("[%s, %s]", format_each(scores$conf.low, digits),
                                                         format_each(scores$conf.high, digits)))
  mark <- ifelse(verdict %in% "worse", "*", ifelse(verdict %in% "much worse", "**", ""))
  cells <- cbind(paste0(format_each(scores$estimate, digits), format(mark, width = 2)),
                 format_each(scores$reference, digits), ideal_words[about$ideal], interval)
  cells <- rbind(c("synthetic", "holdout", "ideal", if (any(interval != "")) "95 % interval" else ""), cells)
  aligned <- vapply(1:4, function(j) format(cells[, j], justify = if (j <= 2) "right" else "left"),
                    character(nrow(cells)))
  columns <- apply(aligned, 1, paste, collapse = " ")
  lines <- paste0("  ", format(about$label), " ", columns[-1])
  head <- paste0(strrep(" ", max(nchar(about$label)) + 3), columns[1])
  unlist(c(trimws(head, "right"), lapply(unique(about$group), function(group) {
    c(group_words[[group]], trimws(lines[about$group == group], "right"))
  })))
}

ideal_words <- c(`0` = "0", `1` = "1", `.5` = ".5", `=1` = "1", `+-0` = "0")

group_words <- list(marginals = "Marginals (one column at a time)", joint = "Joint (columns together)",
                    causal = "Causal (treatment, outcome, effect)")

# Each number by itself, in `digits` digits that count.
format_each <- function(x, digits) {
  one <- function(v) {
    if (is.na(v)) return("NA")
    trimws(formatC(v, digits = digits, format = if (abs(v) >= 1000) "d" else "fg", big.mark = ","))
  }
  vapply(x, one, "", USE.NAMES = FALSE)
}

#' @export
summary.causalsynth_fidelity <- function(object, ...) {
  check_dots_empty(...)
  structure(list(fidelity = object, scores = object$scores, definitions = object$definitions,
                 verdicts = object$verdicts, columns = object$marginals$columns, pairs = object$associations,
                 estimates = object$causal$estimates, notes = object$notes),
            class = "summary.causalsynth_fidelity")
}

#' @export
format.summary.causalsynth_fidelity <- function(x, ...) format(x$fidelity)

#' @export
print.summary.causalsynth_fidelity <- function(x, digits = 3, ...) {
  write_wrapped(format(x)[1])
  write_wrapped(score_lines(x$fidelity, x$scores$metric, digits))
  cat("\nWorst columns:\n")
  columns <- x$columns
  order <- order(-pmax(columns$ks, columns$tv, columns$missing, na.rm = TRUE))
  keep <- c("column", "type", "ks", "wasserstein", "tv", "missing_real", "missing_synthetic", "new_levels")
  print(utils::head(columns[order, keep], 10), digits = digits, row.names = FALSE)
  if (!is.null(x$pairs)) {
    cat("\nPairs of columns whose association differs most:\n")
    print(utils::head(x$pairs[order(-abs(x$pairs$difference)), ], 10), digits = digits, row.names = FALSE)
  }
  if (!is.null(x$estimates)) {
    cat("\nEffects (ATE):\n")
    print(x$estimates, digits = digits + 1, row.names = FALSE)
  }
  if (length(x$notes)) write_wrapped("", paste("Note:", x$notes))
  invisible(x)
}

#' @export
glance.causalsynth_fidelity <- function(x, ...) {
  check_dots_empty(...)
  value <- function(metric) x$scores$estimate[match(metric, x$scores$metric)]
  verdict <- x$verdicts$verdict
  data.frame(
    n_real = x$n[["real"]], n_synthetic = x$n[["synthetic"]], n_holdout = x$n[["holdout"]],
    compared = x$n[["compared"]], holdout = x$holdout, columns = length(x$columns), scores = nrow(x$scores),
    worse = sum(verdict %in% c("worse", "much worse")), much_worse = sum(verdict %in% "much worse"),
    classifier_auc = value("classifier_auc"), u_pehe = value("u_pehe")
  )
}
