# Rscript bench/study.R [speed] [workers] [kills] [memory]: the study engine's own figures, one csv each
# (study-<part>.csv). speed: study 2(a) at its full size on 2 cores. workers: two multisession workers against one,
# already started. kills: `kill -9` at random moments, then resumed. memory: 100,000 replicates at n = 200.
# Agreement of a hybrid's benchmark with the mechanism's: bench/study-agreement.R.
library(causalsynth)
source("bench/lib.R")
asked <- commandArgs(TRUE)
parts <- if (length(asked)) asked else c("speed", "workers", "kills", "memory")
keep <- function(part, rows) {
  print(rows)
  utils::write.csv(cbind(rows, machine()), file.path("bench", paste0("study-", part, ".csv")), row.names = FALSE)
}
glms <- list(learner_treatment = learn_glm(), learner_outcome = learn_glm())
small <- function(...) do.call(study, c(list(...), glms))

speed <- function(times = 5) {
  mechanism <- dgp_paper()
  data <- generate(mechanism, 1000, seed = 1)
  hybrid <- function(targeted) generate(fit_hybrid(Y ~ A | ., data, targeted = targeted, seed = 2), 50000, seed = 3)
  pools <- list(targeted = hybrid(TRUE), plain = hybrid(FALSE), mechanism = generate(mechanism, 50000, seed = 4))
  do.call(rbind, lapply(c("joint", "by_arm"), function(outcome) {
    forest <- learn_forest(trees = 100, min_node_size = 1, outcome = outcome)
    run <- function() {
      study(pools, c("iptw", "aipw", "or", "tmle"), Y ~ A | ., n = 1000, reps = 100, truth = "self", seed = 5,
            threads = 2, learner_treatment = forest, learner_outcome = forest, crossfit = "oob")
    }
    seconds <- median_seconds(run, times)
    data.frame(outcome_forest = outcome, seconds = seconds, program_seconds = 342, ratio = 342 / seconds)
  }))
}

workers <- function() {
  forest <- learn_forest(trees = 100, min_node_size = 1, outcome = "joint")
  run <- function() {
    study(dgp_paper(), n = 1000, reps = 300, seed = 1, learner_treatment = forest, learner_outcome = forest)
  }
  timed <- function(n) {
    old <- future::plan(future::multisession, workers = n)
    on.exit(future::plan(old))
    for (i in seq_len(n)) future::value(future::future(library(causalsynth)))
    study(dgp_paper(), "aipw", n = 100, reps = 4 * n, seed = 1, learner_treatment = forest, learner_outcome = forest)
    seconds <- system.time(found <- run())[["elapsed"]]
    list(seconds = seconds, results = found$results)
  }
  one <- timed(1)
  two <- timed(2)
  data.frame(seconds_1 = one$seconds, seconds_2 = two$seconds, ratio = one$seconds / two$seconds,
             identical = identical(one$results, two$results))
}

kills <- function(times = 20) {
  folder <- tempfile("study")
  dir.create(folder)
  script <- file.path(folder, "run.R")
  writeLines(c(
    sprintf(".libPaths(%s)", deparse1(.libPaths())), "library(causalsynth)", "args <- commandArgs(TRUE)",
    "slow <- function(data) { Sys.sleep(.01); mean(data$Y) }",
    "found <- study(dgp_paper('moderate'), list('iptw', 'aipw', slow = slow), n = c(100, 200), reps = 40, seed = 1,",
    "  chunk = 3, threads = 2, checkpoint = args[1], learner_treatment = learn_glm(), learner_outcome = learn_glm())",
    "saveRDS(found$results, args[2])"
  ), script)
  slow <- function(data) {
    Sys.sleep(.01)
    mean(data$Y)
  }
  whole <- small(dgp_paper("moderate"), list("iptw", "aipw", slow = slow), n = c(100, 200), reps = 40, seed = 1)$results
  start <- function(checkpoint, result, background) {
    command <- paste(shQuote(file.path(R.home("bin"), "Rscript")), shQuote(script), shQuote(checkpoint),
                     shQuote(result))
    if (!background) return(system(paste(command, ">/dev/null 2>&1")))
    as.integer(system(paste("setsid", command, ">/dev/null 2>&1 & echo $!"), intern = TRUE))
  }
  set.seed(1)
  do.call(rbind, lapply(seq_len(times), function(i) {
    checkpoint <- file.path(folder, paste0("c", i))
    result <- file.path(folder, paste0("result", i))
    pid <- start(checkpoint, result, TRUE)
    # From its first moments to beyond its end.
    wait <- stats::runif(1, .3, 3)
    Sys.sleep(wait)
    system(paste0("kill -9 -", pid))
    Sys.sleep(.1)
    chunks <- length(list.files(checkpoint, "^chunk"))
    finished <- file.exists(result)
    unlink(result)
    status <- start(checkpoint, result, FALSE)
    data.frame(kill = i, after_seconds = wait, chunks_kept = chunks, had_finished = finished, status = status,
               identical = status == 0 && identical(readRDS(result), whole))
  }))
}

memory <- function(reps = 1e5) {
  peak <- function() {
    as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
  }
  fast <- list(difference = function(data) mean(data$Y[data$A == 1]) - mean(data$Y[data$A == 0]))
  small(dgp_paper(), fast, n = 200, reps = 100, seed = 1, threads = 1)
  before <- peak()
  seconds <- system.time(found <- study(dgp_paper(), fast, n = 200, reps = reps, seed = 1, threads = 1))[["elapsed"]]
  data.frame(reps = reps, seconds = seconds, peak_mb_before = before, peak_mb = peak(),
             table_mb = as.numeric(utils::object.size(found$results)) / 2^20)
}

for (part in parts) keep(part, get(part)())
