# The main job, from nothing: Rscript tools/demo.R [--data FILE.csv --formula "Y ~ A | ."] [--n 50000] [--seed 1]
# [--out DIR]
#
# Installs what is missing, then the package, and makes hybrid synthetic data with a known effect. Without --data it
# does so for the paper's study 1 (a randomised sample of 1000 rows of dgp_paper()) and for the trial ACTG175.
# Writes to DIR (default causalsynth-demo; one folder a study): hybrid.csv, table.csv, ate.png, dcr.png.
root <- normalizePath(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), ".."))
source(file.path(root, "tools", "deps.R"))
source(file.path(root, "tools", "demo-study.R"))
source(file.path(root, "tools", "demo-figures.R"))

parse_arguments <- function(words) {
  options <- list(data = NULL, formula = NULL, n = "50000", seed = "1", out = "causalsynth-demo")
  while (length(words)) {
    name <- sub("^--", "", words[1])
    if (!startsWith(words[1], "--") || !name %in% names(options) && !name %in% c("data", "formula")) {
      stop("unknown argument ", words[1], "; known are --data, --formula, --n, --seed, --out", call. = FALSE)
    }
    if (length(words) < 2) stop(words[1], " needs a value", call. = FALSE)
    options[[name]] <- words[2]
    words <- words[-(1:2)]
  }
  for (name in c("n", "seed")) {
    value <- suppressWarnings(as.numeric(options[[name]]))
    if (is.na(value) || value != round(value) || (name == "n" && value < 1)) {
      stop("--", name, " must be a whole number", if (name == "n") " of at least 1", "; it is ", options[[name]],
           call. = FALSE)
    }
    options[[name]] <- value
  }
  if (is.null(options$data) != is.null(options$formula)) {
    stop("--data and --formula go together, as in --data trial.csv --formula \"Y ~ A | .\"", call. = FALSE)
  }
  options
}

# Installs this checkout unless the very same sources are installed already.
install_this_package <- function() {
  sources <- list.files(file.path(root, c("R", "src")), "[.](R|cpp|h)$", recursive = TRUE, full.names = TRUE)
  stamp <- unname(tools::md5sum(c(sort(sources), file.path(root, c("DESCRIPTION", "NAMESPACE")))))
  file <- tempfile()
  writeLines(stamp, file)
  stamp <- unname(tools::md5sum(file))
  library <- writable_library()
  mark <- file.path(library, "causalsynth", "sources.md5")
  if (file.exists(mark) && identical(readLines(mark), stamp)) return(library)
  message("Installing causalsynth (five minutes on two cores, once) ...")
  install <- c("CMD", "INSTALL", "--preclean", "--clean", "--strip", paste0("--library=", shQuote(library)),
               shQuote(root))
  status <- system2(file.path(R.home("bin"), "R"), install, stdout = FALSE, stderr = FALSE)
  if (status != 0) stop("causalsynth does not install: run R CMD INSTALL ", root, " to see why", call. = FALSE)
  writeLines(stamp, mark)
  library
}

studies <- function(options) {
  if (!is.null(options$data)) {
    rows <- causalsynth:::read_rows(options$data)
    return(list(list(name = basename(tools::file_path_sans_ext(options$data)), data = rows,
                     formula = stats::as.formula(options$formula))))
  }
  list(paper_study(options$seed), trial_study())
}

main <- function() {
  options <- parse_arguments(commandArgs(TRUE))
  if (!is.null(options$data) && !file.exists(options$data)) stop("there is no file ", options$data, call. = FALSE)
  base::options(width = 120)
  install_missing(suggested = FALSE, also = "speff2trial")
  .libPaths(c(install_this_package(), .libPaths()))
  suppressPackageStartupMessages(library(causalsynth))
  started <- proc.time()[["elapsed"]]
  todo <- studies(options)
  for (study in todo) {
    result <- run_study(study, options$n, options$seed)
    folder <- if (length(todo) == 1) options$out else file.path(options$out, study$name)
    print_study(result)
    write_study(result, folder)
    cat("Written to ", folder, ": hybrid.csv, table.csv, ate.png, dcr.png\n\n", sep = "")
  }
  cat(sprintf("Done in %.0f s after installation.\n", proc.time()[["elapsed"]] - started))
}

if (!interactive()) {
  tryCatch(main(), error = function(e) {
    message("Error: ", conditionMessage(e))
    quit(status = 1)
  })
}
