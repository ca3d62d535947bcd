#' Fit a hybrid generator
#'
#' Covariates come from a generator; treatment is drawn from a fitted propensity (or at random) and the outcome from
#' a fitted regression, so that each synthetic row's mean outcome in every arm, and with them the average treatment
#' effect, are known exactly.
#'
#' @details With `targeted = TRUE` the effect of the seed (the real data) is kept by construction:
#' 1. Arm means, and those of `subgroups`, are estimated on the seed by two-epsilon TMLE with honest nuisances, as
#'    `estimate_effect(formula, data, method = "tmle", seed = seed)` does with the same learners and seed.
#' 2. Where the generator's covariates miss the seed's means or variances by more than .02 standard deviations, its
#'    rows are accepted with probabilities fitted once by entropy balancing (Hainmueller 2012) on means and
#'    variances, and on cross-products while the effective sample size stays above 30 % of the rows. Below that
#'    with means and variances alone the fit is an error. Rows of [gen_data()] are drawn with replacement in these
#'    proportions. Rows stay independent draws of one law.
#' 3. The outcome regression is refitted on all rows (for a number, its slope set right by arm where honest
#'    predictions say that it is drawn towards the mean, and moved along columns that honest residuals still follow)
#'    and fluctuated with the same epsilons; then one shift an arm
#'    and subgroup, on the logit scale of the outcome's range, is solved on a fixed draw of 200,000 rows of the law that
#'    is released (all rows, for [gen_data()]), so that the mean of Q(a, W) equals the seed's targeted arm mean.
#'    Means of subgroups that do not add up to it are moved by one constant until they do.
#'
#' Rows are never selected to hit a number: a finite pool misses the law's effect by about `sd(Q1 - Q0) / sqrt(n)`.
#' [certificate()] states all of it.
#'
#' **Treatment.** `"fitted"` draws it from the fitted propensity, `"randomized"` with the seed's shares whatever the
#' covariates, [assign_randomized()] with any probability, within strata or in blocks; a function of the covariates'
#' data frame gives P(A = 1) of each row (a matrix with a column an arm for more than two). A factor of more than two
#' levels is a treatment of several arms (see [multi_arm]), the first level the reference.
#'
#' **Outcomes.** Two values: drawn with probability Q. A number of at most 30 values (counts, scores): the seed's
#' shares of the values in the same arm at a similar predicted mean, tilted exponentially so that the mean is Q. Other
#' numbers: values that 5 % of the rows or more share (spikes) are drawn with fitted probabilities of their own. The
#' rest is drawn in the same way as scores are, between the seed's order statistics, at a similar predicted mean and
#' spread; where predictions are so sharp that they differ within such groups, as a mean, plus a spread fitted on the
#' covariates times a standardised residual of the seed, scaled down where it would leave the seed's range. Values are
#' rounded to the seed's decimals at random, up or down. The mean given W is Q, always.
#'
#' **Knobs** make a benchmark of a hybrid; [truth()] follows each exactly.
#' * `overlap`: 0 treats at random, 1 follows the fitted propensity g, above 1 its log odds are stretched as many
#'   times; the arms' shares stay.
#' * `effect_scale`: the effect is so many times the seed's.
#' * `heterogeneity`: the rows' effects differ so many times as much about the same average effect (0: one effect for
#'   all). On the outcome's own scale where it is a number of many values, else on log odds of its range.
#' * `confounding`: strength t from -1 to 1 of an unmeasured cause U = -1 or 1, independent of W: arm a has
#'   probability g_a (1 + t U g_1) given W and U (the first arm g_1 - t U g_1 (1 - g_1)), the outcome's mean is
#'   q + |t| U q (1 - q) on the scale of its range; for a number of many values U takes t^2 of the residual variance.
#'   Given W alone, propensity and mean outcomes are as before: adjustment for W is biased, by the number that
#'   [certificate()] states.
#' * `noise`: of a number of many values the residual is so many times as large; of other outcomes the log odds of
#'   their mean lie so many times nearer their centre, the arms' means kept.
#'
#' Effects and noise may carry a number of many values beyond the seed's range.
#'
#' @param formula Roles of the study, `Y ~ A | W1 + W2` (`.`: all other columns).
#' @param data The seed: a data frame, n rows. A is binary (0/1, logical or a factor of two levels) or a factor of more
#'   levels; Y a number or binary.
#' @param generator Generator spec for the covariates, see [gen_forest()] and [gen_data()].
#' @param treatment `"fitted"`, `"randomized"`, an [assign_randomized()] or a function (see details).
#' @param targeted Keep the seed's effect by construction (see details)?
#' @param learner_treatment,learner_outcome Learners as in [nuisance()].
#' @param subgroups Covariates of 2 to 10 values whose subgroups' effects are kept as well, as nearly as they add up to
#'   the effect in all: names, or a formula such as `~ sex + prior`. [certificate()] has both figures of each.
#' @param proper Fit everything on a bootstrap resample of the seed, so that several hybrids vary as the seed does?
#'   Its estimate and variance are still the seed's own. See [combine_synthetic()].
#' @param overlap,effect_scale,heterogeneity,confounding,noise Knobs (see details); the defaults change nothing.
#' @param ... Unknown names are an error: arguments after `generator` are named in full.
#' @param bounds Bounds of the propensity in the estimation on the seed, as in [nuisance()].
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default; the result does not depend on it.
#' @section The seed: While the hybrid lives, its seed stays in the session's memory for [report()]. Nothing that is
#'   written of the hybrid holds it, be it by [write_model()] or by [saveRDS()].
#' @return An object of class `causalsynth_hybrid`. [generate()][generate.causalsynth_hybrid] draws a pool of rows
#'   from it, [truth()] is the effect of its law, [certificate()] how it relates to the seed's, `$seed_effect` the
#'   seed's TMLE, `$fluctuation` the epsilons and shifts. Errors are of class `causalsynth_error_input` (formula,
#'   arguments) or `causalsynth_error_data` (a treatment that is no factor nor binary, one arm only, a constant outcome,
#'   missing or infinite values in treatment or outcome, infinite covariates, a generator too far from the seed).
#' @references Kim, Xu and Lin (2025) \doi{10.48550/arXiv.2511.00318}; van der Laan and Rubin (2006)
#'   \doi{10.2202/1557-4679.1043}; Hainmueller (2012) \doi{10.1093/pan/mpr025}.
#' @examples
#' study <- generate(dgp_paper(), 250, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' hybrid
#' pool <- generate(hybrid, 1000, seed = 3)
#' truth(pool)
#' @export
fit_hybrid <- function(formula, data, generator = gen_forest(), ..., treatment = c("fitted", "randomized"),
                       targeted = TRUE, learner_treatment = learn_forest(), learner_outcome = learn_forest(),
                       subgroups = NULL, proper = FALSE, overlap = 1, effect_scale = 1, heterogeneity = 1,
                       confounding = 0, noise = 1, bounds = "gruber", seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  check_present(formula, "formula")
  generator <- check_generator(generator, "generator", call)
  require_pool(generator, "be a hybrid's generator, which draws very many", call)
  several <- has_several_arms(formula, data)
  study <- study_data(formula, data, coded = if (several) arms_treatment else binary_treatment)
  study$several <- several
  if (length(study$covs) == 0) abort("input", "A hybrid needs at least one covariate after {.code |}.")
  if (inherits(generator, keepers_of_levels)) check_no_identifier(column_blueprint(study$covs), study$n, call)
  ask <- list(
    targeted = check_flag(targeted, "targeted"), proper = check_flag(proper, "proper"),
    subgroups = check_subgroups(subgroups, study, call),
    learners = list(treatment = check_learner(learner_treatment, "learner_treatment"),
                    outcome = check_learner(learner_outcome, "learner_outcome")),
    bounds = bounds, generator = generator, threads = resolve_threads(threads)
  )
  assignment <- resolve_assignment(treatment, study, call)
  knobs <- check_knobs(list(overlap = overlap, effect_scale = effect_scale, heterogeneity = heterogeneity,
                            confounding = confounding, noise = noise), assignment, call)
  if (length(ask$subgroups) && !ask$targeted) {
    abort("input", "{.arg subgroups} are kept by targeting: they need {.code targeted = TRUE}.")
  }
  hybrid <- new_hybrid(formula, data, study, ask, assignment, knobs)
  hybrid$token <- remember_seed(study_covs(data, list(covariates = names(hybrid$template))))
  fit_hybrid_parts(hybrid, data, study, ask, rng_key(seed), call)
}

