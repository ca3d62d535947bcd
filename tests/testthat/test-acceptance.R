test_that("entropy balancing reaches the means with least change", {
  set.seed(1)
  x <- cbind(rnorm(2000), rbinom(2000, 1, .4))
  fit <- entropy_balance(x, c(.3, .5))
  expect_true(fit$converged)
  expect_equal(colMeans(x * fit$weights), c(.3, .5), tolerance = 1e-7)
  # Exponential tilting of a normal shifts it: weights of exp(.3 x).
  expect_equal(fit$lambda[1], .3, tolerance = .15)
  expect_equal(entropy_balance(x, colMeans(x))$ess, 1)
  expect_false(entropy_balance(x, c(0, 2))$converged)
})

test_that("rows are accepted so that moments are the seed's", {
  seed <- generate(dgp_paper(), 400, seed = 1)[1:6]
  rows <- generate(dgp_paper(), 20000, seed = 2)[1:6]
  rows$W4 <- .8 * rows$W4 - .3
  fit <- fit_acceptance(seed, rows, FALSE, NULL)
  expect_gt(fit$miss, .3)
  expect_gt(fit$ess, .3)
  w <- acceptance_weights(fit, rows)
  expect_equal(mean(w), 1, tolerance = 1e-6)
  expect_equal(sum(w * rows$W4) / sum(w), mean(seed$W4), tolerance = 1e-4)
  expect_equal(sum(w * rows$W4^2) / sum(w), mean(seed$W4^2), tolerance = 1e-4)
  expect_true(fit$pairs)
  expect_equal(sum(w * rows$W4 * rows$W6) / sum(w), mean(seed$W4 * seed$W6), tolerance = 1e-3)
  near <- fit_acceptance(seed, seed, TRUE, NULL)
  expect_null(near$lambda)
  expect_error(fit_acceptance(seed, transform(rows, W4 = W4 + 4), FALSE, NULL), "too far from the seed",
               class = "causalsynth_error_data")
})

test_that("a hybrid of rows that miss the seed releases rows that do not", {
  seed <- generate(dgp_paper(), 400, seed = 1)
  made <- generate(dgp_paper(), 4000, seed = 2)
  made$W5 <- made$W5 + .4
  made$W1 <- ifelse(seq_len(4000) %% 5 == 0, 1L, made$W1)
  hybrid <- fit_hybrid(Y ~ A | ., seed, gen_data(made), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 1)
  paper <- certificate(hybrid)
  expect_gt(max(abs(paper$moments$before - paper$moments$seed) / paper$moments$seed_sd), .3)
  expect_lt(max(abs(paper$moments$after - paper$moments$seed) / paper$moments$seed_sd), 1e-3)
  expect_lt(abs(truth(hybrid) - hybrid$seed_effect$estimate), hybrid$seed_effect$std.error / 20)
  pool <- generate(hybrid, 20000, seed = 3)
  expect_lt(abs(mean(pool$W5) - mean(seed$W5)), 4 * sd(pool$W5) / sqrt(20000) + .01)
  expect_lt(abs(truth(pool) - truth(hybrid)), 4 * hybrid$law$sd / sqrt(20000))
  whole <- generate(hybrid, 4000, seed = 4)
  expect_false(identical(whole$W4, made$W4))
})

test_that("a generator that draws is thinned, whatever the threads", {
  seed <- generate(dgp_paper(), 300, seed = 1)
  shifted <- gen_data(transform(generate(dgp_paper(), 500, seed = 2), W4 = W4 + .3))
  fit <- fit_generator(gen_forest(trees = 5), transform(seed, W4 = W4 + .3)[1:6], seed = 1)
  law <- released_law(fit, seed[1:6], rng_key(1), 2, NULL)
  expect_lt(law$acceptance$rate, 1)
  expect_identical(nrow(law$rows), 200000L)
  # Rows above the cap are accepted less often than they should be: a little is left.
  expect_lt(max(abs(law$acceptance$table$after - law$acceptance$table$seed)), .03)
  a <- accepted_rows(fit, law$acceptance, 500, rng_key(2), 1)
  expect_identical(a, accepted_rows(fit, law$acceptance, 500, rng_key(2), 3))
  expect_identical(nrow(a), 500L)
  expect_identical(attr(a, "row.names"), 1:500)
})

test_that("what the generator never draws is no obstacle", {
  seed <- generate(dgp_paper(), 300, seed = 1)
  seed$site <- factor(rep(c("a", "b", "rare"), c(160, 136, 4)))
  seed$lab <- replace(round(rev(seed$W5), 2), 1:3, NA)
  fit <- fit_generator(gen_forest(trees = 5), seed[setdiff(names(seed), c("A", "Y"))], seed = 1)
  expect_false(any(generate(fit, 2000, seed = 2)$site %in% "rare"))
  covs <- seed[setdiff(names(seed), c("A", "Y"))]
  rows <- generate(fit, 20000, seed = 3)
  plan <- drawn_moments(moment_plan(covs), covs, rows)
  site <- plan$columns[[7]]
  expect_identical(site[c("levels", "undrawn")], list(levels = "b", undrawn = "rare"))
  weights <- balance_moments(plan, covs, rows)
  expect_true(weights$converged)
  expect_equal(weights$target[["site: b"]], 136 / 296)
  hybrid <- fit_hybrid(Y ~ A | ., seed, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1)
  expect_lt(abs(truth(hybrid) - hybrid$seed_effect$estimate), hybrid$seed_effect$std.error / 20)
})
