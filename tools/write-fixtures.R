# Rscript tools/write-fixtures.R [overwrite | add]: models of every kind as files of the installed version, with what
# they draw and predict, into tests/testthat/fixtures/<version>/. Run once before a release; folders of released
# versions stay. `add` writes the kinds that are not there yet.
root <- normalizePath(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), ".."))
suppressPackageStartupMessages(library(causalsynth))
folder <- file.path(root, "tests", "testthat", "fixtures", as.character(utils::packageVersion("causalsynth")))
mode <- c(commandArgs(TRUE), "new")[1]
if (dir.exists(folder) && mode == "new") stop("The folder is there: ", folder)
dir.create(folder, showWarnings = FALSE)
source(file.path(root, "tests", "testthat", "helper-fixtures.R"))

for (name in names(fixture_models)) {
  if (mode == "add" && file.exists(file.path(folder, paste0(name, ".model")))) next
  model <- fixture_models[[name]]()
  write_model(model, file.path(folder, paste0(name, ".model")), overwrite = TRUE)
  writeLines(fixture_lines(model), file.path(folder, paste0(name, ".txt")))
}
if (mode == "add") quit()
pool <- generate(fixture_models$hybrid(), 30, seed = 4)
write_pool(pool, file.path(folder, "pool.csv"), overwrite = TRUE)
writeLines(fixture_text(list(truth(pool), as.data.frame(pool))), file.path(folder, "pool.txt"))
