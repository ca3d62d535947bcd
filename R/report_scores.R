# Fidelity, privacy, studies and comparisons in a report: their tables, pictures and lights.

score_titles <- c(fidelity = "Fidelity: are the rows alike?", privacy = "Privacy: what could be learnt of real people?")

# Of the rows of a hybrid or pool: computed here, on samples.
scores_part <- function(data, ask, what) {
  title <- score_titles[[what]]
  if (is.null(data$real)) {
    return(report_part(
      list(html_section(what, title, note("Not computed: it needs the real rows (argument real)."))),
      report_light(sub(":.*", "", title), "unknown", "The real rows are not at hand.", what)
    ))
  }
  sides <- lapply(list(real = data$real, synthetic = data$rows, holdout = data$holdout), function(rows) {
    if (is.null(rows)) return(NULL)
    at <- sampled(nrow(rows), ask$sample_rows, ask$key, paste("scores", nrow(rows)))
    structure(lapply(rows, `[`, at), names = names(rows), class = "data.frame", row.names = .set_row_names(length(at)))
  })
  found <- attempt(sub(":.*", "", title), run_score(what, sides, data, ask))
  ask$tick(if (what == "fidelity") .85 else .97)
  taken <- c(nrow(sides$real), nrow(sides$synthetic))
  all <- c(nrow(data$real), nrow(data$rows))
  said <- note("Computed on ", paste0(thousands_of(taken, all), c(" real", " synthetic"), collapse = " and "), " rows",
               if (any(taken < all)) ", a random sample", ".")
  if (found$failed) {
    return(report_part(list(html_section(what, title, found$html)),
                       report_light(sub(":.*", "", title), "unknown", "It could not be computed.", what)))
  }
  part <- score_part(found$value, what)
  part$sections[[1]]$body <- c(list(said), part$sections[[1]]$body, found$html)
  part
}

run_score <- function(what, sides, data, ask) {
  key <- derive_key(ask$key, what)
  formula <- data$origin$formula
  if (what == "privacy") {
    return(privacy(sides$real, sides$synthetic, sides$holdout, formula = formula, seed = key, threads = ask$threads))
  }
  several <- length(data$origin$arms) > 2
  fidelity(sides$real, sides$synthetic, if (!several) formula, sides$holdout, max_rows = ask$sample_rows, seed = key,
           threads = ask$threads)
}

# Of a finished object.
score_part <- function(x, what) {
  frame <- score_frame(x)
  lights <- if (what == "fidelity") fidelity_lights(x, frame) else privacy_lights(x)
  notes <- unique(trimws(paste(x$notes, collapse = " ")))
  section <- html_section(
    what, score_titles[[what]],
    paragraph(if (what == "fidelity") {
      paste("Each score stands beside the same score of further real rows (the holdout): what fresh real rows would",
            "have.", if (identical(x$holdout, "split")) "No holdout was given: half of the real rows serve as one.")
    } else {
      paste("Attacks are run for real, on people behind the synthetic rows and on others (the holdout); only what",
            "exceeds the latter is the synthetic rows' doing. These are risks with intervals, not a verdict.")
    }),
    if (any(nzchar(notes))) note(notes),
    score_figures(x, what), score_tables(frame, what), definitions_html(frame)
  )
  report_part(list(section), lights)
}

# What the tables need of either class: group, label, estimate, conf.low, conf.high, reference, n, definition, and of
# fidelity ideal and verdict.
score_frame <- function(x) UseMethod("score_frame")

#' @exportS3Method
score_frame.causalsynth_fidelity <- function(x) {
  table <- tidy(x)
  about <- x$definitions[match(table$metric, x$definitions$metric), ]
  titles <- c(marginals = "Column by column", joint = "Columns together", causal = "Treatment, outcome, effect")
  data.frame(group = unname(titles[about$group]), label = sub("^- ", "", about$label),
             table[c("metric", "estimate", "conf.low", "conf.high", "reference", "n")],
             ideal = sub("^[+]-", "", sub("=", "", about$ideal)), definition = about$definition,
             verdict = x$verdicts$verdict[match(table$metric, x$verdicts$metric)])
}

