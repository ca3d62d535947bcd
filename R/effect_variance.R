# From the arms' means and influence functions to estimates and their joint covariance.

# Terms of all methods of one repetition: list(labels (method, term), estimate, variance, influence).
effect_terms <- function(fits, ask, layout, cluster) {
  parts <- lapply(fits, one_method_terms, ask = ask, layout = layout)
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

# Names of the contrasts: the estimand, with each arm's label where there are more than two.
contrast_terms <- function(estimand, layout) {
  if (length(layout$labels) == 2 && layout$suffix == "") return(estimand)
  paste0(estimand, layout$suffix, layout$labels[-layout$reference])
}

# Contrasts with the reference, the arms' means, then log ratios; each an estimate and a column of influence.
one_method_terms <- function(fit, ask, layout) {
  means <- fit$means
  influence <- fit$arm_influence
  base <- layout$reference
  others <- setdiff(seq_along(means), base)
  estimate <- stats::setNames(c(means[others] - means[base], means),
                              c(contrast_terms(ask$estimand, layout), paste0("mean_", layout$labels)))
  columns <- cbind(influence[, others, drop = FALSE] - influence[, base], influence)
  if (ask$contrasts) {
    ratios <- log_ratios(means, influence, others, base)
    names(ratios$estimate) <- log_ratio_terms(layout)
    estimate <- c(estimate, ratios$estimate)
    columns <- cbind(columns, ratios$influence)
  }
  list(estimate = estimate, influence = columns)
}

log_ratio_terms <- function(layout) {
  if (layout$suffix == "") return(c("log_rr", "log_or"))
  paste0(rep(c("log_rr", "log_or"), each = length(layout$labels) - 1), layout$suffix,
         layout$labels[-layout$reference])
}

# Log risk ratios, then log odds ratios, of the arms `others` against `base`; NA where a mean is outside (0, 1).
log_ratios <- function(means, influence, others, base) {
  inside <- means > 0 & means < 1
  if (!all(inside)) {
    cli::cli_warn("A mean lies outside (0, 1): log_rr and log_or are NA.",
                  class = c("causalsynth_warning_contrast", "causalsynth_warning"))
    means[!inside] <- NA
  }
  relative <- influence %*% diag(1 / means, length(means))
  odds <- influence %*% diag(1 / (means * (1 - means)), length(means))
  logit <- stats::qlogis(means)
  list(
    estimate = c(log(means[others] / means[base]), logit[others] - logit[base]),
    influence = cbind(relative[, others, drop = FALSE] - relative[, base],
                      odds[, others, drop = FALSE] - odds[, base])
  )
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
