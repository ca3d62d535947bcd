# The bootstrap of effects: the whole pipeline on resampled rows.

# Settings of `bootstrap =`, checked; NULL where no bootstrap was asked for.
check_bootstrap <- function(bootstrap, ask, call) {
  known <- c("replicates", "type", "groups")
  if (!is.list(bootstrap) || !all(rlang::names2(bootstrap) %in% known)) {
    strange <- if (is.list(bootstrap)) setdiff(rlang::names2(bootstrap), known) else character()
    abort("input", c(
      "{.arg bootstrap} must be {.code list(replicates = , type = , groups = )}, or part of it.",
      x = if (is.list(bootstrap)) "It has {.val {strange}}." else "It is {describe(bootstrap)}."
    ), call = call)
  }
  if (ask$se != "bootstrap") {
    if (length(bootstrap) == 0) return(NULL)
    abort("input", c("{.arg bootstrap} is for {.code se = \"bootstrap\"} only.",
                     x = "{.arg se} is {.val {ask$se}}."), call = call)
  }
  type <- bootstrap$type %||% c("bca", "percentile")
  if (!(is.character(type) && length(type) > 0 && all(type %in% c("bca", "percentile")))) {
    abort("input", c("{.code bootstrap$type} must be {.val bca}, {.val percentile} or both.",
                     x = "It is {describe(type)}."), call = call)
  }
  for (est in ask$methods) check_support(est, "bootstrap", call)
  list(replicates = check_whole(bootstrap$replicates %||% 1000, "bootstrap$replicates", 2, 1e6, call = call),
       type = unique(type), groups = check_whole(bootstrap$groups %||% 100, "bootstrap$groups", 2, call = call))
}

# Nuisances given as vectors, or read from a file that could not hold their learners, cannot be fitted anew.
check_can_refit <- function(x, ask, call) {
  if (!is.null(x$recipe)) return(invisible())
  abort("input", c(
    "{.code se = \"bootstrap\"} fits the nuisances anew in every resample; these do not hold how they were fitted.",
    i = "Call {.fn estimate_effect} with a formula and data, or use {.code se = \"if\"}."
  ), call = call)
}

# How nuisance() was asked, for doing it again on other rows. `given`: its arguments that were not resolved yet.
nuisance_recipe <- function(job, terms, given) {
  formula <- stats::reformulate("1")
  formula <- rlang::new_formula(as.name(given$outcome), call("|", as.name(job$treatment), stats::formula(terms)[[2]]),
                                env = environment(given$formula) %||% globalenv())
  list(formula = formula, outcome = given$outcome, treatment = job$treatment, learners = job$learners,
       folds = job$folds, repeats = given$repeats, bounds = given$bounds, weights = job$weights)
}

# What every resample needs: rows as a data frame, units (clusters with their rows, else rows), how to fit.
bootstrap_plan <- function(x, ask, run) {
  data <- unclass_frame(x$covs)
  data[[x$recipe$treatment]] <- if (is.null(x$arms)) x$treat else factor(x$arms[x$treat], x$arms)
  data[[x$recipe$outcome]] <- x$outcome
  crossfit <- grouped_crossfit(x$crossfit, x$recipe$learners, x$recipe$weights)
  ask$point <- TRUE
  list(data = data, cluster = run$cluster, rows = if (!is.null(run$cluster)) split(seq_len(x$n), run$cluster),
       units = if (is.null(run$cluster)) x$n else max(run$cluster), recipe = x$recipe, crossfit = crossfit, ask = ask,
       weights = x$weights, key = derive_key(run$key, "bootstrap"))
}

# All terms of all methods on the rows `index`; rows of one `unit` share a fold. Returns list(estimate, warned) or
# list(error): a resample may lack an arm, or make a model impossible.
estimate_rows <- function(plan, index, unit, key, threads) {
  warned <- FALSE
  found <- tryCatch(withCallingHandlers({
    recipe <- plan$recipe
    fitted <- hush_bounded(nuisance(
      recipe$formula, take_rows(plan$data, index), recipe$learners$treatment, recipe$learners$outcome,
      crossfit = plan$crossfit, folds = recipe$folds, repeats = recipe$repeats, bounds = recipe$bounds,
      weights = recipe$weights[index], cluster = unit, seed = key, threads = threads
    ))
    fitted$weights <- plan$weights[index]
    same <- is.null(fitted$arms) || identical(fitted$arms, levels(plan$data[[recipe$treatment]]))
    if (!same) abort("data", "An arm has no rows.")
    # Standard errors are for adaptive bounds only, which rest on them.
    cluster <- if (!is.null(plan$cluster)) unit
    runs <- effect_runs(fitted, plan$ask, cluster, rlang::current_env())
    bounded <- max(bounded_rows(runs$bounds, plan$ask$methods, plan$ask$estimand))
    warned <- warned || bounded > bounded_limit * fitted$n
    list(estimate = runs$estimate)
  }, warning = function(w) {
    warned <<- TRUE
    invokeRestart("muffleWarning")
  }), error = function(e) list(error = rlang::cnd_header(e)))
  c(found, warned = warned)
}

