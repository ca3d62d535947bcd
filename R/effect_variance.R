# From the arms' means and influence functions to estimates and their joint covariance.

# Terms of all methods of one repetition: list(labels (method, term), estimate, variance, influence).
effect_terms <- function(fits, ask, cluster) {
  parts <- lapply(fits, one_method_terms, ask = ask)
  counts <- vapply(parts, function(p) length(p$estimate), 1L)
  labels <- data.frame(
    method = rep(names(fits), counts), term = unlist(lapply(parts, function(p) names(p$estimate)), use.names = FALSE)
  )
  influence <- do.call(cbind, lapply(parts, `[[`, "influence"))
  colnames(influence) <- paste(labels$method, labels$term, sep = ":")
  factor <- rep(vapply(fits, function(f) f$factor, 1), counts)
  known <- rep(vapply(fits, function(f) is.null(f$na_reason), NA), counts)
  variance <- influence_variance(influence, factor, cluster)
  variance[!known, ] <- variance[, !known] <- NA
  list(labels = labels, estimate = unlist(lapply(parts, `[[`, "estimate"), use.names = FALSE),
       variance = variance, influence = influence)
}

one_method_terms <- function(fit, ask) {
  m1 <- fit$mean_1
  m0 <- fit$mean_0
  estimate <- stats::setNames(c(m1 - m0, m1, m0), c(ask$estimand, "mean_1", "mean_0"))
  influence <- cbind(fit$if_1 - fit$if_0, fit$if_1, fit$if_0)
  if (ask$contrasts) {
    inside <- m1 > 0 && m1 < 1 && m0 > 0 && m0 < 1
    ratios <- c(log_rr = log(m1 / m0), log_or = stats::qlogis(m1) - stats::qlogis(m0))
    if (!inside) {
      cli::cli_warn("A mean lies outside (0, 1): log_rr and log_or are NA.",
                    class = c("causalsynth_warning_contrast", "causalsynth_warning"))
      ratios[] <- NA
    }
    estimate <- c(estimate, ratios)
    influence <- cbind(influence, fit$if_1 / m1 - fit$if_0 / m0,
                       fit$if_1 / (m1 * (1 - m1)) - fit$if_0 / (m0 * (1 - m0)))
    if (!inside) influence[, 4:5] <- NA
  }
  list(estimate = estimate, influence = influence)
}

# Covariance of the estimates: sums of products of influence functions over n^2, within clusters first where given
# (then with G / (G - 1)); `factor` is each column's n / (n - 1) or 1.
influence_variance <- function(influence, factor, cluster) {
  n <- nrow(influence)
  if (!is.null(cluster)) {
    influence <- rowsum(influence, cluster, reorder = FALSE)
    groups <- nrow(influence)
    factor <- rep(groups / (groups - 1), length(factor))
  }
  crossprod(influence) / n^2 * sqrt(outer(factor, factor))
}

# Medians over repetitions; SE^2 = median(se^2 + (theta_r - median)^2) (Chernozhukov et al. 2018, definition 3.3).
combine_repeats <- function(runs) {
  if (length(runs) == 1) return(runs[[1]][c("estimate", "variance")])
  thetas <- vapply(runs, function(r) r$estimate, numeric(length(runs[[1]]$estimate)))
  thetas <- matrix(thetas, ncol = length(runs))
  centre <- apply(thetas, 1, stats::median)
  spread <- lapply(seq_along(runs), function(r) runs[[r]]$variance + tcrossprod(thetas[, r] - centre))
  variance <- apply(simplify2array(spread), 1:2, stats::median)
  dimnames(variance) <- dimnames(runs[[1]]$variance)
  list(estimate = centre, variance = variance)
}
