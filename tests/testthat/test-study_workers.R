test_that("the workers of a plan give the sequential result bit for bit", {
  skip_on_cran()
  skip_if_not_installed("future")
  helper <- function(data) mean(data$Y)
  own <- list("aipw", mine = function(data) helper(data))
  alone <- small_study(own, n = c(50, 60))
  old <- future::plan(future::multisession, workers = 2)
  withr::defer(future::plan(old))
  expect_identical(small_study(own, n = c(50, 60), threads = NULL), alone)
})

test_that("a worker that dies is replaced, and what killed it is found", {
  skip_on_cran()
  skip_if_not_installed("future")
  alone <- small_study("aipw", n = 60)
  old <- future::plan(future::multisession, workers = 2)
  withr::defer(future::plan(old))
  deadly <- list("aipw", dies = function(data) if (data$W1[1] == 1) tools::pskill(Sys.getpid(), 9) else 2)
  if (utils::packageVersion("future") < "1.80") {  # replaces none
    expect_error(small_study(deadly, reps = 4, threads = NULL), "no other could be", class = "causalsynth_error_fit")
    return()
  }
  found <- small_study(deadly, reps = 4, threads = NULL)$results
  expect_identical(found$estimate[found$method == "aipw"], alone$results$estimate[1:4])
  died <- found$method == "dies" & is.na(found$estimate)
  expect_true(any(died))
  expect_match(found$error[died], "worker died")
  expect_identical(unique(found$estimate[found$method == "dies" & !died]), 2)
})

test_that("a cluster of two processes gives the sequential result", {
  skip_on_cran()
  skip_if_not_installed("future")
  cluster <- parallel::makePSOCKcluster(2)
  withr::defer(parallel::stopCluster(cluster))
  old <- future::plan(future::cluster, workers = cluster)
  withr::defer(future::plan(old), priority = "first")
  expect_identical(small_study(n = 50), {
    future::plan(future::sequential)
    small_study(n = 50)
  })
})

test_that("forked processes that die, and compiled code that heeds no time limit", {
  skip_on_os("windows")
  skip_on_cran()
  deadly <- list("aipw", dies = function(data) if (data$W1[1] == 1) tools::pskill(Sys.getpid(), 9) else 2)
  found <- small_study(deadly, reps = 4, threads = 2)$results
  alone <- small_study("aipw", reps = 4)$results
  expect_identical(found$estimate[found$method == "aipw"], alone$estimate)
  expect_identical(unique(found$error[is.na(found$estimate)]), "The worker died, or had to be killed")
})

test_that("chunks are halved down to single estimators", {
  plan <- list(ask = list(all = c(a = "spec", b = "function", c = "spec")))
  chunk <- list(cell = 1, reps = 4:6, which = 1:3)
  parts <- halves(chunk, plan)
  expect_identical(lapply(parts, `[[`, "reps"), list(4L, 5:6))
  parts <- halves(parts[[1]], plan)
  expect_identical(lapply(parts, `[[`, "which"), list(1L, 2L, 3L))
  expect_null(halves(parts[[1]], plan))
  expect_error(check_alive(30, 0, "no route", NULL), "30 workers died", class = "causalsynth_error_fit")
  expect_silent(check_alive(30, 1, "no route", NULL))
})

test_that("a chunk's budget sends back what was not begun", {
  cells <- data.frame(source = 1, n = 50)
  sources <- list(list(name = "a", knobs = list()))
  queue <- chunk_queue(cells, sources, list(1:10), list(key = rng_key(1)), list(chunk = NULL), 2)
  backend <- list(workers = 2, budget = .5)
  first <- queue$take(backend)
  expect_identical(first$reps, 1:5)
  expect_identical(first$budget, 60)
  queue$note(.1)
  queue$put_back(rest_of(first, 2))
  expect_identical(queue$take(backend)[c("reps", "budget")], list(reps = 3:5, budget = 2))
  expect_identical(queue$take(backend)$reps, 6:10)
  expect_null(queue$take(backend))
})

test_that("progress reaches who listens", {
  skip_if_not_installed("progressr")
  steps <- 0
  progressr::with_progress(
    small_study(chunk = 2),
    handlers = progressr::make_progression_handler("count", reporter = list(
      update = function(config, state, progression, ...) steps <<- state$step
    ), interval = 0, enable = TRUE, target = "terminal"), enable = TRUE
  )
  expect_identical(as.numeric(steps), 8)
})
