# The report's summary: checks with a light each (good, look, problem, unknown) and the reason in words. The limits are
# rules of thumb, and the page says so.

light_words <- c(good = "Good", look = "Look closer", problem = "Problem", unknown = "Not checked")
light_symbols <- c(good = "\u2714", look = "\u25b2", problem = "\u2716", unknown = "?")

report_light <- function(check, light, reason, section) {
  data.frame(check = check, light = light, reason = reason, section = section)
}

# A light by a number that is better the smaller it is.
light_of <- function(value, look, problem) {
  if (is.na(value)) "unknown" else if (value > problem) "problem" else if (value > look) "look" else "good"
}

verdict <- function(lights) {
  n <- table(factor(lights$light, names(light_words)))
  if (nrow(lights) == 0) return("No check applies.")
  parts <- c(
    if (n[["problem"]]) paste(n[["problem"]], if (n[["problem"]] == 1) "shows a problem" else "show a problem"),
    if (n[["look"]]) paste(n[["look"]], if (n[["look"]] == 1) "needs a closer look" else "need a closer look"),
    if (n[["good"]]) paste(n[["good"]], if (n[["good"]] == 1) "is good" else "are good"),
    if (n[["unknown"]]) paste(n[["unknown"]], "could not be checked")
  )
  paste0("Of ", count_phrase(nrow(lights), "check"), ": ", paste(parts, collapse = ", "), ".")
}

lights_html <- function(lights) {
  items <- lapply(seq_len(nrow(lights)), function(i) {
    one <- lights[i, ]
    node("li", class = paste("light", one$light),
         node("span", class = "badge", node("span", class = "symbol", `aria-hidden` = "true",
                                            light_symbols[[one$light]]), light_words[[one$light]]),
         node("div", node("strong", one$check), paragraph(one$reason, " ", node("a", href = paste0("#", one$section),
                                                          `aria-label` = paste("Details:", one$check), "Details"))))
  })
  list(paragraph(verdict(lights), class = "verdict"), node("ul", class = "lights", items),
       note("The limits behind these words are rules of thumb; each reason names its own. They do not replace reading ",
            "the sections below, nor a decision by those who answer for the data."))
}

# Lights of the certificate.
certificate_lights <- function(paper) {
  table <- paper$effects[!grepl("^mean_", paper$effects$term), ]
  miss <- abs(table$law - table$estimate) / table$std.error
  at <- which.max(miss)
  moved <- effect_knobs(paper$knobs)
  effect <- if (length(moved)) {
    report_light("Effect kept", "look", paste0("Knobs changed the effect on purpose (", knob_phrase(paper$knobs),
                                               "): real and synthetic effects are not to be compared."), "effect")
  } else {
    report_light("Effect kept", light_of(miss[at], .1, 1),
                 sprintf(paste("The law's %s is %s, the real rows' estimate %s: %s standard errors apart",
                               "(good up to 0.1, a problem above 1)."), table$term[at], signif(table$law[at], 4),
                         signif(table$estimate[at], 4), signif(round(miss[at], 3), 2)), "effect")
  }
  rbind(effect, moment_light(paper), acceptance_light(paper))
}

moment_light <- function(paper) {
  table <- paper$moments
  if (is.null(table) || nrow(table) == 0) return(NULL)
  miss <- abs(table$after - table$seed) / pmax(table$seed_sd, 1e-12)
  at <- which.max(miss)
  report_light("Means of covariates", light_of(miss[at], .05, .2),
               sprintf("Largest miss %s standard deviations, %s (good up to 0.05, a problem above 0.2).",
                       signif(miss[at], 2), table$column[at]), "making")
}

acceptance_light <- function(paper) {
  ess <- paper$acceptance$ess
  if (is.null(ess) || paper$acceptance$rate == 1 && ess == 1) return(NULL)
  report_light("Work of the correction", light_of(1 - ess, .5, .7),
               sprintf(paste("Rows of the generator are accepted with unequal chances: effective sample size %s %%",
                             "(good from 50 %%, a problem below 30 %%)."), round(100 * ess)), "making")
}

# Rows that almost never get one treatment, in each set.
overlap_light <- function(shares, threshold) {
  worst <- max(shares)
  report_light("Overlap of the arms", light_of(worst, .01, .1),
               sprintf("%s of rows have a chance below %s of one treatment (good up to 1 %%, a problem above 10 %%).",
                       paste0(signif(100 * shares, 2), " % (", names(shares), ")", collapse = " and "),
                       signif(threshold, 2)), "overlap")
}

