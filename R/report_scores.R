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
  found <- attempt(sub(":.*", "", title), run_score(what, sides, data, ask), ask)
  ask$tick(if (what == "fidelity") .85 else .97)
  said <- note("Of ", thousands(nrow(sides$real)), " of ", count_phrase(nrow(data$real), "real row"), " and ",
               thousands(nrow(sides$synthetic)), " of ", count_phrase(nrow(data$rows), "synthetic row"), ".")
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
  if (what == "fidelity") {
    fidelity(sides$real, sides$synthetic, data$origin$formula, sides$holdout, seed = key, threads = ask$threads)
  } else {
    privacy(sides$real, sides$synthetic, sides$holdout, seed = key, threads = ask$threads)
  }
}

# Of a finished object.
score_part <- function(x, what) {
  table <- tidy(x)
  report_part(list(html_section(what, score_titles[[what]], score_figure(x, table, what), score_table(table, what))))
}

score_table <- function(table, what) {
  html_table(data.frame(Metric = table$metric, Estimate = table$estimate, `95 % from` = table$conf.low,
                        to = table$conf.high, Reference = table$reference, Rows = table$n, check.names = FALSE),
             paste("All scores of", what), most = 200)
}

score_figure <- function(x, table, what) {
  found <- attempt("The picture", autoplot(x))
  if (found$failed) return(found$html)
  html_figure(found$value, paste0("Scores of ", what, " with intervals and references; the table below has the numbers."),
              width = 640, height = 480)
}

#' @exportS3Method
report_content.causalsynth_fidelity <- function(x, ask) score_content(x, "fidelity")

#' @exportS3Method
report_content.causalsynth_privacy <- function(x, ask) score_content(x, "privacy")

score_content <- function(x, what) {
  part <- score_part(x, what)
  list(kind = what, title = paste("Report on", what), subtitle = paste(utils::head(format(x), 1), collapse = " "),
       lights = part$lights, sections = part$sections)
}
