#' Compare synthesizers
#'
#' Fidelity and distances of several sets of synthetic rows of the same real ones, side by side, with ranks.
#'
#' @param synthesizers A named list, each element a data frame of synthetic rows; a `gen_*()` spec, which is fitted to
#'   `real`; a generator fitted by [fit_generator()]; or a hybrid of [fit_hybrid()].
#' @param real Data frame of real rows, the reference of all scores.
#' @param holdout Data frame of real rows that no generator saw, or `NULL`: half of `real`, which specs are not fitted
#'   to (all else has probably seen it).
#' @param ... Unknown names are an error.
#' @param formula Roles, `Y ~ A | W1 + W2`, for the scores of the effect; `NULL` leaves them out.
#' @param n Rows to draw from specs, generators and hybrids; `NULL`: as many as `real` has.
#' @param columns,estimators,learner,permutations,max_rows As in [fidelity()].
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @details The key scores of [fidelity()], and of distances to the closest record ([dcr()]): `dcr_median`, `dcr_share`,
#'   the share of synthetic rows closer to `real` than to as many holdout rows (ties count one half; one half is ideal,
#'   more says that rows lean on those that the generator saw), and `copies`, the share of rows at distance 0. Distances
#'   are diagnostics: rows can be far apart and still give members away.
#'
#'   Ranks are by how much a score is worse than the holdout's: none is better than real rows, and those at least as
#'   good share the first rank. The effect's error ranks by its absolute value. `mean_rank` is over the scores of
#'   fidelity alone; a score that could not be computed ranks last. Ranks say nothing of the size of a difference. Rows
#'   that lie too close to `real` score well without merit: synthesizers whose `dcr_share` is over .55 by its interval,
#'   whose median distance is less than half the holdout's, or that copy 1 % of rows more than it come after all others.
#' @return An object of class `causalsynth_comparison`, a list of `scores` (a row a synthesizer and metric:
#'   `synthesizer`, `metric`, `estimate`, `conf.low`, `conf.high`, `reference`, `n`, `rank`), which `tidy()` returns,
#'   `ranks` (a row a synthesizer, the best first: `synthesizer`, `mean_rank`, `worse`, number of scores worse than the
#'   holdout's, `close`: too close to `real`), `fidelity` (the named objects of [fidelity()]), `failures`
#'   (`synthesizer`, `error`), `n`, `holdout`.
#'   `autoplot()` draws all scores.
#' @seealso [fidelity()]
#' @examples
#' real <- generate(dgp_paper(), 150, seed = 1)
#' sets <- list(like = generate(dgp_paper(), 150, seed = 2), copula = gen_copula())
#' compare_synthesizers(sets, real, generate(dgp_paper(), 150, seed = 3), permutations = 2, seed = 4)
#' @export
compare_synthesizers <- function(synthesizers, real, holdout = NULL, ..., formula = NULL, n = NULL, columns = NULL,
                                 estimators = "aipw", learner = learn_forest(trees = 200), permutations = 10,
                                 max_rows = 5000, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  synthesizers <- check_synthesizers(synthesizers, call)
  check_data_frame(real, "real")
  key <- rng_key(seed)
  settings <- list(
    formula = formula, learner = check_learner(learner, "learner"), estimators = estimators,
    permutations = check_whole(permutations, "permutations", 2), max_rows = check_whole(max_rows, "max_rows", 20),
    threads = resolve_threads(threads), columns = columns
  )
  halves <- if (is.null(holdout)) split_holdout(real, derive_key(key, "split"), call) else
    list(real = real, holdout = check_data_frame(holdout, "holdout"))
  check_effect_columns(formula, halves, call)
  settings$n <- if (is.null(n)) nrow(halves$real) else check_whole(n, "n", 2)
  tick <- stage_bar("Synthesizers")
  parts <- lapply(seq_along(synthesizers), function(i) {
    tick((i - 1) / length(synthesizers))
    judge_synthesizer(synthesizers[[i]], halves, settings, derive_key(key, "synthesizer", i), derive_key(key, "score"))
  })
  names(parts) <- names(synthesizers)
  new_comparison(parts, halves, if (is.null(holdout)) "split" else "given")
}

