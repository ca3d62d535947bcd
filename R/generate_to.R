#' Generate any number of rows into a folder
#'
#' Draws rows in shards, each a file of its own, without ever holding more than a shard a worker in memory. A shard has
#' its own random stream: any of them can be made again alone, on any machine or worker, with the same rows.
#'
#' @details A shard appears under its name when all of it is written; an interrupted call leaves whole shards, and
#' the same call later makes those that lack. The folder holds `manifest.json`: rows, shards, format, the random key,
#' the columns with their types and levels, and a fingerprint of the model (a few rows that it draws). A call that does
#' not agree with it, say with another model, seed or `shard_rows`, is an error and writes nothing, so that no folder
#' ever holds rows of two runs.
#'
#' Shards are spread over the workers of a `future::plan()`, if one is set and \pkg{future.apply} is there; otherwise
#' over `threads` forked processes where the system has them. Rows depend on neither.
#'
#' A hybrid's rows end with their known mean outcomes (`.q0`, `.q1`), and once all shards are there the folder holds
#' `pool.json`, the seed's estimate and the [certificate()]: `read_pool("folder/pool.json")` is the pool.
#'
#' @param model A fitted generator, a hybrid, or a mechanism such as [dgp_paper()].
#' @param n Number of rows, at least 1, up to 1e12.
#' @param path Folder for the shards; made if it is not there (its parent must be).
#' @param format `"parquet"`, which needs \pkg{nanoparquet}, or `"csv"`. Parquet keeps levels, dates and logicals; what
#'   it lacks (order of levels, units), and all of it for csv, is in the manifest.
#' @param shard_rows Rows of a shard; the last may have fewer. A shard takes about `32 * shard_rows` bytes a column
#'   while it is made.
#' @param seed A whole number, or `NULL`: the key of the manifest that is there already, or else one drawn from R's own
#'   generator.
#' @param ... Arguments for `generate()`: `constraints`, `given` (a list, for all rows alike), `counterfactuals` of a
#'   hybrid.
#' @param shards Numbers of the shards to make; `NULL`: all. Those that are there are left as they are: delete a file to
#'   have it made again.
#' @param threads Number of threads or processes, or `NULL` for the default.
#' @return Invisibly, a data frame with a row a shard: `shard`, `file` (its path), `first` (number of its first row),
#'   `rows`, `bytes` (`NA` if the shard is not there), `made` (by this call). The manifest needs \pkg{jsonlite}. Errors
#'   are of class `causalsynth_error_input` or `causalsynth_error_file`.
#' @examplesIf requireNamespace("jsonlite", quietly = TRUE)
#' folder <- tempfile()
#' generate_to(dgp_paper(), 1000, folder, format = "csv", shard_rows = 400, seed = 1)
#' list.files(folder)
#' head(read.csv(file.path(folder, "shard-00002.csv")))
#' @export
generate_to <- function(model, n, path, format = c("parquet", "csv"), shard_rows = 250000, seed = NULL, ...,
                        shards = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_present(model, "model")
  if (!inherits(model, c("causalsynth_generator", "causalsynth_hybrid", "causalsynth_dgp"))) {
    abort("input",
          c("{.arg model} must be a fitted generator, a hybrid or a mechanism.", x = "It is {describe(model)}."))
  }
  require_pool(model$spec, "make the same rows again, by which a folder is known", call)
  n <- check_whole(n, "n", max = 1e12)
  format <- check_choice(format, c("parquet", "csv"), "format")
  shard_rows <- check_whole(shard_rows, "shard_rows")
  more <- check_more(list(...), call)
  if (format == "parquet") check_parquet(call)
  if (!requireNamespace("jsonlite", quietly = TRUE)) {
    abort("input", c("The manifest needs the package {.pkg jsonlite}.",
                     i = "Install it with {.code install.packages(\"jsonlite\")}."))
  }
  threads <- resolve_threads(threads)
  count <- ceiling(n / shard_rows)
  if (count > 1e6) {
    abort("input", "{count_phrase(count, 'shard')} are too many: choose {.arg shard_rows} larger.")
  }
  wanted <- check_shards(shards, count, call)
  folder <- shard_folder(path, call)
  job <- list(model = model, more = more, format = format, n = n, shard_rows = shard_rows, folder = folder,
              key = shard_key(seed, folder, call))
  keep_manifest(job, call)
  files <- shard_file(job, seq_len(count))
  missing <- wanted[!file.exists(files[wanted])]
  make_shards(job, missing, threads, call)
  if (inherits(model, "causalsynth_hybrid")) write_shards_sidecar(job, files, call)
  if (all(file.exists(files))) unlink(list.files(folder, "^[.]model-.*[.]part$", full.names = TRUE, all.files = TRUE))
  first <- (seq_len(count) - 1) * shard_rows + 1
  invisible(data.frame(
    shard = seq_len(count), file = files, first = first, rows = pmin(shard_rows, n - first + 1),
    bytes = file.size(files), made = seq_len(count) %in% missing
  ))
}

