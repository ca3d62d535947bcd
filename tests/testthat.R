library(testthat)
library(causalsynth)

# CRAN allows two cores: two files at once (Config/testthat/parallel), one thread each.
Sys.setenv(TESTTHAT_CPUS = 2, RCPP_PARALLEL_NUM_THREADS = 1)
# R CMD check runs the quick files; tools/test.R runs these too.
slow <- c(
  "acceptance", "assignment", "bootstrap", "combine_synthetic", "compare_studies", "compare_synthesizers", "fidelity",
  "forest_se", "gen_chat", "gen_ctgan", "gen_data", "gen_function", "gen_python", "gen_row_lm", "golden", "hybrid_arms",
  "hybrid_draw", "hybrid_knobs", "properties", "reproduce_paper", "study"
)
test_check("causalsynth", filter = paste0("^(", paste(slow, collapse = "|"), ")$"), invert = TRUE)
