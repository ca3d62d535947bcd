superlearner_study <- function(n = 120) {
  i <- seq_len(n)
  data.frame(w = sin(i), v = cos(7 * i), g = factor(c("u", "v", "w")[1 + i %% 3]), a = as.integer(cos(2 * i) > 0),
             y = sin(i) + cos(5 * i))
}

test_that("the super learner is SuperLearner's own, by folds, under the seed alone", {
  skip_if_not_installed("SuperLearner")
  d <- superlearner_study()
  learner <- learn_superlearner(c("SL.mean", "SL.glm"), folds = 3)
  key <- rng_key(1)
  fit <- fit_learner(learner, d[c("w", "v", "g")], d$y, "gaussian", key, 1L)
  x <- as.data.frame(model.matrix(~ w + v + g, d))[, -1]
  base <- with_r_seed(derive_key(key, "fit"), SuperLearner::SuperLearner(
    d$y, x, family = gaussian(), SL.library = c("SL.mean", "SL.glm"), cvControl = list(V = 3),
    env = asNamespace("SuperLearner")
  ))
  expect_equal(fit_report(fit)$weights, base$coef)
  expect_equal(predict_fit(fit, d[5:9, ]), as.vector(base$SL.predict)[5:9])
  run <- function(...) nuisance(y ~ a | ., d, learner, learner, folds = 2, seed = 3, ...)
  set.seed(1)
  before <- .Random.seed
  one <- run(threads = 1)
  expect_identical(.Random.seed, before)
  runif(2)
  expect_identical(run(threads = 2)[c("ps", "q1", "q0")], one[c("ps", "q1", "q0")])
  expect_identical(unname(one$crossfit), c("folds", "folds"))
  expect_match(format(one), "weights, treatment: SL.mean_All", all = FALSE)
  expect_warning(run(crossfit = "none"), class = "causalsynth_warning_crossfit")
})

test_that("wrappers of the caller, missing values, weights and joint outcomes", {
  skip_if_not_installed("SuperLearner")
  d <- transform(superlearner_study(), y = y + 5)
  d$w[4:9] <- NA
  SL.own <- function(Y, X, newX, family, obsWeights, ...) {
    m <- weighted.mean(Y, obsWeights)
    list(pred = rep(m, nrow(newX)), fit = structure(list(object = m), class = "SL.mean"))
  }
  learner <- learn_superlearner("SL.own", outcome = "joint", folds = 2)
  nu <- nuisance(y ~ a | ., d, learner, learner, folds = 2, weights = rep(1:3, 40), seed = 1)
  expect_identical(nu$q1, nu$q0)
  expect_identical(nu$notes$filled, c(w = 6))
  fold <- stratified_folds(list(treat = d$a, outcome = d$y, family = "gaussian", folds = 2),
                           derive_key(derive_key(rng_key(1), "repeat", 1), "folds"))
  expect_equal(unique(nu$q1[fold == 1]), weighted.mean(d$y[fold == 2], rep(1:3, 40)[fold == 2]))
})

test_that("bad libraries are named", {
  skip_if_not_installed("SuperLearner")
  SL.fails <- function(...) stop("no")
  expect_snapshot(error = TRUE, {
    learn_superlearner()
    learn_superlearner("SL.glmm")
    learn_superlearner(3)
    learn_superlearner("SL.mean", crossfit = "oob")
    learn_superlearner("SL.mean", folds = 1)
  })
  learner <- learn_superlearner("SL.fails", folds = 2)
  expect_error(
    suppressWarnings(utils::capture.output(
      nuisance(y ~ a | ., superlearner_study(), learner, learn_glm(), folds = 2, seed = 1), type = "message"
    )),
    "failed while fitting", class = "causalsynth_error_fit"
  )
  # SuperLearner itself would predict 0 for all rows.
  zero <- function() {
    SL.opposite <- function(Y, X, newX, ...) list(pred = rep(-mean(Y), nrow(newX)), fit = list())
    learn_superlearner("SL.opposite", folds = 2)
  }
  expect_error(
    suppressWarnings(fit_learner(zero(), superlearner_study()["w"], 5 + sin(1:120), "gaussian", rng_key(1), 1L)),
    "weight 0", class = "causalsynth_error_fit"
  )
})

test_that("an absent package is said", {
  expect_snapshot(error = TRUE, needs_package("noSuchPackage", "learn_superlearner()"))
  expect_error(needs_package("noSuchPackage", "learn_parsnip()"), class = "causalsynth_error_input")
})
