# Roles of a study: `Y ~ A | W1 + W2`, checked against the data before any work.

# Splits the formula. Returns a list: outcome, treatment (names), covariates (names of variables), terms (a `terms`
# object of the covariates' side, dots expanded; learners build their design from it), formula.
parse_roles <- function(formula, data, call = rlang::caller_env()) {
  if (!inherits(formula, "formula") || length(formula) != 3) {
    abort("input", c(
      "{.arg formula} must be a formula {.code Y ~ A | W1 + W2}.",
      x = "It is {describe(formula)}.",
      i = if (is.character(formula)) "Write the formula without quotes."
          else if (is.data.frame(formula)) "Rows go to another argument, such as {.code data = } or {.code holdout = }."
    ), call = call)
  }
  rhs <- formula[[3]]
  if (!(is.call(rhs) && identical(rhs[[1]], as.name("|")))) {
    abort("input", c(
      "{.arg formula} has no {.code |}: covariates must follow the treatment.",
      i = "Write {.code Y ~ A | W1 + W2}, or {.code Y ~ A | .} for all other columns."
    ), call = call)
  }
  outcome <- role_name(formula[[2]], "outcome", call)
  treatment <- role_name(rhs[[2]], "treatment", call)
  if (outcome == treatment) {
    abort("input", "Outcome and treatment are the same column, {.val {outcome}}.", call = call)
  }
  check_known_columns(c(outcome, treatment), data, call)
  others <- data[setdiff(names(data), c(outcome, treatment))]
  side <- stats::reformulate("1")
  side[[2]] <- rhs[[3]]
  environment(side) <- environment(formula)
  check_known_columns(setdiff(all.vars(side), "."), data, call)
  if (length(others) == 0 && "." %in% all.vars(side)) {
    abort("data", c("There is no covariate: the data have no column beside {.val {outcome}} and {.val {treatment}}.",
                    i = "Write {.code Y ~ A | 1} to analyse without covariates."), call = call)
  }
  terms <- kept_terms(model_terms(side, others, "formula", call))
  covariates <- intersect(all.vars(terms), names(data))
  inside <- intersect(c(outcome, treatment), covariates)
  if (length(inside)) {
    abort("input", "{.val {inside}} {?is/are} both a covariate and the outcome or treatment.", call = call)
  }
  list(outcome = outcome, treatment = treatment, covariates = covariates, terms = terms, formula = formula)
}

# What stats::terms() refuses, such as `"W1"`, `NULL` or `W1^2^2`, is the user's formula.
model_terms <- function(formula, data, arg, call) {
  terms <- tryCatch(stats::terms(formula, data = data), error = function(e) {
    said <- conditionMessage(e)
    abort("input", c(
      "{.arg {arg}} has covariates that are no model formula.",
      x = "{.code {deparse1(formula)}}: {said}.",
      i = "Write names of columns and functions of them, joined by {.code +}."
    ), call = call)
  })
  if (!is.null(attr(terms, "offset"))) {
    abort("input", c("{.arg {arg}} has an {.fn offset}, which no learner here takes.",
                     i = "Subtract it from the outcome, or give its column as a covariate."), call = call)
  }
  terms
}

# Terms without what a formula took away: `. - id` must not leave `id` among the variables.
kept_terms <- function(terms) {
  used <- attr(terms, "factors")
  if (is.matrix(used) && all(rowSums(used) > 0) && attr(terms, "intercept") == 1) return(terms)
  labels <- attr(terms, "term.labels")
  side <- stats::reformulate(if (length(labels)) labels else "1")
  environment(side) <- environment(terms)
  stats::terms(side)
}

role_name <- function(expr, role, call) {
  if (!is.name(expr)) {
    abort("input", c(
      "The {role} in {.arg formula} must be the name of a column, not {.code {deparse1(expr)}}.",
      i = "Compute it as a column of {.arg data} first."
    ), call = call)
  }
  as.character(expr)
}

