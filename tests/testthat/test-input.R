# Input that once failed without a class, or failed though it was right.
input_study <- function() {
  i <- 1:40
  data.frame(w = sin(i), v = cos(i), a = rep(0:1, 20), y = rep(c(0, 0, 1, 1, 0, 1, 1, 0), 5))
}
is_input <- "causalsynth_error_input"
is_data <- "causalsynth_error_data"

test_that("required arguments are named when missing", {
  d <- input_study()
  made <- fit_hybrid(y ~ a | ., d, gen_forest(trees = 3), learner_treatment = learn_glm(),
                     learner_outcome = learn_glm(), seed = 1)
  expect_error(estimate_effect(y ~ a | w), "data.*missing", class = is_input)
  expect_error(nuisance(y ~ a | w), "data.*missing", class = is_input)
  expect_error(nuisance(data = d), "formula.*missing", class = is_input)
  expect_error(fit_hybrid(y ~ a | w), "data.*missing", class = is_input)
  expect_error(generate(made), "`n`.*missing", class = is_input)
  expect_error(generate(dgp_paper()), "`n`.*missing", class = is_input)
  expect_error(tstr(), "synthetic.*missing", class = is_input)
  expect_error(tstr(d), "test.*missing", class = is_input)
  expect_error(tstr(d, d), "formula.*missing", class = is_input)
  expect_error(fit_generator(), "spec.*missing", class = is_input)
  expect_error(fit_generator(gen_forest()), "data.*missing", class = is_input)
  expect_error(dcr(), "real.*missing", class = is_input)
  expect_error(dcr(d), "synthetic.*missing", class = is_input)
  expect_error(gen_data(), "rows.*missing", class = is_input)
  expect_error(forest(d), "`y`.*missing", class = is_input)
  expect_error(as_nuisance(d$a), "outcome.*missing", class = is_input)
})

test_that("bags of all rows without replacement are refused where out-of-bag rows are needed", {
  d <- input_study()
  expect_error(learn_forest(replace = FALSE), "sample_fraction", class = is_input)
  expect_error(learn_forest(replace = FALSE, min_node_size = 5), "sample_fraction", class = is_input)
  expect_error(forest(y ~ w, d, replace = FALSE, min_node_size = c(5, 10)), "sample_fraction", class = is_input)
  expect_s3_class(learn_forest(replace = FALSE, sample_fraction = .6), "learn_forest")
  expect_s3_class(learn_forest(replace = FALSE, min_node_size = 5, crossfit = "folds"), "learn_forest")
  expect_null(forest(y ~ w, d, replace = FALSE, trees = 3, seed = 1)$oob)
})

test_that("more levels or columns than a forest can number are refused", {
  x <- data.frame(f = factor(seq_len(65535)))
  expect_error(forest(x, as.numeric(seq_len(65535)), trees = 1), "65535 levels", class = is_data)
  wide <- lapply(rep(list(list(levels = NULL)), 65536), identity)
  expect_error(check_forest_size(wide), "65536 columns", class = is_data)
})

