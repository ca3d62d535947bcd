#' Forest generator
#'
#' The default generator: the joint law of mixed columns as a chain of conditional laws in the order of the columns.
#' Categories (factors, numbers of few values, values shared by many rows, and missing values) are drawn from
#' probability forests; the rest of a numeric column from a linear part plus a residual drawn from the leaf of a
#' random tree. Leaves draw between their order statistics, so that no continuous training value comes back, and
#' have at least five rows; node sizes are chosen by out-of-bag error.
#'
#' @param trees Trees of each forest.
#' @param min_node_size Node size of every forest, or `NULL` to choose it for each column by out-of-bag error.
#' @param most_atoms A numeric column of at most so many distinct values is drawn as categories.
#' @param atom_share A number shared by at least this share of rows (a spike, such as zero) is drawn as a category.
#' @return A generator spec, an object of class `causalsynth_gen`, for [fit_generator()] and [fit_hybrid()].
#' @seealso [gen_data()] for rows made elsewhere.
#' @references Sequential synthesis: Reiter (2005) "Using CART to generate partially synthetic public use
#'   microdata", Journal of Official Statistics 21(3).
#' @examples
#' gen_forest(trees = 100)
#' @export
gen_forest <- function(trees = 50, min_node_size = NULL, most_atoms = 20, atom_share = 0.03,
                       min_count = 5) {
  structure(list(
    label = "forest chain",
    settings = list(
      trees = check_whole(trees, "trees", max = 1e5),
      min_node_size = if (is.null(min_node_size)) 0 else check_whole(min_node_size, "min_node_size"),
      most_atoms = check_whole(most_atoms, "most_atoms", min = 2),
      atom_share = check_number(atom_share, "atom_share", 1e-9, 1),
      min_count = check_whole(min_count, "min_count", min = 1, max = 1e6)
    )
  ), class = c("gen_forest", "causalsynth_gen"))
}

#' @exportS3Method
learn_rows.gen_forest <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  blueprint <- column_blueprint(data)
  levels <- vapply(blueprint, function(b) length(b$levels), 1L)
  check_no_identifier(levels, nrow(data), call)
  alone <- names(levels)[levels * as.numeric(nrow(data)) > 1e7]
  decimals <- vapply(blueprint, function(b) if (is.na(b$decimals)) -1L else as.integer(b$decimals), 1L)
  ordered <- vapply(data, is.ordered, TRUE)
  model <- sequential_fit(
    encode_columns(data, blueprint, "data", call), nrow(data),
    c(spec$settings, list(decimals = unname(decimals), ordered = as.integer(ordered), weights = as.double(weights),
                          key = unclass(key))),
    run_control(threads, "Fitting the generator")
  )
  structure(
    list(model = model, notes = c(
      sprintf("%s trees a column", format(spec$settings$trees, big.mark = ",")),
      if (length(alone)) paste("Too many levels, drawn without regard to other columns:", toString(alone))
    )),
    class = "fitted_gen_forest"
  )
}

# A column in which most rows have a level of their own names people: its levels would be handed out as they are.
check_no_identifier <- function(levels, n, call) {
  bad <- names(levels)[levels > 50 & levels > n / 2]
  if (length(bad) == 0) return(invisible())
  abort("data", c(
    "Column {.val {bad[1]}} looks like identifiers: {levels[bad[1]]} levels in {n} rows.",
    i = "Leave such columns out of the generator; their levels would come back as they are."
  ), call = call)
}

#' @exportS3Method
draw_columns.fitted_gen_forest <- function(fit, n, key, threads) {
  levels <- vapply(fit$blueprint, function(b) if (b$kind == "factor") length(b$levels) else -1L, 1L, USE.NAMES = FALSE)
  sequential_draw(fit$model, n, unclass(key), levels, run_control(threads, "Drawing rows"))
}