# A name that is no column may stand for a variable of the formula's environment, within an expression only:
# `sin(pi * W4)`.
check_known_columns <- function(names, data, call, formula = parent.frame()$formula) {
  unknown <- setdiff(names, names(data))
  if (length(unknown) && inherits(formula, "formula")) {
    outside <- setdiff(unknown, plain_names(formula))
    found <- lapply(outside, get0, envir = environment(formula) %||% globalenv())
    # A function by that name is no value: a mistyped column in `log(t)` stays an error.
    unknown <- setdiff(unknown, outside[!vapply(found, function(v) is.null(v) || is.function(v), NA)])
  }
  if (length(unknown) == 0) return(invisible())
  near <- unique(unlist(lapply(unknown, function(u) {
    near_names(u, names(data))
  })))
  abort("input", c(
    "{.arg formula} names {length(unknown)} unknown column{?s}: {.val {unknown}}.",
    i = if (length(near)) "Did you mean {.val {near}}?" else "The data have {.val {utils::head(names(data), 12)}}."
  ), call = call)
}

# Names that are terms by themselves, such as W1 and W2 in `Y ~ A | W1 * W2 + log(W3)`.
plain_names <- function(expr) {
  operators <- c("~", "|", "+", "-", "*", ":", "/", "^", "%in%", "(")
  found <- list()
  # Sums nest to the left as deeply as they are long: a loop, no recursion.
  while (is.call(expr) && deparse1(expr[[1]]) %in% operators) {
    found <- c(list(unlist(lapply(as.list(expr)[-(1:2)], plain_names))), found)
    expr <- expr[[2]]
  }
  c(if (is.name(expr)) as.character(expr), unlist(found))
}

# A study ready for estimation: roles, `treat` (0/1), `outcome_values` (numeric), `covs` (data frame of the covariates'
# variables), the treatment's labels, family ("binomial" if Y takes two values, 0 and 1, else "gaussian"), counts.
# `coded`: how the treatment is read.
study_data <- function(formula, data, na.action = NULL, call = rlang::caller_env(), coded = binary_treatment) {
  check_data_frame(data, "data", call = call)
  roles <- parse_roles(formula, data, call)
  omitted <- rows_with_missing_role(roles, data, na.action, call)
  if (length(omitted)) data <- data[-omitted, , drop = FALSE]
  check_data_frame(data, "data", call = call)
  for (name in c(roles$treatment, roles$outcome)) check_text(data[[name]], name, call)
  treat <- coded(data[[roles$treatment]], roles$treatment, call)
  outcome <- numeric_outcome(data[[roles$outcome]], roles$outcome, call)
  covs <- data[roles$covariates]
  class(covs) <- "data.frame"
  for (name in names(covs)) check_covariate(covs[[name]], name, call)
  c(roles, list(
    treat = treat$values, treat_levels = treat$levels, outcome_values = outcome$values,
    outcome_levels = outcome$levels, covs = covs, family = outcome$family, n = nrow(data), n_omitted = length(omitted)
  ))
}

kept_rows <- function(x, omitted) if (length(omitted)) x[-omitted] else x

rows_with_missing_role <- function(roles, data, na.action, call) {
  omit <- identical(na.action, stats::na.omit) || identical(na.action, "na.omit") ||
    identical(na.action, stats::na.exclude)
  rows <- integer()
  for (name in c(roles$treatment, roles$outcome)) {
    check_kind(data[[name]], name, call)
    bad <- which(is.na(data[[name]]) | is_infinite(data[[name]]))
    if (length(bad) && !omit) {
      what <- if (any(is_infinite(data[[name]]))) "missing or infinite" else "missing"
      abort("data", c(
        "Column {.val {name}} is {what} in {length(bad)} of {nrow(data)} row{?s}.",
        i = if (is.null(na.action)) "Drop these rows first."
        else "Drop these rows yourself, or with {.code na.action = na.omit}."
      ), call = call)
    }
    rows <- union(rows, bad)
    check_size_of_numbers(data[[name]][setdiff(seq_len(nrow(data)), bad)], paste0("Column \"", name, "\""), call)
  }
  sort(rows)
}

is_infinite <- function(x) if (is.numeric(x)) is.infinite(x) else rep(FALSE, length(x))

