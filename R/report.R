#' A report as one file
#'
#' Writes what a data owner must see to decide whether synthetic rows may be used, and shared: one HTML file that holds
#' its pictures, loads nothing and runs no script.
#'
#' @details **Contents.** Of a hybrid or a pool: a summary of checks, each a word, a symbol and its reason; how it was
#' made (its [certificate()]); the effect, real against synthetic, with intervals; the propensity by arm and the balance
#' of the arms; every column, and the associations of columns, synthetic against real; [fidelity()] and [privacy()];
#' the session. Of a fidelity, a privacy, a comparison or a study: the same summary, its tables and its pictures.
#'
#' **Real rows.** A hybrid that was fitted in this session still has its seed in memory, which is taken as the real
#' side. One that was read from a file has not, nor has a pool: their reports leave the real side out unless `real` is
#' given. No real row is in the file: what is shown of real rows are estimates, and shares in bins that are empty or
#' hold at least 5 rows. Bins of fewer are pooled with their neighbours, levels of fewer under one name, and each
#' figure says so; the edges of bins come from the synthetic rows. The synthetic rows themselves are not in it either.
#'
#' **Large sets.** Shares are of all rows. Estimates, propensities, fidelity and privacy take a random sample of at most
#' `sample_rows` rows of each side, which the page states.
#'
#' @param x A hybrid of [fit_hybrid()], a pool drawn from one, what [fidelity()] or [privacy()] returned, a
#'   comparison of [compare_synthesizers()] or [compare_studies()], or a [study()].
#' @param file Path of the file, for instance `report.html`; its folder must be there.
#' @param ... Unknown names are an error: arguments after `file` are named in full.
#' @param real Data frame of the real rows, or `NULL`. For hybrids and pools.
#' @param holdout Data frame of real rows that the generator never saw, or `NULL`: scores stand beside theirs.
#' @param rows Number of rows to draw from a hybrid (`NULL`: as many as its seed has, at least 200) or to sample from a
#'   pool (`NULL`: all of them).
#' @param sample_rows The most rows of each side that enter estimates, fidelity and privacy.
#' @param learner Learner of the propensities and outcome regressions, as in [nuisance()].
#' @param title Title of the page, or `NULL`.
#' @param overwrite Replace a file of that name?
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the page does not depend on it.
#' @return An object of class `causalsynth_report`: `file`, `kind` (of `x`), `lights` (a data frame: `check`, `light`
#'   (`"good"`, `"look"`, `"problem"`, `"unknown"`), `reason`), `sections`, `figures` (number), `bytes`. `tidy()` gives
#'   the lights, `glance()` a row. The file appears whole or not at all. The packages \pkg{htmltools} and
#'   \pkg{base64enc} are needed. Errors are of class `causalsynth_error_input` (what `x` is, a package that is missing),
#'   `causalsynth_error_data` (columns of `real`) or `causalsynth_error_file`.
#' @references Bins of at least 5 rows: Hundepool et al. (2012), Statistical Disclosure Control, Wiley.
#' @examplesIf requireNamespace("htmltools", quietly = TRUE)
#' glms <- study(dgp_paper(), c("iptw", "aipw"), n = 100, reps = 10, seed = 1, threads = 1,
#'   learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' report(glms, tempfile(fileext = ".html"))
#' @export
report <- function(x, file, ..., real = NULL, holdout = NULL, rows = NULL, sample_rows = 5000,
                   learner = learn_forest(), title = NULL, overwrite = FALSE, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(x, "x")
  check_present(file, "file")
  check_flag(overwrite, "overwrite")
  ask <- report_request(x, real, holdout, call)
  ask$rows <- if (!is.null(rows)) check_whole(rows, "rows", 20)
  ask$sample_rows <- check_whole(sample_rows, "sample_rows", 20)
  ask$learner <- check_learner(learner, "learner")
  ask$threads <- resolve_threads(threads)
  if (!is.null(title) && !(is.character(title) && length(title) == 1 && !is.na(title))) {
    abort("input", c("{.arg title} must be one text.", x = "It is {describe(title)}."))
  }
  check_page_packages(call)
  target <- check_target(file, overwrite, call)
  if (!grepl("[.]html?$", file, ignore.case = TRUE)) {
    abort("input", c("{.arg file} must end in {.val .html}, so that a browser opens it.", x = "It is {.file {file}}."))
  }
  ask$key <- rng_key(seed)
  ask$tick <- stage_bar("Making the report")
  content <- report_content(x, ask)
  summary <- html_section("summary", "At a glance", lights_html(content$lights))
  sections <- c(list(summary), content$sections, list(session_section(ask, seed)))
  page <- html_page(title %||% content$title, content$subtitle, sections)
  write_page(page, target, overwrite, call)
  lights <- content$lights[c("check", "light", "reason")]
  rownames(lights) <- NULL
  structure(list(file = file, kind = content$kind, lights = lights,
                 sections = vapply(sections, `[[`, "", "title"),
                 figures = lengths(regmatches(page, gregexpr("<img ", page, fixed = TRUE))),
                 bytes = file.size(target)), class = "causalsynth_report")
}

