library(testthat)
library(causalsynth)

# CRAN allows two cores.
options(causalsynth.threads = 2)
# R CMD check runs the quick files; tools/test.R runs these too.
slow <- c(
  "acceptance", "assignment", "bootstrap", "combine_synthetic", "compare_studies", "compare_synthesizers", "fidelity",
  "forest_se", "gen_chat", "gen_ctgan", "gen_data", "gen_function", "gen_python", "gen_row_lm", "golden", "hybrid_arms",
  "hybrid_draw", "hybrid_knobs", "properties", "reproduce_paper", "study"
)
test_check("causalsynth", filter = paste0("^(", paste(slow, collapse = "|"), ")$"), invert = TRUE)
