# Installs what DESCRIPTION asks for and is missing or too old. Sourced by the other tools, or run with "--all" to
# install the suggested packages too.

# The checkout's folder: set by the scripts that source this one.
if (!exists("root")) root <- "."

# Packages and minimal versions of some fields of DESCRIPTION, as a data frame (package, version).
described_packages <- function(fields, file = file.path(root, "DESCRIPTION")) {
  text <- read.dcf(file, fields)
  items <- trimws(unlist(strsplit(text[!is.na(text)], ",")))
  package <- sub("[ (].*$", "", gsub("\n", " ", items))
  version <- ifelse(grepl(">=", items), gsub("^.*>= *|\\).*$", "", gsub("\n", " ", items)), "0")
  wanted <- data.frame(package = package, version = version)
  wanted[wanted$package != "R" & !duplicated(wanted$package), ]
}

# Suggested packages that take long to build, or need newer ones than distributions have: used where they are, never
# installed by the gate. Tests against them skip; their figures are frozen in other tests.
heavy_packages <- c("chromote", "cobalt", "ellmer", "marginaleffects", "modelsummary", "SuperLearner", "WeightIt")

is_satisfied <- function(package, version) {
  found <- suppressWarnings(utils::packageDescription(package, fields = "Version"))
  !is.na(found) && utils::compareVersion(found, version) >= 0
}

unsatisfied <- function(wanted) {
  wanted$package[!mapply(is_satisfied, wanted$package, wanted$version)]
}

# The user's own repositories decide; only where none was ever chosen, R's first mirror.
choose_repository <- function() {
  if ("@CRAN@" %in% getOption("repos")) utils::chooseCRANmirror(graphics = FALSE, ind = 1)
}

# The first library that can be written, made where there is none.
writable_library <- function() {
  for (path in .libPaths()) if (file.access(path, 2) == 0) return(path)
  path <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep, fixed = TRUE)[[1]][1]
  path <- path.expand(path)
  dir.create(path, recursive = TRUE, showWarnings = FALSE)
  .libPaths(c(path, .libPaths()))
  path
}

# Missing required packages are an error; missing suggested ones a message (tests that need them skip).
install_missing <- function(suggested = FALSE, also = character()) {
  required <- described_packages(c("Depends", "Imports", "LinkingTo"))
  required <- rbind(required, data.frame(package = also, version = rep("0", length(also))))
  optional <- if (suggested) described_packages("Suggests") else required[0, ]
  optional <- optional[!(optional$package %in% heavy_packages), ]
  absent <- unsatisfied(rbind(required, optional))
  if (length(absent)) {
    message("Installing ", paste(absent, collapse = ", "))
    choose_repository()
    cores <- max(1L, parallel::detectCores(), na.rm = TRUE)
    utils::install.packages(absent, lib = writable_library(), Ncpus = cores, quiet = TRUE)
  }
  still <- unsatisfied(required)
  if (length(still)) stop("Could not install ", paste(still, collapse = ", "), call. = FALSE)
  still <- unsatisfied(optional)
  if (length(still)) message("Not to be had, tests that need them will skip: ", paste(still, collapse = ", "))
  invisible(still)
}

if (sys.nframe() == 0L) install_missing(suggested = "--all" %in% commandArgs(TRUE))
