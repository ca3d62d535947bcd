stack_study <- function(n = 150, binary = FALSE) {
  i <- seq_len(n)
  w <- sin(i)
  y <- 2 * w + cos(3 * i)
  data.frame(w = w, v = cos(7 * i), a = as.integer(i %% 3 == 0), y = if (binary) as.numeric(y > .3) else y)
}
small_forest <- function(...) learn_forest(trees = 40, min_node_size = 5, ...)

test_that("weights minimise the squared error over the simplex", {
  set.seed(1)
  for (k in 2:6) {
    for (case_weights in list(NULL, runif(40))) {
      y <- rnorm(40)
      honest <- outer(y, runif(k, 0, .6)) + matrix(rnorm(40 * k, sd = .5), 40)
      share <- stack_weights(honest, y, case_weights)
      expect_true(all(share >= 0))
      expect_equal(sum(share), 1, tolerance = 1e-12)
      # No vertex lies downhill: the conditions of Karush, Kuhn and Tucker.
      gram <- crossprod((y - honest) * sqrt(case_weights %||% rep(1, 40)))
      slope <- drop(gram %*% share)
      expect_gte(min(slope), sum(share * slope) * (1 - 1e-8))
    }
  }
  y <- rnorm(40)
  two <- cbind(a = y + rnorm(40), b = y + rnorm(40))
  gap <- two[, "a"] - two[, "b"]
  best <- sum((y - two[, "b"]) * gap) / sum(gap^2)
  expect_equal(stack_weights(two, y), c(a = min(max(best, 0), 1), b = 1 - min(max(best, 0), 1)))
  grid <- expand.grid(a = seq(0, 1, .02), b = seq(0, 1, .02))
  grid <- grid[grid$a + grid$b <= 1, ]
  three <- cbind(two, c = .5 * y)
  error <- function(share) mean((y - three %*% share)^2)
  lowest <- min(apply(cbind(grid, c = 1 - grid$a - grid$b), 1, error))
  expect_lte(error(stack_weights(three, y)), lowest + 1e-12)
})

test_that("members alike, without error or alone", {
  y <- sin(1:20)
  expect_equal(sum(stack_weights(cbind(a = y / 2, b = y / 2), y)), 1)
  expect_identical(stack_weights(cbind(a = y, b = 0 * y), y), c(a = 1, b = 0))
  expect_identical(stack_weights(cbind(a = 0 * y), y), c(a = 1))
  # Rows of weight 0 have no say.
  half <- rep(0:1, each = 10)
  spoilt <- cbind(a = ifelse(half == 1, y, 9), b = y + .1)
  expect_equal(stack_weights(spoilt, y, half), c(a = 1, b = 0))
})

test_that("a stack is the weighted mean of its members, honest or new", {
  d <- stack_study()
  learner <- learn_stack(forest = small_forest(), glm = learn_glm(), mean = learn_mean(), folds = 4)
  fit <- fit_learner(learner, d[c("w", "v")], d$y, "gaussian", rng_key(1), 1L)
  expect_named(fit$share, c("forest", "glm", "mean"))
  new <- data.frame(w = c(-.3, .2, .9), v = .1)
  alone <- vapply(fit$members, function(m) predict_fit(m$whole, new, 1L), numeric(3))
  expect_equal(predict_fit(fit, new), drop(alone %*% fit$share))
  honest <- vapply(fit$members, `[[`, numeric(150), "honest")
  expect_equal(predict_oob(fit), drop(honest %*% fit$share))
  expect_equal(unname(honest[, "forest"]), unname(predict_oob(fit$members$forest$whole)))
  fold <- fit$members$glm$fold
  expect_identical(sort(unique(fold)), 1:4)
  for (k in 1:4) {
    base <- lm(y ~ w + v, d, subset = fold != k)
    expect_equal(unname(honest[fold == k, "glm"]), unname(predict(base, d[fold == k, ])))
  }
  # The same rows with a changed column.
  changed <- predict_oob(fit, transform(d, w = w + 1), 1L)
  expect_equal(changed[1], sum(fit$share * c(
    predict_oob(fit$members$forest$whole, transform(d, w = w + 1), 1L)[1],
    predict_fit(fit$members$glm$parts[[fold[1]]], transform(d, w = w + 1)[1, ]),
    predict_oob(fit$members$mean$whole)[1]
  )))
})

test_that("a row's outcome enters its own prediction through the weights alone", {
  d <- stack_study()
  learner <- learn_stack(small_forest(), learn_glm())
  run <- function(y) fit_learner(learner, d[c("w", "v")], y, "gaussian", rng_key(1), 1L)
  first <- run(d$y)
  for (i in c(3, 40)) {
    changed <- run(replace(d$y, i, d$y[i] + 5))
    for (k in 1:2) expect_equal(changed$members[[k]]$honest[i], first$members[[k]]$honest[i], tolerance = 1e-12)
    expect_gt(max(abs(changed$members[[2]]$honest - first$members[[2]]$honest)), 1e-3)
  }
})

test_that("a linear law gives the linear model its weight, a jagged one the forest", {
  d <- stack_study(400)
  share <- function(y) {
    fit_learner(learn_stack(small_forest(), learn_glm()), d[c("w", "v")], y, "gaussian", rng_key(2), 2L)$share
  }
  expect_gt(share(2 * d$w - d$v + .1 * d$y)[["glm"]], .9)
  expect_gt(share(cos(9 * d$w) + .1 * d$y)[[1]], .9)
})

