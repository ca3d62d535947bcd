test_that("one seed gives one key, and NULL follows set.seed()", {
  expect_identical(rng_key(1), rng_key(1))
  expect_false(identical(rng_key(1), rng_key(2)))
  expect_false(identical(rng_key(1), rng_key(-1)))
  set.seed(1)
  first <- rng_key(NULL)
  second <- rng_key(NULL)
  set.seed(1)
  expect_identical(rng_key(NULL), first)
  expect_false(identical(first, second))
})

test_that("a seed leaves R's generator as it was", {
  set.seed(1)
  before <- .Random.seed
  rng_key(5)
  value <- with_r_seed(rng_key(5), rnorm(3))
  expect_identical(.Random.seed, before)
  expect_identical(with_r_seed(rng_key(5), rnorm(3)), value)
})

test_that("a wrong seed is a classed error", {
  expect_error(rng_key(1.5), class = "causalsynth_error_input")
  expect_error(rng_key("a"), class = "causalsynth_error_input")
  expect_error(rng_key(c(1, 2)), class = "causalsynth_error_input")
  expect_error(rng_key(NA), class = "causalsynth_error_input")
})

test_that("derived keys differ by label and index", {
  key <- rng_key(1)
  expect_false(identical(derive_key(key, "a"), derive_key(key, "b")))
  expect_false(identical(derive_key(key, "a", 1), derive_key(key, "a", 2)))
})

test_that("permutations hold every number once", {
  expect_identical(sort(random_permutation(unclass(rng_key(1)), 100L)), 1:100)
})
