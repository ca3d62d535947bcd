test_that("the paper's rows have the documented types", {
  rows <- generate(dgp_paper(), 50, seed = 1)
  expect_identical(class(rows), "data.frame")
  expect_named(rows, c("W1", "W2", "W3", "W4", "W5", "W6", "A", "Y"))
  expect_identical(
    unname(vapply(rows, typeof, "")),
    c("integer", "integer", "integer", "double", "double", "double", "integer", "integer")
  )
  expect_identical(attributes(rows)$row.names, 1:50)
  more <- generate(dgp_paper(), 50, seed = 1, counterfactuals = TRUE)
  expect_identical(more[1:8], rows)
  expect_named(more[9:11], c("q1", "q0", "ps"))
})

test_that("threads do not change the rows, seeds do, and R's generator is left alone", {
  draw <- function(threads, seed = 7) generate(dgp_paper("weak"), 5000, seed = seed, threads = threads)
  one <- draw(1)
  expect_identical(draw(2), one)
  expect_identical(draw(3), one)
  expect_false(identical(draw(1, 8), one))
  set.seed(1)
  before <- .Random.seed
  draw(1)
  expect_identical(.Random.seed, before)
  first <- generate(dgp_paper(), 10)
  expect_false(identical(generate(dgp_paper(), 10), first))
  set.seed(1)
  expect_identical(generate(dgp_paper(), 10), first)
})

test_that("a mechanism of one's own draws what it says", {
  mechanism <- dgp(
    function(n) data.frame(x = rnorm(n), f = factor(sample(c("a", "b"), n, TRUE))),
    function(W) plogis(W$x), function(A, W) 1 + 2 * A + W$x, "gaussian", sd = 0
  )
  set.seed(3)
  before <- .Random.seed
  rows <- generate(mechanism, 200, seed = 1, counterfactuals = TRUE)
  expect_identical(.Random.seed, before)
  expect_named(rows, c("x", "f", "A", "Y", "q1", "q0", "ps"))
  expect_equal(rows$Y, 1 + 2 * rows$A + rows$x)
  expect_equal(rows$q1 - rows$q0, rep(2, 200))
  expect_equal(rows$ps, plogis(rows$x))
  expect_identical(generate(mechanism, 200, seed = 1, counterfactuals = TRUE), rows)
  binary <- generate(dgp(function(n) data.frame(x = rnorm(n)), .3, function(A, W) .2 + .5 * A), 20000, seed = 1)
  expect_type(binary$Y, "integer")
  expect_lt(abs(mean(binary$A) - .3), .015)
  expect_lt(abs(mean(binary$Y[binary$A == 1]) - .7), .025)
  expect_lt(abs(cor(binary$x, binary$A)), .03)
})

test_that("mechanisms print, format and summarise", {
  expect_snapshot({
    dgp_paper()
    dgp(function(n) data.frame(x = rnorm(n)), .5, function(A, W) A, "gaussian")
    summary(dgp_paper("weak"))
  })
})

test_that("wrong arguments are errors that name them", {
  own <- function(...) generate(dgp(...), 10, seed = 1)
  w <- function(n) data.frame(x = rnorm(n))
  expect_snapshot(error = TRUE, {
    dgp_paper("strong")
    generate(dgp_paper(), 0)
    generate(dgp_paper(), -5)
    generate(dgp_paper(), 2.5)
    generate(dgp_paper(), 5, sed = 1)
    generate(dgp_paper(), 5, seed = "one")
    dgp(1, .5, function(A, W) A)
    dgp(w, 2, function(A, W) A)
    own(function(n) data.frame(x = 1:3), .5, function(A, W) A)
    own(function(n) data.frame(A = rnorm(n)), .5, function(A, W) A)
    own(w, function(W) W$x, function(A, W) A)
    own(w, .5, function(A, W) 1)
    own(w, .5, function(A, W) A / 0, "gaussian")
  })
  expect_error(generate(dgp_paper(), 0), class = "causalsynth_error_input")
})
