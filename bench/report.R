# Time and size of report(): Rscript bench/report.R
# The hybrid of ACTG175 (package speff2trial; arms 1 against 2, 1,046 rows, 17 covariates, Y = cd420) with 50,000 rows,
# its seed in memory, on 2 threads: with all defaults, and from a pool without the real side.
library(causalsynth)
source("bench/lib.R")
data(ACTG175, package = "speff2trial")
trial <- ACTG175[ACTG175$arms %in% 1:2, ]
trial$A <- as.integer(trial$arms == 2)
groups <- c("hemo", "homo", "drugs", "oprior", "z30", "zprior", "race", "gender", "str2", "strat", "symptom")
trial[groups] <- lapply(trial[groups], factor)
trial <- trial[c("age", "wtkg", "karnof", "preanti", "cd40", "cd80", groups, "A", "cd420")]
hybrid <- fit_hybrid(cd420 ~ A | ., trial, seed = 1, threads = 2)
pool <- generate(hybrid, 50000, seed = 2, threads = 2)
file <- tempfile(fileext = ".html")
measured <- function(what, code) {
  seconds <- system.time(made <- code)[["elapsed"]]
  message(what, ": ", round(seconds, 1), " s, ", made$bytes, " bytes")
  print(made)
  data.frame(what = what, rows = 50000, seconds = round(seconds, 2), megabytes = round(made$bytes / 1e6, 3),
             figures = made$figures, machine())
}
run <- function(x, ...) report(x, file, ..., overwrite = TRUE, seed = 3, threads = 2)
table <- rbind(measured("hybrid, seed in memory", run(hybrid, rows = 50000)),
               measured("pool, no real rows", run(pool)))
utils::write.csv(table, "bench/report.csv", row.names = FALSE)
