# Rscript bench/all.R [list | SCRIPT ...]
# Every comparison and simulation one after the other, in the order of the list below, each in a process of its own;
# then the README's table from their csv files. Simulations go on where their raw files stopped; scripts that fail are
# named at the end, and the others run. Start nothing else meanwhile: most measure time. About a day on two cores.
scripts <- list(
  list("forest.R"), list("forest-accuracy.R"), list("nearest.R"), list("matching.R"), list("effect.R"), list("stack.R"),
  list("coverage.R", "2000"), list("coverage-variants.R"),
  list("generators.R", "20"), list("generators-rank.R"), list("generators-speed.R"), list("generators-growth.R"),
  list("generate_to.R"), list("neural-row-lm.R"), list("neural-ctgan.R"),
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

rscript <- file.path(R.home("bin"), "Rscript")
failed <- character()
for (script in scripts) {
  file <- file.path("bench", script[[1]])
  if (!file.exists(file)) {
    failed <- c(failed, paste(script[[1]], "(not there)"))
    next
  }
  cat(format(Sys.time(), "%H:%M"), unlist(script), "\n")
  if (system2(rscript, c(file, unlist(script[-1]))) != 0) failed <- c(failed, script[[1]])
}
if (system2(rscript, file.path("bench", "table.R")) != 0) failed <- c(failed, "table.R")
if (length(failed)) stop("Failed: ", paste(failed, collapse = ", "))
