test_that("ratios and verdicts are those of their definitions", {
  two <- small_study(c("iptw", "aipw", "or"), sources = list(a = dgp_paper("moderate"), b = dgp_paper()), reps = 30)
  found <- compare_studies(two)
  rmse <- summary(two)$table
  expect_equal(found$ratios$ratio, rmse$rmse[rmse$source == "b"] / rmse$rmse[rmse$source == "a"])
  relative <- function(source) rmse$mse_mcse[rmse$source == source] / rmse$mse[rmse$source == source]
  expect_equal(log(found$ratios$conf.high / found$ratios$ratio),
               qnorm(.975) * sqrt(relative("a")^2 + relative("b")^2) / 2)
  squared <- error_matrix(two, "a", 60, c("iptw", "aipw", "or"))
  expect_equal(colMeans(squared), stats::setNames(rmse$mse[rmse$source == "a"], colnames(squared)))
  gap <- squared[, 1] - squared[, 3]
  expect_equal(found$pairs$mcse[2], sd(gap) / sqrt(30))
  expect_identical(found$pairs$verdict[2] == "tie", abs(mean(gap)) <= 2 * sd(gap) / sqrt(30))
  expect_table(tidy(found), 3)
  expect_table(glance(found), 1)
  expect_speaks(found)
  expect_draws(autoplot(found))
  # Other seeds, the same sources: two studies.
  apart <- compare_studies(small_study(reps = 5), small_study(seed = 2, reps = 5))
  expect_identical(apart$ratios$method, c("iptw", "aipw"))
})

test_that("a reversed pair is found", {
  cell <- data.frame(other = "b", n = 1)
  first <- cbind(x = rep(1, 20), y = rep(2, 20))
  expect_identical(compare_pairs(first, first[, 2:1], cell)$verdict, "reversed")
  expect_identical(compare_pairs(first, first, cell)$verdict, "alike")
  expect_identical(compare_pairs(first[, c(1, 1)], first, cell)$verdict, "tie")
  expect_identical(rank_agreement(c(1, 2, 3), c(3, 2, 1)), -1)
})

test_that("what cannot be compared is an error", {
  one <- small_study(reps = 2)
  expect_snapshot(error = TRUE, {
    compare_studies(1)
    compare_studies(one)
    compare_studies(one, one, other = "none")
    compare_studies(one, small_study("or", reps = 2))
  })
})
