# What every estimator must do, whatever its method: source this in a testthat test, and call test_estimator_contract()
# with a spec for estimate_effect(), or with a function of a data frame with columns W, A and Y, as study() takes them.
# `scaled`: does an outcome in other units give the estimate in these units? `errors`: has it a standard error?
contract_rows <- function(n = 400) {
  set.seed(n)
  rows <- data.frame(W = rnorm(n))
  rows$A <- as.integer(runif(n) < plogis(.8 * rows$W))
  rows$Y <- 1 + 2 * rows$A + rows$W + rnorm(n)
  rows
}

test_estimator_contract <- function(est, scaled = TRUE, errors = TRUE) {
  rows <- contract_rows()
  found <- contract_estimate(est, rows)
  expect_true(is.finite(found[["estimate"]]))
  # The true effect is 2; adjustment takes most of the confounding away.
  expect_lt(abs(found[["estimate"]] - 2), .5)
  expect_identical(contract_estimate(est, rows), found)
  expect_identical(rows, contract_rows())
  if (errors) expect_true(found[["std.error"]] > 0 && found[["std.error"]] < 1)
  if (scaled) {
    other <- contract_estimate(est, transform(rows, Y = 10 * Y + 3))
    expect_equal(other[["estimate"]], 10 * found[["estimate"]], tolerance = 1e-3)
    if (errors) expect_equal(other[["std.error"]], 10 * found[["std.error"]], tolerance = 1e-3)
  }
  flipped <- contract_estimate(est, transform(rows, A = 1 - A))
  expect_equal(flipped[["estimate"]], -found[["estimate"]], tolerance = .1)
  # study() takes it, keeps its name, and its interval holds the truth in most samples.
  result <- study(contract_rows(4000), list(mine = est), Y ~ A | W, n = 300, reps = 20, truth = 2, seed = 1,
                  learner_treatment = learn_glm(), learner_outcome = learn_glm(), threads = 1)
  kept <- as.data.frame(result)
  expect_identical(unique(kept$method), "mine")
  expect_true(all(is.na(kept$error)))
  if (errors) expect_gte(mean(kept$conf.low <= 2 & kept$conf.high >= 2), .7)
}

# Estimate and standard error, with logistic and linear regressions as nuisances where it takes any.
contract_estimate <- function(est, rows) {
  if (is.function(est)) {
    value <- est(rows)
    if (inherits(value, "causalsynth_effect")) value <- tidy(value)[1, ]
    value <- unlist(value)
    if (is.null(names(value))) names(value)[1] <- "estimate"
    return(c(estimate = value[["estimate"]], std.error = unname(value["std.error"])))
  }
  table <- tidy(estimate_effect(Y ~ A | W, rows, method = list(est), seed = 1, learner_treatment = learn_glm(),
                                learner_outcome = learn_glm()))
  c(estimate = table$estimate[1], std.error = table$std.error[1])
}
