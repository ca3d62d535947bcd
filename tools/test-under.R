# tests/testthat file by file, each in a process of its own: Rscript tools/test-under.R [PATTERN]. For
# tools/run-sanitizers.sh: what a sanitizer says is passed on, what ran is counted.
# A file that does not end within 20 minutes runs once more with one thread: a process forked while threads run may wait
# for a lock of the address sanitizer that nobody holds any more. Prints "expectations: N" and "files done: N".
pattern <- commandArgs(TRUE)
files <- list.files("tests/testthat", if (length(pattern) && nzchar(pattern)) pattern else "^test-.*[.]R$")
files <- files[grepl("^test-.*[.]R$", files)]
run <- paste(
  "file <- commandArgs(TRUE); library(testthat); library(causalsynth);",
  "done <- as.data.frame(test_file(file, package = 'causalsynth', reporter = 'silent', stop_on_failure = FALSE));",
  "cat('counts', sum(done$nb), sum(done$failed), sum(done$error), '\\n')"
)
run_file <- function(file, env = character()) {
  suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"), c("-e", shQuote(run), file.path("tests/testthat", file)),
    stdout = TRUE, stderr = TRUE, env = env, timeout = 1200
  ))
}
total <- 0
ended <- 0
for (file in files) {
  started <- Sys.time()
  log <- run_file(file)
  if (identical(attr(log, "status"), 124L)) {
    cat(file, "did not end: again with one thread\n")
    log <- run_file(file, "RCPP_PARALLEL_NUM_THREADS=1")
  }
  counts <- strsplit(grep("^counts ", log, value = TRUE), " ")
  seconds <- round(as.numeric(difftime(Sys.time(), started, units = "secs")))
  reports <- grep("runtime error:|ERROR: AddressSanitizer", log)
  if (length(counts) != 1) {
    cat("FAILED:", file, "did not end\n")
    writeLines(utils::tail(log, 20))
    next
  }
  if (length(reports)) writeLines(log)
  counts <- as.integer(counts[[1]][2:4])
  total <- total + counts[1]
  ended <- ended + 1
  if (sum(counts[2:3])) cat("FAILED:", file, sum(counts[2:3]), "tests\n")
  cat(file, counts[1], "expectations", seconds, "s\n")
}
cat("expectations: ", total, "\nfiles done: ", ended, "\n", sep = "")
if (ended < length(files)) quit(status = 1)
