# What the demo computes for one study: real seed, full synthetic, hybrids; four estimators, truth, DCR, TSTR.

# Study 1 of the paper: a fresh randomised sample, with a fresh test set and a known truth.
paper_study <- function(seed) {
  mechanism <- dgp_paper("randomized")
  list(
    name = "paper-study-1", title = "Simulation study, randomised, n = 1000", formula = Y ~ A | .,
    data = generate(mechanism, 1000, seed = seed), test = generate(mechanism, 1000, seed = seed + 1e6),
    truth = truth(mechanism)
  )
}

# Study 5: ACTG175, zidovudine + zalcitabine (arm 2) against zidovudine + didanosine (arm 1), CD4 at 20 weeks.
trial_study <- function() {
  list(
    name = "actg175", title = "ACTG175, arm 2 against arm 1, CD4 count at 20 weeks", formula = cd420 ~ A | .,
    data = causalsynth:::actg175_trial()
  )
}

estimators <- c("iptw", "aipw", "or", "tmle")

# Fewer trees than the package's default of 500: twelve sets of up to 50,000 rows are analysed in a minute.
learner <- function() learn_forest(trees = 200)

run_study <- function(study, n, seed) {
  message("Working on ", study$name, " ...")
  study <- cut_study(study)
  sets <- make_sets(study$formula, study$data, n, seed)
  estimates <- do.call(rbind, lapply(names(sets), function(set) estimate_set(set, sets[[set]], study, seed)))
  split <- quality_split(study, seed)
  quality_sets <- if (is.null(study$test)) make_sets(study$formula, split$train, n, seed) else sets
  quality <- set_quality(quality_sets, split, study$formula, seed)
  c(study, list(sets = sets, estimates = estimates, quality = quality, split = split))
}

# The study with the formula's columns only; `.` and what is taken from it are written out.
cut_study <- function(study) {
  roles <- study$formula
  if (length(roles) != 3 || !is.call(roles[[3]]) || !identical(roles[[3]][[1]], as.name("|"))) return(study)
  role_names <- c(all.vars(roles[[2]]), all.vars(roles[[3]][[2]]))
  side <- stats::as.formula(call("~", roles[[3]][[3]]), environment(roles))
  others <- study$data[setdiff(names(study$data), role_names)]
  labels <- attr(stats::terms(side, data = others), "term.labels")
  if (length(labels) == 0) return(study)
  written <- stats::reformulate(labels)
  known <- c(role_names, all.vars(written))
  ignored <- setdiff(names(study$data), known)
  if (length(ignored) == 0) return(study)
  message("Ignored, as the formula does not name them: ", paste(ignored, collapse = ", "))
  if ("." %in% all.vars(side)) study$formula[[3]][[3]] <- written[[2]]
  for (set in intersect(c("data", "test"), names(study))) {
    study[[set]] <- study[[set]][names(study[[set]]) %in% known]
  }
  study
}

# The seed, a full synthetic set (every column generated), and the two hybrid pools.
make_sets <- function(formula, data, n, seed) {
  full <- generate(fit_generator(gen_forest(), data, seed = seed), n, seed = seed + 1)
  hybrid <- function(targeted) {
    fit <- fit_hybrid(formula, data, targeted = targeted, learner_treatment = learner(), learner_outcome = learner(),
                      seed = seed)
    list(fit = fit, rows = generate(fit, n, seed = seed + 1))
  }
  list(
    seed = list(rows = data, label = "real seed"), full = list(rows = full, label = "full synthetic"),
    plain = c(hybrid(FALSE), label = "hybrid, plain"), targeted = c(hybrid(TRUE), label = "hybrid, targeted")
  )
}

