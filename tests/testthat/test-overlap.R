covariates <- c("number", "gaps", "whole", "flag", "yes", "group", "holes")

# Nuisances of balance_study() with its known propensity, or another.
known_nuisance <- function(d = balance_study(), bounds = NULL, weights = NULL, ps = d$ps) {
  suppressWarnings(as_nuisance(d$a, d$y, ps, d$y, d$y, bounds = bounds, covs = d[covariates], weights = weights),
                   classes = "causalsynth_warning_overlap")
}

test_that("diagnoses speak", {
  d <- balance_study()
  objects <- list(
    diagnose_overlap(known_nuisance()), diagnose_overlap(known_nuisance(weights = d$case), estimand = "ATT"),
    diagnose_overlap(known_nuisance(ps = ifelse(d$a == 1, 0, .5))),
    diagnose_overlap(as_nuisance(d$a, d$y, d$ps, d$y, d$y)),
    diagnose_overlap(estimate_effect(known_nuisance(), list("iptw", "or", capped = est_iptw(cap = 2))))
  )
  for (o in objects) {
    expect_speaks(o)
    expect_table(glance(o), length(unique(o$ess$sample)))
    expect_table(tidy(o), 5 * nrow(o$balance),
                 c("term", "variable", "level", "type", "sample", "metric", "estimate"))
    expect_draws(autoplot(o))
    expect_identical(nobs(o), 150L)
    expect_error(tidy(o, conf.int = TRUE), class = "causalsynth_error_input")
    expect_error(glance(o, what = 1), class = "causalsynth_error_input")
    expect_error(autoplot(o, terns = 1), class = "causalsynth_error_input")
  }
  for (o in objects[c(1, 2, 3, 5)]) expect_draws(autoplot(o, "balance", terms = 4))
  for (o in objects[c(1, 2, 5)]) expect_draws(autoplot(o, "weights"))
  expect_error(autoplot(objects[[4]], "balance"), "no covariates were kept", class = "causalsynth_error_input")
  expect_identical(nrow(objects[[4]]$balance), 0L)
})

test_that("effective sizes are Kish's, by arm and estimand", {
  d <- balance_study()
  for (case in list(NULL, d$case)) for (estimand in c("ATE", "ATT", "ATC", "ATO")) {
    o <- diagnose_overlap(known_nuisance(weights = case), estimand = estimand)
    w <- switch(estimand, ATE = ifelse(d$a == 1, 1 / d$ps, 1 / (1 - d$ps)),
                ATT = ifelse(d$a == 1, 1, d$ps / (1 - d$ps)),
                ATC = ifelse(d$a == 1, (1 - d$ps) / d$ps, 1), ATO = ifelse(d$a == 1, 1 - d$ps, d$ps))
    s <- if (is.null(case)) rep(1, 150) else case
    kish <- function(w) sum(w)^2 / sum(w^2)
    expect_equal(o$ess$before, c(kish(s[d$a == 1]), kish(s[d$a == 0])))
    expect_equal(o$ess$after, c(kish((s * w)[d$a == 1]), kish((s * w)[d$a == 0])))
    expect_equal(unlist(o$alternatives[o$alternatives$estimand == estimand, 2:3], use.names = FALSE), o$ess$after)
    expect_equal(o$weights, w)
    expect_equal(unname(weights(estimate_effect(known_nuisance(weights = case), "iptw", estimand = estimand))), w)
    top <- o$largest[o$largest$arm == "control", ]
    expect_identical(nrow(top), 10L)
    expect_equal(top$weight, sort((s * w)[d$a == 0], decreasing = TRUE)[1:10])
    expect_equal((s * w)[top$row], top$weight)
    expect_equal(top$share, top$weight / sum((s * w)[d$a == 0]))
  }
})

test_that("rows beyond the threshold are listed, with what bound and estimand make of them", {
  d <- balance_study()
  ps <- replace(d$ps, c(4, 9, 20), c(.0005, .01, .995))
  o <- diagnose_overlap(known_nuisance(ps = ps, bounds = .005), threshold = .02)
  expect_identical(o$beyond$row, c(4L, 9L, 20L))
  expect_identical(o$beyond$rare, c("treated", "treated", "control"))
  expect_identical(o$beyond$bounded, c(TRUE, FALSE, FALSE))
  expect_identical(o$beyond$ps, ps[c(4, 9, 20)])
  expect_identical(o$beyond$arm, ifelse(d$a[c(4, 9, 20)] == 1, "treated", "control"))
  matters <- function(estimand) {
    diagnose_overlap(known_nuisance(ps = ps), estimand = estimand, threshold = .02)$beyond$matters
  }
  expect_identical(lapply(c("ATE", "ATT", "ATC", "ATO"), matters),
                   list(rep(TRUE, 3), c(FALSE, FALSE, TRUE), c(TRUE, TRUE, FALSE), rep(FALSE, 3)))
  expect_identical(diagnose_overlap(known_nuisance(ps = ps), threshold = .001)$beyond$row, 4L)
  expect_identical(nrow(diagnose_overlap(known_nuisance(ps = ps), threshold = 0)$beyond), 0L)
  gruber <- diagnose_overlap(known_nuisance(ps = ps))
  expect_equal(gruber$threshold, 5 / (sqrt(150) * log(150)))
  expect_identical(glance(gruber)$n_beyond, 3L)
  expect_equal(glance(gruber)$share_beyond, 3 / 150)
})

