fixture_rows <- function() {
  rows <- utils::read.csv(test_path("fixtures", "privacy-data.csv"))
  lapply(split(rows[-1], rows$set), function(x) `rownames<-`(x, NULL))
}

value_of <- function(object, metric, column = "estimate") {
  object$scores[[column]][match(metric, object$scores$metric)]
}

draw_real <- function(n, seed) {
  rows <- generate(dgp_paper("weak"), n, seed = seed)
  set.seed(seed)
  rows$site <- factor(sample(letters[1:6], n, TRUE, 6:1))
  rows$lab <- ifelse(runif(n) < .1, NA, rlnorm(n, rows$W2 / 2))
  rows
}

test_that("scores equal those of synthpop, FNN, pROC and SDMetrics' definitions", {
  rows <- fixture_rows()
  figures <- utils::read.csv(test_path("fixtures", "privacy.csv"))
  figures <- stats::setNames(figures$value, figures$metric)
  gower <- privacy(rows$train, rows$synthetic, rows$holdout, keys = c("age", "sex", "edu"), secrets = "ill",
                   attacks = 20, seed = 1)
  euclid <- privacy(rows$train, rows$synthetic, rows$holdout, columns = c("x", "z"), distance = "euclidean",
                    attacks = 20, seed = 1)
  auc <- c(euclid_auc = "estimate", euclid_auc_low = "conf.low", euclid_auc_high = "conf.high")
  for (name in names(figures)) {
    got <- if (name %in% names(auc)) {
      value_of(euclid, "membership_distance_auc", auc[[name]])
    } else if (startsWith(name, "euclid_")) {
      value_of(euclid, sub("euclid_", "", name))
    } else if (endsWith(name, "_reference")) {
      value_of(gower, sub("_reference", "", name), "reference")
    } else {
      value_of(gower, name)
    }
    expect_equal(got, figures[[name]], tolerance = 1e-12, label = name)
  }
  # Every synthetic row was used, and said so.
  expect_identical(value_of(gower, "dcr_share", "n"), 150L)
})

test_that("training rows as synthetic rows are found out", {
  real <- draw_real(200, 1)
  risks <- privacy(real, real, draw_real(200, 2), formula = Y ~ A | ., keys = c("W4", "site"), attacks = 100, seed = 1)
  for (metric in c("copies", "near_copies", "dcr_share")) expect_identical(value_of(risks, metric), 1, label = metric)
  expect_identical(value_of(risks, "dcr_overfitting_protection"), 0)
  expect_identical(value_of(risks, "dcr_baseline_protection"), 0)
  for (metric in grep("^membership.*auc", risks$scores$metric, value = TRUE)) {
    expect_gt(value_of(risks, metric), .95, label = metric)
  }
  expect_gt(value_of(risks, "membership_tpr"), .95)
  for (metric in c("singling_out_univariate_risk", "singling_out_multivariate_risk", "linkability_risk",
                   "inference_risk_of_A", "inference_risk_of_Y")) {
    limit <- if (grepl("inference", metric)) 0 else .5
    expect_gte(value_of(risks, metric, "conf.low"), limit, label = metric)
  }
})

test_that("fresh real rows give nothing away, shuffled columns no more", {
  contains <- above <- 0
  for (run in 1:6) {
    real <- draw_real(150, 10 * run)
    set.seed(run)
    shuffled <- as.data.frame(lapply(real, function(x) x[sample(150)]))
    risks <- lapply(list(draw_real(150, 10 * run + 1), shuffled), privacy, real = real,
                    holdout = draw_real(150, 10 * run + 2), formula = Y ~ A | ., attacks = 60, seed = run)
    scores <- risks[[1]]$scores[grepl("_auc|_risk|dcr_share", risks[[1]]$scores$metric), ]
    null <- ifelse(grepl("_risk", scores$metric), 0, .5)
    contains <- contains + (scores$unclipped.low <= null & null <= scores$unclipped.high)
    above <- above + c(value_of(risks[[2]], "copies"), value_of(risks[[2]], "near_copies") > .2,
                       value_of(risks[[2]], "membership_auc", "conf.low") > .5,
                       value_of(risks[[2]], "linkability_risk", "conf.low") > 0)
  }
  # Each is missed once in twenty: three times in six is a chance of 1 in 500.
  expect_true(all(contains >= 4), label = paste(scores$metric[contains < 4], collapse = ", "))
  expect_true(all(above <= c(0, 0, 3, 2)))
})

