#' causalsynth: hybrid synthetic data with a known treatment effect
#'
#' A study is a data frame and a formula `Y ~ A | W1 + W2`. Covariates `W` come from a generator, treatment `A`
#' and outcome `Y` are drawn from models fitted to the study, so that the average treatment effect of the synthetic
#' rows is known exactly.
#'
#' @section The main steps:
#' * [fit_hybrid()] fits a hybrid to a study, [generate()] draws rows from it, [truth()] returns their exact effect.
#' * [estimate_effect()] estimates effects with standard errors, from data, from fitted [nuisance()]s or from a pool.
#' * [dcr()] and [tstr()] say how close and how useful synthetic rows are.
#' * [dgp_paper()] and [dgp()] are mechanisms with a known truth.
#'
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
