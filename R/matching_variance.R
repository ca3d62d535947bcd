# Standard errors of matching: 2 x 2 covariances of (mean_1, mean_0).

# Abadie and Imbens (2006, theorems 6 and 7). With n target rows, sum over them of the products of imputed outcomes'
# deviations, plus for each row its conditional variance times (K/M)^2 + 2 K/M - K/M^2 if it is a target row itself,
# else (K/M)^2 - K/M^2; all over n^2. By arm, since rows of both arms enter the two means apart.
imputation_variance <- function(est, study, matched, call) {
  target <- matched$target
  n <- sum(target)
  deviations <- cbind(matched$y1[target] - matched$mean_1, matched$y0[target] - matched$mean_0)
  again <- matched$used^2 - matched$used_squared + ifelse(target, 2 * matched$used, 0)
  extra <- c(0, 0)
  for (arm in c(1, 0)) {
    rows <- which(study$treat == arm)
    if (all(again[rows] == 0)) next
    extra[2 - arm] <- sum(again[rows] * conditional_variance(est, study, matched, arm, rows, call))
  }
  kind <- if (est$variance == "homoskedastic") "homoskedastic" else paste0("J = ", est$j)
  list(variance = (crossprod(deviations) + diag(extra)) / n^2, inference = paste0("Abadie-Imbens, ", kind))
}

# Var(Y | X) of the arm's rows, up to noise that averages out: from their nearest rows in the same arm, or one for all
# rows (Abadie and Imbens 2006, section 4.2).
conditional_variance <- function(est, study, matched, arm, rows, call) {
  if (est$variance == "homoskedastic") {
    effect <- matched$mean_1 - matched$mean_0
    squares <- lapply(matched$differences, function(d) (d$own - d$sign * effect - d$mean)^2 + d$spread)
    return(mean(unlist(squares)) / 2)
  }
  check_arm_rows(study$treat, arm, est$j + 1, "The standard error matches each row to {.arg j} others of its arm.",
                 "Give a smaller {.arg j}, or {.code variance = \"homoskedastic\"}.", call)
  outcome <- study$outcome - mean(study$outcome)
  found <- find_matches(est, study, rows, integer(), est$j)
  means <- match_means(found, cbind(outcome, outcome^2))
  times <- times_found(found)
  at <- found$queries$rows
  square <- (outcome[at] - means[, 1])^2
  values <- if (est$variance == "sample") pmax(means[, 2] - means[, 1]^2, 0) + square / (times + 1)
  else square * times / (times + 1)
  values[match(rows, at)]
}

# Of pairs: sample covariance of their two outcomes over the number of pairs, so that the contrast's is that of the
# paired differences.
pair_variance <- function(matched) {
  target <- matched$target
  list(variance = stats::cov(cbind(matched$y1[target], matched$y0[target])) / sum(target),
       inference = "paired differences")
}

# What estimating the propensity by logistic regression does to the variance (Abadie and Imbens 2016, theorems 1 and
# 2): - c I^-1 c' + d I^-1 d', with I the information of one row, c the estimator's covariance with the score, d the
# estimand's derivative in the coefficients. With the target's density h(p) (1, p, 1 - p) in p, its derivative h' in
# the linear predictor, p_1 = p, p_0 = 1 - p:
#   c_w = (E[x h' (mu_w(p) - mean_w)] +- E[cov(x, mu_w(x) | p) p (1 - p) h / p_w]) / E[h],
#   d_w = E[x h' (mu_w(x) - mean_w)] / E[h] = (E[x h' (mu_w(p) - mean_w)] + E[cov(x, mu_w(x) | p) h']) / E[h].
add_propensity_error <- function(errors, est, study, fit, matched) {
  known <- function(why = NULL) {
    errors$inference <- paste0(errors$inference, "; propensity treated as known", why)
    errors
  }
  if (!est$replace || !inherits(fit, "fit_glm") || is.null(fit$x)) return(known())
  x <- fit$x[, !fit$aliased, drop = FALSE]
  x <- sweep(x, 2, sqrt(colMeans(x^2)), "/")
  p <- study$ps
  slope <- p * (1 - p)
  both <- length(study$arms) == 2
  h <- if (both) rep(1, study$n) else if (study$arms == 1) p else 1 - p
  h_slope <- if (both) numeric(study$n) else if (study$arms == 1) slope else -slope
  parts <- lapply(c(1, 0), function(arm) {
    local <- local_moments(est, study, x, arm)
    if (is.null(local)) return(NULL)
    mean <- if (arm == 1) matched$mean_1 else matched$mean_0
    shared <- colMeans(x * (h_slope * (local$mean - mean)))
    score <- (2 * arm - 1) * colMeans(local$covariance * (slope * h / if (arm == 1) p else 1 - p))
    list(c = (shared + score) / mean(h), d = (shared + colMeans(local$covariance * h_slope)) / mean(h))
  })
  inverse <- tryCatch(chol2inv(chol(crossprod(x * sqrt(slope)) / study$n)), error = function(e) NULL)
  if (is.null(inverse) || is.null(parts[[1]]) || is.null(parts[[2]])) return(known())
  side <- function(name) rbind(parts[[1]][[name]], parts[[2]][[name]])
  change <- side("d") %*% inverse %*% t(side("d")) - side("c") %*% inverse %*% t(side("c"))
  variance <- errors$variance + change / study$n
  if (!all(is.finite(variance)) || min(eigen(variance, symmetric = TRUE)$values) <= 0) {
    return(known(" (its correction exceeds the variance)"))
  }
  errors$variance <- variance
  errors$inference <- paste0(errors$inference, "; estimated propensity (2016)")
  errors
}

