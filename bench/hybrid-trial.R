# The hybrid of a real trial: Rscript bench/hybrid-trial.R
# ACTG175 (package speff2trial), arms 1 against 2, 1,046 rows, 17 covariates, Y = cd420, default settings: the outcome
# of the pool against that of the trial by arm and by thirds of cd40, effects of all rows and of subgroups against TMLE.
# ks_noise: what the Kolmogorov-Smirnov distance of so many rows from the law that they were drawn from stays below in
# 95 % of samples.
library(causalsynth)
source("bench/lib.R")
trial <- causalsynth:::actg175_trial()
hybrid <- fit_hybrid(cd420 ~ A | ., trial, seed = 1, subgroups = c("symptom", "gender", "str2"))
pool <- generate(hybrid, 50000, seed = 2)

compare <- function(part, real, made) {
  test <- suppressWarnings(stats::ks.test(real, made))
  data.frame(part = part, n = length(real), seed = mean(real), hybrid = mean(made), std.error = NA, sd_seed = sd(real),
             sd_hybrid = sd(made), low_seed = quantile(real, .01), low_hybrid = quantile(made, .01),
             high_seed = quantile(real, .99), high_hybrid = quantile(made, .99), ks = unname(test$statistic),
             ks_noise = 1.358 * sqrt(1 / length(real) + 1 / length(made)), ks_p = test$p.value)
}
effect <- function(part, n, seed, law, error) {
  row <- compare(part, trial$cd420[1:9], trial$cd420[1:9])
  row[-1] <- NA
  row[c("n", "seed", "hybrid", "std.error")] <- list(n, seed, law, error)
  row
}
cuts <- quantile(trial$cd40, 0:3 / 3)
third <- function(x) findInterval(x$cd40, cuts, all.inside = TRUE)
outcomes <- do.call(rbind, lapply(0:1, function(a) {
  pick <- function(x, k = 1:3) x$cd420[x$A == a & third(x) %in% k]
  rbind(compare(paste("outcome, arm", a), pick(trial), pick(pool)), do.call(rbind, lapply(1:3, function(k) {
    compare(paste0("outcome, arm ", a, ", third ", k, " of cd40"), pick(trial, k), pick(pool, k))
  })))
}))
paper <- certificate(hybrid)
found <- paper$subgroups
effects <- rbind(
  effect("effect", nrow(trial), paper$effects$estimate[1], paper$effects$law[1], paper$effects$std.error[1]),
  do.call(rbind, lapply(seq_len(nrow(found)), function(i) {
    effect(paste("effect,", found$variable[i], "=", found$level[i]), found$n[i], found$seed[i], found$law[i],
           found$std.error[i])
  }))
)
result <- rbind(outcomes, effects)
number <- vapply(result, is.double, NA)
result[number] <- lapply(result[number], signif, 4)
utils::write.csv(cbind(result, machine()), "bench/hybrid-trial.csv", row.names = FALSE)
print(result, row.names = FALSE)
