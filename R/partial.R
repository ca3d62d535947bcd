# Partial dependence of forests and curves of single rows.

#' Partial dependence of a forest
#'
#' The mean prediction over the rows of `data` as one or two of their columns take each value of a grid and the others
#' stay as they are: \eqn{\bar f(v) = \sum_i w_i f(v, x_{i,-j}) / \sum_i w_i} (Friedman 2001). With `ice = TRUE` also
#' the curve of each row (individual conditional expectation, Goldstein et al. 2015), whose spread shows what the mean
#' hides.
#'
#' @param object A [forest()].
#' @param data Data frame of n rows with the forest's columns (a sparse matrix where the forest takes one): those over
#'   which predictions are averaged.
#' @param columns Names of one or two columns of `data` that the forest uses.
#' @param grid Number of grid points of a column of numbers or dates: its quantiles at equal steps from the least to
#'   the greatest value, each once; all its values where these are no more. Other columns take each level or value of
#'   theirs in `data`. Missing values are no grid point.
#' @param ice Return each row's curve too? For one column.
#' @param class Classes whose probabilities are wanted; default: the second of two, all of more.
#' @param weights Weights of the rows of `data` in the mean, n numbers; default: all alike.
#' @param threads Number of threads; default `getOption("causalsynth.threads")`, else 2.
#' @return A data frame of class `causalsynth_partial`, one row a grid point (and class): the columns, `class` where the
#'   outcome has classes, and `estimate`, a mean outcome or a probability. `tidy()` returns it as a plain data frame or,
#'   with `ice = TRUE`, the rows' curves with the column `row`. Columns that the forest does not know, and weights or
#'   classes that do not fit, are errors of class `causalsynth_error_input`; rows that it cannot read are of class
#'   `causalsynth_error_data`.
#' @references Friedman (2001) \doi{10.1214/aos/1013203451}; Goldstein, Kapelner, Bleich and Pitkin (2015)
#'   \doi{10.1080/10618600.2014.907095}.
#' @seealso [autoplot()][partial_methods] draws it.
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- forest(Y ~ ., study, trees = 50, seed = 1)
#' partial_dependence(fit, study, "W4", grid = 5)
#' curves <- partial_dependence(fit, study, "W4", grid = 10, ice = TRUE)
#' head(tidy(curves, ice = TRUE))
#' @export
partial_dependence <- function(object, data, columns, grid = 20, ice = FALSE, class = NULL, weights = NULL,
                               threads = NULL) {
  check_present(object, "object")
  check_present(data, "data")
  if (!inherits(object, "causalsynth_forest")) {
    abort("input", c("{.arg object} must be a forest of {.fn forest}.", x = "It is {describe(object)}."))
  }
  data <- partial_rows(object, data)
  check_partial_columns(data, columns)
  grid <- check_whole(grid, "grid", min = 2)
  ice <- check_flag(ice, "ice")
  if (ice && length(columns) == 2) {
    abort("input", "{.code ice = TRUE} is for one column; {.arg columns} names two.")
  }
  weights <- check_case_weights(weights, nrow(data), rlang::current_env())
  if (!is.null(weights) && sum(weights) == 0) abort("input", "{.arg weights} must not all be zero.")
  settings <- list(class = partial_classes(object, class), weights = weights, ice = ice, threads = threads)
  points <- partial_grid(data, columns, grid)
  new_partial(object, points, settings, partial_curves(object, data, points, settings), nrow(data))
}

# The columns of `data` that the forest uses.
partial_rows <- function(object, data, call = rlang::caller_env()) {
  is_sparse <- is_matrix_class(data)
  if (is_sparse) data <- as_compressed(data, "data", call)
  if ((is_sparse || is.matrix(data)) && is.null(colnames(data))) colnames(data) <- made_names(ncol(data))
  if (is.matrix(data)) data <- as.data.frame(data)
  if (is_sparse) check_data_frame(sparse_frame(data, "data", call), "data", call = call)
  else check_data_frame(data, "data", call = call)
  known <- if (is.null(object$terms)) names(object$blueprint) else all.vars(object$terms)
  known <- intersect(known, colnames(data))
  if (is_sparse) data[, known, drop = FALSE] else unclass_frame(data)[known]
}

check_partial_columns <- function(data, columns, call = rlang::caller_env()) {
  check_present(columns, "columns", call)
  known <- colnames(data)
  if (!is.character(columns) || !length(columns) %in% 1:2 || anyDuplicated(columns)) {
    abort("input", c("{.arg columns} must be the names of one or two columns.", x = "It is {describe(columns)}."),
          call = call)
  }
  absent <- setdiff(columns, known)
  if (length(absent)) {
    near <- near_names(absent[1], known)
    abort("input", c(
      "{.arg columns} names {length(absent)} column{?s} that {.arg data} or the forest lacks: {.val {absent}}.",
      i = if (length(near)) "Did you mean {.val {near[1]}}?" else "Both have {.val {utils::head(known, 8)}}."
    ), call = call)
  }
  taken <- intersect(columns, c("class", "estimate", "row"))
  if (length(taken)) {
    abort("input", c("A column named {.val {taken}} would be taken for a column of the result.",
                     i = "Rename it and fit anew."), call = call)
  }
}

