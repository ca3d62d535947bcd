#' Benchmark estimators where the truth is known
#'
#' Draws data sets from sources whose effect is known (mechanisms, hybrids, pools) or taken as known (data frames),
#' runs every estimator on each of them, and keeps all estimates in one long table.
#'
#' @param sources Where data sets come from; one source, or a (named) list of several. A mechanism of [dgp_paper()] or
#'   [dgp()], a hybrid of [fit_hybrid()] or a fitted generator draw `n` fresh rows a replicate. A pool of
#'   [generate()][generate.causalsynth_hybrid] or any data frame is drawn from, without replacement unless
#'   `replace = TRUE`. With `knobs`, a function whose arguments are knobs and which returns one of these.
#' @param estimators A vector of names (`"iptw"`, `"aipw"`, `"or"`, `"tmle"`, `"matching"`), or a named list of names,
#'   `est_*()` specs and functions of a data frame. A function gets the rows that a real study would have, in the
#'   columns of `formula`: neither the truth nor counterfactual means can reach it. It returns the estimate, or a named
#'   vector, list or one-row data frame with `estimate` and perhaps `std.error`, `conf.low`, `conf.high`, or an
#'   effect of [estimate_effect()].
#' @param formula `Y ~ A | W1 + W2`; `NULL` takes the hybrid's or pool's own, and `Y ~ A | .` for mechanisms.
#' @param ... Arguments of [nuisance()], such as `learner_treatment`, `crossfit` or `bounds`. Nuisances are fitted once
#'   a replicate and shared by all estimators that are not functions.
#' @param n Rows of a data set; several for a grid.
#' @param reps Number of data sets (replicates) a source and `n`.
#' @param truth What estimates are held against: `"mechanism"` (the known effect of a mechanism's or hybrid's law),
#'   `"pool"` (the exact effect of a pool's rows), `"tmle"` or `"self"` (the TMLE, or each estimator's own value, of the
#'   whole source: all its rows, or `reference_rows` of a law), a number, or a function of the source that
#'   returns one. Several in a named list or vector, one a source. `NULL`: the most exact available, which is
#'   the law for mechanisms and hybrids, the rows' own effect for pools and the TMLE for others.
#' @param estimand,se As in [estimate_effect()].
#' @param knobs Named list of values, such as `list(effect_scale = c(.5, 1))`. All combinations are made. A source
#'   that is a function is called with those that it has as arguments, other sources hand those that they know to
#'   [generate()]; a knob that a source does not have is `NA` there.
#' @param replace Draw rows of pools and data frames with replacement?
#' @param reference_rows Rows drawn from a law for `truth = "tmle"` and `"self"`.
#' @param conf.level Level of intervals made of an estimate and its standard error.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or of processes (see details); `NULL` for the default.
#' @param checkpoint A folder for finished chunks, or `NULL`. The same call goes on where it was stopped, and gives the
#'   same results; a call with other arguments or another version of the package is refused. With
#'   `seed = NULL` the folder's own random key is used again.
#' @param timeout Seconds that one estimator (or the nuisances, or all built-in estimators after them) may take on one
#'   data set; then it counts as failed. With a limit, functions run in processes of their own that can be killed (not
#'   on Windows). What is cut off depends on the machine, not on the seed alone.
#' @param chunk Replicates a chunk, or `NULL`: as many as keep the cost of handing over a chunk below 5 percent.
#' @details
#' **Randomness.** Each replicate of each source and `n` has a random key of its own, from which its rows, nuisances and
#' functions draw: results do not depend on backend, workers, chunks, or on which other estimators run.
#'
#' **Workers.** Where a [future::plan()] is set (multisession, cluster, `future.batchtools`) its workers do the
#' replicates, one thread each. Otherwise `threads` forked processes do (one after the other on Windows).
#' `progressr::with_progress()` shows progress.
#'
#' **Failures.** An estimator that stops, returns no number or takes too long is a row of the table with a missing
#' estimate and the reason in `error`. A worker that dies is replaced; what killed it is found by halving its
#' chunk, and counted.
#' @return An object of class `causalsynth_study`. `as.data.frame()` is the long table: `source`, knobs, `n`, `rep`,
#'   `method`, `estimate`, `std.error`, `conf.low`, `conf.high`, `truth`, `error`, `warning` (the first of the
#'   replicate's, shared by built-in estimators). [summary()][study_methods] has the performance measures with their
#'   Monte Carlo errors, [autoplot()][autoplot.causalsynth_study] pictures, [compare_studies()] compares sources.
#'   Errors: classes `causalsynth_error_input`, `_data`, and `_file` for a checkpoint that cannot be written or is of
#'   another study.
#' @references Morris, White and Crowther (2019), Statistics in Medicine 38, 2074-2102; Kim, Xu and Lin (2025), arXiv
#'   2511.00318.
#' @examples
#' glms <- study(dgp_paper("moderate"), c("iptw", "aipw", "tmle"), n = 200, reps = 20,
#'   learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1, threads = 1)
#' glms
#' summary(glms)
#' @export
study <- function(sources, estimators = c("iptw", "aipw", "or", "tmle"), formula = NULL, ..., n = 1000, reps = 100,
                  truth = NULL, estimand = c("ATE", "ATT", "ATC", "ATO"), se = c("if", "sandwich", "bootstrap"),
                  knobs = NULL, replace = FALSE, reference_rows = 50000, conf.level = .95, seed = NULL, threads = NULL,
                  checkpoint = NULL, timeout = Inf, chunk = NULL) {
  call <- rlang::current_env()
  dots <- study_dots(list(...), call)
  ask <- study_estimators(estimators, estimand, se, call)
  numbers <- list(
    n = check_sizes(n, call), reps = check_whole(reps, "reps", call = call),
    replace = check_flag(replace, "replace", call),
    reference_rows = check_whole(reference_rows, "reference_rows", 20, call = call),
    timeout = check_timeout(timeout, call), conf.level = conf.level, threads = resolve_threads(threads, call),
    chunk = if (!is.null(chunk)) check_whole(chunk, "chunk", call = call)
  )
  check_level(conf.level, "conf.level", call)
  sources <- study_sources(sources, knobs, formula, numbers, call)
  truth <- study_truths(truth, sources, ask, call)
  store <- open_checkpoint(checkpoint, seed, list(
    sources = sources, estimators = ask, nuisance = dots, n = numbers$n, reps = numbers$reps, truth = truth,
    replace = numbers$replace, reference_rows = numbers$reference_rows, timeout = numbers$timeout
  ), call)
  plan <- list(ask = ask, nuisance = dots, key = store$key, timeout = numbers$timeout, replace = numbers$replace)
  known <- settle_truths(truth, sources, plan, numbers, store)
  chunks <- run_study(sources, plan, numbers, store, call)
  new_study(chunks, sources, plan, numbers, known)
}

