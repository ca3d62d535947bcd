#' Remedies for missing overlap side by side
#'
#' The estimates that a study would give with nothing done, with a bounded propensity, trimmed, by overlap weights, with
#' synthetic twins, and fused with the trial behind them: each with its interval and whose effect it is.
#'
#' @param pair A pair object of [pair_synthetic()].
#' @param method One of `"aipw"` and `"iptw"`, which serve all remedies.
#' @param trial The rows behind the pool, a data frame (then the fused effect is added), or their [nuisance()]; NULL
#'   takes what [pair_synthetic()] was given.
#' @param conf.level Confidence level.
#' @param learner_membership As in [fuse_effects()].
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @param ... Unknown names are an error.
#' @return An object of class `causalsynth_remedies`; [tidy()] gives a row a remedy: `remedy`, `whose`, `n`,
#'   `estimate`, `std.error`, `conf.low`, `conf.high`, `note` (why there is no standard error or estimate);
#'   `autoplot()` draws them.
#' @details Learners are those of the pair; the study's nuisances are fitted once. `"none"` takes the propensity as
#' predicted: with a probability of exactly 0 there is no estimate. `"trimming"` keeps the rows within the pair's
#' threshold, with the nuisances of all rows.
#' @references Crump, Hotz, Imbens and Mitnik (2009), Biometrika 96, 187-199 (trimming); Li, Morgan and Zaslavsky
#'   (2018), JASA
#'   113, 390-400; Gruber, Phillips, Lee and van der Laan (2022), American Journal of Epidemiology 191, 1640-1651.
#' @examples
#' trial <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., trial, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' study <- generate(dgp_paper("weak"), 300, seed = 3)
#' pair <- pair_synthetic(Y ~ A | ., study, generate(hybrid, 3000, seed = 4), seed = 5,
#'                        learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' compare_remedies(pair, trial = trial, learner_membership = learn_glm(), seed = 6)
#' @export
compare_remedies <- function(pair, method = "aipw", ..., learner_membership = learn_stack(), trial = NULL,
                             conf.level = .95, seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_present(pair, "pair")
  if (!inherits(pair, "causalsynth_pair")) {
    abort("input", "{.arg pair} must be made by {.fn pair_synthetic}; it is {describe(pair)}.")
  }
  method <- check_choice(method, c("aipw", "iptw"), "method")
  check_level(conf.level, "conf.level")
  trial <- trial %||% pair$trial
  if (!is.null(trial)) check_trial(trial, call)
  key <- rng_key(seed)
  study <- pair$source$study
  fitted <- quietly(nuisance(
    pair$formula, pair$source$data, pair$settings$learner_treatment, pair$settings$learner_outcome, bounds = NULL,
    seed = derive_key(key, "study"), threads = threads
  ))
  if (!is.null(pair$settings$propensity)) fitted$ps <- fitted$g1 <- pair$propensity
  if (!is.null(pair$settings$propensity)) fitted$g0 <- 1 - fitted$ps
  inside <- fitted$ps >= pair$threshold & 1 - fitted$ps >= pair$threshold
  given <- function(rows = TRUE, bounds = NULL) {
    quietly(as_nuisance(study$treat[rows], study$outcome_values[rows], fitted$ps[rows], fitted$q1[rows],
                        fitted$q0[rows], bounds = bounds))
  }
  everyone <- "the study's population"
  rows <- list(
    remedy_row("none", everyone, study$n, function() estimate_effect(given(), method)),
    remedy_row("bounded propensity", everyone, study$n, function() estimate_effect(given(bounds = "gruber"), method)),
    remedy_row("trimming", "rows within the threshold", sum(inside),
               function() estimate_effect(given(inside), method)),
    remedy_row("overlap weights", "those for whom either treatment is likely", study$n,
               function() estimate_effect(given(), method, estimand = "ATO")),
    remedy_row("synthetic twins", if (pair_is_complete(pair)) everyone else "rows beyond counted twice", study$n,
               function() estimate_effect(pair, method, trial = trial, learner_membership = learner_membership,
                                          seed = derive_key(key, "twins"), threads = threads)),
    if (is.data.frame(trial)) {
      remedy_row("fused with the trial", everyone, study$n, function() {
        fuse_effects(pair$formula, pair$source$data, trial, "data", learner_treatment = pair$settings$learner_treatment,
                     learner_outcome = pair$settings$learner_outcome, learner_membership = learner_membership,
                     seed = derive_key(key, "fused"), threads = threads)
      })
    }
  )
  table <- do.call(rbind, rows)
  half <- stats::qnorm((1 + conf.level) / 2) * table$std.error
  table <- data.frame(table[c("remedy", "whose", "n", "estimate", "std.error")], conf.low = table$estimate - half,
                      conf.high = table$estimate + half, note = table$note)
  structure(list(table = table, method = method, conf.level = conf.level, roles = pair$roles),
            class = "causalsynth_remedies")
}

