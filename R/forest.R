#' Random forest
#'
#' Probability and regression forests: the outcome's type decides. A factor, a logical or a text column gives class
#' probabilities, a number gives means (a number that is only 0 and 1 too: its mean is the probability).
#' Splits maximise the Gini or variance gain among `mtry` columns drawn at each node; as in ranger, a node
#' in which none of the drawn columns can be split becomes a leaf.
#'
#' @section Sparse matrices: Classes of Matrix's `sparseMatrix` are read as columns of numbers, cells that are not
#' stored as 0; a stored `NA` or `NaN` is a missing value. The forest is that of the data frame with the same columns.
#' No dense matrix of numbers is made: besides the matrix itself, a fit and a prediction hold one byte a cell.
#'
#' @section Engine of parsnip: Where package parsnip is loaded, `parsnip::rand_forest()` has the engine
#' `"causalsynth"` for classification and regression; its `mtry`, `trees` and `min_n` are `mtry`, `trees` and
#' `min_node_size`, other arguments go into `parsnip::set_engine()`.
#'
#' @details Columns are cut once into at most 255 ordered bins, exactly where a column has no more distinct values.
#' Factors are split as categories: levels are ordered by the node's own mean outcome, which finds the best binary
#' subset for means and for two classes. Missing values are a category of their own in factors; in numeric columns
#' every split learns the side they go to. Each row's out-of-bag prediction averages the trees that did not see the
#' row; rows that every tree has seen get extra trees (only for that purpose), so that none is missing.
#'
#' Draws come from streams keyed by `seed` and the tree's number: the forest does not depend on `threads`.
#'
#' @param x A formula `y ~ x1 + x2` (then `data` follows), or a data frame, a numeric matrix or a sparse matrix of
#'   package Matrix with covariates, n rows. Columns of a matrix without names are `x1`, `x2` and so on.
#' @param data Data frame with the formula's columns.
#' @param y Outcome, length n: factor, logical, character, or number. No missing values.
#' @param trees Number of trees.
#' @param mtry Columns tried at each split; default `floor(sqrt(p))`.
#' @param min_node_size A node of at most this many bagged rows is not split. Several values: trees are grown to the
#'   smallest, and the size of the least out-of-bag squared error is kept (scored in the same pass). Default 10 for
#'   classes and for numbers 0 and 1, 5 for other means.
#' @param min_bucket Least number of bagged rows on either side of a split.
#' @param max_depth Greatest depth, `NULL` for no limit.
#' @param sample_fraction Share of rows in each bag.
#' @param replace Draw bags with replacement?
#' @param split_rule `"default"`: the best cut by Gini for classes (`"gini"`), by variance for means (`"variance"`); for
#'   0 and 1 these are the same. `"extratrees"`: one random cut a column, the best of which is taken.
#' @param honest Grow honest trees? Half of each bag's rows (or clusters) choose the splits, the other half fill the
#'   leaves.
#' @param weights Case weights, one a row: rows are drawn into bags in proportion to them, and the out-of-bag error is
#'   weighted. `NULL`: all alike.
#' @param clusters Cluster of each row: whole clusters are drawn into bags or left out of them. `NULL`: none.
#' @param importance How to measure what each column contributes, read by [importance()]: by the impurity that its
#'   splits take away, by permutation of out-of-bag rows, or by impurity corrected for chance. `"none"`: not at all.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads; default `getOption("causalsynth.threads")`, else 2.
#' @param ... Passed on to the data frame method (all arguments after `y` are named); unknown names are an error.
#' @return An object of class `causalsynth_forest`; `$oob` holds the out-of-bag predictions (a vector for means, a
#'   matrix with a column a class otherwise), `$oob_error` their mean squared error (for classes, the Brier score).
#'   Missing or infinite outcomes, infinite covariates, and in `predict()` lacking columns or levels never seen are
#'   errors of class `causalsynth_error_data`.
#' @seealso [forest_methods], [partial_dependence()].
#' @references Breiman (2001) \doi{10.1023/A:1010933404324}; Malley et al. (2012) \doi{10.3414/ME00-01-0052}; Geurts,
#'   Ernst and Wehenkel (2006) \doi{10.1007/s10994-006-6226-1} (extratrees); Wager and Athey (2018)
#'   \doi{10.1080/01621459.2017.1319839} (honest trees); Wager, Hastie and Efron (2014), Confidence Intervals for Random
#'   Forests, Journal of Machine Learning Research 15, 1625-1651 (standard errors).
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' fit <- forest(Y ~ ., study, trees = 100, seed = 1)
#' fit
#' head(predict(fit, study))
#' classes <- forest(factor(Y) ~ ., study, trees = 100, seed = 1)
#' head(predict(classes, study, type = "prob"))
#' @export
forest <- function(x, ...) UseMethod("forest")

