# Matching against MatchIt (method = "nearest", distance = "mahalanobis"), one run: Rscript bench/matching.R
# 20,000 rows of the paper's mechanism, ATT, rows matched in the order of the data, 2 threads (MatchIt has one).
# Seconds are medians of 5 in turns. Ours give the effect and its standard error besides the pairs; both start from
# the same data frame, ours with given nuisances, which this distance does not use. Results: bench/matching.csv.
library(causalsynth)
source("bench/lib.R")
stopifnot(requireNamespace("MatchIt"))
options(causalsynth.threads = 2)

study <- generate(dgp_paper("moderate"), 20000, seed = 1)
columns <- paste0("W", 1:6)
zero <- numeric(nrow(study))
given <- as_nuisance(study$A, study$Y, rep(mean(study$A), nrow(study)), zero, zero, covs = study[columns])
ours <- function(replace) {
  estimate_effect(given, method = est_matching(replace = replace, covariance = "within", tie_tolerance = 0),
                  estimand = "ATT")
}
peer <- function(replace) {
  MatchIt::matchit(stats::reformulate(columns, "A"), study, method = "nearest", distance = "mahalanobis",
                   replace = replace, m.order = if (replace) NULL else "data")
}

# The partner of each treated row, NA where it has none.
peer_partner <- function(fit) match(fit$match.matrix[, 1], rownames(study))
our_partner <- function(fit) {
  control <- which(study$A == 0 & !is.na(fit$subclass))
  control[match(fit$subclass[study$A == 1], fit$subclass[control])]
}
pairs <- list(causalsynth = our_partner(ours(FALSE)), MatchIt = peer_partner(peer(FALSE)))
stopifnot(identical(pairs$causalsynth, pairs$MatchIt))
# With replacement: each control is used as often; MatchIt's weights sum to the number of distinct controls.
shares <- function(weights) unname(weights[study$A == 0]) / sum(weights[study$A == 0])
stopifnot(all.equal(shares(weights(ours(TRUE))), shares(peer(TRUE)$weights), tolerance = 1e-12))

work <- list("pairs without replacement" = FALSE, "nearest row with replacement" = TRUE)
times <- do.call(rbind, lapply(names(work), function(name) {
  seconds <- paired_seconds(function() ours(work[[name]]), function() peer(work[[name]]))
  data.frame(work = paste0(name, ", 20,000 x 6, ATT, mahalanobis, 2 threads"), causalsynth = signif(seconds[1], 3),
             MatchIt = signif(seconds[2], 3), ratio = signif(seconds[2] / seconds[1], 3),
             same_pairs = sum(!is.na(pairs$MatchIt)))
}))
times$same_pairs[2] <- sum(study$A)
utils::write.csv(cbind(times, MatchIt_version = as.character(utils::packageVersion("MatchIt")), machine()),
                 "bench/matching.csv", row.names = FALSE)
print(times, row.names = FALSE)