check_synthesizers <- function(x, call) {
  check_present(x, "synthesizers", call)
  kinds <- c("data.frame", "causalsynth_gen", "causalsynth_generator", "causalsynth_hybrid")
  if (inherits(x, kinds)) x <- list(x)
  if (!is.list(x) || length(x) == 0) {
    abort("input", c("{.arg synthesizers} must be a list of data frames, specs, generators or hybrids.",
                     x = "It is {describe(x)}."), call = call)
  }
  foreign <- which(!vapply(x, inherits, NA, kinds))
  if (length(foreign)) {
    abort("input", c("{.arg synthesizers} must hold data frames, {.fn gen_forest} and the like, fitted generators or
                      hybrids.", x = "Element {foreign[1]} is {describe(x[[foreign[1]]])}."), call = call)
  }
  names <- names(x) %||% rep("", length(x))
  names[names == ""] <- paste("set", which(names == ""))
  twice <- unique(names[duplicated(names)])
  if (length(twice)) abort("input", "{.arg synthesizers} has a name more than once: {.val {twice}}.", call = call)
  stats::setNames(x, names)
}

# list(fidelity, distances (rows of values)), or list(error = its message). One `score_key` for all: sets of one size
# have the same reference.
judge_synthesizer <- function(x, halves, settings, key, score_key) {
  tryCatch({
    rows <- synthesize(x, halves$real, settings, derive_key(key, "rows"))
    sets <- quality_sets(halves$real, rows, halves$holdout, settings$columns, score_key, NULL)
    list(fidelity = score_fidelity(sets, settings, derive_key(score_key, "fidelity")),
         distances = closeness_scores(sets, settings, derive_key(score_key, "distances")))
  }, error = function(e) list(error = plain_message(e)))
}

synthesize <- function(x, real, settings, key) {
  if (is.data.frame(x)) return(x)
  if (inherits(x, "causalsynth_gen")) {
    x <- fit_generator(x, real, seed = derive_key(key, "fit"), threads = settings$threads)
  }
  generate(x, settings$n, seed = derive_key(key, "draw"), threads = settings$threads)
}

# Synthetic rows to as many real as holdout rows.
closeness_scores <- function(sets, settings, key) {
  size <- min(nrow(sets$real), nrow(sets$holdout), settings$max_rows)
  reference <- lapply(sets[c("real", "holdout")], thin_rows, size, derive_key(key, "reference"))
  rows <- thin_rows(sets$synthetic, settings$max_rows, derive_key(key, "rows"))
  far <- function(from, to) dcr(from, to, threads = settings$threads)$distance
  own <- far(reference$real, rows)
  other <- far(reference$holdout, rows)
  share <- mean((own < other) + (own == other) / 2, na.rm = TRUE)
  others <- far(reference$real, reference$holdout)
  metric_values(
    c("dcr_median", "dcr_share", "copies"),
    c(stats::median(own, na.rm = TRUE), share, mean(own == 0, na.rm = TRUE)),
    std.error = c(NA, sqrt(share * (1 - share) / length(own)), NA), low = 0, high = c(Inf, 1, 1),
    reference = c(stats::median(others, na.rm = TRUE), .5, mean(others == 0, na.rm = TRUE)), n = length(own)
  )
}

new_comparison <- function(parts, halves, kind) {
  failed <- vapply(parts, function(p) !is.null(p$error), NA)
  failures <- data.frame(synthesizer = names(parts)[failed],
                         error = vapply(parts[failed], function(p) p$error, "", USE.NAMES = FALSE))
  if (all(failed)) abort("fit", "No synthesizer could be judged: {.val {failures$synthesizer[1]}}: {failures$error[1]}",
                         call = rlang::caller_env())
  parts <- parts[!failed]
  scores <- do.call(rbind, lapply(names(parts), function(name) {
    table <- rbind(key_scores(parts[[name]]$fidelity),
                   tidy.causalsynth_metric(list(values = parts[[name]]$distances)))
    cbind(synthesizer = name, table)
  }))
  rownames(scores) <- NULL
  found <- rank_synthesizers(scores, lapply(parts, `[[`, "fidelity"))
  structure(c(found, list(
    fidelity = lapply(parts, `[[`, "fidelity"), failures = failures, holdout = kind,
    n = c(real = nrow(halves$real), holdout = nrow(halves$holdout))
  )), class = "causalsynth_comparison")
}

compared_scores <- c(
  "ks_mean", "tv_mean", "missing_max", "association_mean", "pmse_logit_standardised", "pmse_forest_standardised",
  "classifier_auc", "alpha_precision", "beta_recall", "coverage", "propensity_jsd", "u_pehe", "tstr_auc", "tstr_r2"
)

key_scores <- function(x) {
  x$scores[x$scores$metric %in% compared_scores | startsWith(x$scores$metric, "ate_error_"), ]
}

# Do rows lie nearer to the real ones than fresh rows would? Good scores are then no merit.
too_close <- function(scores) {
  value <- function(metric, what = "estimate") scores[[what]][scores$metric == metric]
  isTRUE(value("dcr_share", "conf.low") > .55) || isTRUE(value("copies") > value("copies", "reference") + .01) ||
    isTRUE(value("dcr_median") < value("dcr_median", "reference") / 2)
}

# list(scores with ranks, ranks).
rank_synthesizers <- function(scores, fidelity) {
  loss <- vapply(seq_len(nrow(scores)), function(i) {
    metric <- scores$metric[i]
    if (metric %in% c("dcr_median", "dcr_share", "copies")) return(NA_real_)
    if (startsWith(metric, "ate_error_")) return(abs(scores$estimate[i]))
    verdicts <- fidelity[[scores$synthesizer[i]]]$verdicts
    max(0, verdicts$worse_by[verdicts$metric == metric])
  }, 0)
  ranked <- !scores$metric %in% c("dcr_median", "dcr_share", "copies")
  scores$rank <- NA_real_
  for (metric in unique(scores$metric[ranked])) {
    at <- scores$metric == metric
    scores$rank[at] <- rank(ifelse(is.na(loss[at]), Inf, signif(loss[at], 10)), ties.method = "min")
  }
  means <- tapply(scores$rank, factor(scores$synthesizer, names(fidelity)), mean, na.rm = TRUE)
  worse <- vapply(fidelity, function(f) sum(f$verdicts$verdict %in% c("worse", "much worse", "not computed")), 0L)
  close <- vapply(names(fidelity), function(name) too_close(scores[scores$synthesizer == name, ]), NA)
  ranks <- data.frame(synthesizer = names(fidelity), mean_rank = as.numeric(means), worse = unname(worse),
                      close = unname(close))
  ranks <- ranks[order(ranks$close, ranks$mean_rank), ]
  rownames(ranks) <- NULL
  list(scores = scores, ranks = ranks)
}
