#' Propensity mean squared error
#'
#' How well a model tells synthetic rows from real ones: the mean squared distance of its fitted probabilities from the
#' share of synthetic rows, and that as a multiple of what chance alone makes.
#'
#' @param real Data frame of real rows.
#' @param synthetic Data frame of synthetic rows, with the same columns.
#' @param columns Names of the columns to compare; `NULL`: all of `real`.
#' @param ... Unknown names are an error.
#' @param method `"logit"`: logistic regression; `"cart"`: one classification tree of nodes of at least 20 rows, fitted
#'   and scored on all rows; `"forest"`: a forest's out-of-bag probabilities.
#' @param against What `real` is: `"seed"`, the rows that the generator was fitted on, or `"holdout"`, rows that it
#'   never saw.
#' @param interactions With `"logit"`: also all products of two columns?
#' @param permutations With `"cart"` and `"forest"`: how often labels are permuted to learn what chance makes.
#' @param trees Trees of the forest.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @details With c = n_synthetic / N, N rows in all, pMSE = sum (p_i - c)^2 / N. Its expectation if the synthetic rows
#'   follow the law that made the real ones is, for a logistic regression of K coefficients with intercept,
#'   (K - 1) c (1 - c)^2 / N against the seed (Snoke et al. 2018) and (K - 1) c (1 - c) / N against a holdout. The mean
#'   over permuted labels estimates the latter; against the seed it is multiplied by 1 - c. (The factor one half that is
#'   in use is right where both sets are of one size.) The standardised pMSE is the ratio to the expectation: 1 is
#'   ideal,
#'   and below 10 is a rule of thumb for a useful set. A missing number takes its column's mean and a missing level is a
#'   level of its own in the logistic regression; trees split on them.
#'
#'   Of the same probabilities, `specks` is the Kolmogorov-Smirnov statistic between real and synthetic rows, and `po50`
#'   the percentage of rows on the right side of one half, less 50: meant for sets of one size (with unequal ones, a
#'   constant probability has more than 0).
#' @return An object of class `causalsynth_pmse`: `pmse`, `expected`, `standardised`, `z` (permutations only: distance
#'   from the expectation in standard deviations of the permuted values), `specks`, `po50`, `coefficients` (K), `share`
#'   (c); `tidy()` has the rows `pmse` (reference: the expectation), `pmse_standardised` (reference 1), `specks` and
#'   `po50`.
#' @references Snoke, Raab, Nowok, Dibben and Slavkovic (2018) "General and specific utility measures for synthetic
#'   data", JRSS A 181 \doi{10.1111/rssa.12358}; Woo, Reiter, Oganian and Karr (2009); Bowen, Liu and Su (2021),
#'   Differentially private data release via statistical election to partition sequentially, Metron 79 (SPECKS); Raab,
#'   Nowok and Dibben (2021), Assessing, visualizing and improving the utility of synthetic data, arXiv 2109.12717
#'   (PO50).
#' @examples
#' real <- generate(dgp_paper(), 300, seed = 1)
#' pmse(real, generate(dgp_paper(), 300, seed = 2), against = "holdout")
#' @export
pmse <- function(real, synthetic, columns = NULL, ..., method = c("logit", "cart", "forest"),
                 against = c("seed", "holdout"), interactions = FALSE, permutations = 50, trees = 100, seed = NULL,
                 threads = NULL) {
  check_dots_empty(...)
  method <- check_choice(method, c("logit", "cart", "forest"), "method")
  against <- check_choice(against, c("seed", "holdout"), "against")
  check_flag(interactions, "interactions")
  permutations <- check_whole(permutations, "permutations", 2)
  trees <- check_whole(trees, "trees")
  both <- stacked_rows(real, synthetic, columns)
  share <- both$n_synthetic / (both$n_real + both$n_synthetic)
  found <- if (method == "logit") {
    logit_pmse(both, share, interactions)
  } else {
    tree_pmse(both, share, list(method = method, permutations = permutations, trees = trees,
                                threads = resolve_threads(threads)), rng_key(seed))
  }
  expected <- found$expected * if (against == "seed") 1 - share else 1
  ratio <- if (expected > 0) found$pmse / expected else NA_real_
  n <- both$n_real + both$n_synthetic
  told <- told_apart(found$probability, both$synthetic)
  new_metric(
    metric_values(c("pmse", "pmse_standardised", "specks", "po50"), c(found$pmse, ratio, told$specks, told$po50),
                  low = c(0, 0, 0, -50), reference = c(expected, 1, NA, NA), n = n),
    "causalsynth_pmse", pmse = found$pmse, expected = expected, standardised = ratio, specks = told$specks,
    po50 = told$po50,
    z = if (is.null(found$sd) || !isTRUE(found$sd > 0)) NA_real_
        else (found$pmse - expected) / (found$sd * if (against == "seed") 1 - share else 1),
    coefficients = found$coefficients, share = share, method = method, against = against, n_real = both$n_real,
    n_synthetic = both$n_synthetic, columns = both$columns
  )
}

