library(testthat)
library(causalsynth)

test_check("causalsynth")
