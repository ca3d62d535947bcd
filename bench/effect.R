# Effects: (a) AIPW and TMLE against grf on 1,000 rows, 2 threads, medians of 5 in turns; (b) a million rows with glm
# nuisances, in a process of its own, with its peak memory: Rscript bench/effect.R. Results: bench/effect.csv.
# (b) alone, without writing: Rscript bench/effect.R --million
library(causalsynth)
source("bench/lib.R")

# The most memory this process has held, in MB; NA where the system does not say.
peak_memory <- function() {
  if (!file.exists("/proc/self/status")) return(NA_real_)
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

million_rows <- function() {
  study <- generate(dgp_paper("moderate"), 1e6, seed = 1)
  study$W7 <- study$W5 * study$W6
  started <- proc.time()[["elapsed"]]
  fit <- estimate_effect(Y ~ A | ., study, method = c("iptw", "aipw", "or", "tmle"), learner_treatment = learn_glm(),
                         learner_outcome = learn_glm(), threads = 2)
  c(seconds = proc.time()[["elapsed"]] - started, peak_mb = peak_memory(), aipw = coef(fit)[["aipw:ATE"]])
}

if ("--million" %in% commandArgs(TRUE)) {
  cat(format(million_rows(), digits = 6), "\n")
  quit()
}

stopifnot(requireNamespace("grf"))
study <- generate(dgp_paper("moderate"), 1000, seed = 1)
x <- as.matrix(study[paste0("W", 1:6)])
ours <- function(trees) {
  learner <- learn_forest(trees = trees)
  estimate_effect(Y ~ A | ., study, method = c("aipw", "tmle"), learner_treatment = learner, learner_outcome = learner,
                  seed = 1, threads = 2)
}
theirs <- function(trees) {
  grf::average_treatment_effect(grf::causal_forest(x, study$Y, study$A, num.trees = trees, num.threads = 2, seed = 1))
}
compare <- function(work, own_trees, grf_trees) {
  seconds <- signif(paired_seconds(function() ours(own_trees), function() theirs(grf_trees)), 3)
  data.frame(work = work, causalsynth = seconds[1], grf = seconds[2], peak_mb = NA)
}
times <- rbind(
  compare("1,000 rows, AIPW and TMLE, defaults of each (500 and 2,000 trees)", 500, 2000),
  compare("1,000 rows, AIPW and TMLE, 500 trees each", 500, 500),
  compare("1,000 rows, AIPW and TMLE, 2,000 trees each", 2000, 2000)
)
print(rbind(causalsynth = coef(ours(500)), grf = theirs(2000)[["estimate"]]))

r <- file.path(R.home("bin"), "Rscript")
said <- utils::tail(system2(r, c("bench/effect.R", "--million"), stdout = TRUE), 1)
large <- as.numeric(strsplit(trimws(said), " +")[[1]])
times <- rbind(times, data.frame(work = "1,000,000 rows, 7 covariates, glm nuisances, IPTW, AIPW, OR and TMLE",
                                 causalsynth = signif(large[1], 3), grf = NA, peak_mb = round(large[2])))
times$ratio <- signif(times$grf / times$causalsynth, 3)
utils::write.csv(cbind(times, grf_version = as.character(utils::packageVersion("grf")), machine()), "bench/effect.csv",
                 row.names = FALSE)
print(times, row.names = FALSE)
