balance_of <- function(d, estimand = "ATE", weights = NULL, covs = d[setdiff(names(d), c("a", "y", "case", "ps"))]) {
  nu <- as_nuisance(d$a, d$y, d$ps, d$y, d$y, bounds = NULL, covs = covs, weights = weights)
  diagnose_overlap(nu, estimand = estimand)
}

test_that("SMD, variance ratio and KS equal cobalt's, with factors, missing values and case weights", {
  frozen <- utils::read.csv(test_path("fixtures", "balance.csv"))
  frozen$term <- sub(":<NA>", ": missing", sub("_", ": ", frozen$term), fixed = FALSE)
  d <- balance_study()
  for (estimand in c("ATE", "ATT", "ATC", "ATO")) for (cased in c(FALSE, TRUE)) {
    ours <- balance_of(d, estimand, if (cased) d$case)$balance
    known <- frozen[frozen$estimand == estimand & frozen$cased == cased, ]
    expect_setequal(paste(ours$sample, ours$term), paste(known$sample, known$term))
    known <- known[match(paste(ours$sample, ours$term), paste(known$sample, known$term)), ]
    for (metric in c("smd", "variance_ratio", "ks")) {
      expect_equal(ours[[metric]], known[[metric]], tolerance = 1e-8, label = paste(estimand, cased, metric))
    }
  }
})

test_that("types of terms and their shares", {
  d <- balance_study()
  table <- balance_of(d)$balance
  before <- table[table$sample == "before", ]
  expect_identical(before$term, c("number", "gaps", "gaps: missing", "whole", "flag", "yes", "group: u", "group: v",
                                  "group: w", "group: x", "holes: p", "holes: q", "holes: r", "holes: missing"))
  expect_identical(before$type, c("numeric", "numeric", "missing", "numeric", "binary", "binary", rep("level", 7),
                                  "missing"))
  expect_identical(before$level[7:8], c("u", "v"))
  expect_equal(before$mean_treated[before$term == "gaps: missing"], mean(is.na(d$gaps[d$a == 1])))
  expect_equal(before$mean_control[before$term == "group: u"], mean(d$group[d$a == 0] == "u"))
  expect_equal(before$mean_treated[1], mean(d$number[d$a == 1]))
  expect_equal(table$mean_treated[table$sample == "after"][1],
               weighted.mean(d$number[d$a == 1], 1 / d$ps[d$a == 1]))
  expect_true(all(is.na(before$variance_ratio[before$type != "numeric"])))
})

test_that("case weights equal repeated rows, but for the unbiased variance's correction", {
  d <- balance_study()
  long <- d[rep(seq_len(150), d$case), ]
  ours <- balance_of(d, weights = d$case)$balance
  repeated <- balance_of(long)$balance
  for (column in c("mean_treated", "mean_control", "ks")) expect_equal(ours[[column]], repeated[[column]])
  shares <- ours$type != "numeric"
  expect_equal(ours$smd[shares], repeated$smd[shares])
  same <- balance_of(d, weights = rep(3, 150))$balance
  expect_equal(same, balance_of(d)$balance)
})

test_that("KS is the largest distance of the arms' distribution functions, ties included", {
  set.seed(1)
  d <- data.frame(x = round(rnorm(300), 1), a = rep(0:1, 150), y = sin(1:300), ps = .5, case = 1)
  found <- balance_of(d)$balance$ks[1]
  expect_equal(found, suppressWarnings(unname(ks.test(d$x[d$a == 1], d$x[d$a == 0])$statistic)))
  w <- runif(300)
  at <- sort(unique(d$x))
  share <- function(arm) vapply(at, function(v) sum(w[d$a == arm & d$x <= v]) / sum(w[d$a == arm]), 1)
  expect_equal(balance_of(d, weights = w)$balance$ks[1], max(abs(share(1) - share(0))))
})

test_that("overlap weights of a logistic propensity balance its covariates exactly", {
  skip_if_not_installed("MatchIt")
  o <- diagnose_overlap(re78 ~ treat | ., MatchIt::lalonde, estimand = "ATO", learner_treatment = learn_glm())
  after <- o$balance$smd[o$balance$sample == "after"]
  expect_lt(max(abs(after)), 1e-8)
  expect_gt(glance(o)$max_smd_before, 1)
})

test_that("constants, columns without spread in the target's arm, dates, text and empty columns", {
  d <- data.frame(
    one = 1, own = c(rep(0, 50), sin(1:50)), day = as.Date("2020-01-01") + 1:100, text = rep(c("p", "q"), 50),
    two = rep(c(3, 5), c(30, 70)), void = NA_real_, none = factor(NA, levels = "z"), a = rep(1:0, each = 50),
    y = cos(1:100), case = 1, ps = .5
  )
  o <- balance_of(d, "ATT")
  table <- o$balance[o$balance$sample == "before", ]
  row <- function(term) table[table$term == term, ]
  expect_identical(row("one")[c("smd", "ks")], data.frame(smd = 0, ks = 0, row.names = 1L))
  expect_equal(row("own")$smd, -mean(sin(1:50)) / sd(d$own))
  expect_identical(o$fallback, "own")
  expect_match(capture.output(print(o)), "SMD over the standard deviation of all rows .*: own", all = FALSE)
  expect_equal(row("day")$smd, -50 / sd(1:50))
  expect_equal(row("text: p")$mean_treated, .5)
  expect_equal(row("two: 5")$mean_treated, .4)
  expect_equal(row("two: 5")$type, "binary")
  expect_identical(row("void: missing")$smd, 0)
  expect_identical(row("none: missing")$mean_control, 1)
  expect_null(balance_of(d, "ATE")$fallback)
  arms <- transform(d, gap = ifelse(a == 1, NA, sin(1:100)))
  half <- balance_of(arms, "ATE")$balance
  expect_true(all(is.na(half$smd[half$term == "gap"])))
  expect_false(anyNA(half$smd[half$term == "gap: missing" & half$sample == "before"]))
})

test_that("infinite covariates and columns of lists are classed errors", {
  d <- balance_study()
  expect_error(balance_of(transform(d, number = replace(number, 3, Inf))), class = "causalsynth_error_data")
  expect_error(balance_of(d, covs = data.frame(m = I(matrix(1, 150, 2)))), class = "causalsynth_error_data")
})
