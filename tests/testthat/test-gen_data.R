test_that("the generators' contract holds", {
  test_generator_contract(function(data) gen_data(data), saved = FALSE)
})

seed_rows <- function() {
  data.frame(
    b = c(0L, 1L, 1L, 0L), x = c(-1.5, 0, 2, NA), k = c(10L, 20L, 30L, 40L), f = factor(c("u", "v", "u", "v")),
    t = c("p", "q", "p", NA), l = c(TRUE, FALSE, TRUE, FALSE), d = as.Date("2020-01-01") + 0:3
  )
}

test_that("exactly nine of the language model's rows drop", {
  seed <- utils::read.csv(shared_path("seed-data", "data_seed.csv"))
  fit <- fit_generator(gen_data(shared_path("seed-data", "llm_syn_full.csv.gz")), seed)
  expect_identical(fit$total, 50000L)
  expect_identical(fit$n_dropped, 9L)
  expect_identical(sum(fit$dropped), 9L)
  expect_identical(fit$dropped[["infinite"]], 3L)
  expect_identical(fit$dropped[["unknown_level"]], 6L)
  expect_identical(vapply(fit$rows, class, ""), vapply(seed, class, ""))
  expect_identical(nrow(generate(fit)), 49991L)
  gan <- fit_generator(gen_data(shared_path("seed-data", "gan_syn_full.csv.gz")), seed)
  expect_identical(gan$n_dropped, 0L)
})

test_that("each row drops under its first reason", {
  seed <- seed_rows()
  rows <- seed[c(1, 2, 3, 4, 1, 2, 3, 4, 1, 2), ]
  rows$f <- as.character(rows$f)
  rows$b <- as.character(rows$b)
  rows$b[1] <- "none"
  rows$k[2] <- NA
  rows$x[3] <- -Inf
  rows$x[4] <- 1e7
  rows$f[5] <- "w"
  rows$b[6] <- "2"
  rows$k[7] <- 50L
  rows$f[1] <- "w"
  rows$x[8] <- NA
  cleaned <- clean_rows(rows, seed)
  expect_identical(cleaned$kept, 7:10)
  expect_identical(
    cleaned$dropped,
    c(not_a_number = 1L, missing = 1L, infinite = 1L, too_large = 1L, unknown_level = 2L, out_of_range = 0L)
  )
  expect_identical(clean_rows(rows, seed, "seed")$kept, 8:10)
  expect_identical(clean_rows(rows, seed, "seed")$dropped[["out_of_range"]], 1L)
  seed$x[1] <- -2e6
  expect_identical(clean_rows(rows, seed)$dropped[["too_large"]], 0L)
})

test_that("rows kept have the seed's types, order and class", {
  seed <- seed_rows()
  text <- as.data.frame(lapply(rev(seed), as.character))
  cleaned <- clean_rows(cbind(text, extra = 1), seed)
  expect_identical(cleaned$rows, seed)
  expect_identical(cleaned$ignored, "extra")
  skip_if_not_installed("tibble")
  tbl <- tibble::as_tibble(seed)
  expect_identical(clean_rows(text, tbl)$rows, tbl)
})

test_that("decimals in a whole-number column are rounded and counted", {
  cleaned <- clean_rows(transform(seed_rows(), k = k + c(0, .4, .6, 0)), seed_rows())
  expect_identical(cleaned$rows$k, c(10L, 20L, 31L, 40L))
  expect_identical(cleaned$rounded, c(k = 2L))
})

test_that("rows are drawn by key, or all in order", {
  fit <- fit_generator(gen_data(seed_rows()), seed_rows())
  expect_identical(generate(fit, 4), seed_rows())
  drawn <- generate(fit, 1000, seed = 1)
  expect_identical(generate(fit, 1000, seed = 1), drawn)
  expect_false(identical(generate(fit, 1000, seed = 2), drawn))
  expect_identical(attributes(drawn)$row.names, 1:1000)
  expect_true(all(abs(table(drawn$k) - 250) < 60))
  set.seed(1)
  before <- .Random.seed
  generate(fit, 10, seed = 3)
  expect_identical(.Random.seed, before)
})

test_that("generators print what they dropped", {
  rows <- rbind(transform(seed_rows(), k = k + .5, extra = 1), transform(seed_rows(), k = NA, extra = 2))
  expect_snapshot({
    gen_data(seed_rows())
    fit_generator(gen_data(rows), seed_rows())
  })
})

test_that("rows that cannot be cleaned are errors", {
  seed <- seed_rows()
  expect_snapshot(error = TRUE, {
    gen_data(list(1))
    gen_data(seed[0, ])
    gen_data(seed, range = "wide")
    fit_generator(gen_data(seed[c("b", "x")]), seed)
    fit_generator(gen_data(transform(seed, k = "many")), seed)
    fit_generator(gen_data(transform(seed, f = "w")), seed)
    generate(fit_generator(gen_data(seed), seed), 0)
    generate(fit_generator(gen_data(seed), seed), 5, givn = 1)
  })
})
