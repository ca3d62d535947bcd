test_that("specs print, format and summarise", {
  specs <- list(
    learn_forest(), learn_forest(trees = 20, outcome = "joint"), learn_glm(), learn_glm("joint"), learn_stack(),
    learn_stack(a = learn_glm(), b = learn_forest(), folds = 5), learn_function(lm, predict, label = "own"),
    gen_forest(), gen_forest(min_node_size = 5), gen_data(contract_study()), gen_copula(),
    gen_row_lm(), gen_ctgan(), gen_chat(function(text) "", label = "none"), gen_python(),
    gen_function(rnorm), est_aipw(), est_iptw("ht", cap = 20), est_or(), est_tmle(), est_matching(m = 2)
  )
  for (spec in specs) {
    expect_speaks(spec)
    settings <- summary(spec)$settings
    expect_table(settings, nrow(settings), c("setting", "value"))
  }
  expect_identical(format(learn_glm()), "<learner> glm")
  expect_identical(format(learn_stack(a = learn_glm(), learn_forest())), "<learner> stack of a, forest (500 trees)")
  expect_identical(summary(est_iptw("ht", cap = 20))$settings,
                   data.frame(setting = c("type", "stabilised", "cap"), value = c("ht", "FALSE", "20")))
  settings <- summary(learn_forest(trees = 20))$settings
  expect_identical(settings$value[match(c("trees", "min_node_size", "mtry"), settings$setting)],
                   c("20", "5, 10, 20, 50", "NULL"))
})

test_that("mechanisms generate and know their truth", {
  own <- dgp(function(n) data.frame(x = rnorm(n)), .5, function(A, W) A * .2 + .3)
  for (mechanism in list(dgp_paper(), dgp_paper("weak"), own)) {
    expect_speaks(mechanism)
    expect_identical(nrow(generate(mechanism, 7, seed = 1)), 7L)
  }
  expect_identical(truth(own, draws = 100), truth(own, "mean_1", draws = 100) - truth(own, "mean_0", draws = 100))
  expect_equal(truth(own, draws = 100), .2)
})

test_that("forests of every kind", {
  kinds <- list(
    binary = forest(mtcars[c("wt", "hp")], mtcars$am, trees = 30, seed = 1),
    logical = forest(mtcars[c("wt", "hp")], mtcars$am == 1, trees = 30, seed = 1),
    mean = forest(mpg ~ wt + hp, mtcars, trees = 30, seed = 1),
    classes = forest(Species ~ ., iris, trees = 30, min_node_size = c(2, 10, 40), seed = 1)
  )
  for (fit in kinds) {
    expect_speaks(fit)
    expect_table(glance(fit), 1, c("n", "columns", "trees", "min_node_size", "oob_error"))
    expect_draws(autoplot(fit))
    expect_error(tidy(fit, level = 1), class = "causalsynth_error_input")
    expect_error(glance(fit, level = 1), class = "causalsynth_error_input")
  }
  table <- tidy(kinds$classes)
  expect_table(table, 3, c("min_node_size", "oob_error", "chosen"))
  expect_identical(table$min_node_size, c(2L, 10L, 40L))
  expect_identical(table$oob_error, kinds$classes$losses)
  expect_identical(which(table$chosen), which.min(table$oob_error))
  expect_equal(tidy(kinds$mean)$oob_error, mean((predict(kinds$mean) - mtcars$mpg)^2))
  expect_length(predict(kinds$mean, mtcars[1:3, ]), 3)
  whole <- forest(mpg ~ wt, mtcars, trees = 2, replace = FALSE, seed = 1)
  expect_identical(tidy(whole)$oob_error, NA_real_)
  expect_error(autoplot(whole), class = "causalsynth_error_input")
})

test_that("calibration is by groups of similar predictions", {
  prob <- rep(c(.1, .4, .8), c(10, 10, 20))
  y <- c(rep(c(0, 1), c(9, 1)), rep(0:1, 5), rep(c(0, 1), c(5, 15)))
  table <- calibration_table(prob, y, 4)
  expect_equal(table$observed[table$predicted == .8], .75)
  expect_equal(sum(table$n), 40)
  expect_equal(sum(table$n * table$observed), sum(y))
  expect_equal(calibration_table(rep(.5, 4), c(0, 1, 1, 1))$observed, .75)
})

