
test_that("weights that overflow are refused as infinite ones are", {
  nu <- as_nuisance(rep(0:1, 10), sin(1:20), ps = rep(1e-300, 20), q1 = rep(.5, 20), q0 = rep(.4, 20), bounds = NULL)
  for (method in c("iptw", "aipw", "tmle")) {
    expect_error(estimate_effect(nu, method = method), "probability below 1e-100 of an arm",
                 class = "causalsynth_error_overlap")
  }
})
