shard_model <- function() fit_generator(gen_copula(), contract_study(), seed = 1)

read_shards <- function(made, format) do.call(rbind, lapply(made$file, read_rows_file, format))

test_that("shards are the same however they are made", {
  skip_if_not_installed("nanoparquet")
  skip_if_not_installed("jsonlite")
  fit <- shard_model()
  for (format in c("parquet", "csv")) {
    folder <- file.path(withr::local_tempdir(), "rows")
    made <- generate_to(fit, 1050, folder, format, shard_rows = 200, seed = 3, threads = 1)
    expect_identical(made$rows, c(rep(200, 5), 50))
    expect_identical(made$first, seq(1, 1001, by = 200))
    expect_true(all(made$made) && all(made$bytes > 0))
    expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), c("manifest.json", basename(made$file)))
    rows <- lapply(made$file, read_rows_file, format, describe_columns(contract_study()))
    expect_identical(vapply(rows, nrow, 1L), c(rep(200L, 5), 50L))
    expect_identical(rows[[3]], generate(fit, 200, derive_key(rng_key(3), "shard", 3)))
    other <- withr::local_tempdir()
    again <- generate_to(fit, 1050, other, format, shard_rows = 200, seed = 3, shards = c(6, 2), threads = 2)
    expect_identical(which(again$made), c(2L, 6L))
    expect_identical(which(is.na(again$bytes)), c(1L, 3L, 4L, 5L))
    for (i in c(2, 6)) {
      expect_identical(readBin(again$file[i], "raw", 1e6), readBin(made$file[i], "raw", 1e6))
    }
  }
})

test_that("interrupted runs go on; other runs are refused", {
  skip_if_not_installed("jsonlite")
  fit <- shard_model()
  folder <- withr::local_tempdir()
  expect_visible_nothing <- function(x) expect_false(withVisible(x)$visible)
  expect_visible_nothing(generate_to(fit, 500, folder, "csv", shard_rows = 100, seed = 3))
  before <- lapply(list.files(folder, "^shard", full.names = TRUE), readLines)
  unlink(file.path(folder, "shard-00002.csv"))
  writeLines("half", file.path(folder, ".model-dead.part"))
  # The key is the manifest's where no seed is given.
  made <- generate_to(fit, 500, folder, "csv", shard_rows = 100)
  expect_identical(which(made$made), 2L)
  expect_identical(lapply(made$file, readLines), before)
  expect_false(file.exists(file.path(folder, ".model-dead.part")))
  expect_false(any(generate_to(fit, 500, folder, "csv", shard_rows = 100, seed = 3)$made))
  other <- fit_generator(gen_copula(), contract_study(121), seed = 1)
  same <- function(model = fit, n = 500, ..., shard_rows = 100, seed = 3) {
    generate_to(model, n, folder, "csv", shard_rows, seed, ...)
  }
  expect_error(same(other), "model", class = "causalsynth_error_file")
  expect_error(same(n = 501), class = "causalsynth_error_file")
  expect_error(same(shard_rows = 50), class = "causalsynth_error_file")
  expect_error(same(seed = 4), "seed", class = "causalsynth_error_file")
  expect_error(same(constraints = ~ w > 0), "model", class = "causalsynth_error_file")
  expect_identical(lapply(made$file, readLines), before)
  writeLines("{", file.path(folder, "manifest.json"))
  expect_error(same(), "damaged", class = "causalsynth_error_file")
  unlink(file.path(folder, "manifest.json"))
  expect_error(same(), "no manifest", class = "causalsynth_error_file")
})

test_that("hybrids, mechanisms, rows made elsewhere; constraints and what is given", {
  skip_if_not_installed("jsonlite")
  hybrid <- contract_hybrid()
  made <- generate_to(hybrid, 90, withr::local_tempdir(), "csv", shard_rows = 50, seed = 1, counterfactuals = TRUE)
  rows <- read_shards(made, "csv")
  expect_identical(names(rows), c(names(contract_study()), ".ps", ".q1", ".q0", ".y1", ".y0"))
  expect_identical(nrow(rows), 90L)
  # Once all shards are there, the folder is a pool.
  folder <- dirname(made$file[1])
  pool <- read_pool(file.path(folder, "pool.json"))
  expect_equal(truth(pool), mean(rows$.q1 - rows$.q0), tolerance = 1e-12)
  expect_identical(format(certificate(pool)), format(certificate(hybrid)))
  expect_identical(names(pool), names(rows))
  made <- generate_to(dgp_paper(), 90, withr::local_tempdir(), "csv", shard_rows = 50, seed = 1)
  expect_identical(read_shards(made, "csv")[1:50, ], generate(dgp_paper(), 50, derive_key(rng_key(1), "shard", 1)))
  elsewhere <- fit_generator(gen_data(contract_study(50)), contract_study(50))
  made <- generate_to(elsewhere, 100, withr::local_tempdir(), "csv", shard_rows = 50, seed = 1)
  expect_false(identical(readLines(made$file[1]), readLines(made$file[2])))
  made <- generate_to(shard_model(), 60, withr::local_tempdir(), "csv", shard_rows = 30, seed = 1,
                      constraints = ~ w > 0, given = list(group = "v"))
  rows <- read_shards(made, "csv")
  expect_true(all(rows$w > 0 & rows$group == "v"))
})

test_that("workers make the same shards; a failing shard is the call's error", {
  skip_if_not_installed("jsonlite")
  skip_if_not_installed("future.apply")
  skip_on_cran()
  old <- future::plan("sequential")
  withr::defer(future::plan(old))
  fit <- shard_model()
  alone <- generate_to(fit, 300, withr::local_tempdir(), "csv", shard_rows = 100, seed = 3, threads = 1)
  many <- generate_to(fit, 300, withr::local_tempdir(), "csv", shard_rows = 100, seed = 3, threads = 2)
  expect_identical(lapply(many$file, readLines), lapply(alone$file, readLines))
  calls <- 0
  bad <- fit_generator(gen_function(function(n) if (n == 50) stop("no luck") else data.frame(x = rnorm(n))),
                       data.frame(x = c(1.5, 2)))
  folder <- withr::local_tempdir()
  expect_error(generate_to(bad, 150, folder, "csv", shard_rows = 100, seed = 1), "no luck",
               class = "causalsynth_error_fit")
  expect_identical(list.files(folder), c("manifest.json", "shard-00001.csv"))
})

test_that("arguments are checked before work", {
  fit <- shard_model()
  withr::local_dir(withr::local_tempdir())
  writeLines("x", "file")
  expect_snapshot(error = TRUE, {
    generate_to()
    generate_to(mtcars, 10, "rows")
    generate_to(fit, 0, "rows")
    generate_to(fit, 10, "rows", "feather")
    generate_to(fit, 10, "rows", "csv", shard_rows = 0)
    generate_to(fit, 1e9, "rows", "csv", shard_rows = 1)
    generate_to(fit, 10, "file", "csv")
    generate_to(fit, 10, "no/rows", "csv")
    generate_to(fit, 10, "rows", "csv", shards = 2)
    generate_to(fit, 10, "rows", "csv", constraint = ~ w > 0)
    generate_to(fit, 10, "rows", "csv", given = data.frame(w = 1))
  })
  expect_identical(list.files(), "file")
})