# 0/1, logical or a factor (or text) of two levels; the first level is the reference, 0.
binary_treatment <- function(x, name, call) {
  if (is.character(x)) x <- factor(x)
  if (is.logical(x)) {
    values <- as.numeric(x)
    levels <- c("FALSE", "TRUE")
  } else if (is.factor(x)) {
    x <- droplevels(x)
    values <- as.numeric(x) - 1
    levels <- levels(x)
    if (nlevels(x) == 1) abort_one_arm(name, levels, call)
    if (nlevels(x) > 2) abort_not_binary(name, count_phrase(nlevels(x), "level"), call)
  } else if (is.numeric(x)) {
    if (!all(x %in% c(0, 1))) {
      values <- paste("values", paste(utils::head(sort(unique(x)), 5), collapse = ", "))
      abort_not_binary(name, values, call, paste0(
        "Its values may be arms of their own: {.fn estimate_effect} and {.fn nuisance} take {.code factor({name})}."
      ))
    }
    values <- as.numeric(x)
    levels <- c("0", "1")
  } else {
    abort_not_binary(name, paste("class", class(x)[1]), call)
  }
  if (length(unique(values)) == 1) abort_one_arm(name, levels[values[1] + 1], call)
  list(values = values, levels = levels)
}

abort_not_binary <- function(name, what, call, hint = NULL) {
  abort("data", c(
    "The treatment {.val {name}} is not binary: it has {what}.",
    i = "Give 0 and 1, TRUE and FALSE, or a factor of two levels (the first is the reference).",
    i = hint
  ), call = call)
}

abort_one_arm <- function(name, level, call) {
  abort("data", c(
    "All rows have {.code {name} = {level}}: there is only one arm.",
    i = "An effect needs rows of both arms."
  ), call = call)
}

numeric_outcome <- function(x, name, call) {
  levels <- NULL
  if (is.character(x)) x <- factor(x)
  if (is.factor(x)) {
    x <- droplevels(x)
    if (nlevels(x) > 2) {
      abort("data", c(
        "The outcome {.val {name}} is a factor of {nlevels(x)} levels.",
        i = "Give a number, 0 and 1, TRUE and FALSE, or a factor of two levels."
      ), call = call)
    }
    levels <- levels(x)
    x <- as.numeric(x) - 1
  } else if (is.logical(x)) {
    levels <- c("FALSE", "TRUE")
  } else if (!is.numeric(x)) {
    abort("data", "The outcome {.val {name}} must be a number, not {describe(x)}.", call = call)
  }
  values <- as.numeric(x)
  if (length(unique(values)) == 1) {
    abort("data", c(
      "The outcome {.val {name}} is constant ({.val {values[1]}} in all {length(values)} rows).",
      i = "No effect can be estimated from a constant outcome."
    ), call = call)
  }
  if (isTRUE(max(abs(values)) < smallest_number)) {
    abort("data", c(
      "The outcome {.val {name}} is below {format(smallest_number)} in size in all {length(values)} rows.",
      i = "Squares of such numbers vanish: give it in other units."
    ), call = call)
  }
  list(values = values, levels = levels, family = if (all(values %in% c(0, 1))) "binomial" else "gaussian")
}

# What no function takes as a column, whatever it does with it.
check_kind <- function(x, name, call) {
  if (is.list(x) || length(dim(x)) > 1) {
    abort("data", "Column {.val {name}} is a {class(x)[1]}: one value a row is needed.", call = call)
  }
  if (typeof(x) %in% c("complex", "raw")) {
    abort("data", c(
      "Column {.val {name}} is {typeof(x)}.",
      i = "Give numbers, logicals, dates, text or a factor."
    ), call = call)
  }
}

check_covariate <- function(x, name, call) {
  check_kind(x, name, call)
  infinite <- sum(is_infinite(x))
  if (infinite) {
    abort("data", c(
      "Column {.val {name}} is infinite in {infinite} of {length(x)} rows.",
      i = "Set such values to NA if they stand for missing ones, or drop the rows."
    ), call = call)
  }
  check_size_of_numbers(x, paste0("Column \"", name, "\""), call)
  check_text(x, name, call)
}

check_text <- function(x, name, call) {
  text <- if (is.factor(x)) levels(x) else if (is.character(x)) x else character()
  bad <- sum(is_foreign(text))
  if (bad) {
    abort("data", c(
      "Column {.val {name}} holds text that is not valid UTF-8 ({bad} value{?s}).",
      i = "Read the file with its true encoding, for instance {.code fileEncoding = \"latin1\"}."
    ), call = call)
  }
  invisible()
}
