# The public contract suites.
for (suite in c("generator", "estimator")) {
  source(system.file("contract", paste0(suite, ".R"), package = "causalsynth", mustWork = TRUE), local = TRUE)
}
