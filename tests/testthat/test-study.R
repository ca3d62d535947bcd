test_that("a study's rows are those of the replicates' own keys", {
  mechanism <- dgp_paper("moderate")
  found <- as.data.frame(small_study(c("iptw", "aipw"), n = c(60, 80), reps = 4))
  expect_identical(nrow(found), 16L)
  expect_identical(found$method, rep(c("iptw", "aipw"), 8))
  expect_identical(found$rep, rep(rep(1:4, each = 2), 2))
  expect_identical(found$n, rep(c(60, 80), each = 8))
  # The third replicate at n = 80, by hand.
  key <- derive_key(derive_key(source_key(rng_key(1), list(name = "mechanism", knobs = list())), "rows", 80),
                    "replicate", 3)
  rows <- generate(mechanism, 80, derive_key(key, "rows"))
  own <- suppressWarnings(estimate_effect(Y ~ A | ., rows, c("iptw", "aipw"), learner_treatment = learn_glm(),
                                          learner_outcome = learn_glm(), seed = derive_key(key, "fit")))
  own <- tidy(own)[tidy(own)$term == "ATE", ]
  at <- found$n == 80 & found$rep == 3
  expect_equal(found$estimate[at], own$estimate)
  expect_equal(found$std.error[at], own$std.error)
  expect_equal(found$conf.low[at], own$conf.low)
  expect_equal(unique(found$truth), truth(mechanism))
})

test_that("results depend neither on chunks nor on processes, nor on the other estimators", {
  alone <- small_study()
  expect_identical(small_study(chunk = 3), alone)
  expect_identical(small_study(threads = 2), alone)
  more <- small_study(list("iptw", naive = function(data) mean(data$Y[data$A == 1]), "aipw"))
  kept <- more$results[more$results$method != "naive", ]
  rownames(kept) <- NULL
  expect_identical(kept, alone$results)
  other <- small_study(sources = list(one = dgp_paper(), mechanism = dgp_paper("moderate")))
  rows <- other$results[other$results$source == "mechanism", ]
  rownames(rows) <- NULL
  expect_identical(rows, alone$results)
  expect_false(identical(small_study(seed = 2)$results$estimate, alone$results$estimate))
})

test_that("the random generator is left alone with a seed, and heeded without", {
  set.seed(5)
  before <- .Random.seed
  small_study(list(own = function(data) rnorm(1)), reps = 2)
  expect_identical(.Random.seed, before)
  first <- small_study(seed = NULL, reps = 2)
  expect_false(identical(.Random.seed, before))
  set.seed(5)
  expect_identical(small_study(seed = NULL, reps = 2), first)
})

test_that("sources of every kind", {
  hybrid <- study_hybrid()
  pool <- generate(hybrid, 300, seed = 2)
  rows <- generate(dgp_paper("moderate"), 200, seed = 3)
  full <- fit_generator(gen_forest(trees = 5), rows, seed = 1)
  made <- function(trees) fit_hybrid(Y ~ A | ., rows, gen_forest(trees = trees), learner_treatment = learn_glm(),
                                     learner_outcome = learn_glm(), seed = 1)
  found <- suppressWarnings(small_study(
    "aipw", sources = list(dgp_paper("moderate"), hybrid = hybrid, pool = pool, data = rows, full = full, made = made),
    formula = Y ~ A | ., knobs = list(trees = c(2, 4)), reps = 2
  ))
  expect_identical(found$sources, c("mechanism", "hybrid", "pool", "data", "full", "made"))
  expect_identical(found$truth$truth, c("mechanism", "mechanism", "pool", "tmle", "tmle", "mechanism", "mechanism"))
  expect_identical(found$truth$trees, c(NA, NA, NA, NA, NA, 2, 4))
  expect_equal(found$truth$value[1:3], c(truth(dgp_paper()), truth(hybrid), truth(pool)))
  expect_equal(found$truth$value[7], truth(suppressWarnings(made(4))))
  expect_false(anyNA(found$results$estimate))
  # All rows of a data frame, each replicate the same.
  all <- small_study("aipw", sources = rows, formula = Y ~ A | ., n = 200, reps = 2, truth = 0)
  expect_identical(all$results$estimate[1], all$results$estimate[2])
  again <- small_study("aipw", sources = rows, formula = Y ~ A | ., n = 250, reps = 2, truth = 0, replace = TRUE)
  expect_identical(nrow(again$results), 2L)
})

test_that("truths: self, tmle, number, function, one a source", {
  pool <- generate(study_hybrid(), 300, seed = 2)
  ask <- function(truth, sources = pool) suppressWarnings(small_study(sources = sources, truth = truth, reps = 2))
  self <- ask("self")
  whole <- function(method) {
    key <- derive_key(derive_key(source_key(rng_key(1), list(name = "pool", knobs = list())), "reference"), "fit")
    coef(suppressWarnings(estimate_effect(Y ~ A | ., as.data.frame(pool), method, learner_treatment = learn_glm(),
                                          learner_outcome = learn_glm(), seed = key)))[["ATE"]]
  }
  expect_equal(self$results$truth[1:2], c(whole("iptw"), whole("aipw")))
  expect_equal(ask("tmle")$results$truth[1], whole("tmle"))
  expect_identical(ask(.4)$results$truth, rep(.4, 4))
  expect_identical(ask(function(source) truth(source) + 1)$results$truth[1], truth(pool) + 1)
  both <- ask(list(b = .1), list(a = pool, b = pool))
  expect_equal(unique(both$results$truth), c(truth(pool), .1))
  atts <- small_study(estimand = "ATT", reps = 2)
  expect_equal(unique(atts$results$truth), truth(dgp_paper("moderate"), "ATT"))
  expect_error(ask("mechanism"), class = "causalsynth_error_input")
  expect_error(ask(function(source) "x"), class = "causalsynth_error_input")
})

test_that("bad arguments are errors before any work", {
  pool <- generate(study_hybrid(), 100, seed = 2)
  expect_snapshot(error = TRUE, {
    study()
    study(3)
    study(pool, n = 101)
    study(as.data.frame(pool), n = 50)
    study(list(a = pool, a = pool))
    study(dgp_paper(), c("aipw", "aipw"))
    study(dgp_paper(), "aipv")
    study(dgp_paper(), function(data) 1)
    study(dgp_paper(), n = c(10, 10))
    study(dgp_paper(), n = 1)
    study(dgp_paper(), reps = 0)
    study(dgp_paper(), timeout = 0)
    study(dgp_paper(), learner_treatmen = learn_glm())
    study(dgp_paper(), truth = "pool")
    study(dgp_paper(), truth = c(other = 1))
    study(dgp_paper(), knobs = list(effect = 1))
    study(list(f = function(k) stop("no such k")), knobs = list(k = 2))
    study(dgp_paper(), checkpoint = 7)
  })
})

test_that("a study prints in few lines, whatever its size", {
  expect_snapshot(print(small_study(reps = 3)))
  wide <- small_study(sources = list(a = dgp_paper(), b = dgp_paper("moderate"), c = dgp_paper()), n = c(40, 50, 60),
                      reps = 2)
  expect_lte(length(capture.output(print(wide))), 25)
})
