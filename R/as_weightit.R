# Effects and nuisances for cobalt and WeightIt. An effect's parts are named as cobalt's default method reads them, but
# that takes subclasses (pairs of a matching, say) before weights; a nuisance object has no estimand and hence no
# weights of its own. Hence both have a method.

#' Weights as an object of class weightit
#'
#' For packages that take the results of WeightIt: `summary()`, `WeightIt::glm_weightit()` and its kin,
#' `cobalt::bal.tab()` and `cobalt::love.plot()`. Neither package is needed to make the object.
#'
#' @param x An effect of [estimate_effect()], or a nuisance object of [nuisance()] or [as_nuisance()].
#' @param method Which method's weights, for an effect by several.
#' @param estimand For a nuisance object: whose weights.
#' @param ... Not used; an unknown argument is an error.
#' @return A list of class `weightit`: `weights` (without case weights), `treat` (0/1), `covs`, `estimand`, `ps`,
#'   `s.weights` (case weights), `focal` (the treatment of the ATT's or ATC's own arm). An infinite weight is an error
#'   of class `causalsynth_error_overlap`.
#' @details **Standard errors.** The object does not say how the propensity was fitted, so that
#' `WeightIt::lm_weightit()` takes the weights as known. [estimate_effect()] with [learn_glm()] stacks their
#' estimating equations.
#'
#' **cobalt** also reads effects and diagnoses as they are: `cobalt::bal.tab(effect)` shows the methods' weights side by
#' side (those of outcome regression are 1: unadjusted), `cobalt::love.plot(effect)` is their picture. Of a nuisance
#' object, `estimand` says whose weights. With `binary = "std"`, and for the ATO `s.d.denom = "pooled"`, cobalt's SMD
#' is that of [diagnose_overlap()]. Matched pairs and other subclasses are read by their weights.
#' @examples
#' study <- generate(dgp_paper("weak"), 300, seed = 1)
#' fit <- nuisance(Y ~ A | ., study, learn_glm(), learn_glm())
#' w <- as_weightit(fit, estimand = "ATT")
#' if (requireNamespace("cobalt", quietly = TRUE)) cobalt::bal.tab(w)
#' @export
as_weightit <- function(x, ...) UseMethod("as_weightit")

#' @export
as_weightit.default <- function(x, ...) {
  check_present(x, "x")
  if (is.list(x) && length(x$treat_levels) > 2) check_two_arms(x, rlang::current_env())
  abort("input", c("{.arg x} must be an effect or a nuisance object.", x = "It is {describe(x)}."))
}

#' @rdname as_weightit
#' @export
as_weightit.causalsynth_effect <- function(x, method = NULL, ...) {
  check_dots_empty(...)
  check_two_arms(x, rlang::current_env())
  known <- names(x$methods)
  if (is.null(method) && length(known) == 1) method <- known
  if (is.null(method)) {
    abort("input", c(
      "The effect has {length(known)} methods, each with its own weights.",
      i = "Choose one: {.code method = \"{known[1]}\"}."
    ))
  }
  method <- check_choice(method, known, "method")
  weights <- if (is.data.frame(x$weights)) x$weights[[method]] else x$weights
  new_weightit(weights, x$distance, x$s.weights, x$estimand, x)
}

#' @rdname as_weightit
#' @export
as_weightit.causalsynth_nuisance <- function(x, estimand = c("ATE", "ATT", "ATC", "ATO"), ...) {
  check_dots_empty(...)
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand")
  new_weightit(estimand_weights(x$treat, x$ps, x$g1, x$g0, estimand), x$ps, x$weights, estimand, x)
}

new_weightit <- function(weights, ps, s.weights, estimand, x, call = rlang::caller_env()) {
  infinite <- sum(is.infinite(weights))
  if (infinite) {
    abort("overlap", c(
      "{infinite} row{?s} {?has/have} probability 0 of {?its/their} own treatment, so weights are infinite.",
      i = "Give {.arg bounds}, such as {.code bounds = \"gruber\"}, or take {.code estimand = \"ATO\"}."
    ), call = call)
  }
  focal <- switch(estimand, ATT = 1, ATC = 0)
  structure(list(
    weights = weights, treat = structure(x$treat, treat.type = "binary", treat.name = x$roles$treatment),
    covs = x$covs, estimand = estimand, ps = ps, s.weights = s.weights %||% rep(1, x$n), focal = focal
  ), class = "weightit")
}

#' @exportS3Method cobalt::bal.tab
bal.tab.causalsynth_effect <- function(x, ...) {
  check_kept_covs(x)
  parts <- x[c("treat", "covs", "weights", "distance", "estimand", "s.weights")]
  if (!is.numeric(parts$distance) || !is.null(dim(parts$distance))) parts$distance <- NULL
  cobalt::bal.tab(parts, ...)
}

#' @exportS3Method cobalt::bal.tab
bal.tab.causalsynth_overlap <- function(x, ...) bal.tab.causalsynth_effect(x, ...)

#' @exportS3Method cobalt::bal.tab
bal.tab.causalsynth_nuisance <- function(x, estimand = c("ATE", "ATT", "ATC", "ATO"), ...) {
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand")
  check_kept_covs(x)
  cobalt::bal.tab(as_weightit(x, estimand), ...)
}

check_kept_covs <- function(x, call = rlang::caller_env()) {
  if (length(x$covs)) return(invisible())
  abort("input", c("No covariates were kept with the nuisances.", i = "Give {.arg covs} to {.fn as_nuisance}."),
        call = call)
}
