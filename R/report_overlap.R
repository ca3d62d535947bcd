# Propensity and balance, and the columns, in a report.

overlap_part <- function(data, fitted, ask) {
  if (length(data$origin$arms) > 2) {
    return(report_part(list(html_section("overlap", "Overlap and balance", note(
      "Propensity and love plots compare two arms; this treatment has ", length(data$origin$arms), "."
    )))))
  }
  found <- lapply(fitted, function(one) {
    if (one$failed) one
    else attempt("Overlap", suppressWarnings(diagnose_overlap(one$value), classes = "causalsynth_warning"))
  })
  ask$tick(.35)
  sets <- Filter(Negate(is.null), lapply(found, `[[`, "value"))
  failed <- lapply(Filter(function(one) one$failed, found), `[[`, "html")
  if (length(sets) == 0) return(report_part(list(html_section("overlap", "Overlap and balance", failed))))
  shares <- vapply(sets, function(x) nrow(x$beyond) / x$n, 0)
  section <- html_section(
    "overlap", "Overlap and balance",
    paragraph("Can the two arms be compared? Both must occur at every value of the covariates, and weights must bring ",
              "their means together."),
    node("div", class = "grid wide", propensity_html(sets), love_html(sets)), failed, overlap_table(sets)
  )
  report_part(list(section), overlap_light(shares, sets[[1]]$threshold))
}

# Counts of real rows below five are not told.
guarded_count <- function(n, guard) if (guard && n > 0 && n < least_rows) "fewer than 5" else thousands(n)

propensity_html <- function(sets) {
  bins <- do.call(rbind, lapply(names(sets), function(set) {
    own <- propensity_bins(sets[[set]], guard = set == "real")
    if (is.null(own)) NULL else cbind(own, set = paste(set, "rows"))
  }))
  bins$set <- factor(bins$set, unique(bins$set))
  beyond <- vapply(names(sets), function(set) {
    x <- sets[[set]]
    paste0(guarded_count(nrow(x$beyond), set == "real"), " of ", thousands(x$n), " ", set, " rows")
  }, "")
  alt <- paste0("Histograms of the probability of treatment by arm, treated rows upwards and control rows downwards, ",
                paste(levels(bins$set), collapse = " and "), ". A chance below ", signif(sets[[1]]$threshold, 3),
                " of one treatment: ", paste(beyond, collapse = ", "), ".")
  propensity_figure(bins, arm_labels(sets[[1]]), alt, paste0(
    "Out-of-sample probabilities in bins of 0.05",
    if (!is.null(sets$real)) "; bins of fewer than 5 real rows are pooled with their neighbours",
    ". A chance below ", signif(sets[[1]]$threshold, 3), " of one treatment: ", paste(beyond, collapse = ", "), "."))
}

love_rows <- function(sets) {
  do.call(rbind, lapply(names(sets), function(set) {
    table <- sets[[set]]$balance
    if (nrow(table) == 0) return(NULL)
    data.frame(term = table$term, sample = ifelse(table$sample == "before", "before", "after"),
               set = paste(set, "rows"), smd = abs(table$smd))
  }))
}

love_html <- function(sets) {
  rows <- love_rows(sets)
  if (is.null(rows)) return(NULL)
  rows <- rows[is.finite(rows$smd), ]
  largest <- tapply(rows$smd, list(rows$set, rows$sample), max)
  sentence <- paste0(rownames(largest), ": largest difference ", signif(largest[, "before"], 2), " unweighted, ",
                     signif(largest[, "after"], 2), " weighted", collapse = "; ")
  love_figure(rows, paste0("Love plot: absolute standardised mean differences of the arms by covariate. ", sentence,
                           "."),
              paste0("Dashed line: ", smd_limit, ". Of ", sentence, "."))
}

overlap_table <- function(sets) {
  rows <- lapply(names(sets), function(set) {
    ess <- sets[[set]]$ess
    ess <- ess[!duplicated(ess$arm), ]
    data.frame(Arm = paste0(ess$arm, ", ", set, " rows"), Rows = ess$n, `Effective rows, weighted` = ess$after,
               `Share kept` = ess$after / ess$n, check.names = FALSE)
  })
  html_table(do.call(rbind, rows), "Effective sample sizes under inverse probability weights")
}

