# Rscript bench/neural-published.R
# The rows that Kim, Xu and Lin (2025) published of GReaT (a language model) and of CTGAN, some 50,000 each from one
# seed of 1,000 rows of their mechanism, by the scores of bench/generators-lib.R: what neural-row-lm.R and
# neural-ctgan.R are set beside. Rows with impossible values are dropped (gen_data()), 49,000 of the others are taken.
# A row of the csv is 1,000 of them, ten times; effect_error is of all and the same in each.
# The files are not part of the package: the environment variable CAUSALSYNTH_SHARED names the folder above seed-data.
suppressMessages(library(causalsynth))
source("bench/lib.R")
source("bench/generators-lib.R")
folder <- file.path(Sys.getenv("CAUSALSYNTH_SHARED"), "seed-data")
if (!file.exists(file.path(folder, "data_seed.csv"))) {
  message("Nothing done: CAUSALSYNTH_SHARED names no folder that holds seed-data/data_seed.csv.")
  quit(status = 0)
}
read <- function(name) utils::read.csv(file.path(folder, name))
data <- list(seed = read("data_seed.csv"), holdout = read("data_test.csv"))
size <- nrow(data$holdout)

scores_of <- function(program, file) {
  kept <- suppressWarnings(suppressMessages(fit_generator(gen_data(file.path(folder, file)), data$seed, seed = 1)))
  rows <- generate(kept, 49000, seed = 1)
  formula <- generator_roles$paper$effect
  effect_error <- effect_of(rows, formula) - effect_of(data$seed, formula)
  do.call(rbind, lapply(1:10, function(block) {
    part <- rows[(block - 1) * size + seq_len(size), ]
    scores <- suppressWarnings(generator_scores(data, generator_roles$paper, part, block))
    scores$effect_error <- effect_error
    cbind(program = program, block = block, rows = nrow(rows), scores)
  }))
}

found <- rbind(scores_of("GReaT", "llm_syn_full.csv.gz"), scores_of("CTGAN", "gan_syn_full.csv.gz"))
number <- vapply(found, is.double, NA)
found[number] <- lapply(found[number], signif, 5)
keep_for_vignette(found, "neural", "published")
utils::write.csv(cbind(found, machine()), "bench/neural-published.csv", row.names = FALSE)
print(stats::aggregate(cbind(auc, tstr, dcr, effect_error) ~ program, found, mean))
print(stats::aggregate(cbind(auc, tstr, dcr, effect_error) ~ program, found, range))
