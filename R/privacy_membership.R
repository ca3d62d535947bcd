# Who was in the training data? Attacks that score rows, the higher the likelier a member, and what they find.

# At most this many synthetic and reference rows teach the classifier.
most_classified <- 20000

# The holdout is parted: one half is the reference whose density the attacker knows, the other plays the people who were
# not in the data. The distance needs no reference and is scored on all.
membership_scores <- function(rows, near, run, key) {
  n_holdout <- nrow(rows$codes$holdout)
  half <- draw_rows(n_holdout, n_holdout %/% 2, derive_key(key, "reference"))
  others <- setdiff(seq_len(n_holdout), half)
  distance <- roc_scores("membership_distance", -near$train_synthetic$first, -near$holdout_synthetic$first)
  if (length(half) == 0) {
    absent <- paste0("membership", c("_auc", "_tpr", "_classifier_auc", "_classifier_tpr"))
    return(list(scores = c(lapply(absent, no_score, group = "membership",
                                  detail = "needs at least 2 holdout rows"), distance$scores),
                roc = list(distance = distance$roc)))
  }
  reference <- rows$codes$holdout[half, , drop = FALSE]
  to_reference <- list(
    train = two_nearest(rows$codes$train, reference, rows, run)$first,
    others = two_nearest(rows$codes$holdout[others, , drop = FALSE], reference, rows, run)$first
  )
  ratio <- roc_scores(
    "membership", log_distance_ratio(near$train_synthetic$first, to_reference$train),
    log_distance_ratio(near$holdout_synthetic$first[others], to_reference$others)
  )
  told <- classifier_ratio(rows, half, others, run, key)
  classifier <- roc_scores("membership_classifier", told$train, told$others)
  list(scores = c(ratio$scores, classifier$scores, distance$scores),
       roc = list(ratio = ratio$roc, classifier = classifier$roc, distance = distance$roc))
}

# log p_synthetic(x) - log p_reference(x) up to a constant, p by the nearest neighbour: p(x) is in proportion to
# distance^-dimension (Loftsgaarden and Quesenberry 1965), the same dimension in both.
log_distance_ratio <- function(to_synthetic, to_reference) {
  small <- 1e-9
  log(to_reference + small) - log(to_synthetic + small)
}

# Odds of synthetic against reference rows are the ratio of their densities, up to a constant. Trees see every row and
# grow to purity, so that a copy stands out.
classifier_ratio <- function(rows, half, others, run, key) {
  pick <- function(n, name) draw_rows(n, most_classified, derive_key(key, paste("classifier", name)))
  synthetic <- pick(nrow(rows$frames$synthetic), "synthetic")
  reference <- half[pick(length(half), "reference")]
  x <- rbind(take_rows(rows$frames$synthetic, synthetic), take_rows(rows$frames$holdout, reference))
  y <- rep(1:0, c(length(synthetic), length(reference)))
  fit <- forest(x, y, trees = 200, min_node_size = 1, replace = FALSE, split_rule = "extratrees",
                seed = derive_key(key, "classifier"), threads = run$threads)
  list(train = stats::predict(fit, rows$frames$train, threads = run$threads),
       others = stats::predict(fit, take_rows(rows$frames$holdout, others), threads = run$threads))
}

# AUC (DeLong) and the share of members found where 1 % of others are taken for members, with the ROC curve.
roc_scores <- function(stem, members, others, group = "membership", tpr = TRUE) {
  members <- members[!is.na(members)]
  others <- others[!is.na(others)]
  n <- c(length(members), length(others))
  names <- paste0(stem, c("_auc", if (tpr) "_tpr"))
  if (min(n) < 2) {
    return(list(scores = lapply(names, no_score, group = group, detail = "needs 2 rows of either kind"), roc = NULL))
  }
  y <- rep(1:0, n)
  found <- auc_delong(c(members, others), y)
  # Perfect separation has no variance by DeLong: one further row of either kind, in the wrong order, bounds it.
  se <- max(found[2], if (found[1] %in% 0:1) 1 / (min(n) + 1) / stats::qnorm(.975) else 0)
  scores <- list(privacy_score(names[1], group, "normal", estimate = found[1], std.error = se, limits = 0:1,
                               reference = .5, n = n[1], n_reference = n[2]))
  if (tpr) {
    scores[[2]] <- privacy_score(names[2], group, "tpr", members = members, others = others, fpr = .01,
                                 reference = .01, n = n[1], n_reference = n[2])
  }
  list(scores = scores, roc = thin_curve(roc_curve(c(members, others), y)))
}

# At most 500 points of a curve, its ends among them.
thin_curve <- function(curve, most = 500) {
  if (nrow(curve) <= most) return(curve)
  kept <- unique(round(seq(1, nrow(curve), length.out = most)))
  data.frame(false_positive = curve$false_positive[kept], true_positive = curve$true_positive[kept])
}
