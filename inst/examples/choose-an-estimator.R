# A methodologist chooses an estimator for her data: which one would have had the smallest error, and an honest
# interval, on data sets like hers whose effect is known?
#   Rscript -e 'source(system.file("examples", "choose-an-estimator.R", package = "causalsynth"), echo = TRUE)'
# Leaves measures.csv and errors.png in the folder `choice`; stopped and started again, it goes on where it was. About
# ten seconds.
library(causalsynth)
folder <- if (exists("folder")) folder else "choice"
dir.create(folder, showWarnings = FALSE)

# 1. Her data: an observational study of 800 patients, where the sicker ones are treated more often (simulated here).
#    The hybrid keeps its covariates, its propensity and its outcome, and has an effect that is known exactly.
set.seed(1)
data <- data.frame(age = round(rnorm(800, 60, 10)), severity = rbinom(800, 3, .4), diabetes = rbinom(800, 1, .2))
data$A <- rbinom(800, 1, with(data, plogis(-1.2 + .04 * (age - 60) + .8 * severity)))
data$Y <- rbinom(800, 1, with(data, plogis(-1.5 + .05 * (age - 60) + .7 * severity + .5 * diabetes - .8 * A)))
hybrid <- fit_hybrid(Y ~ A | ., data, seed = 2)

# 2. The candidates: the package's own, with two kinds of nuisance models, and one of hers - any function of a data
#    frame that returns an estimate and a standard error.
difference <- function(data) {
  arm <- split(data$Y, data$A)
  c(estimate = mean(arm[["1"]]) - mean(arm[["0"]]),
    std.error = sqrt(stats::var(arm[["1"]]) / length(arm[["1"]]) + stats::var(arm[["0"]]) / length(arm[["0"]])))
}
logistic <- function(data) {
  estimate_effect(Y ~ A | ., data, method = "aipw", learner_treatment = learn_glm(), learner_outcome = learn_glm())
}
candidates <- list("iptw", "aipw", "tmle", `aipw, logistic` = logistic, `no adjustment` = difference)
found <- study(hybrid, candidates, n = 400, reps = 100, seed = 3, checkpoint = file.path(folder, "checkpoint"))

# 3. Bias, spread, coverage, each with its Monte Carlo error: differences smaller than that are none.
measures <- summary(found)
print(measures)
utils::write.csv(tidy(found), file.path(folder, "measures.csv"), row.names = FALSE)
ggplot2::ggsave(file.path(folder, "errors.png"), autoplot(found, "lollipop"), width = 7, height = 4, dpi = 100)

# 4. The choice, on the real data.
error <- subset(tidy(found), metric == "rmse")
stopifnot("adjustment pays in her data" =
            min(error$estimate) < error$estimate[error$method == "no adjustment"])
print(estimate_effect(Y ~ A | ., data, method = "aipw", seed = 4))
