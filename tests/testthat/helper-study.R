# A study of a second: two sources of each kind that tests need, with regressions of few parameters.
small_study <- function(estimators = c("iptw", "aipw"), ..., sources = dgp_paper("moderate"), n = 60, reps = 8,
                        seed = 1,
                        threads = 1) {
  study(sources, estimators, ..., n = n, reps = reps, seed = seed, threads = threads,
        learner_treatment = learn_glm(), learner_outcome = learn_glm())
}

# A pool of 300 rows and the hybrid it is from.
study_hybrid <- function() {
  fit_hybrid(Y ~ A | ., generate(dgp_paper("moderate"), 200, seed = 1), gen_forest(trees = 5),
             learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1)
}

# An error's text under one name for folders that differ from run to run.
hide_folder <- function(folder) function(lines) gsub(folder, "FOLDER", lines, fixed = TRUE)