#' @exportS3Method
score_frame.causalsynth_privacy <- function(x) {
  table <- x$scores
  titles <- c(copies = "Copies", distance = "Distances", membership = "Who was in the data?",
              attack = "Attacks on single persons", disclosure = "Keys and secrets")
  label <- gsub("_", " ", score_stem(table$metric))
  label <- sub("^(.)", "\\U\\1", sub("\\bauc\\b", "AUC", sub("\\btpr\\b", "true positives at 1 %", label)), perl = TRUE)
  own <- c(Dcr = "DCR", Nndr = "NNDR", Uio = "UiO", `Rep u` = "repU", Disco = "DiSCO", Dcap = "DCAP", Tcap = "TCAP")
  for (word in names(own)) label <- sub(paste0("^", word, "\\b"), own[[word]], label)
  secret <- ifelse(grepl("_of_", table$metric), paste(" of", sub(".*?_of_", "", table$metric, perl = TRUE)), "")
  data.frame(group = unname(titles[table$group]), label = paste0(label, secret),
             table[c("metric", "estimate", "conf.low", "conf.high", "reference", "n")], definition = table$definition,
             detail = table$detail)
}

score_tables <- function(frame, what) {
  lapply(unique(frame$group), function(group) {
    own <- frame[frame$group == group, ]
    table <- data.frame(Score = own$label, Synthetic = own$estimate, `95 % from` = own$conf.low, to = own$conf.high,
                        Holdout = own$reference, Rows = own$n, check.names = FALSE)
    if (what == "fidelity") {
      table$Ideal <- own$ideal
      table$Verdict <- own$verdict
    } else if (any(nzchar(own$detail))) {
      table$Remark <- own$detail
    }
    table <- table[!vapply(table, function(v) all(is.na(v)), NA)]
    list(node("h3", group), html_table(table, group, most = 100, long = "Remark", title = TRUE))
  })
}

definitions_html <- function(frame) {
  own <- frame[!duplicated(frame$definition), ]
  list(node("h3", "What the scores are"), facts(stats::setNames(as.list(own$definition), own$label)))
}

score_figures <- function(x, what) {
  draw <- function(plot, alt, caption, width = 480, height = 420, turn = FALSE) {
    strips <- if (turn) ggplot2::theme(strip.text.y = ggplot2::element_text(angle = 0, hjust = 0))
    found <- attempt("A picture", html_figure(plot + report_theme() + strips, alt, caption, width, height))
    if (found$failed) found$html else found$value
  }
  if (what == "fidelity") {
    rows <- sum(!is.na(x$verdicts$verdict))
    worse <- x$definitions$label[match(x$verdicts$metric[x$verdicts$verdict %in% c("worse", "much worse")],
                                       x$definitions$metric)]
    caption <- paste0("How much worse than the holdout each score is, in tolerances: ",
                      if (length(worse)) paste0("beyond 1 are ", paste(sub("^- ", "", worse), collapse = "; "))
                      else "none is beyond 1", ".")
    plot <- autoplot(x) + ggplot2::labs(x = "tolerances worse than the holdout")
    return(draw(plot, caption, caption, 560, 160 + 21 * rows))
  }
  rows <- sum(!is.na(x$scores$estimate))
  list(
    draw(autoplot(x, "all"), turn = TRUE,
         "Privacy scores with intervals, beside the holdout's or what chance yields: see the tables.",
         "Shares and AUCs with intervals (points) beside the holdout's value or what chance yields (diamonds).", 560,
         160 + 19 * rows),
    node("div", class = "grid wide", distance_figure(x), membership_figure(x))
  )
}

# Distances to the closest training row in bins that are empty or hold at least 5 holdout rows.
distance_figure <- function(x) {
  sets <- lapply(x$distances, function(d) d[!is.na(d)])
  if (any(lengths(sets) < least_rows)) return(NULL)
  edges <- seq(0, max(unlist(sets), 1e-9), length.out = 31)
  counts <- lapply(sets, function(d) tabulate(findInterval(d, edges, rightmost.closed = TRUE), 30))
  group <- merged_bins(counts$holdout)
  span <- tabulate(group)
  left <- edges[match(seq_along(span), group)]
  table <- data.frame(left = left, right = left + span * edges[2], bins = span)
  table$synthetic <- as.vector(rowsum(counts$synthetic, group)) / sum(counts$synthetic)
  table$real <- as.vector(rowsum(counts$holdout, group)) / sum(counts$holdout)
  middle <- vapply(sets, stats::median, 0)
  text <- paste0("Distance to the closest training row: median ", signif(middle[["synthetic"]], 3),
                 " of synthetic rows (line), ", signif(middle[["holdout"]], 3), " of holdout rows (area).")
  plot <- number_plot(structure(table, kind = "number")) + report_theme() +
    ggplot2::labs(x = "distance to the closest training row", y = "share of rows")
  html_figure(plot, text, text, 420, 300)
}

