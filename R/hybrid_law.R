# The law that rows will be drawn from, seen on many rows of it, drawn under the fit's own key: shifts, knobs and the
# known effect are solved there, and hold for every row drawn later.

law_size <- 200000

# Rows that stand for a generator's law; `exact` when they are all of it.
law_rows <- function(generator, n, key, threads) UseMethod("law_rows")

#' @exportS3Method
law_rows.causalsynth_generator <- function(generator, n, key, threads) {
  generate(generator, n, key, threads = threads)
}

# list(rows, weights (NULL: all alike), exact, acceptance) of the law after acceptance. `covs`: the seed's covariates;
# NULL where nothing is to be balanced.
released_law <- function(generator, covs, key, threads, call) {
  rows <- law_rows(generator, law_size, derive_key(key, "rows"), threads)
  exact <- isTRUE(attr(rows, "exact"))
  attr(rows, "exact") <- NULL
  if (is.null(covs)) return(list(rows = rows, exact = exact))
  acceptance <- fit_acceptance(covs, rows, exact, call)
  if (is.null(acceptance$lambda)) return(list(rows = rows, exact = exact, acceptance = acceptance))
  weights <- NULL
  before <- rows
  if (exact) {
    weights <- acceptance_weights(acceptance, rows)
  } else {
    rows <- accepted_rows(generator, acceptance, law_size, derive_key(key, "accepted"), threads)
  }
  acceptance$table <- moments_compared(acceptance$plan, covs, before, NULL, rows, weights)
  list(rows = rows, weights = weights, exact = exact, acceptance = acceptance)
}

# Targets, knobs and the known means, solved on the released law. `seed`: what target_arms() found, `own`: the row
# means wanted of subgroups.
solve_law <- function(hybrid, covs, seed, subgroups, key, threads, call) {
  law <- released_law(hybrid$generator, if (hybrid$targeted) covs, key, threads, call)
  hybrid$acceptance <- law$acceptance
  w <- law$weights %||% rep(1, nrow(law$rows))
  base <- hybrid_predictions(hybrid$models, law$rows, threads, call)
  base$g <- bounded_arms(base$ps, hybrid$bounds)
  groups <- subgroup_codes(subgroups, law$rows)
  if (hybrid$targeted) hybrid$fluctuation <- fit_target(seed, subgroups, base, groups, law$weights)
  q <- targeted_means(hybrid, base, law$rows)
  range <- law_range(hybrid$outcome_law)
  if (hybrid$knobs$overlap != 1) hybrid$assignment$overlap <- fit_overlap(hybrid$knobs$overlap, base$ps, w)
  hybrid$mean_knobs <- fit_mean_knobs(q, w, hybrid$knobs, hybrid$outcome_law$kind, range, call)
  kept <- colSums(q * w) / sum(w)
  q <- apply_mean_knobs(hybrid$mean_knobs, q)
  shares <- assignment_shares(hybrid$assignment, law$rows, base$ps, call)
  hybrid$law <- law_summary(q, w, nrow(law$rows), law$exact, hybrid$arms)
  hybrid$law$before_knobs <- stats::setNames(kept, hybrid$arms)
  hybrid$law$shares <- stats::setNames(colSums(shares * w) / sum(w), hybrid$arms)
  hybrid$law$least_share <- stats::setNames(apply(shares, 2, min), hybrid$arms)
  hybrid$law$confounding_bias <- confounding_bias(q, shares, w, hybrid$knobs$confounding, list(
    kind = hybrid$outcome_law$kind, range = range, spread = hybrid$outcome_law$spread * hybrid$knobs$noise))
  hybrid$subgroups <- if (length(subgroups)) subgroup_table(subgroups, q, groups, w, contrast_names(hybrid$arms))
  hybrid
}

# Ends of the outcome's range, 0 and 1 where it is binary.
law_range <- function(law) law$range %||% c(0, 1)

# Names of the contrasts with the first arm, as effects have them.
contrast_names <- function(arms) if (identical(arms, c("0", "1"))) "ATE" else paste0("ATE_", arms[-1])

law_summary <- function(q, w, n, exact, arms) {
  w <- w / sum(w)
  means <- stats::setNames(colSums(q * w), arms)
  sd <- vapply(seq_along(arms)[-1], function(a) {
    effect <- q[, a] - q[, 1]
    sqrt(sum(w * (effect - sum(w * effect))^2) * n / (n - 1))
  }, 1)
  law <- list(means = means, n = n, sd = sd, exact = exact)
  if (length(arms) == 2) law[c("mean_1", "mean_0")] <- unname(means[2:1])
  law
}

# Q(a, W) of the law before knobs: rows by arms.
targeted_means <- function(hybrid, base, rows) {
  if (is.null(hybrid$fluctuation)) return(base$q)
  apply_target(hybrid$fluctuation, base, subgroup_codes(hybrid$fluctuation$subgroups, rows))
}
