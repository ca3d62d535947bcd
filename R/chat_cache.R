# Good answers on disk, one file a request: its rows in the form of serialize_rows(), its counts and what it cost. The
# prompt itself is not kept, only its hash, in the file's name.

check_cache <- function(cache, call) {
  if (is.null(cache)) return(NULL)
  if (!(is.character(cache) && length(cache) == 1 && !is.na(cache) && nzchar(cache))) {
    abort("input", c("{.arg cache} must be the path of a folder, or NULL.", x = "It is {describe(cache)}."),
          call = call)
  }
  if (!dir.exists(cache) && !suppressWarnings(dir.create(cache))) {
    abort("file", c("The folder {.file {cache}} could not be made.", i = "Its own folder must be there, to write to."),
          call = call)
  }
  normalizePath(cache)
}

# The file of a request: the same text, model, seed and place in the series have the same one.
cache_file <- function(spec, text, key, index) {
  if (is.null(spec$cache)) return(NULL)
  file.path(spec$cache, paste0(rlang::hash(list(1, spec$model, spec$range, text, as.numeric(unclass(key)),
                                                as.numeric(index))), ".json"))
}

write_cached <- function(file, found, spec, call) {
  if (is.null(file)) return(invisible())
  parsing <- found$parsing
  counts <- function(x) as.list(x[x > 0])
  text <- jsonlite::toJSON(list(
    format = 1, time = format(Sys.time(), "%Y-%m-%dT%H:%M:%SZ", tz = "UTC"), model = spec$model, total = parsing$total,
    dropped = counts(parsing$dropped), rounded = counts(parsing$rounded), tokens = found$tokens, cost = found$cost,
    rows = I(serialize_rows(found$rows))
  ), auto_unbox = TRUE, pretty = TRUE, null = "null", na = "null", digits = NA)
  write_aside(file, TRUE, call, function(part) {
    con <- base::file(part, "wb")
    on.exit(close(con))
    writeLines(enc2utf8(text), con, sep = "\n", useBytes = TRUE)
  })
}

# list(rows, parsing) of a cached request; list() without one, list(damaged = TRUE) for a file that is not whole.
read_cached <- function(file, reference) {
  if (is.null(file) || !file.exists(file)) return(list())
  tryCatch({
    found <- jsonlite::fromJSON(readLines(file, warn = FALSE, encoding = "UTF-8"), simplifyVector = TRUE)
    rows <- parse_rows(found$rows, like = reference, quiet = TRUE)
    whole <- identical(found$format, 1L) && is.null(attr(rows, "parsing")) && nrow(rows) == length(found$rows) &&
      nrow(rows) > 0
    if (!whole) stop("not whole")
    dropped <- add_counts(stats::setNames(integer(length(chat_reasons())), chat_reasons()), found$dropped)
    list(rows = rows, parsing = list(
      kept = seq_len(nrow(rows)), total = found$total, n_dropped = sum(dropped), dropped = dropped,
      rounded = add_counts(integer(), found$rounded)
    ))
  }, error = function(e) list(damaged = TRUE))
}
