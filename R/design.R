# From terms and data to a numeric design matrix; knots, levels, contrasts and fill values are fixed at fit.

# Returns list(design, x): `design` encodes new rows alike; `x` is the matrix of `data`. A missing number becomes the
# column's mean, a missing level its mode, each with an indicator column `<name>:missing`.
fit_design <- function(terms, data, call = rlang::caller_env()) {
  variables <- intersect(all.vars(terms), names(data))
  blueprint <- column_blueprint(data[variables])
  fills <- lapply(data[variables], fill_value)
  missing <- vapply(data[variables], function(x) sum(is.na(x)), 1)
  design <- list(
    terms = terms, variables = variables, blueprint = blueprint, fills = fills,
    indicators = variables[missing > 0], n_missing = missing[missing > 0]
  )
  frame <- stats::model.frame(terms, complete_columns(design, data, call), na.action = stats::na.pass)
  design$terms <- attr(frame, "terms")
  design$xlev <- stats::.getXlevels(design$terms, frame)
  x <- frame_matrix(design, frame, data, call)
  design$contrasts <- attr(x, "contrasts")
  attr(x, "contrasts") <- NULL
  design$columns <- colnames(x)
  list(design = design, x = x)
}

# The matrix of new rows. Unseen levels are an error with their names.
design_matrix <- function(design, data, call = rlang::caller_env()) {
  encode_columns(data, design$blueprint, call = call)
  complete <- complete_columns(design, data, call)
  frame <- tryCatch(
    stats::model.frame(design$terms, complete, na.action = stats::na.pass, xlev = design$xlev),
    error = function(e) {
      abort("data", c("New rows do not fit the model's terms.", x = "{conditionMessage(e)}"), call = call)
    }
  )
  x <- frame_matrix(design, frame, data, call)
  attr(x, "contrasts") <- NULL
  x
}

fill_value <- function(x) {
  known <- x[!is.na(x)]
  if (length(known) == 0) return(if (is.numeric(x)) 0 else if (is.logical(x)) FALSE else NA)
  if (is.factor(x) || is.character(x) || is.logical(x)) {
    counts <- table(as.character(known))
    mode <- names(counts)[which.max(counts)]
    return(if (is.logical(x)) as.logical(mode) else mode)
  }
  mean(known)
}

# Variables filled, text as factors with the levels seen at fit.
complete_columns <- function(design, data, call) {
  class(data) <- "data.frame"
  for (name in design$variables) {
    x <- data[[name]]
    entry <- design$blueprint[[name]]
    if (entry$kind == "factor" && (is.character(x) || !identical(levels(x), entry$levels))) {
      x <- factor(as.character(x), levels = entry$levels, ordered = is.ordered(entry$ptype))
    }
    x[is.na(x)] <- design$fills[[name]]
    data[[name]] <- x
  }
  data
}

frame_matrix <- function(design, frame, data, call) {
  # A factor of one level has no contrasts: it stands as a column of zeros, which the solver sets aside.
  for (name in names(frame)) {
    if (is.factor(frame[[name]]) && nlevels(frame[[name]]) < 2) frame[[name]] <- rep(0, nrow(frame))
  }
  x <- stats::model.matrix(design$terms, frame, contrasts.arg = design$contrasts)
  contrasts <- attr(x, "contrasts")
  for (name in design$indicators) {
    x <- cbind(x, as.numeric(is.na(data[[name]])))
    colnames(x)[ncol(x)] <- paste0(name, ":missing")
  }
  bad <- colSums(!is.finite(x))
  if (any(bad > 0)) {
    abort("data", c(
      paste("{sum(bad > 0)} column{?s} of the design {?is/are} not finite:",
            "{.val {names(bad)[bad > 0]}} ({max(bad)} row{?s})."),
      i = "Mend the transformation in the formula, such as the log of a value that is not positive."
    ), call = call)
  }
  attr(x, "assign") <- NULL
  dimnames(x) <- list(NULL, colnames(x))
  storage.mode(x) <- "double"
  attr(x, "contrasts") <- contrasts
  x
}
