# Sparse matrices of package Matrix as covariates of forests. They travel as the slots of a compressed column matrix;
# the core makes one byte a cell of them, never a double.

#' @rdname forest
#' @export
forest.default <- function(x, y, ...) {
  check_present(x, "x")
  if (!is_matrix_class(x)) {
    abort("input", c(
      "{.arg x} must be a formula, a data frame, a numeric matrix or a sparse matrix of package {.pkg Matrix}.",
      x = "It is {describe(x)}."
    ))
  }
  x <- sparse_frame(x, "x")
  check_sparse_finite(x)
  forest.data.frame(x, y, ...)
}

is_matrix_class <- function(x) isS4(x) && identical(attr(class(x), "package"), "Matrix")

# A frame of the matrix's rows and names whose columns hold nothing: what checks of names, types and sizes need. The
# values stay in the attribute "matrix", a dgCMatrix, for encode_columns().
sparse_frame <- function(x, arg, call = rlang::caller_env()) {
  x <- as_compressed(x, arg, call)
  names <- colnames(x) %||% made_names(ncol(x))
  structure(
    stats::setNames(rep(list(numeric()), ncol(x)), names),
    class = c("causalsynth_sparse", "data.frame"), row.names = .set_row_names(nrow(x)), matrix = x
  )
}

# Names of the columns of a matrix without any.
made_names <- function(p) if (p > 0) paste0("x", seq_len(p)) else character()

is_sparse_frame <- function(x) inherits(x, "causalsynth_sparse")

# Any sparse matrix as a dgCMatrix; logical and pattern matrices become zeros and ones.
as_compressed <- function(x, arg, call) {
  if (!requireNamespace("Matrix", quietly = TRUE)) {
    abort("input", c(
      "{.arg {arg}} is a {class(x)[1]}, which package {.pkg Matrix} is needed to read.",
      i = "Install it with {.code install.packages(\"Matrix\")}, or give a data frame."
    ), call = call)
  }
  if (!inherits(x, "sparseMatrix")) {
    abort("input", c("{.arg {arg}} is a {class(x)[1]}, which is not sparse.", i = "Use {.code as.matrix({arg})}."),
          call = call)
  }
  for (class in c("dMatrix", "generalMatrix", "CsparseMatrix")) {
    if (!inherits(x, class)) x <- methods::as(x, class)
  }
  x
}

check_sparse_finite <- function(x, call = rlang::caller_env()) {
  matrix <- attr(x, "matrix")
  infinite <- which(is.infinite(matrix@x))
  if (length(infinite) == 0) return(invisible())
  column <- findInterval(infinite - 1, matrix@p)
  abort("data", c(
    "Column {.val {names(x)[column[1]]}} is infinite in {sum(column == column[1])} of {nrow(x)} rows.",
    i = "Set such values to NA if they stand for missing ones, or drop the rows."
  ), call = call)
}

# What encode_columns() returns of a sparse frame, with the matrix's slots in place of columns.
encode_sparse <- function(data, blueprint, arg, call) {
  factors <- names(blueprint)[vapply(blueprint, function(b) b$kind == "factor", NA)]
  if (length(factors)) {
    abort("data", c(
      "{cli::qty(factors)}Column{?s} {.val {factors}} {?was a factor/were factors} at fit; a sparse matrix has none.",
      i = "Give {.arg {arg}} as a data frame."
    ), call = call)
  }
  matrix <- attr(data, "matrix")
  columns <- match(names(blueprint), names(data))
  if (!identical(columns, seq_len(ncol(matrix)))) matrix <- matrix[, columns, drop = FALSE]
  list(sparse = list(i = matrix@i, p = matrix@p, x = matrix@x, rows = nrow(matrix)), names = names(blueprint))
}