# Real rows belong to hybrids and pools alone; without real rows there is nothing for a holdout to stand beside.
report_request <- function(x, real, holdout, call) {
  rows <- is_pool(x) || inherits(x, "causalsynth_hybrid")
  given <- c(if (!is.null(real)) "real", if (!is.null(holdout)) "holdout")
  if (!rows && length(given)) {
    known <- utils::getS3method("report_content", class(x)[1], optional = TRUE)
    if (is.null(known)) report_content.default(x, list(call = call))
    abort("input", "{.arg {given}} {?is/are} for hybrids and pools; {describe(x)} has its own.", call = call)
  }
  for (arg in given) check_data_frame(get(arg), arg, 2, call = call)
  if (!is.null(holdout) && is.null(real) && (is_pool(x) || is.null(recall_seed(x)))) {
    abort("input", c("{.arg holdout} needs {.arg real}: this {class(x)[1]} has no real rows in memory."), call = call)
  }
  list(real = real, holdout = holdout, call = call)
}

check_page_packages <- function(call) {
  for (package in c("htmltools", "base64enc")) {
    if (requireNamespace(package, quietly = TRUE)) next
    abort("input", c("A report needs the package {.pkg {package}}.",
                     i = "Install it with {.code install.packages(\"{package}\")}."), call = call)
  }
}

write_page <- function(page, target, overwrite, call) {
  bytes <- charToRaw(enc2utf8(page))
  write_aside(target, overwrite, call, function(part) {
    con <- file(part, "wb")
    on.exit(close(con))
    writeBin(bytes, con)
  })
}

#' @export
format.causalsynth_report <- function(x, ...) {
  c(sprintf("<report> on a %s: %s (%s, %s)", x$kind, x$file, count_phrase(x$figures, "figure"),
            paste(signif(x$bytes / 1e6, 2), "MB")),
    paste0("  ", verdict(x$lights)),
    sprintf("  %s: %s", light_words[x$lights$light], x$lights$check)[x$lights$light %in% c("problem", "look")])
}

#' @export
print.causalsynth_report <- function(x, ..., lines = 25) {
  show_object(x, lines = lines, then = "open it in a browser; summary(x) has every check with its reason.")
  invisible(x)
}

#' @export
summary.causalsynth_report <- function(object, ...) {
  structure(list(report = object), class = "summary.causalsynth_report")
}

#' @export
print.summary.causalsynth_report <- function(x, ...) {
  print(x$report, lines = Inf)
  for (i in seq_len(nrow(x$report$lights))) {
    one <- x$report$lights[i, ]
    write_wrapped(sprintf("[%s] %s. %s", light_words[[one$light]], one$check, one$reason))
  }
  write_wrapped(paste("Sections:", paste(x$report$sections, collapse = ", ")))
  invisible(x)
}

#' @export
tidy.causalsynth_report <- function(x, ...) {
  check_dots_empty(...)
  x$lights
}

#' @export
glance.causalsynth_report <- function(x, ...) {
  check_dots_empty(...)
  counts <- table(factor(x$lights$light, names(light_words)))
  data.frame(kind = x$kind, file = x$file, bytes = x$bytes, figures = x$figures,
             lapply(split(as.vector(counts), factor(names(counts), names(light_words))), sum))
}
