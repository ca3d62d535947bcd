# Peers of the comparisons, in a library of their own: Rscript bench/setup.R, then run the scripts with
# R_LIBS=bench/library (and causalsynth installed there or in the usual library).
library_of_peers <- file.path("bench", "library")
dir.create(library_of_peers, showWarnings = FALSE)
if ("@CRAN@" %in% getOption("repos")) utils::chooseCRANmirror(graphics = FALSE, ind = 1)
peers <- c("ranger", "speff2trial", "mlbench", "modeldata", "MatchIt", "grf", "FNN", "RANN", "arf", "synthpop",
           "nanoparquet", "jsonlite")
missing <- setdiff(peers, rownames(utils::installed.packages(library_of_peers)))
# synthpop needs Rsolnp, whose current release needs a newer R than 4.2: there the distribution's (r-cran-rsolnp) will
# do.
if (length(missing)) utils::install.packages(missing, lib = library_of_peers)
