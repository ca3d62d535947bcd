# Sources of a study: what draws its data sets. A resolved source is a list: name, knobs (named list of one value each),
# kind ("mechanism", "hybrid", "generator", "rows"), object (what draws; rows: a plain data frame of the roles'
# columns), extra (arguments of generate()), formula, columns (those of the roles), original (kept from workers: it
# knows the truth).

study_sources <- function(sources, knobs, formula, numbers, call) {
  sources <- named_sources(sources, call)
  grid <- knob_grid(knobs, sources, call)
  known <- lapply(sources, function(x) intersect(names(knobs), knobs_of(x, names(knobs))))
  strange <- setdiff(names(knobs), unlist(known))
  if (length(strange)) {
    abort("input", c(
      "No source has a knob {.val {strange[1]}}.",
      i = "Give a function of it as a source:
           {.code function({strange[1]}) fit_hybrid(..., {strange[1]} = {strange[1]})}."
    ), call = call)
  }
  resolved <- list()
  for (name in names(sources)) {
    for (setting in unique(lapply(grid, mask_knobs, known = known[[name]]))) {
      resolved <- c(resolved, list(one_source(name, sources[[name]], setting, formula, call)))
    }
  }
  for (source in resolved) check_source_size(source, numbers, call)
  resolved
}

named_sources <- function(sources, call) {
  check_present(sources, "sources", call)
  one <- is.data.frame(sources) || is.function(sources) || inherits(sources, source_classes)
  if (one) sources <- list(sources)
  if (!is.list(sources) || length(sources) == 0) {
    abort("input", c(
      "{.arg sources} must be a mechanism, hybrid, fitted generator, pool or data frame, or a list of these.",
      x = "It is {describe(sources)}."
    ), call = call)
  }
  names <- rlang::names2(sources)
  check_unique_names(names, "sources", call)
  blank <- names == ""
  made <- make.unique(c(names[!blank], vapply(sources[blank], source_kind, "")), "_")
  names[blank] <- utils::tail(made, sum(blank))
  stats::setNames(sources, names)
}

source_classes <- c("causalsynth_dgp", "causalsynth_hybrid", "causalsynth_generator")

source_kind <- function(x) {
  if (inherits(x, "causalsynth_dgp")) return("mechanism")
  if (inherits(x, "causalsynth_hybrid")) return("hybrid")
  if (inherits(x, "causalsynth_generator")) return("generator")
  if (is_pool(x)) return("pool")
  if (is.data.frame(x)) return("data")
  "source"
}

check_unique_names <- function(names, arg, call) {
  twice <- unique(names[duplicated(names) & names != ""])
  if (length(twice) == 0) return(invisible())
  abort("input", c(
    "{.arg {arg}} has {length(twice)} name{?s} more than once: {.val {twice}}.",
    i = "Results are told apart by these names."
  ), call = call)
}

# A list of settings, each a named list of one value a knob; one empty setting without knobs.
knob_grid <- function(knobs, sources, call) {
  if (is.null(knobs)) return(list(list()))
  ok <- is.list(knobs) && length(knobs) > 0 && all(nzchar(rlang::names2(knobs))) &&
    all(vapply(knobs, function(k) is.atomic(k) && length(k) > 0, NA))
  if (!ok) {
    abort("input", c(
      "{.arg knobs} must be a named list of vectors, such as {.code list(effect_scale = c(.5, 1))}.",
      x = "It is {describe(knobs)}."
    ), call = call)
  }
  check_unique_names(names(knobs), "knobs", call)
  taken <- intersect(names(knobs), c("source", "n", "rep", "method", "estimate", "std.error", "conf.low", "conf.high",
                                     "truth", "error", "warning"))
  if (length(taken)) {
    abort("input", "A knob cannot be called {.val {taken[1]}}: the results have a column of that name.", call = call)
  }
  grid <- expand.grid(rev(knobs), KEEP.OUT.ATTRS = FALSE, stringsAsFactors = FALSE)[names(knobs)]
  lapply(seq_len(nrow(grid)), function(i) lapply(grid, `[[`, i))
}

# A setting with NA for the knobs that a source does not have.
mask_knobs <- function(setting, known) {
  setting[setdiff(names(setting), known)] <- list(NA)
  setting
}

# Names of the arguments that may be knobs: of the function, or of generate() for this object.
knobs_of <- function(x, asked) {
  if (is.function(x)) {
    known <- names(formals(args(x)))
    return(if ("..." %in% known) asked else known)
  }
  method <- NULL
  for (class in class(x)) method <- method %||% utils::getS3method("generate", class, optional = TRUE)
  setdiff(names(formals(method)), c("x", "n", "seed", "threads", "counterfactuals", "..."))
}

