# R CMD build and R CMD check --as-cran (no manual), in a temporary folder:
# Rscript tools/check.R [--depends-only] [--no-tests]
# Fails on any ERROR or WARNING, and on a NOTE that tools/allowed-notes.txt does not list with a reason.
# --depends-only checks with nothing but the required packages (and testthat): vignettes are left out there.
# --no-tests leaves the tests out, where they have just run.
root <- normalizePath(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), ".."))
setwd(root)
depends_only <- "--depends-only" %in% commandArgs(TRUE)

run <- function(...) system2(file.path(R.home("bin"), "R"), c("CMD", ...))

# Checks of the log: their titles, results and the text below them.
read_checks <- function(file) {
  lines <- readLines(file, warn = FALSE)
  lines <- lines[seq_along(lines) < match("* DONE", lines, nomatch = length(lines) + 1)]
  start <- grep("^\\* ", lines)
  end <- c(start[-1] - 1, length(lines))
  lapply(seq_along(start), function(i) {
    title <- lines[start[i]]
    # Some checks print their result on a line of its own, after what they found.
    block <- lines[start[i]:end[i]]
    result <- regmatches(block, regexpr("(ERROR|WARNING|NOTE)$", block))
    list(title = title, result = if (length(result)) result[1] else "OK", text = block[-1])
  })
}

paragraphs <- function(text) {
  group <- cumsum(text == "")
  parts <- vapply(split(text, group), function(p) paste(trimws(p[p != ""]), collapse = "\n"), "")
  parts[parts != ""]
}

is_allowed <- function(check, allowed) {
  parts <- paragraphs(c(check$text, ""))
  if (length(parts) == 0) parts <- check$title
  all(vapply(parts, function(p) any(vapply(allowed, grepl, TRUE, x = p)), TRUE))
}

allowed_patterns <- function() {
  lines <- grep("^ *(#|$)", readLines("tools/allowed-notes.txt"), invert = TRUE, value = TRUE)
  stopifnot("every allowed NOTE needs a reason" = all(grepl(" :: .", lines)))
  sub(" :: .*$", "", lines)
}

# --as-cran asks CRAN's list of packages whether suggested ones that are not installed are orphaned: this list, of none,
# answers without the network.
stand_in_for_cran <- function() {
  folder <- file.path(tempfile("cran-"), "web", "packages")
  dir.create(folder, recursive = TRUE)
  saveRDS(data.frame(Package = character(), Maintainer = character()), file.path(folder, "packages.rds"))
  paste0("file://", normalizePath(file.path(folder, "..", "..")))
}

# Flags of the user's own Makevars are no business of the package; a compiler's cache, where one is, changes no result.
# What the gate has set already stays.
write_makevars <- function() {
  given <- Sys.getenv("R_MAKEVARS_USER")
  if (file.exists(given)) return(given)
  names <- if (Sys.which("ccache") != "") c("CC", "CXX", "CXX17")
  asked <- function(name) system2(file.path(R.home("bin"), "R"), c("CMD", "config", name), stdout = TRUE)
  compilers <- vapply(names, asked, "")
  writeLines(sprintf("%s = ccache %s", names, sub("^ccache ", "", compilers)), "Makevars")
  normalizePath("Makevars")
}

main <- function() {
  folder <- tempfile("check-")
  dir.create(folder)
  allowed <- allowed_patterns()
  setwd(folder)
  if (Sys.getenv("MAKEFLAGS") == "") Sys.setenv(MAKEFLAGS = paste0("-j", max(1, parallel::detectCores(), na.rm = TRUE)))
  Sys.setenv(
    R_MAKEVARS_USER = write_makevars(),
    "_R_CHECK_FORCE_SUGGESTS_" = "false", "_R_CHECK_CRAN_INCOMING_REMOTE_" = "false",
    # Machines differ in speed, threefold between those that ran this.
    "_R_CHECK_EXAMPLE_TIMING_THRESHOLD_" = "10",
    "_R_CHECK_SYSTEM_CLOCK_" = "0", R_CRAN_WEB = stand_in_for_cran(),
    "_R_CHECK_DEPENDS_ONLY_" = if (depends_only) "true" else "false",
    NOT_CRAN = "false"
  )
  if (run("build", if (depends_only) "--no-build-vignettes", shQuote(root)) != 0) stop("R CMD build failed")
  tarball <- list.files(pattern = "[.]tar[.]gz$")
  size <- file.size(tarball) / 2^20
  message(sprintf("%s: %.2f MB", tarball, size))
  # R CMD build has just run the vignettes.
  vignettes <- if (depends_only) "--ignore-vignettes" else "--no-vignettes"
  tests <- if ("--no-tests" %in% commandArgs(TRUE)) "--no-tests"
  status <- run("check", "--as-cran", "--no-manual", vignettes, tests, tarball)
  logs <- list.files(pattern = "^00check[.]log$", recursive = TRUE, full.names = TRUE)
  if (length(logs) == 0) stop("R CMD check wrote no log")
  checks <- read_checks(logs[1])
  bad <- Filter(function(check) {
    check$result %in% c("ERROR", "WARNING") || check$result == "NOTE" && !is_allowed(check, allowed)
  }, checks)
  for (check in bad) writeLines(c("", paste0("NOT ALLOWED [", check$result, "] ", check$title), check$text))
  if (any(vapply(bad, function(check) check$result == "ERROR", TRUE))) show_test_output()
  failed <- length(bad) > 0 || status != 0 || size >= 5
  message(if (failed) "check failed" else "check passed", if (depends_only) " (required packages only)")
  quit(status = as.integer(failed))
}

show_test_output <- function() {
  for (file in list.files(pattern = "(testthat[.]Rout[.]fail|00install[.]out)$", recursive = TRUE)) {
    writeLines(c("", file, utils::tail(readLines(file, warn = FALSE), 60)))
  }
}

main()
