#' causalsynth: hybrid synthetic data with a known treatment effect
#'
#' A study is a data frame and a formula `Y ~ A | W1 + W2`. Covariates `W` come from a generator, treatment `A`
#' and outcome `Y` are drawn from models fitted to the study, so that the average treatment effect of the synthetic
#' rows is known exactly.
#'
#' In these pages *the seed* is the real data; the argument `seed` is the random one.
#'
#' @section The map:
#' * **Mechanisms with a known truth.** [dgp_paper()], [dgp()]; [generate()][generate.causalsynth_dgp_paper] draws rows,
#'   [truth()] is their effect, [assign_randomized()] describes how a coin assigns treatment.
#' * **Hybrids and pools.** [fit_hybrid()] fits a hybrid to a study, [generate()][generate.causalsynth_hybrid] draws a
#'   pool of rows from it, [truth()] returns their exact effect, [certificate()] tells how it relates to the study's.
#'   Several pools: [combine_synthetic()], [pipeline_bootstrap()].
#' * **Generators.** Specs [gen_forest()], [gen_copula()], [gen_row_lm()], [gen_ctgan()], [gen_data()],
#'   [gen_function()], [gen_chat()], [gen_python()]; [fit_generator()] learns all columns as a spec says,
#'   [generate()][generate.causalsynth_generator] draws rows, [generate_to()] any number of them into files,
#'   [match_dcr()] holds their distances to a holdout's.
#' * **Rows as text, gaps, probabilities.** [serialize_rows()], [parse_rows()], [prompt()], [impute()], [log_prob()].
#' * **Files.** [write_model()] and [read_model()], [write_pool()] and [read_pool()].
#' * **Learners.** [learn_forest()], [learn_glm()], [learn_stack()], [learn_superlearner()], [learn_parsnip()],
#'   [learn_function()]. The forest itself: [forest()], with its [importance()] of columns, [forest_weights()] of rows
#'   and [partial_dependence()].
#' * **Effects.** [estimate_effect()] estimates them with standard errors, of two arms or more ([multi_arm]), from data,
#'   from fitted nuisances or from a pool, by [est_iptw()], [est_aipw()], [est_or()], [est_tmle()] or [est_matching()].
#'   [nuisance()] and [as_nuisance()] hold the propensity and the outcome regression. [as_weightit()] and
#'   [augment()][augment_methods] lead to cobalt, WeightIt and code for matched data.
#' * **Overlap and twins.** [diagnose_overlap()] says whether the arms can be compared. Where not:
#'   [pair_synthetic()], [compare_remedies()], [flip_sensitivity()], [add_copies()], [augment_outcome()],
#'   [fuse_effects()]; pairs of real rows: [match_nearest()].
#' * **Studies of estimators.** [study()] benchmarks estimators where the truth is known, [compare_studies()] compares
#'   benchmarks, [reproduce_paper()] has the papers' own.
#' * **Fidelity and privacy.** [fidelity()], [privacy()] and [compare_synthesizers()] say how close, how useful and how
#'   revealing synthetic rows are, beside real rows that nothing was fitted to; [report()] puts it on one page. Single
#'   scores: [dcr()], [nndr()], [pmse()], [classifier_auc()], [association_difference()], [precision_recall()],
#'   [tstr()].
#' * **Of every result.** `print()` says what it is, what was done and what may come next; `summary()` has the detail;
#'   [tidy()][effect_methods] and `as.data.frame()` its table, [glance()][effect_methods] one row; `plot()` draws it,
#'   and [autoplot()] returns the picture.
#' * **Your own.** [extending]: generators by [learn_rows()], [draw_columns()] and [draw_given()], estimators by
#'   [run_estimator()], randomness by [with_r_seed()].
#'
#' Vignettes, in the order to read them, from `vignette("causalsynth")` on: each ends with a link to the next.
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

#' Pictures of results
#'
#' The generic of ggplot2, so that it needs not be attached: `autoplot(x)` draws any result of this package. ggplot2
#' itself is loaded when the first picture is drawn.
#'
#' @param object What to draw; the help page of each result has the arguments of its pictures.
#' @param ... Passed on to the method.
#' @return A ggplot, to print, to change with `+`, or to save by [ggplot2::ggsave()].
#' @seealso [ggplot2::autoplot()]
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' autoplot(dcr(study, study[1:50, ]))
#' @export
# A copy of the generic, whose environment is ggplot2: importing it would load ggplot2, most of a second, with us.
autoplot <- ggplot2::autoplot
