# Checks of arguments. Each says what is wrong, where, how often, and the cure, under a class that callers can catch:
# causalsynth_error_input, _data, _overlap, _file, _fit.

abort <- function(kind, message, call = rlang::caller_env(), ...) {
  cli::cli_abort(
    message,
    class = c(paste0("causalsynth_error_", kind), "causalsynth_error"),
    call = call, .envir = parent.frame(), ...
  )
}

# Lines of a message that hold a user's names or values: their braces are text.
as_text <- function(lines) gsub("([{}])", "\\1\\1", lines)

# A required argument that was not given, also by a caller further up, is an error that names it.
check_present <- function(x, arg, call = rlang::caller_env()) {
  if (missing(x)) abort("input", "The argument {.arg {arg}} is missing; it has no default.", call = call)
  invisible()
}

check_whole <- function(x, arg, min = 1, max = .Machine$integer.max, call = rlang::caller_env()) {
  check_present(x, arg, call)
  ok <- is.numeric(x) && length(x) == 1 && is.finite(x) && x == round(x) && x >= min && x <= max
  if (!ok) {
    over <- is.numeric(x) && length(x) == 1 && is.finite(x) && x > max
    top <- format(max, big.mark = ",", scientific = FALSE, trim = TRUE)
    range <- if (max == .Machine$integer.max && !over) "of at least {min}" else "from {min} to {top}"
    abort("input", c(
      paste0("{.arg {arg}} must be one whole number ", range, "."),
      x = "It is {describe(x)}."
    ), call = call)
  }
  as.numeric(x)
}

check_number <- function(x, arg, min = -Inf, max = Inf, call = rlang::caller_env()) {
  ok <- is.numeric(x) && length(x) == 1 && !is.na(x) && x >= min && x <= max
  if (!ok) {
    abort("input", c(
      "{.arg {arg}} must be one number from {min} to {max}.",
      x = "It is {describe(x)}."
    ), call = call)
  }
  as.numeric(x)
}

# A confidence level, strictly between 0 and 1.
check_level <- function(level, arg, call = rlang::caller_env()) {
  level <- check_number(level, arg, 0, 1, call = call)
  if (level <= 0 || level >= 1) abort("input", "{.arg {arg}} must lie between 0 and 1.", call = call)
  level
}

check_flag <- function(x, arg, call = rlang::caller_env()) {
  if (!(is.logical(x) && length(x) == 1 && !is.na(x))) {
    abort("input", c("{.arg {arg}} must be TRUE or FALSE.", x = "It is {describe(x)}."), call = call)
  }
  x
}

check_choice <- function(x, choices, arg, call = rlang::caller_env()) {
  if (identical(x, choices)) return(choices[1])
  if (!(is.character(x) && length(x) == 1 && x %in% choices)) {
    near <- if (is.character(x) && length(x) == 1 && !is.na(x)) near_choice(x, choices)
    abort("input", c(
      "{.arg {arg}} must be one of {.or {.val {choices}}}.",
      x = "It is {describe(x)}.",
      i = if (length(near)) "Did you mean {.val {near}}?"
    ), call = call)
  }
  x
}

# The choice that differs in its case, its end or a letter or two.
near_choice <- function(x, choices) {
  begun <- choices[nchar(x) > 1 & startsWith(tolower(choices), tolower(x))]
  utils::head(c(choices[tolower(choices) == tolower(x)], begun, near_names(x, choices)), 1)
}

# Unknown arguments are errors, with the nearest known name as a hint, or all of them where none is near.
check_dots_empty <- function(..., .call = rlang::caller_env(), .known = names(own_arguments(.call))) {
  if (...length() == 0) return(invisible())
  dots <- rlang::enquos(...)
  if (length(dots) == 0) return(invisible())
  given <- names(dots)
  known <- setdiff(.known, "...")
  if (any(given == "")) {
    own <- names(own_arguments(.call))
    first <- own[seq_len(match("...", own, 1) - 1)]
    abort("input", c(
      "An unnamed extra argument was given.",
      i = if (length(first)) "Only {.arg {first}} can be given without {?its name/their names}.",
      i = if (length(setdiff(known, first))) "Other arguments: {.arg {setdiff(known, first)}}."
    ), call = .call)
  }
  bad <- given[1]
  near <- c(intersect(unlist(other_words[bad]), known), known[startsWith(known, paste0(bad, "_"))],
            near_names(bad, known))
  homes <- specs_with(bad)
  abort("input", c(
    "Unknown argument {.arg {bad}}.",
    i = if (bad %in% level_words && !"conf.level" %in% known) {
      "The level belongs to {.code tidy(x, conf.level = )} and {.code confint(x, level = )}."
    } else if (length(near)) "Did you mean {.or {.arg {utils::head(near, 2)}}}?"
        else if (length(homes)) "It is one of {.or {.fn {homes}}}: settings are given in such a spec."
        else if (length(known)) "{cli::qty(length(known))}The argument{?s} {?is/are} {.arg {known}}."
  ), call = .call)
}