# Arguments handed to nuisance(), checked by name before any work.
study_dots <- function(dots, call) {
  own <- c("formula", "data", "seed", "threads", "weights", "cluster")
  arguments <- setdiff(names(formals(nuisance)), own)
  unknown <- !(rlang::names2(dots) %in% arguments)
  if (any(unknown)) {
    check_dots_empty(!!!dots[unknown], .call = call, .known = c(arguments, names(formals(study))))
  }
  for (name in intersect(names(dots), c("learner_treatment", "learner_outcome"))) check_learner(dots[[name]], name,
                                                                                                call)
  dots
}

check_sizes <- function(n, call) {
  ok <- is.numeric(n) && length(n) > 0 && !anyNA(n) && all(n == round(n) & n >= 2 & n <= .Machine$integer.max)
  if (!ok) {
    abort("input", c("{.arg n} must be one or more whole numbers of at least 2.", x = "It is {describe(n)}."),
          call = call)
  }
  if (anyDuplicated(n)) {
    abort("input", "{.arg n} has {.val {n[duplicated(n)][1]}} more than once.", call = call)
  }
  as.numeric(n)
}

check_timeout <- function(timeout, call) {
  timeout <- check_number(timeout, "timeout", 0, call = call)
  if (timeout == 0) abort("input", "{.arg timeout} must be above 0 seconds; {.code Inf} for none.", call = call)
  timeout
}

# The long table of all chunks, ordered by source, n, replicate and method, whatever the order they came in.
new_study <- function(chunks, sources, plan, numbers, known) {
  methods <- names(plan$ask$all)
  cells <- study_cells(sources, numbers)
  parts <- lapply(seq_len(nrow(cells)), function(cell) {
    cell_table(chunks[[cell]], cells[cell, ], sources[[cells$source[cell]]], methods, known, numbers)
  })
  results <- do.call(rbind, parts)
  rownames(results) <- NULL
  structure(list(
    results = results, methods = methods, sources = unique(vapply(sources, `[[`, "",
                                                                  "name")), knobs = names(sources[[1]]$knobs),
    n = numbers$n, reps = numbers$reps, truth = known$described, estimand = plan$ask$request$estimand,
    conf.level = numbers$conf.level, key = plan$key, timeout = numbers$timeout,
    version = as.character(utils::packageVersion("causalsynth"))
  ), class = "causalsynth_study")
}

# Cells of the design: a row a source (with its knobs) and n.
study_cells <- function(sources, numbers) {
  expand.grid(n = numbers$n, source = seq_along(sources), KEEP.OUT.ATTRS = FALSE)[c("source", "n")]
}

cell_table <- function(values, cell, source, methods, known, numbers) {
  reps <- numbers$reps
  long <- function(matrix) as.vector(t(matrix))
  estimate <- long(values$estimate)
  std.error <- long(values$std.error)
  z <- stats::qnorm((1 + numbers$conf.level) / 2)
  limit <- function(given, sign) {
    given <- long(given)
    ifelse(is.na(given), estimate + sign * z * std.error, given)
  }
  own <- c(list(source = rep(source$name, reps * length(methods))), source$knobs)
  data.frame(
    own, n = cell$n, rep = rep(seq_len(reps), each = length(methods)), method = rep(methods, reps),
    estimate = estimate, std.error = std.error, conf.low = limit(values$conf.low, -1),
    conf.high = limit(values$conf.high, 1), truth = rep(known$values[cell$source, ], reps),
    error = long(values$error), warning = long(values$warning), check.names = FALSE
  )
}