estimate_set <- function(set, x, study, seed) {
  estimate <- function(...) {
    estimate_effect(..., method = estimators, learner_treatment = learner(), learner_outcome = learner(), seed = seed)
  }
  fit <- switch(
    set,
    seed = estimate(study$formula, x$rows),
    full = estimate(study$formula, x$rows, synthetic = list(n = nrow(study$data), k = nrow(x$rows), m = 1)),
    estimate(x$rows)
  )
  table <- tidy(fit)
  table <- table[table$term == "ATE", ]
  data.frame(
    set = x$label, method = table$method, estimate = table$estimate, std.error = table$std.error,
    conf.low = table$conf.low, conf.high = table$conf.high,
    truth = if (set %in% c("plain", "targeted")) truth(x$rows) else NA
  )
}

# Rows that the generators have not seen: the study's own test set, or a quarter of the rows held out of a second fit.
quality_split <- function(study, seed) {
  if (!is.null(study$test)) return(list(train = study$data, test = study$test, held_out = FALSE))
  n <- nrow(study$data)
  set.seed(seed)
  out <- sample(n, round(n / 4))
  list(train = study$data[-out, ], test = study$data[out, ], held_out = TRUE)
}

set_quality <- function(sets, split, formula, seed) {
  covariates <- setdiff(names(split$train), all.vars(formula)[1:2])
  distances <- c(
    list(`fresh real rows` = dcr(split$train, split$test, columns = covariates)$distance),
    lapply(stats::setNames(sets[-1], vapply(sets[-1], `[[`, "", "label")),
           function(x) dcr(split$train, x$rows, columns = covariates)$distance)
  )
  use <- lapply(sets, function(x) tidy(tstr(x$rows, split$test, formula, learner = learner(), seed = seed)))
  list(
    distances = distances,
    tstr = stats::setNames(vapply(use, function(u) u$estimate[1], 0), vapply(sets, `[[`, "", "label")),
    metric = if (grepl("auc", use[[1]]$metric[1])) "AUC" else "R squared"
  )
}

study_table <- function(result) {
  sets <- unique(result$estimates$set)
  one <- function(set) {
    rows <- result$estimates[result$estimates$set == set, ]
    number <- if (max(abs(rows$estimate)) > 10) "%.2f" else "%.4f"
    cells <- ifelse(is.na(rows$std.error), sprintf(number, rows$estimate),
                    sprintf(paste0(number, " (", number, ")"), rows$estimate, rows$std.error))
    own <- if (set == "real seed") "fresh real rows" else set
    data.frame(
      set = set, t(stats::setNames(cells, toupper(rows$method))),
      exact = if (is.na(rows$truth[1])) "" else sprintf(number, rows$truth[1]),
      DCR = sprintf("%.3f", mean(result$quality$distances[[own]])), TSTR = sprintf("%.3f", result$quality$tstr[[set]]),
      check.names = FALSE
    )
  }
  do.call(rbind, lapply(sets, one))
}

print_study <- function(result) {
  cat("\n== ", result$title %||% result$name, "\n", sep = "")
  cat("Effect of the treatment: estimate (standard error); exact: the pool's own effect, known by construction.\n")
  wide <- options(width = 120)
  on.exit(options(wide))
  print(study_table(result), row.names = FALSE, right = FALSE)
  cat(
    "DCR: mean distance of covariates to the closest seed row; in the row of the real seed, of real rows ",
    if (result$split$held_out) "held out of the fit.\n" else "drawn afresh.\n",
    "TSTR: ", result$quality$metric, " on real rows of an outcome model trained on the set.\n",
    "Standard errors: influence functions on the seed; hybrids, those of the seed and of the pool together; the full\n",
    "set's are approximate. OR by forests has none.\n", sep = ""
  )
  seed <- result$sets$targeted$fit$seed_effect
  target <- if (is.null(result$truth)) seed$estimate else result$truth
  cat("Distance of each AIPW estimate from ",
      if (is.null(result$truth)) "the seed's TMLE" else "the mechanism's effect",
      sprintf(" (%.4f): ", target), sep = "")
  rows <- result$estimates[result$estimates$method == "aipw", ]
  cat(paste(sprintf("%s %+.4f", rows$set, rows$estimate - target), collapse = "; "), ".\n", sep = "")
}

`%||%` <- function(a, b) if (is.null(a)) b else a
