# What model files are made of: values, compressed sections, files that appear whole.

# The functions that formulas in files may call. All do nothing but compute.
formula_functions <- c(
  "~", "|", "+", "-", "*", "/", "^", ":", "%in%", "(", "%%", "%/%", "==", "!=", "<", ">", "<=", ">=", "!", "&",
  "I", "c", "list", "offset", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "sin", "cos", "tan",
  "sign", "round", "floor", "ceiling", "pmin", "pmax", "scale", "poly", "ns", "bs", "splines::ns", "splines::bs",
  "stats::poly", "plogis", "qlogis", "pnorm", "qnorm", "factor", "ordered", "cut", "ifelse", "is.na", "as.factor",
  "as.numeric", "as.integer", "as.logical", "as.character"
)

# The environment of formulas that were read: base R, and of stats and splines the functions above. What is attached or
# lies in the workspace plays no part. One for all formulas without constants.
formula_home <- local({
  home <- NULL
  function() {
    if (is.null(home)) {
      home <<- new.env(parent = baseenv())
      for (name in intersect(formula_functions, getNamespaceExports("stats"))) {
        assign(name, getExportedValue("stats", name), home)
      }
      if (requireNamespace("splines", quietly = TRUE)) {
        for (name in c("ns", "bs")) assign(name, getExportedValue("splines", name), home)
      }
      lockEnvironment(home, bindings = TRUE)
    }
    home
  }
})

formula_environment <- function(constants) {
  if (length(constants) == 0) return(formula_home())
  list2env(constants, new.env(parent = formula_home()))
}

most_constants <- 100

# A function of a formula (boxed) that returns what its expressions take from its environment, by name. `columns` are
# known to come from the data; so do names that are terms by themselves.
formula_constants <- function(columns, call) function(boxed, path) {
  formula <- boxed[[1]]
  names <- setdiff(all.vars(formula), c(".", plain_names(formula), columns, attr(formula, "columns")))
  found <- lapply(stats::setNames(nm = names), get0, envir = environment(formula) %||% globalenv())
  ours <- vapply(names, function(name) identical(found[[name]], get0(name, baseenv())), NA)
  found <- found[!ours & !vapply(found, function(value) is.null(value) || is.function(value), NA)]
  for (name in names(found)) {
    value <- found[[name]]
    plain <- is.atomic(value) && typeof(value) != "complex"
    if (plain && length(value) <= most_constants) next
    what <- if (plain) count_phrase(length(value), "value") else describe(value)
    abort("input", c(
      "{.arg x} cannot be written: the formula {.code {path}} takes {.code {name}} ({what}) from its environment.",
      i = "Only numbers, texts and logicals of at most {most_constants} values are kept: make it a column of the data."
    ), call = call)
  }
  found
}

# The columns that the formulas of a model are known to speak of.
model_columns <- function(x) {
  if (inherits(x, "causalsynth_hybrid")) return(names(x$template))
  if (inherits(x, "causalsynth_nuisance")) return(unlist(x$roles, use.names = FALSE))
  names(x$blueprint)
}

# list(object, stored): the encoded values, and the long raw vectors among them.
encode_model <- function(x, columns, call) {
  encoded <- model_encode(x, formula_functions, formula_constants(columns, call))
  if (is.null(encoded$path)) return(encoded)
  in_formula <- grepl("^a call of|in a formula$", encoded$what)
  abort("input", c(
    "{.arg x} cannot be written: {.code {encoded$path}} is {encoded$what}.",
    i = if (in_formula) "Compute this as a column of the data, and fit anew."
    else "Files hold plain values only; keep the object with {.fn saveRDS}."
  ), call = call)
}

# What the core relies on when a model that was read is used: packed bytes that are whole, names of contrasts that are
# R's own. An error marks the file as damaged.
check_parts <- function(x) UseMethod("check_parts")

#' @exportS3Method
check_parts.default <- function(x) if (is.list(x)) for (part in unclass(x)) check_parts(part)

#' @exportS3Method
check_parts.data.frame <- function(x) {
  rows <- .row_names_info(x, 2L)
  for (column in unclass(x)) if (NROW(column) != rows) stop("a data frame has columns of unlike length")
}

#' @exportS3Method
check_parts.causalsynth_forest <- function(x) forest_layout(x$model)

