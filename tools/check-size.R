# Sizes: files of at most 400 lines, functions of at most 60; R lines of at most 120 characters, C++ lines of 100.
# Called by tools/check-layers.sh from the top folder.
max_file <- 400
max_function <- 60
complaints <- character()
complain <- function(...) complaints <<- c(complaints, paste0(...))

r_functions <- function(file) {
  parsed <- utils::getParseData(parse(file, keep.source = TRUE))
  spans <- parsed[parsed$token == "expr" & parsed$id %in% parsed$parent[parsed$token == "FUNCTION"], ]
  data.frame(line = spans$line1, lines = spans$line2 - spans$line1 + 1)
}

# Namespaces are not indented, so a function begins and ends in the first column.
cpp_functions <- function(lines) {
  begins <- grep("^[A-Za-z].*|^[ ].*\\{$", lines)
  ends <- grep("^\\}", lines)
  opens <- grep("^[^ #/}].*$", lines)
  opens <- opens[!grepl("^(namespace|struct|class|enum|union|using|typedef|extern|static const|constexpr|const)\\b",
                        lines[opens])]
  spans <- lapply(ends, function(end) {
    start <- max(c(0, opens[opens < end & grepl("\\($|\\(|\\{$", lines[opens])]))
    if (start == 0 || any(ends > start & ends < end)) return(NULL)
    data.frame(line = start, lines = end - start + 1)
  })
  do.call(rbind, c(list(data.frame(line = integer(), lines = integer())), spans))
}

check_file <- function(file) {
  lines <- readLines(file, warn = FALSE)
  is_r <- grepl("[.]R$", file)
  is_cpp <- grepl("[.](cpp|h)$", file)
  if (length(lines) > max_file) complain(file, ": ", length(lines), " lines; at most ", max_file)
  width <- if (is_r) 120 else if (is_cpp) 100 else Inf
  for (i in which(nchar(lines, "chars", allowNA = TRUE) > width)) complain(file, ":", i, ": wider than ", width)
  functions <- if (is_r) r_functions(file) else if (is_cpp) cpp_functions(lines)
  for (i in which(functions$lines > max_function)) {
    complain(file, ":", functions$line[i], ": a function of ", functions$lines[i], " lines; at most ", max_function)
  }
}

files <- list.files(c("R", "src", "tests", "tools", "bench"), "[.](R|cpp|h|sh)$", recursive = TRUE, full.names = TRUE)
files <- grep("RcppExports", files, invert = TRUE, value = TRUE)
for (file in files) check_file(file)
# Files of R/ share one namespace: of two definitions the later file's would serve both.
defined <- unlist(lapply(list.files("R", "[.]R$", full.names = TRUE), function(file) {
  found <- grep("^[A-Za-z.][A-Za-z0-9._]* <- ", readLines(file, warn = FALSE), value = TRUE)
  unique(sub(" <- .*$", "", found))
}))
for (name in unique(defined[duplicated(defined)])) complain("R: ", name, " is defined in two files")
writeLines(complaints, stderr())
quit(status = as.integer(length(complaints) > 0))
