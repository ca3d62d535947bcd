# Rows of a fitted hybrid: Rscript bench/hybrid-speed.R
# The paper's mechanism, 1,000 rows of seed, gen_forest(), g and Q of 200 trees, 2 threads: seconds for 50,000 rows in
# memory (median of 7) and for 10,000,000 rows into parquet shards, with the peak memory of all processes.
library(causalsynth)
source("bench/lib.R")
options(causalsynth.threads = 2)
learner <- learn_forest(trees = 200)
study <- generate(dgp_paper(), 1000, seed = 1)
fit_seconds <- system.time(hybrid <- fit_hybrid(Y ~ A | ., study, learner_treatment = learner,
                                                learner_outcome = learner, seed = 1))[["elapsed"]]
generate(hybrid, 1000, seed = 1)
memory <- median_seconds(function() generate(hybrid, 50000, seed = 2), 7)
folder <- tempfile()
rows <- as.numeric(c(commandArgs(TRUE), "1e7")[1])
peak <- tempfile()
look <- sprintf("ps -o rss= --pid %d --ppid %d | awk '{s+=$1} END {print s}'", Sys.getpid(), Sys.getpid())
watch <- sprintf("while kill -0 %d 2>/dev/null; do %s; sleep .2; done > %s", Sys.getpid(), look, peak)
system(watch, wait = FALSE)
shards <- system.time(generate_to(hybrid, rows, folder, shard_rows = 125000, seed = 3))[["elapsed"]]
Sys.sleep(.5)
peak_mb <- max(as.numeric(readLines(peak)), na.rm = TRUE) / 1024
result <- data.frame(fit_seconds = fit_seconds, seconds_50000 = memory, rows = rows, seconds_to_parquet = shards,
                     rows_a_second = rows / shards, peak_mb = peak_mb)
result[] <- lapply(result, signif, 4)
unlink(folder, recursive = TRUE)
utils::write.csv(cbind(result, machine()), "bench/hybrid-speed.csv", row.names = FALSE)
print(t(result))
