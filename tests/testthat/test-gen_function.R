test_that("the generators' contract holds", {
  test_generator_contract(function(data) gen_function(function(n) data[sample(nrow(data), n, TRUE), , drop = FALSE]),
                          saved = FALSE, weighted = FALSE, point = FALSE)
})

test_that("a function with a seed gets one", {
  own <- gen_function(function(n, seed) data.frame(x = as.numeric(seed + seq_len(n))), label = "counter")
  fit <- fit_generator(own, data.frame(x = c(1, 2)))
  expect_identical(generate(fit, 3, seed = 1), generate(fit, 3, seed = 1))
  expect_false(identical(generate(fit, 3, seed = 1), generate(fit, 3, seed = 2)))
  expect_output(print(fit), "counter")
  expect_error(write_model(fit, withr::local_tempfile()), class = "causalsynth_error_input")
})

test_that("what a function returns is checked against the seed", {
  seed <- data.frame(x = c(1.5, 2), g = factor(c("a", "b")))
  fit <- function(fun) fit_generator(gen_function(fun), seed, seed = 1)
  good <- function(n) data.frame(x = rnorm(n), g = "a")
  expect_snapshot(error = TRUE, {
    gen_function("no")
    gen_function(good, label = 1)
    fit(function(n) 1)
    fit(function(n) good(n + 1))
    fit(function(n) good(n)["x"])
    fit(function(n) stop("no luck"))
    fit(function(n) transform(good(n), x = NA))
    fit(function(n) transform(good(n), x = Inf))
    fit(function(n) transform(good(n), x = "many"))
    fit(function(n) transform(good(n), g = "w"))
    fit_generator(gen_function(good), seed, weights = c(1, 1))
  })
})
