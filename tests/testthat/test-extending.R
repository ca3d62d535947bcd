# A generator and an estimator as CONTRIBUTING.md adds them, outside the package.
gen_margins <- function() structure(list(label = "independent columns"), class = c("gen_margins", "causalsynth_gen"))
registerS3method("learn_rows", "gen_margins", function(spec, data, key, threads, weights = NULL, call = NULL) {
  weights <- if (is.null(weights)) rep(1, nrow(data)) else weights
  structure(list(margins = lapply(data, learn_margin, weights = weights)), class = "fitted_gen_margins")
})
registerS3method("draw_columns", "fitted_gen_margins", function(fit, n, key, threads) {
  with_r_seed(key, unname(lapply(fit$margins, draw_margin, n = n)))
})

# Shares of levels, or quantiles by share of weight; and the share missing.
learn_margin <- function(x, weights) {
  lost <- is.na(x)
  missing <- sum(weights[lost]) / sum(weights)
  if (is.factor(x) || is.character(x)) {
    levels <- if (is.factor(x)) levels(x) else sort(unique(x[!lost]))
    shares <- tapply(weights[!lost], factor(x[!lost], levels), sum, default = 0)
    return(list(missing = missing, shares = as.vector(shares)))
  }
  value <- as.numeric(x)[!lost]
  order <- order(value)
  share <- cumsum(weights[!lost][order]) / sum(weights[!lost])
  list(missing = missing, whole = all(value == round(value)), value = value[order], share = share)
}

draw_margin <- function(margin, n) {
  drawn <- if (!is.null(margin$shares)) {
    if (sum(margin$shares) == 0) return(rep(NA_real_, n))
    sample.int(length(margin$shares), n, replace = TRUE, prob = margin$shares)
  } else if (length(margin$value) == 0) {
    rep(NA_real_, n)
  } else {
    margin$value[pmin(findInterval(runif(n), margin$share) + 1, length(margin$value))]
  }
  replace(drawn, runif(n) < margin$missing, NA)
}

est_regression <- function() structure(list(label = "regression"), class = c("est_regression", "causalsynth_estimator"))
registerS3method("run_estimator", "est_regression", function(est, pieces, estimand, se, call = NULL) {
  means <- c(mean(pieces$q1), mean(pieces$q0))
  rest1 <- pieces$treat / pieces$g1 * (pieces$outcome - pieces$q1)
  rest0 <- (1 - pieces$treat) / pieces$g0 * (pieces$outcome - pieces$q0)
  list(mean_1 = means[1], mean_0 = means[2], if_1 = pieces$q1 - means[1] + rest1 - mean(rest1),
       if_0 = pieces$q0 - means[2] + rest0 - mean(rest0), inference = "influence function", factor = 1)
})

test_that("a generator of somebody else's passes the contract, and serves a hybrid", {
  test_generator_contract(function(data) gen_margins(), saved = FALSE, point = FALSE)
  hybrid <- fit_hybrid(Y ~ A | ., generate(dgp_paper(), 200, seed = 1), gen_margins(), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 2)
  expect_s3_class(generate(hybrid, 20, seed = 3), "causalsynth_pool")
})

test_that("an estimator of somebody else's passes the contract", {
  test_estimator_contract(est_regression())
  test_estimator_contract(function(data) {
    fit <- summary(stats::lm(Y ~ A + W, data))$coefficients
    c(estimate = fit["A", 1], std.error = fit["A", 2])
  })
})

test_that("the package's own estimators pass the same contract", {
  for (est in list(est_iptw(), est_aipw(), est_tmle(), est_matching())) test_estimator_contract(est)
  test_estimator_contract(est_or())
})

test_that("CONTRIBUTING.md's examples pass as they stand there", {
  page <- test_path("..", "..", "CONTRIBUTING.md")
  skip_if_not(file.exists(page), "CONTRIBUTING.md is not here")
  lines <- readLines(page)
  fences <- matrix(grep("^```", lines), 2)
  blocks <- apply(fences[, lines[fences[1, ]] == "```r"], 2, function(at) lines[seq(at[1] + 1, at[2] - 1)])
  specs <- Filter(function(block) any(grepl("structure(list(label", block, fixed = TRUE)), blocks)
  expect_length(specs, 2)
  expect_lt(max(lengths(specs)), 60)
  # In the place of the longer ones above, which have the same names.
  here <- new.env()
  for (block in specs) eval(parse(text = block), here)
  for (name in grep("[.]", ls(here), value = TRUE)) {
    registerS3method(sub("[.].*", "", name), sub("^[^.]*[.]", "", name), here[[name]])
  }
  test_generator_contract(function(data) here$gen_margins(), saved = FALSE, point = FALSE)
  test_estimator_contract(here$est_regression())
})
