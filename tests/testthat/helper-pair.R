# A small trial, its hybrid and pool, and a study without overlap: made once for the tests of pairs.
pair_parts <- local({
  made <- NULL
  function() {
    if (is.null(made)) {
      trial <- generate(dgp_paper(), 300, seed = 1)
      hybrid <- fit_hybrid(Y ~ A | ., trial, gen_data(trial[1:6]), seed = 2, treatment = "randomized",
                           learner_treatment = learn_glm(), learner_outcome = learn_glm())
      made <<- list(trial = trial, hybrid = hybrid, pool = generate(hybrid, 1500, seed = 3),
                    study = generate(dgp_paper("none"), 120, seed = 4),
                    behind = nuisance(Y ~ A | ., trial, learn_glm(), learn_glm()))
    }
    made
  }
})

# Pairs of that study with quick learners.
small_pair <- function(..., study = pair_parts()$study, pool = pair_parts()$pool, seed = 5) {
  pair_synthetic(Y ~ A | ., study, pool, ..., learner_treatment = learn_forest(trees = 50),
                 learner_outcome = learn_glm(), seed = seed)
}
