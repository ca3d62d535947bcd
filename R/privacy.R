#' What synthetic rows give away of the people behind them
#'
#' Copies, distances, and attacks run for real: singling out, linking, guessing secrets, telling who was in the data.
#' Every score stands beside the same score of real rows that the generator never saw (the holdout): only what exceeds
#' that is the synthetic rows' doing. The result is a table of risks with intervals; it is no verdict.
#'
#' @param real Data frame of the real rows that the generator was fitted on (the training rows).
#' @param synthetic Data frame of synthetic rows, with the same columns.
#' @param holdout Data frame of further real rows that the generator never saw. `NULL`: half of `real` is split off at
#'   random, and the print says so. Since the generator saw that half too, it serves as a floor for distances only;
#'   what needs people outside the data (membership, risks in excess of a control, DCR share) is then `NA`.
#' @param keys Names of the columns that an intruder may know of a person.
#' @param secrets Names of the columns that an intruder wants to learn. Default: treatment and outcome of `formula`,
#'   or of
#'   the hybrid that `synthetic` was drawn from.
#' @param formula Roles `Y ~ A | W1 + W2`: they tell treatment and outcome. Not needed where `secrets` are named.
#' @param columns Names of the columns to compare; `NULL`: all of `real`.
#' @param distance `"gower"`: the mean over columns of the absolute difference over the training rows' range, at most
#'   1,
#'   and of 1 where levels differ; a missing value equals a missing one and differs by 1 from any other.
#'   `"euclidean"`:
#'   numbers standardised by the training rows, as [dcr()].
#' @param attacks Most tries of each attack on single persons.
#' @param conf.level Level of the intervals.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @param ... Unknown names are an error.
#' @section Copies and distances:
#' * `copies`: share of synthetic rows equal to a training row in all columns; `near_copies`: share nearer to a
#'   training
#'   row than the 5 % quantile of the distances from training rows to their nearest other; `replicated_uniques`:
#'   share of
#'   training rows that are unique and equal to exactly one synthetic row.
#' * `unique_values`: the mean share of a synthetic row's values that exactly one training row has in that column.
#'   Whoever knows such a value of a person has found the row, however little the other columns have to do with it:
#'   shuffled columns have it, and so have generators that draw values from those seen. The print names the columns
#'   (`released`: shares that exceed the holdout's by five points and three standard errors).
#' * `dcr_mean`, `dcr_median`, `dcr_q05`: distance to the closest training row; `nndr_mean`, `nndr_q05`: its ratio to
#'   the
#'   distance of the second closest. Reference: the holdout rows' distances. These are diagnostics: rows can be far
#'   apart
#'   and still give members away (arXiv 2505.01524).
#' * `dcr_share`: share of synthetic rows closer to training than to holdout rows, of which equally many are drawn,
#'   ties
#'   counting one half; its variance sums over rows that share a closest row. `dcr_overfitting_protection`:
#'   min(1, 2 (1 - share)) with ties not counted; `dcr_baseline_protection`: min(1, median distance over that of rows
#'   uniform over the training rows' ranges and levels), its interval taking the latter as known.
#' * `identifiability`: share of training rows closer to a synthetic than to another training row (Yoon et al. 2020,
#'   unweighted). Reference: the share of holdout rows closer to a synthetic than to a training row. `authenticity`:
#'   share of synthetic rows farther from their closest training row than that is from its closest other (Alaa et al.
#'   2022).
#' @section Attacks on single persons:
#' Each is tried on training rows and on as many holdout rows. `_success` is the rate among training rows, reference
#' that
#' among holdout rows; `_risk` = (r - r0) / (1 - r0) with Wilson's centres r, r0 of both rates and an interval by the
#' delta method (Giomi et al. 2023), held within 0 and 1; `$scores` has it as it was before too. `detail` says what
#' guessing yields where that applies.
#' * `singling_out_univariate`, `singling_out_multivariate`: predicates on one column, or on two to five,
#'   that exactly one synthetic row meets; success: exactly one real row does too. Predicates that single out the
#'   same row count as a cluster. As many training as holdout rows are drawn. On one column most predicates are exact
#'   values: what succeeds by them says what `unique_values` says.
#' * `linkability`: the columns are dealt to two halves, in turn from the one of most values on; success: both halves
#'   have the same closest synthetic row.
#' * `inference_*_of_<secret>`: the secret of the synthetic row that is closest in the known columns (the keys, or
#'   all but
#'   the secrets); a level must be right, a number within 5 % of the guess.
#' * `attribute_*_of_<secret>`: a forest grown on synthetic rows guesses it from the known columns (the outcome's from
#'   the treatment too); `attribute_auc`: does it predict training rows better than holdout rows?
#' @section Membership:
#' Rows are scored, and the AUC (DeLong's interval) compares training rows with holdout rows; `_tpr` is the share of
#' training rows above the score that 1 % of holdout rows exceed.
#' * `membership`: the ratio of the densities of synthetic and reference rows (DOMIAS, van Breugel et al. 2023), each
#'   density by its nearest neighbour under the distance above, which handles mixed types. Half of the holdout is the
#'   reference, the other half the people who were not in the data.
#' * `membership_classifier`: the same ratio by a forest that tells synthetic from reference rows.
#' * `membership_distance`: the distance to the closest synthetic row.
#' @section Keys and secrets:
#' Shares of the training rows; numbers of more than 20 values are cut at their deciles, which the print says.
#' With d and s counting training and synthetic rows of the keys q and secret t: `uio` = #(d_q = 1) / n;
#' `rep_u` = #(d_q = 1 and s_q = 1) / n;
#' `disco_of_<t>` = sum d_tq \[s_tq = s_q > 0\] / n; `dorig_of_<t>` the same within the training rows;
#' `dcap_of_<t>` = sum d_tq s_tq / s_q / n; `tcap_of_<t>`: DiSCO's numerator over the rows whose keys have one secret
#' among the synthetic rows (Raab, Nowok and Dibben 2024). `disclosure_protection_of_<t>`: 1 - the mean of s_tq / s_q
#' over the training rows whose keys occur among the synthetic ones, over 1 - 1 / (number of secrets), at most 1
#' (SDMetrics). References: the same for holdout rows, which the synthetic rows can only know by the population's rules.
#'
#' `relations` lists what DiSCO owes to such rules: one-way, a level of the secret that at least 50 and 90 % of the
#' disclosed rows have; two-way, a level of a key with at least 5 disclosed rows of one secret, which at least 80 % of
#' the training rows with that level have.
#' @return An object of class `causalsynth_privacy`: `scores` (a row a metric: `group`, `metric`, `estimate`,
#'   `conf.low`,
#'   `conf.high`, `reference`, `n` rows or tries used, `n_reference`, `unclipped` with its interval, `definition`,
#'   `detail`), `distances` (of synthetic and holdout rows to the closest training row), `roc` (points of the
#'   membership
#'   attacks' curves), `relations` (a data frame or `NULL`), `released` (names of columns), `holdout` (`"given"` or
#'   `"split"`), `notes`, `n_real`, `n_synthetic`, `n_holdout`, `columns`,
#'   `keys`, `secrets`, `call`. [tidy()] gives the table of metrics. Columns that are lacking or of another type,
#'   infinite
#'   values and too few rows are errors of class `causalsynth_error_data`.
#' @references Giomi, Boenisch, Wehmeyer and Tasnadi (2023) \doi{10.56553/popets-2023-0055}; van Breugel, Sun, Qian
#'   and van
#'   der Schaar (2023), Membership inference attacks against synthetic data through overfitting detection, AISTATS;
#'   Alaa, van Breugel, Saveliev and van der Schaar (2022) "How faithful is your synthetic data?", ICML;
#'   Raab, Nowok and Dibben (2024), Practical privacy metrics for synthetic data, arXiv 2406.16826; Yoon, Drumright
#'   and van
#'   der Schaar (2020) \doi{10.1109/JBHI.2020.2980262}; Gower (1971) \doi{10.2307/2528823}; Wilson (1927)
#'   \doi{10.1080/01621459.1927.10502953}.
#' @examples
#' real <- generate(dgp_paper(), 200, seed = 1)
#' fresh <- generate(dgp_paper(), 200, seed = 2)
#' holdout <- generate(dgp_paper(), 200, seed = 3)
#' privacy(real, fresh, holdout, keys = c("W4", "W5"), secrets = "Y", attacks = 100, seed = 1)
#' @export
privacy <- function(real, synthetic, holdout = NULL, ..., keys = NULL, secrets = NULL, formula = NULL, columns = NULL,
                    distance = c("gower", "euclidean"), attacks = 1000, conf.level = .95, seed = NULL,
                    threads = NULL) {
  check_dots_empty(...)
  check_data_frame(real, "real", min_rows = if (is.null(holdout)) 4 else 2)
  check_data_frame(synthetic, "synthetic")
  if (!is.null(holdout)) check_data_frame(holdout, "holdout")
  distance <- check_choice(distance, c("gower", "euclidean"), "distance")
  attacks <- check_whole(attacks, "attacks", 10)
  conf.level <- check_level(conf.level, "conf.level")
  columns <- privacy_columns(real, synthetic, holdout, columns)
  roles <- privacy_roles(real[columns], synthetic, formula, keys, secrets)
  run <- list(threads = resolve_threads(threads), progress = progress_bar("Nearest rows"))
  key <- rng_key(seed)
  sets <- privacy_sets(real, holdout, columns, key)
  rows <- privacy_rows(sets$train, unclass_frame(synthetic[columns]), sets$holdout, distance, rlang::current_env())
  settings <- list(given = !is.null(holdout), attacks = attacks, conf.level = conf.level, distance = distance)
  found <- run_privacy(rows, roles, settings, run, key)
  new_privacy(found, rows, list(
    holdout = if (settings$given) "given" else "split", n_real = nrow(real), n_synthetic = nrow(synthetic),
    n_holdout = nrow(sets$holdout), columns = columns, keys = roles$keys, secrets = roles$secrets, distance = distance,
    conf.level = conf.level, attacks = attacks, call = match.call()
  ))
}

