# What tests/golden/golden.R and test-golden.R compute: one value an item, for fixed seeds.

golden_parts <- local({
  made <- list()
  function(name, threads = 1) {
    key <- paste(name, threads)
    if (is.null(made[[key]])) made[[key]] <<- golden_make[[name]](threads)
    made[[key]]
  }
})

golden_columns <- function(n = 150) {
  i <- seq_len(n)
  data.frame(
    x = sin(i) * 10, whole = as.integer(i %% 7), gap = ifelse(i %% 6 == 0, NA, cos(3 * i)), flag = cos(i) > 0,
    group = factor(c("u", "v", "w")[1 + (i * i) %% 3]), grade = factor(1 + i %% 4, 1:4, ordered = TRUE),
    text = c("p", "q")[1 + (i %/% 3) %% 2], day = as.Date("2024-01-01") + (i * 5) %% 60
  )
}

golden_make <- list(
  study = function(threads) generate(dgp_paper("moderate"), 200, seed = 1),
  trial = function(threads) generate(dgp_paper(), 200, seed = 2),
  hybrid = function(threads) {
    fit_hybrid(Y ~ A | ., golden_parts("trial"), gen_forest(trees = 10), learner_treatment = learn_glm(),
               learner_outcome = learn_forest(trees = 30), seed = 3, threads = threads)
  },
  pool = function(threads) generate(golden_parts("hybrid", threads), 400, seed = 4, threads = threads),
  forests = function(threads) {
    nuisance(Y ~ A | ., golden_parts("study"), learn_forest(trees = 60), learn_forest(trees = 60), seed = 5,
             threads = threads)
  },
  pair = function(threads) {
    pair_synthetic(Y ~ A | ., golden_parts("study"), golden_parts("pool", threads), learner_treatment = learn_glm(),
                   learner_outcome = learn_glm(), seed = 6, threads = threads)
  },
  row_lm = function(threads) {
    fit_generator(gen_row_lm(epochs = 2, width = 6, layers = 1, heads = 1), golden_columns(), seed = 7,
                  threads = threads)
  }
)

golden_forest <- function(y, ...) {
  function(threads) {
    data <- golden_columns()
    fit <- forest(data[setdiff(names(data), y)], data[[y]], trees = 25, ..., seed = 8, threads = threads)
    list(predict(fit, data), predict(fit, data[1:10, ], type = "leaf"), fit$oob)
  }
}

golden_generator <- function(spec, ...) {
  function(threads) {
    fit <- fit_generator(spec(), golden_columns(), seed = 9, threads = threads)
    generate(fit, 60, seed = 10, ..., threads = threads)
  }
}

golden_effect <- function(method, ...) {
  function(threads) {
    table <- tidy(estimate_effect(golden_parts("forests", threads), method, ..., seed = 11, threads = threads))
    table[c("method", "term", "estimate", "std.error")]
  }
}

golden_score <- function(fun, ...) {
  function(threads) tidy(fun(golden_parts("study")[1:7], golden_parts("trial")[1:7], ..., threads = threads))
}