#' @rdname forest
#' @export
forest.formula <- function(x, data, ...) {
  check_data_frame(data, "data")
  if (length(x) != 3) {
    abort("input", "{.arg x} must be a formula with an outcome, {.code y ~ x1 + x2}.")
  }
  check_known_columns(setdiff(all.vars(x), "."), data, rlang::current_env(), x)
  if (is.call(x[[3]]) && identical(x[[3]][[1]], as.name("|"))) {
    abort("input", c("A forest's formula has no {.code |}.", i = "Write {.code y ~ x1 + x2}, or {.code y ~ .}."))
  }
  y <- eval(x[[2]], data, environment(x))
  side <- fixed_terms(kept_terms(stats::delete.response(model_terms(x, data, "x", rlang::current_env()))), data)
  fit <- forest.data.frame(learner_frame(side, data), y, ...)
  fit$terms <- side
  fit
}

#' @rdname forest
#' @export
forest.matrix <- function(x, y, ...) {
  if (is.null(colnames(x))) colnames(x) <- made_names(ncol(x))
  forest.data.frame(as.data.frame(x), y, ...)
}

#' @rdname forest
#' @export
forest.data.frame <- function(x, y, ..., trees = 500, mtry = NULL, min_node_size = NULL, min_bucket = 1,
                              max_depth = NULL, sample_fraction = 1, replace = TRUE,
                              split_rule = c("default", "gini", "variance", "extratrees"), honest = FALSE,
                              weights = NULL, clusters = NULL,
                              importance = c("none", "impurity", "permutation", "corrected"), seed = NULL,
                              threads = NULL) {
  check_dots_empty(...)
  check_data_frame(x, "x")
  check_present(y, "y")
  for (name in names(x)) check_covariate(x[[name]], name, rlang::current_env())
  settings <- list(trees = trees, mtry = mtry, min_node_size = min_node_size, min_bucket = min_bucket,
                   max_depth = max_depth, sample_fraction = sample_fraction, replace = replace,
                   split_rule = split_rule, honest = honest, clusters = clusters, importance = importance)
  task <- forest_task(x, y, settings, weights, seed, rlang::current_env())
  raw <- from_core(forest_fit(task$x, task$outcome, task$sampling, task$options, run_control(threads, "Growing trees")))
  options <- task$options[setdiff(names(task$options), "key")]
  new_forest(raw, task$target, task$blueprint, options, task$sampling)
}

# What the core takes: x (encoded), outcome, sampling, options; and target and blueprint, to read its answer by.
# `settings`: the arguments of forest(); the columns of x were checked.
forest_task <- function(x, y, settings, weights, seed, call) {
  target <- forest_target(y, nrow(x), call)
  if (length(x) == 0) abort("data", "{.arg x} has no column; a forest needs at least one.", call = call)
  size <- settings$min_node_size %||% if (target$kind == "mean") 5 else 10
  options <- forest_options(settings$trees, settings$mtry, size, settings$min_bucket, settings$max_depth,
                            settings$sample_fraction, settings$replace, length(x), call)
  options$random_cuts <- check_split_rule(settings$split_rule, target, call) == "extratrees"
  options$honest <- check_flag(settings$honest, "honest", call)
  options$importance <- check_importance(settings$importance, options, length(x), call)
  sampling <- forest_sampling(weights, settings$clusters, nrow(x), options, call)
  blueprint <- column_blueprint(x, decimals = FALSE)
  check_forest_size(blueprint, call)
  options$key <- unclass(rng_key(seed, call))
  list(x = encode_columns(x, blueprint, "x", call), target = target, blueprint = blueprint, sampling = sampling,
       options = options, outcome = list(values = target$values, kind = target$kind, classes = length(target$classes)))
}

forest_options <- function(trees, mtry, min_node_size, min_bucket, max_depth, sample_fraction, replace, p,
                           call = rlang::caller_env()) {
  if (is.list(min_node_size)) check_whole(min_node_size, "min_node_size", call = call)
  for (size in min_node_size) check_whole(size, "min_node_size", call = call)
  options <- list(
    trees = check_whole(trees, "trees", max = 200000, call = call),
    mtry = if (is.null(mtry)) 0 else check_whole(mtry, "mtry", max = p, call = call),
    min_node_size = as.integer(sort(unique(min_node_size))),
    min_bucket = check_whole(min_bucket, "min_bucket", call = call),
    max_depth = if (is.null(max_depth)) 0 else check_whole(max_depth, "max_depth", call = call),
    sample_fraction = check_number(sample_fraction, "sample_fraction", 1e-6, 1, call = call),
    replace = check_flag(replace, "replace", call = call)
  )
  if (length(options$min_node_size) > 1) check_out_of_bag(options, "several values of {.arg min_node_size}", call)
  options
}

