# A study's folder of finished chunks. Each file is written under another name, checked and renamed, so that none is
# ever there in part; what a killed run left behind is removed.

checkpoint_format <- 2

# list(key, keep(name, make): the value made once and kept, save(part), chunks(): all saved parts). Without a folder
# nothing is kept.
open_checkpoint <- function(folder, seed, arguments, call) {
  if (is.null(folder)) {
    return(list(key = rng_key(seed, call), keep = function(name, make) make(), save = function(part) NULL,
                chunks = function() list()))
  }
  check_folder(folder, call)
  manifest <- file.path(folder, "study.rds")
  prints <- lapply(arguments, fingerprint)
  old <- if (file.exists(manifest)) read_part(manifest)
  if (is.null(old) && length(list.files(folder, "^(chunk|truth)-.*[.]rds$"))) {
    abort("file", c("The checkpoint {.file {folder}} has chunks but no readable {.file study.rds}.",
                    i = "Give another folder, or empty this one."), call = call)
  }
  key <- if (is.null(seed) && !is.null(old)) as_key(old$key) else rng_key(seed, call)
  new <- list(format = checkpoint_format, version = as.character(utils::packageVersion("causalsynth")),
              key = as.numeric(key), arguments = prints, shown = lapply(arguments, show_argument))
  if (is.null(old)) write_part(new, manifest, call) else refuse_stale(old, new, folder, call)
  unlink(list.files(folder, "^part-", full.names = TRUE))
  list(
    key = key,
    keep = function(name, make) {
      path <- file.path(folder, paste0(name, ".rds"))
      saved <- if (file.exists(path)) read_part(path)
      if (!is.null(saved)) return(saved$value)
      value <- make()
      write_part(list(value = value), path, call)
      value
    },
    save = function(part) {
      name <- sprintf("chunk-%d-%d-%d-%d.rds", part$cell, part$reps[1], part$reps[length(part$reps)], part$which[1])
      write_part(part, file.path(folder, name), call)
    },
    chunks = function() {
      parts <- lapply(list.files(folder, "^chunk-.*[.]rds$", full.names = TRUE), read_part)
      parts[vapply(parts, function(part) is.list(part) && is.numeric(part$cell), NA)]
    }
  )
}

check_folder <- function(folder, call) {
  if (!(is.character(folder) && length(folder) == 1 && !is.na(folder) && nzchar(folder))) {
    abort("input", c("{.arg checkpoint} must be the path of a folder, or NULL.", x = "It is {describe(folder)}."),
          call = call)
  }
  if (!dir.exists(folder)) suppressWarnings(dir.create(folder, recursive = TRUE))
  if (!dir.exists(folder)) {
    abort("file", c("The checkpoint folder {.file {folder}} cannot be made.",
                    i = "Give a folder that may be written to."), call = call)
  }
  # Tried before any work is done.
  write_part(list(), file.path(folder, "trial.rds"), call)
  unlink(file.path(folder, "trial.rds"))
}

# The container and the plain values of model files: unlike unserialize(), reading them can run nothing.
part_bytes <- function(value) {
  encoded <- model_encode(value, character(), function(...) list())
  if (!is.null(encoded$path)) stop("a part of a study holds ", encoded$what)
  container_write("study", paste("causalsynth", own_version()), list(object = pack_bytes(encoded$object)))
}

part_value <- function(bytes, path) {
  container <- no_problem(container_read(bytes), path, NULL)
  if (container$kind != "study") stop("no part of a study")
  object <- section_reader(container$sections, 2^31, path, NULL)("object")
  no_problem(model_decode(object, list(), character(), function(...) emptyenv()), path, NULL)
}

# Bytes counted after writing: a full disk may swallow them without an error.
write_part <- function(value, path, call) {
  bytes <- part_bytes(value)
  beside <- file.path(dirname(path), paste0("part-", Sys.getpid(), "-", basename(path)))
  written <- tryCatch(suppressWarnings({
    con <- file(beside, "wb")
    tryCatch(writeBin(bytes, con), finally = close(con))
    identical(as.numeric(file.size(beside)), as.numeric(length(bytes))) && file.rename(beside, path)
  }), error = function(e) FALSE)
  if (isTRUE(written)) return(invisible())
  suppressWarnings(unlink(beside))
  abort("file", c(
    "The checkpoint {.file {path}} cannot be written.",
    i = "Is the folder read-only, or the disk full? What was saved before is whole; the same call goes on from there."
  ), call = call)
}