# ROC curves, read off at false positive shares that hold at least 5 of the others.
membership_figure <- function(x) {
  curves <- Filter(Negate(is.null), x$roc)
  others <- x$scores$n_reference[match("membership_auc", x$scores$metric)]
  if (length(curves) == 0 || is.na(others) || others < 2 * least_rows) return(NULL)
  at <- seq(0, 1, length.out = 1 + min(25, others %/% least_rows))
  titles <- c(ratio = "density ratio", classifier = "classifier", distance = "distance")
  rows <- do.call(rbind, lapply(names(curves), function(name) {
    curve <- curves[[name]]
    data.frame(attack = titles[[name]], at = at,
               found = stats::approx(curve$false_positive, curve$true_positive, at, ties = max, rule = 2)$y)
  }))
  auc <- x$scores$estimate[match(c("membership_auc", "membership_classifier_auc", "membership_distance_auc"),
                                 x$scores$metric)]
  text <- paste0("Membership attacks: members found by others taken for members. AUC ",
                 paste(c("density ratio", "classifier", "distance"), signif(auc, 2), collapse = ", "),
                 "; 0.5 (dotted) is chance.")
  plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$at, .data$found, colour = .data$attack, linetype = .data$attack)) +
    ggplot2::geom_abline(linetype = 3, colour = "grey50") + ggplot2::geom_line(linewidth = .7) +
    ggplot2::scale_colour_manual(values = plot_colours[1:3]) + ggplot2::scale_linetype_manual(values = c(1, 2, 4)) +
    ggplot2::labs(x = "others taken for members", y = "members found", colour = NULL, linetype = NULL) +
    report_theme()
  html_figure(plot, text, text, 420, 340)
}

#' @exportS3Method
report_content.causalsynth_fidelity <- function(x, ask) score_content(x, "fidelity")

#' @exportS3Method
report_content.causalsynth_privacy <- function(x, ask) score_content(x, "privacy")

thousands_of <- function(part, all) {
  ifelse(part < all, paste(vapply(part, thousands, ""), "of", vapply(all, thousands, "")), vapply(all, thousands, ""))
}

score_content <- function(x, what) {
  part <- score_part(x, what)
  if (what == "fidelity") part$sections <- c(part$sections, list(fidelity_pictures(x)))
  list(kind = what, title = paste("Report on", what), subtitle = paste0(sub("^<[a-z]+> ", "", format(x)[1]), "."),
       lights = part$lights, sections = part$sections)
}

# What a report on rows draws by itself, from the aggregates that a fidelity object keeps.
fidelity_pictures <- function(x) {
  titles <- c(marginals = "Shares of real and synthetic rows, the columns that differ most",
              associations = "Associations, synthetic (upper right) and holdout (lower left) less real",
              propensity = "Fitted propensities by arm", effect = "Estimates of the effect with 95 % intervals",
              outcome = "Observed against predicted outcome of the holdout")
  if (is.null(x$associations)) titles <- titles[names(titles) != "associations"]
  if (is.null(x$causal)) titles <- titles[names(titles) %in% c("marginals", "associations")]
  figures <- lapply(names(titles), function(type) {
    found <- attempt(titles[[type]], {
      plot <- autoplot(x, type) + ggplot2::labs(subtitle = NULL)
      html_figure(plot, paste0(titles[[type]], ": ", picture_words(x, type)), paste0(titles[[type]], "."), 480, 420)
    })
    if (found$failed) found$html else found$value
  })
  html_section("pictures", "Real and synthetic rows", node("div", class = "grid wide", figures))
}

picture_words <- function(x, type) {
  value <- function(metric) signif(x$scores$estimate[match(metric, x$scores$metric)], 2)
  switch(type,
    marginals = paste0("largest Kolmogorov-Smirnov statistic ", value("ks_max"), ", largest total variation ",
                       value("tv_max"), "."),
    associations = paste0("largest difference ", value("association_max"), "."),
    propensity = paste0("likeness ", value("propensity_jsd"), ", where 1 is alike."),
    effect = paste0(x$causal$estimates$method, " on ", x$causal$estimates$set, " rows ",
                    signif(x$causal$estimates$estimate, 3), collapse = "; "),
    outcome = "by regressions trained on synthetic and on real rows."
  )
}
