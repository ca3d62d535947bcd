# Studies of estimators and their comparisons in a report.

study_results_part <- function(x) {
  table <- study_table(x)
  keys <- study_keys(table)
  section <- html_section(
    "results", "How the estimators did",
    facts(list(
      Estimand = x$estimand, Sources = paste(x$sources, collapse = ", "), `Sample sizes` = paste(x$n, collapse = ", "),
      Replicates = thousands(x$reps), Estimators = paste(x$methods, collapse = ", "),
      Truth = paste(unique(truth_lines(x$truth)), collapse = "; ")
    )),
    study_figures(x, table),
    measures_table(table, keys), failures_html(x)
  )
  report_part(list(section), study_lights(x, table))
}

truth_lines <- function(truths) {
  words <- c(mechanism = "of the law, exact", pool = "of the pool's rows, exact", tmle = "the whole source's TMLE",
             self = "each estimator's own on the whole source", given = "given", `own function` = "own function's")
  paste0(truths$source, ": ", ifelse(is.na(truths$value), "", paste0(signif(truths$value, 5), ", ")),
         words[truths$truth])
}

cell_labels <- function(table, keys) {
  keys <- setdiff(keys, c("method", "source"))
  parts <- lapply(keys, function(key) paste(key, "=", format(table[[key]], trim = TRUE)))
  do.call(paste, c(list(table$source), parts, sep = ", "))
}

study_figures <- function(x, table) {
  panels <- length(unique(cell_labels(table, study_keys(table))))
  height <- function(rows) min(1400, 70 + ceiling(panels / ceiling(sqrt(panels))) * (40 + 26 * rows))
  figure <- function(title, metric, type, size) {
    if (all(is.na(table[[metric]]))) return(NULL)
    best <- utils::head(order(abs(table[[metric]] - (metric_aim(metric, x) %||% 0))), 1)
    alt <- paste0(title, " of ", paste(x$methods, collapse = ", "), " with 95 % Monte Carlo intervals. Nearest to its ",
                  "aim: ", table$method[best], " (", cell_labels(table, study_keys(table))[best], ") with ",
                  signif(table[[metric]][best], 3), ".")
    # Its own axis title says again what the caption does.
    found <- attempt(title, {
      plot <- autoplot(x, type, metric) + report_theme()
      html_figure(if (type == "n") plot + ggplot2::labs(y = NULL) else plot + ggplot2::labs(x = NULL), alt,
                  paste0(title, "; lines are 95 % Monte Carlo intervals."), 480, size)
    })
    if (found$failed) found$html else found$value
  }
  node(
    "div", class = "grid wide", figure("Bias", "bias", "forest", height(length(x$methods))),
    figure("Root mean squared error", "rmse", "forest", height(length(x$methods))),
    figure("Coverage", "coverage", "forest", height(length(x$methods))),
    if (length(x$n) > 1) figure("Root mean squared error by sample size", "rmse", "n", 380)
  )
}

measures_table <- function(table, keys) {
  shown <- table[keys]
  names(shown)[match(c("method", "source"), keys)] <- c("Estimator", "Source")
  shown <- shown[c("Estimator", setdiff(names(shown), "Estimator"))]
  for (metric in c("bias", "empirical_se", "model_se", "rmse", "coverage", "power")) {
    shown[[metric_names[[metric]]]] <- with_error(table[[metric]], table[[paste0(metric, "_mcse")]])
  }
  shown$Failed <- table$failed
  list(html_table(shown, "Measures of performance, Monte Carlo errors in brackets", most = 100),
       note("Measures and their Monte Carlo errors: Morris, White and Crowther (2019)."))
}

failures_html <- function(x) {
  failed <- !is.na(x$results$error)
  if (!any(failed)) return(note("Every estimator gave an estimate in every replicate."))
  reasons <- sort(table(substr(x$results$error[failed], 1, 200)), decreasing = TRUE)
  html_table(data.frame(Message = names(reasons), Estimates = as.integer(reasons)), "Estimates that failed", most = 10)
}

study_lights <- function(x, table) {
  failed <- sum(table$failed) / sum(table$reps)
  fails <- report_light("Estimates that failed", light_of(failed, 0, .05),
                        sprintf("%s %% of %s (good: none, a problem above 5 %%).", signif(100 * failed, 2),
                                count_phrase(sum(table$reps), "estimate")), "results")
  rbind(do.call(rbind, lapply(x$methods, function(method) coverage_light(x, table[table$method == method, ], method))),
        fails)
}

# The worst cell of one method: how far its coverage is below the level, beyond Monte Carlo error.
coverage_light <- function(x, own, method) {
  own <- own[!is.na(own$coverage), ]
  if (nrow(own) == 0) {
    return(report_light(paste("Coverage of", method), "unknown", "It has no intervals.", "results"))
  }
  short <- x$conf.level - own$coverage
  at <- which.max(short)
  clear <- short[at] > 2 * max(own$coverage_mcse[at], sqrt(x$conf.level * (1 - x$conf.level) / own$reps[at]))
  light <- if (!clear || short[at] <= .02) "good" else light_of(short[at], .02, .1)
  report_light(paste("Coverage of", method), light,
               sprintf(paste("At worst %s %% of intervals hold the truth, of %s %% that should (%s; good within 2",
                             "points or 2 Monte Carlo errors, a problem more than 10 points below)."),
                       signif(100 * own$coverage[at], 3), 100 * x$conf.level,
                       cell_labels(own, study_keys(own))[at]), "results")
}

