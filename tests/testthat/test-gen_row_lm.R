short_lm <- function(...) gen_row_lm(epochs = 3, width = 8, layers = 1, heads = 2, ...)

test_that("the generators' contract holds", {
  test_generator_contract(function(data) {
    # What is asked of weights takes some training.
    if (identical(names(data), c("x", "g"))) gen_row_lm(epochs = 12, width = 16, heads = 2, layers = 1, rate = 5e-3)
    else short_lm()
  })
})

lm_rows <- function(n = 400) {
  set.seed(1)
  x <- rnorm(n)
  g <- factor(ifelse(x + rnorm(n, 0, .3) > 0, "high", "low"))
  data.frame(x = x, g = g, k = as.integer(round(3 * x)), y = 2 * x + rnorm(n, 0, .5))
}

lm_fit <- function() {
  fit_generator(gen_row_lm(epochs = 40, width = 24, heads = 2, layers = 1, rate = 4e-3), lm_rows(), seed = 2)
}

test_that("dependence is learnt in any direction, gaps are filled by it, rows are scored by it", {
  fit <- lm_fit()
  rows <- generate(fit, 4000, seed = 3)
  expect_gt(cor(rows$x, rows$y), .85)
  expect_gt(mean((rows$x > 0) == (rows$g == "high")), .85)
  back <- generate(fit, given = data.frame(y = rep(c(-3, 3), each = 300)), seed = 4)
  expect_gt(mean(back$x[back$y > 0]) - mean(back$x[back$y < 0]), 2)
  ranged <- generate(fit, 300, seed = 5, given = list(g = "low", y = c(.5, Inf)))
  expect_true(all(ranged$g == "low" & ranged$y >= .5))
  # Picked by what is given: x is near 0 rather than far below.
  expect_gt(mean(ranged$x), mean(rows$x[rows$g == "low"]))

  gaps <- lm_rows()
  gaps$g[1:200] <- NA
  gaps$x[101:300] <- NA
  gaps$y[7] <- NA
  filled <- impute(fit, gaps, seed = 6)
  expect_false(anyNA(filled))
  expect_identical(filled$x[-(101:300)], lm_rows()$x[-(101:300)])
  expect_identical(filled$g[201:400], lm_rows()$g[201:400])
  expect_identical(lapply(filled, class), lapply(gaps, class))
  expect_gt(cor(filled$x[101:300], filled$y[101:300]), .8)
  expect_identical(impute(fit, gaps, seed = 6, threads = 1), filled)
  expect_identical(names(impute(fit, gaps[c("g", "x")], seed = 1)), c("g", "x"))

  real <- lm_rows()[1:100, ]
  wrong <- transform(real, y = rev(y))
  score <- log_prob(fit, real)
  expect_length(score, 100)
  expect_gt(mean(score[is.finite(score)]), mean(pmax(log_prob(fit, wrong), -30)) + 1)
  expect_identical(log_prob(fit, real, threads = 1), score)
  many <- log_prob(fit, real, orders = 4, seed = 1)
  expect_gt(cor(many[is.finite(score)], score[is.finite(score)]), .8)
  expect_identical(log_prob(fit, transform(real, y = 100)), rep(-Inf, 100))
})

test_that("probabilities of classes sum to one", {
  set.seed(2)
  seed <- data.frame(a = factor(sample(letters[1:3], 150, TRUE)), b = sample(0:2, 150, TRUE))
  fit <- fit_generator(short_lm(), seed, seed = 1)
  all <- expand.grid(a = levels(seed$a), b = 0:2)
  for (orders in c(0, 3)) expect_equal(sum(exp(log_prob(fit, all, orders = orders, seed = 1))), 1, tolerance = 1e-5)
  shares <- table(generate(fit, 20000, seed = 2)) / 20000
  expect_lt(max(abs(as.numeric(shares) - exp(log_prob(fit, all)))), .015)
  # The same with what a temperature and top_p leave.
  cold <- fit_generator(short_lm(temperature = .001), seed, seed = 1)
  expect_lte(nrow(unique(generate(cold, 50, seed = 2))), 2)
  few <- fit_generator(short_lm(top_p = .01), seed, seed = 1)
  expect_identical(nrow(unique(generate(few, 50, seed = 2))), 1L)
})

test_that("training is the same for any number of threads, keeps a trace and ends early", {
  seed <- lm_rows(150)
  one <- fit_generator(gen_row_lm(epochs = 4, width = 8, heads = 2), seed, seed = 1, threads = 1)
  expect_identical(fit_generator(gen_row_lm(epochs = 4, width = 8, heads = 2), seed, seed = 1, threads = 3), one)
  expect_named(one$trace, c("epoch", "train", "held_out", "distance"))
  expect_identical(one$trace$epoch, as.numeric(1:4))
  expect_lt(one$trace$train[4], one$trace$train[1])
  expect_draws(autoplot(one, type = "loss"))
  early <- fit_generator(gen_row_lm(epochs = 300, width = 16, heads = 2, rate = .02, patience = 2), seed, seed = 1)
  expect_lt(nrow(early$trace), 100)
  expect_match(early$notes[1], "without further gain|too close")
  whole <- fit_generator(gen_row_lm(epochs = 2, width = 8, heads = 2, holdout = 0), seed, seed = 1)
  expect_true(all(is.na(whole$trace$held_out)))
})

