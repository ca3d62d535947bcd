# Level and power of the test of agreement in fuse_effects(): Rscript bench/fuse-agreement.R [replicates [learner]]
# A study of 300 rows of moderate overlap and a trial of 500 rows of the paper's randomised mechanism. Both agree; or
# the study's outcomes are set with chance .15: to 1 in both arms ("source"), to 0 in the treated arm alone ("arm").
# Disagreement has a third of the replicates.
# Shares of p-values below .05 and .01, mean z and its standard deviation, each with its Monte Carlo error; learner glm
# or forest (100 trees) for both nuisances, glm for the membership. Raw: bench/fuse-agreement-raw.csv (resumable).
library(causalsynth)
source("bench/lib.R")
arguments <- c(commandArgs(TRUE), NA, NA)
replicates <- if (is.na(arguments[1])) 600L else as.integer(arguments[1])
kinds <- if (is.na(arguments[2])) c("glm", "forest") else arguments[2]
raw <- Sys.getenv("FUSE_AGREEMENT_RAW", "bench/fuse-agreement-raw.csv")
options(causalsynth.threads = 1)
learners <- list(glm = learn_glm(), forest = learn_forest(trees = 100))
block <- 20

one_replicate <- function(s, cell) suppressWarnings({
  study <- generate(dgp_paper("moderate"), 300, seed = 60000 + s)
  trial <- generate(dgp_paper(), 500, seed = 160000 + s)
  set.seed(s)
  flip <- stats::runif(300) < .15 & switch(cell$truth, agree = FALSE, source = TRUE, arm = study$A == 1)
  study$Y[flip] <- as.numeric(cell$truth == "source")
  learner <- learners[[cell$learner]]
  fit <- fuse_effects(Y ~ A | ., study, trial, learner_treatment = learner, learner_outcome = learner,
                      learner_membership = learn_glm(), seed = s)
  cbind(replicate = s, fit$agreement[c("term", "gap", "std.error", "p.value")])
})
one_block <- function(cell) do.call(rbind, lapply(cell$first + seq_len(block) - 1, one_replicate, cell = cell))
cells <- expand.grid(truth = c("agree", "source", "arm"), learner = kinds, first = seq(1, replicates, block),
                     stringsAsFactors = FALSE)
cells <- cells[cells$truth == "agree" | cells$first <= replicates / 3, ]
results <- run_cells(cells, raw, one_block)
summary <- do.call(rbind, lapply(split(results, results[c("term", "truth", "learner")], drop = TRUE), function(d) {
  z <- d$gap / d$std.error
  known <- !is.na(z)
  below <- function(level) mean(d$p.value[known] < level)
  error <- function(p) sqrt(p * (1 - p) / sum(known))
  data.frame(d[1, c("learner", "truth", "term")], reps = nrow(d), untold = sum(!known), below_.05 = below(.05),
             below_.05_mc = error(below(.05)), below_.01 = below(.01), below_.01_mc = error(below(.01)),
             gap = mean(d$gap[known]), mean_z = mean(z[known]), mean_z_mc = stats::sd(z[known]) / sqrt(sum(known)),
             sd_z = stats::sd(z[known]), sd_z_mc = stats::sd(z[known]) / sqrt(2 * (sum(known) - 1)))
}))
number <- vapply(summary, is.double, NA)
summary[number] <- lapply(summary[number], signif, 3)
summary <- summary[order(summary$learner, summary$truth, summary$term), ]
utils::write.csv(cbind(summary, machine()), "bench/fuse-agreement.csv", row.names = FALSE)
print(summary, row.names = FALSE)
