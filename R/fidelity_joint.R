# Scores of all columns together.

# list(values, pairs, notes).
fidelity_joint <- function(sets, settings, key) {
  parts <- c(
    list(associations = association_scores(sets)),
    lapply(c("logit", "cart", "forest"), function(method) pmse_scores(sets, method, settings, derive_key(key, method))),
    list(auc = auc_scores(sets, settings, derive_key(key, "auc")),
         neighbours = neighbour_scores(sets, sets$columns, "", settings, derive_key(key, "neighbours")))
  )
  values <- do.call(rbind, lapply(parts, `[[`, "values"))
  rownames(values) <- NULL
  list(values = values, pairs = parts$associations$pairs,
       notes = unlist(lapply(parts, `[[`, "notes"), use.names = FALSE))
}

# A score is that of the worst pair too; the holdout's difference stands beside each pair.
association_scores <- function(sets) {
  if (length(sets$columns) < 2) return(NULL)
  pairs <- lapply(sets$thin[c("synthetic", "holdout")], function(set) association_pairs(pair_sets(sets$thin$real, set)))
  far <- lapply(pairs, function(p) abs(p$difference))
  table <- pairs$synthetic
  table$reference <- pairs$holdout$difference
  list(values = metric_values(c("association_mean", "association_max"), c(mean(far$synthetic), max(far$synthetic)),
                              low = 0, reference = c(mean(far$holdout), max(far$holdout)), n = sets$m),
       pairs = table)
}

pmse_scores <- function(sets, method, settings, key) {
  score_both(paste0("pmse_", method, c("", "_standardised")), function(which) {
    found <- pmse(sets$thin$real, sets$thin[[which]], method = method, against = "holdout",
                  permutations = settings$permutations, seed = key, threads = settings$threads)
    c(found$pmse, found$standardised)
  }, sets$m, low = 0)
}

auc_scores <- function(sets, settings, key) {
  score_both("classifier_auc", function(which) {
    found <- classifier_auc(sets$thin$real, sets$thin[[which]], trees = 200, seed = key, threads = settings$threads)
    c(found$auc, found$std.error)
  }, sets$m, TRUE, 0, 1)
}

neighbour_scores <- function(sets, columns, suffix, settings, key) {
  n <- min(sets$m, nrow(sets$thin$real))
  wanted <- if (suffix == "") 1:3 else 1:2
  score_both(paste0(c("alpha_precision", "beta_recall", "coverage"), suffix)[wanted], function(which) {
    both <- pair_sets(sets$thin$real[columns], sets$thin[[which]][columns])
    precision_scores(both, 5, settings$threads, key)$scores[wanted]
  }, n, low = 0, high = 1)
}
