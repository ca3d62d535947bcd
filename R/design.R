# From terms and data to a numeric design matrix; knots, levels, contrasts and fill values are fixed at fit.

# Returns list(design, x): `design` encodes new rows alike; `x` is the matrix of `data`. A missing number becomes the
# column's mean, a missing level its mode, each with an indicator column `<name>:missing`.
fit_design <- function(terms, data, call = rlang::caller_env()) {
  variables <- intersect(all.vars(terms), names(data))
  blueprint <- column_blueprint(data[variables], decimals = FALSE)
  missing <- vapply(data[variables], function(x) if (anyNA(x)) sum(is.na(x)) else 0, 1)
  design <- list(
    terms = terms, variables = variables, blueprint = blueprint, fills = lapply(data[variables], fill_value),
    indicators = variables[missing > 0], n_missing = missing[missing > 0]
  )
  complete <- complete_columns(design, data, call)
  design$plain <- is_plain_design(terms, complete)
  if (design$plain) {
    x <- plain_matrix(design, complete, data)
  } else {
    frame <- stats::model.frame(terms, complete, na.action = stats::na.pass)
    design$terms <- attr(frame, "terms")
    design$xlev <- stats::.getXlevels(design$terms, frame)
    x <- frame_matrix(design, frame, data)
    design$contrasts <- attr(x, "contrasts")
    attr(x, "contrasts") <- NULL
  }
  check_finite_design(x, call)
  design$columns <- colnames(x)
  list(design = design, x = x)
}

# The matrix of new rows. Unseen levels are an error with their names.
design_matrix <- function(design, data, call = rlang::caller_env()) {
  encode_columns(data, design$blueprint, call = call)
  complete <- complete_columns(design, data, call)
  if (isTRUE(design$plain)) {
    x <- plain_matrix(design, complete, data)
  } else {
    frame <- tryCatch(
      stats::model.frame(design$terms, complete, na.action = stats::na.pass, xlev = design$xlev),
      error = function(e) {
        abort("data", c("New rows do not fit the model's terms.", x = "{conditionMessage(e)}"), call = call)
      }
    )
    x <- frame_matrix(design, frame, data)
    attr(x, "contrasts") <- NULL
  }
  check_finite_design(x, call)
  x
}

# Is each term a variable by itself, a number or a factor in treatment coding? Then the matrix needs no model frame.
is_plain_design <- function(terms, complete) {
  variables <- as.list(attr(terms, "variables"))[-1]
  alone <- attr(terms, "intercept") == 1 && all(attr(terms, "order") == 1) && is.null(attr(terms, "offset")) &&
    all(vapply(variables, is.name, NA)) && length(variables) == length(attr(terms, "term.labels"))
  if (!alone) return(FALSE)
  treatment <- identical(unname(getOption("contrasts")[1]), "contr.treatment")
  all(vapply(variables, function(name) {
    x <- complete[[as.character(name)]]
    (is.numeric(x) && !is.object(x) && is.null(dim(x))) ||
      (treatment && identical(class(x), "factor") && is.null(attr(x, "contrasts")))
  }, NA))
}

# What model.matrix() gives of such terms: a column of ones, numbers as they are, 0/1 for each level but the first. A
# factor of one level stands as a column of zeros, which the solver sets aside.
plain_matrix <- function(design, complete, data) {
  labels <- attr(design$terms, "term.labels")
  names <- vapply(as.list(attr(design$terms, "variables"))[-1], as.character, "")
  columns <- list(rep(1, .row_names_info(complete, 2L)))
  headers <- "(Intercept)"
  for (j in seq_along(names)) {
    x <- complete[[names[j]]]
    if (is.factor(x) && nlevels(x) > 1) {
      codes <- as.integer(x)
      columns <- c(columns, lapply(seq_len(nlevels(x))[-1], function(level) as.numeric(codes == level)))
      headers <- c(headers, paste0(labels[j], levels(x)[-1]))
    } else {
      columns <- c(columns, list(if (is.factor(x)) numeric(length(x)) else x))
      headers <- c(headers, labels[j])
    }
  }
  columns <- c(columns, lapply(design$indicators, function(name) as.numeric(is.na(data[[name]]))))
  # The ones make all of it doubles; setting `dim` copies nothing.
  x <- unlist(columns, use.names = FALSE)
  dim(x) <- c(length(columns[[1]]), length(columns))
  dimnames(x) <- list(NULL, c(headers, if (length(design$indicators)) paste0(design$indicators, ":missing")))
  x
}

fill_value <- function(x) {
  known <- if (anyNA(x)) x[!is.na(x)] else x
  if (length(known) == 0) return(if (is.numeric(x)) 0 else if (is.logical(x)) FALSE else NA)
  # The most frequent; the first in the alphabet among equals.
  if (is.factor(x) || is.character(x) || is.logical(x)) {
    if (is.factor(x)) {
      counts <- stats::setNames(tabulate(known, nlevels(x)), levels(x))
      counts <- counts[sort(names(counts))]
      return(names(counts)[which.max(counts)])
    }
    counts <- table(as.character(known))
    mode <- names(counts)[which.max(counts)]
    return(if (is.logical(x)) as.logical(mode) else mode)
  }
  mean(known)
}

# Variables filled, text as factors with the levels seen at fit.
complete_columns <- function(design, data, call) {
  columns <- unclass(data)
  for (name in design$variables) {
    x <- columns[[name]]
    entry <- design$blueprint[[name]]
    if (entry$kind == "factor" && (is.character(x) || !identical(levels(x), entry$levels))) {
      x <- factor(as.character(x), levels = entry$levels, ordered = is.ordered(entry$ptype))
    }
    if (anyNA(x)) x[is.na(x)] <- design$fills[[name]]
    columns[[name]] <- x
  }
  structure(columns, class = "data.frame", row.names = .set_row_names(.row_names_info(data, 2L)))
}

frame_matrix <- function(design, frame, data) {
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
  attr(x, "assign") <- NULL
  dimnames(x) <- list(NULL, colnames(x))
  storage.mode(x) <- "double"
  attr(x, "contrasts") <- contrasts
  x
}

check_finite_design <- function(x, call) {
  # Finite sums need no second look.
  if (all(is.finite(colSums(x)))) return(invisible())
  bad <- colSums(!is.finite(x))
  if (any(bad > 0)) {
    abort("data", c(
      paste("{sum(bad > 0)} column{?s} of the design {?is/are} not finite:",
            "{.val {names(bad)[bad > 0]}} ({max(bad)} row{?s})."),
      i = "Mend the transformation in the formula, such as the log of a value that is not positive."
    ), call = call)
  }
}