test_that("shuffled columns release exact values, and this is said; grouped ones pass", {
  real <- draw_real(150, 31)
  holdout <- draw_real(150, 32)
  shuffle <- function(x) {
    set.seed(3)
    as.data.frame(lapply(x, function(column) column[sample(150)]))
  }
  ask <- function(real, holdout = NULL) {
    privacy(real, shuffle(real), holdout, formula = Y ~ A | ., keys = "site", attacks = 60, seed = 1)
  }
  exact <- ask(real, holdout)
  # Four of ten columns are numbers of which each row has its own; a tenth of one is missing.
  expect_equal(value_of(exact, "unique_values"), mean(rowMeans(cbind(!is.na(shuffle(real)[c("W4", "W5", "W6", "lab")]),
    matrix(FALSE, 150, 6))) / (1 - is.na(shuffle(real)$lab) / 10)))
  expect_identical(value_of(exact, "unique_values", "reference"), 0)
  expect_identical(exact$released, c("W4", "W5", "W6", "lab"))
  expect_match(exact$notes, "Exact values of single real rows are released in W4, W5, W6, lab", all = FALSE)
  expect_gt(value_of(exact, "singling_out_univariate_risk", "conf.low"), .9)
  told <- exact$scores$detail[exact$scores$metric == "singling_out_univariate_risk"]
  expect_match(told, "of 60 successes by one exact value")
  expect_identical(ask(real)$released, c("W4", "W5", "W6", "lab"))
  grouped <- function(x) {
    x[c("W4", "W5", "W6")] <- lapply(x[c("W4", "W5", "W6")], function(v) pmin(pmax(round(v), -1), 1))
    x$lab <- pmin(round(x$lab), 2)
    x
  }
  safe <- ask(grouped(real), grouped(holdout))
  expect_identical(value_of(safe, "unique_values"), 0)
  expect_gt(value_of(safe, "unique_values", "conf.high"), 0)
  expect_identical(safe$released, character())
  # No value of one row: nothing to single out by.
  expect_identical(value_of(safe, "singling_out_univariate_risk", "n"), 0L)
  risks <- safe$scores[grepl("_risk|_auc|dcr_share", safe$scores$metric) & safe$scores$n > 0, ]
  null <- ifelse(grepl("_risk", risks$metric), 0, .5)
  # Of a dozen intervals of 95 %.
  expect_lte(sum(risks$unclipped.low > null), 2)
})

test_that("copies with noise are caught though the mean distance looks normal", {
  for (run in 1:3) {
    real <- draw_real(150, 20 * run)
    holdout <- draw_real(150, 20 * run + 1)
    made <- real
    set.seed(run)
    numbers <- c("W1", "W2", "W3", "lab")
    for (name in numbers) {
      width <- sd(real[[name]], na.rm = TRUE)
      ends <- range(real[[name]], na.rm = TRUE)
      made[[name]] <- made[[name]] + rnorm(150, sd = .01 * width)
      made[[name]][76:150] <- runif(75, ends[1], ends[2])
    }
    made$site[76:150] <- sample(levels(made$site), 75, TRUE)
    risks <- privacy(real, made, holdout, attacks = 50, seed = run)
    expect_gt(value_of(risks, "dcr_mean"), .8 * value_of(risks, "dcr_mean", "reference"))
    expect_gt(value_of(risks, "membership_auc", "conf.low"), .5)
    expect_gt(value_of(risks, "membership_distance_auc", "conf.low"), .5)
    expect_gt(value_of(risks, "linkability_risk", "unclipped.low"), 0)
  }
})

test_that("the result depends on the seed alone", {
  real <- draw_real(80, 1)
  fresh <- draw_real(80, 2)
  holdout <- draw_real(80, 3)
  ask <- function(...) privacy(real, fresh, holdout, formula = Y ~ A | ., keys = "site", attacks = 30, ...)$scores
  set.seed(1)
  before <- .Random.seed
  one <- ask(seed = 4, threads = 1)
  expect_identical(.Random.seed, before)
  expect_identical(ask(seed = 4, threads = 2), one)
  expect_identical(ask(seed = 4, threads = 3), one)
  expect_false(identical(ask(seed = 5), one))
  set.seed(9)
  first <- ask()
  set.seed(9)
  expect_identical(ask(), first)
})

