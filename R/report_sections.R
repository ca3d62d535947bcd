# The sections of a report on rows of a hybrid: each returns list(sections, lights). `data` is of rows_content().

report_part <- function(sections, lights = NULL) list(sections = sections, lights = lights)

# A part that fails says so where it would stand; the rest of the page does not depend on it.
attempt <- function(what, code) {
  warned <- character()
  value <- tryCatch(
    withCallingHandlers(code, warning = function(w) {
      warned <<- union(warned, cli::ansi_strip(conditionMessage(w)))
      invokeRestart("muffleWarning")
    }, message = function(m) invokeRestart("muffleMessage")),
    error = function(e) e
  )
  if (inherits(value, "error")) {
    reason <- gsub("\\s+", " ", cli::ansi_strip(conditionMessage(value)))
    return(list(failed = TRUE, html = note(what, " could not be computed: ", reason)))
  }
  list(failed = FALSE, value = value,
       html = if (length(warned)) lapply(utils::head(warned, 4), function(w) note("Note: ", gsub("\\s+", " ", w))))
}

making_part <- function(data, ask) {
  paper <- data$origin$certificate
  section <- html_section(
    "making", "What was made, and how",
    paragraph("Covariates come from a generator, treatment and outcome from fitted models; the mean outcome of each ",
              "synthetic row in every arm is known, and with it the average effect."),
    facts(list(
      Roles = paste(deparse(data$origin$formula, width.cutoff = 500), collapse = " "),
      `Real rows behind it` = thousands(data$origin$n_seed),
      `Synthetic rows here` = paste0(thousands(nrow(data$rows)),
                                     if (data$of > nrow(data$rows)) paste(" sampled from", thousands(data$of))),
      Covariates = paste0(paper$generator, "; ", count_phrase(length(paper$covariates), "column")),
      Treatment = paste0(paper$treatment, "; reference level ", paper$treat_levels[1]),
      Outcome = outcome_phrase(paper$outcome_law),
      Kind = paste0(if (paper$targeted) "targeted: the effect of the real rows is kept by construction"
                    else "plain: nothing aims at the effect of the real rows",
                    if (isTRUE(paper$proper)) "; fitted on a bootstrap resample of the real rows"),
      Knobs = if (length(paper$changed)) knob_phrase(paper$knobs) else "none changed",
      `Bounds of the propensity` = paper$bounds,
      Shifts = paste(shift_lines(paper), collapse = " "),
      `Covariates' moments` = paste(moment_lines(paper), collapse = " "),
      `Law seen on` = paste0(count_phrase(paper$law$rows, "row"), if (isTRUE(paper$law$exact)) " (all there are)",
                             "; a pool of k rows misses its effect by ",
                             paste(signif(paper$law$sd, 3), collapse = ", "), " / sqrt(k)"),
      `Made by` = paper$made_by
    )),
    certificate_tables(paper)
  )
  report_part(list(section), certificate_lights(paper))
}

certificate_tables <- function(paper) {
  guarded <- guarded_moments(paper)
  subgroups <- paper$subgroups
  few <- if (is.null(subgroups)) 0 else sum(subgroups$n < least_rows)
  if (few) subgroups <- subgroups[subgroups$n >= least_rows, ]
  list(
    if (length(subgroups) && nrow(subgroups)) {
      list(node("h3", "Subgroups whose effects were kept"),
           html_table(data.frame(Subgroup = paste(subgroups$variable, "=", subgroups$level), Rows = subgroups$n,
                                 `Real estimate` = subgroups$seed, `Standard error` = subgroups$std.error,
                                 `Law of the synthetic rows` = subgroups$law, check.names = FALSE),
                      "Effects by subgroup"))
    },
    if (few) note(count_phrase(few, "subgroup"), " of fewer than 5 real rows left out."),
    if (nrow(guarded$table)) {
      list(node("h3", "Means of the covariates"),
           html_table(guarded$table, "Means and shares, the largest misses first", most = 25),
           if (guarded$hidden) note(count_phrase(guarded$hidden, "share"), " of fewer than 5 real rows left out."))
    }
  )
}

# Means of the certificate, without shares that rest on fewer than five real rows.
guarded_moments <- function(paper) {
  table <- paper$moments
  if (is.null(table) || nrow(table) == 0) return(list(table = data.frame(), hidden = 0))
  n <- paper$n_seed
  spread <- sqrt(pmax(table$seed * (1 - table$seed), 0))
  share <- grepl("^share ", table$what) |
    table$seed > 0 & table$seed < 1 & abs(table$seed_sd - spread) < 1e-6 * (1 + spread)
  few <- share & table$seed * n > .5 & table$seed * n < least_rows - .5 |
    share & (1 - table$seed) * n > .5 & (1 - table$seed) * n < least_rows - .5
  few[is.na(few)] <- FALSE
  miss <- abs(table$after - table$seed) / pmax(table$seed_sd, 1e-12)
  kept <- table[!few, ][order(-miss[!few]), ]
  list(table = data.frame(Covariate = paste0(kept$column, ", ", kept$what), `Real rows` = kept$seed,
                          Generator = kept$before, `Synthetic law` = kept$after,
                          `SD of real rows` = kept$seed_sd, check.names = FALSE), hidden = sum(few))
}

# Nuisances of a sample of rows; what overlap has to say is said by the propensity section.
report_nuisance <- function(rows, data, ask, label) {
  at <- sampled(nrow(rows), ask$sample_rows, ask$key, paste("estimates", label))
  rows <- structure(lapply(rows, `[`, at), names = names(rows), class = "data.frame",
                    row.names = .set_row_names(length(at)))
  suppressWarnings(
    nuisance(data$origin$formula, rows, learner_treatment = ask$learner, learner_outcome = ask$learner,
             seed = derive_key(ask$key, "nuisance", label == "real"), threads = ask$threads),
    classes = "causalsynth_warning_overlap"
  )
}

