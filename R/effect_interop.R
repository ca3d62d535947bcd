# Effects in marginaleffects: hypotheses() on the contrasts, through coef() and vcov().

#' @exportS3Method marginaleffects::get_coef
get_coef.causalsynth_effect <- function(model, ...) stats::coef(model)

#' @exportS3Method marginaleffects::get_vcov
get_vcov.causalsynth_effect <- function(model, vcov = NULL, ...) stats::vcov(model)

# Moves the contrasts, for numerical derivatives of functions of them.
#' @exportS3Method marginaleffects::set_coef
set_coef.causalsynth_effect <- function(model, coefs, ...) {
  model$estimates$estimate[is_contrast(model)] <- coefs
  model
}

# marginaleffects takes only classes that it knows, or that this option of its own names.
name_effects_to_marginaleffects <- function() {
  known <- getOption("marginaleffects_model_classes")
  if (is.null(known) || is.character(known)) {
    options(marginaleffects_model_classes = union(known, "causalsynth_effect"))
  }
}
