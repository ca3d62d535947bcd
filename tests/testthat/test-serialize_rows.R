test_that("rows are lines of name is value", {
  rows <- data.frame(age = c(63, 47.5), stage = factor(c("II, late", NA)), n = 1:2, ok = c(TRUE, NA),
                     day = as.Date("2024-12-31") + 0:1)
  expect_identical(serialize_rows(rows), c(
    "age is 63, stage is \"II, late\", n is 1, ok is TRUE, day is 2024-12-31",
    "age is 47.5, stage is missing, n is 2, ok is missing, day is 2025-01-01"
  ))
  expect_identical(serialize_rows(rows, missing = NULL)[2], "age is 47.5, n is 2, day is 2025-01-01")
  expect_identical(serialize_rows(rows, missing = "NA")[2],
                   "age is 47.5, stage is NA, n is 2, ok is NA, day is 2025-01-01")
  expect_identical(serialize_rows(data.frame(x = c(1 / 3, 2e-9, 123456)), digits = 3),
                   c("x is 0.333", "x is 2e-09", "x is 1.23e+05"))
  expect_identical(serialize_rows(rows[0, ]), character())
})

test_that("quotes are put where they are needed, and only there", {
  text <- c("a b", "a,b", "a \"b\"", "", " a", "a ", "this is it", "is", "island is", "missing", "NA", "back\\slash",
            "two\nlines", "\u00e9t\u00e9", "bell\a")
  expect_identical(serialize_rows(data.frame(t = text)), paste("t is", c(
    "a b", "\"a,b\"", "\"a \\\"b\\\"\"", "\"\"", "\" a\"", "\"a \"", "\"this is it\"", "is", "\"island is\"",
    "\"missing\"", "NA", "\"back\\\\slash\"", "\"two\\nlines\"", "\u00e9t\u00e9", "\"bell\\u0007\""
  )))
  odd <- stats::setNames(data.frame(1, 2), c("x is, y", "plain name"))
  expect_identical(serialize_rows(odd), "\"x is, y\" is 1, plain name is 2")
})

test_that("each row has an order of its own, fixed by the seed", {
  rows <- as.data.frame(matrix(1:2000, 400))
  lines <- serialize_rows(rows, "random", seed = 1)
  expect_identical(serialize_rows(rows, "random", seed = 1), lines)
  expect_false(identical(serialize_rows(rows, "random", seed = 2), lines))
  first <- sub(" is.*", "", lines)
  expect_true(all(abs(table(factor(first, names(rows))) - 80) < 40))
  expect_identical(lapply(strsplit(lines, ", "), sort), lapply(strsplit(serialize_rows(rows), ", "), sort))
  set.seed(4)
  before <- .Random.seed
  serialize_rows(rows, "random", seed = 1)
  expect_identical(.Random.seed, before)
})

test_that("what cannot be written is an error", {
  expect_snapshot(error = TRUE, {
    serialize_rows(1)
    serialize_rows(data.frame(x = 1), "shuffled")
    serialize_rows(data.frame(x = 1), digits = 0)
    serialize_rows(data.frame(x = 1), missing = "not, there")
    serialize_rows(data.frame(x = 1), sed = 1)
    serialize_rows(data.frame(x = as.Date("2024-01-01") + .5))
    serialize_rows(data.frame(x = complex(1)))
    serialize_rows(data.frame(x = I(list(1))))
    serialize_rows(data.frame(x = "\xe9"))
  })
})