# Without replacement a bag of all rows leaves none out.
check_out_of_bag <- function(options, what, call) {
  if (options$replace || options$sample_fraction < 1) return(invisible())
  abort("input", c(
    paste0("{.code replace = FALSE} with {.code sample_fraction = 1} leaves no row out of bag, which ", what,
           " need."),
    i = "Set {.arg sample_fraction} below 1, for instance {.code sample_fraction = 0.632}."
  ), call = call)
}

check_split_rule <- function(split_rule, target, call = rlang::caller_env()) {
  rule <- check_choice(split_rule, c("default", "gini", "variance", "extratrees"), "split_rule", call)
  if (rule == "gini" && target$kind == "mean" && is.null(target$classes)) {
    abort("input", c("{.code split_rule = \"gini\"} is for classes; {.arg y} is a number.",
                     i = "Make {.arg y} a factor, or use {.val variance}."), call = call)
  }
  if (rule == "variance" && target$kind == "classes") {
    abort("input", "{.code split_rule = \"variance\"} is for numbers; {.arg y} has {length(target$classes)} classes.",
          call = call)
  }
  rule
}

# What rows are drawn by: weights (numbers, or none) and clusters (numbered from 0, or none).
forest_sampling <- function(weights, clusters, n, options, call = rlang::caller_env()) {
  if (!is.null(weights) && !is.null(clusters)) {
    abort("input", c("Give {.arg weights} or {.arg clusters}, not both.",
                     i = "With clusters whole clusters are drawn, all alike."), call = call)
  }
  if (!is.null(clusters)) return(list(weights = numeric(), clusters = forest_clusters(clusters, n, call)))
  if (is.null(weights)) return(list(weights = numeric(), clusters = integer()))
  if (!is.numeric(weights) || length(weights) != n) {
    abort("input", "{.arg weights} must have {n} number{?s}, one a row; it is {describe(weights)}.", call = call)
  }
  bad <- sum(!is.finite(weights) | weights < 0)
  if (bad) abort("data", "{.arg weights} has {bad} negative, missing or infinite value{?s}.", call = call)
  needed <- if (options$replace) 1 else max(1, round(options$sample_fraction * n))
  if (sum(weights > 0) < needed) {
    abort("data", c("{.arg weights} is positive in {sum(weights > 0)} row{?s}; bags of {needed} are drawn.",
                    i = "Lower {.arg sample_fraction}, or draw with {.code replace = TRUE}."), call = call)
  }
  list(weights = as.double(weights), clusters = integer())
}

forest_clusters <- function(clusters, n, call) {
  if (length(clusters) != n || anyNA(clusters)) {
    abort("input", "{.arg clusters} must have {n} value{?s}, one a row and none missing.", call = call)
  }
  clusters <- match(clusters, unique(clusters)) - 1L
  if (max(clusters) < 1) abort("data", "{.arg clusters} has one cluster only.", call = call)
  clusters
}

# What the core can number.
check_forest_size <- function(blueprint, call = rlang::caller_env()) {
  if (length(blueprint) > 65535) {
    abort("data", "{.arg x} has {length(blueprint)} columns; a forest takes at most 65535.", call = call)
  }
  levels <- vapply(blueprint, function(b) length(b$levels), 1L)
  many <- names(blueprint)[levels > 65534]
  if (length(many)) {
    abort("data", c(
      "Column {.val {many[1]}} has {levels[[many[1]]]} levels; a forest takes at most 65534.",
      i = "Leave the column out, or merge its levels."
    ), call = call)
  }
}

# What the core fits: kind, y as doubles, classes.
forest_target <- function(y, n, call = rlang::caller_env()) {
  if (length(y) != n) abort("input", "{.arg y} has {length(y)} value{?s} for {n} row{?s} of {.arg x}.", call = call)
  bad <- sum(is.na(y) | is_infinite(y))
  if (bad) {
    abort("data", c("{.arg y} is missing or infinite in {bad} of {n} rows.", i = "Drop these rows."), call = call)
  }
  check_size_of_numbers(y, "y", call)
  if (is.logical(y) || is.character(y)) y <- factor(y)
  if (is.factor(y)) {
    y <- droplevels(y)
    kind <- if (nlevels(y) == 2) "binary" else if (nlevels(y) == 1) "mean" else "classes"
    return(list(kind = kind, values = as.numeric(y) - 1, classes = levels(y), ordered = is.ordered(y)))
  }
  if (!is.numeric(y)) abort("input", "{.arg y} must be a number, a factor or logical, not {describe(y)}.", call = call)
  list(kind = if (all(y %in% c(0, 1))) "binary" else "mean", values = as.numeric(y), classes = NULL)
}

