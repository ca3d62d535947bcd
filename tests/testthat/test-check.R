test_that("numbers, flags and choices pass or are named", {
  expect_identical(check_whole(3L, "n"), 3)
  expect_identical(check_choice(c("a", "b"), c("a", "b"), "which"), "a")
  expect_identical(check_choice("b", c("a", "b"), "which"), "b")
  f <- function(x) x
  expect_snapshot(error = TRUE, {
    check_whole(2.5, "n")
    check_whole(c(1, 2), "n")
    check_whole(7, "mtry", 1, 4)
    check_number("x", "share", 0, 1)
    check_number(NA_real_, "share", 0, 1)
    check_flag(NA, "targeted")
    check_choice("c", c("a", "b"), "which")
    check_choice(f, c("a", "b"), "which")
    check_dots_empty(seeds = 1, .known = "seed")
    check_dots_empty(5)
    check_data_frame(NULL, "data")
    check_data_frame(data.frame(), "data")
    resolve_threads(0)
  })
})

test_that("threads come from the argument, the option, the environment, then are 2", {
  withr::local_options(causalsynth.threads = NULL)
  withr::local_envvar(RCPP_PARALLEL_NUM_THREADS = NA)
  expect_identical(resolve_threads(NULL), 2L)
  withr::local_envvar(RCPP_PARALLEL_NUM_THREADS = "3")
  expect_identical(resolve_threads(NULL), 3L)
  withr::local_options(causalsynth.threads = 5)
  expect_identical(resolve_threads(NULL), 5L)
  expect_identical(resolve_threads(1), 1L)
})

test_that("errors have two classes", {
  error <- tryCatch(abort("fit", "no"), error = identity)
  expect_s3_class(error, c("causalsynth_error_fit", "causalsynth_error"))
})

test_that("counts read well", {
  expect_identical(count_phrase(1, "row"), "1 row")
  expect_identical(count_phrase(12345, "row"), "12,345 rows")
  expect_identical(count_phrase(2, "entry", "entries"), "2 entries")
})