test_that("losses that are no number are rolled back, counted and told; training goes on at a lower rate", {
  # Rate times decay above 2: weights grow from step to step, without end.
  exploding <- function(epochs, ...) {
    fit_generator(gen_row_lm(epochs = epochs, width = 8, heads = 2, layers = 1, rate = .5, ...), lm_rows(120), seed = 1)
  }
  fit <- exploding(12, weight_decay = 20, holdout = 0)
  expect_match(fit$notes, "Losses that were no number: rolled back [1-4] times?, each", all = FALSE)
  expect_match(fit$notes[1], "ran to its end")
  expect_lt(fit$trace$train[12], 50)
  expect_gt(max(fit$trace$train), 1e20)
  expect_same_types(generate(fit, 50, seed = 1), lm_rows(120))
  # Too wild for eight halvings.
  lost <- exploding(40, weight_decay = 99, holdout = .2)
  expect_match(lost$notes, "rolled back", all = FALSE)
  expect_true(all(is.finite(generate(lost, 50, seed = 1)$x)))
})

test_that("an interrupt ends the training, and keeps the best model so far on request", {
  skip_on_os("windows")
  long <- function(...) fit_generator(gen_row_lm(epochs = 2000, width = 16, heads = 2, ...), lm_rows(), seed = 1)
  expect_identical(interrupted_at(0, long()), "left")
  # Nothing judged yet: nothing is kept.
  expect_identical(interrupted_at(0, long(keep_on_interrupt = TRUE)), "left")
  expect_message(fit <- interrupted_at(.011, long(keep_on_interrupt = TRUE)), "best model so far, of epoch [1-9]")
  expect_match(fit$notes[1], "was interrupted; weights of epoch [1-9]")
  expect_lt(max(fit$trace$epoch), 1000)
  expect_same_types(generate(fit, 50, seed = 1), lm_rows())
})

test_that("the progress shows the loss and the time left, to those who look", {
  expect_null(withr::with_options(list(causalsynth.progress = FALSE), loss_progress_bar("Training")))
  shown <- cli::cli_fmt({
    withr::local_options(causalsynth.progress = TRUE, cli.dynamic = FALSE, cli.progress_show_after = 0)
    tell <- loss_progress_bar("Training")
    tell(.1, 9)
    environment(tell)$started <- proc.time()[["elapsed"]] - 30
    tell(.25, 1.23456)
    tell(.5, "0.5 and 2")
  })
  expect_match(shown[1], "Training.*25% \\| loss 1.235 \\| 2 min left")
  expect_match(shown[2], "50% \\| loss 0.5 and 2 \\| 3[0-9] s left")
  expect_length(shown, 2)
  expect_identical(vapply(c(.2, 59.5, 61, 7000), spell_seconds, ""), c("1 s", "60 s", "2 min", "1.9 h"))
})

test_that("fit_hybrid and generate_to take it", {
  study <- contract_study()
  hybrid <- fit_hybrid(y ~ a | ., study, short_lm(), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 1)
  expect_identical(nrow(generate(hybrid, 30, seed = 2)), 30L)
  file <- withr::local_tempfile()
  write_model(hybrid, file)
  expect_identical(generate(read_model(file), 10, seed = 3), generate(hybrid, 10, seed = 3))
  folder <- withr::local_tempdir()
  generate_to(hybrid$generator, 40, folder, format = "csv", shard_rows = 20, seed = 1)
  expect_length(list.files(folder, "csv"), 2)
})

test_that("bad input is named", {
  seed <- lm_rows(60)
  fit <- fit_generator(short_lm(), seed, seed = 1)
  strata <- fit_generator(short_lm(), lm_rows(), strata = "g", seed = 1)
  forest <- fit_generator(gen_copula(), seed, seed = 1)
  expect_snapshot(error = TRUE, {
    gen_row_lm(width = 10, heads = 3)
    gen_row_lm(temperature = 0)
    gen_row_lm(epoch = 3)
    gen_row_lm(top_p = 2)
    impute(fit, data.frame(z = 1))
    impute(fit, transform(seed, g = "other"))
    impute(forest, seed)
    log_prob(strata, seed)
    log_prob(1, seed)
    log_prob(fit, seed["x"])
    generate(fit, 3, given = list(x = c(90, 100)))
    autoplot(fit, type = "los")
  })
  expect_snapshot(fit)
})
