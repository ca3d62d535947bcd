# The core's tests (tests/cpp): built by cmake in a temporary folder, run over every backend. Sourced by tools/test.R.
# CAUSALSYNTH_SANITIZE, such as "address,undefined", builds them with these sanitizers: what they report fails the run.

cmake_settings <- function() {
  include <- function(package) system.file("include", package = package)
  settings <- c(CATCH_INCLUDE = include("testthat"), EIGEN_INCLUDE = include("RcppEigen"))
  tbb <- tryCatch(RcppParallel::tbbLibraryPath("tbb"), error = function(e) NULL)
  if (.Platform$OS.type == "unix" && length(tbb) == 1 && file.exists(tbb)) {
    settings <- c(settings, TBB_INCLUDE = include("RcppParallel"), TBB_LIBRARY = tbb)
  }
  sanitize <- Sys.getenv("CAUSALSYNTH_SANITIZE")
  if (sanitize != "") settings <- c(settings, CAUSALSYNTH_SANITIZE = sanitize)
  sprintf("-D%s=%s", names(settings), shQuote(settings))
}

# Passed and failed test cases in the closing lines of Catch 1.
count_catch <- function(log, status) {
  text <- paste(log, collapse = "\n")
  number <- function(pattern) {
    found <- regmatches(text, regexec(pattern, text))[[1]]
    if (length(found)) as.integer(found[2]) else 0L
  }
  passed <- number("All tests passed \\([0-9]+ assertions? in ([0-9]+) test cases?\\)") +
    number("test cases:[^\n]*[| ]([0-9]+) passed")
  failed <- number("test cases:[^\n]*[| ]([0-9]+) failed")
  if (status != 0 && failed == 0) failed <- 1L
  if (passed + failed == 0) failed <- 1L
  test_counts(passed = passed, failed = failed)
}

run_cpp_tests <- function(in_ci, filter = NULL) {
  cmake <- Sys.which("cmake")
  if (cmake == "") {
    message("The C++ tests need cmake, which is not installed.")
    cases <- sum(grepl("^TEST_CASE", unlist(lapply(list.files("tests/cpp", "[.]cpp$", full.names = TRUE), readLines))))
    return(if (in_ci) test_counts(failed = 1) else test_counts(skipped = cases))
  }
  build <- tempfile("cpp-")
  cores <- max(1, parallel::detectCores(), na.rm = TRUE)
  # -O1 compiles in 50 to 80 % of the time of -O3; the R tests run the core at -O2.
  flags <- if (.Platform$OS.type == "unix") "-DCMAKE_CXX_FLAGS_RELEASE=-O1"
  steps <- list(
    c("-S", shQuote(normalizePath("tests/cpp")), "-B", shQuote(build), cmake_settings(), flags),
    c("--build", shQuote(build), "--config", "Release", "--parallel", cores)
  )
  if (Sys.which("ccache") != "") steps[[1]] <- c(steps[[1]], "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
  for (step in steps) {
    log <- suppressWarnings(system2(cmake, step, stdout = TRUE, stderr = TRUE))
    if (!is.null(attr(log, "status"))) {
      writeLines(log)
      return(test_counts(failed = 1))
    }
    writeLines(grep("warning:", log, value = TRUE))
  }
  counts <- test_counts()
  for (program in list.files(build, "^tests_(std|tbb)([.]exe)?$", full.names = TRUE, recursive = TRUE)) {
    log <- suppressWarnings(system2(program, if (!is.null(filter)) shQuote(paste0("*", filter, "*")),
                                    stdout = TRUE, stderr = TRUE))
    status <- attr(log, "status")
    if (!is.null(status)) writeLines(log)
    none <- !is.null(filter) && any(grepl("No test cases matched", log))
    found <- if (none) test_counts() else count_catch(log, if (is.null(status)) 0 else status)
    message("C++ ", basename(program), ": ", found[["passed"]], " passed, ", found[["failed"]], " failed")
    counts <- counts + found
  }
  if (sum(counts) == 0 && is.null(filter)) counts <- test_counts(failed = 1)
  counts
}