# Units drawn with replacement; copies of a unit are a cluster, since each knows the other's outcome.
estimate_resample <- function(b, plan, threads) {
  key <- derive_key(plan$key, "resample", b)
  drawn <- pmin(floor(random_uniforms(unclass(key), plan$units) * plan$units) + 1, plan$units)
  index <- if (is.null(plan$rows)) drawn else unlist(plan$rows[drawn], use.names = FALSE)
  unit <- if (is.null(plan$rows)) drawn else rep(drawn, lengths(plan$rows[drawn]))
  estimate_rows(plan, index, unit, derive_key(key, "fit"), threads)
}

# All units but those of group g; the same key for all, so that they differ by the rows alone as far as can be.
estimate_without <- function(g, plan, group, threads) {
  kept <- which(group != g)
  index <- if (is.null(plan$rows)) kept else unlist(plan$rows[kept], use.names = FALSE)
  estimate_rows(plan, index, plan$cluster[index], derive_key(plan$key, "jackknife"), threads)
}

# Random groups of units of nearly the same size, a unit each where there are no more units than groups.
jackknife_groups <- function(plan) {
  count <- min(plan$units, plan$ask$bootstrap$groups)
  group <- integer(plan$units)
  order <- random_permutation(unclass(derive_key(plan$key, "groups")), plan$units)
  group[order] <- rep_len(seq_len(count), plan$units)
  group
}

add_bootstrap <- function(fit, x, ask, run) {
  plan <- bootstrap_plan(x, ask, run)
  threads <- resolve_threads(run$threads, run$call)
  settings <- ask$bootstrap
  resamples <- map_units(settings$replicates, function(b, threads) estimate_resample(b, plan, threads), threads,
                         "Resampling")
  boot <- collect_replicates(resamples, fit$estimates)
  check_enough(boot, settings$replicates, run$call)
  if ("bca" %in% settings$type) {
    group <- jackknife_groups(plan)
    left_out <- map_units(max(group), function(g, threads) estimate_without(g, plan, group, threads), threads,
                          "Jackknife")
    jackknife <- collect_replicates(left_out, fit$estimates)
    boot$jackknife <- jackknife$values
    boot$n_jackknife_failed <- jackknife$n_failed
  }
  boot$type <- settings$type
  boot$asked <- settings$replicates
  boot$folds <- names(x$crossfit)[x$crossfit != plan$crossfit]
  fit$bootstrap <- boot
  bootstrap_inference(fit)
}

# list(values: a row a replicate that could be estimated and a column a term, n_failed, failures (messages and how
# often), n_warned).
collect_replicates <- function(results, estimates) {
  failed <- vapply(results, function(r) !is.null(r$error), NA)
  values <- do.call(rbind, lapply(results[!failed], `[[`, "estimate"))
  if (is.null(values)) values <- matrix(0, 0, nrow(estimates))
  colnames(values) <- paste(estimates$method, estimates$term, sep = ":")
  values[!is.finite(values)] <- NA
  reasons <- vapply(results[failed], function(r) r$error, "")
  list(values = values, n_failed = sum(failed), failures = sort(table(reasons), decreasing = TRUE),
       n_warned = sum(vapply(results[!failed], function(r) isTRUE(r$warned), NA)))
}

check_enough <- function(boot, asked, call) {
  if (nrow(boot$values) >= max(2, asked / 2)) return(invisible())
  abort("fit", c(
    "Only {nrow(boot$values)} of {asked} resamples could be estimated.",
    x = "Most often: {names(boot$failures)[1]}",
    i = "Use {.code se = \"if\"}, or fewer covariates."
  ), call = call)
}

# The replicates' covariance takes the place of the influence functions'.
bootstrap_inference <- function(fit) {
  fit$variance[] <- stats::cov(fit$bootstrap$values, use = "pairwise.complete.obs")
  fit$estimates$std.error <- sqrt(diag(fit$variance))
  learned <- !vapply(fit$na_reason, is.null, NA)
  fit$notes[learned] <- lapply(fit$notes[learned], function(note) {
    c(note, "no theory warrants the bootstrap of a learned outcome regression")
  })
  fit["na_reason"] <- list(stats::setNames(vector("list", length(fit$methods)), names(fit$methods)))
  fit$inference[] <- paste0("bootstrap (", fit$bootstrap$type[1], ", ",
                            format(nrow(fit$bootstrap$values), big.mark = ","), " resamples)")
  fit
}
