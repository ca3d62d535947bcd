# Reads a CSV file (plain or compressed; a header, commas, UTF-8). Whatever is wrong with the file is an error of
# class causalsynth_error_file that says where. `text` leaves all columns as text.
read_rows <- function(file, text = FALSE, call = rlang::caller_env()) {
  if (!(is.character(file) && length(file) == 1 && !is.na(file))) {
    abort("input", c("The file must be given by its path.", x = "It is {describe(file)}."), call = call)
  }
  if (!file.exists(file) || dir.exists(file)) {
    abort("file", "There is no file {.file {file}}.", call = call)
  }
  check_csv_text(file, call)
  check_csv_shape(file, call)
  rows <- tryCatch(
    utils::read.csv(
      file, check.names = FALSE, na.strings = c("NA", ""), fileEncoding = "UTF-8-BOM", encoding = "UTF-8",
      stringsAsFactors = FALSE, strip.white = TRUE, blank.lines.skip = TRUE,
      colClasses = if (text) "character" else NA
    ),
    error = function(e) abort_unreadable(file, conditionMessage(e), call)
  )
  if (nrow(rows) == 0) abort_header_only(file, call)
  rows
}

check_csv_text <- function(file, call) {
  lines <- readLines(file, warn = FALSE, skipNul = TRUE)
  filled <- which(nzchar(trimws(lines, whitespace = "[ \t\r\n]")) %in% TRUE | !validUTF8(lines))
  if (length(filled) == 0) abort("file", "The file {.file {file}} is empty.", call = call)
  bad <- which(!validUTF8(lines))
  if (length(bad)) {
    abort("file", c(
      "The file {.file {file}} holds text that is not valid UTF-8: {length(bad)} line{?s}, the first is line {bad[1]}.",
      i = "Save it as UTF-8, or read it yourself with {.code read.csv(fileEncoding = \"latin1\")}."
    ), call = call)
  }
  if (length(filled) == 1) abort_header_only(file, call)
}

abort_header_only <- function(file, call) {
  abort("file", "The file {.file {file}} has a header but no rows.", call = call)
}

# Quotes that are never closed, for instance: no line alone is at fault.
abort_unreadable <- function(file, said, call) {
  abort("file", c(
    "The file {.file {file}} cannot be read as a table.",
    x = "{said}.",
    i = "Look for double quotes that are never closed."
  ), call = call)
}

# Every row must have as many fields as the header; a field in quotes may run over several lines.
check_csv_shape <- function(file, call) {
  header <- tryCatch(
    utils::read.csv(file, header = FALSE, nrows = 1, colClasses = "character", fileEncoding = "UTF-8-BOM",
                    na.strings = character()),
    error = function(e) abort_unreadable(file, conditionMessage(e), call)
  )
  names <- unlist(header, use.names = FALSE)
  twice <- unique(names[duplicated(names)])
  if (length(twice)) {
    abort("file", c(
      "The file {.file {file}} has {length(twice)} column name{?s} more than once: {.val {twice}}.",
      i = "Rename the columns in its first line."
    ), call = call)
  }
  # Lines within a field in quotes count as NA, the line that ends it has the fields of the row.
  fields <- utils::count.fields(file, sep = ",", quote = "\"", comment.char = "", blank.lines.skip = FALSE)
  bad <- which(!is.na(fields) & fields != 0 & fields != length(names))
  if (length(bad)) {
    abort("file", c(
      "The file {.file {file}} is ragged: its header has {length(names)} field{?s}, {length(bad)} row{?s} differ{?s/}.",
      x = "Line {bad[1]} has {fields[bad[1]]} field{?s}.",
      i = "Put text that holds commas in quotes."
    ), call = call)
  }
}
