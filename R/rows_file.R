# One table as a file: parquet (through nanoparquet) or csv, written whole or not at all. What a column is beyond its
# values (levels, zone, units) is described apart, as a list that JSON can hold, so that both formats give it back.

rows_formats <- c("parquet", "csv", "csv.gz")

check_parquet <- function(call) {
  if (requireNamespace("nanoparquet", quietly = TRUE)) return(invisible())
  abort("input", c(
    "The format {.val parquet} needs the package {.pkg nanoparquet}.",
    i = "Install it with {.code install.packages(\"nanoparquet\")}, or use {.code format = \"csv\"}."
  ), call = call)
}

# The format that a file's name says.
rows_format <- function(path, call = rlang::caller_env()) {
  for (format in rows_formats) if (endsWith(tolower(path), paste0(".", format))) return(format)
  abort("input", c(
    "The name {.file {basename(path)}} does not say the format.", i = "End it in .parquet, .csv or .csv.gz."
  ), call = call)
}

write_rows_file <- function(rows, path, format = rows_format(path), ..., overwrite = FALSE,
                            call = rlang::caller_env()) {
  if (format == "parquet") check_parquet(call)
  path <- check_target(path, overwrite, call)
  rows <- structure(as.list(unclass(rows)), names = names(rows), class = "data.frame",
                    row.names = .set_row_names(.row_names_info(rows, 2L)))
  odd <- names(rows)[!vapply(rows, function(x) is.atomic(x) && is.null(dim(x)) && !is.complex(x) && !is.raw(x), NA)]
  if (length(odd)) abort("data", "Column{?s} {.val {odd}} cannot be written: one value a row is needed.", call = call)
  if (format != "parquet") check_csv_values(rows, call)
  write_aside(path, overwrite, call, function(part) {
    if (format == "parquet") write_parquet_rows(rows, part) else write_csv_rows(rows, part, format == "csv.gz")
  })
  invisible(path)
}

# Dates with whole days and times travel as such, everything else by its numbers or labels.
write_parquet_rows <- function(rows, path) {
  rows[] <- lapply(rows, function(x) {
    if (is.factor(x)) return(structure(as.integer(x), levels = levels(x), class = "factor"))
    if (inherits(x, "Date")) return(if (whole_days(x)) .Date(as.numeric(x)) else as.numeric(x))
    if (inherits(x, "POSIXct") || is.object(x)) return(as.numeric(x))
    as.vector(x)
  })
  nanoparquet::write_parquet(rows, path, options = nanoparquet::parquet_options(write_minmax_values = FALSE))
}

# A missing value is written NA, which a text of that name would become.
check_csv_values <- function(rows, call) {
  for (name in names(rows)) {
    x <- rows[[name]]
    if (!is.factor(x) && !is.character(x)) next
    if ("NA" %in% (if (is.factor(x)) levels(x) else x)) {
      abort("data", c(
        "Column {.val {name}} has the text {.val NA}, which in a csv file means a missing value.",
        i = "Use {.code format = \"parquet\"}, or rename it."
      ), call = call)
    }
  }
}

write_csv_rows <- function(rows, path, compress) {
  con <- if (compress) gzfile(path, "wb") else file(path, "wb")
  on.exit(close(con))
  cat(quote_csv(names(rows)), sep = ",", file = con)
  cat("\n", file = con)
  n <- nrow(rows)
  for (from in if (n) seq(1, n, by = 1e5)) {
    part <- lapply(rows, `[`, from:min(n, from + 1e5 - 1))
    writeLines(do.call(paste, c(unname(lapply(part, csv_text)), sep = ",")), con, sep = "\n", useBytes = TRUE)
  }
  flush(con)
}

quote_csv <- function(x) paste0("\"", gsub("\"", "\"\"", enc2utf8(x), fixed = TRUE), "\"")

# Numbers in the fewest digits of 15 and 17 that give them back.
csv_text <- function(x) {
  missing <- is.na(x)
  text <- if (is.factor(x)) {
    quote_csv(levels(x))[x]
  } else if (is.character(x)) {
    quote_csv(x)
  } else if (inherits(x, "Date") && whole_days(x)) {
    format(x, "%Y-%m-%d")
  } else if (is.double(x)) {
    x <- as.numeric(x)
    short <- rep("NA", length(x))
    short[!missing] <- sprintf("%.15g", x[!missing])
    long <- which(!missing)[as.numeric(short[!missing]) != x[!missing]]
    short[long] <- sprintf("%.17g", x[long])
    short
  } else {
    as.character(x)
  }
  text[missing] <- "NA"
  text
}

# `columns`: as describe_columns() makes it, or NULL to take what the file itself says.
read_rows_file <- function(path, format = rows_format(path), columns = NULL, call = rlang::caller_env()) {
  if (format == "parquet") check_parquet(call)
  check_source(path, call)
  rows <- tryCatch(
    if (format == "parquet") {
      as.data.frame(nanoparquet::read_parquet(path))
    } else {
      utils::read.csv(path, check.names = FALSE, na.strings = "NA", encoding = "UTF-8", stringsAsFactors = FALSE,
                      colClasses = if (is.null(columns)) NA else "character")
    },
    error = function(e) abort("file", c("The file {.file {path}} could not be read.", x = "{conditionMessage(e)}"),
                              call = call)
  )
  if (is.null(columns)) return(rows)
  if (!identical(names(rows), names(columns))) {
    abort("file", "The file {.file {path}} has other columns than described.", call = call)
  }
  rows[] <- Map(restore_column, rows, columns)
  rows
}

# What of each column its values do not say: type, and levels, zone, units.
describe_columns <- function(rows) {
  lapply(stats::setNames(unclass(rows)[seq_along(rows)], names(rows)), function(x) {
    if (is.factor(x)) return(list(type = if (is.ordered(x)) "ordered" else "factor", levels = as.list(levels(x))))
    if (inherits(x, "Date")) return(list(type = "Date"))
    if (inherits(x, "POSIXct")) return(list(type = "POSIXct", zone = (attr(x, "tzone") %||% "")[1]))
    if (inherits(x, "difftime")) return(list(type = "difftime", units = attr(x, "units")))
    list(type = typeof(x))
  })
}

restore_column <- function(x, about) {
  if (about$type %in% c("factor", "ordered")) {
    levels <- as.character(unlist(about$levels))
    class <- c(if (about$type == "ordered") "ordered", "factor")
    return(structure(match(as.character(x), levels), levels = levels, class = class))
  }
  if (about$type == "character") return(as.character(x))
  if (about$type == "Date") {
    if (is.character(x) && any(grepl("^-?[0-9]+-[0-9]+-[0-9]+$", x))) x <- as.Date(x)
    return(.Date(as.numeric(x)))
  }
  if (about$type == "logical") return(as.logical(x))
  if (about$type == "integer") return(as.integer(x))
  x <- as.numeric(x)
  if (about$type == "POSIXct") return(.POSIXct(x, about$zone))
  if (about$type == "difftime") return(.difftime(x, about$units))
  x
}

whole_days <- function(x) {
  days <- as.numeric(x)
  all(days == floor(days), na.rm = TRUE)
}
