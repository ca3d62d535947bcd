boot_study <- function(n = 150) {
  i <- seq_len(n)
  w <- stats::qnorm((i * .618034) %% 1 * .98 + .01)
  v <- stats::qnorm((i * .414214) %% 1 * .98 + .01)
  a <- as.integer((i * .732051) %% 1 < stats::plogis(.5 * w))
  data.frame(w, v, a, y = w + a * (1 + v) + stats::qnorm((i * .236068) %% 1 * .98 + .01)^2)
}

boot_effect <- function(data, replicates, ..., formula = y ~ a | w + v, seed = 1, type = "percentile") {
  estimate_effect(formula, data, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = seed,
                  se = "bootstrap", bootstrap = list(replicates = replicates, type = type))
}

test_that("a replicate is the whole pipeline on the resampled rows", {
  d <- boot_study()
  methods <- c("iptw", "aipw", "or", "tmle")
  fit <- boot_effect(d, 3, method = methods, threads = 1)
  key <- derive_key(derive_key(rng_key(1), "bootstrap"), "resample", 2)
  drawn <- floor(random_uniforms(unclass(key), 150) * 150) + 1
  again <- estimate_effect(y ~ a | w + v, d[drawn, ], method = methods, learner_treatment = learn_glm(),
                           learner_outcome = learn_glm())
  expect_equal(unname(fit$bootstrap$values[2, ]), again$estimates$estimate, tolerance = 1e-12)
  expect_equal(unname(vcov(fit)), unname(stats::cov(fit$bootstrap$values)[c(1, 4, 7, 10), c(1, 4, 7, 10)]))
  # The estimates are those of all rows, whatever the standard error.
  plain <- estimate_effect(y ~ a | w + v, d, method = methods, learner_treatment = learn_glm(),
                           learner_outcome = learn_glm())
  expect_identical(coef(fit), coef(plain))
})

test_that("results do not depend on workers, and R's generator is left alone", {
  d <- boot_study(80)
  set.seed(7)
  before <- .Random.seed
  one <- boot_effect(d, 12, type = c("bca", "percentile"), threads = 1)
  expect_identical(.Random.seed, before)
  expect_identical(boot_effect(d, 12, type = c("bca", "percentile"), threads = 2), one)
  expect_identical(boot_effect(d, 12, type = c("bca", "percentile"), threads = 2), one)
  expect_false(identical(boot_effect(d, 12, seed = 2, threads = 1)$bootstrap$values, one$bootstrap$values))
})

test_that("a future::plan() gives the same results", {
  skip_if_not_installed("future.apply")
  skip_on_os("windows")
  d <- boot_study(80)
  one <- boot_effect(d, 8, threads = 1)
  future::plan("multicore", workers = 2)
  withr::defer(future::plan("sequential"))
  skip_if(future::nbrOfWorkers() < 2, "no multicore futures here")
  expect_identical(find_workers(1)$kind, "future")
  expect_identical(boot_effect(d, 8, threads = 1), one)
})

test_that("standard errors and intervals agree with influence functions on a large sample", {
  d <- boot_study(1000)
  fit <- estimate_effect(y ~ a | w + v, d, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1,
                         se = "bootstrap", bootstrap = list(replicates = 100, groups = 50))
  plain <- estimate_effect(y ~ a | w + v, d, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                           se = "sandwich")
  expect_equal(sqrt(vcov(fit)[1]), sqrt(vcov(plain)[1]), tolerance = .15)
  expect_lt(max(abs(confint(fit, level = .8) - confint(plain, level = .8))), .5 * sqrt(vcov(plain)[1]))
  # The grouped jackknife's acceleration against that of the influence function.
  influence <- plain$influence[, 1]
  known <- sum(influence^3) / (6 * sum(influence^2)^1.5)
  expect_lt(abs(acceleration(fit$bootstrap$jackknife[, 1]) - known), 3 * .4 / 50)
  expect_equal(nrow(fit$bootstrap$jackknife), 50)
})

test_that("intervals are those asked for", {
  fit <- boot_effect(boot_study(60), 60, type = c("percentile", "bca"), threads = 1)
  t <- tidy(fit)
  limits <- interpolated_quantile(fit$bootstrap$values[, 1], c(.025, .975))
  expect_equal(c(t$conf.low[1], t$conf.high[1]), limits)
  expect_equal(unname(confint(fit)[1, ]), limits)
  expect_false(isTRUE(all.equal(unname(confint(fit, conf.type = "bca")[1, ]), limits)))
  normal <- tidy(fit, conf.type = "normal")
  expect_equal(normal$conf.high, normal$estimate + qnorm(.975) * normal$std.error)
  expect_error(tidy(fit, conf.type = "studentised"), class = "causalsynth_error_input")
  expect_match(said(fit), "0 of 60 resamples failed")
  expect_match(fit$inference, "percentile, 60 resamples")
})