privacy_columns <- function(real, synthetic, holdout, columns, call = rlang::caller_env()) {
  columns <- distance_columns(real, synthetic, columns, call)
  absent <- if (!is.null(holdout)) setdiff(columns, names(holdout))
  if (length(absent)) {
    abort("data", c(
      "{.arg holdout} lacks {length(absent)} column{?s}: {.val {absent}}.",
      i = "Name the columns to compare in {.arg columns}."
    ), call = call)
  }
  for (rows in list(real, synthetic, holdout)) {
    if (!is.null(rows)) for (name in columns) check_kind(rows[[name]], name, call)
  }
  columns
}

# Training and holdout rows as plain frames; without a holdout, `real` is halved at random.
privacy_sets <- function(real, holdout, columns, key) {
  real <- unclass_frame(real[columns])
  if (!is.null(holdout)) return(list(train = real, holdout = unclass_frame(holdout[columns])))
  n <- nrow(real)
  train <- sort(draw_rows(n, n - n %/% 2, derive_key(key, "split")))
  list(train = take_rows(real, train), holdout = take_rows(real, setdiff(seq_len(n), train)))
}

# list(keys, secrets, known): `known`, of each secret, the columns that attacks may use.
privacy_roles <- function(real, synthetic, formula, keys, secrets, call = rlang::caller_env()) {
  given <- list(keys = keys, secrets = secrets)
  for (arg in names(given)) check_role_columns(given[[arg]], arg, names(real), call)
  roles <- if (!is.null(formula)) parse_roles(formula, real, call) else recorded_roles(synthetic, real)
  if (is.null(secrets) && !is.null(roles)) secrets <- setdiff(c(roles$treatment, roles$outcome), keys)
  both <- intersect(keys, secrets)
  if (length(both)) {
    abort("input", "{.val {both}} {?is/are} both in {.arg keys} and in {.arg secrets}.", call = call)
  }
  known <- lapply(stats::setNames(nm = secrets), function(secret) {
    open <- keys %||% setdiff(names(real), secrets)
    if (is.null(keys) && !is.null(roles) && secret == roles$outcome) open <- union(open, roles$treatment)
    setdiff(open, secret)
  })
  list(keys = keys, secrets = secrets, known = known[lengths(known) > 0])
}

