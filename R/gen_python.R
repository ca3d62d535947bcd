#' Generators of Python packages
#'
#' Fits GReaT (a fine-tuned language model, package be_great) or CTGAN and TVAE (package ctgan) in Python through
#' reticulate, and serves their rows like any generator's: cleaned against the real data as those of [gen_data()] are,
#' with counts.
#'
#' @section What must be installed: reticulate in R; in the Python that it uses be_great (for "great") or ctgan (for
#'   "ctgan" and "tvae"), for instance by `reticulate::py_install("be_great")`, which bring pandas and torch along. What
#'   is absent is an error of class `causalsynth_error_input` that names it. The package's own tests run against
#'   a small stand-in of these modules with the same calls: `GReaT(llm =, batch_size =, epochs =)`, `.fit(data)` and
#'   `.sample(n_samples =)`; `CTGAN(epochs =, batch_size =)`, `.fit(data, discrete_columns)` and `.sample(n)`, as
#'   documented by be_great and ctgan. They do not test these packages themselves.
#'   [gen_row_lm()] and [gen_ctgan()] are native and need none of this.
#'
#' @section How rows are made: Columns go to Python as numbers and text (dates as days since 1970, logicals as TRUE and
#'   FALSE text). ctgan takes no missing numbers: a missing number becomes the column's mean and a further column says
#'   that it was missing; a missing level becomes one of its own. Rows that come back are checked by the rules of
#'   [gen_data()], dropped and counted; more are asked for until there are enough, in at most `tries` calls, else
#'   the error, of class `causalsynth_error_fit`, says how many came and why others did not. GReaT may take seconds for
#'   each row; with `pool = m` m rows are made at fit and drawn from afterwards, with replacement, as [fit_hybrid()]
#'   needs it for "great".
#'
#'   The seed goes to `random`, numpy and torch before each fit and each draw; whether the same seed then gives the
#'   same rows is up to the Python packages. A fitted Python model lives in Python: [write_model()] of it is an error.
#'   With a `pool` the fit keeps the rows only, no model, and can be written. The Python model holds whatever its
#'   package keeps of the real rows; GReaT may repeat some of them.
#'
#' @param model "great", "ctgan" or "tvae".
#' @param ... Unknown names are an error.
#' @param args,fit_args,sample_args Named lists of further arguments to the model's constructor (such as `list(llm =
#'   "distilgpt2", epochs = 50L)`), to its `fit()` and to its `sample()`.
#' @param pool `NULL`, or a number of rows to make at fit and to draw from.
#' @param range "seed" drops rows with a number outside its column's range in the real data.
#' @param tries Calls of `sample()` for each draw, at most.
#' @return A generator spec for [fit_generator()] and [fit_hybrid()].
#' @references Borisov et al. (2023) \doi{10.48550/arXiv.2210.06280} (GReaT); Xu et al. (2019)
#'   \doi{10.48550/arXiv.1907.00503} (CTGAN, TVAE).
#' @seealso [gen_data()] for rows that were made in Python and saved.
#' @examples
#' gen_python("ctgan", args = list(epochs = 100L))
#' @export
gen_python <- function(model = c("great", "ctgan", "tvae"), ..., args = list(), fit_args = list(), sample_args = list(),
                       pool = NULL, range = c("none", "seed"), tries = 5) {
  check_dots_empty(...)
  model <- check_choice(model, c("great", "ctgan", "tvae"), "model")
  more <- list(args = args, fit_args = fit_args, sample_args = sample_args)
  for (name in names(more)) check_arguments(more[[name]], name, rlang::current_env())
  if (!is.null(pool)) pool <- check_whole(pool, "pool", 1)
  spec <- c(list(model = model, pool = pool, range = check_choice(range, c("none", "seed"), "range"),
                 tries = check_whole(tries, "tries", 1, 1000)), more)
  spec$label <- paste0(c(great = "GReaT", ctgan = "CTGAN", tvae = "TVAE")[[model]], " in Python")
  spec$external <- TRUE
  spec$live <- model == "great" && is.null(pool)
  structure(spec, class = c("gen_python", "causalsynth_gen"))
}

