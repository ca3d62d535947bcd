#' Write a pool to files, read it back
#'
#' The rows as one table (parquet or csv) and beside it a JSON file with what a pool knows of its making: sizes, the
#' seed's estimate and variance, the [certificate()]. A pool that was read is the one that was written: [truth()] and
#' [estimate_effect()] give the same numbers.
#'
#' @details The table holds the pool's columns and, last, each row's known mean outcomes (`.q0` and `.q1`, or
#' `.q_<level>`), so that other programs can use them too. The file beside it is named as the table with `.json` at the
#' end; it holds no row of the seed. It states the table's checksum: a table that was changed or cut short is an error.
#' Reading runs nothing that the files hold.
#'
#' @param x A pool drawn from a hybrid.
#' @param path Path of the table; its ending says the format: `.parquet` (package nanoparquet), `.csv` or `.csv.gz`. For
#'   `read_pool()` also the path of a JSON file that lists several tables.
#' @param ... Unknown names are an error.
#' @param overwrite Replace files of that name?
#' @return `write_pool()`: `x`, invisibly. `read_pool()`: the pool, of the class of data frame that it had (a plain one
#'   where the package of that class is not installed). Errors are of class `causalsynth_error_input` (`x` is no
#'   pool, a package is missing) or `causalsynth_error_file`.
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' pool <- generate(hybrid, 100, seed = 3)
#' file <- tempfile(fileext = ".csv")
#' if (requireNamespace("jsonlite", quietly = TRUE)) {
#'   write_pool(pool, file)
#'   identical(truth(read_pool(file)), truth(pool))
#' }
#' @export
write_pool <- function(x, path, ..., overwrite = FALSE) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(x, "x")
  check_present(path, "path")
  if (!is_pool(x)) {
    abort("input", c("{.arg x} must be a pool drawn from a hybrid.", x = "It is {describe(x)}.",
                     i = "An ordinary data frame has no known effect: write it with {.fn write.csv}."))
  }
  check_flag(overwrite, "overwrite")
  check_json(call)
  format <- rows_format(path, call)
  rows <- pool_file_rows(x)
  beside <- sidecar_path(path)
  check_target(beside, overwrite, call)
  write_rows_file(rows, path, format, overwrite = overwrite, call = call)
  sidecar <- c(pool_sidecar(x, rows), list(files = basename(path), rows = nrow(rows),
                                           md5 = unname(tools::md5sum(path.expand(path)))))
  tryCatch(write_sidecar(sidecar, beside, overwrite, call), error = function(e) {
    unlink(path)
    rlang::cnd_signal(e)
  })
  invisible(x)
}

sidecar_path <- function(path) paste0(path, ".json")

sidecar_version <- 1L
sidecar_mark <- "causalsynth pool"

check_json <- function(call) {
  if (requireNamespace("jsonlite", quietly = TRUE)) return(invisible())
  abort("input", c("The file beside the rows needs the package {.pkg jsonlite}.",
                   i = "Install it with {.code install.packages(\"jsonlite\")}."), call = call)
}

# The rows of a pool with its mean outcomes as last columns, a plain data frame. The attribute "means" names these
# columns, "added" those that the pool did not have itself (as counterfactual columns).
pool_file_rows <- function(pool) {
  parts <- pool_parts(pool)
  rows <- unclass_frame(plain_rows(pool))
  names <- paste0(".", names(parts$means))
  there <- vapply(seq_along(names), function(k) identical(rows[[names[k]]], parts$means[[k]]), NA)
  fresh <- utils::tail(make.unique(c(names(rows), names[!there])), sum(!there))
  rows[fresh] <- parts$means[!there]
  names[!there] <- fresh
  structure(rows, means = stats::setNames(names, names(parts$means)), added = fresh)
}

# What a file beside rows states, as a list for write_sidecar(): `x` a hybrid or a pool of it, `rows` as
# pool_file_rows() makes them (their columns are described; any part of them will do). Whoever writes tables adds
# `files` (relative to the sidecar), `rows` (their number) and, or not, `md5` (a sum a file).
pool_sidecar <- function(x, rows) {
  if (inherits(x, "causalsynth_hybrid")) {
    origin <- pool_origin(x)
    class <- class(x$template)
  } else {
    origin <- pool_parts(x)$origin
    class <- class(plain_rows(x))
  }
  formula <- origin$formula
  origin$formula <- NULL
  certificate <- origin$certificate
  origin$certificate <- NULL
  list(
    format = sidecar_mark, version = sidecar_version, made_by = paste("causalsynth", own_version()), class = class,
    formula = paste(deparse(formula, width.cutoff = 500), collapse = " "), columns = describe_columns(rows),
    means = attr(rows, "means"), added = attr(rows, "added"), origin = origin, certificate = unclass(certificate)
  )
}

write_sidecar <- function(sidecar, path, overwrite, call) {
  text <- jsonlite::toJSON(to_plain(sidecar), na = "null", null = "null", pretty = TRUE, json_verbatim = TRUE)
  write_aside(path, overwrite, call, function(part) {
    con <- file(part, "wb")
    on.exit(close(con))
    writeLines(enc2utf8(as.character(text)), con, sep = "\n", useBytes = TRUE)
  })
}

