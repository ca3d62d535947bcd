test_that("scores of a column are those of their definitions", {
  a <- c(0, 1, 1, 3, NA)
  b <- c(1, 2, 2, 2)
  found <- one_column(a, b)
  expect_equal(found[["ks"]], .5)
  # Area between the distribution functions: .25 on [0, 1), 1/2 on [1, 2), 1/4 on [2, 3).
  expect_equal(found[["wasserstein"]], 1 / sd(c(0, 1, 1, 3)))
  expect_equal(found[["missing"]], .2)
  expect_identical(found[["tv"]], NA_real_)
  # Of sets of one size it is the mean distance of order statistics.
  x <- sin(1:50)
  y <- cos(1:50) + .3
  expect_equal(wasserstein(x, y), mean(abs(sort(x) - sort(y))))
  f <- one_column(factor(c("p", "p", "q", NA), c("p", "q", "r")), factor(c("q", "r"), c("p", "q", "r")))
  expect_equal(f[["tv"]], (2 / 3 + 1 / 6 + 1 / 2) / 2)
  expect_identical(f[["ks"]], NA_real_)
  frozen <- utils::read.csv(test_path("fixtures", "fidelity.csv"))
  sets <- fidelity_sets()
  expect_equal(one_column(sets$real$y, sets$synthetic$y)[["ks"]], frozen$value[frozen$score == "ks"])
  expect_identical(one_column(c(NA, NA), c(1, NA))[["missing"]], .5)
})

test_that("no bar of real rows is of fewer than five", {
  real <- list(number = c(qexp(ppoints(203)), 1e6, NA), few = rep(c(1, 2, 7), c(50, 30, 2)),
               text = factor(rep(letters, 26:1)), rare = factor(paste0("l", 1:40)), one = rep(3, 20))
  for (name in names(real)) {
    bars <- column_bars(list(real = real[[name]], synthetic = real[[name]][1:10]), name)
    counts <- bars$share[bars$set == "real"] * length(real[[name]])
    at <- bars$label[bars$set == "real"] != "missing"
    expect_true(all(counts[at] == 0 | counts[at] >= 5 - 1e-9))
    expect_equal(as.numeric(tapply(bars$share, bars$set, sum)), c(1, 1))
  }
  number <- column_bars(list(real = real$number), "x")
  expect_lt(max(number$right, na.rm = TRUE), 10)
})

test_that("columns without values, constant ones and many levels have clear rows", {
  odd <- function(d, k) transform(d, same = 1, gone = NA, big = factor(paste0("l", (seq_len(nrow(d)) * k) %% 300)))
  found <- fidelity(odd(fidelity_study(120), 7), odd(fidelity_study(90, 500), 11),
                    holdout = odd(fidelity_study(80, 900), 13), permutations = 2, seed = 1)
  table <- found$marginals$columns
  expect_identical(table$column, c("w", "g", "a", "y", "same", "gone", "big"))
  expect_identical(table$ks[table$column == "same"], 0)
  expect_identical(unlist(table[table$column == "gone", c("ks", "tv", "missing")], use.names = FALSE), c(NA, NA, 0))
  expect_gt(table$new_levels[table$column == "big"], 10)
  expect_false(anyNA(found$scores$estimate[found$scores$metric != "pmse_logit_standardised"]))
  expect_speaks(found)
})