test_that("generators", {
  study <- contract_study()
  own <- gen_function(function(n) study[sample(120, n, TRUE), ])
  chat <- if (requireNamespace("jsonlite", quietly = TRUE)) {
    list(gen_chat(table_chat(study), batch = 120, pool = 120, min_count = 1))
  }
  small_gan <- gen_ctgan(epochs = 2, batch_size = 40, generator_layers = 8, critic_layers = 8, noise = 4)
  specs <- c(list(gen_forest(trees = 5), gen_data(study), gen_copula(), gen_row_lm(epochs = 2, width = 6), small_gan),
             chat, list(own))
  for (spec in specs) {
    fit <- fit_generator(spec, study, seed = 1)
    expect_speaks(fit)
    expect_identical(tidy(fit), data.frame(column = names(study), type = c("numeric", "factor", "integer", "integer"),
                                           levels = c(0L, 3L, 0L, 0L)))
    expect_table(glance(fit), 1, c("generator", "n", "columns"))
    draws <- simulate(fit, 2, seed = 3, n = 8)
    expect_identical(vapply(draws, nrow, 1L), c(8L, 8L))
    expect_false(identical(draws[[1]], draws[[2]]))
    expect_silent(autoplot(fit, n = 50, seed = 1))
    expect_draws(autoplot(fit, n = 50, seed = 1))
    expect_draws(autoplot(fit, n = 50, seed = 1, columns = "group"))
    expect_error(autoplot(fit, columns = "none"), class = "causalsynth_error_input")
  }
  set.seed(4)
  before <- .Random.seed
  autoplot(fit, n = 20, seed = 1)
  expect_identical(.Random.seed, before)
})

test_that("what knows conditional laws fills gaps and scores rows; what does not says so", {
  study <- contract_study()
  gaps <- study
  gaps$w[c(2, 5)] <- NA
  for (spec in list(gen_row_lm(epochs = 2, width = 6))) {
    fit <- fit_generator(spec, study, seed = 1)
    filled <- impute(fit, gaps, seed = 2)
    expect_same_types(filled, study)
    expect_identical(filled[-c(2, 5), ], study[-c(2, 5), ])
    score <- log_prob(fit, study)
    expect_type(score, "double")
    expect_length(score, 120)
    # Rows at the ends of a column may lie beyond those of its law.
    expect_gt(mean(is.finite(score)), .9)
    expect_error(impute(fit, gaps, times = 2), class = "causalsynth_error_input")
    expect_error(log_prob(fit, study, order = 2), class = "causalsynth_error_input")
  }
  for (spec in list(gen_forest(trees = 5), gen_data(study), gen_copula())) {
    fit <- fit_generator(spec, study, seed = 1)
    expect_error(impute(fit, gaps), "needs a generator", class = "causalsynth_error_input")
    expect_error(log_prob(fit, study), "needs a generator", class = "causalsynth_error_input")
  }
})

test_that("bars of a column are the shares of its values", {
  bars <- marginal_bars(c(1, 1, 2, NA), "x")
  expect_identical(bars$label, c("1", "2", "missing"))
  expect_equal(bars$share, c(.5, .25, .25))
  many <- marginal_bars(c(1:100, NA), "x")
  expect_equal(many$share[1:20], rep(5 / 101, 20))
  expect_identical(many$label[21], "missing")
  expect_identical(anyDuplicated(many$key), 0L)
  text <- marginal_bars(rep(letters, 26:1), "t", most = 4)
  expect_identical(sort(text$label), c("a", "b", "c", "others"))
  expect_equal(sum(text$share), 1)
})

test_that("hybrids and their pools", {
  for (outcome in c("binary", "number")) {
    hybrid <- contract_hybrid(outcome = outcome)
    expect_speaks(hybrid)
    table <- tidy(hybrid)
    expect_table(table, 3, c("term", "seed", "law"))
    expect_identical(table$term, c("ATE", "mean_1", "mean_0"))
    expect_identical(table$law, c(truth(hybrid), hybrid$law$mean_1, hybrid$law$mean_0))
    expect_table(glance(hybrid), 1,
                 c("n_seed", "targeted", "treatment", "generator", "estimate", "std.error", "truth", "law_sd"))
    expect_identical(glance(hybrid)$truth, truth(hybrid))
    expect_draws(autoplot(hybrid, n = 100, seed = 1))
    draws <- simulate(hybrid, 2, seed = 3, n = 8)
    expect_s3_class(draws[[2]], "causalsynth_pool")
    pool <- generate(hybrid, 60, seed = 2, counterfactuals = TRUE)
    expect_speaks(pool)
    expect_equal(truth(pool), mean(pool$.q1 - pool$.q0), tolerance = 1e-14)
    expect_draws(autoplot(pool))
  }
  wide <- pool
  for (j in 1:60) wide[[paste0("a_column_of_a_long_name_", j)]] <- pi * j
  expect_speaks(wide)
  expect_match(capture.output(print(wide)), "54 more rows, 57 more columns", all = FALSE)
})

