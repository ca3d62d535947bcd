#' The mechanism of the paper's simulation study
#'
#' Six covariates (three binary, three normal), a binary treatment and a binary outcome, with an average treatment
#' effect of .4185 whatever the overlap.
#'
#' @param overlap how treatment depends on the covariates: "randomized" (probability 1/2), "none" (nearly
#'   deterministic), "weak", or "moderate" (.4 times the logit of "weak", shifted to 40 percent treated).
#' @return An object of class `causalsynth_dgp`: draw rows with [generate()][generate.causalsynth_dgp_paper], ask
#'   for its effect with [truth()].
#' @seealso [dgp()] for a mechanism of your own.
#' @references Kim, Xu and Lin (2025), "A Technical Exploration of Causal Inference with Hybrid LLM Synthetic Data",
#'   arXiv 2511.00318.
#' @examples
#' mechanism <- dgp_paper("weak")
#' head(generate(mechanism, 100, seed = 1))
#' truth(mechanism)
#' @export
dgp_paper <- function(overlap = c("randomized", "none", "weak", "moderate")) {
  overlap <- check_choice(overlap, overlap_names, "overlap")
  structure(list(overlap = overlap, family = "binomial"), class = c("causalsynth_dgp_paper", "causalsynth_dgp"))
}

overlap_names <- c("randomized", "none", "weak", "moderate")

overlap_code <- function(overlap) match(overlap, overlap_names) - 1L

#' A mechanism of your own
#'
#' @param covariates function of `n` that returns a data frame of `n` rows; it may draw from R's generator, which is
#'   seeded for it and restored afterwards.
#' @param propensity P(A = 1 | W): a number, or a function of the covariates' data frame that returns one
#'   probability a row.
#' @param outcome function of `A` (0/1 vector) and `W` (data frame) that returns the outcome's mean a row; with
#'   `family = "binomial"` a probability.
#' @param family "binomial" for a 0/1 outcome, "gaussian" for the mean plus normal noise.
#' @param ... must be empty.
#' @param sd standard deviation of the noise, in units of the outcome ("gaussian" only).
#' @return An object of class `causalsynth_dgp`; draw rows with [generate()][generate.causalsynth_dgp_paper].
#'   [truth()] of it is a Monte Carlo mean. What the functions return is checked when rows are drawn: a wrong
#'   length, a value that is not finite or a probability outside \[0, 1\] is an error of class
#'   `causalsynth_error_input`.
#' @examples
#' mechanism <- dgp(
#'   covariates = function(n) data.frame(age = rnorm(n, 50, 10)),
#'   propensity = function(W) plogis((W$age - 50) / 10),
#'   outcome = function(A, W) 100 + 5 * A - .2 * W$age,
#'   family = "gaussian", sd = 3
#' )
#' generate(mechanism, 5, seed = 1)
#' truth(mechanism, draws = 1000)
#' @export
dgp <- function(covariates, propensity, outcome, family = c("binomial", "gaussian"), ..., sd = 1) {
  check_dots_empty(...)
  check_present(covariates, "covariates")
  check_present(propensity, "propensity")
  check_present(outcome, "outcome")
  family <- check_choice(family, c("binomial", "gaussian"), "family")
  check_function(covariates, "covariates", "of {.arg n} that returns a data frame")
  check_function(outcome, "outcome", "of {.arg A} and {.arg W} that returns the mean of the outcome")
  if (!is.function(propensity)) propensity <- check_number(propensity, "propensity", 0, 1)
  sd <- check_number(sd, "sd", 0)
  structure(
    list(covariates = covariates, propensity = propensity, outcome = outcome, family = family, sd = sd),
    class = c("causalsynth_dgp_custom", "causalsynth_dgp")
  )
}

check_function <- function(x, arg, what, call = rlang::caller_env()) {
  if (is.function(x)) return(invisible())
  abort("input", c(paste0("{.arg {arg}} must be a function ", what, "."), x = "It is {describe(x)}."), call = call)
}

#' Draw rows from a mechanism
#'
#' @param x a mechanism made by [dgp_paper()] or [dgp()].
#' @param n number of rows.
#' @param seed one whole number; NULL draws from R's own generator, so that `set.seed()` works. With a number given,
#'   R's generator stays as it was.
#' @param counterfactuals also return `q1`, `q0` (each row's outcome mean under treatment and control) and `ps` (its
#'   probability of treatment)?
#' @param threads number of threads; the result does not depend on it. NULL takes `options(causalsynth.threads)`,
#'   then the environment variable RCPP_PARALLEL_NUM_THREADS, then 2.
#' @param ... must be empty.
#' @return A data frame of `n` independent rows: the covariates (`W1` to `W6` for [dgp_paper()]), treatment `A`
#'   (integer 0/1), outcome `Y` (integer 0/1, or a number), and `q1, q0, ps` on request. An `n` below 1 is an error
#'   of class `causalsynth_error_input`.
#' @examples
#' generate(dgp_paper(), 5, seed = 1)
#' generate(dgp_paper("weak"), 5, seed = 1, counterfactuals = TRUE)
#' @export
generate.causalsynth_dgp_paper <- function(x, n, seed = NULL, counterfactuals = FALSE, threads = NULL, ...) {
  check_dots_empty(...)
  n <- check_whole(n, "n")
  check_flag(counterfactuals, "counterfactuals")
  threads <- resolve_threads(threads)
  columns <- mechanism_draw(
    n, overlap_code(x$overlap), counterfactuals, unclass(rng_key(seed)), threads, progress_bar("Drawing rows")
  )
  list2DF(columns)
}

