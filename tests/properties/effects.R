# Properties of mechanisms, hybrids, pools, nuisances, effects, matches and pairs.

claim_effect <- function(effect) {
  table <- guarded(tidy(effect))
  # The estimate of a contrast on another scale may be missing, with a warning; standard errors, with a note.
  shown <- table[!grepl("^log", table$term), ]
  claim(all(is.finite(shown$estimate) | is.na(shown$std.error)), "estimates are finite, or without a standard error")
  claim(all(table$std.error >= 0 | is.na(table$std.error)), "standard errors are not negative")
  there <- !is.na(table$conf.low) & !is.na(table$estimate)
  claim(all(table$conf.low[there] <= table$estimate[there] & table$estimate[there] <= table$conf.high[there]),
        "the interval holds the estimate")
}

study_nuisance <- function(data, ...) {
  step("nuisance", Y ~ A | ., data, quick_learner(), quick_learner(), ..., seed = any_seed(), threads = any_threads())
}

some_methods <- function() sample(c("aipw", "iptw", "or", "tmle", "matching"), pick(1, 1, 2))

quick_hybrid <- function(data, ...) {
  generator <- switch(pick("forest", "copula", "data"), forest = gen_forest(trees = 2), copula = gen_copula(),
                      data = guarded(gen_data(data[setdiff(names(data), c("A", "Y"))])))
  step("fit_hybrid", Y ~ A | ., data, generator, learner_treatment = quick_learner(), learner_outcome = quick_learner(),
       ..., seed = any_seed(), threads = any_threads())
}

# Made once a process, from a case of its own: what costs most and is not itself under test.
shared <- local({
  made <- list()
  function(name) {
    if (is.null(made[[name]])) {
      random <- generator_state()
      on.exit(assign(".Random.seed", random, globalenv()))
      made[[name]] <<- suppressMessages(suppressWarnings(switch(
        name,
        trial = generate(dgp_paper(), 60, seed = 1), weak = generate(dgp_paper("weak"), 60, seed = 2),
        hybrid = fit_hybrid(Y ~ A | ., shared("trial"), gen_data(shared("trial")[1:6]), treatment = "randomized",
                            learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1),
        pool = generate(shared("hybrid"), 200, seed = 2),
        pair = pair_synthetic(Y ~ A | ., shared("weak"), shared("pool"), seed = 5, learner_treatment = learn_glm(),
                              learner_outcome = learn_glm()),
        study = study(dgp_paper(), c("or", "aipw"), n = 60, reps = 2, learner_treatment = learn_glm(),
                      learner_outcome = learn_glm(), seed = 1, threads = 1),
        effect = estimate_effect(Y ~ A | ., shared("trial"), c("aipw", "iptw"), learner_treatment = learn_glm(),
                                 learner_outcome = learn_glm())
      )))
    }
    made[[name]]
  }
})

# The paper's columns, spoiled at times.
paper_like <- function(n = pick(1, 5, 20, 60)) {
  rows <- generate(dgp_paper(pick("randomized", "weak", "none")), n, seed = any_seed())
  if (chance(.3)) {
    name <- sample(names(rows), 1)
    rows[[name]] <- if (chance(.5)) random_column(n, .1) else rows[[name]] * pick(1e-300, 1e300, 0)
  }
  if (chance(.1)) rows <- rows[-sample.int(ncol(rows), 1)]
  rows
}