test_that("certificates, assignments, combined sets and whole pipelines", {
  hybrid <- contract_hybrid()
  expect_speaks(certificate(hybrid))
  expect_table(tidy(certificate(hybrid)), 3)
  expect_speaks(assign_randomized(.3, strata = "w", blocks = 4))
  both <- combine_synthetic(simulate(hybrid, 2, seed = 1, n = 300), learner_treatment = learn_glm(),
                            learner_outcome = learn_glm())
  expect_speaks(both)
  expect_table(tidy(both), 3)
  expect_table(glance(both), 1, c("rule", "m", "n", "k"))
})

test_that("nuisances", {
  nu <- nuisance(y ~ a | ., contract_study(), learn_glm(), learn_glm())
  expect_speaks(nu)
  stack <- learn_stack(learn_forest(trees = 20), learn_glm())
  expect_speaks(nuisance(y ~ a | ., contract_study(), stack, stack, repeats = 2, bounds = "adaptive", seed = 1))
  expect_identical(nobs(nu), 120L)
})

test_that("diagnoses of overlap", {
  overlap <- diagnose_overlap(y ~ a | ., contract_study(), learner_treatment = learn_glm())
  expect_speaks(overlap)
  expect_table(glance(overlap), 1)
  expect_table(tidy(overlap), 5 * 2 * 4, c("term", "variable", "level", "type", "sample", "metric", "estimate"))
  for (type in c("propensity", "balance", "weights")) expect_draws(autoplot(overlap, type))
})

test_that("effects", {
  study <- contract_study()
  several <- c("iptw", "aipw", "or", "tmle")
  ask <- function(...) {
    estimate_effect(y ~ a | ., study, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm())
  }
  all <- ask(method = several, contrasts = TRUE)
  expect_speaks(all)
  expect_speaks(ask(estimand = "ATT"))
  expect_named(coef(all), paste0(several, ":ATE"))
  expect_identical(dimnames(vcov(all)), list(names(coef(all)), names(coef(all))))
  expect_equal(confint(all)[, 1], coef(all) - qnorm(.975) * sqrt(diag(vcov(all))))
  expect_equal(confint(all, "or:ATE", level = .5)[, 2], coef(all)[["or:ATE"]] + qnorm(.75) * sqrt(vcov(all)[3, 3]))
  expect_identical(nobs(all), 120L)
  expect_identical(dim(weights(all)), c(120L, 4L))
  table <- tidy(all)
  expect_table(table, 20, c("method", "term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"))
  expect_identical(table$term[1:5], c("ATE", "mean_1", "mean_0", "log_rr", "log_or"))
  expect_equal(table$statistic, table$estimate / table$std.error)
  expect_equal(table$p.value, 2 * pnorm(-abs(table$statistic)))
  expect_table(glance(all), 4)
  expect_identical(glance(all)$method, several)
  expect_identical(augment(all, study)[names(study)], study)
  expect_identical(augment(all)$.ps, all$distance)
  expect_draws(autoplot(all))
  parts <- as.list(all)
  expect_named(parts, several)
  for (one in parts) {
    expect_speaks(one)
    expect_named(coef(one), "ATE")
    expect_length(weights(one), 120)
    expect_table(tidy(one), 5)
    expect_table(glance(one), 1)
  }
  expect_equal(unname(sapply(parts, coef)), unname(coef(all)))
})

test_that("metrics", {
  real <- contract_study()
  fresh <- generate(contract_hybrid(), 60, seed = 2)
  distances <- dcr(real, fresh)
  expect_speaks(distances)
  columns <- c("metric", "estimate", "conf.low", "conf.high", "reference", "n")
  expect_table(tidy(distances), 3, columns)
  table <- tidy(distances, conf.level = .9)
  expect_equal(table$estimate, c(mean(distances$distance), median(distances$distance), mean(distances$nndr)))
  expect_equal(table$conf.high[1], mean(distances$distance) + qnorm(.95) * sd(distances$distance) / sqrt(60))
  expect_identical(table$n, rep(60L, 3))
  expect_table(glance(distances), 1)
  expect_identical(glance(distances)$mean, mean(distances$distance))
  expect_draws(autoplot(distances))
  expect_draws(autoplot(distances, test = distances))
  for (outcome in c("binary", "number")) {
    real <- contract_study(100, outcome)[51:100, ]
    scored <- tstr(contract_study(90, outcome), real, y ~ a | ., learner = learn_glm())
    expect_speaks(scored)
    expect_table(tidy(scored), 1, columns)
    expect_identical(tidy(scored)$n, 50L)
    expect_identical(tidy(scored)$estimate, scored$estimate)
    expect_table(glance(scored), 1, c("metric", "estimate", "std.error", "n_train", "n_test", "learner"))
    expect_draws(autoplot(scored))
  }
})

