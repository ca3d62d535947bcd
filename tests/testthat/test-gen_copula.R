test_that("the generators' contract holds", {
  test_generator_contract(function(data) gen_copula())
})

# Latent normals of a known correlation, cut in every way.
latent_rows <- function(n = 20000, rho = .6) {
  i <- (seq_len(n) - .5) / n
  a <- qnorm(i)
  b <- rho * a + sqrt(1 - rho^2) * qnorm((seq_len(n) * sqrt(2)) %% 1)
  data.frame(a = a, b = b)
}

test_that("latent correlations are those of the normals behind", {
  z <- latent_rows()
  kinds <- list(
    normal = identity, skewed = exp, binary = function(x) x > .7,
    ordered = function(x) cut(x, c(-Inf, -1, .2, 1.5, Inf), ordered_result = TRUE),
    spike = function(x) pmax(x, 0), counts = function(x) as.integer(floor(2 * x))
  )
  for (first in names(kinds)) for (second in names(kinds)) {
    rows <- data.frame(a = kinds[[first]](z$a), b = kinds[[second]](z$b))
    fit <- fit_generator(gen_copula(), rows, seed = 1)
    expect_equal(fit$correlation["a", "b"], .6, tolerance = .03, info = paste(first, second))
    fit <- fit_generator(gen_copula(), transform(rows, b = kinds[[second]](-z$b)), seed = 1)
    expect_equal(fit$correlation["a", "b"], -.6, tolerance = .03, info = paste(first, second))
  }
})

test_that("Hermite coefficients are integrals of the scores", {
  margin <- new_margin(c(.3, .5, .2), c(0, 1, 2), c(0, 3, 2))
  moments <- score_moments(margin)
  z <- qnorm(seq(.5, 1e6) / 1e6)
  score <- ifelse(pnorm(z) < .3, interval_mean(0, .3), ifelse(pnorm(z) < .8, z, interval_mean(.8, 1)))
  h <- cbind(z, (z^2 - 1) / sqrt(2), (z^3 - 3 * z) / sqrt(6))
  expect_equal(moments$hermite[1:3], unname(colMeans(score * h)), tolerance = 1e-3)
  expect_equal(moments$square, mean(score^2), tolerance = 1e-3)
  expect_identical(score_moments(new_margin(1, 0, 1)), list(hermite = c(1, rep(0, hermite_terms - 1)), square = 1))
})

test_that("margins keep means, spread, spikes, decimals and shares", {
  set.seed(3)
  seed <- data.frame(x = rgamma(3000, 2), s = ifelse(runif(3000) < .35, 0, rexp(3000)), k = rpois(3000, 30),
                     g = factor(sample(letters[1:4], 3000, TRUE, c(.5, .3, .15, .05))),
                     m = ifelse(runif(3000) < .2, NA, 1))
  rows <- generate(fit_generator(gen_copula(), seed, seed = 1), 50000, seed = 2)
  for (name in c("x", "s", "k")) {
    expect_lt(abs(mean(rows[[name]]) - mean(seed[[name]])) / sd(seed[[name]]), .02)
    expect_lt(abs(log(sd(rows[[name]]) / sd(seed[[name]]))), .03)
    expect_lt(suppressWarnings(ks.test(rows[[name]], seed[[name]])$statistic), .02)
  }
  expect_lt(abs(mean(rows$s == 0) - mean(seed$s == 0)), .01)
  expect_lt(max(abs(table(rows$g) / 50000 - table(seed$g) / 3000)), .01)
  expect_lt(abs(mean(is.na(rows$m)) - mean(is.na(seed$m))), .01)
})

test_that("missingness depends on other columns as in the seed", {
  set.seed(4)
  x <- rnorm(4000)
  seed <- data.frame(x = x, y = ifelse(runif(4000) < plogis(2 * x - 1), NA, x + rnorm(4000)))
  rows <- generate(fit_generator(gen_copula(), seed, seed = 1), 20000, seed = 2)
  expect_lt(abs(mean(rows$x[is.na(rows$y)]) - mean(x[is.na(seed$y)])), .06)
})

test_that("draws given columns follow the conditional law of the draws", {
  set.seed(5)
  z <- matrix(rnorm(3 * 8000), ncol = 3) %*% chol(matrix(c(1, .6, .3, .6, 1, -.2, .3, -.2, 1), 3))
  seed <- data.frame(x = z[, 1], g = cut(z[, 2], c(-Inf, -1, 0, 1, Inf), labels = c("q", "s", "p", "r")),
                     y = z[, 3], k = as.integer(round(2 * z[, 1])))
  seed$g <- factor(as.character(seed$g))
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  free <- generate(fit, 2e5, seed = 2)
  compare <- function(given, keep, n = 20000) {
    rows <- generate(fit, n, seed = 3, given = given)
    base <- free[keep, ]
    for (name in c("x", "y", "k")) {
      expect_lt(abs(mean(rows[[name]]) - mean(base[[name]])),
                .015 + 4 * sd(base[[name]]) * sqrt(1 / n + 1 / nrow(base)))
    }
    expect_lt(max(abs(table(rows$g) / n - table(base$g) / nrow(base))), .005 + 2.5 / sqrt(min(n, nrow(base))))
  }
  compare(list(x = 1), abs(free$x - 1) < .03)
  compare(list(g = c("p", "q")), free$g %in% c("p", "q"))
  compare(list(x = c(0, .5), g = c("r", "s")), free$x >= 0 & free$x <= .5 & free$g %in% c("r", "s"))
  compare(list(k = 2, g = "s"), free$k == 2 & free$g == "s", 5000)
  expect_error(generate(fit, 3, given = list(x = c(50, 60))), "never occurs", class = "causalsynth_error_input")
})

