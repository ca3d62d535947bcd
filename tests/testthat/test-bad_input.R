# The issue's list of bad input through the public functions: each a classed error with the column, the count, the cure.
small_study <- function() {
  i <- 1:24
  data.frame(w = sin(i), v = cos(i), a = rep(0:1, 12), y = rep(c(0, 0, 1, 1, 0, 1, 1, 0), 3))
}
effect <- function(data, formula = y ~ a | .) {
  estimate_effect(formula, data, learner_treatment = learn_glm(), learner_outcome = learn_glm())
}
hybrid <- function(data, formula = y ~ a | .) {
  fit_hybrid(formula, data, gen_forest(trees = 3), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
             seed = 1)
}

test_that("files", {
  withr::local_dir(withr::local_tempdir())
  file.create("empty.csv")
  writeLines("a,b", "header.csv")
  writeLines(c("a,b", "1,2", "1", "1,2,3"), "ragged.csv")
  writeBin(as.raw(c(0x61, 0x0a, 0x31, 0x0a, 0xe9, 0x0a)), "latin1.csv")
  writeLines(c("a,a", "1,2"), "twice.csv")
  expect_snapshot(error = TRUE, {
    gen_data("missing.csv")
    gen_data("empty.csv")
    gen_data("header.csv")
    gen_data("ragged.csv")
    gen_data("latin1.csv")
    gen_data("twice.csv")
  })
  for (file in c("missing.csv", list.files())) expect_error(gen_data(!!file), class = "causalsynth_error_file")
})

test_that("studies", {
  d <- small_study()
  expect_snapshot(error = TRUE, {
    effect(d, y ~ a | w + u)
    hybrid(d, y ~ treated | w)
    effect(transform(d, a = a + 1))
    effect(transform(d, a = 1))
    hybrid(transform(d, a = "treated"))
    effect(transform(d, y = 1))
    hybrid(transform(d, y = 0))
    effect(transform(d, a = ifelse(w > 0, NA, a)))
    hybrid(transform(d, y = ifelse(w > 0, Inf, y)))
    hybrid(transform(d, a = ifelse(w > 0, -Inf, a)))
    effect(transform(d, w = ifelse(v > 0, Inf, w)))
    hybrid(transform(d, w = ifelse(v > 0, Inf, w)))
    fit_generator(gen_forest(), transform(d, w = ifelse(v > 0, Inf, w)))
    effect(d[1:6, ])
    effect(setNames(d, c("w", "w", "a", "y")))
    hybrid(setNames(d, c("w", "w", "a", "y")))
    fit_generator(gen_forest(), setNames(d, c("w", "w", "a", "y")))
    effect(d[0, ])
    hybrid(d[0, ])
  })
  for (bad in list(transform(d, a = 1), transform(d, y = 1), transform(d, a = NA), transform(d, w = Inf), d[0, ],
                   d[1:6, ])) {
    expect_error(effect(bad), class = "causalsynth_error_data")
    expect_error(hybrid(bad), class = "causalsynth_error_data")
  }
})

test_that("a constant outcome is allowed in generators", {
  fit <- fit_generator(gen_forest(trees = 3), transform(small_study(), y = 1), seed = 1)
  expect_identical(unique(generate(fit, 10, seed = 1)$y), 1)
})

test_that("numbers of rows", {
  generator <- fit_generator(gen_forest(trees = 3), small_study(), seed = 1)
  made <- hybrid(small_study())
  expect_snapshot(error = TRUE, {
    generate(generator, 0)
    generate(generator, -1)
    generate(made, 0)
    generate(made, -5)
    generate(made, 1e10)
    generate(dgp_paper(), 0)
    generate(fit_generator(gen_data(small_study()), small_study()), -1)
    simulate(made, -1)
  })
})

test_that("synthetic rows that disagree with the real ones", {
  real <- data.frame(w = c(1, 2, 3, 4, 5, 7), g = factor(rep(c("u", "v"), 3)), a = c(0, 1, 1, 0, 1, 0),
                     y = c(0, 1, 0, 1, 1, 0))
  score <- function(synthetic, test = real) tstr(synthetic, test, y ~ a | ., learner = learn_glm())
  level <- transform(real, g = factor(rep(c("u", "z"), 3)))
  expect_snapshot(error = TRUE, {
    dcr(real, real["w"])
    dcr(real, transform(real, w = "many"))
    dcr(real, transform(real, g = 1))
    dcr(real, level)
    score(real["w"])
    score(real[c("w", "a", "y")])
    score(cbind(real, extra = 1))
    score(transform(real, w = "many"))
    score(transform(real, g = 1))
    score(level)
    score(transform(real, a = ifelse(a == 1, "yes", "no")))
    fit_generator(gen_data(real[c("w", "a", "y")]), real)
    fit_generator(gen_data(transform(real, w = "many")), real)
  })
  cleaned <- fit_generator(gen_data(rbind(real, level)), real)
  expect_identical(cleaned$dropped[["unknown_level"]], 3L)
})

test_that("text that is not UTF-8", {
  real <- transform(small_study(), g = rep(c("caf\xe9", "bar"), 12))
  named <- setNames(small_study(), c("w", "caf\xe9", "a", "y"))
  arms <- transform(small_study(), a = ifelse(a == 1, "caf\xe9", "bar"))
  for (run in list(effect, hybrid, function(d) fit_generator(gen_forest(), d), function(d) dcr(d, d),
                   function(d) tstr(d, d, y ~ a | .))) {
    for (bad in list(real, named, arms)) {
      expect_error(run(bad), "not valid UTF-8", class = "causalsynth_error_data")
    }
  }
})

test_that("what estimation cannot bear, or only with a warning", {
  d <- transform(small_study(), g = rep(c("p", "q", "r"), 8))
  few <- rep(c(0, 1), c(20, 4))
  expect_snapshot(error = TRUE, {
    # one arm
    effect(transform(d, a = 1))
    # an arm smaller than the folds; an arm without weight in a fold
    effect_folds <- function(d, ...) nuisance(y ~ a | w, d, learn_glm(), learn_glm(), crossfit = "folds", seed = 1, ...)
    effect_folds(transform(d, a = few))
    effect_folds(d, weights = replace(rep(0, 24), c(1, 3:24)[d$a[c(1, 3:24)] == 0], 1))
    effect_folds(d, weights = as.numeric(d$a == 0 | seq_along(d$a) == 2))
    # weights
    effect_folds(d, weights = rep(-1, 24))
    effect_folds(d, weights = rep(0, 24))
    effect_folds(d, weights = c(NA, rep(1, 23)))
    # outcomes and means outside their bounds
    as_nuisance(d$a, d$y, rep(.5, 24), rep(1.2, 24), rep(.5, 24))
    est_tmle(q_bounds = 0)
    est_tmle(q_bounds = .7)
  })
  expect_snapshot({
    # separation, a level of one arm, few rows, in sample by a forest
    nu <- nuisance(y ~ a | s, transform(d, s = a + w / 9), learn_glm(), learn_glm(), bounds = NULL)
    nu <- nuisance(y ~ a | g, transform(d, g = ifelse(a == 1 & g == "p", "q", g)), learn_glm(), learn_glm())
    nu <- nuisance(y ~ a | w, d[1:16, ], learn_glm(), learn_glm(), bounds = NULL)
    nu <- nuisance(y ~ a | w, d, learn_forest(trees = 5), learn_forest(trees = 5), crossfit = "none", bounds = NULL,
                   seed = 1)
  })
  for (object in list(nu)) expect_true(all(is.finite(c(object$ps, object$q1, object$q0))))
})
