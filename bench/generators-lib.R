# Data sets, generators and scores of bench/generators.R.

# Each data set: function of the replicate giving list(seed, holdout), rows of one law.
generator_data <- list(
  paper = function(rep) {
    list(seed = generate(dgp_paper(), 1000, seed = 1000 + rep),
         holdout = generate(dgp_paper(), 1000, seed = 5000 + rep))
  },
  actg175 = function(rep) {
    rows <- get_data("ACTG175", "speff2trial")
    rows <- rows[setdiff(names(rows), c("pidnum", "arms", "zprior", "cd496", "r", "treat", "cd420"))]
    both <- get_data("ACTG175", "speff2trial")
    split_rows(cbind(rows, treat = both$treat, cd420 = both$cd420), rep)
  },
  # Without the three factors of 16 to 27 levels, on which synthpop's CART ran for more than nine minutes a fit.
  sd2011 = function(rep) {
    rows <- get_data("SD2011", "synthpop")
    rows$wkabdur <- as.numeric(rows$wkabdur)
    split_rows(rows[setdiff(names(rows), c("eduspec", "emcc", "region"))], rep)
  }
)

get_data <- function(name, package) {
  where <- new.env()
  utils::data(list = name, package = package, envir = where)
  where[[name]]
}

split_rows <- function(rows, rep) {
  set.seed(rep)
  order <- sample(nrow(rows))
  half <- nrow(rows) %/% 2
  rows <- rows[order, ]
  rownames(rows) <- NULL
  list(seed = rows[seq_len(half), ], holdout = rows[half + seq_len(half), ])
}

# Roles for TSTR (outcome from all others) and for the effect (outcome, treatment and its covariates).
generator_roles <- list(
  paper = list(tstr = Y ~ A | ., effect = Y ~ A | .),
  actg175 = list(tstr = cd420 ~ treat | .,
                 effect = cd420 ~ treat | age + wtkg + karnof + gender + race + symptom + cd40 + cd80),
  sd2011 = list(tstr = depress ~ sport | ., effect = depress ~ sport | sex + age + placesize + edu + marital)
)

# Each generator: function(seed, n, key) that gives n rows.
generator_peers <- list(
  causalsynth = function(seed, n, key) {
    generate(fit_generator(gen_forest(), seed, seed = key, threads = 2), n, seed = key, threads = 2)
  },
  `arf 10` = function(seed, n, key) draw_arf(seed, n, key, 10),
  `arf 100` = function(seed, n, key) draw_arf(seed, n, key, 100),
  `synthpop cart` = function(seed, n, key) draw_synthpop(seed, n, key, method = "cart"),
  `synthpop smoothed` = function(seed, n, key) {
    numbers <- names(seed)[vapply(seed, function(x) is.numeric(x) && length(unique(x)) > 20, NA)]
    smoothing <- stats::setNames(as.list(rep("density", length(numbers))), numbers)
    draw_synthpop(seed, n, key, method = "cart", smoothing = smoothing)
  },
  `synthpop parametric` = function(seed, n, key) draw_synthpop(seed, n, key, method = "parametric")
)

draw_arf <- function(seed, n, key, trees) {
  set.seed(key)
  whole <- names(seed)[vapply(seed, is.numeric, NA)]
  few <- whole[vapply(seed[whole], function(x) length(unique(x)) <= 2, NA)]
  rows <- as.data.frame(seed)
  rows[few] <- lapply(rows[few], factor)
  fit <- suppressWarnings(arf::adversarial_rf(rows, num_trees = trees, verbose = FALSE, parallel = FALSE))
  law <- arf::forde(fit, rows, parallel = FALSE)
  as_types(as.data.frame(arf::forge(law, n, parallel = FALSE)), seed)
}

draw_synthpop <- function(seed, n, key, ...) {
  rows <- as.data.frame(seed)
  few <- names(rows)[vapply(rows, function(x) is.numeric(x) && length(unique(x)) <= 2, NA)]
  rows[few] <- lapply(rows[few], factor)
  utils::capture.output(fit <- suppressMessages(suppressWarnings(
    synthpop::syn(rows, k = n, print.flag = FALSE, seed = key, ...)
  )))
  as_types(fit$syn, seed)
}

# The peers' rows with the seed's types, levels and rounding.
as_types <- function(rows, seed) {
  for (name in names(seed)) {
    x <- rows[[name]]
    to <- seed[[name]]
    if (is.factor(to)) x <- factor(as.character(x), levels(to))
    else if (is.factor(x) || is.character(x)) x <- as.numeric(as.character(x))
    if (is.integer(to)) x <- as.integer(round(x))
    rows[[name]] <- x
  }
  rows[names(seed)]
}

# The scores of one synthetic set of `n_effect` rows, whose first nrow(holdout) rows are compared.
generator_scores <- function(data, roles, synthetic, key) {
  rows <- utils::head(synthetic, nrow(data$holdout))
  near <- function(x) mean(dcr(data$seed, x)$distance)
  metric <- function(x, name) {
    values <- tidy(x)
    values$estimate[values$metric == name]
  }
  complete <- function(x) x[stats::complete.cases(x[all.vars(roles$tstr)[1:2]]), ]
  data.frame(
    auc = classifier_auc(data$holdout, rows, trees = 100, seed = key)$auc,
    pmse = pmse(data$holdout, rows, against = "holdout", seed = key)$standardised,
    association = association_difference(data$holdout, rows)$mean,
    tstr = tidy(tstr(complete(rows), complete(data$holdout), roles$tstr, seed = key))$estimate[1],
    dcr = near(rows) / near(data$holdout),
    effect_error = effect_of(synthetic, roles$effect) - effect_of(data$seed, roles$effect)
  )
}

effect_of <- function(rows, formula) {
  rows <- rows[stats::complete.cases(rows[all.vars(formula)[1:2]]), ]
  coef(estimate_effect(formula, rows, method = "aipw", learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 1))[["ATE"]]
}

# A generator `spec` on one replicate of `data`: scores of `n` rows, and what fit and draw cost in processor seconds
# (wall: with whatever else ran).
scored_fit <- function(spec, data, roles, n, key) {
  started <- proc.time()
  fit <- fit_generator(spec, data$seed, seed = key, threads = 2)
  fitted <- proc.time()
  rows <- generate(fit, n, seed = key, threads = 2)
  drawn <- proc.time()
  cpu <- function(used) sum(used[c("user.self", "sys.self")])
  list(rows = rows, scores = suppressWarnings(generator_scores(data, roles, rows, key)),
       cost = data.frame(fit_cpu = cpu(fitted - started), draw_cpu = cpu(drawn - fitted),
                         wall = (drawn - started)[["elapsed"]], date = format(Sys.Date())))
}