# pMSE of a logistic regression and its expectation against a holdout.
logit_pmse <- function(both, share, interactions, call = rlang::caller_env()) {
  rows <- both$rows
  for (name in names(rows)) if (is.factor(rows[[name]]) && anyNA(rows[[name]])) rows[[name]] <- addNA(rows[[name]])
  rows[] <- lapply(rows, function(x) if (is.factor(x)) factor(as.integer(x)) else x)
  rows <- rows[vapply(rows, function(x) length(unique(x)) > 1, NA)]
  # A formula would misread names such as "..1".
  names(rows) <- sprintf("x%d", seq_along(rows))
  n <- length(both$synthetic)
  x <- if (length(rows) == 0) {
    matrix(1, n, 1, dimnames = list(NULL, "(Intercept)"))
  } else {
    terms <- if (interactions && length(rows) > 1) stats::terms(~ .^2, data = rows) else all_columns_terms(rows)
    fit_design(terms, rows, call)$x
  }
  if (n <= ncol(x)) {
    abort("data", c("The logistic regression has {ncol(x)} coefficients for {n} rows.",
                    i = "Compare fewer columns, or use {.code method = \"forest\"}."), call = call)
  }
  fit <- glm_core(x, as.numeric(both$synthetic), "binomial")
  k <- sum(!fit$aliased)
  list(pmse = mean((fit$fitted - share)^2), expected = (k - 1) * share * (1 - share) / n, coefficients = k,
       probability = fit$fitted)
}

# Bowen, Liu and Su (2021) and Raab, Nowok and Dibben (2021).
told_apart <- function(probability, synthetic) {
  list(specks = ks_distance(probability[synthetic == 1], probability[synthetic == 0]),
       po50 = 100 * mean((probability > .5) == (synthetic == 1)) - 50)
}

tree_pmse <- function(both, share, how, key) {
  score <- function(p) mean((p - share)^2)
  permuted <- vapply(seq_len(how$permutations), function(i) {
    order <- random_permutation(unclass(derive_key(key, "permutation", i)), length(both$synthetic))
    score(tree_probabilities(both$rows, both$synthetic[order], how, derive_key(key, "permuted fit", i)))
  }, 0)
  own <- tree_probabilities(both$rows, both$synthetic, how, derive_key(key, "fit"))
  list(pmse = score(own), expected = mean(permuted), sd = stats::sd(permuted), coefficients = NA_integer_,
       probability = own)
}

tree_probabilities <- function(rows, y, how, key) {
  if (how$method == "forest") {
    return(forest(rows, y, trees = how$trees, min_node_size = 5, seed = key, threads = how$threads)$oob)
  }
  tree <- forest(rows, y, trees = 1, mtry = length(rows), min_node_size = 20, min_bucket = 7, replace = FALSE,
                 seed = key, threads = how$threads)
  predict(tree, rows, threads = how$threads)
}

#' @export
format.causalsynth_pmse <- function(x, digits = 3, ...) {
  with <- switch(x$method, logit = paste("logistic regression,", count_phrase(x$coefficients, "coefficient")),
                 cart = "classification tree", forest = "forest, out of bag")
  c(
    sprintf("<pmse> %s; expected by chance %s", format(x$pmse, digits = digits), format(x$expected, digits = digits)),
    sprintf("Standardised: %s (1 is ideal)%s", format(x$standardised, digits = digits),
            if (is.na(x$z)) "" else sprintf(", %s standard deviations from chance", format(x$z, digits = 2))),
    sprintf("%s against %s (%s); %s", count_phrase(x$n_synthetic, "synthetic row"), count_phrase(x$n_real, "real row"),
            if (x$against == "seed") "the seed" else "a holdout", with)
  )
}