test_that("without a holdout, what cannot be said is not said", {
  real <- draw_real(60, 1)
  risks <- privacy(real, real, formula = Y ~ A | ., keys = "site", attacks = 30, seed = 1)
  expect_identical(risks$holdout, "split")
  expect_identical(risks$n_holdout, 30L)
  unknown <- grepl("^membership|_risk|attribute_auc|dcr_share|dcr_overfitting", risks$scores$metric)
  expect_true(all(is.na(risks$scores$estimate[unknown])))
  expect_true(all(risks$scores$n[unknown] == 0))
  expect_identical(value_of(risks, "copies"), 1)
  expect_identical(value_of(risks, "copies", "n"), 60L)
  expect_false(is.na(value_of(risks, "dcr_mean", "reference")))
  expect_true(is.na(value_of(risks, "identifiability", "reference")))
  expect_true(is.na(value_of(risks, "linkability_success", "reference")))
  expect_match(paste(format(risks), collapse = " "), "No holdout: 30 of the real rows were split off")
})

test_that("constant, missing, and many-levelled columns, and sets of one row work", {
  odd <- function(n, seed) {
    rows <- draw_real(n, seed)[c("W1", "site")]
    rows$constant <- 5
    rows$lost <- NA_real_
    rows$many <- factor(sprintf("level %d", seq_len(n) %% 300))
    rows$flag <- rows$W1 > 0
    rows$day <- as.Date("2020-01-01") + seq_len(n)
    rows
  }
  real <- odd(310, 1)
  for (distance in c("gower", "euclidean")) {
    risks <- privacy(real, odd(310, 2), odd(310, 3), keys = c("many", "constant", "lost"), secrets = "flag",
                     distance = distance, attacks = 30, seed = 1)
    expect_true(all(is.finite(risks$scores$estimate[risks$scores$n > 0])))
    expect_match(paste(risks$notes, collapse = " "), "Constant in the training rows: constant, lost")
  }
  single <- privacy(real, odd(1, 2), odd(1, 3), keys = "site", secrets = "flag", attacks = 30, seed = 1)
  expect_identical(value_of(single, "copies", "n"), 1L)
  expect_true(is.na(value_of(single, "membership_auc")))
  expect_identical(single$scores$detail[single$scores$metric == "membership_auc"], "needs at least 2 holdout rows")
  expect_lte(length(capture.output(print(single))), 25)
})

test_that("what is wrong is named", {
  real <- data.frame(x = c(1, 2, 4, 8, 16), f = factor(c("a", "b", "a", "b", "a")))
  expect_snapshot(error = TRUE, {
    privacy(real, real["x"])
    privacy(real, real, real["f"])
    privacy(real, transform(real, x = letters[1:5]))
    privacy(real[1, ], real, real)
    privacy(real[1:3, ], real)
    privacy(real, real[0, ], real)
    privacy(real, transform(real, x = Inf), real)
    privacy(real, real, keys = "g")
    privacy(real, real, keys = "f", secrets = "f")
    privacy(real, real, secret = "f")
    privacy(real, real, attacks = 1)
    privacy(as.list(real), real)
  })
  expect_error(privacy(real, real["x"]), class = "causalsynth_error_data")
})

test_that("columns of tiny numbers are compared in their own units", {
  real <- data.frame(x = 1e-300 * sin(1:40), y = cos(1:40))
  fresh <- data.frame(x = 1e-300 * sin(101:140), y = cos(101:140))
  scaled <- function(d) transform(d, x = x * 1e300)
  for (distance in c("gower", "euclidean")) {
    scores <- function(a, b) tidy(privacy(a, b, distance = distance, attacks = 10, seed = 1))$estimate
    expect_equal(scores(real, fresh), scores(scaled(real), scaled(fresh)))
  }
  expect_equal(dcr(real, fresh)$distance, dcr(scaled(real), scaled(fresh))$distance)
})