most_columns <- 48

columns_part <- function(data, ask) {
  names <- names(data$shown$synthetic)
  tables <- lapply(stats::setNames(nm = names), function(name) {
    aggregate_column(data$shown$synthetic[[name]], data$shown$real[[name]])
  })
  gaps <- vapply(tables, shown_distance, 0)
  noise <- vapply(tables, chance_distance, 0, n = c(nrow(data$shown$synthetic), nrow(data$real) %||% NA))
  shown <- names
  if (length(names) > most_columns) {
    shown <- if (all(is.na(gaps))) names[seq_len(most_columns)]
             else names[sort(order(-gaps)[seq_len(most_columns)])]
  }
  figures <- lapply(seq_along(shown), function(i) {
    ask$tick(.35 + .3 * i / length(shown))
    marginal_figure(shown[i], tables[[shown[i]]])
  })
  section <- html_section(
    "columns", "Columns one by one",
    paragraph(if (is.null(data$real)) "Shares of the synthetic rows (blue)."
              else paste("Blue lines and points: synthetic rows; grey areas: real rows. Percentages apart are half the",
                         "sum of the absolute differences of the shares shown: 0 where they are alike, 100 where no",
                         "value is shared. Bins of fewer than 5 real rows are pooled with their neighbours.")),
    if (length(data$pooled)) note("Levels of fewer than 5 real rows pooled: ",
                                  paste0(names(data$pooled), " (", data$pooled, ")", collapse = ", "), "."),
    if (length(shown) < length(names)) {
      note(length(shown), " of ", length(names), " columns are shown, ",
           if (all(is.na(gaps))) "the first." else "those that differ most.")
    },
    node("div", class = "grid", figures)
  )
  report_part(list(section), columns_light(gaps, noise))
}

most_heat_columns <- 24

associations_part <- function(data, ask) {
  rows <- data$shown$synthetic
  if (length(rows) < 2) return(report_part(list()))
  found <- attempt("Associations", association_difference(data$shown$real %||% rows, rows))
  ask$tick(.7)
  if (found$failed) return(report_part(list(html_section("associations", "Associations of columns", found$html))))
  pairs <- found$value$pairs
  against <- !is.null(data$real)
  columns <- names(rows)
  hidden <- length(columns) - most_heat_columns
  if (hidden > 0) {
    # Those of the largest difference (without real rows: association).
    size <- abs(if (against) pairs$difference else pairs$synthetic)
    far <- vapply(columns, function(name) max(size[pairs$first == name | pairs$second == name]), 0)
    columns <- columns[sort(order(-far)[seq_len(most_heat_columns)])]
    pairs <- pairs[pairs$first %in% columns & pairs$second %in% columns, ]
  }
  section <- html_section(
    "associations", "Associations of columns",
    paragraph("Of two numbers the correlation, of a number and a factor the correlation ratio, of two factors ",
              "Cramer's V."),
    if (hidden > 0) note(hidden, " further columns are not shown."),
    node("div", class = "grid wide", heat_figures(pairs, columns, against))
  )
  light <- if (against) {
    all <- found$value$pairs
    at <- which.max(abs(all$difference))
    floor <- sqrt(2 * log(2 * nrow(all)) * (1 / nrow(data$real) + 1 / nrow(rows)))
    association_light(abs(all$difference[at]), paste(all$first[at], "and", all$second[at]), floor)
  }
  report_part(list(section), light)
}

heat_figures <- function(pairs, columns, against) {
  strongest <- function(value) {
    at <- utils::head(order(-abs(pairs[[value]])), 3)
    paste0(pairs$first[at], " and ", pairs$second[at], " ", signif(pairs[[value]][at], 2), collapse = "; ")
  }
  figure <- function(value, what, title) {
    heat_figure(pairs, columns, value, what, paste0("Heat map, ", title, ", ", length(columns),
                                                    " columns. Largest: ", strongest(value), "."),
                paste0(toupper(substr(title, 1, 1)), substring(title, 2), ". Largest: ", strongest(value), "."))
  }
  list(
    if (against) figure("difference", "synthetic minus real", "difference of associations"),
    figure("synthetic", "synthetic", "associations in synthetic rows"),
    if (against) figure("real", "real", "associations in real rows")
  )
}
