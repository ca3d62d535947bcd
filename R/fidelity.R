#' Fidelity of synthetic rows
#'
#' How like real rows synthetic ones are, column by column, jointly, and for the effect of the treatment. Every score
#' stands beside the same score of further real rows (a holdout): what it would be if the synthetic rows were fresh
#' real ones.
#'
#' @param real Data frame of real rows, the reference of all scores.
#' @param synthetic Data frame of synthetic rows, with the same columns.
#' @param formula Roles, `Y ~ A | W1 + W2`, for the scores of the effect; `NULL` leaves them out.
#' @param holdout Data frame of real rows that the generator never saw, or `NULL`: `real` is split into halves, one of
#'   which serves as holdout. The generator has then probably seen both, and the print says so.
#' @param ... Unknown names are an error.
#' @param columns Names of the columns to compare; `NULL`: all of `real`.
#' @param estimators Estimators of the effect: names or specs as `method` of [estimate_effect()].
#' @param learner Learner of all regressions of the causal part.
#' @param permutations How often labels are permuted to learn what pMSE of trees chance makes.
#' @param max_rows The most rows of each set that are compared (all for the effect's estimates).
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @details
#' **Rows.** Many scores depend on the number of rows. So synthetic and holdout rows are thinned, at random, to the same
#' number m = min(rows of either, `max_rows`), and the score of one differs from the other's in nothing but where its
#' rows come from. Exceptions: nearest-neighbour scores thin `real` to m too; estimates of the effect use all rows of
#' each set; regressions trained on synthetic rows have as many as `real`, where there are so many. `n` is the number of
#' synthetic rows really used.
#'
#' **Marginals.** Over numeric columns `ks_mean`, `ks_max` (Kolmogorov and Smirnov's statistic) and `wasserstein_mean`,
#' `wasserstein_max` (first Wasserstein distance, in standard deviations of `real`), over factors and text `tv_mean`,
#' `tv_max` (total variation, half the sum of absolute differences of shares), over all `missing_max` (largest absolute
#' difference of the shares of missing values). Values that are present count. Logicals and dates are numbers.
#'
#' **Joint.** `association_mean`, `association_max`: [association_difference()]. `pmse_logit`, `pmse_cart`,
#' `pmse_forest` and these `_standardised`: [pmse()] with what chance makes of independent sets (`against = "holdout"`),
#' so that fresh real rows have 1. `classifier_auc`: [classifier_auc()]. `alpha_precision`, `beta_recall` and
#' `coverage`: [precision_recall()].
#'
#' **Causal.** With two halves of the holdout, each in turn the test rows, and as many synthetic rows as the other half
#' has: `propensity_jsd`, 1 - the mean over test rows of the Jensen-Shannon distance (root of the divergence, base 2) of
#' the propensities fitted on `real` and on the rows that are judged; `u_pehe`, the mean over T-, S-, DR- and
#' RA-learners (`u_pehe_t` ...) of the root mean square difference over test rows of the effects given W fitted on both
#' (the outcome's units). `alpha_precision_w`, `beta_recall_w`: of the covariates alone. These four are STEAM's (Amad et
#' al. 2025), with a forest and honest (out-of-bag) nuisances bounded at min(.25, 5 / (sqrt(n) log n)). For each
#' estimator, `ate_error_`: estimate on these rows less that on `real`, with an interval from both standard errors;
#' `ate_stddiff_`: that over the standard error on `real`; `ate_overlap_`: mean share of both 95 % intervals that is
#' common (Karr et al. 2006; negative where they lie apart; about one half at most where one is far shorter). `tstr_auc`
#' (outcome of 0 and 1) or `tstr_r2`: regression trained on synthetic rows, tested on the holdout; its `reference` is
#' the one trained on real rows, as for `tstr_slope` and `tstr_intercept`, the calibration's slope and its intercept at
#' slope 1 (logit scale for 0 and 1, where predictions are brought into \[.001, .999\]; how many were is in
#' `$causal$clipped`). A good `tstr_` does not mean that the effect survived.
#'
#' **Verdicts.** `$verdicts` says of each score how much it is worse than the holdout's, and whether by more than a
#' `tolerance`. Tolerances are rules of thumb for 500 rows and more, and grow with 1 / sqrt(m) below; `ate_error_` is
#' judged by its own standard error (2 is the tolerance). No score is a test.
#'
#' A score that cannot be computed is `NA`, and `$notes` says why.
#' @return An object of class `causalsynth_fidelity`, a list of
#'   * `scores`: `tidy()`'s table, one row a `metric` with `estimate`, `conf.low`, `conf.high` (NA where there is no
#'     interval), `reference`, `n`;
#'   * `verdicts`: `metric`, `group`, `worse_by`, `tolerance`, `verdict` (`"like the holdout"`, `"worse"` by more than
#'     the tolerance, `"much worse"` by more than three, `"not computed"` of these rows, `NA` where none is made);
#'   * `definitions`: `metric`, `group`, `label`, `ideal`, `definition`, `compared_with`;
#'   * `marginals`: `columns` (a row a column) and `bars` (shares of all real and of synthetic rows in bars of
#'     at least 5 real rows);
#'   * `associations`: a row a pair of columns; `causal`: estimates, propensities, calibration, or `NULL`;
#'   * `n` (rows of each set, and `compared`, m), `holdout` (`"given"` or `"split"`), `columns`, `notes`, `call`.
#'
#'   No row of `real` or `holdout` is kept. `summary()` has tables by column and pair,
#'   [autoplot()][autoplot.causalsynth_fidelity] pictures.
#' @references Snoke, Raab, Nowok, Dibben and Slavkovic (2018) \doi{10.1111/rssa.12358}; Alaa, van Breugel, Saveliev and
#'   van der Schaar (2022) "How faithful is your synthetic data?", ICML; Naeem, Oh, Uh, Choi and Yoo (2020) "Reliable
#'   fidelity and diversity metrics for generative models", ICML; Amad, Qian, Frauen, Piskorz, Feuerriegel and van der
#'   Schaar (2025), "Improving the generation and evaluation of synthetic data for downstream medical causal inference";
#'   Kennedy (2023) \doi{10.1214/23-EJS2157} (DR-learner); Curth and van der Schaar (2021) (RA-learner); Karr et al.
#'   (2006) \doi{10.1198/000313006X124640}; Van Calster et al. (2019) \doi{10.1186/s12916-019-1466-7} (calibration).
#' @seealso [compare_synthesizers()] for several sets of synthetic rows.
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' other <- generate(dgp_paper("weak"), 200, seed = 2)
#' found <- fidelity(real, other, Y ~ A | ., generate(dgp_paper(), 200, seed = 3),
#'   estimators = "aipw", learner = learn_glm(), permutations = 2, seed = 4)
#' found
#' @export
fidelity <- function(real, synthetic, formula = NULL, holdout = NULL, ..., columns = NULL,
                     estimators = c("iptw", "or", "aipw", "tmle"), learner = learn_forest(trees = 200),
                     permutations = 10, max_rows = 5000, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  call <- rlang::current_env()
  key <- rng_key(seed)
  settings <- list(
    formula = formula, learner = check_learner(learner, "learner"), estimators = estimators,
    permutations = check_whole(permutations, "permutations", 2), max_rows = check_whole(max_rows, "max_rows", 20),
    threads = resolve_threads(threads)
  )
  sets <- quality_sets(real, synthetic, holdout, columns, derive_key(key, "split"), call)
  check_effect_columns(formula, sets, call)
  found <- score_fidelity(sets, settings, key)
  found$call <- plain_call(match.call())
  found
}

