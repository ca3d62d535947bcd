# An epidemiologist repairs overlap: in her study the treatment follows the covariates so closely that hardly anyone
# has a comparable patient of the other arm. A randomised trial of similar people exists, and comes as a hybrid.
#   Rscript -e 'source(system.file("examples", "repair-overlap.R", package = "causalsynth"), echo = TRUE)'
# Prints what each remedy would say, and leaves remedies.csv in the folder `overlap`. About ten seconds.
library(causalsynth)
folder <- if (exists("folder")) folder else "overlap"
dir.create(folder, showWarnings = FALSE)

# 1. The study, and the trial. Here both are simulated, so that the answer is known: the effect in the population.
study_rows <- generate(dgp_paper("none"), 500, seed = 1)
trial <- generate(dgp_paper("randomized"), 600, seed = 2)
answer <- truth(dgp_paper())

# 2. Can the arms be compared at all? Who cannot, in words.
overlap <- diagnose_overlap(Y ~ A | ., study_rows, seed = 3)
print(overlap)

# 3. Without a remedy: the estimate is of what the models make of the gap, and its interval does not know.
alone <- estimate_effect(Y ~ A | ., study_rows, method = c("iptw", "aipw"), seed = 4)
print(alone)

# 4. Twins: for each patient the synthetic patient of the other arm most like her, from a pool with a known effect.
#    Twins are never counted as patients: the trial behind the pool gives the standard error.
hybrid <- fit_hybrid(Y ~ A | ., trial, treatment = "randomized", seed = 5)
pool <- generate(hybrid, 20000, seed = 6)
pair <- pair_synthetic(Y ~ A | ., study_rows, pool, seed = 7)
print(pair)
repaired <- estimate_effect(pair, method = "aipw", trial = trial, seed = 8)
print(repaired)

# 5. Beside the other remedies, each with the population that it speaks of; and how wrong the twins' outcomes may be
#    before the conclusion turns.
remedies <- compare_remedies(pair, trial = trial, seed = 9)
print(remedies)
print(flip_sensitivity(pair, trial = trial, seed = 10))
utils::write.csv(tidy(remedies), file.path(folder, "remedies.csv"), row.names = FALSE)

found <- tidy(repaired)
found <- found[found$term == "ATE", ]
stopifnot(
  "the repaired interval holds the answer" = found$conf.low <= answer && answer <= found$conf.high,
  "without a remedy the interval misses it" = tidy(alone)$conf.high[tidy(alone)$method == "aipw"][1] < answer
)
