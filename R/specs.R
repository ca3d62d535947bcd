# Methods that all specs share: learners, generator specs and estimator specs.

#' @export
format.causalsynth_learner <- function(x, ...) paste("<learner>", x$label)

#' @export
print.causalsynth_learner <- function(x, ...) {
  show_lines(format(x), then = "learner_treatment, learner_outcome of estimate_effect() and others; summary().")
  invisible(x)
}

#' @export
summary.causalsynth_learner <- function(object, ...) new_spec_summary(object)

#' @export
summary.causalsynth_gen <- function(object, ...) new_spec_summary(object)

#' @export
summary.causalsynth_estimator <- function(object, ...) new_spec_summary(object)

# A list of the spec's line and a table of its settings as text.
new_spec_summary <- function(object) {
  own <- unclass(object)
  settings <- c(own[setdiff(names(own), c("label", "settings"))], own$settings)
  settings <- settings[vapply(settings, function(value) is.null(value) || is.atomic(value), NA)]
  values <- vapply(settings, function(value) {
    if (is.null(value)) "NULL" else paste(format(value, trim = TRUE), collapse = ", ")
  }, "")
  structure(
    list(label = format(object),
         settings = data.frame(setting = names(settings) %||% character(), value = unname(values))),
    class = "summary.causalsynth_spec"
  )
}

#' @export
print.summary.causalsynth_spec <- function(x, ...) {
  write_wrapped(x$label)
  if (nrow(x$settings)) print(x$settings, row.names = FALSE, right = FALSE)
  invisible(x)
}