effect_part <- function(data, ask) {
  sets <- intersect(c("real", "synthetic"), names(data$shown))
  fitted <- lapply(stats::setNames(nm = sets), function(set) {
    found <- attempt(paste("Estimates from", set, "rows"), report_nuisance(data$shown[[set]], data, ask, set))
    ask$tick(if (set == "real") .15 else .25)
    found
  })
  estimates <- lapply(stats::setNames(nm = sets), function(set) {
    if (fitted[[set]]$failed) return(fitted[[set]])
    attempt(paste("Estimates from", set, "rows"), set_estimates(fitted[[set]]$value, data, set))
  })
  tables <- lapply(estimates, `[[`, "value")
  light <- if (!is.null(tables$real) && !is.null(tables$synthetic) && !length(effect_knobs(data$origin$knobs))) {
    estimate_light(tables$real, tables$synthetic)
  }
  used <- vapply(sets, function(set) if (fitted[[set]]$failed) 0 else length(fitted[[set]]$value$treat), 0)
  effect <- effect_section(data, tables, used, ask, lapply(c(fitted, estimates), `[[`, "html"))
  overlap <- overlap_part(data, fitted, ask)
  report_part(c(list(effect), overlap$sections), rbind(light, overlap$lights))
}

# Estimates by method with intervals: of real rows, or of synthetic ones for the population that the seed came from.
set_estimates <- function(fitted, data, set) {
  several <- length(data$origin$arms) > 2
  fit <- suppressWarnings(estimate_effect(fitted, method = if (several) "aipw" else c("aipw", "tmle", "iptw")),
                          classes = "causalsynth_warning")
  if (set == "synthetic" && !length(effect_knobs(data$origin$knobs))) fit <- add_seed_variance(fit, data$origin)
  table <- tidy(fit)
  table[table$term %in% contrast_names(data$origin$arms), c("method", "term", "estimate", "std.error", "conf.low",
                                                            "conf.high")]
}

effect_rows <- function(data, tables, used) {
  paper <- data$origin$certificate
  terms <- contrast_names(data$origin$arms)
  at_fit <- paper$effects[match(terms, paper$effects$term), ]
  tag <- function(text, term) if (length(terms) > 1) paste0(sub("^ATE_", "", term), ": ", text) else text
  line <- function(label, term, estimate, low = NA_real_, high = NA_real_, set) {
    data.frame(label = tag(label, term), estimate = estimate, conf.low = low, conf.high = high, set = set)
  }
  of_set <- function(set, term) {
    own <- tables[[set]][tables[[set]]$term == term, ]
    if (length(own) == 0 || nrow(own) == 0) return(NULL)
    line(paste0(method_title(own$method), ", ", thousands(used[[set]]), " ", set), term, own$estimate,
         own$conf.low, own$conf.high, set)
  }
  rows <- lapply(seq_along(terms), function(k) {
    rbind(
      line("TMLE, real rows at the fit", terms[k], at_fit$estimate[k], at_fit$conf.low[k], at_fit$conf.high[k],
           "real"),
      of_set("real", terms[k]),
      line("law of synthetic rows", terms[k], at_fit$law[k], set = "known"),
      line("these synthetic rows", terms[k], truth(data$pool, terms[k]), set = "known"),
      of_set("synthetic", terms[k])
    )
  })
  do.call(rbind, rows)
}

effect_section <- function(data, tables, used, ask, notes) {
  rows <- effect_rows(data, tables, used)
  origin <- data$origin
  outcome <- deparse1(origin$formula[[2]])
  treatment <- deparse1(origin$formula[[3]][[2]])
  knobs <- effect_knobs(origin$knobs)
  alt <- paste0("Estimates of the effect of ", treatment, " on ", outcome, " with 95 % intervals. ",
                paste0(rows$label, ": ", signif(rows$estimate, 4),
                       ifelse(is.na(rows$conf.low), "",
                              paste0(" (", signif(rows$conf.low, 4), " to ", signif(rows$conf.high, 4), ")")),
                       collapse = "; "), ".")
  table <- data.frame(What = rows$label, Estimate = rows$estimate, `95 % from` = rows$conf.low, to = rows$conf.high,
                      check.names = FALSE)
  html_section(
    "effect", "The effect, real and synthetic",
    paragraph("Average effect of ", treatment, " (against ", origin$treat_levels[1], ") on ", outcome, ". ",
              if (length(knobs)) {
                paste0("Knobs changed it on purpose: intervals of synthetic rows are for their own law, and a gap to ",
                       "the real rows is meant.")
              } else {
                paste("Intervals of synthetic rows are for the population that the real rows came from: they add the",
                      "real rows' own variance, so that more synthetic rows never make them shorter than the real",
                      "ones.")
              }),
    html_figure_rows(rows, treatment, outcome, alt),
    html_table(table, "Average effect with 95 % intervals", digits = 4), notes,
    note("Learner of propensities and outcome regressions: ", ask$learner$label, ". IPTW takes a learned propensity ",
         "as known.")
  )
}

html_figure_rows <- function(rows, treatment, outcome, alt) {
  effect_figure(rows, paste("effect of", treatment, "on", outcome), alt,
                "Squares: real rows; circles: synthetic rows; diamonds: known by construction. Lines: 95 % intervals.")
}
