# What the package costs who builds, installs and loads it: Rscript bench/cost.R [LOG]
# The tarball, the installed package, the time of an installation without a compiler's cache, of loading it and of R
# alone (medians of 15 starts, in turns), memory after each. LOG: the output of .ci/run, whose steps say how
# long they took. The journeys of inst/examples run from that library, each in an empty folder. Writes bench/cost.csv,
# a row a figure; rows that this run does not measure stay.
source("bench/lib.R")
r <- file.path(R.home("bin"), "R")
rscript <- file.path(R.home("bin"), "Rscript")
rows <- data.frame(what = character(), value = numeric(), unit = character())
add <- function(what, value, unit) rows[nrow(rows) + 1, ] <<- list(what, round(value, 3), unit)
folder_size <- function(path) sum(file.size(list.files(path, recursive = TRUE, full.names = TRUE))) / 1e6

measure_install <- function(folder) {
  root <- getwd()
  here <- setwd(folder)
  on.exit(setwd(here))
  stopifnot(system2(r, c("CMD", "build", "--no-manual", shQuote(root)), stdout = FALSE, stderr = FALSE) == 0)
  tarball <- list.files(pattern = "[.]tar[.]gz$")
  add("tarball, with vignettes", file.size(tarball) / 1e6, "MB")
  dir.create("library")
  file.create("Makevars")
  Sys.setenv(R_MAKEVARS_USER = file.path(folder, "Makevars"), MAKEFLAGS = "-j2")
  took <- system.time(status <- system2(r, c("CMD", "INSTALL", "--library=library", tarball), stdout = FALSE,
                                        stderr = FALSE))
  stopifnot(status == 0)
  add("installation from source, make -j2", took[["elapsed"]], "s")
  add("installation from source, processor", sum(took[c("user.child", "sys.child")]), "s")
  installed <- file.path("library", "causalsynth")
  add("installed", folder_size(installed), "MB")
  add("installed: libs", folder_size(file.path(installed, "libs")), "MB")
  stripped <- tempfile()
  file.copy(list.files(file.path(installed, "libs"), "[.]so$", full.names = TRUE), stripped)
  if (system2("strip", c("--strip-unneeded", stripped)) == 0) {
    add("installed: libs without debugging information", file.size(stripped) / 1e6, "MB")
  }
  add("installed: documentation and vignettes", folder_size(file.path(installed, "doc")) +
        folder_size(file.path(installed, "help")) + folder_size(file.path(installed, "html")), "MB")
  normalizePath("library")
}

# Seconds and resident megabytes of sessions that run each of `codes` and end: medians of 15 starts, in turns.
measure_starts <- function(codes) {
  memory <- "cat(grep('^VmRSS', readLines('/proc/self/status'), value = TRUE))"
  once <- function(code) {
    took <- system.time(said <- system2(rscript, c("--vanilla", "-e", shQuote(paste0(code, memory))), stdout = TRUE,
                                        stderr = FALSE))
    c(took[["elapsed"]], as.numeric(gsub("[^0-9]", "", utils::tail(said, 1))) / 1024)
  }
  found <- vapply(1:15, function(i) vapply(codes, once, numeric(2)), matrix(0, 2, length(codes)))
  apply(found, 1:2, stats::median)
}

measure_load <- function(library) {
  Sys.setenv(R_LIBS = paste(c(library, .libPaths()), collapse = .Platform$path.sep))
  loads <- packageDescription("causalsynth", library)$Imports
  # Those that the first call or picture loads are none of them.
  loads <- setdiff(trimws(sub("[(].*", "", strsplit(loads, ",")[[1]])), c("cli", "ggplot2", "rlang"))
  found <- measure_starts(c(
    bare = "", loaded = "suppressPackageStartupMessages(library(causalsynth));",
    imports = paste0("for (p in ", paste(deparse(loads), collapse = ""), ") loadNamespace(p);")
  ))
  beyond <- found - found[, "bare"]
  add("library(causalsynth), beyond R's own start", beyond[1, "loaded"], "s")
  add("of which the packages that it loads", beyond[1, "imports"], "s")
  add("memory after library(causalsynth), beyond R's own", beyond[2, "loaded"], "MB")
  there <- utils::installed.packages(c(library, .libPaths()))
  needed <- tools::package_dependencies("causalsynth", there, c("Depends", "Imports"), recursive = TRUE)[[1]]
  base <- rownames(utils::installed.packages(priority = "base"))
  add("packages needed, all told, beyond R's own", length(setdiff(needed, base)), "packages")
}

measure_journeys <- function(library) {
  all <- 0
  for (file in list.files(file.path(library, "causalsynth", "examples"), "[.]R$", full.names = TRUE)) {
    here <- setwd(tempfile_folder())
    took <- system.time(status <- system2(rscript, shQuote(file), stdout = FALSE, stderr = FALSE))[["elapsed"]]
    setwd(here)
    stopifnot(status == 0)
    add(paste("journey:", sub("[.]R$", "", basename(file))), took, "s")
    all <- all + took
  }
  add("journeys, together", all, "s")
}

tempfile_folder <- function() {
  folder <- tempfile("journey-")
  dir.create(folder)
  folder
}

measure_gate <- function(log) {
  steps <- regmatches(log, regexec("^-- (.*) took ([0-9]+) s$", log))
  steps <- steps[lengths(steps) == 3]
  for (step in steps) add(paste0("gate: ", step[2]), as.numeric(step[3]), "s")
  add("gate: all steps", sum(vapply(steps, function(step) as.numeric(step[3]), 1)), "s")
}

folder <- tempfile("cost-")
dir.create(folder)
library_made <- measure_install(folder)
measure_load(library_made)
measure_journeys(library_made)
if (length(commandArgs(TRUE))) measure_gate(readLines(commandArgs(TRUE)[1]))
.libPaths(c(library_made, .libPaths()))
table <- cbind(rows, machine())
if (file.exists("bench/cost.csv")) {
  before <- utils::read.csv("bench/cost.csv")
  table <- rbind(table, before[!before$what %in% table$what, ])
}
utils::write.csv(table, "bench/cost.csv", row.names = FALSE)
print(table[c("what", "value", "unit", "date")], row.names = FALSE)