# `sets` as quality_sets() makes them, `settings` as in fidelity(): the whole object but its call.
score_fidelity <- function(sets, settings, key) {
  sets$m <- min(nrow(sets$synthetic), nrow(sets$holdout), settings$max_rows)
  for (name in c("synthetic", "holdout")) {
    sets$thin[[name]] <- thin_rows(sets[[name]], sets$m, derive_key(key, "thin", name == "holdout"))
  }
  sets$thin$real <- thin_rows(sets$real, settings$max_rows, derive_key(key, "thin real"))
  tick <- stage_bar("Scores of fidelity")
  marginals <- fidelity_marginals(sets)
  tick(.1)
  joint <- fidelity_joint(sets, settings, derive_key(key, "joint"))
  tick(if (is.null(settings$formula)) 1 else .4)
  causal <- if (!is.null(settings$formula)) fidelity_causal(sets, settings, derive_key(key, "causal"))
  values <- rbind(marginals$values, joint$values, causal$values)
  n <- c(real = nrow(sets$real), synthetic = nrow(sets$synthetic), holdout = nrow(sets$holdout), compared = sets$m)
  # The formula's environment may hold the data.
  formula <- settings$formula
  if (!is.null(formula)) environment(formula) <- globalenv()
  result <- new_metric(
    values, "causalsynth_fidelity", marginals = marginals[c("columns", "bars")], associations = joint$pairs,
    causal = causal$parts, n = n, holdout = sets$kind, columns = sets$columns,
    notes = c(sets$notes, joint$notes, causal$notes), formula = formula, n_real = n[["real"]],
    n_synthetic = n[["synthetic"]]
  )
  result$scores <- tidy.causalsynth_metric(result)
  result$definitions <- describe_scores(values$metric, n, settings$formula)
  result$verdicts <- judge_scores(values, sets$m)
  result
}

# The call without data given in place of a name.
plain_call <- function(call) {
  bulky <- vapply(as.list(call)[-1], function(x) !is.language(x) && (is.recursive(x) || length(x) > 10), NA)
  for (j in which(bulky)) call[[j + 1]] <- as.name("...")
  call
}