# The hybrid as far as no fit is needed.
new_hybrid <- function(formula, data, study, ask, assignment, knobs) {
  arms <- if (study$several) study$treat_levels else c("0", "1")
  structure(list(
    formula = formula, roles = study[c("outcome", "treatment", "covariates")], family = study$family,
    template = row_template(data[names(data) %in% c(study$outcome, study$treatment, study$covariates)]),
    role_blueprint = column_blueprint(data[c(study$treatment, study$outcome)]),
    treat_levels = study$treat_levels, outcome_levels = study$outcome_levels, arms = arms,
    treatment = assignment$kind, assignment = assignment, knobs = knobs, targeted = ask$targeted,
    proper = ask$proper, n_seed = study$n, recipe = ask[c("learners", "bounds", "subgroups", "generator")],
    share_treated = if (!study$several) mean(study$treat)
  ), class = "causalsynth_hybrid")
}

# `key`: of the call. The nuisances of the seed take it as it is, so that they are those of estimate_effect().
fit_hybrid_parts <- function(hybrid, data, study, ask, key, call) {
  nuisance <- hybrid_nuisance(hybrid$formula, data, ask, key, ask$cluster, call)
  hybrid$bounds <- nuisance$bounds
  hybrid$seed_effect <- seed_effect(nuisance)
  drawn <- list(data = data, study = study, nuisance = nuisance)
  if (hybrid$proper) {
    drawn <- bootstrap_seed(hybrid, data, study, ask, derive_key(key, "bootstrap of the seed"), call)
    hybrid$drawn_effect <- seed_effect(drawn$nuisance)
  }
  study <- drawn$study
  hybrid$generator <- called_by(call, fit_generator(ask$generator, study_covs(drawn$data, study),
                                                    seed = derive_key(key, "generator"), threads = ask$threads))
  job <- hybrid_job(study, ask$learners, ask$threads, call)
  hybrid$models <- without_rows(fit_hybrid_models(job, derive_key(key, "models")))
  view <- arm_view(drawn$nuisance)
  hybrid$models$calibration <- fit_calibration(view, job$covs, job$terms)
  view$q <- apply_calibration(hybrid$models$calibration, view$q, job$covs)
  hybrid$outcome_law <- fit_outcome_law(view, job$covs, derive_key(key, "outcome law"), ask$threads)
  law_key <- derive_key(key, "law")
  seed <- target_arms(drawn$nuisance)
  subgroups <- seed_subgroups(ask$subgroups, drawn$nuisance, study$covs, call)
  covs <- study_covs(drawn$data, study)
  hybrid <- solve_law(hybrid, covs, seed, subgroups, law_key, ask$threads, call)
  hybrid$certificate <- make_certificate(hybrid)
  hybrid
}

