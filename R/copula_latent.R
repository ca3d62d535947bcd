# The latent normals of gen_copula(): one for each column's values, one more for whether they are missing.
#
# A row's score of a latent is its expected normal given what is seen: the quantile of a continuous value, the mean of
# the normal over the interval of an atom. Mean products of scores then determine the correlations of the latents by
# Mehler's formula (src/core/generate/copula.h); with two continuous columns they are van der Waerden's correlations,
# with two discrete ones they estimate the polychoric correlation, with one of each the polyserial one.

hermite_terms <- 80

# Mean of a standard normal between the quantiles of `from` and `to`.
interval_mean <- function(from, to) {
  width <- to - from
  ifelse(width > 1e-12, (stats::dnorm(stats::qnorm(from)) - stats::dnorm(stats::qnorm(to))) / width,
         stats::qnorm((from + to) / 2))
}

# Scores of rows (0 where missing), and the coefficients of the score in normalised Hermite polynomials.
latent_scores <- function(margin, values, n) {
  interval <- margin_interval(margin, values, by_group = TRUE)
  limit <- .5 / n
  clip <- function(p) pmin(pmax(p, limit), 1 - limit)
  point <- interval$to - interval$from <= 1e-12
  scores <- ifelse(point, stats::qnorm(clip((interval$from + interval$to) / 2)),
                   interval_mean(interval$from, interval$to))
  scores[is.na(scores)] <- 0
  c(list(scores = scores), score_moments(margin))
}

# Of the score as a function of the latent normal: `hermite`, its coefficients, and `square`, its second moment (the sum
# of all squared coefficients, of which the first few lack much where it jumps).
score_moments <- function(margin) {
  atom <- margin$low == margin$high
  first <- match(margin$group, margin$group)
  from <- utils::head(margin$cum, -1)[first]
  to <- margin$cum[-1][length(first) + 1 - match(margin$group, rev(margin$group))]
  keep <- atom & !duplicated(margin$group)
  from <- from[keep]
  to <- to[keep]
  smooth <- as.numeric(!all(atom))
  coefficients <- replace(numeric(hermite_terms), 1, smooth)
  if (length(from) == 0) return(list(hermite = coefficients, square = smooth))
  integrals <- hermite_integrals(from, to)
  centre <- interval_mean(from, to)
  edge <- function(p) ifelse(p > 0 & p < 1, stats::qnorm(p) * stats::dnorm(stats::qnorm(p)), 0)
  list(
    hermite = coefficients + colSums(centre * integrals$one - smooth * integrals$z),
    square = smooth + sum(centre^2 * (to - from)) - smooth * sum(to - from + edge(from) - edge(to))
  )
}

# Integrals of h_k phi and of z h_k phi between quantiles, k = 1 ... terms: one row an interval, h_k the normalised
# Hermite polynomial. From d/dz(h_{k-1} phi) = -sqrt(k) h_k phi and z h_k = sqrt(k + 1) h_{k+1} + sqrt(k) h_{k-1}.
hermite_integrals <- function(from, to, terms = hermite_terms) {
  at <- function(p) {
    z <- pmin(pmax(stats::qnorm(p), -40), 40)
    h <- matrix(1, length(z), terms + 1)
    if (terms >= 1) h[, 2] <- z
    for (k in seq_len(terms)[-1]) h[, k + 1] <- (z * h[, k] - sqrt(k - 1) * h[, k - 1]) / sqrt(k)
    h * stats::dnorm(z)
  }
  difference <- at(from) - at(to)
  k <- seq_len(terms + 1)
  one <- sweep(difference, 2, sqrt(k), "/")
  zero <- to - from
  below <- cbind(zero, one[, seq_len(terms - 1), drop = FALSE])
  terms_z <- sweep(one[, -1, drop = FALSE], 2, sqrt(k[-1]), "*") + sweep(below, 2, sqrt(seq_len(terms)), "*")
  list(one = one[, seq_len(terms), drop = FALSE], z = unname(terms_z))
}

