# Rscript tests/golden/golden.R [threads [file]]: a line "name<TAB>hash" for every generator, forest, estimator and
# study under fixed seeds, of the installed package. With a file: written there as csv (tests/golden/golden.csv is that
# of one thread).
# The hashes are the same for any number of threads, for gcc and clang, with and without optimisation.
suppressPackageStartupMessages(library(causalsynth))
options(causalsynth.progress = FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
source(file.path(here, "items.R"))
arguments <- commandArgs(TRUE)
threads <- if (length(arguments)) as.integer(arguments[1]) else 1L
hashes <- golden_run(names(golden_items), threads)
writeLines(sprintf("%s\t%s", names(hashes), hashes))
if (length(arguments) > 1) {
  utils::write.csv(data.frame(name = names(hashes), hash = unname(hashes)), arguments[2], row.names = FALSE)
}