# The specs, sorted by name, that have this argument.
specs_with <- function(name) {
  specs <- sort(setdiff(grep("^(learn|gen|est)_", getNamespaceExports("causalsynth"), value = TRUE), "learn_rows"))
  Filter(function(spec) name %in% setdiff(names(formals(spec, envir = asNamespace("causalsynth"))), "..."), specs)
}

# The formals of the function whose frame `env` is.
own_arguments <- function(env) {
  at <- if (is.environment(env)) Position(function(frame) identical(frame, env), sys.frames())
  if (!is.null(at)) formals(sys.function(at))
}

check_data_frame <- function(data, arg, min_rows = 1, call = rlang::caller_env()) {
  check_present(data, arg, call)
  if (!is.data.frame(data)) {
    abort("input", c("{.arg {arg}} must be a data frame.", x = "It is {describe(data)}.", i = instead_of_rows(data)),
          call = call)
  }
  twice <- unique(names(data)[duplicated(names(data))])
  if (length(twice)) {
    abort("data", c(
      "{.arg {arg}} has {length(twice)} column name{?s} more than once: {.val {twice}}.",
      i = "Rename the columns, for instance with {.fn make.unique}."
    ), call = call)
  }
  foreign <- sum(is_foreign(names(data)))
  if (foreign) {
    abort("data", c(
      "{.arg {arg}} has {foreign} column name{?s} that {?is/are} not valid UTF-8.",
      i = "Read the file with its true encoding, for instance {.code fileEncoding = \"latin1\"}."
    ), call = call)
  }
  if (nrow(data) < min_rows) {
    abort("data", "{.arg {arg}} has {nrow(data)} row{?s}; at least {min_rows} {?is/are} needed.", call = call)
  }
  invisible(data)
}

# Text whose encoding nobody knows: neither UTF-8 nor marked as Latin-1.
is_foreign <- function(text) !(Encoding(text) == "latin1" | validUTF8(text))

resolve_threads <- function(threads, call = rlang::caller_env()) {
  if (is.null(threads)) threads <- getOption("causalsynth.threads")
  if (is.null(threads)) {
    set <- suppressWarnings(as.numeric(Sys.getenv("RCPP_PARALLEL_NUM_THREADS")))
    threads <- if (is.na(set) || set < 1) 2 else min(floor(set), 1024)
  }
  as.integer(check_whole(threads, "threads", 1, 1024, call = call))
}

# Squares and sums of squares of larger numbers would overflow without a word, those of smaller ones vanish.
largest_number <- 1e100
smallest_number <- 1e-100

check_size_of_numbers <- function(x, what, call = rlang::caller_env()) {
  if (!is.numeric(x)) return(invisible())
  large <- sum(abs(as.numeric(x)) > largest_number, na.rm = TRUE)
  if (large == 0) return(invisible())
  abort("data", c(
    "{what} is larger than {format(largest_number)} in size in {large} of {length(x)} row{?s}.",
    i = "Rescale it, for instance divide by 1e100, or correct these values."
  ), call = call)
}

# A short phrase for an error: what was given instead.
describe <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.data.frame(x)) return("a data frame")
  if (is.function(x)) return("a function")
  if (inherits(x, "formula")) return(paste("the formula", paste(deparse(x, 60), collapse = " ")))
  if (is.matrix(x)) return(paste("a matrix of", count_phrase(nrow(x), "row"), "and", count_phrase(ncol(x), "column")))
  if (is.atomic(x) && length(x) == 1) return(if (is.character(x)) paste0("\"", x, "\"") else format(x))
  if (is.atomic(x)) {
    return(paste0(if (class(x)[1] == "integer") "an " else "a ", class(x)[1], " vector of length ", length(x)))
  }
  paste0("an object of class ", class(x)[1])
}

count_phrase <- function(n, one, many = paste0(one, "s")) {
  paste(format(n, big.mark = ",", trim = TRUE, scientific = FALSE), if (n == 1) one else many)
}

# Known names within one edit of every third letter, the nearest first.
near_names <- function(name, known) {
  if (length(known) == 0) return(character())
  distance <- utils::adist(name, known, ignore.case = TRUE)[1, ]
  near <- distance <= min(max(1, nchar(name) %/% 3), nchar(name) - 1)
  utils::head(known[near][order(distance[near])], 3)
}

# What the core refuses, or what does not fit into memory there, as a classed error of the package.
from_core <- function(code, call = rlang::caller_env(), kind = "fit") {
  tryCatch(code, error = function(e) {
    if (inherits(e, "causalsynth_error") || !inherits(e, "C++Error")) rlang::cnd_signal(e)
    message <- conditionMessage(e)
    abort(kind, "{message}", call = call)
  })
}

# What an exported function says on the way is said of the call that the user wrote: of the frame `call`.
called_by <- function(call, code) {
  own <- rlang::error_call(call)
  withCallingHandlers(
    code,
    causalsynth_error = function(e) {
      e$call <- own
      rlang::cnd_signal(e)
    },
    causalsynth_warning = function(w) {
      w$call <- own
      warning(w)
      rlang::cnd_muffle(w)
    }
  )
}