check_more <- function(more, call) {
  known <- c("given", "constraints", "drop_copies_of", "counterfactuals")
  given <- rlang::names2(more)
  if (all(given %in% known) && !is.data.frame(more$given)) return(more)
  if (is.data.frame(more$given)) {
    abort("input", "{.arg given} must be a list here: a data frame fixes rows one by one.", call = call)
  }
  bad <- setdiff(given, known)[1]
  if (bad == "") abort("input", "Arguments after {.arg seed} must be named.", call = call)
  near <- near_names(bad, c(known, "shards", "threads"))
  abort("input", c("Unknown argument {.arg {bad}}.", i = if (length(near)) "Did you mean {.arg {near[1]}}?"),
        call = call)
}

check_shards <- function(shards, count, call) {
  if (is.null(shards)) return(seq_len(count))
  ok <- is.numeric(shards) && length(shards) && all(is.finite(shards)) && all(shards == round(shards)) &&
    all(shards >= 1 & shards <= count)
  if (!ok) {
    abort("input", c("{.arg shards} must be whole numbers from 1 to {count}.", x = "It is {describe(shards)}."),
          call = call)
  }
  sort(unique(shards))
}

# The folder, made if need be.
shard_folder <- function(path, call) {
  check_present(path, "path", call)
  path <- check_path(path, call)
  if (file.exists(path) && !dir.exists(path)) {
    abort("file", c("{.file {path}} is a file.", i = "Give the name of a folder."), call = call)
  }
  if (!dir.exists(path) && !suppressWarnings(dir.create(path))) {
    abort("file", c("The folder {.file {path}} could not be made.", i = "Its parent folder must be there."),
          call = call)
  }
  if (file.access(path, 2) != 0) abort("file", "The folder {.file {path}} cannot be written to.", call = call)
  path
}

manifest_path <- function(folder) file.path(folder, "manifest.json")

read_manifest <- function(folder, call) {
  path <- manifest_path(folder)
  if (!file.exists(path)) return(NULL)
  tryCatch(jsonlite::fromJSON(path, simplifyVector = TRUE, simplifyDataFrame = FALSE), error = function(e) {
    abort("file", c("The manifest {.file {path}} is damaged.", x = "{conditionMessage(e)}",
                    i = "Choose another folder, or delete this one."), call = call)
  })
}

shard_key <- function(seed, folder, call) {
  words <- if (is.null(seed)) read_manifest(folder, call)$key
  if (is.numeric(words) && length(words) == 2) as_key(as.double(words)) else rng_key(seed)
}

