test_that("pMSE of a logistic regression is glm's, its expectation the formula's", {
  sets <- fidelity_sets()
  both <- rbind(sets$real, sets$synthetic)
  label <- rep(0:1, c(200, 300))
  fit <- glm(label ~ ., binomial, both)
  found <- pmse(sets$real, sets$synthetic)
  expect_equal(found$pmse, mean((fitted(fit) - .6)^2), tolerance = 1e-6)
  expect_identical(found$coefficients, 5L)
  expect_equal(found$expected, 4 * .6 * .4^2 / 500)
  expect_equal(found$standardised, found$pmse / found$expected)
  holdout <- pmse(sets$real, sets$synthetic, against = "holdout")
  expect_equal(holdout$expected, 4 * .6 * .4 / 500)
  two <- pmse(sets$real, sets$synthetic, interactions = TRUE)
  fit <- glm(label ~ .^2, binomial, both)
  expect_equal(two$pmse, mean((fitted(fit) - .6)^2), tolerance = 1e-6)
  expect_identical(two$coefficients, fit$rank)
  # Collinear and constant columns do not count; a missing level is a level.
  odd <- lapply(sets, function(d) transform(d, again = 2 * x, same = 1, h = factor(ifelse(x > 1, NA, "p"))))
  expect_identical(pmse(odd$real, odd$synthetic)$coefficients, 6L)
  expect_equal(pmse(sets$real, sets$real)$pmse, 0, tolerance = 1e-12)
})

test_that("over replicates the expected pMSE is right", {
  skip_on_cran()
  draw <- function(n, seed) generate(dgp_paper(), n, seed = seed)
  ratio <- vapply(1:60, function(i) pmse(draw(200, i), draw(400, i + 1000), against = "holdout")$standardised, 0)
  expect_lt(abs(mean(ratio) - 1), 4 * sd(ratio) / sqrt(60))
  # The permutation's expectation is the formula's for the same model class; trees: about 1 for fresh rows.
  tree <- vapply(1:12, function(i) {
    pmse(draw(200, i), draw(200, i + 500), method = "cart", against = "holdout", permutations = 20,
         seed = i)$standardised
  }, 0)
  expect_lt(abs(mean(tree) - 1), 4 * sd(tree) / sqrt(12))
})

test_that("pMSE of trees and forests", {
  sets <- fidelity_sets()
  for (method in c("cart", "forest")) {
    near <- pmse(sets$real, sets$synthetic, method = method, permutations = 10, trees = 30, seed = 1)
    far <- pmse(sets$real, transform(sets$synthetic, x = x + 5), method = method, permutations = 10, trees = 30,
                seed = 1)
    expect_gt(far$standardised, near$standardised)
    expect_gt(far$z, 10)
    expect_identical(pmse(sets$real, sets$synthetic, method = method, permutations = 10, trees = 30, seed = 1,
                          threads = 1), near)
    half <- pmse(sets$real, sets$synthetic, method = method, permutations = 10, trees = 30, seed = 1,
                 against = "holdout")
    expect_equal(near$expected, half$expected * .4)
    expect_equal(near$pmse, half$pmse)
  }
})

test_that("a classifier's AUC is near one half for like rows and near one for others", {
  real <- generate(dgp_paper(), 300, seed = 1)
  like <- classifier_auc(real, generate(dgp_paper(), 300, seed = 2), trees = 50, seed = 1)
  expect_lt(abs(like$auc - .5), 4 * like$std.error)
  # Held out in each fold: the mean of the folds' AUCs is about that of all.
  expect_lt(abs(like$auc - auc(like$probability, rep(0:1, each = 300))), .03)
  far <- classifier_auc(real, transform(generate(dgp_paper(), 300, seed = 2), W4 = W4 + 3), trees = 50, seed = 1,
                        holdout = generate(dgp_paper(), 200, seed = 3))
  expect_gt(far$auc, .9)
  expect_lt(abs(tidy(far)$reference - .5), .15)
  expect_identical(classifier_auc(real, real[1:100, ], trees = 20, seed = 2, threads = 1),
                   classifier_auc(real, real[1:100, ], trees = 20, seed = 2, threads = 3))
})

