test_that("the paper's effect is exact", {
  for (overlap in c("randomized", "none", "weak", "moderate")) {
    expect_equal(truth(dgp_paper(overlap)), .418467616, tolerance = 2e-9)
    expect_equal(truth(dgp_paper(overlap), "mean_1"), .868774959, tolerance = 2e-9)
    expect_equal(truth(dgp_paper(overlap), "mean_0"), .450307343, tolerance = 2e-9)
  }
  expect_null(attributes(truth(dgp_paper())))
})

test_that("effects of subpopulations agree with a large sample", {
  for (overlap in c("randomized", "none", "weak", "moderate")) {
    rows <- generate(dgp_paper(overlap), 2e5, seed = 1, counterfactuals = TRUE)
    effect <- rows$q1 - rows$q0
    weighted <- function(w) sum(w * effect) / sum(w)
    se <- function(w) sqrt(sum(w^2 * (effect - weighted(w))^2)) / sum(w)
    h <- rows$ps * (1 - rows$ps)
    expect_lt(abs(truth(dgp_paper(overlap), "ATT") - weighted(rows$ps)), 4 * se(rows$ps))
    expect_lt(abs(truth(dgp_paper(overlap), "ATC") - weighted(1 - rows$ps)), 4 * se(1 - rows$ps))
    expect_lt(abs(truth(dgp_paper(overlap), "ATO") - weighted(h)), 4 * se(h))
  }
})

test_that("one's own mechanism has a repeatable Monte Carlo truth", {
  mechanism <- dgp(function(n) data.frame(x = rnorm(n)), function(W) plogis(W$x), function(A, W) A * W$x, "gaussian")
  set.seed(1)
  before <- .Random.seed
  first <- truth(mechanism, draws = 2e5)
  expect_identical(truth(mechanism, draws = 2e5), first)
  expect_identical(.Random.seed, before)
  expect_lt(abs(first), 4 / sqrt(2e5))
  att <- integrate(function(x) x * plogis(x) * dnorm(x), -10, 10)$value / .5
  expect_equal(truth(mechanism, "ATT", draws = 2e5), att, tolerance = .02)
})

test_that("wrong requests are errors", {
  expect_snapshot(error = TRUE, {
    truth(dgp_paper(), "LATE")
    truth(dgp_paper(), "ATE", draw = 3)
    truth(data.frame(x = 1))
  })
})
