# A tiny learner with out-of-bag predictions: means, which leave the own row out.
learn_mean <- function(outcome = "by_arm") {
  structure(list(label = "mean", crossfit = "oob", outcome = outcome), class = c("learn_mean", "causalsynth_learner"))
}
registerS3method("fit_learner", "learn_mean", function(learner, x, y, family, key, threads, terms = NULL,
                                                       weights = NULL, call = NULL) {
  structure(list(y = y), class = "fit_mean")
}, envir = asNamespace("causalsynth"))
registerS3method("predict_fit", "fit_mean", function(fit, newx, threads = 1) rep(mean(fit$y), nrow(newx)),
                 envir = asNamespace("causalsynth"))
registerS3method("predict_oob", "fit_mean", function(fit, newx = NULL) {
  (sum(fit$y) - fit$y) / (length(fit$y) - 1)
}, envir = asNamespace("causalsynth"))
