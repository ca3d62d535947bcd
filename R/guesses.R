# What a newcomer guesses, and the hint that the error then gives.

# What others call an argument: the names here, of which an unknown argument's function has one at most.
other_words <- list(
  B = c("replicates", "reps"), R = c("replicates", "reps"), nboot = c("replicates", "reps"), nsim = c("reps", "n"),
  reps = "replicates", replicates = "reps", size = "n", rows = "n", nrow = "n", n_rows = "n", num = "n",
  cores = "threads", ncores = "threads", workers = "threads", nthread = "threads", num.threads = "threads",
  alpha = "conf.level", level = "conf.level", conf = "conf.level", ci = "conf.level", random_state = "seed",
  estimator = c("method", "estimators"), estimators = "method", method = "estimators", estimates = "method",
  ntree = "trees", num.trees = "trees", ntrees = "trees", min.node.size = "min_node_size", nodesize = "min_node_size",
  test = "holdout", train = "real", original = "real", synth = "synthetic", sensitive = "secrets", target = "secrets",
  quasi_identifiers = "keys", qi = "keys", key_vars = "keys", file = c("path", "file"), path = "file", dir = "path",
  folder = "path", family = "outcome", effect = "estimand", trim = "threshold", trimming = "bounds",
  truncation = "bounds", model = "generator", synthesizer = "generator", data = "real"
)

level_words <- c("conf.level", "level", "alpha", "conf", "ci")

# Where rows were wanted: what to do with that which was given.
instead_of_rows <- function(x) {
  if (inherits(x, c("causalsynth_hybrid", "causalsynth_generator", "causalsynth_dgp"))) {
    return("Draw rows from it with {.code generate(x, n)}.")
  }
  if (inherits(x, "formula")) return("Is it in its place? Otherwise name it: {.code formula = }.")
  if (is.matrix(x)) return("Use {.fn as.data.frame}.")
  if (is.list(x) && length(x) && all(vapply(x, is.data.frame, NA))) return("Give one of its data frames at a time.")
  NULL
}

# Where the values of a column were wanted, one a row: its name, or a formula of it, was given.
values_of_column <- function(x) {
  if (is.character(x) && length(x) == 1 || inherits(x, "formula")) "Give the column itself: {.code data$column}."
}

# Where a formula, or what was made with one, was wanted.
instead_of_formula <- function(x, verb) {
  if (is_pool(x)) return("Of a pool give its formula, then the pool.")
  if (is.data.frame(x)) return(paste0("The formula comes first: {.code ", verb, "(Y ~ A | ., data)}."))
  if (is.character(x)) return("Write the formula without quotes.")
  if (inherits(x, c("causalsynth_hybrid", "causalsynth_generator"))) {
    return("Draw rows from it with {.code generate(x, n)}, then estimate on these.")
  }
  NULL
}

#' @export
generate.causalsynth_gen <- function(x, ...) {
  abort("input", c(
    "A generator spec has not seen any rows yet.",
    i = "Fit it first: {.code fit <- fit_generator(spec, data)}, then {.code generate(fit, n)}."
  ), call = rlang::caller_env())
}

#' @export
generate.causalsynth_pool <- function(x, ...) {
  abort("input", c("A pool is rows already drawn.", i = "Draw more from its hybrid: {.code generate(hybrid, n)}."),
        call = rlang::caller_env())
}

#' @export
importance.default <- function(x, ...) {
  abort("input", c("{.fn importance} needs a forest of {.fn forest}.", x = "It is {describe(x)}."),
        call = rlang::caller_env())
}

# An argument's value; where it has none because it was written as if its columns were variables, the cure.
given_value <- function(x, arg, cure, call) {
  tryCatch(x, error = function(e) {
    if (inherits(e, "causalsynth_error")) rlang::cnd_signal(e)
    abort("input", c("{.arg {arg}} could not be evaluated.", x = "{conditionMessage(e)}", i = cure), call = call)
  })
}

# A pool's rows are no patients: as many as one likes, they would make any interval narrow.
warn_pool_as_trial <- function(trial, call) {
  if (!is_pool(trial)) return(invisible())
  cli::cli_warn(c(
    "{.arg trial} is a pool of synthetic rows, which are counted here as patients: standard errors are too small.",
    i = "Give the rows of the trial itself."
  ), class = c("causalsynth_warning_data", "causalsynth_warning"), call = call)
}

# as.data.frame() of results: their table.
#' @rawNamespace S3method(as.data.frame, causalsynth_effect, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_combined, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_overlap, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_fidelity, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_privacy, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_comparison, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_study_comparison, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_remedies, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_sensitivity, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_augmented, table_of)
#' @rawNamespace S3method(as.data.frame, causalsynth_metric, table_of)
table_of <- function(x, row.names = NULL, optional = FALSE, ...) tidy(x, ...)