comparison_part <- function(x) {
  counts <- glance(x)
  alt <- paste0("Root mean squared errors of each estimator as multiples of those of ", x$reference, ", from ",
                signif(counts$smallest_ratio, 3), " to ", signif(counts$largest_ratio, 3), ".")
  ratios <- x$ratios
  sized <- data.frame(Estimator = ratios$method, Benchmark = ratios$other, n = ratios$n,
                      `RMSE, reference` = ratios$rmse_reference, `RMSE, benchmark` = ratios$rmse_other,
                      Ratio = ratios$ratio, from = ratios$conf.low, to = ratios$conf.high, check.names = FALSE)
  pairs <- x$pairs
  panels <- length(unique(paste(ratios$other, ratios$n)))
  section <- html_section(
    "results", "Size and order of errors",
    html_figure(autoplot(x) + report_theme() + ggplot2::labs(x = "ratio of root mean squared errors"), alt,
                paste0("Ratios with ", 100 * x$conf.level, " % intervals; dashed: as large as in ", x$reference, "."),
                480,
                90 + ceiling(panels / ceiling(sqrt(panels))) * (40 + 26 * length(unique(ratios$method)))),
    html_table(sized, "Root mean squared errors and their ratio with intervals"),
    if (!is.null(pairs)) {
      html_table(data.frame(Pair = paste(pairs$method_1, "and", pairs$method_2), Benchmark = pairs$other, n = pairs$n,
                            `Difference, reference` = pairs$difference, `Monte Carlo error` = pairs$mcse,
                            `Difference, benchmark` = pairs$difference_other, Verdict = pairs$verdict,
                            check.names = FALSE), "Pairs of estimators: differences of mean squared errors")
    }
  )
  decided <- counts$alike + counts$reversed
  order <- report_light("Order of the estimators", if (decided == 0) "unknown" else
    light_of(counts$reversed / decided, .1, .3),
    sprintf(paste("%s of %s pairs that the reference tells apart are ordered the other way round, %s tied (good up to",
                  "10 %%, a problem above 30 %%)."), counts$reversed, decided, counts$tie), "results")
  worst <- max(abs(log(ratios$ratio)), na.rm = TRUE)
  size <- report_light("Size of the errors", light_of(worst, log(1.25), log(2)),
                       sprintf("Ratios from %s to %s (good within a factor of 1.25, a problem beyond 2).",
                               signif(counts$smallest_ratio, 3), signif(counts$largest_ratio, 3)), "results")
  report_part(list(section), rbind(order, size))
}

# Generators compared by compare_synthesizers(): ranks, then all scores side by side.
synthesizers_part <- function(x) {
  ranks <- data.frame(Synthesizer = x$ranks$synthesizer, `Mean rank` = x$ranks$mean_rank,
                      `Scores worse than the holdout's` = x$ranks$worse,
                      `Too close to real rows` = ifelse(x$ranks$close, "yes", "no"), check.names = FALSE)
  order <- x$ranks$synthesizer
  best <- order[1]
  alt <- paste0("Scores of ", paste(order, collapse = ", "), " by metric. Best mean rank: ", best, ", ",
                signif(x$ranks$mean_rank[1], 3), ".")
  metrics <- unique(x$scores$metric)
  # Three panels a row can be read on a phone.
  picture <- attempt("The picture", html_figure(
    comparison_plot(x, 3), alt, "All scores; the line is the holdout's. The tables have the numbers.", 520,
    90 + (56 + 15 * nrow(x$ranks)) * ceiling(length(metrics) / 3)
  ))
  wide <- data.frame(Score = comparison_label(metrics), check.names = FALSE)
  for (name in order) wide[[name]] <- x$scores$estimate[match(paste(name, metrics), paste(x$scores$synthesizer,
                                                                                         x$scores$metric))]
  wide$Holdout <- x$scores$reference[match(paste(best, metrics), paste(x$scores$synthesizer, x$scores$metric))]
  section <- html_section(
    "results", "Which synthesizer?",
    paragraph("Ranks are by how much worse a score is than that of further real rows; they say nothing of the size of ",
              "a difference. Rows too close to the real ones score well without merit and come last."),
    html_table(ranks, "Synthesizers, the best first"), if (picture$failed) picture$html else picture$value,
    html_table(wide, "Scores of each", most = 100),
    if (nrow(x$failures)) html_table(data.frame(Synthesizer = x$failures$synthesizer, Error = x$failures$error),
                                     "Synthesizers that failed", long = "Error")
  )
  lights <- lapply(seq_along(order), function(i) {
    light <- if (x$ranks$close[i]) "problem" else if (x$ranks$worse[i] > 0) "look" else "good"
    report_light(order[i], light,
                 sprintf("Mean rank %s; %s worse than the holdout's%s.", signif(x$ranks$mean_rank[i], 3),
                         count_phrase(x$ranks$worse[i], "score"),
                         if (x$ranks$close[i]) "; its rows lie too close to the real ones" else ""), "results")
  })
  report_part(list(section), do.call(rbind, lights))
}

session_section <- function(ask, seed) {
  info <- utils::sessionInfo()
  packages <- unique(c("causalsynth", "ggplot2", "Rcpp", "RcppParallel", "cli", "rlang", "htmltools",
                       names(info$otherPkgs)))
  versions <- vapply(packages, function(name) as.character(utils::packageVersion(name)), "")
  html_section(
    "session", "Session",
    facts(list(
      Made = format(Sys.time(), "%Y-%m-%d %H:%M %Z"), R = R.version.string, Platform = R.version$platform,
      System = info$running, Packages = paste(packages, versions, collapse = ", "),
      Seed = if (is.null(seed)) "drawn from the session's random numbers" else paste(format(seed), collapse = ", "),
      `Rows that enter estimates and scores` = if (!is.null(ask$rows_used)) ask$rows_used
    ))
  )
}
