# Honest predictions where rows belong together (clusters, or the copies of a row in a resample): no row of a group may
# teach a fit that predicts another. Folds keep groups together; forests draw them into bags together.

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

# The learner as it fits rows of these groups (NULL: none).
with_groups <- function(learner, groups, weights) UseMethod("with_groups")

#' @exportS3Method
with_groups.default <- function(learner, groups, weights) learner

# Forests take clusters or weights, not both.
#' @exportS3Method
with_groups.learn_forest <- function(learner, groups, weights) {
  if (is.null(weights) && length(unique(groups)) > 1) learner$settings$clusters <- groups
  learner
}

#' @exportS3Method
with_groups.learn_stack <- function(learner, groups, weights) {
  learner$groups <- groups
  learner
}

# Do the learner's out-of-bag predictions keep groups apart?
keeps_groups <- function(learner, weights) UseMethod("keeps_groups")

#' @exportS3Method
keeps_groups.default <- function(learner, weights) FALSE

#' @exportS3Method
keeps_groups.learn_forest <- function(learner, weights) is.null(weights)

# Members without out-of-bag predictions are cross-fitted within the stack, by groups too.
#' @exportS3Method
keeps_groups.learn_stack <- function(learner, weights) {
  all(vapply(learner$members, function(m) m$crossfit != "oob" || keeps_groups(m, weights), NA))
}

# Default ways of honest prediction: by folds where rows belong together and the learner cannot keep them apart out of
# bag.
grouped_crossfit <- function(crossfit, learners, weights) {
  keeps <- vapply(learners[names(crossfit)], keeps_groups, NA, weights = weights)
  crossfit[crossfit == "oob" & !keeps] <- "folds"
  crossfit
}
