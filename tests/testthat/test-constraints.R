test_that("constraints see columns alone and hold where a value is missing", {
  rows <- data.frame(start = c(1, 2, NA), end = c(2, 1, 3))
  rule <- check_constraints(~ end >= start, rows, NULL)[[1]]
  expect_identical(satisfies(rule, rows, NULL), c(TRUE, FALSE, TRUE))
  rule <- check_constraints(~ !is.na(start) & end >= start, rows, NULL)[[1]]
  expect_identical(satisfies(rule, rows, NULL), c(TRUE, FALSE, FALSE))
  limit <- 5
  fit <- fit_generator(gen_copula(), data.frame(x = sin(1:99), y = cos(1:99)), seed = 1)
  expect_snapshot(error = TRUE, {
    generate(fit, 5, constraints = ~ x < limit)
    generate(fit, 5, constraints = y ~ x)
    generate(fit, 5, constraints = "x > 1")
    generate(fit, 5, constraints = ~ x + y)
    generate(fit, 5, constraints = ~ x[1:2] > 0)
    generate(fit, 5, constraints = ~ log("x") > x)
    generate(fit, 5, constraints = list(~ x > 0, ~ x < 0), seed = 1)
  })
})

test_that("constrained rows follow the law given the constraint", {
  set.seed(2)
  seed <- data.frame(x = rnorm(2000), y = rnorm(2000))
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  rows <- generate(fit, 20000, seed = 2, constraints = ~ y > x + 1)
  free <- generate(fit, 1e5, seed = 3)
  free <- free[free$y > free$x + 1, ]
  expect_lt(abs(mean(rows$x) - mean(free$x)), .03)
  expect_lt(abs(cor(rows)[1, 2] - cor(free)[1, 2]), .04)
})

test_that("copies of real rows are counted, and drawn again on request", {
  seed <- data.frame(a = rep(0:1, 60), b = rep(c("x", "y", "z"), each = 40))
  seed <- seed[!(seed$a == 1 & seed$b == "z"), ]
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  expect_identical(fit$copies$drawn, 100)
  free <- generate(fit, 500, seed = 2)
  is_copy <- paste(free$a, free$b) %in% paste(seed$a, seed$b)
  expect_gt(mean(is_copy), .3)
  expect_lt(mean(is_copy), 1)
  expect_lt(abs(fit$copies$copies / 100 - mean(is_copy)), .2)
  rows <- generate(fit, 200, seed = 2, drop_copies_of = seed)
  expect_false(any(paste(rows$a, rows$b) %in% paste(seed$a, seed$b)))
  expect_output(print(fit), "copies of a real row in all columns")
  whole <- expand.grid(a = 0:1, b = c("x", "y", "z"), stringsAsFactors = FALSE)
  expect_error(generate(fit, 5, drop_copies_of = whole), "no copy of a real row", class = "causalsynth_error_input")
  expect_error(generate(fit, 5, drop_copies_of = whole["a"]), "lacks 1 column", class = "causalsynth_error_data")
  finder <- copy_finder(data.frame(a = c(1.25, NA), b = c("x", NA)), column_blueprint(data.frame(a = 1.25, b = "x")))
  expect_identical(finder(list(c(1.25, NA, 1.25), c(1, NA, NA))), c(TRUE, TRUE, FALSE))
})
