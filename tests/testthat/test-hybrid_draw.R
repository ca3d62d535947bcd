# A hybrid of each law of outcomes, with knobs and several arms.
drawn_study <- function(n = 400) {
  set.seed(8)
  study <- data.frame(w = rnorm(n), g = factor(sample(c("u", "v"), n, TRUE)))
  study$a <- rbinom(n, 1, plogis(.4 * study$w))
  study$arm <- factor(c("none", "low", "high")[1 + rbinom(n, 2, plogis(.3 * study$w))], c("none", "low", "high"))
  eta <- .5 * study$w + .6 * study$a
  study$binary <- factor(ifelse(runif(n) < plogis(eta), "yes", "no"))
  study$count <- rpois(n, exp(eta))
  study$number <- round(ifelse(runif(n) < .2, 0, 5 + eta + rexp(n) * exp(.3 * study$w)), 1)
  study
}
drawn_hybrid <- function(outcome, treatment = "a", ...) {
  formula <- as.formula(paste(outcome, "~", treatment, "| w + g"))
  suppressWarnings(fit_hybrid(formula, drawn_study(), gen_forest(trees = 5), ..., seed = 1,
                              learner_treatment = learn_glm(), learner_outcome = learn_glm()))
}
as_number <- function(y) if (is.factor(y)) as.integer(y) - 1 else as.numeric(y)

test_that("drawn outcomes agree with the row's own, and change nothing else", {
  cases <- list(
    list("binary"), list("count"), list("number"), list("number", noise = 2, effect_scale = .5),
    list("count", heterogeneity = 2), list("binary", confounding = .7), list("number", confounding = .7)
  )
  for (case in cases) {
    hybrid <- do.call(drawn_hybrid, case)
    pool <- generate(hybrid, 8000, seed = 2, counterfactuals = TRUE)
    own <- setdiff(names(pool), grep("^[.]", names(pool), value = TRUE))
    expect_identical(pool[own], generate(hybrid, 8000, seed = 2))
    y <- pool[[case[[1]]]]
    expect_identical(pool$.y1[pool$a == 1], y[pool$a == 1])
    expect_identical(pool$.y0[pool$a == 0], y[pool$a == 0])
    expect_identical(class(pool$.y1), class(y))
    for (arm in c("1", "0")) {
      # Rows of either arm have the mean that they know, those nobody sees among them.
      gap <- as_number(pool[[paste0(".y", arm)]]) - pool[[paste0(".q", arm)]]
      for (rows in if (is.null(pool$.u)) list(pool$a == 1, pool$a == 0) else list(TRUE)) {
        expect_lt(abs(mean(gap[rows])), 4 * sd(gap[rows]) / sqrt(length(gap[rows])))
      }
    }
    expect_lt(mean(pool$.y1[pool$a == 0] == y[pool$a == 0]), .99)
  }
})

test_that("with a cause, outcomes under one treatment differ by it in either arm alike", {
  hybrid <- drawn_hybrid("number", confounding = .8)
  pool <- generate(hybrid, 40000, seed = 2, counterfactuals = TRUE)
  pull <- function(rows) {
    gap <- (pool$.y1 - pool$.q1)[rows]
    u <- pool$.u[rows]
    c(mean(gap[u == 1]) - mean(gap[u == -1]), 2 * sd(gap) / sqrt(length(gap)))
  }
  seen <- pull(pool$a == 1)
  unseen <- pull(pool$a == 0)
  expect_gt(seen[1], 5 * seen[2])
  expect_lt(abs(seen[1] - unseen[1]), 4 * sqrt(seen[2]^2 + unseen[2]^2))
})

test_that("several arms, and any number of threads", {
  hybrid <- drawn_hybrid("count", "arm")
  pool <- generate(hybrid, 3000, seed = 2, counterfactuals = TRUE, threads = 1)
  expect_identical(pool, generate(hybrid, 3000, seed = 2, counterfactuals = TRUE, threads = 3))
  drawn <- vapply(levels(pool$arm), function(a) pool[[paste0(".y_", a)]], integer(3000))
  expect_identical(drawn[cbind(1:3000, as.integer(pool$arm))], pool$count)
  expect_equal(colMeans(drawn), vapply(levels(pool$arm), function(a) truth(hybrid, paste0("mean_", a)), 1),
               tolerance = .1)
  one <- generate(hybrid, 1, seed = 3, counterfactuals = TRUE)
  expect_identical(nrow(one), 1L)
})
