test_that("functions see the roles' columns and nothing of the truth", {
  seen <- NULL
  keep <- function(data) {
    seen <<- data
    1
  }
  pool <- generate(study_hybrid(), 100, seed = 2, counterfactuals = TRUE)
  small_study(list(keep = keep), sources = pool, n = 50, reps = 1)
  expect_identical(class(seen), "data.frame")
  expect_setequal(names(seen), c(paste0("W", 1:6), "A", "Y"))
  expect_null(attr(seen, "causalsynth"))
  small_study(list(keep = keep), sources = study_hybrid(), n = 50, reps = 1)
  expect_null(attr(seen, "causalsynth"))
})

test_that("answers in every form", {
  forms <- list(
    number = function(data) mean(data$Y), vector = function(data) c(estimate = .4, std.error = .1),
    list = function(data) list(estimate = .4, conf.low = .1, conf.high = .6, note = "kept out"),
    frame = function(data) data.frame(estimate = .4, std.error = .1),
    effect = function(data) estimate_effect(Y ~ A | ., data, learner_treatment = learn_glm(),
                                            learner_outcome = learn_glm())
  )
  found <- suppressWarnings(small_study(forms, reps = 1))$results
  expect_false(anyNA(found$estimate))
  expect_equal(found$conf.low[2], .4 - qnorm(.975) * .1)
  expect_equal(c(found$conf.low[3], found$conf.high[3]), c(.1, .6))
  expect_identical(is.na(found$std.error), c(TRUE, FALSE, TRUE, FALSE, FALSE))
})

test_that("failures are counted, each with its reason", {
  bad <- list(
    "aipw", stops = function(data) stop("no luck"), missing = function(data) NA_real_, none = function(data) NULL,
    three = function(data) 1:3, infinite = function(data) Inf, text = function(data) "a",
    sleeps = function(data) Sys.sleep(60), loops = function(data) repeat NULL,
    dies = function(data) tools::pskill(Sys.getpid(), 9)
  )
  found <- small_study(bad, reps = 2, timeout = 2)
  expect_identical(is.na(found$results$error), found$results$method == "aipw")
  expect_snapshot(unique(found$results$error))
  table <- summary(found)$table
  expect_identical(table$failed, rep(c(0L, 2L), c(1, 9)))
  expect_true(all(is.na(table$rmse[-1])))
  expect_speaks(found)
})

test_that("a built-in estimator that takes too long is stopped", {
  slow <- learn_function(function(x, y, family) repeat NULL, function(object, newx) 1)
  found <- study(dgp_paper(), list("aipw", one = function(data) 1), n = 60, reps = 1, seed = 1, threads = 1,
                 timeout = .5, learner_treatment = slow, learner_outcome = learn_glm())$results
  expect_match(found$error[1], "Stopped after 0.5 s", fixed = TRUE)
  expect_identical(found$estimate[2], 1)
})

test_that("one built-in estimator that fails takes no other with it", {
  # A probability of 0 stops weighting, not outcome regression.
  none <- learn_function(function(x, y, family) mean(y), function(object, newx) rep(as.numeric(object > 2), nrow(newx)))
  found <- study(dgp_paper(), c("iptw", "or"), n = 60, reps = 2, seed = 1, threads = 1, bounds = NULL,
                 learner_treatment = none, learner_outcome = learn_glm())$results
  expect_identical(is.na(found$estimate), rep(c(TRUE, FALSE), 2))
  expect_match(found$error[1], "probability 0")
})

test_that("data that cannot be analysed are failures of the replicate", {
  rare <- data.frame(w = rnorm(100), A = rep(0:1, c(98, 2)), Y = rbinom(100, 1, .5))
  found <- suppressWarnings(small_study("aipw", sources = rare, formula = Y ~ A | w, n = 5, reps = 5, truth = 0))
  expect_true(any(grepl("one arm", found$results$error)))
})

test_that("warnings of a replicate are kept", {
  found <- small_study(list("aipw", warns = function(data) {
    warning("mind this")
    1
  }), reps = 1, n = 40)$results
  expect_identical(found$warning[2], "mind this")
})
