#' Your own generators and estimators
#'
#' What a package or a script defines to add a generator or an estimator that works wherever the package's own do: in
#' [fit_generator()], [fit_hybrid()], [generate_to()] or in [estimate_effect()] and [study()]. Often less will do:
#' [gen_function()] takes a function that draws rows, [study()] takes any function of a data frame as an estimator.
#'
#' @section A generator: A spec is a list with a `label`, of class `c("gen_<kind>", "causalsynth_gen")`. Its methods:
#' * `learn_rows()` returns a list of class `"fitted_gen_<kind>"`; a field `notes` of texts is printed.
#'   [fit_generator()]
#'   has checked `data` and adds the field `blueprint`: for each column a list with `kind` (`"factor"` for
#'   everything that has levels, else numbers) and `levels`.
#' * `draw_columns()` returns an unnamed list of the columns in the blueprint's order, `n` values each: numbers, or
#'   codes
#'   of the blueprint's levels; `NA` where missing.
#' * `draw_given()`, not needed: the same given some columns. The default draws and keeps what fits, and refuses single
#'   values of numeric columns. `given` is a named list of `list(value = )` (`n` numbers or codes), `list(low = , high
#'   = )`
#'   or `list(codes = )`.
#'
#' All randomness must come from `key`, so that the same seed gives the same rows: `with_r_seed(key, code)` runs R code
#' under it and leaves R's own generator as it was.
#'
#' @section An estimator: A spec is a list with a `label`, of class `c("est_<kind>", "causalsynth_estimator")`. Its
#' method
#' `run_estimator()` gets `pieces`, a list of vectors of one value a row: `treat` (1 or 0), `outcome`, `ps`
#' (propensity), `g1`
#' and `g0` (bounded probabilities of either arm), `q1` and `q0` (fitted means), `weights` (case weights or `NULL`). It
#' returns a list of `mean_1` and `mean_0`, their influence functions `if_1` and `if_0` (mean 0; `NULL` and an
#' `na_reason`
#' where there are none), `weights` (of rows, or `NULL`), `inference` (a phrase for the print) and `factor` (on the
#' variance: 1).
#'
#' @section Contract suites: `system.file("contract", package = "causalsynth")` holds `generator.R` and `estimator.R`:
#' source them in a testthat test and call `test_generator_contract()` or `test_estimator_contract()`. The package's own
#' generators and estimators pass the same files. CONTRIBUTING.md, in the sources, has an example of each.
#'
#' @param spec A spec of yours.
#' @param data Data frame, checked: numbers, logicals, Dates, factors, text.
#' @param key Random key: hand it to `with_r_seed()`.
#' @param threads Number of threads that may be used.
#' @param weights Survey weights, one a row, or `NULL`.
#' @param call The call that errors are shown for.
#' @param fit What `learn_rows()` returned, with its blueprint.
#' @param n Number of rows.
#' @param given See above.
#' @param est An estimator's spec.
#' @param pieces See above.
#' @param estimand One of `"ATE"`, `"ATT"`, `"ATC"`, `"ATO"`.
#' @param se The kind of standard error asked for.
#' @param code R code that draws random numbers.
#' @return See above; `with_r_seed()`: the value of `code`.
#' @examples
#' # A generator of independent rows of numbers
#' gen_normal <- function() {
#'   structure(list(label = "normal columns"), class = c("gen_normal", "causalsynth_gen"))
#' }
#' .S3method("learn_rows", "gen_normal", function(spec, data, key, threads, weights = NULL, call) {
#'   law <- list(means = vapply(data, mean, 1), sds = vapply(data, sd, 1))
#'   structure(law, class = "fitted_gen_normal")
#' })
#' .S3method("draw_columns", "fitted_gen_normal", function(fit, n, key, threads) {
#'   with_r_seed(key, unname(Map(function(m, s) rnorm(n, m, s), fit$means, fit$sds)))
#' })
#' generate(fit_generator(gen_normal(), data.frame(x = 1:9, y = 9:1), seed = 1), 3, seed = 2)
#' @name extending
NULL
