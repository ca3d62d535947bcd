test_that("a region is found and put into words", {
  set.seed(1)
  n <- 400
  covs <- data.frame(W6 = round(rnorm(n), 2), W2 = rbinom(n, 1, .5), g = factor(sample(letters[1:3], n, TRUE)))
  ps <- ifelse(covs$W6 > 1.2 & covs$W2 == 0, 1e-4, .5)
  treat <- rbinom(n, 1, ps)
  found <- overlap_regions(covs, treat, ps, .001)
  expect_identical(nrow(found), 1L)
  inside <- covs$W6 > 1.2 & covs$W2 == 0
  expect_identical(found$n, sum(inside))
  expect_identical(found$beyond, sum(inside))
  expect_identical(as.integer(found$treated), 0L)
  expect_identical(found$rare, "treated")
  expect_setequal(strsplit(found$region, " and ")[[1]], c("W6 > 1.2", "W2 = 0"))
  high <- overlap_regions(covs, treat, ifelse(covs$g %in% c("a", "c"), .5, 1), .001)
  expect_identical(high$region, "g = b")
  expect_identical(high$rare, "control")
})

test_that("ranges, levels and missing values have words", {
  covs <- data.frame(x = c(rep(NA, 20), seq(0, 1, length.out = 80)), f = factor(rep(letters[1:5], 20)))
  ps <- ifelse(is.na(covs$x), 0, .5)
  found <- overlap_regions(covs, rep(0:1, 50), ps, .001)
  expect_match(found$region, "or missing")
  expect_identical(found$n, 20L)
  ps <- ifelse(!is.na(covs$x) & covs$x > .25 & covs$x <= .5, 0, .5)
  found <- overlap_regions(covs, rep(0:1, 50), ps, .001)
  expect_match(found$region, "^0[.][0-9]+ < x <= 0[.][0-9]+$")
  ps <- ifelse(covs$f %in% c("b", "d"), 0, .5)
  expect_identical(overlap_regions(covs, rep(0:1, 50), ps, .001)$region, "f in {b, d}")
})

test_that("there is no region without rows beyond, nor without covariates", {
  covs <- data.frame(x = 1:40)
  expect_null(overlap_regions(covs, rep(0:1, 20), rep(.5, 40), .001))
  expect_null(overlap_regions(NULL, rep(0:1, 20), rep(0, 40), .001))
  expect_identical(overlap_regions(data.frame(x = 1:40), rep(0, 40), rep(0, 40), .001)$region, "everywhere")
})

test_that("remedies are counted from their definitions", {
  set.seed(2)
  ps <- c(1e-4, runif(98, .2, .8), 1 - 1e-4)
  treat <- c(0, rbinom(98, 1, ps[2:99]), 1)
  object <- diagnose_overlap(as_nuisance(treat, rbinom(100, 1, .5), ps, rep(.5, 100), rep(.5, 100),
                                         covs = data.frame(x = ps)), threshold = .001)
  table <- object$remedies
  expect_equal(table$rows, c(100, 100, 98, 100, 100, 100))
  expect_equal(table$twins_treated, c(0, 0, 0, 0, 1, sum(treat == 0)))
  expect_equal(table$twins_control, c(0, 0, 0, 0, 1, sum(treat == 1)))
  inside <- 2:99
  w <- 1 / ifelse(treat == 1, ps, 1 - ps)
  size <- function(w) sum(w)^2 / sum(w^2)
  expect_equal(table$ess_treated[3], size(w[inside][treat[inside] == 1]))
  # A row beyond and its twin: (1e-4 + 1) / 2 each.
  own <- which(treat == 1)
  expect_equal(table$ess_treated[5], size(c(ifelse(own == 100, 1 / (ps[100] / 2), w[own]), 1 / ((1e-4 + 1) / 2))))
  expect_equal(table$ess_control[6], 100)
  expect_draws(autoplot(object, "remedies"))
})
