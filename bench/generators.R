# Rscript bench/generators.R [replicates [workers [names]]]: names of generators, of data sets, or both; without, all.
# gen_forest() against arf and synthpop on three data sets: a cell is a data set, replicate and generator. Cells that
# bench/generators.csv holds are not run again; bench/generators-rank.R makes ranks and tests of them.
suppressMessages(library(causalsynth))
here <- "bench"
source(file.path(here, "lib.R"))
source(file.path(here, "generators-lib.R"))

arguments <- commandArgs(TRUE)
replicates <- if (length(arguments) >= 1) as.integer(arguments[1]) else 20
workers <- if (length(arguments) >= 2) as.integer(arguments[2]) else 1
# Rows for the effect; the first ones are compared with as many real ones.
effect_rows <- c(paper = 50000, actg175 = 10000, sd2011 = 5000)

# A generator that stops with an error has no scores in that cell.
one_cell <- function(cell) {
  tryCatch(score_cell(cell), error = function(e) {
    message(cell$generator, " failed: ", conditionMessage(e))
    data.frame(auc = NA, pmse = NA, association = NA, tstr = NA, dcr = NA, effect_error = NA, cpu_seconds = NA,
               date = format(Sys.Date()))
  })
}
score_cell <- function(cell) {
  set <- as.character(cell$set)
  data <- generator_data[[set]](cell$rep)
  started <- proc.time()
  rows <- generator_peers[[as.character(cell$generator)]](data$seed, effect_rows[[set]], cell$rep)
  used <- proc.time() - started
  scores <- suppressWarnings(generator_scores(data, generator_roles[[set]], rows, cell$rep))
  cbind(scores, cpu_seconds = sum(used[c("user.self", "sys.self")]), date = format(Sys.Date()))
}

cells <- expand.grid(generator = names(generator_peers), set = names(generator_data), rep = seq_len(replicates),
                     stringsAsFactors = FALSE)[c("set", "rep", "generator")]
cells <- cells[order(cells$set == "sd2011", cells$rep), ]  # the slow one last
for (column in c("generator", "set")) {
  wanted <- intersect(arguments[-(1:2)], cells[[column]])
  if (length(wanted)) cells <- cells[cells[[column]] %in% wanted, ]
}
invisible(run_cells(cells, file.path(here, "generators.csv"), one_cell, workers))