# Writes the manifest, or holds this call to the one that is there.
keep_manifest <- function(job, call) {
  own <- new_manifest(job)
  found <- read_manifest(job$folder, call)
  if (is.null(found)) {
    old <- list.files(job$folder, "^shard-[0-9]+[.]")
    if (length(old)) {
      abort("file", c("The folder {.file {job$folder}} has {length(old)} shard{?s} but no manifest.",
                      i = "Choose another folder, or delete them."), call = call)
    }
    text <- jsonlite::toJSON(own, auto_unbox = TRUE, digits = NA, pretty = TRUE, null = "null")
    return(write_aside(manifest_path(job$folder), TRUE, call, function(part) writeLines(text, part, useBytes = TRUE)))
  }
  same <- c("format", "n", "shard_rows", "key", "fingerprint")
  differ <- same[!vapply(same, function(name) isTRUE(all.equal(own[[name]], found[[name]], tolerance = 0)), NA)]
  if (length(differ) == 0) return(invisible())
  what <- c(format = "format", n = "n", shard_rows = "shard_rows", key = "seed", fingerprint = "model")[differ]
  abort("file", c(
    "The folder {.file {job$folder}} holds rows of another run: {.arg {what}} differ{?s/}.",
    i = "Choose another folder, or make the same call as before to go on with it."
  ), call = call)
}

# What identifies a run. The fingerprint is a sum over rows that the model draws with a key of their own.
new_manifest <- function(job) {
  rows <- draw_shard(job, 32, derive_key(job$key, "fingerprint"), 1)
  text <- vapply(unname(rows), function(x) paste(csv_text(x), collapse = ","), "")
  list(
    program = paste("causalsynth", own_version()), model = model_phrase(job$model), format = job$format, n = job$n,
    shard_rows = job$shard_rows, shards = ceiling(job$n / job$shard_rows), key = unclass(job$key),
    fingerprint = label_tag(paste(c(names(rows), text), collapse = "\n")), columns = describe_columns(rows)
  )
}

model_phrase <- function(model) {
  if (inherits(model, "causalsynth_generator")) return(paste("generator:", model$spec$label))
  if (inherits(model, "causalsynth_hybrid")) return(paste("hybrid over", model$generator$spec$label))
  format(model)
}

draw_shard <- function(job, n, key, threads) {
  rows <- if (inherits(job$model, "fitted_gen_data")) {
    # Its generate() gives all rows in order where n is their number: shards are drawn.
    do.call(generate.causalsynth_generator, c(list(job$model, n, key, threads = threads), job$more))
  } else {
    do.call(generate, c(list(job$model, n, key, threads = threads), job$more))
  }
  if (is_pool(rows)) pool_file_rows(rows) else unclass_frame(rows)
}

# Of a hybrid's shards: what read_pool() needs, once all of them are there.
write_shards_sidecar <- function(job, files, call) {
  if (!all(file.exists(files))) return(invisible())
  pool <- do.call(generate, c(list(job$model, 32, derive_key(job$key, "fingerprint"), threads = 1), job$more))
  sidecar <- c(pool_sidecar(job$model, pool_file_rows(pool)), list(files = basename(files), rows = job$n))
  write_sidecar(sidecar, file.path(job$folder, "pool.json"), TRUE, call)
}

shard_file <- function(job, i) file.path(job$folder, sprintf("shard-%05d.%s", as.integer(i), job$format))

make_shards <- function(job, shards, threads, call) {
  if (length(shards) == 0) return(invisible())
  work <- function(k, threads) {
    tryCatch({
      i <- shards[k]
      rows <- min(job$shard_rows, job$n - (i - 1) * job$shard_rows)
      write_rows_file(draw_shard(job, rows, derive_key(job$key, "shard", i), threads), shard_file(job, i), job$format,
                      overwrite = TRUE, call = NULL)
      TRUE
    }, error = function(e) structure(list(condition = e), class = "shard_failure"))
  }
  results <- map_units(length(shards), work, threads, "Generating shards")
  failed <- Filter(function(r) inherits(r, "shard_failure"), results)
  if (length(failed) == 0) return(invisible())
  first <- failed[[1]]$condition
  if (inherits(first, "causalsynth_error")) rlang::cnd_signal(first)
  abort("fit", c("{length(failed)} shard{?s} could not be made.", x = "{conditionMessage(first)}"), call = call)
}
