#' Weights a forest gives to its training rows
#'
#' A forest's prediction is a weighted mean of the training outcomes: a training row's weight in the prediction of a row
#' is its share of the leaf in which both fall (its bag count over the leaf's), averaged over trees.
#'
#' @details With y the outcomes of the fit (0 and 1 for a class), `W %*% y` equals `predict(object, newdata)`, and
#' without `newdata` the out-of-bag predictions `object$oob`, each by the trees whose bag lacks the row. Bags are
#' drawn anew from the forest's seed; of honest trees, the rows that fill the leaves count. That the rows of `data`
#' are those of the fit is checked by this equation.
#'
#' @param object A [forest()].
#' @param data Data frame of the n rows the forest was fitted on, in their order.
#' @param newdata Data frame of m new rows; default: the rows of the fit, out of bag.
#' @param ... Unknown names are an error.
#' @param memory Gigabytes that the weights may take; beyond them the call ends with an error of class
#'   `causalsynth_error_input`.
#' @param threads Number of threads; default `getOption("causalsynth.threads")`, else 2.
#' @return Matrix of m (without `newdata` n) rows by n training rows, whose rows sum to 1: a sparse `dgCMatrix` where
#'   package Matrix is installed, else a plain one. Rows that are not those of the fit are an error of class
#'   `causalsynth_error_data`.
#' @references Lin and Jeon (2006) \doi{10.1198/016214505000001230}; Meinshausen (2006), Quantile Regression Forests,
#'   Journal of Machine Learning Research 7, 983-999.
#' @examples
#' fit <- forest(mpg ~ ., mtcars, trees = 100, seed = 1)
#' weights <- forest_weights(fit, mtcars, mtcars[1:2, ])
#' as.numeric(as.matrix(weights) %*% mtcars$mpg)
#' predict(fit, mtcars[1:2, ])
#' @export
forest_weights <- function(object, data, newdata = NULL, ..., memory = 4, threads = NULL) {
  check_dots_empty(...)
  check_present(object, "object")
  if (!inherits(object, "causalsynth_forest")) {
    abort("input", "{.arg object} must be a {.fn forest}, not {describe(object)}.")
  }
  check_present(data, "data")
  check_number(memory, "memory", 0, 1e6)
  if (is.null(newdata) && is.null(object$oob)) {
    abort("input", "This forest left no row out of bag: give {.arg newdata}.")
  }
  encoded <- encode_forest_rows(object, data, "data")
  if (nrow(data) != object$n) {
    abort("data", "{.arg data} has {nrow(data)} row{?s}; the forest was fitted on {object$n}.")
  }
  fresh <- if (!is.null(newdata)) encode_forest_rows(object, newdata)
  rows <- if (is.null(newdata)) object$n else nrow(newdata)
  run <- run_control(threads)
  most <- most_weights(object, rows, memory)
  raw <- forest_kernel(object$model, encoded, fresh, rows, most, run)
  if (is.null(raw)) refuse_weights(rows, object$n, memory)
  predicted <- if (is.null(newdata)) NULL else forest_predict(object$model, fresh, rows, FALSE, run)
  check_fit_rows(object, raw, rows, predicted)
  named <- if (is.null(newdata)) data else newdata
  weights_matrix(raw, list(row_labels(named), row_labels(data)), c(rows, object$n))
}

has_matrix <- function() requireNamespace("Matrix", quietly = TRUE)

# How many weights the core may keep: 12 bytes each, twice while they change order.
most_weights <- function(object, rows, memory, sparse = has_matrix(), call = rlang::caller_env()) {
  bytes <- memory * 1e9
  trees <- object$options$trees + object$extra_trees
  plain <- if (sparse) 0 else 8 * rows * object$n
  if (plain + 12 * object$n * trees > bytes) refuse_weights(rows, object$n, memory, sparse, call)
  min(floor(bytes / 24), 2^31 - 2)
}

refuse_weights <- function(rows, n, memory, sparse = has_matrix(), call = rlang::caller_env()) {
  abort("input", c(
    "Weights of {rows} row{?s} by {n} training row{?s} take more than {memory} gigabyte{?s}.",
    i = if (!sparse) "Install package {.pkg Matrix}: most weights are zero, and it keeps the others only.",
    i = "Give {.arg newdata} in parts, or raise {.arg memory}."
  ), call = call)
}

# The weights must reproduce the forest's own predictions; where they do not, the rows are others.
check_fit_rows <- function(object, raw, rows, predicted, call = rlang::caller_env()) {
  last <- if (object$kind == "classes") length(object$classes) else NULL
  y <- if (is.null(last)) object$y else as.numeric(object$y == last - 1)
  if (is.null(predicted)) {
    expected <- if (is.null(object$classes)) object$oob else object$oob[, ncol(object$oob)]
    if (length(object$classes) == 1) expected <- y
  } else {
    expected <- predicted[, last %||% 1]
  }
  share <- raw$values * rep(y, diff(raw$starts))
  own <- numeric(rows)
  sums <- rowsum(share, raw$rows)
  own[as.integer(rownames(sums)) + 1] <- sums
  off <- sum(abs(own - expected) > 1e-8 * max(1, abs(y)))
  if (off) {
    abort("data", c(
      "{.arg data} are not the rows of the fit: their weights do not give {off} of {rows} predictions.",
      i = "Give the rows that {.fn forest} was fitted on, unchanged and in their order."
    ), call = call)
  }
}

row_labels <- function(data) {
  labels <- if (is.data.frame(data)) attr(data, "row.names") else rownames(data)
  if (is.character(labels)) labels
}

weights_matrix <- function(raw, labels, dims, sparse = has_matrix()) {
  if (sparse) {
    return(Matrix::sparseMatrix(i = raw$rows, p = raw$starts, x = raw$values, dims = dims, dimnames = labels,
                                index1 = FALSE))
  }
  result <- matrix(0, dims[1], dims[2], dimnames = if (!is.null(unlist(labels))) labels)
  result[cbind(raw$rows + 1, rep(seq_len(dims[2]), diff(raw$starts)))] <- raw$values
  result
}
