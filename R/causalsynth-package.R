#' causalsynth: hybrid synthetic data with a known treatment effect
#'
#' A study is a data frame and a formula `Y ~ A | W1 + W2`. Covariates `W` come from a generator, treatment `A`
#' and outcome `Y` are drawn from models fitted to the study, so that the average treatment effect of the synthetic
#' rows is known exactly.
#'
#' In these pages *the seed* is the real data; the argument `seed` is the random one.
#'
#' @section The main steps:
#' * [fit_hybrid()] fits a hybrid to a study, [generate()][generate.causalsynth_hybrid] draws a pool of rows from it,
#'   [truth()] returns their exact effect.
#' * [estimate_effect()] estimates effects with standard errors, of two arms or more ([multi_arm]), from data, from
#'   fitted nuisances or from a pool; methods are [est_iptw()], [est_aipw()], [est_or()], [est_tmle()] and
#'   [est_matching()], results are read by [tidy()][effect_methods] and its like.
#' * [nuisance()] and [as_nuisance()] hold the propensity and the outcome regression, made by [learn_forest()] or
#'   [learn_glm()]; [forest()] is the forest behind them, with its [importance()] of columns, [forest_weights()] of
#'   rows, and [partial_dependence()], which shows what it learnt.
#' * [diagnose_overlap()] says whether the arms can be compared: propensities, weights, balance. [as_weightit()] and
#'   [augment()][augment_methods] lead to cobalt, WeightIt and code for matched data.
#' * [fit_generator()] learns all columns, as a spec says: [gen_forest()], [gen_copula()], [gen_row_lm()],
#'   [gen_ctgan()], [gen_data()], [gen_function()], [gen_chat()] or [gen_python()];
#'   [generate()][generate.causalsynth_generator] draws rows, [generate_to()] any number of them into
#'   files, [match_dcr()] holds their distances to a holdout's.
#' * [pair_synthetic()], [compare_remedies()], [flip_sensitivity()] and [fuse_effects()] are for studies where the arms
#'   cannot be compared.
#' * [study()] benchmarks estimators where the truth is known, [compare_studies()] compares benchmarks,
#'   [reproduce_paper()] has
#'   the papers' own.
#' * [fidelity()], [privacy()] and [compare_synthesizers()] say how close, how useful and how revealing synthetic rows
#'   are,
#'   beside real rows that nothing was fitted to; single scores are [dcr()], [nndr()], [pmse()], [classifier_auc()],
#'   [association_difference()] and [tstr()]. [report()] puts it on one page.
#' * [write_model()], [write_pool()] and their readers keep models and rows in files. [serialize_rows()] and
#'   [parse_rows()] turn rows into text and back.
#' * [dgp_paper()] and [dgp()] are mechanisms with a known truth; [generate()][generate.causalsynth_dgp_paper]
#'   draws rows.
#'
#' Terms: [glossary]. Generators and estimators of your own: [extending]. Three whole journeys, as scripts:
#' `list.files(system.file("examples", package = "causalsynth"))`.
#'
#' @section Random numbers and threads: A function that draws takes `seed`: one whole number, which leaves R's own
#' generator as it was, or `NULL`, which draws from it, so that `set.seed()` works. Results do not depend on the
#' number of threads: the argument `threads`, else `options(causalsynth.threads = )`, else the environment variable
#' `RCPP_PARALLEL_NUM_THREADS`, else 2. In interactive sessions a progress bar shows after a second;
#' `options(causalsynth.progress = FALSE)` silences it.
#'
#' @section Errors: They name the argument or column, how many rows, and the cure, and are of class
#' `causalsynth_error` and one of `causalsynth_error_input` (arguments), `_data` (the rows), `_overlap`
#' (probabilities of zero), `_file` (files) and `_fit` (models). A warning is of class
#' `causalsynth_warning_overlap` (also `_bounded`), `_crossfit`, `_contrast`, `_data`, `_dropped`, `_privacy` or `_fit`
#' (also `_separated`).
#'
#' @references Kim, Xu and Lin (2025), "A Technical Exploration of Causal Inference with Hybrid LLM Synthetic Data",
#'   \doi{10.48550/arXiv.2511.00318}.
#' @keywords internal
#' @useDynLib causalsynth, .registration = TRUE
#' @importFrom Rcpp evalCpp
#' @importFrom RcppParallel RcppParallelLibs
#' @importFrom rlang %||% .data
#' @importFrom stats coef confint nobs predict setNames simulate terms vcov weights
"_PACKAGE"

#' @importFrom generics tidy
#' @export
generics::tidy

#' @importFrom generics glance
#' @export
generics::glance

#' @importFrom generics augment
#' @export
generics::augment

#' @importFrom generics generate
#' @export
generics::generate

#' @importFrom ggplot2 autoplot
#' @export
ggplot2::autoplot
