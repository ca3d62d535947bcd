test_that("the generators' contract holds", {
  test_generator_contract(function(data) gen_forest(trees = 10))
})

test_that("the joint law is kept: moments, associations, spikes, missing values", {
  seed <- generate(dgp_paper(), 1000, seed = 5)
  seed$spike <- ifelse(runif(1000) < plogis(seed$W4), 0, round(exp(seed$W5), 3))
  rows <- generate(fit_generator(gen_forest(), seed, seed = 1), 20000, seed = 2)
  expect_lt(max(abs(colMeans(rows) - colMeans(seed)) / sapply(seed, sd)), .08)
  expect_lt(max(abs(cor(rows) - cor(seed))), .09)
  expect_lt(abs(mean(rows$spike == 0) - mean(seed$spike == 0)), .03)
  expect_lt(max(abs(log(sapply(rows, sd) / sapply(seed, sd)))), .1)
})

test_that("no continuous training value comes back", {
  seed <- generate(dgp_paper(), 300, seed = 5)
  rows <- generate(fit_generator(gen_forest(), seed, seed = 1), 20000, seed = 2)
  for (name in c("W4", "W5", "W6")) expect_length(intersect(rows[[name]], seed[[name]]), 0)
})

test_that("tibble and data.table keep their class", {
  skip_if_not_installed("tibble")
  seed <- tibble::as_tibble(generate(dgp_paper(), 50, seed = 1))
  rows <- generate(fit_generator(gen_forest(trees = 5), seed, seed = 1), 5, seed = 1)
  expect_identical(class(rows), class(seed))
})

test_that("bad specs are named", {
  expect_snapshot(error = TRUE, {
    gen_forest(trees = 0)
    fit_generator("forest", mtcars)
    fit_generator(gen_forest(), mtcars[0, ])
    fit_generator(gen_forest(), setNames(mtcars[1:2], c("a", "a")))
    fit_generator(gen_forest(), mtcars, sed = 1)
  })
})

test_that("identifiers are refused, many levels are not", {
  rows <- data.frame(x = rnorm(200), id = paste0("p", 1:200))
  expect_error(fit_generator(gen_forest(), rows), "identifiers", class = "causalsynth_error_data")
})
