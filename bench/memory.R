# Rscript bench/memory.R: peak memory (VmHWM, less that of the session with its data before the call) of each main
# function against n, every figure in a process of its own. Writes bench/memory.csv, of which the vignette has a copy.
root <- normalizePath(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), ".."))
arguments <- commandArgs(TRUE)
peak <- function() as.numeric(gsub("[^0-9]", "", grep("^VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024

rev_rows <- function(d) d[rev(seq_len(nrow(d))), ]
calls <- list(
  forest = function(d, n) forest(Y ~ ., d, trees = 100, seed = 1),
  "gen_forest: fit" = function(d, n) fit_generator(gen_forest(), d, seed = 1),
  "gen_copula: fit" = function(d, n) fit_generator(gen_copula(), d, seed = 1),
  "gen_copula: draw" = function(d, n) generate(fit_generator(gen_copula(), d[1:1000, ], seed = 1), n, seed = 2),
  "gen_forest: draw" = function(d, n) generate(fit_generator(gen_forest(), d[1:1000, ], seed = 1), n, seed = 2),
  fit_hybrid = function(d, n) fit_hybrid(Y ~ A | ., d, gen_copula(), learner_treatment = learn_glm(),
                                         learner_outcome = learn_glm(), seed = 1),
  "estimate_effect: glm" = function(d, n) estimate_effect(Y ~ A | ., d, learner_treatment = learn_glm(),
                                                          learner_outcome = learn_glm()),
  "estimate_effect: forests" = function(d, n) {
    estimate_effect(Y ~ A | ., d, learner_treatment = learn_forest(trees = 100),
                    learner_outcome = learn_forest(trees = 100), seed = 1)
  },
  match_nearest = function(d, n) match_nearest(d[1:6], rev_rows(d)[1:6]),
  fuse_effects = function(d, n) {
    fuse_effects(Y ~ A | ., d, d, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                 learner_membership = learn_glm(), seed = 1)
  },
  privacy = function(d, n) privacy(d, rev_rows(d), attacks = 100, seed = 1),
  fidelity = function(d, n) fidelity(d, rev_rows(d), Y ~ A | ., estimators = "aipw", learner = learn_glm(),
                                     permutations = 2, seed = 1),
  generate_to = function(d, n) generate_to(dgp_paper(), n, tempfile(), "csv", shard_rows = 10000, seed = 1,
                                           threads = 1),
  study = function(d, n) {
    study(dgp_paper(), "aipw", n = n, reps = 2, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
          seed = 1, threads = 1)
  }
)

main <- function() {
  if (identical(arguments[1], "--child")) {
    suppressPackageStartupMessages(library(causalsynth))
    options(causalsynth.progress = FALSE)
    n <- as.numeric(arguments[3])
    data <- generate(dgp_paper(), n, seed = 1)
    before <- peak()
    invisible(suppressWarnings(calls[[arguments[2]]](data, n)))
    return(cat(sprintf("%.1f,%.1f,%.1f\n", before, peak(), sum(proc.time()[1:2]))))
  }
  rows <- NULL
  for (n in c(1000, 10000, 100000)) for (name in names(calls)) {
    # Its time grows with the square of n: 10,000 rows say how memory does.
    if (n > 10000 && name == "privacy") next
    said <- system2(file.path(R.home("bin"), "Rscript"), c(shQuote(file.path(root, "bench", "memory.R")), "--child",
                                                           shQuote(name), n),
                    stdout = TRUE, stderr = FALSE, timeout = 300)
    found <- suppressWarnings(as.numeric(strsplit(utils::tail(said, 1), ",")[[1]]))
    if (length(found) != 3) found <- c(NA, NA, NA)
    rows <- rbind(rows, data.frame(fun = name, n = n, before_mb = found[1], peak_mb = found[2],
                                   more_mb = round(found[2] - found[1], 1), cpu_seconds = found[3],
                                   date = format(Sys.Date())))
    table <- file.path(root, "bench", "memory.csv")
    utils::write.csv(rows, table, row.names = FALSE)
    file.copy(table, file.path(root, "vignettes", "reliability"), overwrite = TRUE)
  }
  print(rows, row.names = FALSE)
}

main()
