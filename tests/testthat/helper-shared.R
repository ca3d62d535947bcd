# Data and reference figures that do not ship with the package: tools/test.R says where they are.
shared_path <- function(...) {
  root <- Sys.getenv("CAUSALSYNTH_SHARED")
  testthat::skip_if(root == "", "CAUSALSYNTH_SHARED is unset")
  file.path(root, ...)
}