hybrid_nuisance <- function(formula, data, ask, key, cluster, call) {
  fitted <- hush_bounded(called_by(call, nuisance(
    formula, data, learner_treatment = ask$learners$treatment, learner_outcome = ask$learners$outcome,
    bounds = ask$bounds, seed = key, threads = ask$threads, cluster = cluster
  )))
  if (fitted$bounds$rule != "adaptive" && isTRUE(fitted$bounds$n_bounded > bounded_limit * fitted$n)) {
    warn_bounded(fitted$bounds$n_bounded, fitted$n, call, cure = "see {.fn diagnose_overlap}")
  }
  fix_bounds(fitted)
}

# A resample of the seed with all arms; copies of a row never predict each other.
bootstrap_seed <- function(hybrid, data, study, ask, key, call) {
  n <- nrow(data)
  for (try in 1:100) {
    index <- pmin(floor(random_uniforms(unclass(derive_key(key, "rows", try)), n) * n) + 1, n)
    counts <- tabulate(match(study$treat[index], sort(unique(study$treat))), length(hybrid$arms))
    if (min(counts) > 1 && length(unique(study$outcome_values[index])) > 1) break
    if (try == 100) abort("data", "No resample of the seed holds all arms and more than one outcome.", call = call)
  }
  rows <- take_template_rows(data, index)
  study <- study_data(hybrid$formula, rows, coded = if (study$several) arms_treatment else binary_treatment)
  study$several <- length(hybrid$arms) > 2
  list(data = rows, study = study,
       nuisance = hybrid_nuisance(hybrid$formula, rows, ask, derive_key(key, "nuisance"), index, call))
}

# The covariates as the data hold them (class kept), for the generator.
study_covs <- function(data, study) unclass_frame(as.data.frame(data)[study$covariates])
