# What a learner of columns (a forest, not a linear model) sees of a formula's terms: each variable or expression of a
# term as columns, matrices such as splines::ns() split. Interactions need no column of their own.
learner_frame <- function(terms, data, call = rlang::caller_env()) {
  if (attr(terms, "response") > 0) terms <- stats::delete.response(terms)
  variables <- as.list(attr(terms, "variables"))[-1]
  plain <- vapply(variables, is.name, NA)
  # Inside an expression, as k in ns(x, df = k), a name may come from the formula's environment.
  absent <- setdiff(all.vars(terms), names(data))
  columns <- absent %in% vapply(variables[plain], as.character, "")
  found <- vapply(absent, function(name) !is.null(get0(name, environment(terms), inherits = TRUE)), NA)
  absent <- absent[columns | !found]
  if (length(absent)) {
    abort("data", "The rows lack {length(absent)} column{?s} of the fit: {.val {absent}}.", call = call)
  }
  if (all(plain)) {
    names <- vapply(variables, as.character, "")
    return(unclass_frame(data[names]))
  }
  frame <- stats::model.frame(terms, data, na.action = stats::na.pass)
  columns <- list()
  for (name in names(frame)) {
    value <- frame[[name]]
    if (is.matrix(value)) {
      for (j in seq_len(ncol(value))) columns[[paste0(name, ".", j)]] <- as.numeric(value[, j])
    } else {
      columns[[name]] <- if (inherits(value, "AsIs")) as.vector(value) else value
    }
  }
  structure(columns, class = "data.frame", row.names = .set_row_names(nrow(data)))
}

# The terms with what their functions learnt from the fitted rows (knots of splines::ns(), centres of scale()), so
# that new rows become the same columns. The attribute "columns" tells the data's columns from what an expression takes
# from the formula's environment (see formula_constants()).
fixed_terms <- function(terms, data) {
  if (attr(terms, "response") > 0) terms <- stats::delete.response(terms)
  variables <- as.list(attr(terms, "variables"))[-1]
  if (all(vapply(variables, is.name, NA))) return(terms)
  columns <- intersect(all.vars(terms), names(data))
  structure(attr(stats::model.frame(terms, data, na.action = stats::na.pass), "terms"), columns = columns)
}

unclass_frame <- function(data) {
  structure(as.list(data), class = "data.frame", row.names = .set_row_names(nrow(data)))
}
