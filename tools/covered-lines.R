# Which lines do the tests reach? Rscript tools/covered-lines.R [WORKERS [COUNTS.rds [PATTERN]]]
# COUNTS.rds keeps the counts: where it is there, they are read from it and no test runs (to fill in reasons).
# PATTERN: of the test files that run, to try the script itself.
# The package is built for covr and gcov with -O1 (with -O0, most of the time would be spent in Eigen); R tests run file
# by file in processes of their own.
# Writes bench/covered-lines.csv (a row a file of R, src/core and src/glue: lines, covered, percent) and
# bench/uncovered-lines.csv (each run of lines that no test reached, with the reason that tools/uncovered.txt gives).
# Fails below 90 % of the lines of R or 85 % of src/core. About an hour and a quarter on two cores.
stopifnot("run from the top folder" = file.exists("DESCRIPTION"))
workers <- as.integer(c(commandArgs(TRUE), "2")[1])
root <- normalizePath(".")
pattern <- c(commandArgs(TRUE)[-(1:2)], "")[1]

# Runs within the process that covr starts: what its children load writes traces too.
run_tests <- function(root, workers, pattern) {
  setwd(root)
  files <- sub("[.]R$", "", list.files("tests/testthat", "^test-.*[.]R$"))
  files <- grep(pattern, files, value = TRUE)
  # The longest first.
  size <- file.size(file.path("tests/testthat", paste0(files, ".R")))
  said <- parallel::mclapply(files[order(-size)], function(file) {
    pattern <- shQuote(paste0("^", file, "[.]R$"))
    system2(file.path(R.home("bin"), "Rscript"), c("tools/test-under.R", pattern), stdout = TRUE)
  }, mc.cores = workers, mc.preschedule = FALSE)
  writeLines(grep("^(FAILED|test-)", unlist(said), value = TRUE))
  # One file of counts for all processes: covr holds every file it merges, 16 GB of them. Processes that tests kill
  # leave counts that were not written to their end.
  traces <- list.files(.libPaths()[1], "^covr_trace_", full.names = TRUE)
  lost <- 0
  all <- list()
  total <- numeric()
  for (file in traces) {
    own <- tryCatch(suppressWarnings(as.list(readRDS(file))), error = function(e) NULL)
    if (length(own) == 0) lost <- lost + 1
    counts <- vapply(own, `[[`, 1, "value")
    new <- setdiff(names(counts), names(total))
    all <- c(all, own[new])
    total[new] <- 0
    total[names(counts)] <- total[names(counts)] + counts
  }
  saveRDS(Map(replace, all, "value", total[names(all)]), file.path(.libPaths()[1], "covr_trace_all"))
  unlink(traces)
  cat(lost, "of", length(traces), "processes left no counts\n")
}

measure <- function() {
  source_folder <- file.path(tempfile("covered-"), "causalsynth")
  dir.create(source_folder, recursive = TRUE)
  tracked <- system2("git", "ls-files", stdout = TRUE)
  for (folder in unique(dirname(tracked))) dir.create(file.path(source_folder, folder), FALSE, TRUE)
  file.copy(tracked, file.path(source_folder, tracked))
  Sys.setenv(NOT_CRAN = "true", MAKEFLAGS = "-j2")
  code <- paste0("run_tests <- ", paste(deparse(run_tests), collapse = "\n"),
                 sprintf("\nrun_tests(%s, %d, %s)", deparse(root), workers, deparse(pattern)))
  loadNamespace("covr") # sets its options
  options(covr.flags = sub("-O0", "-O1", getOption("covr.flags"), fixed = TRUE))
  coverage <- covr::package_coverage(source_folder, type = "none", code = code, quiet = FALSE)
  found <- covr::tally_coverage(coverage, by = "line")
  found$filename <- sub("^.*/causalsynth/", "", found$filename)
  stats::aggregate(value ~ filename + line, found, max)
}

part_of <- function(file) {
  ifelse(startsWith(file, "R/"), "R", ifelse(startsWith(file, "src/core/"), "src/core",
                                             ifelse(startsWith(file, "src/glue"), "src/glue", NA)))
}

# Lines "REGEX OF FILE: REGEX OF TEXT :: reason"; the first that fits a run of lines says why no test reaches it.
read_reasons <- function(file = "tools/uncovered.txt") {
  lines <- grep("^ *(#|$)", readLines(file), invert = TRUE, value = TRUE)
  pieces <- regmatches(lines, regexec("^(.*?): (.*?) :: (.+)$", lines, perl = TRUE))
  stopifnot("each line of tools/uncovered.txt is FILE: TEXT :: REASON" = lengths(pieces) == 4)
  data.frame(file = vapply(pieces, `[`, "", 2), text = vapply(pieces, `[`, "", 3), reason = vapply(pieces, `[`, "", 4))
}

uncovered_runs <- function(found, reasons) {
  missed <- found[found$value == 0, ]
  missed <- missed[order(missed$filename, missed$line), ]
  runs <- lapply(split(missed, missed$filename), function(rows) {
    text <- readLines(rows$filename[1], warn = FALSE)
    covered <- found$line[found$filename == rows$filename[1] & found$value > 0]
    # Runs end where a line that was reached lies between.
    id <- findInterval(rows$line, sort(covered))
    do.call(rbind, lapply(split(rows$line, id), function(lines) {
      body <- paste(text[seq(min(lines), max(lines))], collapse = "\n")
      fits <- vapply(seq_len(nrow(reasons)), function(i) {
        grepl(reasons$file[i], rows$filename[1], perl = TRUE) && grepl(reasons$text[i], body, perl = TRUE)
      }, NA)
      data.frame(file = rows$filename[1], from = min(lines), to = max(lines), lines = length(lines),
                 first = trimws(text[min(lines)]),
                 reason = if (any(fits)) reasons$reason[which(fits)[1]] else "no test yet")
    }))
  })
  do.call(rbind, unname(runs))
}

counts <- commandArgs(TRUE)[2]
found <- if (!is.na(counts) && file.exists(counts)) readRDS(counts) else measure()
if (!is.na(counts)) saveRDS(found, counts)
found <- found[!is.na(part_of(found$filename)), ]
files <- stats::aggregate(cbind(lines = 1, covered = value > 0) ~ filename, found, sum)
files$percent <- round(100 * files$covered / files$lines, 1)
parts <- stats::aggregate(cbind(lines, covered) ~ part_of(filename), files, sum)
names(parts)[1] <- "filename"
parts$filename <- paste("all of", parts$filename)
parts$percent <- round(100 * parts$covered / parts$lines, 1)
table <- rbind(parts, files)
table$date <- format(Sys.Date())
utils::write.csv(table, "bench/covered-lines.csv", row.names = FALSE)
runs <- uncovered_runs(found, read_reasons())
utils::write.csv(runs, "bench/uncovered-lines.csv", row.names = FALSE)
print(parts, row.names = FALSE)
cat(sum(runs$lines[runs$reason == "no test yet"]), "uncovered lines without a reason\n")
percent <- stats::setNames(parts$percent, parts$filename)
quit(status = as.integer(percent[["all of R"]] < 90 || percent[["all of src/core"]] < 85))