golden_items <- list(
  "mechanism: rows" = function(threads) generate(dgp_paper("weak"), 300, seed = 12, threads = threads),
  "mechanism: effect" = function(threads) truth(dgp_paper("weak"), threads = threads),
  "forest: mean" = golden_forest("x"),
  "forest: binary" = golden_forest("flag", min_node_size = c(2, 10)),
  "forest: classes" = golden_forest("group"),
  "forest: extratrees" = golden_forest("x", split_rule = "extratrees"),
  "forest: honest" = golden_forest("x", honest = TRUE),
  "forest: without replacement" = golden_forest("whole", replace = FALSE, sample_fraction = .6, max_depth = 4),
  "forest: importance" = function(threads) {
    importance(forest(golden_columns()[1:5], golden_columns()$whole, trees = 20, importance = "permutation",
                      seed = 13, threads = threads))
  },
  "forest: partial dependence" = function(threads) {
    fit <- forest(golden_columns()[-1], golden_columns()$x, trees = 10, seed = 14, threads = threads)
    tidy(partial_dependence(fit, golden_columns(), "whole", threads = threads))
  },
  "gen_forest" = golden_generator(function() gen_forest(trees = 8)),
  "gen_forest: given" = golden_generator(function() gen_forest(trees = 8), given = list(group = "u", x = c(0, 10))),
  "gen_copula" = golden_generator(function() gen_copula()),
  "gen_row_lm" = function(threads) generate(golden_parts("row_lm", threads), 40, seed = 15, threads = threads),
  "gen_row_lm: log_prob" = function(threads) log_prob(golden_parts("row_lm", threads), golden_columns(20), seed = 16,
                                                      threads = threads),
  "gen_ctgan" = function(threads) {
    small <- gen_ctgan(epochs = 2, batch_size = 40, generator_layers = 8, critic_layers = 8, noise = 4)
    generate(fit_generator(small, golden_columns(), seed = 7, threads = threads), 40, seed = 15, threads = threads)
  },
  "gen_data" = golden_generator(function() gen_data(golden_columns())),
  "match_dcr" = function(threads) {
    data <- golden_parts("trial")
    fit <- fit_generator(gen_forest(trees = 5), data[1:100, ], seed = 17, threads = threads)
    tidy(match_dcr(fit, data[1:100, ], data[101:200, ], n = 50, rounds = 2, seed = 18, threads = threads))
  },
  "fit_hybrid: truth" = function(threads) tidy(golden_parts("hybrid", threads)),
  "fit_hybrid: rows" = function(threads) {
    generate(golden_parts("hybrid", threads), 100, seed = 19, counterfactuals = TRUE, threads = threads)
  },
  "nuisance: forests" = function(threads) golden_parts("forests", threads)[c("ps", "q1", "q0")],
  "nuisance: stack, folds" = function(threads) {
    learner <- learn_stack(learn_glm(), learn_forest(trees = 15), folds = 3)
    nuisance(Y ~ A | ., golden_parts("study"), learner, learner, crossfit = "folds", folds = 2, seed = 20,
             threads = threads)[c("ps", "q1", "q0")]
  },
  "effect: aipw" = golden_effect("aipw"), "effect: iptw" = golden_effect("iptw"), "effect: or" = golden_effect("or"),
  "effect: tmle" = golden_effect("tmle"), "effect: tmle, one" = golden_effect(est_tmle("one")),
  "effect: ATT" = golden_effect("aipw", estimand = "ATT"), "effect: ATO" = golden_effect("aipw", estimand = "ATO"),
  "effect: matching" = golden_effect("matching"),
  "effect: bootstrap" = function(threads) {
    tidy(estimate_effect(Y ~ A | ., golden_parts("study"), "aipw", se = "bootstrap", bootstrap = list(replicates = 12),
                         learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 21,
                           threads = threads))[c("term", "estimate", "std.error")]
  },
  "effect: pair" = function(threads) tidy(estimate_effect(golden_parts("pair", threads), seed = 22, threads = threads,
                                                          learner_membership = learn_glm())),
  "pair: which" = function(threads) golden_parts("pair", threads)$pairs,
  "augment_outcome" = function(threads) {
    tidy(augment_outcome(Y ~ A | ., golden_parts("study"), golden_parts("pool", threads),
                         learner_treatment = learn_glm(),
                         learner_outcome = learn_forest(trees = 15), seed = 23, threads = threads))
  },
  "fuse_effects" = function(threads) {
    tidy(fuse_effects(Y ~ A | ., golden_parts("study"), golden_parts("trial"), learner_treatment = learn_glm(),
                      learner_outcome = learn_glm(), learner_membership = learn_glm(), seed = 24, threads = threads))
  },
  "study" = function(threads) {
    found <- study(dgp_paper("moderate"), c("iptw", "aipw", "tmle"), n = 100, reps = 6, learner_treatment = learn_glm(),
                   learner_outcome = learn_forest(trees = 10), seed = 25, threads = threads)
    as.data.frame(found)[c("method", "rep", "estimate", "std.error")]
  },
  "dcr" = golden_score(dcr), "nndr" = golden_score(nndr),
  "pmse" = golden_score(pmse, permutations = 5, seed = 26), "classifier_auc" = golden_score(classifier_auc,
      trees = 20, seed = 27),
  "precision_recall" = golden_score(precision_recall, seed = 28),
  "privacy" = golden_score(privacy, attacks = 50, keys = c("W1", "W2"), secrets = "A", seed = 29),
  "serialize_rows: random" = function(threads) serialize_rows(golden_columns(20), "random", seed = 30)
)

# Integers, texts and choices as they are, reals at ten significant digits (what is below 1e-11 is rounding: 0).
golden_text <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.factor(x)) return(c("factor", levels(x), as.character(x)))
  if (is.list(x)) {
    x <- unclass(x)
    return(unlist(Map(function(name, part) c(name, golden_text(part)), if (is.null(names(x))) rep("",
        length(x)) else names(x), x)))
  }
  if (is.double(x)) {
    x <- as.numeric(x)
    return(ifelse(is.finite(x), sprintf("%.9e", ifelse(abs(x) < 1e-11, 0, x) + 0), as.character(x)))
  }
  as.character(x)
}

golden_hash <- function(x) {
  file <- tempfile()
  on.exit(unlink(file))
  con <- file(file, "wb")
  writeLines(enc2utf8(golden_text(x)), con, sep = "\n", useBytes = TRUE)
  close(con)
  unname(tools::md5sum(file))
}

golden_run <- function(items = names(golden_items), threads = 1) {
  vapply(golden_items[items], function(item) {
    golden_hash(suppressMessages(suppressWarnings(item(threads))))
  }, "")
}