effect_properties <- list(
  dgp = property(weight = 1, run = function() {
    covariates <- function(n) data.frame(x = stats::rnorm(n), z = stats::runif(n))
    if (chance(.2)) covariates <- local({
      rows <- random_frame(wrong = .2)
      function(n) rows
    })
    level <- pick(.5, 0, 1, 1.5, NA, 1e-300)
    base <- pick(.3, .3, -1, NaN)
    mechanism <- step("dgp", covariates, level, function(A, W) base + .2 * A, sd = pick(1, 0, 1e300))
    rows <- step("generate", mechanism, pick(1, 5, 20), seed = any_seed())
    claim(all(rows$A %in% 0:1), "the treatment is 0 or 1")
    claim(is.finite(step("truth", mechanism, draws = 50)), "the effect is a number")
  }),
  truth = property(weight = .5, run = function() {
    what <- pick("ATE", "ATT", "ATC", "mean_1", "mean_0", "none")
    from <- pick(list(shared("hybrid")), list(shared("pool")), list(dgp_paper()), list(mtcars), list(wrong_value()))
    claim(is.finite(step("truth", from, what)), "the effect is a number")
  }),
  fit_hybrid = property(weight = 2, run = function() {
    data <- random_study()
    fit <- quick_hybrid(data, treatment = pick("fitted", "randomized"), targeted = chance(.7), proper = chance(.2),
                        overlap = pick(1, 1, 0, 2), effect_scale = pick(1, 1, 0, 1e3), noise = pick(1, 1, 0, .5),
                        heterogeneity = pick(1, 0), confounding = pick(0, .3))
    pool <- step("generate", fit, 15, seed = any_seed(), counterfactuals = TRUE, threads = any_threads())
    claim(nrow(pool) == 15 && identical(names(pool)[seq_along(data)], names(data)), "rows with the study's columns")
    claim(!anyNA(pool$Y) && !anyNA(pool$A), "no treatment or outcome is missing")
    claim(is.finite(step("truth", fit)) && is.finite(step("truth", pool)), "its effect is a number")
  }),
  certificate = property(weight = .7, run = function() {
    from <- if (chance(.3)) quick_hybrid(random_study(FALSE)) else pick(list(shared("hybrid")), list(shared("pool")),
        list(wrong_value()))
    step("certificate", from)
  }),
  nuisance = property(weight = 5, run = function() {
    data <- random_study()
    n <- nrow(data)
    weights <- pick(list(NULL), list(NULL), list(stats::rexp(n)), list(10^stats::runif(n, -6, 6)), list(-rep(1, n)))
    found <- study_nuisance(data, weights = weights, bounds = pick(list("gruber"), list(NULL), list(.01), list(c(.1,
        .9)), list(.7)),
                            crossfit = pick(list(NULL), list(NULL), list("folds")), folds = pick(2, 5),
                              repeats = pick(1, 1, 2),
                            cluster = if (chance(.1)) rep_len(1:5, n))
    claim(all(found$ps >= 0 & found$ps <= 1), "propensities are probabilities")
    claim(all(is.finite(c(found$q1, found$q0))), "outcome means are finite")
  }),
  as_nuisance = property(weight = 1, run = function() {
    n <- pick(1, 3, 10, 30)
    ps <- pick(list(stats::runif(n)), list(rep(.5, n)), list(rep(0:1, length.out = n)), list(rep(1e-300, n)),
               list(stats::rnorm(n)))
    y <- random_column(n, .1)
    q <- if (chance(.7)) list(rep(.5, n), rep(.4, n)) else list(stats::runif(n), stats::rnorm(n))
    given <- step("as_nuisance", sample(rep_len(0:1, n)), y, ps, q[[1]], q[[2]],
                  bounds = pick(list("gruber"), list(NULL), list(.1)))
    claim_effect(step("estimate_effect", given, some_methods(), threads = 1))
  }),
  estimate_effect = property(weight = 8, run = function() {
    data <- random_study()
    effect <- step("estimate_effect", Y ~ A | ., data, some_methods(), estimand = pick("ATE", "ATE", "ATT", "ATC",
        "ATO"),
                   contrasts = chance(.3), learner_treatment = quick_learner(), learner_outcome = quick_learner(),
                   se = pick("if", "if", "if", "sandwich"), seed = any_seed(), threads = any_threads())
    claim_effect(effect)
  }),
  augment = property(weight = .5, run = function() {
    data <- random_study(FALSE)
    effect <- step("estimate_effect", Y ~ A | ., data, learner_treatment = learn_glm(), learner_outcome = learn_glm())
    rows <- step("augment", effect, if (chance(.7)) data else rows_like(data, pick(1, 5)))
    claim(nrow(rows) == nrow(data), "a row a row")
  }),
  as_weightit = property(weight = .5, run = function() {
    step("as_weightit", pick(list(shared("effect")), list(study_nuisance(random_study(FALSE))), list(wrong_value())))
  }),
  diagnose_overlap = property(weight = 2, run = function() {
    data <- random_study()
    found <- step("diagnose_overlap", Y ~ A | ., data, learner_treatment = quick_learner(), seed = any_seed(),
                  estimand = pick("ATE", "ATT", "ATC", "ATO"), threshold = pick(list("gruber"), list(.1), list(.6)),
                    threads = 1)
    claim(is.data.frame(guarded(tidy(found))), "tidy() is a table")
  }),
  match_nearest = property(weight = 3, run = function() {
    if (chance(.5)) {
      frame <- random_frame()
      found <- step("match_nearest", frame, rows_like(frame, pick(0, 1, 5, 30)), pick(1, 1, 3),
                    distance = pick("euclidean", "mahalanobis", "gower"),
                    replace = chance(.7), method = pick("greedy", "optimal"), threads = any_threads())
    } else {
      step("match_nearest", Y ~ A | ., random_study(), pick(1, 2), estimand = pick("ATT", "ATC"), replace = chance(.5),
           distance = pick("mahalanobis", "euclidean", "gower", "propensity"), learner_treatment = learn_glm(),
           caliper = pick(Inf, .1, 0), seed = any_seed(), threads = 1)
    }
  }),
  pair_synthetic = property(weight = 1.5, run = function() {
    pair <- step("pair_synthetic", Y ~ A | ., paper_like(pick(5, 20, 40)), shared("pool"),
                 distance = pick("euclidean", "mahalanobis", "gower"),
                 amount = pick("all", "threshold", "auto"), draw = pick("expectation", "random"), replace = chance(.5),
                 learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = any_seed(),
                   threads = any_threads())
    claim_effect(step("estimate_effect", pair, seed = 1, learner_membership = learn_glm(), threads = 1))
  }),
  flip_sensitivity = property(weight = .5, run = function() {
    step("flip_sensitivity", shared("pair"), pick(list(c(.05, .1)), list(0), list(1), list(wrong_value())),
         odds_ratio = pick(list(c(.5, 2)), list(1e300), list(1e-300)),
         direction = pick("effect", "outcome"), seed = 1, threads = 1)
  }),
  compare_remedies = property(weight = .3, run = function() {
    step("compare_remedies", shared("pair"), trial = if (chance(.5)) shared("trial") else paper_like(),
         learner_membership = learn_glm(), seed = any_seed(),
         threads = 1)
  }),
  augment_outcome = property(weight = .7, run = function() {
    step("augment_outcome", Y ~ A | ., paper_like(pick(5, 20, 40)), shared("pool"), flip = pick(0, .1, 1),
         learner_treatment = learn_glm(),
         learner_outcome = learn_glm(), seed = any_seed(), threads = 1)
  }),
  fuse_effects = property(weight = 1, run = function() {
    step("fuse_effects", Y ~ A | ., paper_like(pick(20, 60)), paper_like(pick(20, 60)), pick("data", "trial", "both"),
         learner_treatment = learn_glm(),
         learner_outcome = learn_glm(), learner_membership = learn_glm(), seed = any_seed(), threads = 1)
  }),
  add_copies = property(weight = .4, run = function() {
    step("add_copies", shared("pool"), if (chance(.6)) shared("trial") else paper_like(), copies = 2,
         seed = any_seed(), threads = 1)
  }),
  combine_synthetic = property(weight = .5, run = function() {
    sets <- if (chance(.5)) list(shared("pool"), shared("pool")) else list(paper_like(30), paper_like(30))
    step("combine_synthetic", sets, formula = Y ~ A | ., learner_treatment = learn_glm(), learner_outcome = learn_glm(),
         rule = pick(list(NULL), list("synthetic"), list("none")), n = 60, seed = any_seed())
  }),
  pipeline_bootstrap = property(weight = .15, run = function() {
    step("pipeline_bootstrap", shared("hybrid"), if (chance(.7)) shared("trial") else paper_like(30), replicates = 2,
         seed = any_seed(),
         learner_treatment = learn_glm(), learner_outcome = learn_glm(), threads = 1)
  }),
  study = property(weight = .3, run = function() {
    source <- pick(list(dgp_paper("none")), list(shared("pool")), list(paper_like(30)), list(wrong_value()))
    found <- step("study", source, some_methods(), formula = Y ~ A | ., n = pick(5, 20, 40), reps = 2,
                  learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                  seed = any_seed(), threads = 1)
    claim(is.data.frame(guarded(tidy(found))), "tidy() is a table")
  }),
  compare_studies = property(weight = .4, run = function() {
    step("compare_studies", pick(list(shared("study")), list(wrong_value())), pick(list(NULL), list(shared("study"))))
  })
)
