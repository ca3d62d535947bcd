read_set <- function(name) utils::read.csv(shared_path("seed-data", name), check.names = FALSE)

test_that("distances equal the reference", {
  skip_if_not_installed("jsonlite")
  reference <- jsonlite::fromJSON(shared_path("reference", "reference_dcr.json"))
  seed <- read_set("data_seed.csv")
  llm <- clean_rows(read_rows(shared_path("seed-data", "llm_syn_full.csv.gz")), seed)$rows
  gan <- read_set("gan_syn_full.csv.gz")
  sets <- list(data_test = read_set("data_test.csv"), llm_syn_clean = llm, gan_syn_full = gan)
  columns <- list(covariates = paste0("W", 1:6), records = NULL)
  for (kind in names(columns)) for (set in names(sets)) {
    got <- dcr(seed, sets[[set]], columns[[kind]])
    d <- got$distance
    figures <- list(
      n = length(d), mean = got$mean, sd_population = sqrt(mean((d - mean(d))^2)), median = got$median, min = got$min,
      nndr_mean = got$nndr_mean
    )
    want <- reference[[kind]][[set]]
    for (name in names(figures)) {
      expect_lt(abs(figures[[name]] - want[[name]]), 1e-8, label = paste(kind, set, name))
    }
  }
})

test_that("threads do not change the distances", {
  real <- generate(dgp_paper(), 700, seed = 1)
  fresh <- generate(dgp_paper(), 300, seed = 2)
  one <- dcr(real, fresh, threads = 1)
  expect_identical(dcr(real, fresh, threads = 2), one)
  expect_identical(dcr(real, fresh, threads = 3), one)
})

test_that("factors, constants, missing values and copies are handled as documented", {
  real <- data.frame(x = c(0, 2, 4), f = factor(c("a", "b", "a")), k = 5)
  same <- dcr(real, real)
  expect_identical(same$distance, c(0, 0, 0))
  expect_identical(same$copies, 3L)
  expect_identical(same$nearest, 1:3)
  # sd of x is 2: (1, "b", 5) lies (1/2)^2 + 1 from row 1 and (1/2)^2 from row 2.
  got <- dcr(real, data.frame(x = 1, f = "b", k = 5))
  expect_equal(got$distance, .5)
  expect_equal(got$nndr, .5 / sqrt(1.25))
  # A constant column is not scaled.
  expect_equal(dcr(real, data.frame(x = 0, f = "a", k = 8))$distance, 3)
  # x unknown: 2 of 3 columns compared, one mismatch with row 2's "b" only.
  got <- dcr(real, data.frame(x = NA_real_, f = "b", k = 6))
  expect_equal(got$distance, sqrt(1 * 3 / 2))
  lost <- dcr(real, data.frame(x = c(NA, 0), f = c(NA, "a"), k = c(NA, 5)))
  expect_identical(lost$distance, c(NA, 0))
  expect_identical(lost$n_incomparable, 1L)
  twice <- dcr(real[c(1, 1, 2), ], real[1, ])
  expect_identical(twice$nndr, 1)
  expect_identical(dcr(real[1, ], real[2, ])$nndr, NA_real_)
  expect_equal(dcr(real["x"], data.frame(x = 1), scale = "none")$distance, 1)
  dates <- data.frame(d = as.Date("2020-01-01") + 0:2)
  expect_equal(dcr(dates, data.frame(d = as.Date("2020-01-05")))$distance, 2)
})

test_that("dcr prints, tidies, summarises and plots", {
  real <- data.frame(x = c(0, 1, 3, 7), y = c(1, 2, 1, 2))
  got <- dcr(real, rbind(real[1, ], data.frame(x = c(2, 5, NA), y = c(1, 2, NA))))
  expect_snapshot({
    got
    summary(got)
  })
  expect_named(tidy(got), c("metric", "estimate", "conf.low", "conf.high", "reference", "n"))
  expect_identical(tidy(got)$metric, c("dcr_mean", "dcr_median", "nndr_mean"))
  expect_s3_class(ggplot2::autoplot(got), "ggplot")
  expect_s3_class(ggplot2::autoplot(got, test = got), "ggplot")
})

test_that("wrong input is a classed error", {
  real <- data.frame(x = c(1, 2, 3), f = factor(c("a", "b", "a")))
  expect_snapshot(error = TRUE, {
    dcr(1, real)
    dcr(real, real[0, ])
    dcr(real, real["x"])
    dcr(real, real, columns = "z")
    dcr(real, real, columns = 1)
    dcr(real, data.frame(x = c(1, Inf), f = "a"))
    dcr(real, data.frame(x = 1, f = "c"))
    dcr(real, data.frame(x = "one", f = "a"))
    dcr(real, real, scal = "real")
    dcr(real, real, scale = "range")
  })
})