# The classes asked for; NULL for means.
partial_classes <- function(object, class, call = rlang::caller_env()) {
  if (is.null(object$classes)) {
    if (is.null(class)) return(NULL)
    abort("input", "{.arg class} is for a forest of classes; this one predicts means.", call = call)
  }
  if (is.null(class)) return(if (length(object$classes) == 2) object$classes[2] else object$classes)
  unknown <- setdiff(class, object$classes)
  if (length(unknown) || length(class) == 0) {
    abort("input", c(
      "{.arg class} must name classes of the forest.", x = "It is {.val {class}}.",
      i = "The classes are {.val {utils::head(object$classes, 8)}}."
    ), call = call)
  }
  unique(as.character(class))
}

# All combinations of the columns' grid values, the first column's fastest.
partial_grid <- function(data, columns, grid, call = rlang::caller_env()) {
  values <- lapply(columns, function(name) {
    points <- grid_points(if (is.data.frame(data)) data[[name]] else data[, name], grid)
    if (length(points) == 0) abort("data", "Column {.val {name}} of {.arg data} is missing in all rows.", call = call)
    points
  })
  at <- expand.grid(lapply(values, seq_along), KEEP.OUT.ATTRS = FALSE)
  points <- lapply(seq_along(columns), function(j) values[[j]][at[[j]]])
  structure(stats::setNames(points, columns), class = "data.frame", row.names = .set_row_names(nrow(at)))
}

# Quantiles that are values of the column (the inverse of its distribution function), so that dates stay dates and
# whole numbers whole.
grid_points <- function(x, grid) {
  if (is.factor(x)) return(factor(levels(x)[levels(x) %in% x], levels = levels(x), ordered = is.ordered(x)))
  sorted <- sort(x)
  different <- unique(sorted)
  if (length(different) <= grid || is.character(x)) return(different)
  unique(sorted[pmax(1, ceiling(seq(0, 1, length.out = grid) * length(sorted)))])
}

# Predictions of every row at every grid point: means (points x classes, one column for means) and, where asked for, the
# rows' curves (rows x points x classes). Copies of the rows are stacked, as many points a call as fit in about five
# million cells.
partial_curves <- function(object, data, points, settings) {
  n <- nrow(data)
  classes <- settings$class
  layers <- max(1, length(classes))
  means <- matrix(0, nrow(points), layers)
  curves <- if (settings$ice) array(0, c(n, nrow(points), layers))
  share <- settings$weights %||% rep(1, n)
  share <- share / sum(share)
  each <- max(1, floor(5e6 / (n * max(ncol(data), layers))))
  for (first in seq(1, nrow(points), by = each)) {
    at <- first:min(first + each - 1, nrow(points))
    stacked <- stack_rows(data, points[at, , drop = FALSE])
    values <- predict(object, stacked, type = if (is.null(classes)) "response" else "prob", threads = settings$threads)
    # By place: a class may be the empty text.
    if (!is.null(classes)) values <- values[, match(classes, colnames(values))]
    values <- array(values, c(n, length(at), layers))
    means[at, ] <- colSums(values * share)
    if (settings$ice) curves[, at, ] <- values
  }
  list(means = means, curves = curves)
}

# A copy of the rows for each grid point, one after the other.
stack_rows <- function(data, points) {
  n <- nrow(data)
  stacked <- data[rep(seq_len(n), nrow(points)), , drop = FALSE]
  for (name in names(points)) {
    value <- rep(points[[name]], each = n)
    if (is.data.frame(stacked)) stacked[[name]] <- value else stacked[, name] <- value
  }
  stacked
}

new_partial <- function(object, points, settings, found, n) {
  classes <- settings$class
  table <- points[rep(seq_len(nrow(points)), max(1, length(classes))), , drop = FALSE]
  if (!is.null(classes)) table$class <- factor(rep(classes, each = nrow(points)), levels = classes)
  rows <- if (settings$ice) {
    long <- table[rep(seq_len(nrow(table)), each = n), , drop = FALSE]
    data.frame(row = rep(seq_len(n), nrow(table)), long, estimate = as.vector(found$curves), row.names = NULL,
               check.names = FALSE)
  }
  table$estimate <- as.vector(found$means)
  rownames(table) <- NULL
  structure(table, class = c("causalsynth_partial", "data.frame"), columns = names(points), n = n,
            weighted = !is.null(settings$weights), ice = rows)
}
