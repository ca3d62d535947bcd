# Hybrids on rows made by other programs: Rscript bench/hybrid-shared.R
# The covariates of 50,000 rows by a language model and by a GAN, both trained on one randomised seed of 1,000 rows
# (Kim, Xu and Lin 2025), as gen_data() of a targeted hybrid of that seed; default learners, treatment randomised. The
# effect of the law, of a pool of 50,000 rows and by IPTW on that pool against TMLE on the seed. Tolerances: of the law
# a twentieth of the seed's standard error; of the pool that plus two standard errors of a mean over its rows' effects.
# `program_iptw`: IPTW on the rows as that program completed them, its two regressions grown to purity.
# The files are not part of the package: the environment variable CAUSALSYNTH_SHARED names the folder above seed-data.
library(causalsynth)
source("bench/lib.R")
folder <- file.path(Sys.getenv("CAUSALSYNTH_SHARED"), "seed-data")
if (!file.exists(file.path(folder, "data_seed.csv"))) {
  message("Nothing done: CAUSALSYNTH_SHARED names no folder that holds seed-data/data_seed.csv.")
  quit(status = 0)
}
seed <- utils::read.csv(file.path(folder, "data_seed.csv"))
tmle <- tidy(estimate_effect(Y ~ A | ., seed, method = "tmle", seed = 1))[1, ]
k <- 50000

one_source <- function(name, program_iptw) {
  rows <- utils::read.csv(file.path(folder, paste0(name, "_syn_hybrid.csv.gz")))
  hybrid <- fit_hybrid(Y ~ A | ., seed, gen_data(rows[paste0("W", 1:6)]), treatment = "randomized", seed = 1)
  pool <- generate(hybrid, k, seed = 2)
  iptw <- tidy(estimate_effect(pool, method = "iptw", naive = TRUE, learner_treatment = learn_glm()))[1, ]
  spread <- hybrid$law$sd / sqrt(k)
  tolerance <- tmle$std.error / 20
  data.frame(
    source = name, rows = nrow(rows), seed_tmle = tmle$estimate, seed_se = tmle$std.error, law = truth(hybrid),
    law_miss = truth(hybrid) - tmle$estimate, law_tolerance = tolerance, pool = truth(pool),
    pool_miss = truth(pool) - tmle$estimate, pool_tolerance = tolerance + 2 * spread, pool_iptw = iptw$estimate,
    pool_iptw_se = iptw$std.error, program_iptw = program_iptw, ess = hybrid$acceptance$ess %||% 1,
    within = abs(truth(hybrid) - tmle$estimate) <= tolerance &
      abs(truth(pool) - tmle$estimate) <= tolerance + 2 * spread
  )
}
`%||%` <- function(x, y) if (is.null(x)) y else x
results <- rbind(one_source("llm", .4152), one_source("gan", .3171))
number <- vapply(results, is.double, NA)
results[number] <- lapply(results[number], signif, 5)
utils::write.csv(cbind(results, machine()), "bench/hybrid-shared.csv", row.names = FALSE)
print(results, row.names = FALSE)