test_that("where rejection gives up, Gibbs sampling takes over", {
  set.seed(6)
  common <- rnorm(3000)
  seed <- as.data.frame(lapply(1:9, function(j) factor(cut(common + rnorm(3000), 6, labels = FALSE))))
  names(seed) <- paste0("v", 1:9)
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  fixed <- seed[1:300, 1:8]
  rows <- generate(fit, given = fixed, seed = 2)
  expect_identical(rows[1:8], fixed[1:8], ignore_attr = TRUE)
  # The ninth follows the others' mean, as in the seed.
  level <- rowMeans(sapply(fixed, as.integer))
  expect_gt(cor(level, as.integer(rows$v9)), cor(rowMeans(sapply(seed[1:300, 1:8], as.integer)),
                                                 as.integer(seed$v9[1:300])) - .15)
})

test_that("rare levels and texts are not drawn by their own counts", {
  seed <- data.frame(
    f = factor(c(rep("a", 60), rep("b", 30), paste0("rare", 1:10))),
    o = factor(c(1, 1, rep(2:4, c(40, 40, 18))), ordered = TRUE),
    t = c(rep(c("x", "y"), 49), "name", "other"), few = factor(c("one", rep("two", 99)))
  )
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  rows <- generate(fit, 20000, seed = 2)
  expect_equal(as.numeric(table(rows$f)[paste0("rare", 1:10)]), rep(200, 10), tolerance = .25)
  expect_identical(unique(rows$few), seed$few[2])
  expect_setequal(rows$t, c("x", "y"))
  expect_setequal(as.character(rows$o), c("2", "3", "4"))
  expect_identical(fit$blueprint$t$levels, c("x", "y"))
  expect_snapshot(fit)
  expect_setequal(as.character(generate(fit_generator(gen_copula(min_count = 1), seed, seed = 1), 5000, seed = 2)$few),
                  c("one", "two"))
})

test_that("extremes are capped and never stored", {
  set.seed(8)
  seed <- data.frame(x = rt(2000, 2))
  fit <- fit_generator(gen_copula(), seed, seed = 1)
  rows <- generate(fit, 1e5, seed = 2)
  expect_lt(max(rows$x), max(seed$x))
  expect_gt(min(rows$x), min(seed$x))
  expect_length(intersect(c(fit$margins$x$low, fit$margins$x$high), seed$x), 0)
})

test_that("bad specs and identifiers are named", {
  expect_snapshot(error = TRUE, {
    gen_copula(min_count = 0)
    gen_copula(atom_share = 2)
    gen_copula(mincount = 2)
  })
  expect_error(fit_generator(gen_copula(), data.frame(id = paste0("p", 1:200))), "identifiers",
               class = "causalsynth_error_data")
})

test_that("weights of any size count by their ratios", {
  study <- generate(dgp_paper(), 60, seed = 1)[paste0("W", 1:6)]
  w <- 1 + (1:60) %% 7
  drawn <- lapply(c(1, 1e250, 1e-250), function(size) {
    generate(fit_generator(gen_copula(), study, weights = size * w, seed = 1), 20, seed = 2)
  })
  expect_equal(drawn[[2]], drawn[[1]])
  expect_equal(drawn[[3]], drawn[[1]])
  wild <- 10^seq(-215, 265, length.out = 60)
  expect_s3_class(fit_generator(gen_copula(), study, weights = wild, seed = 1), "causalsynth_generator")
})

test_that("correlations of many columns shrink to a definite matrix", {
  set.seed(1)
  correlation <- diag(12)
  correlation[upper.tri(correlation)] <- runif(66, -1, 1)
  correlation[lower.tri(correlation)] <- t(correlation)[lower.tri(correlation)]
  expect_lt(min(eigen(correlation)$values), 0)
  cut <- positive_correlation(correlation)
  shrunk <- positive_correlation(correlation, most = 5)
  for (one in list(cut, shrunk)) {
    expect_equal(diag(one), rep(1, 12))
    expect_gte(min(eigen(one)$values), 1e-4 - 1e-12)
  }
  ratio <- (shrunk / correlation)[upper.tri(correlation)]
  expect_equal(ratio, rep(ratio[1], 66))
  expect_identical(positive_correlation(cut, most = 5), cut)
})