new_forest <- function(raw, target, blueprint, options, sampling) {
  fit <- structure(list(
    model = raw$model, kind = target$kind, classes = target$classes, ordered = isTRUE(target$ordered),
    blueprint = blueprint, options = options,
    min_node_size = raw$min_node_size, candidates = options$min_node_size, losses = raw$losses, nodes = raw$nodes,
    n = length(target$values), extra_trees = raw$extra_trees, y = target$values,
    n_clusters = if (length(sampling$clusters)) max(sampling$clusters) + 1L,
    weights = if (length(sampling$weights)) sampling$weights,
    importance = forest_importance(raw, target, blueprint, options$importance)
  ), class = "causalsynth_forest")
  fit$options$min_node_size <- NULL
  if (length(raw$oob)) {
    fit$oob <- forest_values(fit, raw$oob)
    fit$oob_error <- min(raw$losses)
  }
  fit
}

# Numbers of the core as the user sees them: a vector for means, a matrix with a column a class otherwise.
forest_values <- function(fit, values) {
  if (is.null(fit$classes)) return(values[, 1])
  if (length(fit$classes) == 1) values <- matrix(1, nrow(values), 1)
  if (fit$kind == "binary") values <- cbind(1 - values[, 1], values[, 1])
  colnames(values) <- fit$classes
  values
}

#' @rdname forest
#' @param object A forest.
#' @param newdata Data frame or matrix, perhaps sparse, of new rows with the columns of the fit; default: the
#'   out-of-bag predictions.
#' @param type `"response"`: means, or the most probable class; `"prob"`: class probabilities, one column a
#'   class; `"leaf"`: the index of each row's leaf, an integer matrix of rows by trees.
#' @param se.fit Also return standard errors of means or probabilities? Then the result is a list of `fit` and `se.fit`,
#'   of one shape. They are the infinitesimal jackknife's, from the bags and the trees' predictions, with its Monte
#'   Carlo bias taken off (Wager, Hastie and Efron 2014), and the factor for draws without replacement (Wager and
#'   Athey 2018); with clusters, these are what varies. They rest on a first-order expansion, and are too small for
#'   small leaves of bags drawn with replacement; `replace = FALSE, sample_fraction = 0.5`, of which the theory
#'   speaks, errs on the safe side. Where trees are few, a variance may come out negative: its standard error is `NA`,
#'   and a warning of class `causalsynth_warning_fit` says how many.
#' @export
predict.causalsynth_forest <- function(object, newdata = NULL, type = c("response", "prob", "leaf"), ...,
                                       se.fit = FALSE, threads = NULL) {
  check_dots_empty(...)
  type <- check_choice(type, c("response", "prob", "leaf"), "type")
  if (type == "prob" && object$kind == "mean" && is.null(object$classes)) {
    abort("input", "{.code type = \"prob\"} needs a forest for classes; this one predicts means.")
  }
  if (check_flag(se.fit, "se.fit")) return(predict_forest_se(object, newdata, type, threads))
  if (is.null(newdata)) {
    if (type == "leaf") abort("input", "{.arg newdata} is needed for {.code type = \"leaf\"}.")
    if (is.null(object$oob)) abort_no_oob(object, "Give {.arg newdata}.")
    return(forest_response(object, object$oob, type))
  }
  encoded <- encode_forest_rows(object, newdata)
  if (type == "leaf") {
    return(forest_leaves(object$model, encoded, nrow(newdata), run_control(threads)) + 1L)
  }
  values <- forest_predict(object$model, encoded, nrow(newdata), FALSE, run_control(threads))
  forest_response(object, forest_values(object, values), type)
}

# Out-of-bag predictions for the training rows with changed columns: means, or a matrix of probabilities.
forest_predict_oob <- function(object, newdata, threads = NULL) {
  encoded <- encode_forest_rows(object, newdata)
  forest_values(object, forest_predict(object$model, encoded, nrow(newdata), TRUE, run_control(threads)))
}

encode_forest_rows <- function(object, newdata, arg = "newdata", call = rlang::caller_env()) {
  if (is.matrix(newdata)) {
    if (is.null(colnames(newdata))) colnames(newdata) <- made_names(ncol(newdata))
    newdata <- as.data.frame(newdata)
  }
  if (is_matrix_class(newdata)) newdata <- sparse_frame(newdata, arg, call)
  check_data_frame(newdata, arg, min_rows = 0, call = call)
  if (!is.null(object$terms) && !is_sparse_frame(newdata)) newdata <- learner_frame(object$terms, newdata, call = call)
  encode_columns(newdata, object$blueprint, arg, call = call)
}

forest_response <- function(object, values, type) {
  if (is.null(object$classes)) return(if (type == "prob") cbind(`0` = 1 - values, `1` = values) else values)
  if (type == "prob") return(values)
  best <- object$classes[max.col(values, "first")]
  factor(best, levels = object$classes, ordered = isTRUE(object$ordered))
}
