#' Terms, and what the papers and other packages call them
#'
#' The package keeps to one word for one thing. Some words mean something else elsewhere.
#'
#' @section Data:
#' * **seed** (data): the real rows that something is fitted to. Kim, Xu and Lin call it seed data, synthpop the
#'   observed
#'   data, SDMetrics and arf the real data. The *argument* `seed` is the random seed, as everywhere in R.
#' * **synthetic rows**: any rows that a generator drew. **Full synthetic**: covariates, treatment and outcome all come
#'   from the generator (synthpop's fully synthetic data, GReaT's and CTGAN's output).
#' * **hybrid**: covariates from a generator, treatment and outcome drawn from fitted models. **Plain**: as fitted.
#'   **Targeted**: with the effect that TMLE estimates on the seed.
#' * **pool**: rows drawn from a hybrid. They carry their exact effect and what is needed for an interval for the
#'   population.
#' * **law**: the distribution that rows are drawn from, in place of the rows. `truth(hybrid)` is of the law,
#'   `truth(pool)`
#'   of the pool's rows.
#' * **holdout**: real rows that nothing was fitted to. They give each score the value that a perfect generator would
#'   have.
#' * **twin**: the synthetic row that stands for a patient under the other treatment. Not a patient.
#'
#' @section Effects:
#' * **propensity** (`ps`, g): probability of treatment given covariates; WeightIt's `ps`, tmle's `g1W`.
#' * **outcome regression** (Q; `q1`, `q0`): mean outcome given treatment and covariates; tmle's `Q1W` and `Q0W`, grf's
#'   `mu.hat`.
#' * **nuisances**: both together ([nuisance()]).
#' * **estimand**: ATE, ATT, ATC (WeightIt's and MatchIt's words) and ATO, the overlap
#'   population (PSweight's overlap weights).
#' * **IPTW**: inverse probability weighting, in its ratio (Hajek) form. **OR**: outcome regression, also
#'   g-computation or
#'   standardisation. **AIPW**: the augmented, doubly robust estimator (grf's `average_treatment_effect()`). **TMLE**:
#'   targeted
#'   maximum likelihood or minimum loss.
#' * **cross-fitting**: predictions of a row by models that did not see it: out of bag, or in folds (DoubleML's and
#'   tmle's V-fold).
#' * **influence function**: what one row adds to an estimate; its variance gives standard errors.
#' * **positivity** or **overlap**: every kind of patient could have got either treatment.
#'
#' @section Scores:
#' * **DCR**: distance to the closest record. **NNDR**: the nearest distance over the second nearest.
#' * **pMSE**: mean squared deviation of a propensity of being synthetic (synthpop's pMSE and S_pMSE).
#' * **TSTR**: trained on synthetic, tested on real rows (also machine learning efficacy).
#' * **Monte Carlo error**: the standard error of a simulated figure.
#'
#' @name glossary
#' @references Kim, Xu and Lin (2025), \doi{10.48550/arXiv.2511.00318}.
NULL
