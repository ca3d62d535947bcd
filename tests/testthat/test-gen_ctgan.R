short_gan <- function(epochs = 3, ...) {
  settings <- list(...)
  small <- list(batch_size = 40, generator_layers = 16, critic_layers = 16, noise = 8, average = .9)
  do.call(gen_ctgan, c(list(epochs = epochs), settings, small[setdiff(names(small), names(settings))]))
}

test_that("the generators' contract holds", {
  test_generator_contract(function(data) {
    # What is asked of weights takes some training.
    if (identical(names(data), c("x", "g"))) {
      short_gan(120, rate_generator = 2e-3, rate_critic = 2e-3, generator_layers = c(32, 32), critic_layers = c(32, 32),
                average = .98, batch_size = 50)
    } else short_gan(1)
  }, point = FALSE)
})

gan_rows <- function(n = 400) {
  set.seed(1)
  x <- rnorm(n)
  g <- factor(ifelse(x + rnorm(n, 0, .3) > 0, "high", "low"))
  data.frame(x = x, g = g, k = as.integer(round(3 * x)), y = 2 * x + rnorm(n, 0, .5))
}

test_that("dependence is learnt; columns given are met", {
  fit <- fit_generator(gen_ctgan(epochs = 300, generator_layers = c(48, 48), critic_layers = c(48, 48), noise = 16,
                                 rate_generator = 1e-3, rate_critic = 1e-3), gan_rows(), seed = 2)
  rows <- generate(fit, 4000, seed = 3)
  expect_gt(cor(rows$x, rows$y), .6)
  expect_gt(mean((rows$x > 0) == (rows$g == "high")), .7)
  low <- generate(fit, 300, seed = 5, given = list(g = "low", y = c(-Inf, .5)))
  expect_true(all(low$g == "low" & low$y <= .5))
  expect_lt(mean(low$x), mean(rows$x))
})

test_that("a trace is kept and drawn; the training does not depend on the threads", {
  one <- fit_generator(short_gan(4), gan_rows(), seed = 1, threads = 1)
  two <- fit_generator(short_gan(4), gan_rows(), seed = 1, threads = 3)
  expect_identical(one, two)
  expect_named(one$trace, c("step", "critic", "generator", "penalty", "distance", "kept"))
  expect_identical(one$trace$step, seq(10, 40, 10))
  expect_identical(one$trace$step[one$trace$kept], one$trace$step[which.min(one$trace$distance)])
  expect_draws(autoplot(one, type = "loss"))
  last <- fit_generator(short_gan(2, holdout = 0), gan_rows(), seed = 1)
  expect_true(all(is.na(last$trace$distance)))
  expect_identical(last$trace$kept, c(FALSE, TRUE))
  expect_draws(autoplot(last, type = "loss"))
})

test_that("losses that are no numbers are rolled back, counted and told, or an error", {
  fit <- fit_generator(short_gan(6, rate_generator = 1e10, rate_critic = 1e10, holdout = 0), gan_rows(120), seed = 1)
  expect_match(fit$notes, "Losses that were no number: rolled back [1-9] time", all = FALSE)
  rows <- generate(fit, 50, seed = 1)
  expect_same_types(rows, gan_rows(120))
  expect_true(all(is.finite(rows$x)))
  expect_error(fit_generator(short_gan(2, rate_generator = 1e30, rate_critic = 1e30), gan_rows(120), seed = 1),
               "losses were no numbers", class = "causalsynth_error_fit")
})

test_that("an interrupt ends the training, and keeps the best model so far on request", {
  skip_on_os("windows")
  long <- function(...) fit_generator(short_gan(1e5, ...), gan_rows(), seed = 1)
  expect_identical(interrupted_at(0, long()), "left")
  expect_message(fit <- interrupted_at(1e-5, long(keep_on_interrupt = TRUE)), "best model so far, of step [1-9]")
  expect_match(fit$notes[1], "training was interrupted")
  expect_same_types(generate(fit, 50, seed = 1), gan_rows())
})

test_that("mixtures are those of mclust 6.0.0 and scikit-learn 1.2.1", {
  set.seed(1)
  u <- runif(3000)
  z <- rnorm(3000)
  x <- ifelse(u < .5, -6 + z, ifelse(u < .8, .5 * z, 7 + 1.5 * z))
  ours <- gan_mixture(x, list(components = 10))
  # Mclust(x, G = 1:6): mean, sd, share. Sampling errors of the sds: .019, .012, .045.
  mclust <- cbind(c(-5.971, -.012, 6.971), c(1.048, .497, 1.562), c(.519, .280, .201))
  expect_equal(ours, mclust, tolerance = .002)
  # BayesianGaussianMixture(10, weight_concentration_prior = 1e-3, max_iter = 5000): as many components at the same
  # places, wider by the pull of their priors.
  sklearn <- cbind(c(-5.968, -.014, 6.956), c(1.061, .531, 1.614), c(.519, .280, .201))
  expect_equal(ours[, c(1, 3)], sklearn[, c(1, 3)], tolerance = .01)
  expect_true(all(ours[, 2] < sklearn[, 2] & ours[, 2] > .9 * sklearn[, 2]))
})

test_that("a column of many levels takes memory by the root of their number", {
  set.seed(1)
  many <- data.frame(level = factor(sample(1500, 3000, TRUE)), x = rnorm(3000))
  fit <- fit_generator(short_gan(1, min_count = 1), many, seed = 1)
  # Weights of two digits of 39 each, where one-hot ones of 1,500 took 1,500 x (8 + 16 + 16) x 4 bytes.
  expect_lt(length(fit$model), 60000)
  expect_gt(length(unique(generate(fit, 3000, seed = 1)$level)), 500)
})

test_that("fit_hybrid and generate_to take it; damaged parts are refused", {
  expect_pipeline(short_gan())
  file <- withr::local_tempfile()
  fit <- fit_generator(short_gan(1), gan_rows(100), seed = 1)
  harm <- list(
    function(x) replace(x, "laws", list(x$laws[-1])), function(x) replace(x, "free", list(!x$free)),
    function(x) replace(x, "model", list(x$model[-9])), function(x) replace(x, "laws", list(rev(x$laws))),
    function(x) {
      x$laws$g$members <- list(9L, 1L)
      x
    }
  )
  for (how in harm) {
    write_model(how(fit), file, overwrite = TRUE)
    expect_error(read_model(file), class = "causalsynth_error_file")
  }
})

test_that("bad input is named", {
  fit <- fit_generator(short_gan(1), gan_rows(60), seed = 1)
  constant <- fit_generator(short_gan(1), data.frame(x = rep(1, 10)), seed = 1)
  expect_snapshot(error = TRUE, {
    gen_ctgan(batch_size = 50, pac = 20)
    gen_ctgan(generator_layers = 2.5)
    gen_ctgan(average = 1)
    gen_ctgan(epocs = 3)
    generate(fit, 3, given = list(x = .5))
    generate(fit, 3, given = list(x = c(90, 100)))
    autoplot(fit, type = "los")
    autoplot(constant, type = "loss")
  })
  expect_snapshot(fit)
})
