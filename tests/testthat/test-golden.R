# Hashes of fixed seeds' results (tests/golden/golden.R has them all): the same on every machine, for any number of
# threads, in forked and fresh processes.
golden <- local({
  file <- test_path("..", "golden", "items.R")
  env <- new.env(parent = asNamespace("causalsynth"))
  if (file.exists(file)) sys.source(file, env)
  env$known <- if (file.exists(file)) utils::read.csv(test_path("..", "golden", "golden.csv"))
  env
})

expect_golden <- function(found) {
  expect_identical(found, stats::setNames(golden$known$hash, golden$known$name)[names(found)])
}

fast_items <- c("mechanism: rows", "mechanism: effect", "forest: mean", "forest: classes", "gen_forest", "gen_copula",
                "gen_row_lm", "gen_ctgan", "effect: aipw", "effect: tmle", "dcr", "pair: which", "study")

test_that("every item has its hash", {
  expect_identical(golden$known$name, names(golden$golden_items))
  expect_false(anyDuplicated(golden$known$hash) > 0)
})

test_that("results are the committed ones, for 1, 2 and 3 threads", {
  for (threads in 1:3) expect_golden(golden$golden_run(fast_items, threads))
})

test_that("a hash tells the eleventh digit from the ninth", {
  hash <- golden$golden_hash
  expect_identical(hash(1 + 1e-12), hash(1))
  expect_false(identical(hash(1 + 1e-8), hash(1)))
  expect_false(identical(hash(1L), hash(2L)))
  expect_identical(hash(-0), hash(0))
})

test_that("forked and fresh processes give the same bits, and end", {
  skip_on_os("windows")
  items <- c("forest: mean", "gen_copula", "study")
  setTimeLimit(elapsed = 120, transient = TRUE)
  on.exit(setTimeLimit())
  # The parent's threads have run already: a fork must neither wait for them nor need them.
  golden$golden_run(items[1], 2)
  forked <- parallel::mclapply(items, function(item) golden$golden_run(item, 2), mc.cores = 2)
  expect_golden(unlist(forked))
  cluster <- parallel::makePSOCKcluster(1)
  on.exit(parallel::stopCluster(cluster), add = TRUE)
  paths <- .libPaths()
  file <- normalizePath(test_path("..", "golden", "items.R"))
  fresh <- parallel::clusterCall(cluster, function(items, file, paths) {
    .libPaths(paths)
    env <- new.env(parent = asNamespace("causalsynth"))
    sys.source(file, env)
    env$golden_run(items, 2)
  }, items, file, paths)
  expect_golden(fresh[[1]])
})

test_that("forked futures give the same bits, and end, whether or not the parent has had threads", {
  skip_on_os("windows")
  skip_if_not_installed("future.apply")
  skip_if_not(future::supportsMulticore(), "no forked futures here")
  items <- c("forest: mean", "gen_copula", "study")
  setTimeLimit(elapsed = 120, transient = TRUE)
  on.exit(setTimeLimit())
  golden$golden_run(items[1], 2)
  old <- future::plan(future::multicore, workers = 2)
  on.exit(future::plan(old), add = TRUE)
  forked <- future.apply::future_lapply(items, function(item) golden$golden_run(item, 2), future.seed = NULL)
  expect_golden(unlist(forked))
  # The package's own units on the same workers.
  expect_golden(golden$golden_run("study", 2))
})

test_that("generate_to() writes the same rows from forked workers and from one process", {
  skip_on_os("windows")
  skip_if_not_installed("jsonlite")
  fit <- fit_generator(gen_copula(), golden$golden_columns(), seed = 1)
  written <- lapply(1:2, function(threads) {
    folder <- withr::local_tempdir()
    made <- generate_to(fit, 60, file.path(folder, "rows"), "csv", shard_rows = 20, seed = 2, threads = threads)
    unname(tools::md5sum(made$file))
  })
  expect_identical(written[[1]], written[[2]])
})
