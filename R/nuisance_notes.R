# What nuisances have to say beside their predictions: weights of stacks, columns that separate, values filled, columns
# set aside; kept in `$notes`, printed, and said once as a warning where it matters. And levels of one arm only.

# list(weights, separated (data frames), filled (named counts), aliased (names)) of the fits' reports.
combine_reports <- function(reports, covs) {
  named <- function(part) unique(unlist(lapply(reports, `[[`, part)))
  filled <- named("filled")
  list(
    weights = do.call(rbind, lapply(split_reports(reports), combine_weights)),
    separated = do.call(rbind, lapply(split_reports(reports), combine_separated)),
    filled = if (length(filled)) vapply(covs[filled], function(x) sum(is.na(x)), 1),
    aliased = named("aliased")
  )
}

# The notes of nuisance()'s runs, with a warning each for what the user must know.
nuisance_notes <- function(runs, job, call) {
  notes <- combine_reports(unlist(lapply(runs, `[[`, "reports"), recursive = FALSE), job$covs)
  warn_few_rows(length(job$treat), call)
  if (!is.null(job$groups)) warn_few_clusters(length(unique(job$groups)), call)
  warn_separations(notes$separated, call)
  notes
}

# By nuisance: the treatment, and the outcome of each arm or of both.
split_reports <- function(reports) {
  names <- c("1" = "outcome, treated", "0" = "outcome, control", both = "outcome")
  named <- lapply(reports, function(r) {
    arm <- as.character(r$arm)
    c(r, nuisance = if (r$part == "treatment") "treatment" else if (arm %in% names(names)) names[[arm]]
      else paste0("outcome, ", arm))
  })
  nuisance <- vapply(named, `[[`, "", "nuisance")
  split(named, factor(nuisance, unique(nuisance)))
}

# One row a member: the mean weight over fits (folds, repeats), and its range. A stack of a constant has none.
combine_weights <- function(reports) {
  weighted <- Filter(function(r) !is.null(r$weights), reports)
  if (length(weighted) == 0) return(NULL)
  weights <- vapply(weighted, `[[`, weighted[[1]]$weights, "weights")
  weights <- matrix(weights, ncol = length(weighted))
  data.frame(nuisance = reports[[1]]$nuisance, member = names(weighted[[1]]$weights), weight = rowMeans(weights),
             lowest = apply(weights, 1, min), highest = apply(weights, 1, max), fits = length(weighted))
}

combine_separated <- function(reports) {
  found <- Filter(function(r) length(r$separated) > 0, reports)
  if (length(found) == 0) return(NULL)
  data.frame(nuisance = reports[[1]]$nuisance, columns = I(list(unique(unlist(lapply(found, `[[`, "separated"))))),
             fits = length(found), of = length(reports))
}

# Runs fits without a warning each time a regression separates: who runs them says it once.
hush_separation <- function(code) {
  withCallingHandlers(code, causalsynth_warning_separated = function(w) rlang::cnd_muffle(w))
}

separation_lines <- function(separated) {
  vapply(seq_len(NROW(separated)), function(i) {
    row <- separated[i, ]
    columns <- row$columns[[1]]
    by <- if (identical(columns, "(one value only)")) "one value only" else paste("by", count_columns(columns))
    paste0(row$nuisance, ": ", by, " (", row$fits, " of ", count_phrase(row$of, "fit"), ")")
  }, "")
}

warn_separations <- function(separated, call) {
  lines <- separation_lines(separated)
  if (length(lines) == 0) return(invisible())
  cli::cli_warn(c(
    "Logistic regressions separate their classes: fitted probabilities reach 0 or 1, coefficients diverge.",
    stats::setNames(as_text(lines), rep("x", length(lines))),
    i = "Drop such a column, merge its rare levels, or use {.code learn_forest()}."
  ), class = c("causalsynth_warning_separated", "causalsynth_warning_fit", "causalsynth_warning"), call = call)
}

# Levels of factors that occur in one arm only: a message for each column, or NULL. There an outcome regression of the
# other arms has seen nothing like them, which is said aloud.
levels_of_one_arm <- function(covs, treat, arms, call) {
  codes <- sort(unique(treat))
  found <- lapply(names(covs)[vapply(covs, is.factor, NA)], function(name) {
    values <- covs[[name]]
    known <- !is.na(values)
    cell <- as.integer(values) + nlevels(values) * (match(treat, codes) - 1)
    counts <- matrix(tabulate(cell[known], nlevels(values) * length(codes)), nlevels(values))
    alone <- which(rowSums(counts > 0) == 1)
    if (length(alone) == 0) return(NULL)
    arm <- arms[max.col(counts[alone, , drop = FALSE], "first")]
    shown <- paste0("\"", levels(values)[alone], "\" (", rowSums(counts)[alone], ", ", arm, ")")
    list(column = name, levels = length(alone), rows = sum(counts[alone, ]), shown = shown)
  })
  found <- Filter(Negate(is.null), found)
  if (length(found) == 0) return(NULL)
  lines <- vapply(found, function(f) {
    paste0(f$column, ": ", paste(utils::head(f$shown, 3), collapse = ", "), if (f$levels > 3) ", ...")
  }, "")
  rows <- sum(vapply(found, `[[`, 1, "rows"))
  cli::cli_warn(c(
    "{length(found)} factor{?s} {?has/have} levels seen in one arm only (level, rows, arm): {lines}.",
    i = "The other arm's outcome cannot be learnt there: merge levels, drop {cli::qty(rows)}{?this/these} {rows}
         row{?s}, or ask {.fn estimate_effect} for {.code estimand = \"ATO\"}."
  ), class = c("causalsynth_warning_overlap", "causalsynth_warning"), call = call)
  lines
}

warn_few_rows <- function(n, call) {
  if (n >= 20) return(invisible())
  cli::cli_warn(c(
    "The study has {n} row{?s}: standard errors and intervals rest on large samples.",
    i = "Below 20 rows, do not trust them."
  ), class = c("causalsynth_warning_data", "causalsynth_warning"), call = call)
}

warn_few_clusters <- function(n, call) {
  if (n >= 10) return(invisible())
  cli::cli_warn(c(
    "There are {n} clusters: standard errors between clusters rest on many of them.",
    i = "Below 10 clusters they are often much too small; treat the clusters as a covariate, or say how few there are."
  ), class = c("causalsynth_warning_data", "causalsynth_warning"), call = call)
}

# Lines for prints.
weight_lines <- function(weights) {
  vapply(split(weights, factor(weights$nuisance, unique(weights$nuisance))), function(rows) {
    fits <- rows$fits[1]
    range <- if (fits > 1) paste0(" (", round(rows$lowest, 2), " to ", round(rows$highest, 2), ")") else ""
    paste0("weights, ", rows$nuisance[1], ": ", paste0(rows$member, " ", round(rows$weight, 2), range, collapse = "; "),
           if (fits > 1) paste0("; mean and range of ", fits, " fits"))
  }, "", USE.NAMES = FALSE)
}
