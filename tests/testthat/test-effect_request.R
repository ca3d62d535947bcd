# A learner that no request which cannot be served may reach.
never <- learn_function(function(x, y, ...) stop("fitted"), function(fit, newx, ...) stop("asked"))
request_study <- function(n = 40) {
  i <- seq_len(n)
  data.frame(w = sin(i), a = i %% 2, arm = c("x", "y", "z")[1 + i %% 3], y = cos(i), b = as.numeric(cos(i) > 0))
}

test_that("requests that cannot be served are errors before anything is fitted", {
  d <- request_study()
  refused <- function(formula = y ~ a | w, ..., class = "causalsynth_error_input", data = d) {
    expect_error(estimate_effect(formula, data, learner_treatment = never, learner_outcome = never, ...), class = class)
  }
  # The learner itself fails with another class.
  refused(method = "aipw", class = "causalsynth_error_fit")
  refused(method = "tmle", estimand = "ATO")
  refused(method = c("aipw", "or"), estimand = "ATO")
  refused(method = "matching", estimand = "ATO")
  refused(method = est_matching(replace = FALSE))
  refused(method = "tmle", se = "sandwich")
  refused(method = "aipw", se = "sandwich")
  refused(method = "matching", se = "sandwich")
  refused(method = "matching", cluster = rep(1:20, 2))
  refused(method = "matching", weights = rep(1:2, 20))
  refused(method = "aipw", contrasts = TRUE)
  refused(method = est_tmle(y_bounds = c(0, 1)), class = "causalsynth_error_data")
  refused(y ~ arm | w, method = "matching")
  refused(y ~ arm | w, method = "aipw", estimand = "ATT")
  refused(y ~ arm | w, method = est_tmle("one"))
  refused(y ~ arm | w, method = "aipw", bounds = "adaptive")
  refused(y ~ arm | w, method = "aipw", contrasts = TRUE)
  # A missing outcome is found first, and those left out do not count.
  refused(method = "aipw", contrasts = TRUE, data = transform(d, y = replace(y, 3, NA)),
          class = "causalsynth_error_data")
  refused(b ~ a | w, method = "aipw", contrasts = TRUE, data = transform(d, b = replace(b, 3, NA)),
          na.action = stats::na.omit, class = "causalsynth_error_fit")
})

test_that("only the glms that a method's stacked equations need are asked for", {
  d <- request_study()
  glm <- learn_glm()
  ask <- function(...) estimate_effect(y ~ a | w, d, ..., se = "sandwich", seed = 1)
  small <- learn_forest(trees = 10)
  expect_s3_class(ask(method = "iptw", learner_treatment = glm, learner_outcome = small), "causalsynth_effect")
  expect_s3_class(ask(method = "or", learner_treatment = small, learner_outcome = glm), "causalsynth_effect")
  expect_error(ask(method = "or", learner_treatment = glm, learner_outcome = small), class = "causalsynth_error_input")
})
