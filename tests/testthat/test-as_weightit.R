study <- balance_study()
study$group <- NULL
covs <- study[c("number", "whole", "yes", "flag")]
fitted <- as_nuisance(study$a, study$y, study$ps, study$y + .1, study$y, bounds = NULL, weights = study$case,
                      covs = covs)

test_that("the object has the parts of a weightit", {
  w <- as_weightit(fitted, estimand = "ATT")
  expect_s3_class(w, "weightit")
  expect_named(w, c("weights", "treat", "covs", "estimand", "ps", "s.weights", "focal"))
  expect_identical(as.numeric(w$treat), as.numeric(study$a))
  expect_equal(w$weights, ifelse(study$a == 1, 1, study$ps / (1 - study$ps)))
  expect_identical(w$s.weights, study$case)
  expect_identical(w$focal, 1)
  expect_null(as_weightit(fitted)$focal)
  effect <- estimate_effect(fitted, list("iptw", small = est_iptw(cap = 2)))
  expect_equal(as_weightit(effect, "small")$weights, weights(effect)$small)
  expect_identical(as_weightit(estimate_effect(fitted, "iptw"))$weights, weights(effect)$iptw)
})

test_that("bad requests are classed errors", {
  effect <- estimate_effect(fitted, c("iptw", "aipw"))
  zero <- as_nuisance(study$a, study$y, replace(study$ps, which(study$a == 1)[1], 0), study$y, study$y, bounds = NULL)
  expect_snapshot(error = TRUE, {
    as_weightit(effect)
    as_weightit(effect, "tmle")
    as_weightit(effect, estimand = "ATT")
    as_weightit(fitted, "LATE")
    as_weightit(study)
    as_weightit(zero)
  })
})

# Our table in cobalt's names of rows and columns.
as_cobalt <- function(x, sample) {
  rows <- x$balance[x$balance$sample == sample, ]
  rows[match(names(covs), rows$term), c("smd", "variance_ratio", "ks")]
}

test_that("cobalt reads effects, nuisances and diagnoses, several methods side by side", {
  skip_if_not_installed("cobalt")
  read <- function(x, ...) {
    table <- suppressMessages(cobalt::bal.tab(x, binary = "std", stats = c("m", "v", "ks"), un = TRUE, ...))
    table$Balance[names(covs), ]
  }
  for (estimand in c("ATE", "ATT", "ATC", "ATO")) {
    effect <- estimate_effect(fitted, list("iptw", small = est_iptw(cap = .6)), estimand = estimand)
    ours <- diagnose_overlap(effect)
    denominator <- if (estimand == "ATO") "pooled"
    tables <- list(read(effect, s.d.denom = denominator), read(ours, s.d.denom = denominator))
    for (table in tables) for (sample in c("iptw", "small")) {
      theirs <- table[paste0(c("Diff.", "V.Ratio.", "KS."), sample)]
      expect_equal(unlist(theirs), unlist(as_cobalt(ours, sample)), tolerance = 1e-8, ignore_attr = TRUE)
    }
    one <- as_cobalt(diagnose_overlap(fitted, estimand = estimand), "after")
    for (table in list(read(fitted, estimand = estimand, s.d.denom = denominator),
                       read(as_weightit(effect, "iptw"), s.d.denom = denominator))) {
      expect_equal(unlist(table[c("Diff.Adj", "V.Ratio.Adj", "KS.Adj")]), unlist(one), tolerance = 1e-8,
                   ignore_attr = TRUE)
    }
  }
  paired <- effect
  paired$subclass <- factor(rep(1:75, 2))
  expect_equal(read(paired, s.d.denom = "pooled"), read(effect, s.d.denom = "pooled"))
  expect_draws(suppressMessages(cobalt::love.plot(effect, binary = "std")))
  expect_draws(suppressMessages(cobalt::love.plot(fitted, estimand = "ATT", binary = "std")))
  bare <- as_nuisance(study$a, study$y, study$ps, study$y, study$y)
  for (x in list(bare, estimate_effect(bare))) {
    expect_error(cobalt::bal.tab(x), "No covariates were kept", class = "causalsynth_error_input")
  }
})

test_that("WeightIt summarises the weights and fits outcome models with them", {
  skip_if_not_installed("WeightIt")
  for (estimand in c("ATE", "ATT", "ATO")) {
    w <- as_weightit(fitted, estimand = estimand)
    expect_output(print(w), "weightit")
    sizes <- summary(w)$effective.sample.size
    ours <- diagnose_overlap(fitted, estimand = estimand)$ess
    expect_equal(unlist(sizes["Weighted", c("Treated", "Control")]), ours$after, ignore_attr = TRUE)
    expect_equal(unlist(sizes["Unweighted", c("Treated", "Control")]), ours$before, ignore_attr = TRUE)
    fit <- WeightIt::lm_weightit(y ~ a, data = study, weightit = w)
    effect <- estimate_effect(fitted, "iptw", estimand = estimand)
    expect_equal(coef(fit)[["a"]], unname(coef(effect)), tolerance = 1e-10)
    expect_equal(sqrt(vcov(fit)["a", "a"]), sqrt(vcov(effect)[1, 1]), tolerance = 1e-6)
    expect_output(print(summary(fit)), "HC0")
  }
})
