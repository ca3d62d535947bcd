fused <- function(target = "data", ...) {
  parts <- pair_parts()
  fuse_effects(Y ~ A | ., parts$study, parts$trial, target, ..., learner_treatment = learn_glm(),
               learner_outcome = learn_glm(), learner_membership = learn_glm(), seed = 1)
}

test_that("psi and its standard error are those of the help page", {
  parts <- pair_parts()
  both <- rbind(parts$study, parts$trial)
  source <- rep(1:0, c(120, 300))
  nu <- nuisance(Y ~ A | ., both, learn_glm(), learn_glm())
  share <- fitted(glm(source ~ ., binomial, both[1:6]))
  for (target in c("data", "trial", "both")) {
    r <- switch(target, data = share, trial = 1 - share, both = 1)
    inside <- switch(target, data = source, trial = 1 - source, both = rep(1, 420))
    q <- ifelse(nu$treat == 1, nu$q1, nu$q0)
    h <- nu$treat / nu$g1 - (1 - nu$treat) / nu$g0
    psi <- sum(inside * (nu$q1 - nu$q0) + r * h * (nu$outcome - q)) / sum(inside)
    influence <- 420 / sum(inside) * (inside * (nu$q1 - nu$q0 - psi) + r * h * (nu$outcome - q))
    fit <- fused(target)
    expect_equal(coef(fit), c(ATE = psi), tolerance = 1e-6)
    expect_equal(sqrt(vcov(fit)[1]), sd(influence) / sqrt(420), tolerance = 1e-6)
  }
  expect_equal(coef(fit), coef(estimate_effect(nu)), tolerance = 1e-10)
})

test_that("agreement is rejected where the samples differ, and only there", {
  trial <- generate(dgp_paper(), 1500, seed = 1)
  study <- generate(dgp_paper("moderate"), 1500, seed = 2)
  fuse <- function(study) {
    fuse_effects(Y ~ A | ., study, trial, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                 learner_membership = learn_glm(), seed = 1)
  }
  like <- fuse(study)$agreement
  expect_true(all(like$p.value > .01))
  set.seed(3)
  other <- study
  worse <- other$A == 1 & runif(1500) < .2
  other$Y[worse] <- 0
  unlike <- fuse(other)$agreement
  expect_lt(unlike$p.value[unlike$term == "treated"], 1e-4)
  expect_lt(unlike$gap[unlike$term == "source x arm"], -.05)
  expect_gt(unlike$p.value[unlike$term == "control"], .01)
})

test_that("fused effects are effects, and say what they are", {
  fit <- fused()
  expect_speaks(fit)
  expect_named(coef(fit), "ATE")
  expect_table(tidy(fit), 3)
  expect_table(glance(fit), 1)
  expect_draws(autoplot(fit))
  parts <- pair_parts()
  expect_snapshot(error = TRUE, {
    fused("nobody")
    fused(fold = 3)
    fuse_effects(Y ~ A | ., parts$study, parts$trial[-1])
    fuse_effects(Y ~ A | ., parts$study, parts$trial[parts$trial$A == 1, ])
    fuse_effects(Y ~ A | ., parts$study)
  })
})
