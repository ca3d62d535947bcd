# Rscript tools/lint-r.R [folder...]: lintr over the R code, settings in .lintr; exits non-zero on any finding.
folders <- commandArgs(TRUE)
if (length(folders) == 0) folders <- c("R", "inst", "tools", "bench", "tests")
found <- unlist(lapply(folders, function(folder) lintr::lint_dir(folder)), recursive = FALSE)
for (lint in found) {
  cat(sprintf("%s:%d: %s [%s]\n", lint$filename, lint$line_number, lint$message, lint$linter))
}
cat(length(found), "findings in", paste(folders, collapse = ", "), "\n")
quit(status = as.integer(length(found) > 0))