# Estimates from synthetic rows against those from real ones by the same method.
estimate_light <- function(real, synthetic) {
  both <- merge(real, synthetic, by = c("method", "term"), suffixes = c("", "_synthetic"))
  both <- both[is.finite(both$std.error), ]
  if (nrow(both) == 0) return(NULL)
  miss <- abs(both$estimate_synthetic - both$estimate) / both$std.error
  at <- which.max(miss)
  report_light("Same analysis, same answer", light_of(miss[at], 1, 2),
               sprintf(paste("%s by %s: real %s, synthetic %s, %s standard errors of the real one apart",
                             "(good up to 1, a problem above 2)."), both$term[at], method_title(both$method[at]),
                       signif(both$estimate[at], 4), signif(both$estimate_synthetic[at], 4), signif(miss[at], 2)),
               "effect")
}

method_title <- function(method) {
  ifelse(method %in% c("aipw", "tmle", "iptw", "or"), toupper(method), method)
}

# `gaps`: total variation distances by column, `noise`: what sampling alone makes of them.
columns_light <- function(gaps, noise) {
  gaps <- gaps[!is.na(gaps)]
  if (length(gaps) == 0) return(NULL)
  excess <- gaps - 2 * noise[names(gaps)]
  at <- names(gaps)[if (max(excess) > 0) which.max(excess) else which.max(gaps)]
  limit <- max(.1, 2 * noise[[at]])
  report_light("Columns one by one", light_of(gaps[[at]], limit, 2.5 * limit),
               sprintf("%s differs most: %s %% apart, sampling alone makes %s %% (good up to %s, a problem above %s).",
                       at, signif(100 * gaps[[at]], 2), signif(100 * noise[[at]], 2), signif(100 * limit, 2),
                       signif(250 * limit, 2)), "columns")
}

# `floor`: how large the largest of all differences is by sampling alone.
association_light <- function(largest, pair, floor) {
  limit <- max(.1, floor)
  report_light("Associations of columns", light_of(largest, limit, 2.5 * limit),
               sprintf(paste("Largest difference %s, of %s; sampling alone makes one of about %s (good up to %s, a",
                             "problem above %s)."), signif(largest, 2), pair, signif(floor, 2), signif(limit, 2),
                       signif(2.5 * limit, 2)), "associations")
}

# One light a group of scores: the worst verdict, with the scores that have it.
fidelity_lights <- function(x, frame) {
  titles <- c(`Column by column` = "Fidelity of columns", `Columns together` = "Fidelity of columns together",
              `Treatment, outcome, effect` = "Fidelity of treatment, outcome and effect")
  rows <- lapply(intersect(names(titles), frame$group), function(group) {
    verdicts <- c("like the holdout", "worse", "much worse")
    own <- frame[frame$group == group & frame$verdict %in% verdicts, ]
    if (nrow(own) == 0) return(report_light(titles[[group]], "unknown", "No score could be judged.", "fidelity"))
    rank <- match(own$verdict, verdicts)
    lost <- sum(frame$group == group & frame$verdict %in% "not computed")
    bad <- own[rank == max(rank) & rank > 1, ]
    reason <- if (nrow(bad) == 0) {
      sprintf("All %s within tolerance of what further real rows score.", count_phrase(nrow(own), "score"))
    } else {
      shown <- utils::head(bad, 3)
      paste0(nrow(bad), " of ", nrow(own), " scores ", bad$verdict[1], " than the holdout's (",
             if (max(rank) == 3) "by more than three tolerances" else "by more than the tolerance", "): ",
             paste0(shown$label, " ", signif(shown$estimate, 2), " (holdout ", signif(shown$reference, 2), ")",
                    collapse = "; "), if (nrow(bad) > 3) "; and others", ".")
    }
    if (lost) reason <- paste0(reason, " ", count_phrase(lost, "score"), " could not be computed.")
    report_light(titles[[group]], c("good", "look", "problem")[max(rank)], reason, "fidelity")
  })
  do.call(rbind, rows)
}