check_arguments <- function(x, arg, call) {
  if (is.list(x) && (length(x) == 0 || (!is.null(names(x)) && all(nzchar(names(x)))))) return(invisible())
  abort("input", c("{.arg {arg}} must be a list with names.", x = "It is {describe(x)}."), call = call)
}

#' @export
format.gen_python <- function(x, ...) {
  paste0("<generator spec> ", x$label, if (!is.null(x$pool)) paste(", a pool of", count_phrase(x$pool, "row")))
}

# The Python package of a model.
python_package <- function(model) if (model == "great") "be_great" else "ctgan"

# The module, or an error that says what to install.
python_module <- function(model, call) {
  if (!requireNamespace("reticulate", quietly = TRUE)) {
    abort("input", c("{.fn gen_python} needs the package {.pkg reticulate}.",
                     i = "Install it with {.code install.packages(\"reticulate\")}."), call = call)
  }
  if (!isTRUE(tryCatch(reticulate::py_available(initialize = TRUE), error = function(e) FALSE))) {
    abort("input", c("{.pkg reticulate} finds no Python.", i = "See {.code ?reticulate::use_python}."), call = call)
  }
  for (name in c("pandas", python_package(model))) {
    module <- tryCatch(reticulate::import(name, convert = FALSE), error = conditionMessage)
    if (is.character(module)) {
      abort("input", c("The Python module {.pkg {name}} cannot be imported.", x = "{utils::tail(module, 1)}",
                       i = "Install it with {.code reticulate::py_install(\"{python_package(model)}\")}."), call = call)
    }
  }
  module
}

# Seeds Python's generators, as far as they are there.
seed_python <- function(key) {
  seed <- as.integer(unclass(derive_key(key, "python"))[1] %% 2147483647)
  reticulate::import("random", convert = FALSE)$seed(seed)
  for (name in c("numpy", "torch")) {
    module <- tryCatch(reticulate::import(name, convert = FALSE), error = function(e) NULL)
    if (is.null(module)) next
    if (name == "numpy") module$random$seed(seed) else module$manual_seed(seed)
  }
}

# What Python or the module raises, as an error of the fit.
in_python <- function(code, what, call) {
  tryCatch(code, error = function(e) {
    if (inherits(e, "causalsynth_error")) stop(e)
    abort("fit", c("The Python package failed to {what}.", x = "{conditionMessage(e)}"), call = call)
  })
}

#' @exportS3Method
learn_rows.gen_python <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  if (!is.null(weights)) {
    abort("input", c("The Python packages behind {.fn gen_python} take no survey weights.",
                     i = "Fit them to rows drawn in proportion to the weights."), call = call)
  }
  module <- python_module(spec$model, call)
  plain <- unclass_frame(as.data.frame(data))
  codebook <- python_codebook(plain, spec$model)
  seed_python(key)
  model <- in_python(fit_python(module, spec, python_frame(plain, codebook), codebook), "fit", call)
  fit <- list(spec = spec, python = model, codebook = codebook, reference = python_reference(plain, spec$range),
              blueprint = column_blueprint(data))
  if (is.null(spec$pool)) {
    fit$notes <- "The model lives in Python; its rows are cleaned as they are drawn"
    return(structure(fit, class = "fitted_gen_python"))
  }
  found <- sample_python(fit, spec$pool, derive_key(key, "pool"), call)
  fit$python <- fit$codebook <- fit$reference <- NULL
  fit$rows <- as_rows(unname(as.list(found$rows)), row_template(data))
  fit$notes <- c(paste("A pool of", count_phrase(nrow(fit$rows), "row"), "to draw from"), format(found$tally))
  fit$tally <- found$tally
  structure(fit, class = c("fitted_python_pool", "fitted_gen_data"))
}

