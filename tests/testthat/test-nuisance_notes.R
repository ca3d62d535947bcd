notes_study <- function(n = 80) {
  i <- seq_len(n)
  data.frame(w = sin(i), v = cos(3 * i), g = rep(c("u", "v", "w", "x"), length.out = n),
             a = as.integer(cos(2 * i) > 0), y = as.integer((i * .4142136) %% 1 < .5 + .2 * sin(i)))
}
glms <- function(data, formula = y ~ a | ., ...) nuisance(formula, data, learn_glm(), learn_glm(), seed = 1, ...)

test_that("perfect separation is said, with the columns", {
  d <- notes_study()
  d$s <- d$a + .1 * d$w
  expect_warning(nu <- glms(d, y ~ a | w + s, bounds = NULL), class = "causalsynth_warning_separated")
  expect_identical(nu$notes$separated$columns[[1]], "s")
  expect_match(format(nu), "perfect separation of treatment: by column s \\(1 of 1 fit\\)", all = FALSE)
  quiet <- function(...) suppressWarnings(glms(..., bounds = "gruber"))
  effect <- suppressWarnings(estimate_effect(nu$formula, d, learner_treatment = learn_glm(),
                                             learner_outcome = learn_glm()))
  expect_match(capture.output(print(effect)), "perfect separation of treatment: by column s", all = FALSE)
  # By folds, and of the outcome in one arm.
  d <- transform(notes_study(), y = ifelse(a == 1, as.integer(w > 0), y))
  nu <- quiet(d, y ~ a | w + v, crossfit = "folds", folds = 3)
  expect_identical(nu$notes$separated$nuisance, "outcome, treated")
  expect_identical(nu$notes$separated$columns[[1]], "w")
  expect_identical(nu$notes$separated$fits, 3L)
  # One warning for all fits of a kind.
  seen <- 0
  withCallingHandlers(
    glms(d, y ~ a | w + v, crossfit = "folds", folds = 3),
    causalsynth_warning_separated = function(w) {
      seen <<- seen + 1
      rlang::cnd_muffle(w)
    }
  )
  expect_identical(seen, 1)
})

test_that("quasi-separation by a level, by columns together, and by none", {
  x <- data.frame(w = sin(1:60), v = cos(4 * (1:60)), g = rep(c("u", "v", "w"), 20))
  fit <- function(x, y, weights = NULL) {
    suppressWarnings(fit_learner(learn_glm(), x, y, "binomial", rng_key(1), 1L, weights = weights))$separation
  }
  y <- as.integer(cos(9 * (1:60)) > 0)
  expect_null(fit(x, y))
  found <- fit(x, ifelse(x$g == "w", 1, y))
  expect_identical(found[c("columns", "together")], list(columns = "gw", together = FALSE))
  expect_identical(found$rows, 20L)
  found <- fit(x, as.numeric(x$w + x$v > .1))
  expect_identical(found[c("columns", "together")], list(columns = c("w", "v"), together = TRUE))
  expect_identical(found$rows, 60L)
  # Rows of weight 0 neither hide nor make it.
  noisy <- ifelse(x$g == "w", 1, y)
  noisy[3] <- 0
  expect_null(fit(x, noisy))
  expect_identical(fit(x, noisy, replace(rep(1, 60), 3, 0))$columns, "gw")
  expect_true(fit(x["w"], rep(1, 60))$one_class)
})

test_that("levels that one arm lacks are a warning with names and counts", {
  d <- notes_study()
  d$g[d$a == 0 & d$g == "x"] <- "u"
  expect_warning(nu <- suppressWarnings(glms(d, bounds = NULL), classes = "causalsynth_warning_separated"),
                 class = "causalsynth_warning_overlap")
  rows <- sum(d$g == "x")
  expect_match(format(nu), paste0("levels seen in one arm only: g: \"x\" \\(", rows, ", 1\\)"), all = FALSE)
  expect_true(all(is.finite(c(nu$ps, nu$q1, nu$q0))))
  expect_null(glms(notes_study())$one_arm_levels)
})

test_that("rows of weight 0 are counted", {
  nu <- glms(notes_study(), weights = rep(c(0, 1, 1, 1), 20))
  expect_match(format(nu), "20 rows of weight 0", all = FALSE)
  expect_false(any(grepl("weight 0", format(glms(notes_study(), weights = rep(1:2, 40))))))
})

test_that("filled and aliased columns are printed for every crossfit", {
  d <- transform(notes_study(), w2 = 2 * w)
  d$v[c(2, 9)] <- NA
  for (crossfit in c("none", "folds")) {
    nu <- suppressWarnings(glms(d, crossfit = crossfit, folds = 2), classes = "causalsynth_warning_separated")
    expect_match(format(nu), "missing filled by mean or mode: v \\(2\\)", all = FALSE)
    expect_match(format(nu), "collinear columns set aside: .*w2", all = FALSE)
  }
})
