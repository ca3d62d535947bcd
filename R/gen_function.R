#' A function of yours as a generator
#'
#' @param fun Function of `n` that returns a data frame of `n` rows. If it has an argument `seed` it is given a whole
#'   number; either way R's generator is seeded for it and restored afterwards.
#' @param ... Unknown names are an error.
#' @param label A name for prints.
#' @details The rows are checked like those of [gen_data()], but nothing is dropped: a column that is absent, a value
#'   that does not convert to the seed's type, an unknown level, an infinite value or a missing one where the seed has
#'   none is an error of class `causalsynth_error_fit` that names the column. `fit_generator()` calls the function once,
#'   for up to 100 rows, to check it. Files of models cannot hold functions: see [write_model()].
#' @return A generator spec for [fit_generator()] and [fit_hybrid()].
#' @examples
#' seed <- data.frame(age = c(50L, 61L, 38L), group = factor(c("a", "b", "a")))
#' own <- gen_function(function(n) {
#'   data.frame(age = rpois(n, 50), group = sample(c("a", "b"), n, TRUE))
#' })
#' generate(fit_generator(own, seed), 4, seed = 1)
#' @export
gen_function <- function(fun, ..., label = "own function") {
  check_dots_empty(...)
  check_present(fun, "fun")
  check_function(fun, "fun", "of {.arg n} that returns a data frame of n rows")
  if (!(is.character(label) && length(label) == 1 && !is.na(label))) {
    abort("input", c("{.arg label} must be one text.", x = "It is {describe(label)}."))
  }
  structure(list(fun = fun, label = label, external = TRUE), class = c("gen_function", "causalsynth_gen"))
}

#' @exportS3Method
learn_rows.gen_function <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  if (!is.null(weights)) {
    abort("input", "A {.fn gen_function} learns nothing from the data: survey weights have no meaning for it.",
          call = call)
  }
  reference <- lapply(unclass_frame(as.data.frame(data)), function(x) {
    list(missing = anyNA(x), seen = if (is.factor(x)) levels(droplevels(x)) else if (is.character(x)) unique(x))
  })
  fit <- structure(list(fun = spec$fun, reference = reference, blueprint = column_blueprint(data)),
                   class = "fitted_gen_function")
  function_rows(fit, min(100, nrow(data)), derive_key(key, "check"), call)
  fit
}

#' @exportS3Method
draw_columns.fitted_gen_function <- function(fit, n, key, threads) {
  function_rows(fit, n, key, rlang::caller_env())
}

function_rows <- function(fit, n, key, call) {
  rows <- tryCatch(
    with_r_seed(key, if ("seed" %in% names(formals(fit$fun))) fit$fun(n, seed = unclass(key)[1] %% 2147483647)
                     else fit$fun(n)),
    error = function(e) {
      abort("fit", c("The function given to {.fn gen_function} failed for n = {n}.", x = "{conditionMessage(e)}"),
            call = call)
    }
  )
  if (!is.data.frame(rows) || nrow(rows) != n) {
    got <- if (is.data.frame(rows)) count_phrase(nrow(rows), "row") else describe(rows)
    abort("fit", c("The function given to {.fn gen_function} must return a data frame of {n} row{?s}.",
                   x = "It returned {got}."), call = call)
  }
  absent <- setdiff(names(fit$blueprint), names(rows))
  if (length(absent)) {
    abort("fit", c("The rows of {.fn gen_function}'s function lack {length(absent)} column{?s}: {.val {absent}}.",
                   i = "They have {.val {utils::head(names(rows), 12)}}."), call = call)
  }
  unname(Map(function(entry, known, name) function_column(rows[[name]], entry, known, name, call), fit$blueprint,
             fit$reference, names(fit$blueprint)))
}

# One column as numbers or codes.
function_column <- function(x, entry, known, name, call) {
  bad <- function(what, which) {
    abort("fit", "Column {.val {name}} of {.fn gen_function}'s rows has {what} in {sum(which)} of {length(x)} row{?s}.",
          call = call)
  }
  if (is.list(x) || length(dim(x)) > 1) abort("fit", "Column {.val {name}} must have one value a row.", call = call)
  lost <- is.na(x)
  if (any(lost) && !known$missing) bad("missing values, of which the seed has none,", lost)
  if (entry$kind == "factor") {
    codes <- match(as.character(x), entry$levels)
    if (any(is.na(codes) & !lost)) bad("levels that the seed lacks", is.na(codes) & !lost)
    return(codes)
  }
  numbers <- as_seed_number(x, entry$ptype)
  if (any(is.na(numbers) & !lost)) bad("values that are no numbers", is.na(numbers) & !lost)
  if (any(is.infinite(numbers))) bad("infinite values", is.infinite(numbers))
  numbers
}
