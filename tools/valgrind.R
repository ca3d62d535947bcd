# A small mixed workload for memcheck (tools/run-sanitizers.sh valgrind): every folder of the core is entered, on two
# threads, and refused calls are among it. Prints "steps done: N".
library(causalsynth)
options(causalsynth.threads = 2)
set.seed(1)
n <- 150
rows <- data.frame(W1 = rnorm(n), W2 = factor(sample(letters[1:3], n, TRUE)), W3 = c(NA, rexp(n - 1)))
rows$A <- rbinom(n, 1, plogis(rows$W1 / 2))
rows$Y <- rows$A + rows$W1 + rnorm(n)
whole <- rows[-1, ]
done <- 0
step <- function(code) {
  force(code)
  done <<- done + 1
}
refused <- function(code) step(stopifnot(inherits(tryCatch(code, error = identity), "causalsynth_error")))

step(wood <- forest(Y ~ W1 + W2 + W3 + A, data = rows, trees = 20, seed = 1))
step(predict(wood, rows))
step(importance(forest(Y ~ W1 + W2, data = rows, trees = 10, importance = "permutation", seed = 1)))
step(fit <- fit_generator(gen_forest(trees = 5), rows, seed = 1))
step(made <- generate(fit, 300, seed = 2))
step(generate(fit, 20, seed = 2, given = list(A = 1)))
step(copula <- fit_generator(gen_copula(), rows, seed = 1))
step(generate(copula, 100, seed = 2))
step(lm <- fit_generator(gen_row_lm(epochs = 1), whole, seed = 1))
step(generate(lm, 20, seed = 2))
small <- gen_ctgan(epochs = 1, batch_size = 20, generator_layers = 8, critic_layers = 8, noise = 4)
step(gan <- fit_generator(small, whole, seed = 1))
step(generate(gan, 20, seed = 2, given = list(A = 1)))
step(fit_hybrid(Y ~ A | ., whole, gen_copula(), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                seed = 1))
step(effect <- estimate_effect(Y ~ A | W1 + W2, data = rows, method = c("aipw", "tmle", "iptw", "or"),
                               learner_treatment = learn_glm(), learner_outcome = learn_glm()))
step(estimate_effect(Y ~ A | W1 + W2, data = rows, method = est_matching(m = 1),
                     learner_treatment = learn_glm(), learner_outcome = learn_glm()))
step(dcr(whole, whole[1:20, ]))
step(privacy(whole[1:70, ], whole[71:149, ], attacks = 10, seed = 1))
step(match_nearest(whole[1:20, ], whole[21:60, ]))
file <- tempfile(fileext = ".model")
step(write_model(fit, file))
step(read_model(file))
bytes <- readBin(file, "raw", file.size(file))
for (k in c(20, 400, length(bytes) - 10)) {
  bytes[k] <- xor(bytes[k], as.raw(1))
  writeBin(bytes, file)
  refused(read_model(file))
}
refused(forest(Y ~ nothing, data = rows))
cat("steps done: ", done, "\n", sep = "")