check_role_columns <- function(x, arg, names, call) {
  if (is.null(x)) return(invisible())
  if (!is.character(x) || length(x) == 0 || anyNA(x)) {
    abort("input", c("{.arg {arg}} must name columns, or be NULL.", x = "It is {describe(x)}."), call = call)
  }
  absent <- setdiff(x, names)
  if (length(absent)) {
    abort("data", c(
      "{.arg {arg}} names {length(absent)} column{?s} that {?is/are} not compared: {.val {absent}}.",
      i = "Columns are {.val {utils::head(names, 20)}}."
    ), call = call)
  }
}

# A pool knows the roles of its hybrid.
recorded_roles <- function(synthetic, real) {
  formula <- attr(synthetic, "causalsynth", exact = TRUE)$origin$formula
  if (is.null(formula)) return(NULL)
  names <- list(outcome = as.character(formula[[2]]), treatment = as.character(formula[[3]][[2]]))
  if (all(unlist(names) %in% names(real))) names else NULL
}

run_privacy <- function(rows, roles, settings, run, key) {
  given <- settings$given
  near <- privacy_distances(rows, run)
  part <- function(label) derive_key(key, label)
  values <- value_sets(rows, given)
  scores <- distance_scores(rows, near, values, run, part("distance"), given)
  membership <- if (given) {
    membership_scores(rows, near, run, part("membership"))
  } else {
    stems <- c("membership", "membership_classifier", "membership_distance")
    list(scores = lapply(paste0(rep(stems, each = 2), c("_auc", "_tpr")), no_score, group = "membership",
                         detail = "needs rows that the generator never saw"))
  }
  scores <- c(scores, membership$scores, singling_scores(rows, settings$attacks, given, part("singling out")),
              linkability_scores(rows, settings$attacks, given, run, part("linkability")))
  for (secret in names(roles$known)) {
    known <- roles$known[[secret]]
    scores <- c(scores, inference_scores(rows, secret, known, settings$attacks, given, run, part("inference")),
                attribute_scores(rows, secret, known, given, run, part("attribute")))
  }
  disclosure <- if (length(roles$keys)) {
    disclosure_scores(if (given) rows else rejoined(rows), roles$keys, roles$secrets, given)
  }
  list(scores = c(scores, disclosure$scores), roc = membership$roc, cut = disclosure$cut,
       relations = disclosure$relations, released = released_columns(values, names(rows$frames$train)),
       distances = list(synthetic = near$synthetic_train$first, holdout = near$holdout_train$first))
}

# The halves of a split as one: what needs no holdout is counted over all real rows.
rejoined <- function(rows) {
  rows$frames$train <- rbind(rows$frames$train, rows$frames$holdout)
  rows
}