#' @exportS3Method
check_parts.fitted_gen_forest <- function(x) {
  # Version 1 held residuals of rows, which nothing reads any more.
  if (is.null(x$order)) {
    abort("file", c(
      "The file holds a {.fn gen_forest} generator of an earlier format, which kept residuals of the seed's rows.",
      i = "Fit it anew: the generator of today keeps none."
    ), call = NULL)
  }
  stopifnot(is.integer(x$order), identical(sort(x$order), seq_along(x$order)))
  sequential_layout(x$model)
  NextMethod()
}

#' @exportS3Method
check_parts.fitted_gen_copula <- function(x) {
  copula_rows(x, 1, seq_len(ncol(x$correlation)), no_latents(), as_key(c(0, 0)), 1)
  if (!identical(names(x$margins), names(x$blueprint))) stop("margins of other columns")
  at <- unlist(lapply(x$margins, `[`, c("value", "missing")), use.names = FALSE)
  if (!all(at %in% 0:ncol(x$correlation))) stop("margins of unknown latents")
  NextMethod()
}

#' @exportS3Method
check_parts.fitted_gen_row_lm <- function(x) {
  row_lm_layout(x$model)
  draw_row_lm(x, 1, list(), as_key(c(0, 0)), 1)
  NextMethod()
}

#' @exportS3Method
check_parts.fitted_gen_ctgan <- function(x) {
  n <- length(x$blueprint)
  if (length(x$laws) != n) stop("laws of other columns")
  Map(check_law, x$laws, x$blueprint)
  free <- vapply(x$laws, function(law) law$number || law$classes > 1, NA)
  if (!identical(unname(x$free), unname(free))) stop("laws of columns that are free or not")
  if (any(x$free)) {
    known <- gan_columns(x$model)
    same <- function(name) identical(as.numeric(vapply(x$laws[x$free], `[[`, 1, name)), as.numeric(known[[name]]))
    if (!same("number") || !same("classes")) stop("laws of other columns than the network's")
  }
  draw_gan(x, 1, as_key(c(0, 0)), 1)
  NextMethod()
}

#' @exportS3Method
check_parts.fitted_strata <- function(x) {
  n <- length(x$share)
  if (n == 0 || !all(x$share >= 0) || !all(lengths(x$values) == n) || !length(x$fits) %in% c(1, n)) {
    stop("strata of unlike number")
  }
  NextMethod()
}

#' @exportS3Method
check_parts.fit_glm <- function(x) {
  known <- c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")
  for (one in x$design$contrasts) if (!is.numeric(one) && !all(one %in% known)) stop("contrasts of unknown name")
}

#' @exportS3Method
check_parts.causalsynth_nuisance <- function(x) {
  for (name in c("treat", "outcome", "ps", "q1", "q0", "g1", "g0")) {
    if (!is.numeric(x[[name]]) || length(x[[name]]) != x$n) stop("rows of unlike number")
  }
  NextMethod()
}

# Bytes as a section's payload: blocks, each shuffled by the words that make its beginning smallest, then compressed.
block_bytes <- 131072
block_widths <- c(1L, 4L, 8L)

pack_bytes <- function(bytes, tick = NULL) {
  n <- length(bytes)
  starts <- if (n) seq(0, n - 1, by = block_bytes) else numeric()
  blocks <- lapply(starts, function(from) {
    if (!is.null(tick)) tick(from / n)
    pack_block(bytes, from, min(block_bytes, n - from))
  })
  pick <- function(name) vapply(blocks, function(block) as.integer(block[[name]]), 1L)
  blocks_encode(lapply(blocks, `[[`, "stored"), pick("size"), pick("width"), pick("method"))
}

pack_block <- function(bytes, from, size) {
  lengths <- vapply(block_widths, function(width) {
    length(memCompress(bytes_shuffle(bytes, from, min(size, 16384), width), "gzip"))
  }, 1L)
  width <- block_widths[which.min(lengths)]
  stored <- memCompress(bytes_shuffle(bytes, from, size, width), "gzip")
  if (length(stored) < size) return(list(stored = stored, size = size, width = width, method = 1L))
  list(stored = bytes_shuffle(bytes, from, size, 1L), size = size, width = 1L, method = 0L)
}

# A function that inflates the section of a name; all together may hold `max_bytes`.
section_reader <- function(sections, max_bytes, file, call) {
  left <- max_bytes
  function(name) {
    if (is.null(sections[[name]])) stop("its section ", name, " is missing")
    blocks <- no_problem(blocks_decode(sections[[name]], left), file, call)
    plain <- Map(function(stored, size, method) {
      bytes <- if (method == 1) memDecompress(stored, "gzip") else stored
      if (length(bytes) != size) stop("a block inflates to another length than stated")
      bytes
    }, blocks$stored, blocks$size, blocks$method)
    left <<- left - sum(blocks$size)
    blocks_join(unname(plain), blocks$width)
  }
}