test_that("stacks serve nuisances: seeds, threads, by arm or jointly, and their weights are printed", {
  d <- stack_study(binary = TRUE)
  for (outcome in c("by_arm", "joint")) {
    stack <- learn_stack(forest = small_forest(outcome = outcome), glm = learn_glm(outcome))
    run <- function(...) suppressWarnings(nuisance(y ~ a | ., d, stack, stack, bounds = NULL, ...))
    one <- run(seed = 1, threads = 1)
    expect_identical(unname(one$crossfit), c("oob", "oob"))
    three <- run(seed = 1, threads = 3)
    expect_identical(one[c("ps", "q1", "q0")], three[c("ps", "q1", "q0")])
    expect_false(identical(one$ps, run(seed = 2)$ps))
    expect_true(all(one$q1 >= 0 & one$q1 <= 1))
    weights <- one$notes$weights
    expect_identical(unique(weights$nuisance), if (outcome == "joint") c("treatment", "outcome") else
      c("treatment", "outcome, treated", "outcome, control"))
    expect_equal(unname(tapply(weights$weight, weights$nuisance, sum)), rep(1, length(unique(weights$nuisance))),
                 ignore_attr = TRUE)
    expect_match(format(one), "weights, treatment: forest .*; glm ", all = FALSE)
    folded <- run(seed = 1, crossfit = "folds", folds = 2)
    expect_identical(unique(folded$notes$weights$fits), 2L)
    expect_match(format(folded), "mean and range of 2 fits", all = FALSE)
  }
})

test_that("a stack within a stack, a constant outcome, and what is kept of the rows", {
  d <- stack_study()
  nested <- learn_stack(inner = learn_stack(small_forest(), learn_mean()), glm = learn_glm())
  fit <- fit_learner(nested, d[c("w", "v")], d$y, "gaussian", rng_key(1), 1L)
  expect_null(fit$members$inner$parts)
  expect_identical(fit$members$inner$honest, predict_oob(fit$members$inner$whole))
  light <- without_training(fit)
  expect_identical(predict_fit(light, d[1:4, ], 1L), predict_fit(fit, d[1:4, ], 1L))
  expect_false(any(vapply(rapply(light, identity, "numeric", how = "unlist"), identical, NA, d$y[7])))
  constant <- fit_learner(nested, d["w"], rep(2, 150), "gaussian", rng_key(1), 1L)
  expect_identical(predict_fit(constant, d[1:3, ]), rep(2, 3))
})

test_that("case weights enter the members and their shares", {
  d <- stack_study()
  w <- rep(c(0, 1, 3), 50)
  fit <- fit_learner(learn_stack(forest = small_forest(), glm = learn_glm()), d[c("w", "v")], d$y, "gaussian",
                     rng_key(1), 1L, weights = w)
  honest <- vapply(fit$members, `[[`, numeric(150), "honest")
  expect_identical(fit$share, stack_weights(honest, d$y, w))
  expected <- lm(y ~ w + v, d, weights = rep(c(0, 1, 3), 50))
  expect_equal(unname(fit$members$glm$whole$coefficients), unname(coef(expected)))
})

test_that("members that separate are said once", {
  d <- stack_study()
  learner <- learn_stack(small_forest(), learn_glm(), folds = 5)
  warned <- 0
  withCallingHandlers(
    fit <- fit_learner(learner, d[c("w", "v")], as.numeric(d$w > .2), "binomial", rng_key(1), 1L),
    causalsynth_warning_separated = function(w) {
      warned <<- warned + 1
      expect_match(conditionMessage(w), "within a stack: by column w \\(6 of 7 fits\\)")
      rlang::cnd_muffle(w)
    }
  )
  expect_identical(warned, 1)
  expect_identical(fit_report(fit)$separated, "w")
})

test_that("bad stacks are named", {
  d <- stack_study(30)
  expect_snapshot(error = TRUE, {
    learn_stack("glm")
    learn_stack(learn_glm(), fold = 5)
    learn_stack(folds = 1)
    learn_stack(crossfit = "none")
    learn_stack(learn_glm(), learn_forest(outcome = "joint"))
    lost <- learn_function(function(x, y) mean(y), function(object, newx) rep(NA_real_, nrow(newx)), label = "lost")
    nuisance(y ~ a | ., d, learn_glm(), learn_stack(learn_glm(), lost), seed = 1)
    short <- learn_function(function(x, y) mean(y), function(object, newx) object, label = "short")
    nuisance(y ~ a | ., d, learn_glm(), learn_stack(learn_glm(), short), seed = 1)
  })
  expect_warning(nuisance(y ~ a | ., stack_study(), learn_stack(small_forest(), learn_glm()), learn_glm(),
                          crossfit = "none", seed = 1), class = "causalsynth_warning_crossfit")
})

test_that("members that enter and leave again end at the least error", {
  # Karush, Kuhn and Tucker: no member's slope lies below that of the mean, and those used lie on it.
  dropped <- 0
  for (seed in 1:60) {
    honest <- with_r_seed(rng_key(seed), matrix(stats::rnorm(40 * 6), 40) %*% matrix(stats::rnorm(36), 6) + 2)
    y <- with_r_seed(rng_key(seed + 1000), stats::rnorm(40))
    share <- stack_weights(honest, y)
    slope <- drop(crossprod(y - honest) %*% share) / 40
    least <- sum(share * slope)
    expect_gte(min(slope), least - 1e-8 * max(abs(slope)))
    expect_equal(max(abs(slope[share > 0] - least)), 0, tolerance = 1e-8)
    dropped <- dropped + sum(share == 0)
  }
  expect_gt(dropped, 0)
})
