# Rscript bench/all.R [list | SCRIPT ...]
# Every comparison and simulation one after the other, in the order of the list below, each in a process of its own;
# then the README's tables from their csv files. A script's cells of an earlier run are set aside (*.before) until it
# ends, so that all are measured anew; a run that was broken off goes on from its own. Scripts that fail are named at
# the end, and the others run. Start nothing else meanwhile: most measure time. About a day on two cores.
scripts <- list(
  list("forest.R"), list("forest-accuracy.R"), list("nearest.R"), list("matching.R"), list("effect.R"), list("stack.R"),
  list("coverage.R", "2000"), list("coverage-variants.R"),
  list("generators.R", "20"), list("generators-rank.R"), list("generators-speed.R"), list("generators-growth.R"),
  list("generate_to.R"), list("neural-published.R"), list("neural-row-lm.R"), list("neural-ctgan.R"),
  list("hybrid-speed.R"), list("hybrid-trial.R"), list("hybrid-shared.R"), list("hybrid-se.R"),
  list("hybrid-pools.R", "100"), list("hybrid.R", "500"), list("hybrid-coverage.R", "1000"),
  list("positivity.R"), list("positivity-se.R"), list("fuse-agreement.R"),
  list("study.R"), list("study-agreement.R"),
  list("privacy.R"), list("privacy-null.R"), list("report.R"), list("memory.R"), list("cost.R")
)
names(scripts) <- vapply(scripts, `[[`, "", 1)
wanted <- commandArgs(TRUE)
if (identical(wanted, "list")) {
  cat(vapply(scripts, function(s) paste(unlist(s), collapse = " "), ""), sep = "\n")
  quit(save = "no")
}
unknown <- setdiff(wanted, names(scripts))
if (length(unknown)) stop("No such script: ", paste(unknown, collapse = ", "))
if (length(wanted)) scripts <- scripts[wanted]
stopifnot("run from the top folder" = file.exists(file.path("bench", "all.R")))

# Cells that a script does not run again where it finds them: in files of their own (-raw), or in the very result.
results_that_store <- list(
  generators.R = "generators.csv", generate_to.R = "generate_to.csv", `neural-row-lm.R` = "neural-row-lm.csv",
  `neural-ctgan.R` = c("neural-ctgan.csv", "neural-ctgan-speed.csv")
)

set_aside <- function(script) {
  raw <- paste0("^", sub("[.]R$", "", script), "-raw")
  of_before <- list.files("bench", paste0(raw, ".*[.]before$"), full.names = TRUE)
  stores <- file.path("bench", results_that_store[[script]])
  before <- c(of_before, Filter(file.exists, paste0(stores, ".before")))
  if (length(before)) return(before)
  files <- c(list.files("bench", raw, full.names = TRUE), Filter(file.exists, stores))
  before <- paste0(files, rep(".before", length(files)))
  file.rename(files, before)
  before
}

rscript <- file.path(R.home("bin"), "Rscript")
failed <- character()
for (script in scripts) {
  file <- file.path("bench", script[[1]])
  if (!file.exists(file)) {
    failed <- c(failed, paste(script[[1]], "(not there)"))
    next
  }
  cat(format(Sys.time(), "%H:%M"), unlist(script), "\n")
  before <- set_aside(script[[1]])
  if (system2(rscript, c(file, unlist(script[-1]))) == 0) unlink(before, recursive = TRUE)
  else failed <- c(failed, paste(c(script[[1]], if (length(before)) c("- earlier cells in", before)), collapse = " "))
}
if (system2(rscript, file.path("bench", "table.R")) != 0) failed <- c(failed, "table.R")
if (length(failed)) stop("Failed: ", paste(failed, collapse = ", "))