test_that("omitted rows keep the data's row numbers", {
  d <- balance_study()
  d$y[c(2, 50)] <- NA
  nu <- nuisance(y ~ a | number + whole, d, learn_glm(), learn_glm(), na.action = na.omit)
  ask <- list(diagnose_overlap(nu, threshold = .4), diagnose_overlap(estimate_effect(nu, "iptw"), threshold = .4))
  for (o in ask) {
    expect_identical(o$n_omitted, 2L)
    expect_identical(o$beyond$ps, nu$ps[match(o$beyond$row, setdiff(1:150, c(2, 50)))])
    expect_match(capture.output(print(o))[2], "2 rows omitted")
  }
  expect_identical(ask[[1]]$beyond, ask[[2]]$beyond)
})

test_that("the propensity's summary is of the arm's rows, or of their case weights", {
  d <- balance_study()
  o <- diagnose_overlap(known_nuisance())
  one <- d$ps[d$a == 1]
  expect_equal(o$propensity$mean[1], mean(one))
  expect_equal(unlist(o$propensity[1, 4:10], use.names = FALSE),
               unname(quantile(one, c(0, .05, .25, .5, .75, .95, 1), type = 1)))
  cased <- diagnose_overlap(known_nuisance(weights = d$case))
  long <- rep(one, d$case[d$a == 1])
  expect_equal(unlist(cased$propensity[1, 4:10], use.names = FALSE),
               unname(quantile(long, c(0, .05, .25, .5, .75, .95, 1), type = 1)))
  expect_equal(cased$propensity$mean[1], mean(long))
})

test_that("a formula is diagnosed without a model of the outcome, by the propensity that effects use", {
  d <- balance_study()
  learner <- learn_forest(trees = 30)
  o <- diagnose_overlap(y ~ a | number + gaps + group, d, learner_treatment = learner, seed = 7)
  nu <- suppressWarnings(nuisance(y ~ a | number + gaps + group, d, learner, learn_glm(), seed = 7),
                         classes = "causalsynth_warning_overlap")
  expect_identical(o$distance, nu$ps)
  expect_identical(o$distance, diagnose_overlap(y ~ a | number + gaps + group, d, learner_treatment = learner, seed = 7,
                                                learner_outcome = learn_glm(), threads = 1)$distance)
  folds <- diagnose_overlap(y ~ a | number, d, learner_treatment = learn_glm(), crossfit = "folds", seed = 7)
  expect_match(capture.output(print(folds))[3], "by glm, by folds")
  set.seed(3)
  state <- .Random.seed
  diagnose_overlap(y ~ a | number, d, learner_treatment = learner, seed = 7)
  expect_identical(.Random.seed, state)
})

test_that("weights of an effect are its methods' own; equal ones are shown once", {
  nu <- known_nuisance()
  o <- diagnose_overlap(estimate_effect(nu, list("iptw", "aipw", "or", "tmle", capped = est_iptw(cap = 2))))
  expect_named(o$weights, c("iptw, aipw, tmle", "capped"))
  expect_identical(unique(o$balance$sample), c("before", "iptw, aipw, tmle", "capped"))
  expect_equal(max(o$weights$capped), 2)
  expect_identical(glance(o)$sample, names(o$weights))
  one <- diagnose_overlap(estimate_effect(nu, c("iptw", "aipw"), estimand = "ATT"))
  expect_identical(one$balance, diagnose_overlap(nu, estimand = "ATT")$balance)
  expect_identical(one$methods, "iptw, aipw")
  expect_identical(diagnose_overlap(estimate_effect(nu, "or"))$weights, diagnose_overlap(nu)$weights)
})

test_that("a row is bounded where any method's own bound moves it", {
  fit <- estimate_effect(known_nuisance(), c("iptw", "or", "aipw"))
  fit$bounds <- list(rule = "adaptive", value = c(.28, NA, .3), n_bounded = c(1, 0, 2))
  o <- diagnose_overlap(fit, threshold = .35)
  expect_identical(o$beyond$bounded, pmin(o$beyond$ps, 1 - o$beyond$ps) < .3)
  expect_equal(glance(o)$n_bounded[1], sum(pmin(o$distance, 1 - o$distance) < .3))
  alone <- as.list(fit)$or
  alone$bounds <- list(rule = "adaptive", value = NA_real_, n_bounded = 0)
  expect_identical(diagnose_overlap(alone)$weights, diagnose_overlap(known_nuisance(bounds = "gruber"))$weights)
})

