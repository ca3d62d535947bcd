quick_fidelity <- function(real, synthetic, ..., learner = learn_glm()) {
  fidelity(real, synthetic, ..., estimators = "aipw", learner = learner, permutations = 3, seed = 1)
}

test_that("scores are those of the single metrics, of as many synthetic as holdout rows", {
  sets <- fidelity_sets(200, 250)
  holdout <- fidelity_sets(250, 250)$synthetic
  found <- quick_fidelity(sets$real, sets$synthetic, holdout = holdout)
  value <- function(metric, what = "estimate") found$scores[[what]][found$scores$metric == metric]
  pairs <- association_difference(sets$real, sets$synthetic, holdout = holdout)
  expect_equal(value("association_mean"), pairs$mean)
  expect_equal(value("association_max"), pairs$max)
  logit <- pmse(sets$real, sets$synthetic, against = "holdout")
  expect_equal(value("pmse_logit"), logit$pmse)
  expect_equal(value("pmse_logit_standardised"), logit$standardised)
  expect_equal(value("ks_max"), max(found$marginals$columns$ks, na.rm = TRUE))
  expect_identical(unique(found$scores$n[found$scores$metric != "coverage"]), c(250L, 200L))
  # Synthetic rows that are the holdout's have its scores.
  same <- found$scores[found$definitions$group != "causal", ]
  expect_equal(same$estimate, same$reference)
  expect_true(all(found$verdicts$verdict %in% c("like the holdout", NA)))
})

test_that("fresh real rows are like the holdout, shuffled columns are not", {
  draw <- function(n, seed) generate(dgp_paper("weak"), n, seed = seed)
  real <- draw(600, 1)
  holdout <- draw(500, 2)
  learner <- learn_forest(trees = 100)
  fresh <- quick_fidelity(real, draw(500, 3), Y ~ A | ., holdout, learner = learner)
  verdict <- fresh$verdicts
  expect_lte(sum(verdict$verdict %in% c("worse", "much worse")), 2)
  expect_false(any(verdict$verdict %in% "much worse"))
  shuffled <- draw(500, 4)
  for (j in seq_along(shuffled)) shuffled[[j]] <- shuffled[[j]][random_permutation(c(j, 5), 500)]
  found <- quick_fidelity(real, shuffled, Y ~ A | ., holdout, learner = learner)
  bad <- found$verdicts$metric[found$verdicts$verdict %in% c("worse", "much worse")]
  expect_true(all(c("association_mean", "association_max", "pmse_forest_standardised", "classifier_auc", "propensity_jsd",
                    "u_pehe", "ate_error_aipw", "tstr_auc") %in% bad))
  expect_false(any(c("ks_mean", "ks_max", "wasserstein_mean", "missing_max") %in% bad))
})

test_that("without a holdout a split is made, and said", {
  found <- quick_fidelity(fidelity_study(161), fidelity_study(90, 400), y ~ a | .)
  expect_identical(found$n, c(real = 81, synthetic = 90, holdout = 80, compared = 80))
  expect_identical(found$holdout, "split")
  expect_output(print(found), "No holdout was given")
  expect_identical(found, quick_fidelity(fidelity_study(161), fidelity_study(90, 400), y ~ a | .))
})

test_that("results do not depend on threads, and R's generator stays where it was", {
  real <- fidelity_study(100)
  set.seed(1)
  before <- .Random.seed
  two <- lapply(c(1, 3), function(threads) {
    found <- fidelity(real, fidelity_study(60, 300), y ~ a | ., fidelity_study(70, 900), estimators = "aipw",
                      learner = learn_forest(trees = 20), permutations = 2, seed = 1, threads = threads)
    found$call <- NULL
    found
  })
  expect_identical(two[[1]], two[[2]])
  expect_identical(.Random.seed, before)
})

test_that("it speaks", {
  found <- quick_fidelity(fidelity_study(150), transform(fidelity_study(120, 400), extra = 1), y ~ a | .,
                          fidelity_study(120, 900))
  expect_s3_class(found, "causalsynth_fidelity")
  expect_speaks(found)
  expect_output(print(found), "left out: extra")
  table <- tidy(found)
  expect_table(table, nrow(found$scores), c("metric", "estimate", "conf.low", "conf.high", "reference", "n"))
  expect_identical(table, found$scores)
  expect_identical(table$metric, found$definitions$metric)
  expect_false(anyNA(found$definitions$label))
  expect_table(glance(found), 1)
  for (type in c("summary", "marginals", "associations", "propensity", "effect", "outcome")) {
    expect_draws(autoplot(found, type))
  }
  expect_draws(autoplot(found, "marginals", columns = "w"))
  # No data in the object, also where they were in the call.
  direct <- do.call(fidelity, list(fidelity_study(100), fidelity_study(80, 300), holdout = fidelity_study(80, 600),
                                   permutations = 2, seed = 1))
  expect_identical(as.character(direct$call[2:3]), c("...", "..."))
  expect_lt(max(lengths(rapply(unclass(direct), list, how = "list"))), 100)
})

test_that("what cannot be scored is NA, with the reason", {
  real <- fidelity_study(150)
  found <- quick_fidelity(real, transform(fidelity_study(120, 400), a = 1), y ~ a | ., fidelity_study(120, 900))
  lost <- found$verdicts$metric[found$verdicts$verdict %in% "not computed"]
  expect_true(all(c("u_pehe", "ate_error_aipw", "tstr_r2") %in% lost))
  expect_match(found$notes, "only one arm", all = FALSE)
  expect_speaks(found)
  few <- quick_fidelity(real, fidelity_study(3, 400), holdout = fidelity_study(120, 900))
  expect_match(few$notes, "at least 10 are needed", all = FALSE)
  expect_speaks(few)
  one <- quick_fidelity(real["w"], fidelity_study(100, 400)["w"], holdout = fidelity_study(120, 900)["w"])
  expect_speaks(one)
  expect_error(autoplot(one, "associations"), class = "causalsynth_error_input")
})

test_that("input that cannot be compared is an error that says why", {
  real <- fidelity_study(60)
  synthetic <- fidelity_study(50, 100)
  expect_snapshot(error = TRUE, {
    fidelity(real, synthetic[c("w", "a")])
    fidelity(real, synthetic, holdout = real["w"])
    fidelity(real, synthetic[1, ], holdout = real)
    fidelity(real[1, ], synthetic)
    fidelity(real, transform(synthetic, w = "a"))
    fidelity(real, transform(synthetic, w = Inf))
    fidelity(real, synthetic, real)
    fidelity(real, synthetic, y ~ b | .)
    fidelity(real, synthetic, seeds = 1)
    fidelity(real, synthetic, learner = "forest")
    autoplot(fidelity(real, synthetic, permutations = 2, seed = 1), "effect")
  })
})
