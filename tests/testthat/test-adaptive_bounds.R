overlap_study <- function(n = 300, strength = 2.5) {
  i <- seq_len(n)
  w <- sin(i)
  ps <- plogis(strength * w)
  a <- as.integer((i * .618034) %% 1 < ps)
  data.frame(w = w, a = a, y = as.numeric((i * .4142136) %% 1 < plogis(w + a)), ps = ps)
}
given <- function(d = overlap_study(), bounds = "adaptive") {
  as_nuisance(d$a, d$y, d$ps, rep(.75, nrow(d)), plogis(d$w - .1), bounds = bounds)
}
quiet_effect <- function(...) suppressWarnings(estimate_effect(...), classes = "causalsynth_warning_overlap")

test_that("the choice is the largest c that agrees with all smaller ones", {
  # By hand: the third differs from the first by 3 > 1.5 sqrt(4 - 1) = 2.6; a fourth of 2 again agrees with all three
  # (2 <= 2.9, 1 <= 2.6, 1 <= 1.3), one of .5 not with the third.
  expect_identical(lepski_choice(c(0, 1, 3, 2), c(2, 1.8, 1, .5)), 4L)
  expect_identical(lepski_choice(c(0, 1, 3, .5), c(2, 1.8, 1, .5)), 2L)
  expect_identical(lepski_choice(c(0, 5, 5), c(1, 1, 1)), 1L)
  # Equality counts, and the variances' difference counts whatever its sign.
  expect_identical(lepski_choice(c(0, 3), c(0, 2)), 2L)
  expect_identical(lepski_choice(c(0, 3), c(2, 0)), 2L)
  expect_identical(lepski_choice(c(1, 1, 1), c(2, 2, 2)), 3L)
  expect_identical(lepski_choice(c(1, NA, 1), c(2, 2, 2)), 1L)
})

test_that("candidates are the estimates under each bound, and the choice is made among them", {
  d <- overlap_study(strength = 5)
  nu <- given(d)
  methods <- c("aipw", "tmle", "iptw")
  fit <- quiet_effect(nu, methods)
  table <- fit$bounds$candidates
  expect_identical(table$c, rep(c(.25, .5, 1, 2, 3, 4, 5, 6, 8), 3))
  expect_equal(table$bound, pmin(.25, table$c / (sqrt(300) * log(300))))
  for (i in c(1, 7, 9, 14, 22)) {
    alone <- suppressWarnings(estimate_effect(given(d, table$bound[i]), table$method[i]))
    expect_equal(table$estimate[i], coef(alone)[["ATE"]])
    expect_equal(table$std.error[i], sqrt(vcov(alone)[[1]]))
    expect_identical(table$n_bounded[i], alone$bounds$n_bounded)
  }
  for (m in methods) {
    rows <- table[table$method == m, ]
    expect_identical(which(rows$chosen), lepski_choice(rows$estimate, rows$std.error))
    expect_equal(coef(fit)[[paste0(m, ":ATE")]], rows$estimate[rows$chosen])
    expect_equal(sqrt(vcov(fit)[paste0(m, ":ATE"), paste0(m, ":ATE")]), rows$std.error[rows$chosen])
  }
  # The constants differ between methods here, so that a shared bound would be found out.
  expect_gt(length(unique(fit$bounds$chosen$c)), 1)
  expect_identical(glance(fit)$n_bounded, fit$bounds$chosen$n_bounded)
  expect_identical(glance(fit)$bound, fit$bounds$chosen$bound)
  one <- as.list(fit)$tmle
  expect_identical(unname(coef(one)), unname(coef(fit)["tmle:ATE"]))
  expect_identical(one$bounds$chosen$method, "tmle")
  expect_identical(glance(one)$bound, one$bounds$chosen$bound)
})