# Values as JSON can hold them: names, dimensions and data frames are marked, NULL is left out.
to_plain <- function(x) {
  if (is.data.frame(x)) return(list(.frame = lapply(stats::setNames(as.list(x), names(x)), to_plain)))
  if (is.list(x)) return(lapply(Filter(Negate(is.null), x), to_plain))
  if (is.factor(x)) x <- as.character(x)
  if (!is.null(dim(x))) return(list(.dim = dim(x), .values = to_plain(as.vector(x))))
  if (!is.null(names(x))) return(list(.names = names(x), .values = to_plain(unname(x))))
  if (is.double(x)) exact_json(x) else x
}

# Numbers in the digits that give them back, which jsonlite does not write.
exact_json <- function(x) {
  text <- csv_text(as.numeric(x))
  text[!is.finite(x)] <- "null"
  structure(paste0("[", paste(text, collapse = ", "), "]"), class = "json")
}

from_plain <- function(x) {
  if (!is.list(x)) return(x)
  if (length(x) == 0) return(NULL)
  if (identical(names(x), ".frame")) {
    columns <- lapply(x$.frame, from_plain)
    return(structure(columns, class = "data.frame", row.names = .set_row_names(length(columns[[1]]))))
  }
  if (identical(names(x), c(".dim", ".values"))) return(array(as.numeric(x$.values), x$.dim))
  if (identical(names(x), c(".names", ".values"))) return(stats::setNames(unlist(x$.values), unlist(x$.names)))
  lapply(x, from_plain)
}

#' @rdname write_pool
#' @export
read_pool <- function(path, ...) {
  check_dots_empty(...)
  call <- rlang::current_env()
  check_present(path, "path")
  check_json(call)
  given <- check_path(path, call)
  beside <- if (endsWith(tolower(given), ".json")) given else sidecar_path(given)
  if (!file.exists(given)) abort("file", "There is no file {.file {given}}.")
  if (!file.exists(beside)) {
    abort("file", c("There is no file {.file {basename(beside)}} beside the rows: they are no pool.",
                    i = "Read plain rows with {.fn read.csv} or {.code nanoparquet::read_parquet()}."))
  }
  about <- read_sidecar(beside, call)
  files <- file.path(dirname(beside), about$files)
  tables <- lapply(seq_along(files), function(i) {
    check_source(files[i], call)
    if (!is.null(about$md5) && !identical(unname(tools::md5sum(files[i])), about$md5[i])) {
      abort("file", c("The file {.file {about$files[i]}} is not the one that was written: its checksum differs.",
                      i = "Copy both files again from their source."), call = call)
    }
    read_rows_file(files[i], columns = about$columns, call = call)
  })
  rows <- if (length(tables) == 1) tables[[1]] else do.call(rbind, tables)
  if (nrow(rows) != about$rows) {
    abort("file", "The file {.file {basename(beside)}} states {about$rows} rows; there are {nrow(rows)}.")
  }
  means <- lapply(about$means, function(name) as.numeric(rows[[name]]))
  rows <- rows[setdiff(names(rows), about$added)]
  new_pool(rows_of_class(rows, about$class), means, about$origin)
}

# The sidecar's list, checked; certificate and formula back in `origin`.
read_sidecar <- function(path, call) {
  refuse <- function(detail) {
    abort("file", c("The file {.file {basename(path)}} is not that of a pool, or damaged.", x = "{detail}",
                    i = "Write the pool anew with {.fn write_pool}."), call = call)
  }
  about <- tryCatch(
    from_plain(jsonlite::fromJSON(path, simplifyDataFrame = FALSE, simplifyMatrix = FALSE)),
    error = function(e) refuse(conditionMessage(e))
  )
  if (!is.list(about) || !identical(about$format, sidecar_mark)) refuse("It lacks the mark of a pool.")
  if (!is.numeric(about$version) || about$version > sidecar_version) {
    abort("file", c("The file {.file {basename(path)}} was written by a newer version ({about$made_by}).",
                    i = "This is version {own_version()}: update the package."), call = call)
  }
  parts <- c("files", "rows", "class", "formula", "columns", "means", "origin", "certificate")
  absent <- setdiff(parts, names(about))
  if (length(absent)) refuse(paste("It lacks:", toString(absent)))
  if (any(basename(about$files) != about$files)) refuse("It names files of other folders.")
  if (!all(about$means %in% names(about$columns))) refuse("Its mean outcomes have no column.")
  about$origin$formula <- tryCatch(read_formula(about$formula), error = function(e) refuse(conditionMessage(e)))
  about$origin$certificate <- structure(about$certificate, class = "causalsynth_certificate")
  about
}

# A formula from text, of known functions only; what it calls is base R's.
read_formula <- function(text) {
  parsed <- str2lang(text)
  calls <- character()
  visit <- function(x) {
    if (!is.call(x)) return(invisible())
    calls <<- c(calls, deparse1(x[[1]]))
    for (part in as.list(x)[-1]) if (!missing(part)) visit(part)
  }
  visit(parsed)
  strange <- setdiff(calls, formula_functions)
  if (length(strange)) stop("its formula calls ", toString(strange))
  if (!is.call(parsed) || !identical(parsed[[1]], as.name("~"))) stop("its formula is none")
  rlang::new_formula(parsed[[2]], parsed[[3]], env = formula_environment(list()))
}

rows_of_class <- function(rows, class) {
  if ("data.table" %in% class && requireNamespace("data.table", quietly = TRUE)) {
    return(data.table::as.data.table(rows))
  }
  if ("tbl_df" %in% class && requireNamespace("tibble", quietly = TRUE)) class(rows) <- c("tbl_df", "tbl", "data.frame")
  rows
}