one_source <- function(name, x, knobs, formula, call) {
  extra <- knobs[!vapply(knobs, is.na, NA)]
  if (is.function(x)) {
    x <- made_source(name, x, extra, call)
    extra <- list()
  }
  kind <- source_kind(x)
  if (kind == "source") {
    abort("input", c(
      "Source {.val {name}} must be a mechanism, hybrid, fitted generator, pool or data frame.",
      x = "It is {describe(x)}."
    ), call = call)
  }
  if (is.null(formula)) formula <- own_formula(x, name, kind, call)
  rows <- if (kind %in% c("pool", "data")) plain_source_rows(x) else probe_rows(x, extra)
  roles <- parse_roles(formula, rows, call)
  columns <- c(roles$covariates, roles$treatment, roles$outcome)
  # Written out, `.` takes in nothing that a replicate's rows may hold beside the roles.
  formula <- rlang::new_formula(formula[[2]], call("|", formula[[3]][[2]], stats::formula(roles$terms)[[2]]),
                                env = environment(formula) %||% globalenv())
  drawn <- kind %in% c("pool", "data")
  if (drawn) check_source_rows(formula, rows, name, call)
  list(name = name, knobs = knobs, kind = kind, object = if (drawn) rows[columns] else x, extra = extra,
       formula = formula, columns = columns, treatment = roles$treatment, original = x)
}

# A source that is a function of the knobs.
made_source <- function(name, f, knobs, call) {
  tryCatch(do.call(f, knobs), error = function(e) {
    shown <- paste(names(knobs), vapply(knobs, format, ""), sep = " = ", collapse = ", ")
    abort("input", c("Source {.val {name}} failed{if (nzchar(shown)) paste0(' for ', shown)}.", x = first_line(e)),
          call = call)
  })
}

own_formula <- function(x, name, kind, call) {
  switch(
    kind, mechanism = Y ~ A | ., hybrid = x$formula, pool = pool_parts(x)$origin$formula,
    abort("input", c(
      "Source {.val {name}} is {describe(x)} and has no formula of its own.",
      i = "Give {.arg formula}, such as {.code Y ~ A | .}."
    ), call = call)
  )
}

plain_source_rows <- function(x) {
  if (is_pool(x)) {
    pool_parts(x)
    x <- plain_rows(x)
  }
  unclass_frame(as.data.frame(x))
}

# A few rows of a law, for the names and types of its columns.
probe_rows <- function(x, extra) {
  rows <- do.call(generate, c(list(x, 20, derive_key(rng_key(0), "probe")), extra))
  plain_source_rows(rows)
}

check_source_rows <- function(formula, rows, name, call) {
  tryCatch(study_data(formula, rows, stats::na.omit), causalsynth_error = function(e) {
    abort("data", c("Source {.val {name}} cannot be analysed.", x = rlang::cnd_header(e)), call = call)
  })
}

check_source_size <- function(source, numbers, call) {
  if (!source$kind %in% c("pool", "data") || numbers$replace) return(invisible())
  available <- nrow(source$object)
  if (all(numbers$n <= available)) return(invisible())
  abort("input", c(
    "Source {.val {source$name}} has {available} row{?s}; {.code n = {max(numbers$n)}} cannot be drawn
     without replacement.",
    i = "Give a smaller {.arg n}, or {.code replace = TRUE}."
  ), call = call)
}

# What a worker needs of a source: nothing that tells the truth of rows.
worker_source <- function(source) source[c("kind", "object", "extra", "formula", "columns")]

# One data set of n rows, as a real study would be: a plain data frame of the roles' columns.
draw_study_rows <- function(source, n, key, replace, threads) {
  if (!source$kind %in% c("pool", "data")) {
    rows <- do.call(generate, c(list(source$object, n, key, threads = threads), source$extra))
    if (is_pool(rows)) rows <- plain_rows(rows)
    return(unclass_frame(as.data.frame(rows)[source$columns]))
  }
  available <- nrow(source$object)
  if (n == available && !replace) return(source$object)
  index <- if (replace) {
    pmin(floor(random_uniforms(unclass(key), n) * available) + 1, available)
  } else {
    random_permutation(unclass(key), available)[seq_len(n)]
  }
  take_rows(source$object, as.integer(index))
}
