# Rewrites the OBJECTS line of src/Makevars and src/Makevars.win from the tree, then the Rcpp
# glue and the help pages. Run after adding, moving or deleting a C++ file or an export.
sources <- c(
  list.files("src", pattern = "[.]cpp$"),
  file.path("core", list.files("src/core", pattern = "[.]cpp$", recursive = TRUE))
)
sources <- sort(union(sources, "RcppExports.cpp"), method = "radix")
line <- paste("OBJECTS =", paste(sub("[.]cpp$", ".o", sources), collapse = " "))
for (file in c("src/Makevars", "src/Makevars.win")) {
  kept <- grep("^OBJECTS *=", readLines(file), invert = TRUE, value = TRUE)
  writeLines(c(kept, line), file)
}
if (!"--objects-only" %in% commandArgs(TRUE)) {
  Rcpp::compileAttributes(".")
  roxygen2::roxygenise(".", load_code = "source")
}
