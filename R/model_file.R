#' Write a fitted model to a file, read it back
#'
#' Forests, generators, hybrids and nuisances as files that other machines, other systems and later versions of the
#' package read. A model that was read predicts, generates and prints exactly as the one that was written.
#'
#' @details A file appears whole or not at all: it is written under another name in the same folder and renamed when
#' all of it is there. Every part of it has a checksum: a file that is damaged, cut short, from another program or of
#' a newer format is an error that says so, never a wrong model. Reading a file runs nothing that it holds, and holds
#' to `max_bytes` before anything is inflated. The package's `DEVELOPING.md` describes the format.
#'
#' Formulas come back without the environment they were made in. What an expression takes from there, such as `k` in
#' `ns(x, df = k)`, is written with them if it is a number, a text or a logical of at most 100 values. Expressions may
#' call arithmetic and the usual transformations (`log()`, `poly()`, `scale()`, `splines::ns()` and their like), which
#' are those of base R when the model predicts, whatever is attached. Models that hold functions, environments or
#' other expressions, as learners and generators of other packages may, cannot be written: keep these with
#' [saveRDS()].
#'
#' @section What of the training rows is in a file: Fitted models say something of the rows they were fitted on, and
#' some hold parts of them; a file says as much.
#' * A forest holds each row's outcome (`$y`) and out-of-bag prediction (`$oob`); `keep_rows = FALSE` leaves these
#'   out. Its cut points lie between values of the columns, its leaves are means of the outcomes of few rows (of one, if
#'   grown to purity).
#' * A [gen_forest()] generator holds coefficients, smooth laws, trees and shares in their leaves, the levels and the
#'   frequent values of each column, and no row. A [gen_copula()] generator holds shares of levels and
#'   frequent values, edges of cells between values, and the latent correlations. A [gen_data()] generator holds the
#'   rows that were given to it, which are not the training rows unless they were given as such.
#' * A hybrid holds its generator, its regressions without the outcomes and predictions of their rows, for an outcome
#'   that is a number the residuals (or the values' shares) by arm and predicted mean, and its [certificate()]. Whoever
#'   reads it draws any number of rows without the seed.
#' * A nuisance is a table of its rows: covariates, treatment, outcome and predictions. With `learn_glm()` it also
#'   holds the design matrix.
#'
#' @param x A [forest()], or what [fit_generator()], [fit_hybrid()] or [nuisance()] returned. Pools are data:
#'   see [write_pool()].
#' @param file Path of the file; its folder must be there. The name is free, for instance `hybrid.model`.
#' @param ... Unknown names are an error: arguments after `file` are named in full.
#' @param overwrite Replace a file of that name?
#' @param keep_rows Keep what a forest holds row by row, the outcomes and out-of-bag predictions of its training rows?
#'   Without them it predicts new rows as before; `predict()` without new rows and `autoplot()` are then errors.
#'   Generators and hybrids hold none; a nuisance is nothing else, so `FALSE` is an error for it.
#' @param max_bytes The most memory, in bytes, that the content may take; 2 GiB by default. A file that states more is
#'   an error.
#' @return `write_model()`: `x`, invisibly. `read_model()`: the model. Errors are of class `causalsynth_error_input`
#'   (`x` is no model, or holds what cannot be written) or `causalsynth_error_file` (the folder, the file's name or
#'   the file itself).
#' @references Checksums are CRC-32C, defined in RFC 3720 \doi{10.17487/RFC3720}; compression is that of
#'   [memCompress()].
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- forest(Y ~ ., study, trees = 50, seed = 1)
#' file <- tempfile(fileext = ".model")
#' write_model(fit, file)
#' again <- read_model(file)
#' identical(predict(again, study), predict(fit, study))
#' @export
write_model <- function(x, file, ..., overwrite = FALSE, keep_rows = TRUE) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(x, "x")
  check_present(file, "file")
  kind <- model_kind(x, call)
  check_flag(overwrite, "overwrite")
  check_flag(keep_rows, "keep_rows")
  target <- check_target(file, overwrite, call)
  packed <- pack_model(x, keep_rows, call)
  sections <- model_sections(packed, kind, call)
  write_whole(container_write(kind, paste("causalsynth", own_version()), sections), target, overwrite, call)
  invisible(x)
}

#' @rdname write_model
#' @export
read_model <- function(file, ..., max_bytes = 2^31) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(file, "file")
  max_bytes <- check_number(max_bytes, "max_bytes", 1, 2^52)
  path <- check_source(file, call)
  bytes <- read_whole(path, call)
  # Whatever R itself complains about on the way is the file's fault.
  tryCatch(parse_model(bytes, file, max_bytes, call), error = function(e) {
    if (inherits(e, "causalsynth_error")) rlang::cnd_signal(e)
    abort_file("damaged", conditionMessage(e), file, call)
  })
}