no_problem <- function(result, file, call) {
  if (inherits(result, "causalsynth_file_problem")) abort_file(result$problem, result$detail, file, call)
  result
}

abort_file <- function(problem, detail, file, call) {
  again <- "Copy or download it again, or write the model anew."
  says <- switch(problem,
    foreign = c("is not a model file.", "{.fn read_model} reads what {.fn write_model} wrote."),
    newer = c("is of a newer format than this version ({own_version()}) of causalsynth reads.", "Update the package."),
    truncated = c("is cut short.", again),
    too_large = c("holds more than {.arg max_bytes}.", "Raise {.arg max_bytes} if you trust the file."),
    refused = c("is refused.", "A file of {.fn write_model} holds no such call; do not trust it."),
    c("is damaged.", again)
  )
  abort("file", c(paste("The file {.file {file}}", says[1]), x = "{detail}", i = says[2]), call = call)
}

check_path <- function(file, call) {
  if (is.character(file) && length(file) == 1 && !is.na(file) && nzchar(file)) return(path.expand(file))
  abort("input", c("{.arg file} must be the path of a file.", x = "It is {describe(file)}."), call = call)
}

check_target <- function(file, overwrite, call) {
  path <- check_path(file, call)
  folder <- dirname(path)
  if (dir.exists(path)) {
    abort("file", c("{.file {file}} is a folder.", i = "Give the name of a file in it."), call = call)
  }
  if (!dir.exists(folder)) {
    abort("file", c("There is no folder {.file {folder}}.", i = "Make it with {.fn dir.create}."), call = call)
  }
  if (file.access(folder, 2) != 0) {
    abort("file", c("The folder {.file {folder}} cannot be written to.", i = "Choose another one."), call = call)
  }
  if (!file.exists(path)) return(path)
  if (!overwrite) abort_exists(file, call)
  # Of a link, the file behind it.
  normalizePath(path)
}

abort_exists <- function(file, call) {
  abort("file", c(
    "The file {.file {file}} is there already.",
    i = "Choose another name, or replace it with {.code overwrite = TRUE}."
  ), call = call)
}

check_source <- function(file, call) {
  path <- check_path(file, call)
  if (dir.exists(path)) abort("file", "{.file {file}} is a folder, not a file.", call = call)
  if (!file.exists(path)) abort("file", "There is no file {.file {file}}.", call = call)
  if (file.access(path, 4) != 0) abort("file", "The file {.file {file}} may not be read.", call = call)
  path
}

chunk_bytes <- 2^26

write_whole <- function(bytes, file, overwrite, call) {
  write_aside(file, overwrite, call, function(part) {
    write_bytes(bytes, part)
    if (!identical(file.size(part), as.numeric(length(bytes)))) stop("the disk may be full")
  })
}

# `write(part)` makes the file under another name beside the target, which is then renamed: a reader sees the old file
# or the new one, whole.
write_aside <- function(file, overwrite, call, write) {
  part <- tempfile(".model-", dirname(file), ".part")
  on.exit(unlink(part))
  failure <- tryCatch({
    write(part)
    NULL
  }, error = conditionMessage, warning = conditionMessage)
  if (is.null(failure) && !overwrite && file.exists(file)) abort_exists(file, call)
  if (is.null(failure) && !suppressWarnings(file.rename(part, file))) failure <- "it could not be renamed into place"
  if (is.null(failure)) return(invisible())
  abort("file", c(
    "The file {.file {file}} could not be written.", x = "{failure}", i = "Nothing was left behind."
  ), call = call)
}

write_bytes <- function(bytes, path) {
  con <- file(path, "wb")
  on.exit(close(con))
  for (from in seq(0, length(bytes) - 1, by = chunk_bytes)) {
    writeBin(bytes_shuffle(bytes, from, min(chunk_bytes, length(bytes) - from), 1L), con)
  }
  flush(con)
}

read_whole <- function(path, call) {
  chunks <- tryCatch({
    con <- file(path, "rb", raw = TRUE)
    on.exit(close(con))
    found <- list()
    while (length(chunk <- readBin(con, "raw", chunk_bytes))) found <- c(found, list(chunk))
    found
  }, error = function(e) {
    abort("file", c("The file {.file {path}} could not be read.", x = "{conditionMessage(e)}"), call = call)
  })
  if (length(chunks) == 1) chunks[[1]] else blocks_join(chunks, rep(1L, length(chunks)))
}
