function_study <- function(n = 90) {
  i <- seq_len(n)
  data.frame(w = sin(i), g = factor(c("u", "v", "w")[1 + i %% 3]), a = as.integer(cos(2 * i) > 0),
             y = as.numeric(sin(i) + cos(5 * i) > 0))
}
lm_learner <- function(...) {
  learn_function(function(x, y) lm(y ~ ., cbind(x, y = y)), function(object, newx) predict(object, newx), ...)
}
run_with <- function(predict, fit = function(x, y) mean(y), data = function_study(), ...) {
  nuisance(y ~ a | ., data, learn_glm(), learn_function(fit, predict, label = "mine"), seed = 1, ...)
}

test_that("own functions see variables and folds, and predict like themselves", {
  d <- transform(function_study(), y = w + a + cos(5 * seq_along(w)))
  nu <- nuisance(y ~ a | ., d, learn_glm(), lm_learner(), folds = 3, seed = 4)
  expect_identical(nu$crossfit, c(treatment = "none", outcome = "folds"))
  same <- nuisance(y ~ a | ., d, learn_glm(), learn_glm(crossfit = "folds"), folds = 3, seed = 4)
  expect_equal(nu$q1, same$q1)
  expect_equal(nu$q0, same$q0)
  joint <- nuisance(y ~ a | ., d, learn_glm(), lm_learner(outcome = "joint"), folds = 3, seed = 4)
  expect_equal(joint$q1 - joint$q0,
               nuisance(y ~ a | ., d, learn_glm(), learn_glm("joint", "folds"), folds = 3, seed = 4)[["q1"]] -
                 nuisance(y ~ a | ., d, learn_glm(), learn_glm("joint", "folds"), folds = 3, seed = 4)[["q0"]])
  # In sample on request of its maker: no warning.
  expect_silent(nuisance(y ~ a | ., d, learn_glm(), lm_learner(crossfit = "none"), seed = 4))
})

test_that("fit gets the weights and the family where it asks for them", {
  seen <- list()
  spy <- learn_function(function(x, y, weights, family) {
    seen[[length(seen) + 1]] <<- list(x = x, y = y, weights = weights, family = family)
    weighted.mean(y, weights)
  }, function(object, newx) rep(object, nrow(newx)))
  d <- transform(function_study(), y = w)
  d$w[2] <- NA
  nuisance(y ~ a | w + g, d[!is.na(d$y), ], spy, spy, folds = 2, weights = seq_len(90), seed = 1)
  expect_length(seen, 6)
  expect_identical(vapply(seen, `[[`, "", "family"), rep(c("binomial", "gaussian"), c(2, 4)))
  expect_named(seen[[1]]$x, c("w", "g"))
  expect_s3_class(seen[[1]]$x$g, "factor")
  expect_true(anyNA(rbind(seen[[1]]$x, seen[[2]]$x)$w))
  expect_setequal(c(seen[[1]]$weights, seen[[2]]$weights), 1:90)
  expect_identical(lengths(lapply(seen, `[[`, "weights")), lengths(lapply(seen, `[[`, "y")))
})

test_that("what draws does so under the seed alone", {
  noisy <- learn_function(function(x, y) mean(y) + rnorm(1, sd = .01),
                          function(object, newx) object + runif(nrow(newx), 0, .01))
  run <- function() nuisance(y ~ a | ., function_study(), noisy, noisy, folds = 2, seed = 7)
  set.seed(1)
  before <- .Random.seed
  first <- run()
  expect_identical(.Random.seed, before)
  runif(3)
  expect_identical(run()[c("ps", "q1", "q0")], first[c("ps", "q1", "q0")])
  expect_length(unique(first$ps), 90)
})

