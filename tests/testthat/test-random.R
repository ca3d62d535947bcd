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

test_that("labels and indices of the package's keys do not collide", {
  labels <- c("seed", "negative", "repeat", "folds", "generator", "models", "law", "rows", "covariates", "treatment",
              "outcome", "joint", "arm", "simulate", "rows made elsewhere", "truth of a mechanism", "outcome_by_arm1",
              "outcome_by_arm0", "treatmentNA", "outcome_jointboth", "a", "b", "ab", "ba", "")
  tags <- vapply(labels, label_tag, 0)
  expect_identical(anyDuplicated(tags), 0L)
  expect_true(all(tags == round(tags) & tags >= 0 & tags < 2^53))
  key <- rng_key(1)
  keys <- unlist(lapply(labels, function(l) lapply(0:3, function(i) paste(derive_key(key, l, i), collapse = " "))))
  expect_identical(anyDuplicated(keys), 0L)
  seeds <- vapply(c(-50:50, 2^32 + 1:3, 2^52), function(s) paste(rng_key(s), collapse = " "), "")
  expect_identical(anyDuplicated(seeds), 0L)
  expect_identical(derive_key(key, "a", 2), derive_key(key, "a", 2))
})

test_that("NULL moves R's generator on, and a session without one stays without", {
  set.seed(2)
  before <- .Random.seed
  rng_key(NULL)
  expect_false(identical(.Random.seed, before))
  withr::local_preserve_seed()
  rm(".Random.seed", envir = globalenv())
  with_r_seed(rng_key(5), rnorm(3))
  generate(dgp_paper(), 3, seed = 1)
  expect_false(exists(".Random.seed", globalenv(), inherits = FALSE))
})

test_that("with_r_seed() is R's default generator whatever the session's, and restores after an error", {
  withr::local_preserve_seed()
  set.seed(1)
  value <- with_r_seed(rng_key(5), rnorm(3))
  suppressWarnings(RNGkind("Wichmann-Hill", "Box-Muller", "Rounding"))
  set.seed(3)
  before <- .Random.seed
  expect_identical(with_r_seed(rng_key(5), rnorm(3)), value)
  expect_error(with_r_seed(rng_key(5), stop("no")), "no")
  expect_identical(.Random.seed, before)
  RNGkind("default", "default", "default")
})

test_that("a bar appears after a second, and only where it is asked for", {
  withr::local_options(causalsynth.progress = FALSE)
  expect_null(progress_bar("Rows"))
  withr::local_options(causalsynth.progress = TRUE)
  draw <- function(wait) {
    bar <- progress_bar("Rows")
    Sys.sleep(wait)
    bar(.5)
    environment(bar)$bar
  }
  expect_null(draw(0))
  said <- utils::capture.output(id <- draw(1.05), type = "message")
  expect_type(id, "character")
})