# The kinds of model, the class of each, and the version of what its file holds: raised when the meaning of an
# object's fields or of its packed bytes changes; unpack_model() then brings older ones up to date.
model_kinds <- c(forest = "causalsynth_forest", generator = "causalsynth_generator", hybrid = "causalsynth_hybrid",
                 nuisance = "causalsynth_nuisance")
model_versions <- c(forest = 2L, generator = 3L, hybrid = 4L, nuisance = 2L)

own_version <- function() as.character(utils::packageVersion("causalsynth"))

model_kind <- function(x, call) {
  kind <- names(model_kinds)[vapply(model_kinds, function(class) inherits(x, class), NA)]
  if (length(kind)) return(kind[1])
  abort("input", c(
    "{.arg x} must be a forest, a fitted generator, a hybrid or a nuisance.",
    x = "It is {describe(x)}.",
    i = if (is_pool(x)) "A pool is data: write it with {.fn write_pool}."
  ), call = call)
}

# What of a model goes into its file, by class. With `keep_rows` off nothing that it holds row by row does.
pack_model <- function(x, keep_rows, call) UseMethod("pack_model")

#' @exportS3Method
pack_model.default <- function(x, keep_rows, call) x

#' @exportS3Method
pack_model.causalsynth_forest <- function(x, keep_rows, call) if (keep_rows) x else without_oob(x)

#' @exportS3Method
pack_model.causalsynth_nuisance <- function(x, keep_rows, call) {
  if (keep_rows) {
    # How to fit it anew, for the bootstrap, goes with it where that can be written.
    lost <- tryCatch(is.null(encode_model(x$recipe, model_columns(x), call)),
                     causalsynth_error_input = function(e) TRUE)
    if (lost) x["recipe"] <- NULL
    return(x)
  }
  abort("input", c(
    "A nuisance is nothing but its rows: it cannot be written with {.code keep_rows = FALSE}.",
    i = "Share the effects estimated from it instead."
  ), call = call)
}

# The counterpart: the model of today from what a file of `version` held. An error marks the file as damaged.
unpack_model <- function(x, version) UseMethod("unpack_model")

#' @exportS3Method
unpack_model.default <- function(x, version) {
  check_parts(x)
  x
}

# The layouts of packed bytes (core/base/layout.h): functions that return the layout, or fail for bytes of others.
byte_layouts <- list(
  forest = function(bytes) forest_layout(bytes), sequential = function(bytes) sequential_layout(bytes),
  row_lm = function(bytes) row_lm_layout(bytes), gan = function(bytes) gan_layout(bytes)
)

bytes_layout <- function(bytes) {
  for (layout in byte_layouts) {
    found <- tryCatch(layout(bytes), error = function(e) NULL)
    if (!is.null(found)) return(found)
  }
  NULL
}

# A named list of raw vectors, the payloads of the container's sections: "about" and "object" (values), then for each
# long raw vector k of the object "bytes/k" and, if its layout is known, "layout/k".
model_sections <- function(x, kind, call) {
  encoded <- encode_model(x, model_columns(x), call)
  tick <- progress_bar("Writing the model")
  about <- model_encode(list(version = model_versions[[kind]]), character(), function(...) list())
  sections <- list(about = pack_bytes(about$object), object = pack_bytes(encoded$object))
  for (k in seq_along(encoded$stored)) {
    bytes <- encoded$stored[[k]]
    layout <- bytes_layout(bytes)
    if (!is.null(layout)) {
      sections[[paste0("layout/", k)]] <- pack_bytes(layout)
      bytes <- layout_apply(bytes, layout, FALSE)
    }
    sections[[paste0("bytes/", k)]] <- pack_bytes(bytes, tick)
  }
  sections
}

parse_model <- function(bytes, file, max_bytes, call) {
  container <- no_problem(container_read(bytes), file, call)
  if (!container$kind %in% names(model_kinds)) {
    abort("file", c(
      "The file {.file {file}} holds a {container$kind}, not a model that {.fn read_model} knows.",
      i = "It was written by {container$writer}; this is version {own_version()}."
    ), call = call)
  }
  inflate <- section_reader(container$sections, max_bytes, file, call)
  nothing <- function(...) emptyenv()
  version <- no_problem(model_decode(inflate("about"), list(), character(), nothing), file, call)$version
  if (version > model_versions[[container$kind]]) {
    abort_file("newer", sprintf("its %s has version %d, written by %s; version %d can be read", container$kind, version,
                                container$writer, model_versions[[container$kind]]), file, call)
  }
  object <- inflate("object")
  kept <- paste0("bytes/", seq_along(container$sections)) %in% names(container$sections)
  stored <- lapply(which(kept), function(k) {
    found <- inflate(paste0("bytes/", k))
    layout <- paste0("layout/", k)
    if (!layout %in% names(container$sections)) return(found)
    no_problem(layout_apply(found, inflate(layout), TRUE), file, call)
  })
  x <- no_problem(model_decode(object, stored, formula_functions, formula_environment), file, call)
  if (!inherits(x, model_kinds[[container$kind]])) stop("its content is not of the kind it states")
  unpack_model(x, version)
}