test_that("fidelity and comparisons of synthesizers", {
  real <- contract_study(120, "number")
  other <- transform(real, w = rev(w))
  found <- fidelity(real, other, y ~ a | ., estimators = "aipw", learner = learn_glm(), permutations = 2, seed = 1)
  expect_speaks(found)
  expect_table(tidy(found), nrow(found$scores), c("metric", "estimate", "conf.low", "conf.high", "reference", "n"))
  expect_table(glance(found), 1)
  for (type in c("summary", "marginals", "associations", "propensity", "effect", "outcome")) {
    expect_draws(autoplot(found, type))
  }
  near <- precision_recall(real, other, holdout = real)
  expect_speaks(near)
  expect_table(tidy(near), 3)
  compared <- compare_synthesizers(list(a = other, b = real), real, permutations = 2, seed = 1)
  expect_speaks(compared)
  expect_table(tidy(compared), nrow(compared$scores))
  expect_table(glance(compared), 1)
  expect_draws(autoplot(compared))
  for (object in list(found, near, compared)) {
    expect_error(tidy(object, level = 1), class = "causalsynth_error_input")
    expect_error(glance(object, level = 1), class = "causalsynth_error_input")
  }
})

test_that("the ROC curve's area is the AUC", {
  prob <- c(.9, .8, .8, .1, .3, .3, .2)
  y <- c(1, 0, 1, 0, 0, 1, 0)
  curve <- roc_curve(prob, y)
  expect_equal(unlist(curve[1, ], use.names = FALSE), c(0, 0))
  expect_equal(unlist(curve[nrow(curve), ], use.names = FALSE), c(1, 1))
  area <- sum(diff(curve$false_positive) * (head(curve$true_positive, -1) + curve$true_positive[-1]) / 2)
  expect_equal(area, auc(prob, y))
})

test_that("studies and their comparisons", {
  found <- small_study(c("iptw", "aipw"), sources = list(a = dgp_paper("moderate"), b = dgp_paper()), reps = 4)
  expect_speaks(found)
  expect_table(glance(found), 1)
  expect_table(tidy(found), 40)
  expect_table(as.data.frame(found), 16)
  for (type in c("forest", "lollipop", "zip", "n")) expect_draws(autoplot(found, type))
  compared <- compare_studies(found)
  expect_speaks(compared)
  expect_table(tidy(compared), 2)
  expect_table(glance(compared), 1)
  expect_draws(autoplot(compared))
})

test_that("matches, pairs and what is made of them", {
  parts <- pair_parts()
  moderate <- generate(dgp_paper("moderate"), 100, seed = 1)
  matched <- match_nearest(Y ~ A | ., moderate, estimand = "ATC", distance = "euclidean")
  expect_speaks(matched)
  expect_table(glance(matched), 1)
  expect_table(tidy(matched), 12)
  expect_draws(autoplot(matched))
  expect_speaks(match_nearest(moderate[1:5, 1:6], moderate[1:6], k = 2))
  pair <- small_pair()
  expect_speaks(pair)
  expect_table(tidy(pair), 120, c("row", "pool_row", "arm", "distance"))
  expect_table(glance(pair), 1)
  expect_length(weights(pair), 240)
  expect_identical(nobs(pair), 120L)
  for (type in c("distance", "population")) expect_draws(autoplot(pair, type))
  expect_speaks(small_pair(amount = "threshold", propensity = rep(.5, 120)))
  effect <- estimate_effect(pair, c("aipw", "or"), trial = parts$behind, learner_membership = learn_glm(), seed = 1)
  expect_speaks(effect)
  expect_named(coef(effect), c("aipw:ATE", "or:ATE"))
  expect_table(tidy(effect), 6, c("method", "term", "estimate", "std.error", "statistic", "p.value", "conf.low",
                                  "conf.high"))
  expect_table(glance(effect), 2)
  expect_draws(autoplot(effect))
  expect_identical(nobs(effect), 120L)
  curve <- flip_sensitivity(pair, odds_ratio = c(.5, 2))
  expect_speaks(curve)
  expect_table(tidy(curve), 7)
  expect_draws(autoplot(curve))
  augmented <- augment_outcome(Y ~ A | ., moderate, parts$pool[1:200, ], flip = c(0, .1),
                               learner_treatment = learn_glm(), learner_outcome = learn_forest(trees = 20), seed = 1)
  expect_speaks(augmented)
  expect_table(tidy(augmented), 15)
  expect_draws(autoplot(augmented))
})

test_that("cobalt reads pairs", {
  skip_if_not_installed("cobalt")
  table <- cobalt::bal.tab(small_pair())
  expect_identical(nrow(table$Balance), 7L)
})
