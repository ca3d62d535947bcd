# Frozen values of other packages (fixtures/make-effects.R): a study of 240 rows with given nuisances, and a named
# vector of quantities.
oracle_study <- function() utils::read.csv(test_path("fixtures", "effects-data.csv"), stringsAsFactors = FALSE)

oracle_values <- function(source, case, method, estimand) {
  all <- utils::read.csv(test_path("fixtures", "effects.csv"))
  rows <- all[all$source == source & all$case == case & all$method == method & all$estimand == estimand, ]
  stats::setNames(as.numeric(rows$value), rows$quantity)
}

# The study's given nuisances for its outcome `case`, "number" or "binary".
oracle_nuisance <- function(case, bounds = NULL) {
  d <- oracle_study()
  suppressWarnings(as_nuisance(d$a, d[[paste0("y_", case)]], d$ps, d[[paste0("q1_", case)]], d[[paste0("q0_", case)]],
                               bounds = bounds), classes = "causalsynth_warning_overlap")
}

# Estimates and standard errors of one method by the names of the frozen values.
named_estimates <- function(fit) {
  c(stats::setNames(fit$estimates$estimate, fit$estimates$term),
    stats::setNames(fit$estimates$std.error, paste0(fit$estimates$term, "_se")))
}