# NULL for a file that cannot be read: its chunk is done again.
read_part <- function(path) {
  tryCatch(suppressWarnings(part_value(readBin(path, "raw", file.size(path)), path)), error = function(e) NULL)
}

refuse_stale <- function(old, new, folder, call) {
  lines <- character()
  differs <- function(what, before, now) {
    lines <<- c(lines, if (identical(before, now)) paste0(what, ": other contents") else
      paste0(what, ": ", before, " there, ", now, " now"))
  }
  if (!identical(old$format, new$format) || !identical(old$version, new$version)) {
    differs("version of causalsynth", old$version, new$version)
  }
  if (!identical(old$key, new$key)) lines <- c(lines, "seed: another one")
  for (name in union(names(old$arguments), names(new$arguments))) {
    if (!identical(old$arguments[[name]], new$arguments[[name]])) differs(name, old$shown[[name]], new$shown[[name]])
  }
  if (length(lines) == 0) return(invisible())
  abort("file", c(
    "The checkpoint {.file {folder}} belongs to another study:",
    stats::setNames(as_text(lines), rep("x", length(lines))),
    i = "Give the same arguments to go on with it, or another folder."
  ), call = call)
}

# A short text of an argument, for the difference.
show_argument <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.atomic(x)) return(paste(utils::head(format(x, trim = TRUE), 8), collapse = ", "))
  if (is.list(x) && length(x) && !is.null(x[[1]]) && is.list(x[[1]]) && !is.null(x[[1]]$name)) {
    return(paste(vapply(x, function(s) as.character(s$name), ""), collapse = ", "))
  }
  if (is.list(x) && !is.null(x$all)) return(paste(names(x$all), collapse = ", "))
  if (is.list(x) && length(x)) {
    values <- vapply(x, function(v) if (is.atomic(v)) paste(format(v), collapse = " ") else class(v)[1], "")
    return(paste(c(names(x), "")[seq_along(x)], values, sep = if (is.null(names(x))) "" else " = ", collapse = ", "))
  }
  describe(x)
}

# A hash of what an argument means: functions by their code and what they take from the workspace, environments and
# byte code left out, so that it is the same in every session.
fingerprint <- function(x) rlang::hash(meaning(x, new.env()))

meaning <- function(x, seen) {
  if (is.environment(x)) return("environment")
  if (typeof(x) == "externalptr") return("pointer")
  if (is.primitive(x)) return(paste(deparse(x), collapse = "\n"))
  if (is.function(x)) return(function_meaning(x, seen))
  if (is.language(x)) return(paste(deparse(x), collapse = "\n"))
  extra <- attributes(x)
  extra <- extra[setdiff(names(extra), c("srcref", ".Environment"))]
  if (is.data.frame(x)) extra$row.names <- NULL
  attributes(x) <- NULL
  values <- if (is.list(x)) lapply(x, meaning, seen = seen) else x
  list(values, if (length(extra)) lapply(extra[order(names(extra))], meaning, seen = seen))
}

function_meaning <- function(f, seen) {
  code <- c(deparse(args(f)), deparse(body(f)))
  home <- environment(f)
  if (isNamespace(home) || identical(home, baseenv())) return(code)
  id <- paste(code, collapse = "\n")
  if (!is.null(seen[[id]])) return(code)
  assign(id, TRUE, envir = seen)
  used <- setdiff(all.names(body(f), unique = TRUE), names(formals(f)))
  taken <- lapply(stats::setNames(nm = used), function(name) workspace_value(name, home))
  taken <- taken[!vapply(taken, is.null, NA)]
  list(code, lapply(taken, meaning, seen = seen))
}

# A value that a function finds in its own environments up to the workspace; not in packages.
workspace_value <- function(name, env) {
  while (!isNamespace(env) && !identical(env, baseenv()) && !identical(env, emptyenv())) {
    if (exists(name, envir = env, inherits = FALSE)) return(get(name, envir = env, inherits = FALSE))
    if (identical(env, globalenv())) return(NULL)
    env <- parent.env(env)
  }
  NULL
}