#' How well a forest tells synthetic rows from real ones
#'
#' The area under the ROC curve of a forest trained to tell both apart, on rows held out of its training: .5 where it
#' can do no better than chance, 1 where it always can.
#'
#' @inheritParams pmse
#' @param real Data frame of real rows, best of such that the generator never saw.
#' @param trees,min_node_size Of the forests.
#' @param folds Number of folds: each is scored by a forest trained on the others.
#' @param holdout Data frame of further real rows, or `NULL`: how well they can be told from `real` becomes the
#'   reference.
#' @details The AUC is averaged over folds, within which real and synthetic rows have their overall shares; its
#'   standard error is that of DeLong, DeLong and Clarke-Pearson (1988) for each fold, combined. Rows that occur in both
#'   sets, as from a bootstrap of the seed, make it large.
#' @return An object of class `causalsynth_classifier_auc`: `auc`, `std.error`, `probability` (one a row, real ones
#'   first).
#' @references Lopez-Paz and Oquab (2017) "Revisiting classifier two-sample tests", ICLR.
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' classifier_auc(real, generate(dgp_paper("weak"), 200, seed = 2), trees = 100, seed = 3)
#' @export
classifier_auc <- function(real, synthetic, columns = NULL, ..., trees = 500, min_node_size = 5, folds = 5,
                           holdout = NULL, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  folds <- check_whole(folds, "folds", 2, 100)
  settings <- list(trees = check_whole(trees, "trees"), threads = resolve_threads(threads), folds = folds,
                   min_node_size = check_whole(min_node_size, "min_node_size"))
  key <- rng_key(seed)
  both <- stacked_rows(real, synthetic, columns)
  found <- held_out_auc(both, settings, key)
  reference <- if (is.null(holdout)) NA_real_ else {
    held_out_auc(stacked_rows(real, holdout, both$columns), settings, derive_key(key, "holdout"))$auc
  }
  new_metric(
    metric_values("classifier_auc", found$auc, found$std.error, 0, 1, reference, both$n_real + both$n_synthetic),
    "causalsynth_classifier_auc", auc = found$auc, std.error = found$std.error, probability = found$probability,
    folds = folds, trees = trees, n_real = both$n_real, n_synthetic = both$n_synthetic, columns = both$columns
  )
}

held_out_auc <- function(both, settings, key, call = rlang::caller_env()) {
  least <- min(both$n_real, both$n_synthetic)
  if (least < 2 * settings$folds) {
    abort("data", "Of real and of synthetic rows at least {2 * settings$folds} are needed for {settings$folds} folds.",
          call = call)
  }
  y <- both$synthetic
  fold <- integer(length(y))
  for (class in 0:1) {
    rows <- which(y == class)
    order <- random_permutation(unclass(derive_key(key, "folds", class)), length(rows))
    fold[rows[order]] <- rep_len(seq_len(settings$folds), length(rows))
  }
  probability <- numeric(length(y))
  scores <- vapply(seq_len(settings$folds), function(k) {
    train <- which(fold != k)
    fit <- forest(take_rows(both$rows, train), y[train], trees = settings$trees,
                  min_node_size = settings$min_node_size, seed = derive_key(key, "fold", k), threads = settings$threads)
    test <- which(fold == k)
    probability[test] <<- predict(fit, take_rows(both$rows, test), threads = settings$threads)
    auc_delong(probability[test], y[test])
  }, c(0, 0))
  list(auc = mean(scores[1, ]), std.error = sqrt(sum(scores[2, ]^2)) / settings$folds, probability = probability)
}

#' @export
format.causalsynth_classifier_auc <- function(x, digits = 3, ...) {
  reference <- x$values$reference
  c(
    sprintf("<auc> A forest tells synthetic from real rows with AUC %s (SE %s); .5 is ideal",
            format(x$auc, digits = digits), format(x$std.error, digits = 2)),
    if (!is.na(reference)) sprintf("The holdout's rows, told from real ones: %s", format(reference, digits = digits)),
    sprintf("%s, %s; %s, %s", count_phrase(x$n_real, "real row"), count_phrase(x$n_synthetic, "synthetic row"),
            count_phrase(x$folds, "fold"), count_phrase(x$trees, "tree"))
  )
}
