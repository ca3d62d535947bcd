# A learner with nothing behind it but glm().
plain_learner <- function() {
  structure(list(label = "plain glm", crossfit = "none", outcome = "joint"),
            class = c("learn_plain", "causalsynth_learner"))
}
local_plain_learner <- function(env = parent.frame()) {
  fit <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL, call = NULL) {
    if (is.null(terms)) terms <- all_columns_terms(x)
    x$.y <- y
    formula <- stats::update(stats::formula(terms), .y ~ .)
    structure(list(model = stats::glm(formula, family, x), threads = threads), class = "fit_plain")
  }
  guess <- function(fit, newx, threads) unname(stats::predict(fit$model, newx, type = "response"))
  space <- asNamespace("causalsynth")
  registerS3method("fit_learner", "learn_plain", fit, envir = space)
  registerS3method("predict_fit", "fit_plain", guess, envir = space)
}

test_that("the AUC equals its definition by pairs, ties counting one half", {
  y <- c(1, 0, 1, 0, 0, 1, 0)
  prob <- c(.9, .8, .8, .1, .3, .3, .2)
  pairs <- outer(prob[y == 1], prob[y == 0], function(a, b) (a > b) + .5 * (a == b))
  expect_equal(auc(prob, y), mean(pairs))
  expect_equal(auc(rep(.5, 7), y), .5)
  expect_equal(auc(y, y), 1)
  expect_equal(auc(prob, rep(1, 7)), NA_real_)
  v10 <- rowMeans(pairs)
  v01 <- colMeans(pairs)
  expect_equal(auc_delong(prob, y)[2], sqrt(var(v10) / 3 + var(v01) / 4))
})

test_that("a model of synthetic rows is scored on real ones", {
  local_plain_learner()
  train <- generate(dgp_paper(), 500, seed = 1)
  test <- generate(dgp_paper(), 400, seed = 2)
  got <- tstr(train, test, Y ~ A | ., learner = plain_learner(), seed = 1)
  model <- glm(Y ~ ., binomial, train)
  expect_equal(got$estimate, auc(predict(model, test), test$Y))
  expect_identical(c(got$n_train, got$n_test), c(500L, 400L))
  expect_snapshot({
    got
    summary(got)
  })
  expect_identical(tidy(got)$metric, "tstr_auc")
  train$Y <- train$W4 + train$A
  test$Y <- test$W4 + test$A
  expect_equal(tstr(train, test, Y ~ A | W4, learner = plain_learner())$estimate, 1)
  bent <- tstr(train, test, Y ~ A | I(W4^2), learner = plain_learner())
  expect_equal(bent$estimate, r_squared(predict(lm(Y ~ I(W4^2) + A, train), test), test$Y))
  expect_identical(bent$metric, "r2")
})

test_that("sets that disagree are errors", {
  local_plain_learner()
  train <- transform(generate(dgp_paper(), 50, seed = 1), A = factor(A, labels = c("no", "yes")))
  test <- generate(dgp_paper(), 50, seed = 2)
  expect_snapshot(error = TRUE, {
    tstr(train, test, Y ~ A | ., learner = plain_learner())
    tstr(test, test[0, ], Y ~ A | ., learner = plain_learner())
    tstr(test, test, Y ~ A | ., learner = "forest")
    tstr(test, test, Y ~ A | ., lerner = plain_learner())
    tstr(test, test, Y ~ A | W9, learner = plain_learner())
  })
})
