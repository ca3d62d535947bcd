test_that("lights of privacy: exact values by name, attacks by intervals that hold together", {
  real <- generate(dgp_paper("weak"), 120, seed = 1)
  holdout <- generate(dgp_paper("weak"), 120, seed = 2)
  set.seed(3)
  shuffled <- as.data.frame(lapply(real, sample))
  ask <- function(synthetic) privacy(real, synthetic, holdout, formula = Y ~ A | ., attacks = 30, seed = 1)
  risks <- ask(shuffled)
  lights <- privacy_lights(risks)
  at <- match("Exact values of single people", lights$check)
  expect_identical(lights$light[at], "problem")
  expect_match(lights$reason[at], "W4, W5, W6")
  fresh <- privacy_lights(ask(generate(dgp_paper("weak"), 120, seed = 4)))
  expect_identical(fresh$light[at], "good")
  expect_match(fresh$reason[at], "none has")
  # Five areas under curves: the level of each is 99 %.
  membership <- grepl("^(membership.*|attribute)_auc", risks$scores$metric)
  expect_identical(sum(membership), 5L)
  joint <- tidy(risks, conf.level = .99)[membership, ]
  best <- joint[which.max(joint$conf.low), ]
  expect_match(lights$reason[lights$check == "Telling who was in the data"],
               sprintf("AUC %s (%s to %s, ", signif(best$estimate, 3), signif(best$conf.low, 3),
                       signif(best$conf.high, 3)), fixed = TRUE)
})

test_that("a light by a number", {
  expect_identical(vapply(c(.05, .2, .6, NA), light_of, "", .1, .5), c("good", "look", "problem", "unknown"))
})

test_that("exploded standard errors of studies are short", {
  expect_identical(with_error(c(.1234, 119926319363.66, NA), c(.01, 59963159681, .01)),
                   c("0.123 (0.010)", "1.2e+11 (6e+10)", "-"))
})
