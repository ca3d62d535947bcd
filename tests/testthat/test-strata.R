test_that("strata are drawn in their shares, rounded at random", {
  share <- c(.5, .3, .2)
  for (n in c(1, 7, 100)) {
    groups <- vapply(1:200, function(i) tabulate(draw_strata(share, n, rng_key(i)), 3), c(0, 0, 0))
    expect_true(all(abs(groups - share * n) < 1))
    expect_lt(max(abs(rowMeans(groups) - share * n)), .15)
  }
})

test_that("a stratum's rows follow its own law", {
  i <- 1:400
  seed <- data.frame(s = rep(c("low", "high"), 200), x = sin(i) + rep(c(0, 10), 200), f = factor(letters[1 + i %% 3]))
  seed$t <- ifelse(seed$s == "low", c("p", "q")[1 + i %% 2], "r")
  fit <- fit_generator(gen_copula(), seed, strata = "s", seed = 1)
  rows <- generate(fit, 300, seed = 2)
  expect_identical(table(rows$s), table(rep(c("low", "high"), 150)), ignore_attr = TRUE)
  expect_true(all((rows$x > 5) == (rows$s == "high")))
  # Texts that only some strata have keep their labels.
  expect_true(all((rows$t == "r") == (rows$s == "high")))
  rows <- generate(fit, given = data.frame(s = c("low", "high", "low"), f = c("a", "b", "c")), seed = 1)
  expect_identical(as.character(rows$f), c("a", "b", "c"))
  expect_identical(rows$s, c("low", "high", "low"))
  expect_identical(generate(through_file(fit), 30, seed = 2), generate(fit, 30, seed = 2))
  weights <- ifelse(seed$s == "low", 3, 1)
  expect_equal(mean(generate(fit_generator(gen_copula(), seed, strata = "s", weights = weights, seed = 1), 400,
                             seed = 2)$s == "low"), .75)
})

test_that("strata and weights that cannot be used are named", {
  seed <- data.frame(x = sin(1:100), g = factor(rep(c("a", "b", "c", NA), c(50, 45, 3, 2))))
  expect_snapshot(error = TRUE, {
    fit_generator(gen_copula(), seed, strata = "g")
    fit_generator(gen_copula(), seed, strata = "h")
    fit_generator(gen_copula(), seed, strata = 1)
    fit_generator(gen_copula(), seed["x"], strata = "x")
    fit_generator(gen_copula(), seed, weights = 1:3)
    fit_generator(gen_copula(), seed, weights = c(NA, -1, rep(1, 98)))
    fit_generator(gen_copula(), seed, weights = rep(0, 100))
    fit_generator(gen_data(seed[1:50, ]), seed, weights = rep(1, 100))
  })
})

test_that("braces in a stratum's name are text", {
  study <- data.frame(x = 1:6, g = rep(c("{y}", "{x"), 3))
  expect_error(fit_generator(gen_copula(), study, strata = "g", seed = 1), "g = {y}: 3 rows", fixed = TRUE,
               class = "causalsynth_error_data")
})