#' @rdname generate.causalsynth_dgp_paper
#' @export
generate.causalsynth_dgp_custom <- function(x, n, seed = NULL, counterfactuals = FALSE, threads = NULL, ...) {
  check_dots_empty(...)
  n <- check_whole(n, "n")
  check_flag(counterfactuals, "counterfactuals")
  resolve_threads(threads)
  call <- rlang::current_env()
  key <- rng_key(seed)
  w <- draw_covariates(x, n, derive_key(key, "covariates"), call)
  g <- mechanism_propensity(x, w, call)
  a <- as.integer(random_uniforms(unclass(derive_key(key, "treatment")), n) < g)
  mean <- mechanism_outcome(x, a, w, call)
  u <- random_uniforms(unclass(derive_key(key, "outcome")), n)
  w$A <- a
  w$Y <- if (x$family == "binomial") as.integer(u < mean) else mean + x$sd * stats::qnorm(u)
  if (counterfactuals) {
    covariates <- w[setdiff(names(w), c("A", "Y"))]
    w$q1 <- mechanism_outcome(x, rep(1L, n), covariates, call)
    w$q0 <- mechanism_outcome(x, rep(0L, n), covariates, call)
    w$ps <- g
  }
  w
}

draw_covariates <- function(x, n, key, call) {
  w <- with_r_seed(key, x$covariates(n))
  if (!is.data.frame(w) || nrow(w) != n) {
    got <- if (is.data.frame(w)) count_phrase(nrow(w), "row") else describe(w)
    abort("input", c(
      "{.arg covariates} must return a data frame of {n} row{?s} for {.code n = {n}}.",
      x = "It returned {got}."
    ), call = call)
  }
  taken <- intersect(names(w), c("A", "Y", "q1", "q0", "ps"))
  if (length(taken)) {
    abort("input", c(
      "{.arg covariates} returned {length(taken)} column{?s} named {.val {taken}}.",
      i = "These names are the treatment's, the outcome's and their probabilities': rename the covariates."
    ), call = call)
  }
  w
}

mechanism_propensity <- function(x, w, call) {
  g <- if (is.function(x$propensity)) x$propensity(w) else rep(x$propensity, nrow(w))
  check_mechanism_values(g, nrow(w), "propensity", TRUE, call)
}

mechanism_outcome <- function(x, a, w, call) {
  check_mechanism_values(x$outcome(a, w), nrow(w), "outcome", x$family == "binomial", call)
}

# One finite number a row, a probability if asked for.
check_mechanism_values <- function(values, n, arg, probability, call) {
  if (!is.numeric(values) || length(values) != n) {
    abort("input", c(
      "{.arg {arg}} must return {n} number{?s}, one a row.",
      x = "It returned {describe(values)}."
    ), call = call)
  }
  bad <- sum(!is.finite(values) | (probability & (values < 0 | values > 1)), na.rm = TRUE)
  if (bad) {
    what <- if (probability) "probabilities in [0, 1]" else "finite numbers"
    abort("input", "{.arg {arg}} returned {bad} of {n} value{?s} that are not {what}.", call = call)
  }
  as.numeric(values)
}

#' @export
format.causalsynth_dgp_paper <- function(x, ...) {
  with <- c(randomized = "randomised treatment", none = "no overlap", weak = "weak overlap",
            moderate = "moderate overlap")
  paste0("the paper's mechanism, ", with[[x$overlap]])
}

#' @export
format.causalsynth_dgp_custom <- function(x, ...) {
  treatment <- if (is.function(x$propensity)) "P(A = 1 | W) a function" else paste("P(A = 1) =", format(x$propensity))
  noise <- if (x$family == "gaussian") paste0(", noise sd ", format(x$sd))
  paste0("own mechanism, ", treatment, ", ", x$family, " outcome", noise)
}

#' @export
print.causalsynth_dgp <- function(x, ...) {
  show_lines(paste("<mechanism>", format(x)),
             then = "generate(dgp, n, seed) draws rows, truth(dgp) is their law's effect.")
  invisible(x)
}

#' @export
summary.causalsynth_dgp <- function(object, ...) {
  estimates <- vapply(truth_estimands, function(e) truth(object, e, ...), 0)
  structure(list(label = format(object), truth = estimates), class = "summary.causalsynth_dgp")
}

#' @export
print.summary.causalsynth_dgp <- function(x, ...) {
  write_wrapped(paste("<mechanism>", x$label))
  print(round(x$truth, 6))
  invisible(x)
}
