# Does a benchmark on a forest hybrid size and rank estimators' errors as the mechanism does? Rscript
# bench/study-agreement.R [replicates [overlaps]]. Both are drawn afresh at n = 250, 1,000 and 4,000; the hybrid is
# fitted to one sample of the mechanism (1,000 rows; randomised, or moderate overlap). Goes on where it stopped
# (STUDY_RAW: a folder).
library(causalsynth)
source("bench/lib.R")
arguments <- commandArgs(TRUE)
reps <- as.numeric(c(arguments, 1000)[1])
overlaps <- if (length(arguments) > 1) arguments[-1] else c("randomized", "moderate")
raw <- Sys.getenv("STUDY_RAW", "bench/study-agreement-raw")
learners <- list(paper = learn_forest(trees = 100, min_node_size = 1, outcome = "joint"),
                 tuned = learn_forest(trees = 100))

one <- function(overlap, learner) {
  mechanism <- dgp_paper(overlap)
  hybrid <- fit_hybrid(Y ~ A | ., generate(mechanism, 1000, seed = 11), seed = 12)
  found <- study(
    list(mechanism = mechanism, hybrid = hybrid), c("iptw", "aipw", "or", "tmle"), n = c(250, 1000, 4000), reps = reps,
    learner_treatment = learners[[learner]], learner_outcome = learners[[learner]], seed = 13,
    checkpoint = file.path(raw, paste(overlap, learner, sep = "-"))
  )
  list(study = found, compared = compare_studies(found))
}

cells <- expand.grid(overlap = overlaps, learner = names(learners), stringsAsFactors = FALSE)
tables <- lapply(seq_len(nrow(cells)), function(i) {
  found <- one(cells$overlap[i], cells$learner[i])
  print(found$compared)
  measures <- summary(found$study)$table
  measures <- measures[c("source", "n", "method", "reps", "failed", "bias", "bias_mcse", "empirical_se",
                         "empirical_se_mcse", "model_se", "mse", "mse_mcse", "rmse", "rmse_mcse", "coverage",
                         "coverage_mcse")]
  add <- function(rows) cbind(cells[i, ], rows, row.names = NULL)
  list(measures = add(measures), ratios = add(found$compared$ratios), pairs = add(found$compared$pairs))
})
write <- function(what, file) {
  rows <- do.call(rbind, lapply(tables, `[[`, what))
  number <- vapply(rows, is.numeric, NA)
  rows[number] <- lapply(rows[number], signif, 5)
  utils::write.csv(cbind(rows, machine()), file.path("bench", file), row.names = FALSE)
}
write("measures", "study-measures.csv")
write("ratios", "study-ratios.csv")
write("pairs", "study-pairs.csv")
