# Folds that keep groups of rows together: clusters, and the copies of a row in a resample.

# One fold number a row; groups are dealt in turn within strata of their arm (and of a binary outcome), in an order
# drawn from `key`. `job` as in crossfit.R; `treat` counts as an arm's number.
grouped_folds <- function(job, key) {
  group <- match(job$groups, unique(job$groups))
  n_groups <- max(group)
  first <- match(seq_len(n_groups), group)
  stratum <- job$treat[first]
  if (job$family == "binomial") stratum <- stratum + 1000 * job$outcome[first]
  for (arm in sort(unique(job$treat))) {
    found <- length(unique(group[job$treat == arm]))
    if (found < job$folds) {
      abort("data", c(
        "An arm has rows of {found} cluster{?s}: too few for {job$folds} folds that keep clusters whole.",
        i = "Give a smaller {.arg folds}."
      ), call = job$call)
    }
  }
  order <- random_permutation(unclass(key), n_groups)
  order <- order[order(stratum[order])]
  fold <- integer(n_groups)
  fold[order] <- rep_len(seq_len(job$folds), n_groups)
  fold[group]
}
