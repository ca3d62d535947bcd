#' The papers' studies, redone
#'
#' Runs studies 1 to 5 of Kim, Xu and Lin (2025) and Xu (2026) with this package's generators: tables with Monte Carlo
#' errors, and figures.
#'
#' @param study Numbers of the studies: 1, what synthetic data do to the effect; 2, benchmarking estimators; 3,
#'   positivity; 4, outcome augmentation; 5, the trial ACTG175 (package speff2trial).
#' @param reps Replicates, a number for all or a list by study such as `list("2" = 20)`; `NULL` takes the
#'   paper's size or more: 10 data sets in study 1, 100 subsamples in 2 (and 20 fresh data sets in part b), 20 data
#'   sets in 3 and 4, 50 subsamples in 5.
#' @param dir A folder for the tables (csv, with the seed in a column) and figures (png), or `NULL`. Files appear whole.
#' @param ... Unknown names are an error.
#' @param pool Rows of each synthetic set.
#' @param seed A whole number; `NULL` draws one from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @return An object of class `causalsynth_paper`: a list with an element a study, `study_1` and so on, each with
#'   `tables` (data frames), `plots` (ggplots) and `seconds`. A study that needs a package which is not there is an
#'   error of class `causalsynth_error_input` when it was asked for alone, and left out with a message otherwise.
#' @details Nuisances are forests, predicted out of bag: in studies 1 to 3 of 100 trees grown to purity, as in the
#'   papers' program; in 4 and 5 with larger leaves. Study 4 takes at most 10,000 rows of a pool. The papers' pools of a
#'   GAN and a language model are not part of the package; `gen_data()` takes such rows.
#' @references Kim, Xu and Lin (2025), arXiv 2511.00318; Xu (2026), arXiv 2604.23904.
#' @examples
#' if (interactive()) {
#'   small <- reproduce_paper(4, reps = 2, pool = 300, seed = 1)
#'   print(small)
#'   names(small$study_4$tables)
#' }
#' @export
reproduce_paper <- function(study = 1:5, reps = NULL, dir = NULL, ..., pool = 50000, seed = 1, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  if (!(is.numeric(study) && length(study) > 0 && all(study %in% 1:5)) || anyDuplicated(study)) {
    abort("input", c("{.arg study} must be numbers from 1 to 5, each once.", x = "It is {describe(study)}."))
  }
  settings <- list(pool = check_whole(pool, "pool", 50), threads = resolve_threads(threads))
  if (is.null(seed)) seed <- floor(stats::runif(1) * 1e9)
  rng_key(seed)
  reps <- paper_reps(reps, call)
  if (!is.null(dir)) check_figure_folder(dir, call)
  if (5 %in% study && !requireNamespace("speff2trial", quietly = TRUE)) {
    if (length(study) == 1) {
      abort("input", c("Study 5 needs the package {.pkg speff2trial}, which holds the trial.",
                       i = "{.code install.packages(\"speff2trial\")}"))
    }
    cli::cli_inform("Study 5 is left out: the package {.pkg speff2trial} is not installed.")
    study <- setdiff(study, 5)
  }
  runs <- list(paper_study_1, paper_study_2, paper_study_3, paper_study_4, paper_study_5)
  found <- lapply(study, function(k) {
    started <- proc.time()[["elapsed"]]
    part <- runs[[k]](c(settings, list(reps = reps[[as.character(k)]], seed = seed)))
    part$seconds <- proc.time()[["elapsed"]] - started
    part$tables <- lapply(part$tables, function(t) cbind(t, seed = seed, row.names = NULL))
    if (!is.null(dir)) write_paper(part, k, dir, call)
    part
  })
  structure(stats::setNames(found, paste0("study_", study)), seed = seed, dir = dir, class = "causalsynth_paper")
}

paper_reps <- function(reps, call) {
  usual <- list(`1` = 10, `2` = 100, `3` = 20, `4` = 20, `5` = 50)
  if (is.null(reps)) return(usual)
  if (is.numeric(reps) && length(reps) == 1) reps <- stats::setNames(rep(list(reps), 5), names(usual))
  if (!is.list(reps) || !all(rlang::names2(reps) %in% names(usual))) {
    abort("input", c("{.arg reps} must be a number, or a list named by studies such as {.code list(\"2\" = 20)}.",
                     x = "It is {describe(reps)}."), call = call)
  }
  for (name in names(reps)) usual[[name]] <- check_whole(reps[[name]], paste0("reps$", name), 2, call = call)
  usual
}

