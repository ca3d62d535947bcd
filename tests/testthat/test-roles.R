test_that("a formula names the roles", {
  roles <- parse_roles(mpg ~ am | wt + log(hp) + wt:qsec, mtcars)
  expect_identical(roles$outcome, "mpg")
  expect_identical(roles$treatment, "am")
  expect_identical(roles$covariates, c("wt", "hp", "qsec"))
  dots <- parse_roles(mpg ~ am | . - wt, mtcars[c("am", "wt", "hp", "mpg", "qsec")])
  expect_identical(attr(dots$terms, "term.labels"), c("hp", "qsec"))
  expect_identical(parse_roles(mpg ~ am | 1, mtcars)$covariates, character())
})

test_that("the treatment is 0/1 whatever its type; the first level is the reference", {
  d <- data.frame(y = c(1, 3, 2, 5), w = 1:4)
  forms <- list(
    list(c(0, 1, 1, 0), c("0", "1")), list(c(0L, 1L, 1L, 0L), c("0", "1")),
    list(c(FALSE, TRUE, TRUE, FALSE), c("FALSE", "TRUE")),
    list(factor(c("x", "b", "b", "x"), c("x", "b")), c("x", "b")), list(c("a", "b", "b", "a"), c("a", "b")),
    list(factor(c("x", "b", "b", "x"), c("x", "none", "b")), c("x", "b"))
  )
  for (form in forms) {
    study <- study_data(y ~ a | w, cbind(d, a = form[[1]]))
    expect_identical(study$treat, c(0, 1, 1, 0))
    expect_identical(study$treat_levels, form[[2]])
  }
})

test_that("the outcome's values decide the family", {
  family <- function(y) study_data(y ~ a | w, data.frame(w = 1:4, a = c(0, 1, 0, 1), y = y))$family
  expect_identical(family(c(0, 1, 1, 0)), "binomial")
  expect_identical(family(c(TRUE, FALSE, TRUE, TRUE)), "binomial")
  expect_identical(family(c("no", "yes", "yes", "no")), "binomial")
  expect_identical(family(c(0, 1, 1, 2)), "gaussian")
  expect_identical(family(c(1, 2, 1, 2)), "gaussian")
})

test_that("effects and hybrids print the reference level", {
  study <- transform(contract_study(), a = factor(a, 1:0, c("drug", "placebo")))
  run <- function(data) {
    estimate_effect(y ~ a | ., data, learner_treatment = learn_glm(), learner_outcome = learn_glm())
  }
  effect <- run(study)
  expect_output(print(effect), "placebo against drug (reference)", fixed = TRUE)
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1)
  expect_output(print(hybrid), "reference level of a is drug")
  flipped <- run(contract_study())
  expect_equal(coef(effect), -coef(flipped), tolerance = 1e-8)
})

test_that("missing roles are counted and dropped together", {
  d <- data.frame(y = c(1, NA, 2, 5, 3), a = c(0, 1, 1, NA, 0), w = 1:5)
  study <- study_data(y ~ a | w, d, na.omit)
  expect_identical(study$covs$w, c(1L, 3L, 5L))
  expect_identical(study$n_omitted, 2L)
})

test_that("roles that cannot be are named", {
  d <- data.frame(y = c(1, 3, 2, 5), a = c(0, 1, 0, 1), w = 1:4)
  study <- function(formula, ...) study_data(formula, transform(d, ...))
  expect_snapshot(error = TRUE, {
    study("y ~ a")
    study(y ~ a)
    study(log(y) ~ a | w)
    study(y ~ y | w)
    study(y ~ a | w + y)
    study(y ~ a | ww)
    study(y ~ a | w, a = c("x", "y", "z", "x"))
    study(y ~ a | w, a = c(0, 1, 2, 1))
    study(y ~ a | w, a = as.Date("2020-01-01") + 0:3)
    study(y ~ a | w, a = "x")
    study(y ~ a | w, a = factor("x", c("x", "y")))
    study(y ~ a | w, a = TRUE)
    study(y ~ a | w, a = c(0, 1, NA, NA))
    study(y ~ a | w, a = c(0, 1, Inf, 0))
    study(y ~ a | w, y = 7)
    study(y ~ a | w, y = c("x", "y", "z", "x"))
    study(y ~ a | w, y = c(1, -Inf, 2, 3))
    study(y ~ a | w, w = c(1, -Inf, 2, Inf))
    study(y ~ a | w, w = complex(4, 1:4))
  })
})

test_that("columns that a formula takes away are nowhere", {
  study <- generate(dgp_paper(), 200, seed = 1)
  shuffled <- transform(study, W6 = rev(W6))
  expect_identical(parse_roles(Y ~ A | . - W6, study)$covariates, paste0("W", 1:5))
  fit <- function(data) nuisance(Y ~ A | . - W6, data, learn_forest(trees = 20), learn_forest(trees = 20), seed = 1)$ps
  expect_identical(fit(study), fit(shuffled))
  expect_identical(names(forest(Y ~ . - W6, study, trees = 2, seed = 1)$blueprint), c(paste0("W", 1:5), "A"))
})

test_that("what is no model formula is an error of the package's own", {
  data <- data.frame(y = 1:4, a = c(0, 1, 0, 1), w = 1:4)
  for (formula in list(y ~ a | "w", y ~ a | NULL, y ~ a | w^2^w)) {
    expect_error(parse_roles(formula, data), class = "causalsynth_error_input")
  }
  expect_error(forest(y ~ "w", data), class = "causalsynth_error_input")
})

test_that("an outcome whose squares vanish is an error with the cure", {
  study <- data.frame(A = rep(0:1, 10), W = sin(1:20), Y = 1e-150 * cos(1:20))
  expect_snapshot(error = TRUE, estimate_effect(Y ~ A | W, study))
  study$Y <- data.frame(p = 1:20, q = 1)
  expect_snapshot(error = TRUE, estimate_effect(Y ~ A | W, study))
})

test_that("an offset is refused, where it would count for nothing", {
  data <- data.frame(y = sin(1:40), a = rep(0:1, 20), w = cos(1:40), z = 1:40)
  expect_error(estimate_effect(y ~ a | w + offset(z), data), "offset", class = "causalsynth_error_input")
  expect_error(forest(y ~ w + offset(z), data), "offset", class = "causalsynth_error_input")
  expect_error(fit_hybrid(y ~ a | w + offset(z), data), "offset", class = "causalsynth_error_input")
})
