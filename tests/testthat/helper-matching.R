# Studies for the tests of matching, and its definitions written out row by row.

# No draws: the same on every machine. `step` rounds the covariates, so that rows tie.
matching_study <- function(n = 200, step = 0) {
  i <- seq_len(n)
  wave <- function(k) stats::qnorm((i * sqrt(k)) %% 1 * .98 + .01)
  near <- function(x) if (step > 0) round(x / step) * step else x
  d <- data.frame(x1 = near(wave(2)), x2 = near(exp(wave(3) / 2)), x3 = as.numeric((i * sqrt(5)) %% 1 < .3),
                  g = factor(letters[1 + floor((i * sqrt(7)) %% 1 * 3)]))
  d$ps <- stats::plogis(.6 * d$x1 + .4 * d$x2 - .5 * d$x3 - .6)
  d$a <- as.numeric((i * sqrt(11)) %% 1 < d$ps)
  d$y <- d$x1 + d$x2^2 + d$a * (1 + d$x1) + wave(13)
  d
}

# lalonde with ages made unlike by less than a thousandth, so that no two distances are equal.
untied_lalonde <- function() {
  rows <- MatchIt::lalonde
  rows$age <- rows$age + (seq_len(nrow(rows)) * sqrt(2)) %% 1 * 1e-3
  rows
}

lalonde_columns <- c("age", "educ", "race", "married", "nodegree", "re74", "re75")

# The columns with indicators for all but the first level of factors: Matching::Match() takes no collinear ones.
indicators <- function(rows, columns) {
  as.data.frame(stats::model.matrix(stats::reformulate(columns), rows)[, -1])
}

given_study <- function(d, columns = c("x1", "x2", "x3", "g"), q1 = 0 * d$a, q0 = 0 * d$a) {
  as_nuisance(d$a, d$y, d$ps, q1, q0, covs = d[columns], bounds = NULL)
}

# The matching estimator by its definition (Abadie and Imbens 2006) on coordinates x (rows by dimensions, in standard
# deviations): list(estimate, mean_1, mean_0, k, variance).
matching_by_definition <- function(y, a, x, m = 1, estimand = "ATE", j = 1, tolerance = 1e-5,
                                   sigma = function(own, others) {
                                     n <- length(others)
                                     n / (n + 1) * (own - mean(others))^2
                                   }) {
  x <- as.matrix(x)
  squares <- function(i, rows) colSums((t(x[rows, , drop = FALSE]) - x[i, ])^2)
  nearest <- function(i, rows, m) rows[squares(i, rows) <= sort(squares(i, rows))[m] + tolerance]
  rows <- switch(estimand, ATE = seq_along(y), ATT = which(a == 1), ATC = which(a == 0))
  k <- k2 <- numeric(length(y))
  both <- t(vapply(rows, function(i) {
    others <- nearest(i, which(a != a[i]), m)
    k[others] <<- k[others] + 1 / length(others)
    k2[others] <<- k2[others] + 1 / length(others)^2
    if (a[i] == 1) c(y[i], mean(y[others])) else c(mean(y[others]), y[i])
  }, c(0, 0)))
  within <- vapply(seq_along(y), function(i) {
    sigma(y[i], y[nearest(i, setdiff(which(a == a[i]), i), j)])
  }, 0)
  tau <- both[, 1] - both[, 2]
  again <- if (estimand == "ATE") k^2 + 2 * k - k2 else (k^2 - k2) * (a == (estimand == "ATC"))
  list(estimate = mean(tau), mean_1 = mean(both[, 1]), mean_0 = mean(both[, 2]), k = k,
       variance = (sum((tau - mean(tau))^2) + sum(again * within)) / length(rows)^2)
}

# Coordinates of the Mahalanobis distance by Cholesky: columns must not be collinear.
whitened <- function(x) scale(x) %*% solve(chol(stats::cov(scale(x))))

# The pairs of a fit as a data frame of row numbers, by the rows of `arm`.
pairs_of <- function(fit, arm) {
  focal <- which(fit$treat == arm & !is.na(fit$subclass))
  partner <- which(fit$treat != arm & !is.na(fit$subclass))
  data.frame(focal = focal, partner = partner[match(fit$subclass[focal], fit$subclass[partner])])
}