# For all rows, over the j + 1 rows of the arm nearest in the propensity: the outcome's mean (without the row itself)
# and its sample covariances with the columns of x (with it). NULL where the arm has too few rows.
local_moments <- function(est, study, x, arm) {
  own <- which(study$treat == arm)
  if (length(own) <= est$j) return(NULL)
  y <- study$outcome - mean(study$outcome[own])
  x <- sweep(x, 2, colMeans(x))
  values <- cbind(y, x, x * y)
  mean <- numeric(study$n)
  covariance <- matrix(0, study$n, ncol(x))
  for (inside in c(TRUE, FALSE)) {
    found <- if (inside) find_matches(est, study, own, integer(), est$j)
    else find_matches(est, study, which(study$treat != arm), own, est$j + 1)
    rows <- found$queries$rows
    times <- times_found(found)
    means <- match_means(found, values)
    mean[rows] <- means[, 1] + mean(study$outcome[own])
    if (inside) {
      means <- (means * times + values[rows, ]) / (times + 1)
      times <- times + 1
    }
    of_x <- 1 + seq_len(ncol(x))
    covariance[rows, ] <- (means[, -c(1, of_x)] - means[, of_x] * means[, 1]) * times / (times - 1)
  }
  list(mean = mean, covariance = covariance)
}

# n x 2 vectors whose products over n^2 are `variance`, as near as can be to the estimators' linear representation
# (Abadie and Imbens 2012), (n / number of targets) (target (mu_w - its mean) + 1(A = w) (target + K/M) (Y - mu_w)),
# with the nuisances' regressions as mu: so that covariances with other methods come out of products too.
linear_representation <- function(pieces, study, matched, variance) {
  target <- matched$target
  scale <- study$n / sum(target)
  one <- function(q, arm) {
    scale * (target * (q - mean(q[target])) + (study$treat == arm) * (target + matched$used) * (study$outcome - q))
  }
  psi <- cbind(one(pieces$q1, 1), one(pieces$q0, 0))
  psi <- sweep(psi, 2, colMeans(psi))
  map_covariance(psi, study$n^2 * variance)
}

# psi T with T symmetric and (psi T)'(psi T) = wanted: the change of least mean square (Olkin and Pukelsheim 1982).
# Directions in which psi has no variance are filled with waves, which have no covariance with anything.
map_covariance <- function(psi, wanted) {
  n <- nrow(psi)
  spread <- eigen(crossprod(psi), symmetric = TRUE)
  size <- max(spread$values, sum(diag(wanted)), .Machine$double.xmin)
  if (min(spread$values) < 1e-10 * size) {
    waves <- qr.Q(qr(cbind(1, sin(seq_len(n)), cos(seq_len(n)))))[, 2:3, drop = FALSE]
    psi <- psi + sqrt(1e-8 * size) * waves
    spread <- eigen(crossprod(psi), symmetric = TRUE)
  }
  root <- spread$vectors %*% (sqrt(spread$values) * t(spread$vectors))
  inverse <- spread$vectors %*% (t(spread$vectors) / sqrt(spread$values))
  middle <- eigen(root %*% wanted %*% root, symmetric = TRUE)
  middle <- middle$vectors %*% (sqrt(pmax(middle$values, 0)) * t(middle$vectors))
  psi %*% (inverse %*% middle %*% inverse)
}
