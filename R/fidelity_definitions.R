# What each score of fidelity() is, where it is ideal, and how much worse than a holdout's it may be.

# ideal: "0" (smaller is better), "1" (larger), "+-0" (either side), "=1" (either side, as a ratio), ".5" (no larger).
# tolerance: of the loss (see score_loss()) beyond the holdout's, for 500 rows; NA: no verdict.
score_definitions <- function() {
  rows <- list(
    c("ks_mean", "marginals", "KS statistic, mean of columns", "0", .02,
      "largest difference of two distribution functions"),
    c("ks_max", "marginals", "KS statistic, worst column", "0", .06,
      "largest difference of two distribution functions"),
    c("wasserstein_mean", "marginals", "Wasserstein distance (SD), mean", "0", .05,
      "area between two distribution functions, over the real standard deviation"),
    c("wasserstein_max", "marginals", "Wasserstein distance (SD), worst", "0", .15,
      "area between two distribution functions, over the real standard deviation"),
    c("tv_mean", "marginals", "Total variation, mean of factors", "0", .04, "half the sum of differences of shares"),
    c("tv_max", "marginals", "Total variation, worst factor", "0", .08, "half the sum of differences of shares"),
    c("missing_max", "marginals", "Share missing, largest difference", "0", .05,
      "difference of the shares of missing values"),
    c("association_mean", "joint", "Associations, mean difference", "0", .03,
      "difference of correlations, correlation ratios and Cramer's V"),
    c("association_max", "joint", "Associations, largest difference", "0", .12,
      "difference of correlations, correlation ratios and Cramer's V"),
    c("pmse_logit", "joint", "pMSE, logistic regression", "0", NA, "mean squared distance of fitted probabilities"),
    c("pmse_logit_standardised", "joint", "Standardised pMSE, logistic", "=1", .7, "pMSE over its expectation"),
    c("pmse_cart", "joint", "pMSE, tree", "0", NA, "mean squared distance of fitted probabilities"),
    c("pmse_cart_standardised", "joint", "Standardised pMSE, tree", "=1", .2, "pMSE over its permuted mean"),
    c("pmse_forest", "joint", "pMSE, forest", "0", NA, "mean squared distance of fitted probabilities"),
    c("pmse_forest_standardised", "joint", "Standardised pMSE, forest", "=1", .2, "pMSE over its permuted mean"),
    c("classifier_auc", "joint", "AUC of a forest, real or not?", ".5", .05,
      "how well a forest tells them apart"),
    c("alpha_precision", "joint", "Alpha-precision", "1", .05, "do rows lie where real ones do? (min-max space)"),
    c("beta_recall", "joint", "Beta-recall", "1", .08, "are all places of real rows reached? (min-max space)"),
    c("coverage", "joint", "Coverage (5 neighbours)", "1", .05, "share of real rows with one of these rows nearby"),
    c("propensity_jsd", "causal", "Propensities alike (1 - JSD)", "1", .05,
      "1 - mean Jensen-Shannon distance of fitted propensities"),
    c("u_pehe", "causal", "Effects given W, RMS difference", "0", .4, "mean over T-, S-, DR- and RA-learner"),
    c("u_pehe_t", "causal", "- T-learner", "0", NA, "an outcome regression by arm"),
    c("u_pehe_s", "causal", "- S-learner", "0", NA, "one outcome regression"),
    c("u_pehe_dr", "causal", "- DR-learner", "0", NA, "regression of doubly robust pseudo-outcomes"),
    c("u_pehe_ra", "causal", "- RA-learner", "0", NA, "regression of regression-adjusted pseudo-outcomes"),
    c("alpha_precision_w", "causal", "Alpha-precision of covariates", "1", .05, "as alpha-precision, covariates alone"),
    c("beta_recall_w", "causal", "Beta-recall of covariates", "1", .1, "as beta-recall, covariates alone"),
    c("ate_error", "causal", "ATE, synthetic less real", "+-0", 2, "difference of the estimates"),
    c("ate_stddiff", "causal", "ATE, difference over real SE", "+-0", NA,
      "difference of estimates over the real one's SE"),
    c("ate_overlap", "causal", "Overlap of intervals", "1", NA, "mean share of both intervals in common"),
    c("tstr_auc", "causal", "Outcome AUC on real rows (TSTR)", "1", .05, "reference: trained on real rows"),
    c("tstr_r2", "causal", "Outcome R2 on real rows (TSTR)", "1", .08, "reference: trained on real rows"),
    c("tstr_slope", "causal", "- calibration slope", "=1", .4, "reference: trained on real rows"),
    c("tstr_intercept", "causal", "- calibration intercept", "+-0", NA, "at slope 1; reference: trained on real rows")
  )
  table <- as.data.frame(do.call(rbind, rows))
  names(table) <- c("base", "group", "label", "ideal", "tolerance", "definition")
  table$tolerance <- as.numeric(table$tolerance)
  table
}

