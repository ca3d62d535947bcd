#' Forest generator
#'
#' The default generator: the joint law of mixed columns as a chain of conditional laws, each column given those before
#' it. What predicts best is found out column by column: regressions, forests, or a mixture of both.
#'
#' @details
#' A column is a class - a level, a spike (a number that many rows share), missing, or "a number" - and where it is
#' that, a number.
#'
#' The **class** follows a mixture of three laws: its overall shares; a chain of ridge logistic regressions, each class
#' against those that follow it (in the order of ordered levels, else by frequency); and a probability forest. The
#' mixture's weights maximise the log score of each row's class under laws that did not see the row: out of bag for the
#' forest, by one Newton step without the row for the regressions. The regressions are refitted so that
#' the
#' mixture keeps its score equations: group differences, such as effects, are not shrunk towards the forest's.
#'
#' The **number** is a ridge regression, on its own scale or on that of its normal scores, plus a residual; products of
#' terms and a spread that depends on the terms are there if the left-out log score gains. The residual follows a
#' mixture,
#' weighted likewise, of one smooth law for all rows, the same around a forest's mean, and histograms in the leaves of a
#' forest. Smooth laws are kernel estimates, their bandwidth by left-out likelihood. Numbers are rounded as the seed's
#' are. Missing values are a class like others, given the columns before: their pattern may depend on these.
#'
#' **Given columns.** With `given` in [generate()][generate.causalsynth_generator], each row is chosen by sequential
#' importance resampling among 32 candidates, weighted by the probability of what is given: columns early in the chain
#' follow their law given later ones up to the finite number of candidates. Values beyond what the seed makes likely
#' leave too few different candidates, and earlier columns then move too little.
#'
#' **What is stored.** No row, and no field a row: coefficients, smooth laws at 113 points, trees over jittered cuts,
#' and
#' in their leaves shares of at least `min_count` rows, in steps of 1/65,535. Ends of a column's range are drawn
#' between its
#' outermost values. Numbers are stored as they are only where they are levels of a column of at most `most_atoms`
#' values or
#' spikes, and where `min_count` rows share them; rarer levels are never drawn (unless no level has as many), and the
#' print counts them. The names of levels are kept. This bounds what the file holds; it proves nothing about what can
#' be inferred from synthetic rows: see [dcr()].
#'
#' @param trees Trees of each forest.
#' @param min_node_size Node size of every forest, or `NULL` to choose it for each column by out-of-bag error.
#' @param most_atoms A numeric column of at most so many distinct values is drawn as classes.
#' @param atom_share A number shared by at least this share of rows, and by three times as many as the values around it
#'   (a spike, such as zero), is a class.
#' @param min_count Rows that a level, a spike and a leaf of a tree must have.
#' @param order Order of the chain: `"data"`, as the columns stand, or `"association"`, the column most associated with
#'   the others first. Or a vector of all columns' names.
#' @param ... Unknown names are an error.
#' @return A generator spec, an object of class `causalsynth_gen`, for [fit_generator()] and [fit_hybrid()].
#' @seealso [gen_data()] for rows made elsewhere, [gen_copula()] for a transparent law.
#' @references Sequential synthesis: Reiter (2005) "Using CART to generate partially synthetic public use
#'   microdata", Journal of Official Statistics 21(3). Weights by left-out log score: Yao, Vehtari, Simpson and Gelman
#'   (2018) \doi{10.1214/17-BA1091}. Left-out predictions of ridge regressions: Rad and Maleki (2020)
#'   \doi{10.1111/rssb.12374}. Probability forests: Malley et al. (2012). Given columns: Gordon, Salmond and Smith
#'   (1993)
#'   "Novel approach to nonlinear/non-Gaussian Bayesian state estimation", IEE Proceedings F 140(2).
#' @examples
#' gen_forest(trees = 100)
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- fit_generator(gen_forest(), study, seed = 2)
#' generate(fit, 3, seed = 3, given = list(A = 1, W4 = c(1, Inf)))
#' @export
gen_forest <- function(trees = 50, min_node_size = NULL, most_atoms = 20, atom_share = 0.03, min_count = 5,
                       order = "data", ...) {
  check_dots_empty(...)
  if (!is.character(order) || length(order) == 0 || anyNA(order) || anyDuplicated(order)) {
    abort("input", "{.arg order} must be {.val data}, {.val association}, or the columns' names, each once.")
  }
  structure(list(
    label = "forest chain",
    settings = list(
      trees = check_whole(trees, "trees", max = 1e5),
      min_node_size = if (is.null(min_node_size)) 0 else check_whole(min_node_size, "min_node_size"),
      most_atoms = check_whole(most_atoms, "most_atoms", min = 2),
      atom_share = check_number(atom_share, "atom_share", 1e-9, 1),
      min_count = check_whole(min_count, "min_count", min = 1, max = 1e6)
    ),
    order = order
  ), class = c("gen_forest", "causalsynth_gen"))
}