test_that("clusters are resampled whole and share folds; clusters across arms are counted", {
  d <- boot_study(90)
  d$cluster <- rep(1:30, 3)
  fit <- boot_effect(d[1:4], 4, cluster = d$cluster, threads = 1)
  expect_equal(c(fit$n_clusters, fit$n_mixed_clusters),
               c(30, sum(tapply(d$a, d$cluster, function(a) length(unique(a))) > 1)))
  expect_match(capture.output(print(fit))[2], "30 clusters, [0-9]+ with rows of several arms")
  nu <- nuisance(y ~ a | w + v, d, learn_glm(), learn_glm(), cluster = d$cluster, seed = 1)
  plan <- bootstrap_plan(nu, list(bootstrap = list(groups = 10)), list(cluster = nu$cluster, key = rng_key(1)))
  expect_identical(unname(lengths(plan$rows)), rep(3L, 30))
  expect_identical(plan$units, 30L)
  expect_identical(sort(unique(jackknife_groups(plan))), 1:10)
  key <- derive_key(plan$key, "resample", 1)
  drawn <- floor(random_uniforms(unclass(key), 30) * 30) + 1
  again <- estimate_effect(y ~ a | w + v, d[unlist(lapply(drawn, function(g) which(d$cluster == g))), ],
                           learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_equal(unname(fit$bootstrap$values[1, ]), again$estimates$estimate, tolerance = 1e-12)
})

test_that("copies of a row never predict each other: a resample's units are its clusters", {
  d <- boot_study(80)
  forest <- learn_forest(trees = 10, min_node_size = 10)
  run <- function(...) {
    suppressWarnings(
      estimate_effect(y ~ a | w + v, d, learner_treatment = forest, learner_outcome = forest, seed = 1, threads = 1,
                      method = c("aipw", "or"), se = "bootstrap", ...,
                      bootstrap = list(replicates = 3, type = "percentile")),
      classes = "causalsynth_warning_overlap"
    )
  }
  fit <- run()
  expect_length(fit$bootstrap$folds, 0)
  expect_match(fit$notes$or, "no theory warrants")
  expect_true(all(is.finite(tidy(fit)$std.error)))
  key <- derive_key(derive_key(rng_key(1), "bootstrap"), "resample", 2)
  drawn <- floor(random_uniforms(unclass(key), 80) * 80) + 1
  again <- suppressWarnings(nuisance(y ~ a | w + v, d[drawn, ], forest, forest, cluster = drawn,
                                     seed = derive_key(key, "fit")))
  again <- estimate_effect(again, method = c("aipw", "or"))
  expect_identical(unname(fit$bootstrap$values[2, ]), again$estimates$estimate)
  # Forests take clusters or weights: with both, folds.
  weighted <- run(weights = rep(1:2, 40))
  expect_identical(weighted$bootstrap$folds, c("treatment", "outcome"))
  expect_match(said(weighted), "copies of a row would predict each other")
})

test_that("resamples that fail are counted and printed; too many are an error", {
  d <- boot_study(60)
  d$a <- as.integer(seq_len(60) <= 3)
  set.seed(1)
  d$w <- rnorm(60)
  fit <- suppressWarnings(
    estimate_effect(y ~ a | 1, d, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1,
                    method = "iptw", se = "bootstrap", bootstrap = list(replicates = 60, type = "percentile"))
  )
  expect_gt(fit$bootstrap$n_failed, 0)
  expect_equal(nrow(fit$bootstrap$values) + fit$bootstrap$n_failed, 60)
  expect_match(said(fit),
               paste(fit$bootstrap$n_failed, "of 60 resamples failed"))
  expect_error(
    suppressWarnings(estimate_effect(y ~ a | w, d, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                                     seed = 3, se = "bootstrap", bootstrap = list(replicates = 4))),
    "could be estimated", class = "causalsynth_error_fit"
  )
})

test_that("weights, repeats and several arms go through the bootstrap", {
  d <- boot_study(90)
  weighted <- boot_effect(d, 3, weights = rep(1:3, 30), threads = 1)
  key <- derive_key(derive_key(rng_key(1), "bootstrap"), "resample", 1)
  drawn <- floor(random_uniforms(unclass(key), 90) * 90) + 1
  again <- estimate_effect(y ~ a | w + v, d[drawn, ], learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                           weights = rep(1:3, 30)[drawn])
  expect_equal(unname(weighted$bootstrap$values[1, ]), again$estimates$estimate, tolerance = 1e-12)
  d$arm <- factor(c("x", "y", "z"))[1 + seq_len(90) %% 3]
  arms <- boot_effect(d, 4, formula = y ~ arm | w + v, threads = 1)
  expect_named(coef(arms), c("ATE_y", "ATE_z"))
  expect_true(all(is.finite(vcov(arms))))
})

test_that("nuisance objects are fitted anew; what cannot be bootstrapped is refused with the reason", {
  d <- boot_study(80)
  nu <- nuisance(y ~ a | ., d, learn_glm(), learn_glm(), seed = 1)
  settings <- list(replicates = 3, type = "percentile")
  direct <- estimate_effect(y ~ a | ., d, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1,
                            se = "bootstrap", bootstrap = settings)
  expect_identical(estimate_effect(nu, se = "bootstrap", bootstrap = settings, seed = 1)$bootstrap$values,
                   direct$bootstrap$values)
  given <- as_nuisance(d$a, d$y, rep(.5, 80), d$w, d$w)
  pool <- generate(contract_hybrid(), 40, seed = 2)
  expect_snapshot(error = TRUE, {
    estimate_effect(given, se = "bootstrap")
    estimate_effect(nu, method = c("aipw", "matching"), se = "bootstrap")
    estimate_effect(nu, bootstrap = list(replicates = 10))
    estimate_effect(nu, se = "bootstrap", bootstrap = list(reps = 10))
    estimate_effect(nu, se = "bootstrap", bootstrap = 100)
    estimate_effect(nu, se = "bootstrap", bootstrap = list(type = "t"))
    estimate_effect(nu, se = "bootstrap", bootstrap = list(replicates = 1))
    estimate_effect(nu, se = "bootstrap", bootstrap = settings, synthetic = list(n = 50))
    estimate_effect(pool, se = "bootstrap")
  })
})

test_that("groups of units that are too few for the folds are an error", {
  d <- boot_study(60)
  expect_error(nuisance(y ~ a | w, d, learn_glm(), learn_glm(), crossfit = "folds", cluster = rep(1:3, 20)),
               "too few for 5 folds", class = "causalsynth_error_data")
})