test_that("each estimand has its own choice; methods without bounds have none", {
  nu <- given()
  att <- quiet_effect(nu, "aipw", estimand = "ATT")
  expect_identical(coef(att)[["ATT"]], att$bounds$candidates$estimate[att$bounds$candidates$chosen])
  ato <- quiet_effect(nu, "iptw", estimand = "ATO")
  expect_identical(ato$bounds$chosen$c, NA_real_)
  expect_null(ato$bounds$candidates)
  expect_identical(glance(ato)$n_bounded, 0)
  expect_identical(coef(ato), coef(quiet_effect(given(bounds = "gruber"), "iptw", estimand = "ATO")))
  both <- quiet_effect(nu, c("or", "aipw"))
  expect_identical(unique(both$bounds$candidates$method), "aipw")
  expect_match(capture.output(print(both)), "or does not use them", all = FALSE)
  expect_match(capture.output(print(both)), "aipw: each arm's probability >= .*adaptive, c = ", all = FALSE)
})

test_that("what is bounded is counted, printed and warned of", {
  d <- overlap_study(strength = 6)
  nu <- given(d)
  expect_identical(nu$bounds$rule, "adaptive")
  expect_match(format(nu), "adaptive, chosen by each estimator", all = FALSE)
  expect_warning(fit <- estimate_effect(nu, "iptw"), class = "causalsynth_warning_overlap")
  chosen <- fit$bounds$chosen
  expect_identical(chosen$n_bounded, as.numeric(sum(d$ps < chosen$bound | 1 - d$ps < chosen$bound)))
  expect_match(capture.output(print(fit)), paste0("bounded ", chosen$n_bounded, " of 300 rows"), all = FALSE)
  easy <- given(overlap_study(strength = .1))
  expect_silent(fit <- estimate_effect(easy))
  expect_identical(fit$bounds$chosen$c, 8)
  expect_identical(fit$bounds$chosen$n_bounded, 0)
  expect_identical(coef(fit), coef(estimate_effect(given(overlap_study(strength = .1), NULL))))
})

test_that("with repeats the choice is made once, on the medians", {
  d <- overlap_study()
  run <- function(bounds) {
    suppressWarnings(estimate_effect(y ~ a | w, d, "aipw", learner_treatment = learn_glm(), repeats = 3, seed = 1,
                                     learner_outcome = learn_forest(trees = 20), bounds = bounds))
  }
  fit <- run("adaptive")
  expect_identical(nrow(fit$bounds$chosen), 1L)
  fixed <- run(fit$bounds$chosen$bound)
  expect_identical(coef(fit), coef(fixed))
  expect_identical(vcov(fit), vcov(fixed))
  table <- fit$bounds$candidates
  smallest <- run(table$bound[1])
  expect_identical(table$estimate[1], coef(smallest)[["ATE"]])
  expect_identical(table$std.error[1], sqrt(vcov(smallest)[[1]]))
})

test_that("clusters and case weights enter the choice", {
  d <- overlap_study()
  cluster <- rep(1:60, 5)
  fit <- quiet_effect(given(d), "aipw", cluster = cluster)
  table <- fit$bounds$candidates
  alone <- quiet_effect(given(d, table$bound[3]), "aipw", cluster = cluster)
  expect_identical(table$std.error[3], sqrt(vcov(alone)[[1]]))
})

test_that("a hybrid keeps TMLE's bound", {
  d <- overlap_study()[c("w", "a", "y")]
  make <- function(bounds) {
    suppressWarnings(fit_hybrid(y ~ a | w, d, gen_forest(trees = 3), learner_treatment = learn_glm(),
                                learner_outcome = learn_glm(), bounds = bounds, seed = 1))
  }
  hybrid <- make("adaptive")
  nu <- suppressWarnings(nuisance(y ~ a | w, d, learn_glm(), learn_glm(), bounds = "adaptive"))
  chosen <- quiet_effect(nu, "tmle")$bounds$chosen
  expect_identical(hybrid$bounds$value, chosen$bound)
  expect_identical(truth(hybrid), truth(make(chosen$bound)))
  expect_match(capture.output(print(hybrid)), paste0("adaptive, c = ", chosen$c), all = FALSE)
})