test_that("fits of own functions can be saved without the study's rows", {
  d <- function_study()
  mean_learner <- learn_function(function(x, y) mean(y), function(object, newx) rep(object, nrow(newx)))
  fit <- fit_learner(mean_learner, d[c("w", "g")], d$y, "binomial", rng_key(1), 1L)
  expect_identical(predict_fit(fit, d[1:4, ]), rep(mean(d$y), 4))
  expect_lt(length(serialize(fit[setdiff(names(fit), "predict")], NULL)), 3000)
  expect_identical(fit$predict, mean_learner$predict)
  hybrid <- fit_hybrid(y ~ a | ., d, gen_forest(trees = 3), learner_treatment = mean_learner,
                       learner_outcome = mean_learner, seed = 1)
  expect_identical(nrow(generate(hybrid, 12, seed = 1)), 12L)
})

test_that("a constant in an arm is its own mean", {
  d <- transform(function_study(), y = ifelse(a == 1, 1, y))
  nu <- run_with(function(object, newx) rep(object, nrow(newx)), data = d)
  expect_identical(nu$q1, rep(1, 90))
})

test_that("predictions that are none are errors of class fit", {
  bad <- list(
    function(object, newx) object, function(object, newx) rep(NA_real_, nrow(newx)),
    function(object, newx) rep(1.5, nrow(newx)), function(object, newx) rep("a", nrow(newx)),
    function(object, newx) stop("out of {sorts}"), function(object, newx) matrix(object, nrow(newx), 2)
  )
  for (predict in bad) expect_error(run_with(predict), class = "causalsynth_error_fit")
  expect_error(run_with(identity, fit = function(x, y) stop("cannot fit")), class = "causalsynth_error_fit")
  expect_snapshot(error = TRUE, {
    run_with(bad[[1]])
    run_with(function(object, newx) ifelse(newx$w > 0, NA, .5))
    run_with(bad[[3]])
    run_with(bad[[4]])
    run_with(bad[[5]])
    run_with(bad[[6]])
    run_with(identity, fit = function(x, y) stop("cannot fit"))
    run_with(bad[[1]], weights = 1:90)
    learn_function()
    learn_function("lm", predict)
    learn_function(lm, 3)
    learn_function(lm, predict, crossfit = "oob")
    learn_function(lm, predict, label = 2)
  })
  # A column of a matrix is a vector.
  expect_identical(run_with(function(object, newx) matrix(object, nrow(newx)))$q1,
                   run_with(function(object, newx) rep(object, nrow(newx)))$q1)
})

test_that("a third learner's missing values and lengths are named, with the fold", {
  rigged <- function(values) {
    structure(list(label = "rigged", crossfit = "folds", outcome = "by_arm", values = values),
              class = c("learn_rigged", "causalsynth_learner"))
  }
  registerS3method("fit_learner", "learn_rigged", function(learner, x, y, family, key, threads, terms = NULL,
                                                           weights = NULL, call = NULL) {
    structure(list(values = learner$values), class = "fit_rigged")
  }, envir = asNamespace("causalsynth"))
  registerS3method("predict_fit", "fit_rigged", function(fit, newx, threads = NULL) fit$values(nrow(newx)),
                   envir = asNamespace("causalsynth"))
  run <- function(values) nuisance(y ~ a | ., function_study(), learn_glm(), rigged(values), seed = 1)
  expect_snapshot(error = TRUE, {
    run(function(n) c(NA, rep(.5, n - 1)))
    run(function(n) rep(.5, n - 1))
    run(function(n) rep(-1, n))
  })
  expect_error(tstr(function_study(), function_study(), y ~ a | ., learner = rigged(function(n) rep(NaN, n))),
               class = "causalsynth_error_fit")
  hybrid <- function(values) {
    fit_hybrid(y ~ a | ., function_study(), gen_forest(trees = 3), learner_treatment = learn_glm(),
               learner_outcome = rigged(values), seed = 1)
  }
  expect_error(hybrid(function(n) if (n > 1000) rep(NaN, n) else rep(.5, n)), class = "causalsynth_error_fit")
})
