# Rscript bench/neural-row-lm.R [replicates [workers]]
# The row language model by the scores of bench/generators-lib.R: a cell is a data set and replicate. Cells that
# bench/neural-row-lm.csv holds are not run again. Bounds for the paper's seeds, in the mean: auc <= .57, tstr >= .785,
# dcr in .92..1.08; root mean square of effect_error over 20 seeds <= .04; fit and 50,000 rows within 120 s (fit_cpu,
# draw_cpu: processor seconds; wall: with whatever else ran). hybrid_error, of the first seed: a hybrid's truth less its
# seed's TMLE. valid: the share of rows whose cells are all values of their column.
suppressMessages(library(causalsynth))
here <- "bench"
source(file.path(here, "lib.R"))
source(file.path(here, "generators-lib.R"))

arguments <- commandArgs(TRUE)
replicates <- if (length(arguments) >= 1) as.integer(arguments[1]) else 20
workers <- if (length(arguments) >= 2) as.integer(arguments[2]) else 1
effect_rows <- c(paper = 50000, actg175 = 10000, sd2011 = 5000)

# All 35 columns.
generator_data$sd2011 <- function(rep) {
  rows <- get_data("SD2011", "synthpop")
  rows$wkabdur <- as.numeric(rows$wkabdur)
  split_rows(rows, rep)
}

valid_rows <- function(rows, seed) {
  valid <- Map(function(x, real) {
    ok <- if (is.numeric(real)) {
      seen <- range(real, na.rm = TRUE)
      inside <- x >= seen[1] & x <= seen[2]
      if (length(unique(real)) <= 20) inside & x %in% real else inside
    } else {
      as.character(x) %in% as.character(real)
    }
    ifelse(is.na(x), anyNA(real), ok)
  }, rows, seed)
  mean(Reduce(`&`, valid))
}

# Truth of a hybrid on this generator less its seed's TMLE. A hybrid looks at some 500,000 rows, and fits anew.
hybrid_error <- function(set, seed, key) {
  if (set != "paper" || key > 1) return(NA)
  hybrid <- fit_hybrid(Y ~ A | ., seed, gen_row_lm(), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = key)
  tmle <- estimate_effect(Y ~ A | ., seed, method = "tmle", learner_treatment = learn_glm(),
                          learner_outcome = learn_glm(), seed = key)
  truth(hybrid) - coef(tmle)[["ATE"]]
}

one_cell <- function(cell) {
  set <- as.character(cell$set)
  data <- generator_data[[set]](cell$rep)
  found <- scored_fit(gen_row_lm(), data, generator_roles[[set]], effect_rows[[set]], cell$rep)
  cbind(found$scores, valid = valid_rows(found$rows, data$seed),
        hybrid_error = hybrid_error(set, data$seed, cell$rep), found$cost)
}

cells <- rbind(data.frame(set = "paper", rep = seq_len(min(replicates, 2))),
               data.frame(set = c("actg175", "sd2011"), rep = 1),
               if (replicates > 2) data.frame(set = "paper", rep = 3:replicates))
found <- run_cells(cells, file.path(here, "neural-row-lm.csv"), one_cell, workers)
keep_for_vignette(found[setdiff(names(found), c("wall", "date"))], "neural", "row-lm")
