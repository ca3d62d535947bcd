# Designs of the simulations here, each with its effect.

# Kang and Schafer (2007) with the true covariates: both regressions are linear in Z; the effect is 0.
kang_schafer <- dgp(
  covariates = function(n) as.data.frame(matrix(rnorm(4 * n), n, dimnames = list(NULL, paste0("Z", 1:4)))),
  propensity = function(W) plogis(-W$Z1 + .5 * W$Z2 - .25 * W$Z3 - .1 * W$Z4),
  outcome = function(A, W) 210 + 27.4 * W$Z1 + 13.7 * (W$Z2 + W$Z3 + W$Z4), family = "gaussian", sd = 1
)
designs <- list(randomized = dgp_paper("randomized"), moderate = dgp_paper("moderate"), weak = dgp_paper("weak"),
                kang_schafer = kang_schafer)
effects <- c(stats::setNames(rep(truth(dgp_paper()), 3), names(designs)[1:3]), kang_schafer = 0)