quietly <- function(code) suppressWarnings(code, classes = "causalsynth_warning")

# One remedy's estimate, or why there is none.
remedy_row <- function(remedy, whose, n, work) {
  fit <- tryCatch(quietly(work()), causalsynth_error = function(e) e)
  failed <- inherits(fit, "error")
  reason <- if (!failed) unlist(fit$na_reason)
  data.frame(
    remedy = remedy, whose = whose, n = n, estimate = if (failed) NA_real_ else fit$estimates$estimate[1],
    std.error = if (failed) NA_real_ else fit$estimates$std.error[1],
    note = if (failed) rlang::cnd_header(fit) else if (length(reason)) reason[[1]] else ""
  )
}

#' @export
format.causalsynth_remedies <- function(x, ...) {
  t <- x$table
  ifelse(is.na(t$std.error), paste0(t$remedy, ": ", short_number(t$estimate)),
         paste0(t$remedy, ": ", short_number(t$estimate), " (", short_number(t$conf.low), " to ",
                short_number(t$conf.high), ")"))
}

#' @export
print.causalsynth_remedies <- function(x, ..., lines = 25) {
  shown <- x$table[c("remedy", "estimate", "std.error", "conf.low", "conf.high", "n")]
  whose <- split(x$table$remedy, factor(x$table$whose, unique(x$table$whose)))
  notes <- x$table[nzchar(x$table$note), ]
  show_lines(
    paste0("<remedies> ATE of ", x$roles$treatment, " on ", x$roles$outcome, " by ", x$method), table_lines(shown),
    c(paste0("Effect in ", names(whose), ": ", vapply(whose, paste, "", collapse = ", ")),
      if (nrow(notes)) paste0(notes$remedy, ": ", notes$note)),
    then = "choose by whose effect is wanted, not by width; flip_sensitivity(pair).", lines = lines
  )
  invisible(x)
}

#' @export
summary.causalsynth_remedies <- function(object, ...) {
  structure(list(remedies = object), class = "summary.causalsynth_remedies")
}

#' @export
print.summary.causalsynth_remedies <- function(x, ...) {
  print(x$remedies, lines = Inf)
  invisible(x)
}

#' @rdname compare_remedies
#' @param x,object Remedies of `compare_remedies()`.
#' @export
tidy.causalsynth_remedies <- function(x, ...) {
  check_dots_empty(...)
  x$table
}

#' @rdname compare_remedies
#' @exportS3Method ggplot2::autoplot causalsynth_remedies
autoplot.causalsynth_remedies <- function(object, ...) {
  check_dots_empty(...)
  rows <- object$table[!is.na(object$table$estimate), ]
  rows$label <- factor(paste0(rows$remedy, "\n", rows$whose), rev(paste0(rows$remedy, "\n", rows$whose)))
  known <- !is.na(rows$std.error)
  ggplot2::ggplot(rows, ggplot2::aes(.data$estimate, .data$label)) +
    ggplot2::geom_vline(xintercept = 0, linetype = 2, colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), rows[known, ],
                            colour = plot_colours[1], linewidth = .8) +
    ggplot2::geom_point(shape = ifelse(known, 16, 1), size = 2.4, colour = plot_colours[1]) +
    ggplot2::labs(x = paste0("ATE (", object$method, "), ", 100 * object$conf.level, " % interval"), y = NULL) +
    ggplot2::theme_minimal()
}
