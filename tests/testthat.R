library(testthat)
library(causalsynth)

# CRAN allows two cores.
options(causalsynth.threads = 2)
test_check("causalsynth")