test_that("the nearest over the second nearest distance is dcr()'s", {
  sets <- fidelity_sets()
  found <- nndr(sets$real, sets$synthetic, holdout = sets$real)
  expect_identical(found$ratio, dcr(sets$real, sets$synthetic)$nndr)
  expect_equal(found$values$estimate,
               c(mean(found$ratio), median(found$ratio), quantile(found$ratio, .05, names = FALSE)))
  expect_equal(found$values$reference, c(0, 0, 0))
})

test_that("metrics speak, and name what is wrong", {
  sets <- fidelity_sets(60, 60)
  all <- list(pmse(sets$real, sets$synthetic),
              pmse(sets$real, sets$synthetic, method = "cart", permutations = 3, seed = 1),
              classifier_auc(sets$real, sets$synthetic, trees = 5, holdout = sets$real, seed = 1),
              nndr(sets$real, sets$synthetic, holdout = sets$real),
              association_difference(sets$real, sets$synthetic, holdout = sets$real))
  for (one in all) {
    expect_speaks(one)
    expect_table(tidy(one), nrow(one$values), c("metric", "estimate", "conf.low", "conf.high", "reference", "n"))
    expect_table(glance(one), 1)
  }
  expect_equal(diff(unlist(tidy(all[[3]], conf.level = .9)[3:4])), 2 * qnorm(.95) * all[[3]]$std.error,
               ignore_attr = TRUE)
  expect_snapshot(error = TRUE, {
    pmse(sets$real, sets$synthetic["x"])
    pmse(sets$real, transform(sets$synthetic, x = "a"))
    pmse(sets$real, transform(sets$synthetic, x = Inf))
    pmse(sets$real, sets$synthetic, method = "svm")
    pmse(sets$real[1:2, ], sets$synthetic[1:2, ])
    classifier_auc(sets$real[1:5, ], sets$synthetic)
    association_difference(sets$real, sets$synthetic, "x")
    nndr(sets$real, sets$synthetic, holdouts = sets$real)
  })
})

test_that("pMSE and AUC are synthpop's and pROC's", {
  frozen <- utils::read.csv(test_path("fixtures", "fidelity.csv"))
  value <- function(score) frozen$value[frozen$score == score]
  sets <- fidelity_sets()
  main <- pmse(sets$real, sets$synthetic)
  expect_equal(main$pmse, value("pmse"), tolerance = 1e-6)
  expect_equal(main$standardised, value("pmse_standardised"), tolerance = 1e-6)
  two <- pmse(sets$real, sets$synthetic, interactions = TRUE)
  expect_equal(two$pmse, value("pmse_interactions"), tolerance = 1e-6)
  expect_equal(two$standardised, value("pmse_interactions_standardised"), tolerance = 1e-6)
  for (name in c("specks", "po50")) {
    expect_equal(main[[name]], value(name), tolerance = 1e-9)
    expect_equal(two[[name]], value(paste0(name, "_interactions")), tolerance = 1e-9)
  }
  score <- round(c(sets$real$x + sets$real$y, sets$synthetic$x + sets$synthetic$y), 1)
  expect_equal(auc_delong(score, rep(0:1, c(200, 300))), c(value("auc"), value("auc_se")), tolerance = 1e-9)
})

test_that("permutations that all say the same give no z", {
  rows <- data.frame(x = 1e15, y = -.08)
  expect_identical(pmse(rows, rows, method = "forest", permutations = 2, trees = 3, seed = 1)$z, NA_real_)
})

test_that("any name of a column will do", {
  rows <- stats::setNames(data.frame(sin(1:40), cos(1:40)), c("..1", "a b"))
  fresh <- stats::setNames(data.frame(sin(51:90), cos(51:90)), c("..1", "a b"))
  plain <- function(x) stats::setNames(x, c("p", "q"))
  expect_identical(tidy(pmse(rows, fresh)), tidy(pmse(plain(rows), plain(fresh))))
})
