# What estimates of a study are held against.

truth_kinds <- c("mechanism", "pool", "self", "tmle")

# One a source: a word of truth_kinds, a number, or a function; checked against what the source can tell.
study_truths <- function(truth, sources, ask, call) {
  names <- unique(vapply(sources, `[[`, "", "name"))
  chosen <- spread_truth(truth, names, call)
  lapply(sources, function(source) {
    own <- chosen[[source$name]] %||% default_truth(source, ask$request$estimand)
    check_truth(own, source, call)
    own
  })
}

# The argument as a list with a name a source; NULL where the default is asked for.
spread_truth <- function(truth, names, call) {
  single <- is.function(truth) || (is.atomic(truth) && length(truth) == 1 && is.null(names(truth)))
  if (is.null(truth) || single) return(stats::setNames(rep(list(truth), length(names)), names))
  foreign <- setdiff(rlang::names2(truth), names)
  if (!(is.list(truth) || is.atomic(truth)) || length(foreign)) {
    abort("input", c(
      "{.arg truth} must be one value, or several named by the sources {.val {names}}.",
      x = if (length(foreign) && !identical(foreign, "")) "It names {.val {foreign}}." else "It is {describe(truth)}."
    ), call = call)
  }
  check_unique_names(names(truth), "truth", call)
  as.list(truth)
}

default_truth <- function(source, estimand) {
  known <- tryCatch(is.finite(truth(source$original, estimand)), causalsynth_error = function(e) FALSE)
  if (!known) return("tmle")
  if (source$kind == "pool") "pool" else "mechanism"
}

check_truth <- function(truth, source, call) {
  if (is.function(truth)) return(invisible())
  if (is.numeric(truth) && length(truth) == 1 && is.finite(truth)) return(invisible())
  if (!(is.character(truth) && length(truth) == 1 && truth %in% truth_kinds)) {
    abort("input", c(
      "{.arg truth} must be {.or {.val {truth_kinds}}}, a number, or a function of the source that returns one.",
      x = "It is {describe(truth)}."
    ), call = call)
  }
  fits <- switch(truth, mechanism = source$kind %in% c("mechanism", "hybrid"), pool = source$kind == "pool", TRUE)
  if (!fits) {
    abort("input", c(
      "{.code truth = \"{truth}\"} does not fit source {.val {source$name}}, which is of kind {.val {source$kind}}.",
      i = "Give a truth for each source: {.code truth = list({source$name} = ...)}."
    ), call = call)
  }
}

# list(values: a row a source and a column a method, described: a data frame for prints). The whole source is drawn and
# analysed under keys of its own.
settle_truths <- function(truths, sources, plan, numbers, store) {
  methods <- names(plan$ask$all)
  rows <- lapply(seq_along(sources), function(i) {
    store$keep(paste0("truth-", i), function() truth_values(truths[[i]], sources[[i]], plan, numbers))
  })
  values <- matrix(unlist(rows), length(sources), length(methods), byrow = TRUE, dimnames = list(NULL, methods))
  described <- data.frame(
    source = vapply(sources, `[[`, "", "name"),
    truth = vapply(truths, function(t) if (is.character(t)) t else if (is.function(t)) "own function" else "given", ""),
    value = ifelse(apply(values, 1, function(v) isTRUE(all(v == v[1]))), values[, 1], NA)
  )
  if (length(sources[[1]]$knobs)) {
    described <- cbind(described, do.call(rbind, lapply(sources, function(s) as.data.frame(s$knobs))))
  }
  list(values = values, described = described)
}

truth_values <- function(truth, source, plan, numbers) {
  methods <- names(plan$ask$all)
  if (is.numeric(truth)) return(rep(as.numeric(truth), length(methods)))
  if (is.function(truth)) {
    value <- truth(source$original)
    if (!(is.numeric(value) && length(value) == 1 && is.finite(value))) {
      abort("input", "{.arg truth}, a function, must return one number; it returned {describe(value)}.")
    }
    return(rep(as.numeric(value), length(methods)))
  }
  estimand <- plan$ask$request$estimand
  if (truth %in% c("mechanism", "pool")) return(rep(truth(source$original, estimand), length(methods)))
  key <- derive_key(source_key(plan$key, source), "reference")
  n <- if (source$kind %in% c("pool", "data")) nrow(source$object) else numbers$reference_rows
  rows <- draw_study_rows(source, n, derive_key(key, "rows"), FALSE, numbers$threads)
  plan$timeout <- Inf
  if (truth == "tmle") plan$ask <- study_estimators("tmle", estimand, "if", rlang::current_env())
  cells <- run_cells_on(plan, source, rows, seq_along(plan$ask$all), derive_key(key, "fit"), numbers$threads)
  failed <- Filter(function(cell) !is.na(cell$error), cells)
  if (length(failed)) {
    abort("fit", c(
      "The reference of source {.val {source$name}} ({.code truth = \"{truth}\"}) cannot be estimated on its {n} rows.",
      x = failed[[1]]$error, i = "Give {.arg truth} as a number."
    ))
  }
  rep_len(vapply(cells, `[[`, 0, "estimate"), length(methods))
}
