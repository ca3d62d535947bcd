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
  expect_identical(count_decimals(numeric()), 0L)
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
