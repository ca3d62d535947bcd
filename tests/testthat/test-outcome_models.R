test_that("models of a study predict like its regressions", {
  d <- contract_study(outcome = "number")
  study <- study_data(y ~ a | w + group, d)
  predict <- function(outcome) {
    learners <- list(treatment = learn_glm(), outcome = outcome)
    predict_models(fit_models(study_job(study, learners, 1L, NULL), rng_key(1)), d[5:8, c("w", "group")], 1L)
  }
  by_arm <- predict(learn_glm())
  expect_equal(by_arm$q1, unname(stats::predict(lm(y ~ w + group, d, subset = a == 1), d[5:8, ])))
  expect_equal(by_arm$q0, unname(stats::predict(lm(y ~ w + group, d, subset = a == 0), d[5:8, ])))
  expect_equal(by_arm$ps, unname(stats::predict(glm(a ~ w + group, binomial, d), d[5:8, ], type = "response")),
               tolerance = 1e-6)
  joint <- predict(learn_glm("joint"))
  fit <- lm(y ~ a + w + group, d)
  expect_equal(joint$q1, unname(stats::predict(fit, transform(d[5:8, ], a = 1))))
  expect_equal(joint$q0, unname(stats::predict(fit, transform(d[5:8, ], a = 0))))
})

test_that("hybrids take splines, powers and interactions, with either learner", {
  d <- contract_study(300)
  d$x <- cos(9 * seq_len(nrow(d)))
  d$y <- as.numeric(cos(5 * seq_len(nrow(d))) + d$a > .3)
  d$a <- as.integer(cos(2.3 * seq_len(nrow(d))) > 0)
  formula <- y ~ a | splines::ns(w, 2) + I(x^2) + group + w:x
  for (learner in list(learn_glm(), learn_forest(trees = 20), learn_forest(trees = 20, outcome = "joint"))) {
    made <- suppressWarnings(fit_hybrid(formula, d, gen_forest(trees = 5), learner_treatment = learn_glm(),
                                        learner_outcome = learner, seed = 1), classes = "causalsynth_warning_overlap")
    pool <- generate(made, 30, seed = 2, counterfactuals = TRUE)
    expect_setequal(names(pool), c(names(d), ".ps", ".q1", ".q0", ".y1", ".y0"))
    # A row's means do not depend on the rows it is drawn with.
    base <- hybrid_predictions(made$models, as.data.frame(pool)[c("w", "x", "group")], 1L)
    alone <- hybrid_predictions(made$models, as.data.frame(pool)[7, c("w", "x", "group")], 1L)
    expect_equal(alone$ps[1, ], base$ps[7, ], tolerance = 1e-12)
    expect_equal(alone$q[1, ], base$q[7, ], tolerance = 1e-12)
  }
})