# Copies, attacks, membership: what real rows behind the synthetic ones suffer beyond rows outside of the data.
privacy_lights <- function(x) {
  # Of several attacks one is above chance by chance sooner: intervals hold together (Bonferroni).
  own <- function(pattern) {
    at <- grepl(pattern, x$scores$metric) & !is.na(x$scores$estimate)
    if (!any(at)) return(x$scores[at, ])
    score_table(x$parts[at], 1 - (1 - x$conf.level) / sum(at))
  }
  rbind(copies_light(own("^(copies|near_copies|replicated_uniques)$")),
        values_light(own("^unique_values$"), x$released), attacks_light(own("_risk")),
        membership_light(own("^(membership.*|attribute)_auc")), closeness_light(own("^dcr_share$")))
}

copies_light <- function(rows) {
  if (nrow(rows) == 0) return(NULL)
  chance <- ifelse(is.na(rows$reference), 0, rows$reference)
  excess <- ifelse(rows$conf.low > chance, rows$estimate - chance, 0)
  # A whole copy weighs more than a near one.
  limit <- ifelse(rows$metric == "copies", .01, .1)
  at <- if (any(excess > 0)) which.max(excess / limit) else 1
  words <- c(copies = "of synthetic rows equal a real row in every column",
             near_copies = "of synthetic rows lie nearer to a real row than real rows lie to one another",
             replicated_uniques = "of real rows are unique and equal to one synthetic row")
  report_light("Copies of real rows", light_of(excess[at], 0, limit[at]),
               sprintf("%s %% %s, of the holdout %s %% (good: no clear excess; a problem %s points above).",
                       signif(100 * rows$estimate[at], 2), words[[rows$metric[at]]], signif(100 * chance[at], 2),
                       100 * limit[at]), "privacy")
}

# Values by which one person can be told: released even by columns that are drawn independently.
values_light <- function(row, released) {
  if (nrow(row) == 0) return(NULL)
  chance <- if (is.na(row$reference)) 0 else row$reference
  excess <- if (row$conf.low > chance || length(released)) max(row$estimate - chance, 0) else 0
  report_light("Exact values of single people", if (length(released)) "problem" else light_of(excess, 0, .1),
               paste0(signif(100 * row$estimate, 2), " % of synthetic values are those of exactly one real row, of ",
                      "the holdout's ", signif(100 * chance, 2), " % (good: no clear excess; a problem where a column ",
                      "clearly has more than the holdout: ",
                      if (length(released)) some_names(released) else "none has", ")."), "privacy")
}

attacks_light <- function(rows) {
  title <- "Attacks on single persons"
  if (nrow(rows) == 0) {
    return(report_light(title, "unknown", paste("Risks need real rows that the generator never saw (argument holdout):",
                                                "without them no excess can be told."), "privacy"))
  }
  found <- rows[rows$conf.low > 0, ]
  at <- which.max(rows$estimate)
  report_light(title, if (nrow(found)) light_of(max(found$estimate), 0, .1) else light_of(rows$estimate[at], .1, Inf),
               sprintf(paste("%s of %s attacks do better on the real rows behind the data than on others; largest",
                             "excess %s (%s to %s, intervals that hold together), %s (good up to 0.1 if no interval",
                             "is above 0, a problem above 0.1 if one is)."), nrow(found), nrow(rows),
                       signif(rows$estimate[at], 2), signif(rows$conf.low[at], 2), signif(rows$conf.high[at], 2),
                       gsub("_", " ", rows$metric[at])), "privacy")
}

membership_light <- function(rows) {
  title <- "Telling who was in the data"
  if (nrow(rows) == 0) {
    return(report_light(title, "unknown", paste("Membership attacks need real rows that the generator never saw",
                                                "(argument holdout)."), "privacy"))
  }
  at <- which.max(rows$conf.low)
  report_light(title, if (rows$conf.low[at] <= .5) "good" else light_of(rows$estimate[at], .5, .6),
               sprintf(paste("Best attack: AUC %s (%s to %s, intervals of all attacks that hold together), where 0.5",
                             "is chance (good: no interval above it; a problem above 0.6)."),
                       signif(rows$estimate[at], 3), signif(rows$conf.low[at], 3),
                       signif(rows$conf.high[at], 3)), "privacy")
}

closeness_light <- function(row) {
  if (nrow(row) == 0) return(NULL)
  report_light("Closeness to real rows", if (row$conf.low <= .5) "good" else light_of(row$estimate, .5, .6),
               sprintf(paste("%s %% of synthetic rows are closer to training than to holdout rows (%s to %s), 50 %% is",
                             "ideal. A diagnostic: attacks can succeed where it looks well."),
                       signif(100 * row$estimate, 3), signif(100 * row$conf.low, 3), signif(100 * row$conf.high, 3)),
               "privacy")
}
