test_that("rejection fills its places, or says how far it came", {
  draw <- function(m, attempt) list(attempt * 1000 + seq_len(m))
  found <- fill_by_rejection(25, draw, function(columns) columns[[1]] %% 7 == 0)
  expect_length(found[[1]], 25)
  expect_true(all(found[[1]] %% 7 == 0))
  none <- fill_by_rejection(5, draw, function(columns) columns[[1]] == 1001, most = 500)
  expect_s3_class(none, "exhausted")
  expect_identical(unclass(none), list(accepted = 1, tries = 500))
  rows <- fill_rows(6, function(rows, attempt) list(rows, rep(attempt, length(rows))),
                    function(columns) columns[[2]] >= columns[[1]])
  expect_identical(rows[[1]], 1:6)
  expect_identical(rows[[2]], as.numeric(1:6))
})

test_that("what is given of rows made elsewhere is looked up", {
  i <- 1:60
  seed <- data.frame(x = sin(i), k = as.integer(i %% 4), g = factor(c("a", "b")[1 + i %% 2]))
  fit <- fit_generator(gen_data(seed), seed)
  rows <- generate(fit, 100, seed = 1, given = list(x = seed$x[7]))
  expect_identical(unique(rows$k), 3L)
  rows <- generate(fit, given = data.frame(k = c(1L, 2L, 1L), g = c("b", NA, NA)), seed = 1)
  expect_identical(rows$k, c(1L, 2L, 1L))
  expect_identical(as.character(rows$g), c("b", "a", "b"))
  expect_error(generate(fit, 5, given = list(x = 3)), "No row made elsewhere", class = "causalsynth_error_input")
  expect_true(all(generate(fit, 50, seed = 1, given = list(x = c(.5, Inf), g = "a"))$x > .5))
  # Rows of weight 0 are never drawn.
  fit <- fit_generator(gen_data(seed), seed, weights = as.numeric(seed$k == 2))
  expect_identical(unique(generate(fit, 60, seed = 1)$k), 2L)
  expect_error(generate(fit, 5, given = list(k = 1)), class = "causalsynth_error_input")
})

test_that("dates, logicals and infinite ranges are understood; errors name the column", {
  i <- 1:200
  seed <- data.frame(day = as.Date("2020-01-01") + i, flag = i %% 3 == 0, x = cos(i), g = factor(letters[1 + i %% 3]))
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  rows <- generate(fit, 40, seed = 1, given = list(day = c("2020-02-01", "2020-02-29"), flag = FALSE, x = c(0, Inf)))
  expect_true(all(rows$day >= as.Date("2020-02-01") & rows$day <= as.Date("2020-02-29") & !rows$flag & rows$x >= 0))
  expect_identical(generate(fit, 5, seed = 1, given = list(day = as.Date("2020-03-03")))$day,
                   rep(as.Date("2020-03-03"), 5))
  expect_setequal(generate(fit, 100, seed = 1, given = list(flag = c(TRUE, FALSE)))$flag, c(TRUE, FALSE))
  expect_identical(generate(fit, 5, seed = 1, given = list()), generate(fit, 5, seed = 1))
  expect_snapshot(error = TRUE, {
    generate(fit)
    generate(fit, 5, given = 3)
    generate(fit, 5, given = list(3))
    generate(fit, 5, given = list(xx = 3))
    generate(fit, 5, given = list(x = c(1, 2, 3)))
    generate(fit, 5, given = list(x = c(2, 1)))
    generate(fit, 5, given = list(x = NA))
    generate(fit, 5, given = list(x = Inf))
    generate(fit, 5, given = list(x = "many"))
    generate(fit, 5, given = list(g = "w"))
    generate(fit, 5, given = data.frame(x = 1:2))
    generate(fit, given = data.frame(x = Inf))
  })
})
