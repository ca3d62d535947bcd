# Which bounded propensities an effect rests on: what is counted, printed and warned of.

# Outcome regression and matching have no weights; overlap weights need no bound.
uses_bounds <- function(est, estimand) estimand != "ATO" && !inherits(est, c("est_or", "est_matching"))

# The rows, by method, whose bounded probability enters the estimate. The ATT weighs by P(A = 0 | W) alone, the ATC by
# P(A = 1 | W); a pair of bounds moves both at once.
bounded_rows <- function(bounds, methods, estimand) {
  side <- if (bounds$rule == "clip") "n_bounded" else bounded_side(estimand)
  counts <- rep_len(bounds[[side]] %||% 0, length(methods))
  counts[!vapply(methods, uses_bounds, NA, estimand = estimand)] <- 0
  stats::setNames(counts, names(methods))
}

bounded_side <- function(estimand) switch(estimand, ATT = "n_bounded_0", ATC = "n_bounded_1", "n_bounded")

# More bounded rows than this share of them is a warning.
bounded_limit <- .05

warn_bounded <- function(n_bounded, n, call, method = NULL, cure = "think of {.code estimand = \"ATO\"}") {
  cli::cli_warn(c(
    "{if (!is.null(method)) paste0(method, ': ')}{n_bounded} of {n} rows ({round(100 * n_bounded / n, 1)} %) have a
     bounded propensity: the arms overlap little.",
    i = paste0("Effects lean on the outcome regression there; ", cure, ".")
  ), class = c("causalsynth_warning_bounded", "causalsynth_warning_overlap", "causalsynth_warning"), call = call)
}

small_arms_cure <- "think of leaving out or merging small arms"

# Runs nuisance() without its warning of bounded rows: whoever knows the estimand says it.
hush_bounded <- function(code) {
  withCallingHandlers(code, causalsynth_warning_bounded = function(w) rlang::cnd_muffle(w))
}

# The warning for nuisances fitted on the way, whose own was held back; adaptive bounds warned when they were chosen.
warn_of_bounds <- function(fit, call) {
  if (fit$bounds$rule == "adaptive") return(invisible())
  worst <- max(bounded_rows(fit$bounds, fit$methods, fit$estimand))
  if (worst <= bounded_limit * fit$n) return(invisible())
  if (is.null(fit$arms)) warn_bounded(worst, fit$n, call)
  else warn_bounded(worst, fit$n, call, cure = small_arms_cure)
}

# Lines for print: the bounds, and what many bounded rows mean.
effect_bounds_lines <- function(x) {
  counts <- bounded_rows(x$bounds, x$methods, x$estimand)
  idle <- names(x$methods)[!vapply(x$methods, uses_bounds, NA, estimand = x$estimand)]
  lines <- paste("propensity bounds:", if (x$bounds$rule == "none") "none"
                 else if (x$estimand == "ATO") "overlap weights need none"
                 else if (x$bounds$rule == "adaptive") adaptive_phrase(x$bounds, x$n)
                 else if (length(idle) == length(x$methods)) paste("not used by", paste(idle, collapse = ", "))
                 else effect_bounds_phrase(x, counts))
  worst <- which.max(counts)
  if (counts[worst] <= bounded_limit * x$n) return(lines)
  c(lines, paste0("WARNING: little overlap, ", round(100 * counts[[worst]] / x$n, 1), " % of rows bounded",
                  if (x$bounds$rule == "adaptive") paste0(" (", names(counts)[worst], ")"),
                  ": intervals may be biased and too narrow; see diagnose_overlap()"))
}

effect_bounds_phrase <- function(x, counts) {
  if (!is.null(x$arms)) return(arm_bounds_phrase(x$bounds, x$n))
  if (x$estimand == "ATE" || x$bounds$rule == "clip") return(bounds_phrase(x$bounds, x$n))
  paste0(bounds_rule_phrase(x$bounds), "; bounded ", count_phrase(max(counts), "row"), " of ",
         format(x$n, big.mark = ","), " on the ", if (x$estimand == "ATT") "control" else "treated",
         " side, which the ", x$estimand, " rests on")
}
