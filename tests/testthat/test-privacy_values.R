test_that("cells with a value that one training row alone has", {
  train <- cbind(c(1, 2, 2, NA), c(5, 6, 7, 8))
  rows <- cbind(c(1, 2, NA, 3), c(5, 9, 6, NA))
  expect_identical(single_cells(rows, train), cbind(c(TRUE, FALSE, NA, FALSE), c(TRUE, FALSE, TRUE, NA)))
  expect_identical(dim(single_cells(rows[1, , drop = FALSE], train)), 1:2)
  sets <- list(codes = list(train = train, synthetic = rows, holdout = rows[2:1, ]))
  found <- unique_values_score(value_sets(sets, TRUE))
  expect_equal(found$estimate, mean(c(1, 0, 1, 0)))
  expect_equal(found$reference, .5)
  alone <- unique_values_score(value_sets(sets, FALSE))
  # With the holdout's rows among them, 1 and 5 are no one's alone, 9 is.
  expect_equal(alone$estimate, mean(c(0, .5, 1, 0)))
  expect_true(is.na(alone$reference))
})

test_that("columns are named where the excess is clear", {
  x <- as.numeric(1:200)
  sets <- function(synthetic) {
    list(codes = list(train = cbind(x, rep(1:2, 100)), synthetic = synthetic, holdout = cbind(x + .5, 1)))
  }
  released <- function(synthetic) released_columns(value_sets(sets(synthetic), TRUE), c("number", "level"))
  expect_identical(released(cbind(x, 1)), "number")
  expect_identical(released(cbind(c(x[1:5], x[6:200] + .5), 1)), character())
  # A quarter of the values of 12 rows: too few to tell.
  expect_identical(released(cbind(c(x[1:3], x[4:12] + .5), 1)), character())
})