fit_python <- function(module, spec, frame, codebook) {
  name <- c(great = "GReaT", ctgan = "CTGAN", tvae = "TVAE")[[spec$model]]
  args <- spec$args
  if (spec$model == "great" && is.null(args$llm)) args$llm <- "distilgpt2"
  model <- do.call(module[[name]], args)
  inputs <- if (spec$model == "great") list(frame) else list(frame, as.list(codebook$discrete))
  do.call(model$fit, c(inputs, spec$fit_args))
  model
}

#' @exportS3Method
draw_columns.fitted_gen_python <- function(fit, n, key, threads) {
  call <- rlang::caller_env()
  rows <- sample_python(fit, n, key, call)$rows
  encode_columns(unclass_frame(as.data.frame(rows)), fit$blueprint, "rows", call)$columns
}

# n cleaned rows from the model: list(rows, tally).
sample_python <- function(fit, n, key, call) {
  if (!python_alive(fit$python)) {
    abort("fit", c("The Python model is gone: it lived in another session of R.", i = "Fit it again."), call = call)
  }
  seed_python(key)
  tally <- new_tally()
  parts <- list()
  while (tally$kept < n && tally$requests < fit$spec$tries) {
    tally$requests <- tally$requests + 1L
    rate <- if (tally$total) max(tally$kept, .5) / tally$total else 1
    wanted <- max(min(ceiling((n - tally$kept) / rate), 10 * n), min(n, 50))
    named <- if (fit$spec$model == "great") list(n_samples = as.integer(wanted)) else list(as.integer(wanted))
    made <- in_python(do.call(fit$python$sample, c(named, fit$spec$sample_args)), "sample", call)
    rows <- in_python(python_rows(made, fit$codebook), "return a table", call)
    if (nrow(rows) == 0) next
    # A column that is wrong throughout is an error there, a call without a good row here.
    cleaned <- tryCatch(clean_rows(rows, fit$reference, fit$spec$range, call), causalsynth_error_data = identity)
    if (inherits(cleaned, "error")) {
      tally$total <- tally$total + nrow(rows)
      tally <- add_failure(tally, list(kind = "call_without_rows", message = conditionMessage(cleaned)))
      next
    }
    tally <- add_parsing(tally, list(total = nrow(rows), kept = cleaned$kept, dropped = cleaned$dropped,
                                     rounded = cleaned$rounded))
    parts <- c(parts, list(unclass_frame(as.data.frame(cleaned$rows))))
  }
  class(tally) <- c("causalsynth_python_tally", class(tally))
  if (tally$kept < n) {
    abort("fit", c(
      "The Python model gave {tally$kept} of the {n} row{?s} wanted in {tally$requests} call{?s} of its {.fn sample}.",
      if (sum(tally$dropped)) c(x = "Rows dropped: {paste(drop_phrases(tally), collapse = ', ')}."),
      if (!is.null(tally$last)) c(x = "{tally$last}"),
      i = "Train it longer ({.arg args}), or raise {.arg tries}."
    ), call = call, tally = tally)
  }
  list(rows = bind_rows(parts, fit$reference, n), tally = tally)
}

python_alive <- function(model) {
  inherits(model, "python.builtin.object") &&
    !isTRUE(tryCatch(reticulate::py_is_null_xptr(model), error = function(e) TRUE))
}

#' @export
format.causalsynth_python_tally <- function(x, ...) {
  sub("from ([0-9,]+) request", "from \\1 call", format.causalsynth_chat_tally(x))
}

#' @exportS3Method
pack_model.fitted_gen_python <- function(x, keep_rows, call) {
  abort("input", c(
    "A fitted {.fn gen_python} cannot be written: its model lives in Python.",
    i = "Fit it with {.arg pool} to keep rows instead of the model, or save the model with its own package."
  ), call = call)
}