test_that("infinite weights are counted, not hidden", {
  d <- balance_study()
  ps <- replace(d$ps, which(d$a == 1)[1:2], 0)
  o <- diagnose_overlap(known_nuisance(ps = ps))
  expect_identical(o$n_infinite, c(after = 2L))
  expect_identical(glance(o)$ess_treated, NA_real_)
  expect_false(is.na(glance(o)$ess_control))
  expect_true(all(is.na(o$balance$smd[o$balance$sample == "after"])))
  expect_match(capture.output(print(o)), "2 rows had probability 0 of the treatment", all = FALSE)
  expect_identical(diagnose_overlap(known_nuisance(ps = ps), estimand = "ATO")$n_infinite, c(after = 0L))
  none <- diagnose_overlap(known_nuisance(ps = 1 - d$a))
  expect_error(autoplot(none, "weights"), "no finite weights", class = "causalsynth_error_input")
  expect_draws(autoplot(none))
  zero <- replace(d$case, which(d$a == 1)[1:2], 0)
  expect_identical(diagnose_overlap(known_nuisance(ps = ps, weights = zero))$n_infinite, c(after = 0L))
})

test_that("advice follows what is found", {
  d <- balance_study()
  fine <- data.frame(x = rep(1:15, 20), a = rep(0:1, 150), y = sin(1:300))
  fine <- as_nuisance(fine$a, fine$y, rep(.5, 300), fine$y, fine$y, covs = fine["x"])
  expect_match(said(diagnose_overlap(fine)), "go on with estimate_effect")
  few <- replace(d$ps, 1:30, .001)
  bounded <- said(diagnose_overlap(known_nuisance(ps = few, bounds = "gruber")))
  expect_match(bounded, "20 % of the rows had a chance below 8.1 % of being treated")
  expect_match(bounded, "take estimand = \"ATO\" \\(effective sizes 50.5 and 59.8\\)")
  tiny <- as_nuisance(rep(0:1, 6), sin(1:12), .4 + .2 * cos(1:12), sin(1:12), sin(1:12), covs = data.frame(x = 1:12),
                      bounds = NULL)
  expect_gt(glance(diagnose_overlap(tiny))$max_weight_share, .05)
  expect_no_match(said(diagnose_overlap(tiny)), "alone carries")
  expect_match(said(diagnose_overlap(known_nuisance(ps = few), estimand = "ATO")), "get little weight under the ATO")
  expect_match(said(diagnose_overlap(known_nuisance())), "still differ in")
  expect_match(said(diagnose_overlap(known_nuisance(weights = replace(d$case, 5, 100)))), "Row 5 alone carries")
  expect_match(said(diagnose_overlap(as_nuisance(d$a, d$y, d$ps, d$y, d$y))), "Balance is unknown")
})

test_that("prints read well", {
  skip_if_not_installed("MatchIt")
  ask <- function(...) diagnose_overlap(re78 ~ treat | ., MatchIt::lalonde, learner_treatment = learn_glm(), ...)
  expect_snapshot({
    ask()
    ask(estimand = "ATT", threshold = .001, bounds = NULL)
    format(ask(estimand = "ATO"))
    summary(ask(estimand = "ATO"))
  })
})

test_that("bad requests are classed errors", {
  d <- balance_study()
  nu <- known_nuisance()
  several <- structure(list(treat_levels = c("a", "b", "c"), roles = list(treatment = "drug")), class = class(nu))
  expect_snapshot(error = TRUE, {
    diagnose_overlap(1:3)
    diagnose_overlap(nu, threshold = .6)
    diagnose_overlap(nu, threshold = "grubber")
    diagnose_overlap(nu, estimand = "LATE")
    diagnose_overlap(nu, treshold = .1)
    diagnose_overlap(y ~ a | number)
    diagnose_overlap(y ~ a | number, d, lerner_treatment = learn_glm())
    diagnose_overlap(y ~ number, d)
    diagnose_overlap(several)
    diagnose_overlap(unclass(several))
    autoplot(diagnose_overlap(nu), "love")
    autoplot(diagnose_overlap(known_nuisance(ps = d$a * 0)), "weights", terms = 0)
  })
})

test_that("few clusters need no folds where the outcome is not learnt", {
  data <- data.frame(y = sin(1:80), a = rep(c(0, 1, 1, 0), 20), w = cos(1:80))
  found <- suppressWarnings(diagnose_overlap(y ~ a | w, data, cluster = rep(1:4, 20), seed = 1))
  expect_s3_class(found, "causalsynth_overlap")
})

test_that("the weights of a diagnosis are one a row", {
  found <- diagnose_overlap(known_nuisance())
  expect_identical(weights(found), found$weights)
  expect_length(weights(found), nrow(balance_study()))
})
