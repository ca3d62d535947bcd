# Regressions that are drawn towards the mean, set right by the seed's honest residuals. What forests take from Q they
# would give to nobody, as residuals are drawn with mean zero. For a number only:
#   slope    intercept and slope by arm of the outcome on its honest predictions, where the slope is not 1 within two
#            standard errors
#   columns  what honest residuals still follow in a straight line along columns of the terms' design, one slope for all
#            arms, so that contrasts stay the regression's own. Columns enter one by one while the log likelihood of
#            normal residuals gains more than log(n) / 2 + log(p) (extended BIC; Chen and Chen 2008, Biometrika 95) of
#            p columns, at most most_calibrated: with many covariates a forest shares its splits and leaves part
#            of a strong one unused

most_calibrated <- 5
least_calibration_rows <- 50

# list(intercept, slope, columns), or NULL where nothing is to be done. `view` as of arm_view(), `covs` its rows.
fit_calibration <- function(view, covs = NULL, terms = NULL) {
  if (view$family == "binomial") return(NULL)
  fits <- vapply(seq_along(view$arms), function(a) arm_calibration(view, a), numeric(2))
  found <- list(intercept = fits[1, ], slope = fits[2, ])
  own <- cbind(seq_along(view$outcome), view$index)
  if (!is.null(terms)) {
    residual <- view$outcome - apply_calibration(found, view$q)[own]
    found$columns <- followed_columns(residual, covs, terms, range(view$outcome))
  }
  if (all(found$slope == 1) && is.null(found$columns)) NULL else found
}

arm_calibration <- function(view, arm) {
  own <- view$index == arm
  q <- view$q[own, arm]
  y <- view$outcome[own]
  n <- sum(own)
  spread <- sum((q - mean(q))^2)
  if (n < 20 || spread <= 1e-12 * sum((y - mean(y))^2)) return(c(0, 1))
  slope <- sum((q - mean(q)) * (y - mean(y))) / spread
  rest <- y - mean(y) - slope * (q - mean(q))
  error <- sqrt(sum((q - mean(q))^2 * rest^2)) / spread
  if (abs(slope - 1) <= 2 * error) return(c(0, 1))
  slope <- min(max(slope, .25), 3)
  c(mean(y) - slope * mean(q), slope)
}

# list(design, coefficients (named by column), constant, range), or NULL.
followed_columns <- function(residual, covs, terms, range) {
  n <- length(residual)
  if (n < least_calibration_rows) return(NULL)
  built <- fit_design(terms, covs)
  chosen <- forward_columns(residual, built$x)
  if (length(chosen) == 0) return(NULL)
  x <- built$x[, chosen, drop = FALSE]
  fit <- stats::lm.fit(cbind(1, x), residual)$coefficients
  list(design = built$design, coefficients = stats::setNames(unname(fit[-1]), colnames(x)), constant = unname(fit[1]),
       range = range)
}

# Numbers of the columns of x that y follows, the strongest first.
forward_columns <- function(y, x) {
  n <- length(y)
  x <- sweep(x, 2, colMeans(x))
  size <- sqrt(colSums(x^2))
  usable <- which(size > 1e-9 * sqrt(n))
  x <- sweep(x, 2, ifelse(size > 0, size, 1), "/")
  y <- y - mean(y)
  chosen <- integer()
  while (length(chosen) < most_calibrated && length(usable) && sum(y^2) > 0) {
    x2 <- colSums(x[, usable, drop = FALSE]^2)
    usable <- usable[x2 > 1e-6]
    if (length(usable) == 0) break
    explained <- drop(crossprod(x[, usable, drop = FALSE], y))^2 / x2[x2 > 1e-6] / sum(y^2)
    best <- which.max(explained)
    gain <- -n / 2 * log1p(-min(explained[best], 1 - 1e-12))
    if (gain <= log(n) / 2 + log(ncol(x))) break
    chosen <- c(chosen, unname(usable[best]))
    unit <- x[, usable[best]] / sqrt(x2[x2 > 1e-6][best])
    y <- y - unit * sum(unit * y)
    usable <- usable[-best]
    x[, usable] <- x[, usable] - tcrossprod(unit, crossprod(x[, usable, drop = FALSE], unit))
  }
  chosen
}

# `rows`: covariates of the rows of q.
apply_calibration <- function(calibration, q, rows = NULL) {
  if (is.null(calibration)) return(q)
  for (a in seq_len(ncol(q))) q[, a] <- calibration$intercept[a] + calibration$slope[a] * q[, a]
  columns <- calibration$columns
  if (is.null(columns)) return(q)
  x <- design_matrix(columns$design, rows)[, names(columns$coefficients), drop = FALSE]
  # Means outside the outcome's range have no law.
  q <- q + columns$constant + drop(x %*% columns$coefficients)
  q[] <- pmin(pmax(q, columns$range[1]), columns$range[2])
  q
}