check_figure_folder <- function(dir, call) {
  if (!(is.character(dir) && length(dir) == 1 && !is.na(dir) && nzchar(dir))) {
    abort("input", c("{.arg dir} must be the path of a folder, or NULL.", x = "It is {describe(dir)}."), call = call)
  }
  if (!dir.exists(dir)) suppressWarnings(dir.create(dir, recursive = TRUE))
  if (!dir.exists(dir) || file.access(dir, 2) != 0) {
    abort("file", "The folder {.file {dir}} cannot be written to.", call = call)
  }
}

write_paper <- function(part, k, dir, call) {
  whole <- function(name, write) {
    beside <- file.path(dir, paste0("part-", Sys.getpid(), "-", name))
    on.exit(unlink(beside))
    ok <- tryCatch({
      write(beside)
      file.rename(beside, file.path(dir, name))
    }, error = function(e) FALSE)
    if (!isTRUE(ok)) abort("file", "The file {.file {file.path(dir, name)}} cannot be written.", call = call)
  }
  for (name in names(part$tables)) {
    table <- part$tables[[name]]
    number <- vapply(table, is.double, NA)
    table[number] <- lapply(table[number], signif, 6)
    whole(sprintf("study%d-%s.csv", k, name), function(path) utils::write.csv(table, path, row.names = FALSE))
  }
  for (name in names(part$plots)) {
    whole(sprintf("study%d-%s.png", k, name), function(path) {
      ggplot2::ggsave(path, part$plots[[name]], device = "png", width = 8, height = 4.5, dpi = 120, bg = "white")
    })
  }
}

#' @export
format.causalsynth_paper <- function(x, ...) {
  vapply(names(x), function(name) {
    sprintf("%s: tables %s; %.1f s", sub("_", " ", name), paste(names(x[[name]]$tables), collapse = ", "),
            x[[name]]$seconds)
  }, "", USE.NAMES = FALSE)
}

#' @export
print.causalsynth_paper <- function(x, ...) {
  dir <- attr(x, "dir")
  show_lines(paste("<the papers' studies> seed", attr(x, "seed")), tail = format(x),
             then = paste0("summary() prints the tables", if (!is.null(dir)) paste0("; they are files in ", dir), "."))
  invisible(x)
}

#' @export
summary.causalsynth_paper <- function(object, ...) {
  structure(list(tables = unlist(lapply(unclass(object), `[[`, "tables"), recursive = FALSE)),
            class = "summary.causalsynth_paper")
}

#' @export
print.summary.causalsynth_paper <- function(x, ...) {
  for (name in names(x$tables)) {
    cat("\n", name, "\n", sep = "")
    print(x$tables[[name]], digits = 3, row.names = FALSE)
  }
  invisible(x)
}

# What the studies share: the papers' forests, estimators, and means over replicates with their Monte Carlo errors.
paper_forest <- function() learn_forest(trees = 100, min_node_size = 1, outcome = "joint")

paper_methods <- c("iptw", "aipw", "or", "tmle")

# Generators of the package for whole records and covariates; a new one is a line here.
paper_generators <- function() list(forest = gen_forest(trees = 100), copula = gen_copula())

paper_seed <- function(s, label, rep = 0) derive_key(derive_key(rng_key(s$seed), label), "replicate", rep)

# A row a group: replicates, mean, bias, spread, MSE with Monte Carlo errors of `value` against `truth`.
paper_errors <- function(rows, keys, truth) {
  group <- do.call(paste, c(lapply(rows[keys], as.character), sep = "\r"))
  parts <- lapply(unique(group), function(g) {
    part <- rows[group == g, ]
    values <- part$estimate[!is.na(part$estimate)]
    r <- length(values)
    squared <- (values - truth)^2
    data.frame(part[1, keys, drop = FALSE], reps = r, mean = mean(values), mean_mcse = stats::sd(values) / sqrt(r),
               bias = mean(values) - truth, sd = stats::sd(values), mse = mean(squared),
               mse_mcse = stats::sd(squared) / sqrt(r))
  })
  table <- do.call(rbind, parts)
  rownames(table) <- NULL
  table
}

# ATE of all methods on one set of rows, as rows of estimate and std.error.
paper_estimates <- function(formula, rows, key, threads, methods = paper_methods, learner = paper_forest()) {
  fit <- suppressWarnings(estimate_effect(formula, rows, methods, learner_treatment = learner,
                                          learner_outcome = learner,
                                          seed = key, threads = threads))
  table <- tidy(fit)
  table[table$term == "ATE", c("method", "estimate", "std.error")]
}
