# Models of every kind, written as files by tools/write-fixtures.R and read by test-fixtures.R.
fixture_rows <- function(n = 90) {
  i <- seq_len(n)
  data.frame(
    w = round(sin(i), 2), gap = ifelse(i %% 4 == 0, NA, round(cos(i), 2)), whole = as.integer(i %% 5),
    group = factor(c("low", "mid", "high")[1 + i %% 3], c("low", "mid", "high"), ordered = TRUE),
    text = c("p", "q")[1 + (i %/% 2) %% 2], day = as.Date("2024-01-01") + i %% 17,
    a = factor(ifelse(cos(2 * i) > -.1, "new", "old"), c("old", "new")), y = round(sin(i) + cos(5 * i), 1)
  )
}

fixture_models <- list(
  forest_mean = function() forest(y ~ ., fixture_rows(), trees = 5, seed = 1),
  forest_classes = function() forest(group ~ w + whole + text, fixture_rows(), trees = 5, seed = 1),
  gen_forest = function() fit_generator(gen_forest(trees = 3), fixture_rows(), seed = 1),
  gen_copula = function() fit_generator(gen_copula(), fixture_rows(), seed = 1),
  gen_copula_strata = function() fit_generator(gen_copula(), fixture_rows()[-6], strata = "a", seed = 1),
  gen_row_lm = function() {
    fit_generator(gen_row_lm(epochs = 1, width = 6, layers = 1, heads = 1), fixture_rows()[1:5], seed = 1)
  },
  gen_ctgan = function() {
    fit_generator(gen_ctgan(epochs = 2, batch_size = 20, generator_layers = 4, critic_layers = 4, noise = 3),
                  fixture_rows()[c("w", "group", "a", "y")], seed = 1)
  },
  gen_data = function() fit_generator(gen_data(fixture_rows(20)), fixture_rows(), seed = 1),
  hybrid = function() {
    fit_hybrid(y ~ a | w + group + day, fixture_rows(), gen_forest(trees = 3), learner_treatment = learn_glm(),
               learner_outcome = learn_forest(trees = 5), seed = 1)
  },
  nuisance = function() nuisance(y ~ a | w + whole, fixture_rows(), learn_glm(), learn_glm())
)

# What a model must go on doing, as lines of text: choices as they are, reals at ten digits.
fixture_lines <- function(model) {
  fixture_text(if (inherits(model, "causalsynth_forest")) {
    predict(model, fixture_rows(12))
  } else if (inherits(model, "causalsynth_nuisance")) {
    tidy(estimate_effect(model, c("aipw", "iptw")))[c("term", "estimate", "std.error")]
  } else list(generate(model, 12, seed = 2), if (inherits(model, "causalsynth_hybrid")) truth(model)))
}

fixture_text <- function(x) {
  if (is.list(x)) return(unlist(lapply(unclass(x), fixture_text), use.names = FALSE))
  if (is.factor(x) || is.character(x)) return(as.character(x))
  x <- as.numeric(x)
  ifelse(is.na(x), "NA", sprintf("%.9e", ifelse(abs(x) < 1e-11, 0, x) + 0))
}