# The definition of each metric, `ate_error_aipw` being one of `ate_error`.
defined_scores <- function(metrics) {
  table <- score_definitions()
  base <- sub("^(ate_error|ate_stddiff|ate_overlap)_.*$", "\\1", metrics)
  found <- table[match(base, table$base), ]
  suffix <- ifelse(base == metrics, "", paste0(", ", sub("^ate_[a-z]+_", "", metrics)))
  found$label <- paste0(found$label, suffix)
  found$metric <- metrics
  rownames(found) <- NULL
  found
}

describe_scores <- function(metrics, n, formula) {
  found <- defined_scores(metrics)
  count <- function(what) format(n[[what]], big.mark = ",")
  halves <- metrics == "propensity_jsd" | startsWith(metrics, "u_pehe")
  found$compared_with <- ifelse(
    halves, sprintf("fit on %s real rows, over test halves of %s holdout rows", count("real"), count("compared")),
    ifelse(startsWith(metrics, "tstr_"), sprintf("fit on real rows, over %s holdout rows", count("holdout")),
           sprintf("%s real rows", count("real"))))
  found[c("metric", "group", "label", "ideal", "definition", "compared_with")]
}

# How far from ideal, on the scale of the tolerances.
score_loss <- function(value, ideal, std.error) {
  switch(ideal, `0` = value, `1` = -value, `.5` = pmax(value - .5, 0), `=1` = abs(log(pmax(value, 1e-3))),
         `+-0` = abs(value) / std.error)
}

# Verdicts by the tolerances; `m`: rows compared.
judge_scores <- function(values, m) {
  found <- defined_scores(values$metric)
  worse <- vapply(seq_len(nrow(values)), function(i) {
    v <- values[i, ]
    if (startsWith(v$metric, "ate_error")) return(abs(v$estimate) / v$std.error)
    if (startsWith(v$metric, "u_pehe")) return(log(max(v$estimate, 1e-12) / max(v$reference, 1e-12)))
    if (endsWith(v$metric, "_standardised")) return(log(max(v$estimate, 1)) - log(max(v$reference, 1)))
    score_loss(v$estimate, found$ideal[i], 1) - score_loss(v$reference, found$ideal[i], 1)
  }, 0)
  grow <- ifelse(startsWith(values$metric, "ate_"), 1, max(1, sqrt(500 / m)))
  tolerance <- found$tolerance * grow
  verdict <- ifelse(worse > 3 * tolerance, "much worse", ifelse(worse > tolerance, "worse", "like the holdout"))
  ate <- startsWith(values$metric, "ate_error") & !is.na(verdict) & verdict == "worse"
  verdict[ate & worse > 3] <- "much worse"
  verdict[is.na(values$estimate) & !is.na(values$reference)] <- "not computed"
  data.frame(metric = values$metric, group = found$group, worse_by = worse, tolerance = tolerance, verdict = verdict)
}
