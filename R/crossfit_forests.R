# Nuisances by forests alone, all of them grown side by side and dropped once they have predicted: the numbers are those
# of crossfit_part(), one forest after another, which small studies spend as much time between as within.

# More rows than these, summed over forests, are fitted one after the other: the time between no longer counts, and the
# memory of several forests does.
rows_together <- 50000

forests_only <- function(job) {
  all(vapply(job$learners, inherits, NA, "learn_forest")) && job$learners$outcome$outcome == "by_arm" &&
    all(job$crossfit %in% c("oob", "folds"))
}

# As crossfit_once(); NULL where one of the fits is no forest (of a constant, or without columns) or there are too many
# rows.
crossfit_forests <- function(job, fold, key, limit = rows_together) {
  for (k in seq_len(max(fold, 0))) check_fold_arms(job, which(fold != k), k)
  units <- c(forest_units(job, "treatment", NA, fold), forest_units(job, "outcome_by_arm", 1, fold),
             forest_units(job, "outcome_by_arm", 0, fold))
  if (sum(lengths(lapply(units, `[[`, "rows"))) > limit) return(NULL)
  terms <- fixed_terms(job$terms, job$covs)
  # What functions such as splines::ns() learn from the rows, they learn in every fit by itself.
  if (!identical(terms, job$terms)) return(NULL)
  columns <- learner_frame(terms, job$covs)
  if (length(columns) == 0) return(NULL)
  tasks <- lapply(units, forest_unit_task, job = job, columns = columns, key = key)
  if (any(vapply(tasks, is.null, NA))) return(NULL)
  answers <- from_core(forest_answers(tasks, run_control(job$threads, "Growing trees")), job$call)
  values <- lapply(c(NA, 1, 0), function(arm) gather_answers(job, units, answers, arm))
  list(
    ps = values[[1]], q1 = values[[2]], q0 = values[[3]],
    fits = list(treatment = NULL, outcome = list(), by_arm = TRUE),
    reports = lapply(units, `[`, c("part", "arm", "fold"))
  )
}

# The fits of one nuisance: list(part, arm, fold, rows (fitted on), new (predicted besides, by all trees)).
forest_units <- function(job, part, arm, fold) {
  role <- if (part == "treatment") "treatment" else "outcome"
  own <- is.na(arm) | job$treat == arm
  unit <- function(index, rows, new) {
    list(part = role, arm = arm, fold = index, label = paste0(part, arm), piece = part, rows = which(rows),
         new = which(new))
  }
  if (job$crossfit[[role]] == "oob") return(list(unit(0, own, !own)))
  lapply(seq_len(job$folds), function(k) unit(k, own & fold != k, fold == k))
}

forest_unit_task <- function(unit, job, columns, key) {
  y <- if (unit$part == "treatment") job$treat[unit$rows] else job$outcome[unit$rows]
  if (length(unique(y)) == 1) return(NULL)
  learner <- part_learner(job, unit$piece, unit$rows)
  settings <- forest_settings(learner, columns)
  settings$importance <- "none"
  task <- forest_task(take_rows(columns, unit$rows), y, settings, job$weights[unit$rows],
                      derive_key(key, unit$label, unit$fold), job$call)
  rows <- if (length(unit$new)) encode_columns(take_rows(columns, unit$new), task$blueprint)
  c(task[c("x", "outcome", "sampling", "options")], list(rows = rows, n_rows = length(unit$new)))
}

# Every row's honest prediction of one nuisance, checked as any learner's.
gather_answers <- function(job, units, answers, arm) {
  values <- numeric(length(job$treat))
  for (i in seq_along(units)) {
    unit <- units[[i]]
    if (!(unit$arm %in% arm)) next
    if (unit$fold == 0) values[unit$rows] <- answers[[i]]$oob
    if (length(unit$new)) values[unit$new] <- answers[[i]]$predicted
  }
  checked_values(job, values, length(values), arm)
}
