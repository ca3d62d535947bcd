# How objects print: lines no wider than the console, at most 25 of them, and last what may come next.

# `head` and `table` are always shown whole; what does not fit of `tail` is counted. Only words are wrapped: a table's
# columns would part. `mark` begins every line of text ("# " where a data frame stands below).
show_lines <- function(head, table = character(), tail = character(), then = NULL, lines = 25, mark = "") {
  wrap <- function(text) if (length(text)) paste0(mark, wrap_lines(text, getOption("width") - nchar(mark)))
  head <- wrap(head)
  tail <- wrap(tail)
  # A summary has its tables below, and what may come next is said by print().
  then <- wrap(if (length(then) && is.finite(lines)) paste("Next:", then))
  room <- lines - length(head) - length(table) - length(then)
  if (length(tail) > room) {
    kept <- max(0, room - 1)
    tail <- c(utils::head(tail, kept), paste0(mark, "... ", count_phrase(length(tail) - kept, "more line"),
                                              ": summary()"))
  }
  writeLines(c(head, table, tail, then))
}

# Text of a summary, no wider than the console.
write_wrapped <- function(...) writeLines(wrap_lines(c(...)))

# An object whose first lines of format() are its head, the others its tail.
show_object <- function(x, ..., first = 1, lines = 25, then = NULL) {
  text <- format(x, ...)
  show_lines(text[seq_len(first)], tail = text[-seq_len(first)], then = then, lines = lines)
}

# Lines broken at spaces, what follows two columns further in; what belongs together is not broken: a call, such as
# truth(x, estimand), a few words in brackets, both sides of an equals sign.
wrap_lines <- function(lines, width = getOption("width")) {
  unlist(lapply(lines, function(line) {
    if (nchar(line, "width") <= width) return(line)
    whole <- gregexpr("[A-Za-z_]+\\([^()]{0,40}\\)|\\([^() ]{1,10} [^() ]{1,10}\\)|[^ (]+ = [^ )]+", line)
    regmatches(line, whole) <- lapply(regmatches(line, whole), gsub, pattern = " ", replacement = "\001")
    indent <- attr(regexpr("^ *", line), "match.length")
    words <- gsub("\001", " ", strsplit(substring(line, indent + 1), " +")[[1]])
    broken <- character()
    now <- paste0(strrep(" ", indent), words[1])
    for (word in words[-1]) {
      if (nchar(now, "width") + 1 + nchar(word, "width") <= width) {
        now <- paste(now, word)
      } else {
        broken <- c(broken, now)
        now <- paste0(strrep(" ", indent + 2), word)
      }
    }
    c(broken, now)
  }))
}

# Differences that are 0 but for rounding, as a print shows them.
without_rounding <- function(value) ifelse(abs(value) < 1e-10, 0, value)

# A data frame as print() shows it, without row names.
table_lines <- function(table, digits = 3, ...) {
  utils::capture.output(print(table, row.names = FALSE, digits = digits, ...))
}
