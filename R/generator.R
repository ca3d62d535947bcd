#' Fit a generator
#'
#' @param spec a generator such as [gen_data()].
#' @param data data frame of real rows, the seed: its columns, types and levels are those of the synthetic rows.
#' @param ... for methods.
#' @return A fitted generator: draw rows with `generate(fit, n, seed)`.
#' @export
fit_generator <- function(spec, data, ...) {
  UseMethod("fit_generator")
}