#' @exportS3Method
learn_rows.gen_forest <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  blueprint <- column_blueprint(data)
  check_no_identifier(blueprint, nrow(data), call)
  order <- chain_order(spec$order, data, call)
  weighed <- rows_with_weight(data, weights)
  data <- weighed$data
  decimals <- vapply(blueprint, function(b) if (is.na(b$decimals)) -1L else as.integer(b$decimals), 1L)
  settings <- c(spec$settings, list(
    decimals = unname(decimals)[order], ordered = as.integer(vapply(data, is.ordered, NA))[order],
    weights = as.double(weighed$weights), key = unclass(key)
  ))
  columns <- encode_columns(data, blueprint[order], "data", call)
  model <- from_core(sequential_fit(columns, nrow(data), settings, run_control(threads, "Fitting the generator")), call)
  laws <- sequential_laws(model)
  laws <- data.frame(column = names(blueprint)[order], laws)
  structure(list(model = model, order = order, laws = laws, notes = forest_notes(spec, laws)),
            class = "fitted_gen_forest")
}

# Positions of the columns in the order of the chain.
chain_order <- function(order, data, call) {
  if (identical(order, "data")) return(seq_along(data))
  if (identical(order, "association")) {
    rows <- lapply(data, function(x) if (is.character(x)) factor(x) else if (is.factor(x)) x else as.numeric(x))
    total <- rowSums(associations(structure(rows, class = "data.frame", row.names = .set_row_names(nrow(data))))^2)
    return(base::order(-total, seq_along(data)))
  }
  found <- match(names(data), order)
  if (anyNA(found) || length(order) != length(data)) {
    abort("input", c(
      "{.arg order} of {.fn gen_forest} must name all columns of {.arg data}.",
      x = "Left out: {.val {names(data)[is.na(found)]}}; unknown: {.val {setdiff(order, names(data))}}."
    ), call = call)
  }
  match(order, names(data))
}

forest_notes <- function(spec, laws) {
  weight <- ifelse(is.na(laws$number_forest), laws$class_forest, laws$number_forest)
  hidden <- laws$column[laws$protected > 0]
  c(
    sprintf("%s trees a column; weight of forests beside regressions: mean %.2f, most %.2f",
            format(spec$settings$trees, big.mark = ","), mean(weight), max(weight)),
    if (length(hidden)) {
      sprintf("Levels of fewer than %d rows, never drawn: %d, in %s", as.integer(spec$settings$min_count),
              as.integer(sum(laws$protected)), toString(hidden, width = 60))
    }
  )
}

# The generators that hand out the levels of columns as they are.
keepers_of_levels <- c("gen_forest", "gen_copula", "gen_row_lm", "gen_ctgan")

# A column in which most rows have a level of their own names people: its levels would be handed out as they are.
check_no_identifier <- function(blueprint, n, call) {
  levels <- vapply(blueprint, function(b) length(b$levels), 1L)
  bad <- names(levels)[levels > 50 & levels > n / 2]
  if (length(bad) == 0) return(invisible())
  abort("data", c(
    "Column {.val {bad[1]}} looks like identifiers: {levels[bad[1]]} levels in {n} rows.",
    i = "Leave such columns out of the generator; their levels would come back as they are."
  ), call = call)
}

#' @exportS3Method
draw_columns.fitted_gen_forest <- function(fit, n, key, threads) {
  drawn <- sequential_draw(fit$model, n, unclass(key), chain_levels(fit), run_control(threads, "Drawing rows"))
  drawn[order(fit$order)]
}

# Levels of the columns in the order of the chain, -1 of numbers.
chain_levels <- function(fit) {
  levels <- vapply(fit$blueprint, function(b) if (b$kind == "factor") length(b$levels) else -1L, 1L, USE.NAMES = FALSE)
  levels[fit$order]
}

#' @exportS3Method
draw_given.fitted_gen_forest <- function(fit, n, given, key, threads) {
  entries <- lapply(names(fit$blueprint)[fit$order], function(name) given[[name]])
  found <- sequential_draw_given(list(bytes = fit$model, levels = chain_levels(fit)), n, unclass(key), entries,
                                 run_control(threads, "Drawing rows"))
  if (found$lost > 0) {
    abort_exhausted(list(accepted = n - found$lost, tries = 32 * n), n, "what is given")
  }
  found$columns[order(fit$order)]
}
