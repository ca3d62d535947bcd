test_that("variables, expressions and matrices become columns", {
  frame <- learner_frame(terms(~ wt + hp), mtcars)
  expect_identical(frame, structure(as.list(mtcars[c("wt", "hp")]), class = "data.frame", row.names = 1:32))
  data <- transform(mtcars[1:9, ], cyl = factor(cyl))
  terms <- fixed_terms(terms(~ splines::ns(wt, 2) + I(hp^2) + cyl:qsec), data)
  frame <- learner_frame(terms, data)
  expect_identical(names(frame), c("splines::ns(wt, 2).1", "splines::ns(wt, 2).2", "I(hp^2)", "cyl", "qsec"))
  expect_identical(frame[["I(hp^2)"]], data$hp^2)
  expect_identical(frame$cyl, data$cyl)
})

test_that("new rows get the knots and centres of the fit", {
  terms <- fixed_terms(terms(~ splines::ns(wt, 3) + scale(hp)), mtcars)
  whole <- learner_frame(terms, mtcars)
  one <- learner_frame(terms, mtcars[7, ])
  expect_equal(unlist(one), unlist(whole[7, ]))
  gap <- learner_frame(terms, transform(mtcars[6:7, ], wt = c(NA, wt[2])))
  expect_true(all(is.na(gap[1, 1:3])))
  expect_equal(unlist(gap[2, ]), unlist(whole[7, ]))
})

test_that("forests and learners with splines predict a row alone as among others", {
  fit <- forest(mpg ~ splines::ns(wt, 3) + hp, mtcars, trees = 20, seed = 1)
  expect_identical(predict(fit, mtcars[7, ]), predict(fit, mtcars)[7])
  terms <- terms(~ splines::ns(wt, 3) + I(hp^2) + qsec:drat)
  for (learner in list(learn_forest(trees = 20), learn_glm())) {
    fit <- fit_learner(learner, mtcars, mtcars$mpg, "gaussian", rng_key(1), 1L, terms)
    expect_equal(predict_fit(fit, mtcars[7, ]), predict_fit(fit, mtcars)[7], tolerance = 1e-12)
  }
})
