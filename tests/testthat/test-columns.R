test_that("columns of every type go to the core and come back", {
  data <- data.frame(
    i = c(1L, 5L, NA), x = c(.25, 1.5, 2), f = factor(c("b", NA, "a"), c("b", "a", "c")), t = c("z", "y", NA),
    l = c(TRUE, NA, FALSE), d = as.Date("2020-01-01") + 0:2, o = factor(1:3, ordered = TRUE)
  )
  data$p <- as.POSIXct("2020-01-01 10:00:00", tz = "UTC") + 0:2
  data$u <- as.difftime(1:3, units = "hours")
  blueprint <- column_blueprint(data)
  encoded <- encode_columns(data, blueprint)
  expect_identical(encoded$levels, c(0L, 0L, 3L, 2L, 0L, 0L, 3L, 0L, 0L))
  expect_identical(encoded$columns[[3]], c(1L, NA, 2L))
  expect_identical(encoded$columns[[4]], c(2L, 1L, NA))
  back <- Map(decode_column, encoded$columns, blueprint)
  expect_identical(as.list(data), setNames(back, names(data)))
})

test_that("decimals are counted up to six", {
  expect_identical(count_decimals(c(1, 2, NA, Inf)), 0L)
  expect_identical(count_decimals(c(.5, .25)), 2L)
  expect_identical(count_decimals(c(.1 + .2, 1e6 + .1)), 1L)
  expect_identical(count_decimals(1e-6), 6L)
  expect_identical(count_decimals(pi), NA)
  expect_identical(count_decimals(c(2e-10, 3.5e-9)), NA)
  expect_identical(count_decimals(c(0, 5e-324)), NA)
  expect_identical(count_decimals(c(0, -1e-17, 2)), 0L)
  expect_identical(count_decimals(numeric()), 0L)
})

test_that("numbers of tiny size are drawn in that size", {
  study <- data.frame(x = 1e-12 * (1 + sin(1:60)), y = cos(1:60))
  for (spec in list(gen_copula(), gen_forest(trees = 5))) {
    drawn <- generate(fit_generator(spec, study, seed = 1), 200, seed = 2)
    expect_gt(length(unique(drawn$x)), 20)
    expect_lt(max(abs(drawn$x)), 1e-11)
  }
})

test_that("NaN is missing for every reader", {
  encoded <- encode_columns(data.frame(x = c(1, NaN)), column_blueprint(data.frame(x = 1)))
  expect_identical(encoded$columns, list(c(1, NA)))
  study <- data.frame(x = rep(c("a", "b"), 6), y = c(5, -1, 7, 6, -3, -6, 0, 1, 9, 7, 5, -2),
                      z = c(1, NA, NA, NA, NaN, NaN, 1, 1, 2, NA, NA, 1))
  small <- gen_ctgan(epochs = 1, batch_size = 20, generator_layers = 4, critic_layers = 4, noise = 3, pac = 5)
  fit <- fit_generator(small, study, seed = 1)
  drawn <- generate(fit, 30, seed = 2)
  expect_false(any(is.nan(drawn$z)))
})

test_that("columns of more than one value a row are errors wherever they come", {
  study <- data.frame(x = c(.2, 1.5, 3, 2.5), y = 1:4)
  odd <- study
  odd$x <- data.frame(p = 1:4, q = 1:4)
  listed <- study
  listed$x <- as.list(1:4)
  expect_snapshot(error = TRUE, {
    dcr(study, odd)
    dcr(study, listed)
    match_nearest(study, odd)
    privacy(odd, study)
    privacy(study, study, odd)
    pmse(study, listed)
  })
})

test_that("rows that do not fit are errors with names", {
  blueprint <- column_blueprint(data.frame(x = 1, f = factor("a", c("a", "b"))))
  expect_snapshot(error = TRUE, {
    encode_columns(data.frame(x = 1), blueprint)
    encode_columns(data.frame(x = "1", f = "a"), blueprint)
    encode_columns(data.frame(x = 1, f = c("a", "c", "d")), blueprint)
    encode_columns(data.frame(x = 1, f = 2), blueprint)
    encode_columns(data.frame(x = 1, f = "z"), blueprint, "synthetic")
  })
  expect_identical(encode_columns(data.frame(f = "b", x = TRUE), blueprint)$columns, list(1, 2L))
})

test_that("whole numbers stay in their range", {
  expect_identical(whole_numbers(c(-3e9, NA, 2, 3e9)), c(-.Machine$integer.max, NA, 2L, .Machine$integer.max))
})

test_that("numbers that differ by a rounding are one value", {
  study <- data.frame(x = 1 + .Machine$double.eps * (1:40 %% 5), y = c(5, 1))
  drawn <- generate(fit_generator(gen_copula(), study, seed = 1), 30, seed = 2)
  expect_identical(unique(drawn$x), 1)
})