# Correlation matrix of latents from their scores (matrix n x latents, 0 where missing), whether seen (NULL: all are)
# and coefficients (terms x latents); `square`: their second moments.
latent_correlation <- function(scores, seen, hermite, square, weights, threads) {
  if (ncol(scores) == 0) return(matrix(0, 0, 0))
  n <- nrow(scores)
  total <- if (is.null(weights)) n else sum(weights)
  root <- if (is.null(weights)) 1 else sqrt(weights)
  products <- crossprod(scores * root)
  counts <- if (is.null(seen)) matrix(total, ncol(scores), ncol(scores)) else crossprod(seen * root)
  products <- ifelse(counts > 0, products / pmax(counts, 1e-300), 0)
  # Scores with exactly the second moment that they ought to have.
  scale <- sqrt(square / pmax(diag(products), 1e-300))
  scale[!is.finite(scale) | diag(products) <= 1e-12] <- 0
  products <- products * outer(scale, scale)
  correlation <- copula_correlations(products, hermite, .995, run_control(threads, "Latent correlations"))
  effective <- if (is.null(weights)) n else sum(weights)^2 / sum(weights^2)
  positive_correlation(shrink_correlation(correlation, effective))
}

# Towards independence, by the share of the squared correlations that chance alone makes (after Schaefer and Strimmer
# 2005); two rows say nothing.
shrink_correlation <- function(correlation, n) {
  r <- correlation[upper.tri(correlation)]
  if (length(r) == 0) return(correlation)
  chance <- sum((1 - r^2)^2) / max(n - 1, 1)
  lambda <- max(min(1, chance / max(sum(r^2), 1e-300)), min(1, 2 / n))
  diag(ncol(correlation)) * lambda + correlation * (1 - lambda)
}

# Where pairs alone do not make a correlation matrix: the nearest that cutting eigenvalues gives or, of many columns,
# which takes too long, that of shrinking towards independence (Higham, Strabic and Sego 2016).
positive_correlation <- function(correlation, least = 1e-4, most = 300) {
  if (ncol(correlation) > most) {
    lambda <- correlation_shrinkage(correlation, least)
    return(correlation * (1 - lambda) + diag(lambda, ncol(correlation)))
  }
  enough <- tryCatch(is.matrix(chol(correlation - diag(least, ncol(correlation)))), error = function(e) FALSE)
  if (enough) return(correlation)
  parts <- eigen(correlation, symmetric = TRUE)
  fixed <- parts$vectors %*% (pmax(parts$values, 2 * least) * t(parts$vectors))
  fixed <- fixed / sqrt(outer(diag(fixed), diag(fixed)))
  (fixed + t(fixed)) / 2
}

# A place for each level of a factor without an order: the leading direction in which the mean scores of the other
# columns differ between levels. `scores`: n x others; `codes`: NA where missing.
level_places <- function(codes, scores, levels, weights) {
  seen <- which(!is.na(codes))
  if (length(seen) == 0 || ncol(scores) == 0) return(seq_len(levels))
  w <- if (is.null(weights)) rep(1, length(seen)) else weights[seen]
  sums <- rowsum(scores[seen, , drop = FALSE] * w, codes[seen])
  mass <- rowsum(w, codes[seen])[, 1]
  means <- sums / sqrt(pmax(mass, 1e-300))
  # Power iteration for the leading left singular vector.
  v <- means[which.max(rowSums(means^2)), ]
  for (step in 1:30) {
    v <- crossprod(means, means %*% v)[, 1]
    v <- v / max(sqrt(sum(v^2)), 1e-300)
  }
  if (sum(abs(v)) == 0) return(seq_len(levels))
  v <- v * sign(v[which.max(abs(v))])
  place <- rep(0, levels)
  place[as.integer(rownames(sums))] <- signif((means %*% v)[, 1] / sqrt(pmax(mass, 1e-300)), 10)
  place
}
