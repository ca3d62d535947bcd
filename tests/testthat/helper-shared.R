# A file of the reference folder that CAUSALSYNTH_SHARED names; the test is skipped where it is unset.
shared_path <- function(...) {
  root <- Sys.getenv("CAUSALSYNTH_SHARED")
  if (root == "") testthat::skip("CAUSALSYNTH_SHARED is not set")
  path <- file.path(root, ...)
  if (!file.exists(path)) testthat::skip(paste("no file", basename(path)))
  path
}