test_that("weights that leave an arm empty are refused", {
  d <- input_study()
  weights <- as.numeric(d$a == 1)
  effect <- function(...) estimate_effect(..., learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_error(effect(y ~ a | w, d, weights = weights), "control arm", class = is_data)
  given <- function(...) as_nuisance(d$a, d$y, rep(.5, 40), rep(.5, 40), rep(.5, 40), ...)
  expect_error(given(weights = 1 - weights), "treated arm", class = is_data)
  expect_error(estimate_effect(given(), weights = weights), "control arm", class = is_data)
})

test_that("formulas may name variables of their environment within expressions", {
  d <- input_study()
  k <- 2
  expect_silent(check_known_columns(c("w", "pi", "k"), d, NULL, y ~ a | sin(pi * w) + I(w^k)))
  expect_error(check_known_columns("k", d, NULL, y ~ a | w + k), "unknown column", class = is_input)
  expect_error(check_known_columns("t", d, NULL, y ~ a | log(t)), "unknown column", class = is_input)
  expect_error(check_known_columns("u", d, NULL, y ~ a | log(u)), "unknown column", class = is_input)
})

test_that("methods come as specs, functions and names in any mixture", {
  d <- input_study()
  methods <- function(m) {
    specs <- resolve_methods(m, NULL)
    expect_true(all(vapply(specs, inherits, NA, "causalsynth_estimator")))
    names(specs)
  }
  expect_identical(methods(c(est_aipw(), est_tmle())), c("aipw", "tmle"))
  expect_identical(methods(c("aipw", est_tmle(fluctuation = "one"))), c("aipw", "tmle"))
  expect_identical(resolve_methods(c("aipw", est_tmle("one")), NULL)$tmle, est_tmle("one"))
  expect_identical(methods(c(est_aipw, est_or(), "iptw")), c("aipw", "or", "iptw"))
  expect_identical(methods(c("aipw", x = est_or(), y = est_iptw())), c("aipw", "x", "y"))
  expect_identical(methods(c(b = est_aipw(), "tmle", est_or)), c("b", "tmle", "or"))
  expect_identical(methods(est_aipw), "aipw")
  expect_error(estimate_effect(y ~ a | w, d, "TMLE"), "Did you mean \"tmle\"", class = is_input)
  expect_error(estimate_effect(y ~ a | w, d, "ipw"), "Did you mean \"iptw\"", class = is_input)
  expect_error(estimate_effect(y ~ a | w, d, mean), "a function", class = is_input)
})

test_that("an environment of many threads is cut to what is allowed", {
  withr::local_options(causalsynth.threads = NULL)
  withr::local_envvar(RCPP_PARALLEL_NUM_THREADS = "4096")
  expect_identical(resolve_threads(NULL), 1024L)
})

test_that("an ordered outcome is predicted as ordered", {
  d <- input_study()
  grade <- factor(rep(c("low", "mid", "high", "mid"), 10), c("low", "mid", "high"), ordered = TRUE)
  fit <- forest(d, grade, trees = 5, seed = 1)
  expect_s3_class(predict(fit, d), "ordered")
  expect_identical(levels(predict(fit, d)), levels(grade))
  expect_false(is.ordered(predict(forest(d, factor(grade, ordered = FALSE), trees = 5, seed = 1), d)))
})

test_that("unknown arguments of tables and figures are errors, confidence levels lie within (0, 1)", {
  d <- input_study()
  made <- fit_hybrid(y ~ a | ., d, gen_forest(trees = 3), learner_treatment = learn_glm(),
                     learner_outcome = learn_glm(), seed = 1)
  objects <- list(made, made$generator, forest(y ~ ., d, trees = 5, seed = 1))
  for (object in objects) {
    for (see in list(tidy, glance, autoplot)) expect_error(see(object, given = 1), "given", class = is_input)
  }
  metrics <- list(dcr(d, d), tstr(d, d, y ~ a | ., learner = learn_glm()))
  for (metric in metrics) {
    for (level in c(0, 1)) expect_error(tidy(metric, conf.level = level), "between 0 and 1", class = is_input)
  }
  expect_match(format(made), "Propensity bounds: .*bounded .* of 40", all = FALSE)
})

test_that("a test set may have one arm", {
  d <- generate(dgp_paper(), 300, seed = 1)
  one <- subset(generate(dgp_paper(), 300, seed = 2), A == 1)
  got <- tstr(d, one, Y ~ A | ., learner = learn_glm())
  expect_identical(got$n_test, nrow(one))
  expect_length(got$prediction, nrow(one))
  model <- glm(Y ~ ., binomial, d)
  expect_equal(got$prediction, unname(predict(model, one, type = "response")), tolerance = 1e-6)
  named <- function(rows) transform(rows, A = factor(ifelse(A == 1, "new", "old"), c("old", "new")))
  expect_equal(tstr(named(d), named(one), Y ~ A | ., learner = learn_glm())$prediction, got$prediction)
  text <- function(rows) transform(rows, A = A == 1)
  expect_equal(tstr(text(d), text(one), Y ~ A | ., learner = learn_glm())$prediction, got$prediction)
  odd <- transform(named(one), A = "other")
  expect_error(tstr(named(d), odd, Y ~ A | ., learner = learn_glm()), class = is_data)
})

test_that("files of rows take their types from the seed", {
  withr::local_dir(withr::local_tempdir())
  writeLines(c("f,code,k,l,d,b", "T,01,1,true,2020-01-01,TRUE", "F,02,2.0,F,2020-01-02,FALSE", "NA,01,3,T,,TRUE",
               "T,,3,T,2020-01-01,TRUE"), "rows.csv")
  seed <- data.frame(f = factor(c("T", "F", "T")), code = factor(c("01", "02", "01")), k = 1:3, l = c(TRUE, FALSE, NA),
                     d = as.Date("2020-01-01") + c(0, 1, NA), b = c(1L, 0L, 1L))
  fit <- fit_generator(gen_data("rows.csv"), seed)
  expect_identical(fit$dropped[["missing"]], 2L)
  expect_identical(fit$rows, transform(seed[1:2, ], row.names = NULL))
  writeLines(c("f", "1.0", "2"), "rows.csv")
  fit <- fit_generator(gen_data("rows.csv"), data.frame(f = factor(1:2)))
  expect_identical(as.character(fit$rows$f), c("1", "2"))
})
