# One property an exported function: how often it is drawn (`weight`) and what a case of it does. Every export is here
# or in `not_covered` with its reason; tests/testthat/test-properties.R holds that.

property <- function(run, weight = 1) list(run = run, weight = weight)

quick_forest <- function() learn_forest(trees = pick(1, 5, 10), min_node_size = pick(list(5), list(c(1, 5))))
quick_learner <- function() if (chance(.75)) learn_glm(pick("by_arm", "joint")) else quick_forest()
any_seed <- function() sample.int(1e6, 1)
any_threads <- function() pick(1, 1, 1, 2, 3)

# A spec called with one argument wrong at times: returns the spec, or refuses.
spec_property <- function(fun, args, weight = .3) {
  force(fun)
  property(weight = weight, run = function() {
    given <- args()
    if (chance(.5) && length(given)) given[sample.int(length(given), 1)] <- list(wrong_value())
    if (chance(.1) && "..." %in% names(formals(getExportedValue("causalsynth", fun)))) given$unheard_of <- 1
    spec <- do.call(step, c(fun, given))
    claim(is.character(format(spec)) && all(nzchar(format(spec))), "format() is text")
  })
}

# Rows drawn from a model of `frame` are rows of it: as many, of its columns, types and levels, finite, whole.
claim_rows <- function(rows, frame, n) {
  claim(is.data.frame(rows) && nrow(rows) == n, "as many rows as asked for")
  claim(identical(names(rows), names(frame)), "the same columns")
  for (j in seq_along(frame)) {
    same <- identical(class(rows[[j]]), class(frame[[j]])) && identical(levels(rows[[j]]), levels(frame[[j]]))
    claim(same && typeof(rows[[j]]) == typeof(frame[[j]]),
          sprintf("the same type: %s of %s", paste(class(rows[[j]]), collapse = "/"), paste(class(frame[[j]]),
              collapse = "/")))
    if (!anyNA(frame[[j]])) claim(!anyNA(rows[[j]]), paste("nothing missing in a column of", class(frame[[j]])[1]))
    if (is.numeric(rows[[j]])) claim(!any(is.infinite(rows[[j]])), "finite numbers")
    if (is.character(frame[[j]])) claim(all(rows[[j]] %in% frame[[j]]), "texts of the seed")
  }
}

quick_generator <- function(frame) {
  switch(pick("forest", "forest", "copula", "copula", "row_lm", "data", "function"),
         forest = gen_forest(trees = pick(1, 3), min_node_size = pick(list(NULL), list(1))),
         copula = gen_copula(min_count = pick(1, 5)), row_lm = gen_row_lm(epochs = 1, width = 6, layers = 1, heads = 1),
         data = gen_data(frame), "function" = gen_function(local({
           kept <- frame
           function(n) kept[sample.int(nrow(kept), n, TRUE), , drop = FALSE]
         })))
}

fitted_generator <- function(frame, ...) {
  spec <- guarded(quick_generator(frame))
  step("fit_generator", spec, frame, ..., seed = any_seed(), threads = any_threads())
}

generator_property <- function(make, weight) {
  property(weight = weight, run = function() {
    frame <- random_frame()
    spec <- guarded(make(frame))
    fit <- step("fit_generator", spec, frame, seed = any_seed(), threads = any_threads())
    n <- pick(1, 2, 5, 20)
    seed <- any_seed()
    rows <- step("generate", fit, n, seed = seed, threads = 1)
    claim_rows(rows, frame, n)
    if (chance(.3)) claim(identical(step("generate", fit, n, seed = seed, threads = 3), rows),
                          "the same on three threads")
  })
}


spec_properties <- list(
  est_aipw = spec_property("est_aipw", function() list(cap = pick(Inf, 1, 1e-300, 10))),
  est_iptw = spec_property("est_iptw", function() list(type = pick("hajek", "ht"), stabilised = chance(.5),
                                                       cap = pick(Inf, 20))),
  est_matching = spec_property("est_matching", function() {
    list(m = sample.int(3, 1), distance = pick("mahalanobis", "propensity"), bias_adjust = chance(.5), j = 1)
  }),
  est_or = spec_property("est_or", function() list()),
  est_tmle = spec_property("est_tmle", function() list(fluctuation = pick("two", "one"), q_bounds = pick(5e-4, .1))),
  learn_forest = spec_property("learn_forest", function() {
    list(trees = 5, min_node_size = 5, mtry = pick(list(NULL), 1), replace = TRUE, sample_fraction = pick(.5, 1))
  }),
  learn_function = spec_property("learn_function", function() {
    list(function(x, y, ...) mean(y), function(fit, x) rep(fit, nrow(x)), label = "mean")
  }),
  learn_glm = spec_property("learn_glm", function() list(outcome = pick("by_arm", "joint"), crossfit = "none")),
  learn_stack = spec_property("learn_stack", function() list(a = learn_glm(), b = learn_forest(trees = 3), folds = 3)),
  assign_randomized = spec_property("assign_randomized", function() {
    list(probability = pick(.5, .1), strata = pick(list(NULL), "w1"), blocks = pick(list(NULL), 4))
  }),
  gen_chat = spec_property("gen_chat", function() {
    list(function(text) "{\"rows\":[]}", "rows", examples = 0, tries = 1, wait = c(0, 0))
  }),
  gen_python = spec_property("gen_python", function() list(model = pick("great", "ctgan"), tries = 2)),
  gen_function = spec_property("gen_function", function() list(function(n) data.frame(x = seq_len(n)), label = "own")),
  dgp_paper = spec_property("dgp_paper", function() list(pick("randomized", "none", "weak", "moderate"))),
  learn_superlearner = spec_property("learn_superlearner", function() list("SL.mean", folds = 3)),
  learn_parsnip = spec_property("learn_parsnip", function() list(structure(list(), class = c("none", "model_spec")))),
  reproduce_paper = property(weight = .1, run = function() {
    step("reproduce_paper", pick(list(0), list(6), list("one"), list(NA)), reps = 1)
    claim(FALSE, "an unknown study is refused")
  })
)

model_properties <- list(
  gen_forest = generator_property(function(frame) {
    gen_forest(trees = pick(1, 3), min_node_size = pick(list(NULL), list(1), list(5)), min_count = pick(1, 5),
               most_atoms = pick(0, 20), order = pick("data", "association"))
  }, 5),
  gen_copula = generator_property(function(frame) gen_copula(pick(1, 5), pick(0, 5, 20), pick(.05, .5)), 3),
  gen_row_lm = generator_property(function(frame) {
    gen_row_lm(epochs = 1, width = pick(4, 6), layers = 1, heads = 1, holdout = pick(0, .1), min_count = pick(1, 5),
               temperature = pick(.5, 1))
  }, 3),
  gen_ctgan = generator_property(function(frame) {
    gen_ctgan(epochs = 1, batch_size = pick(20, 50), generator_layers = 4, critic_layers = 4, noise = 3,
              pac = pick(1, 5))
  }, 2),
  gen_data = generator_property(function(frame) gen_data(rows_like(frame, pick(1, 5, 30)), range = pick("none",
      "seed")), 2),
  fit_generator = property(weight = 3, run = function() {
    frame <- random_frame()
    n <- nrow(frame)
    weights <- pick(list(NULL), list(stats::rexp(n)), list(rep(0, n)), list(10^stats::runif(n, -300, 300)),
                    list(-seq_len(n)))
    strata <- if (chance(.2)) sample(names(frame), 1)
    fit <- fitted_generator(frame, weights = weights, strata = strata)
    claim_rows(step("generate", fit, 3, seed = 1, threads = 1), frame, 3)
  }),
  generate = property(weight = 5, run = function() {
    frame <- random_frame()
    fit <- fitted_generator(frame)
    given <- if (chance(.6)) random_given(frame)
    rules <- if (chance(.15)) stats::as.formula(paste0("~ `", gsub("`", "", names(frame)[1]), "` == `",
                                                       gsub("`", "", names(frame)[1]), "`"))
    n <- if (!is.data.frame(given)) pick(1, 4, 12)
    rows <- step("generate", fit, n, seed = any_seed(), given = given, constraints = rules, threads = any_threads(),
                 drop_copies_of = if (chance(.1)) frame)
    if (is.data.frame(given)) n <- nrow(given)
    claim(nrow(rows) == n && identical(names(rows), names(frame)), "rows given columns have the seed's columns")
  }),
  impute = property(weight = 1.5, run = function() {
    frame <- random_frame()
    fit <- step("fit_generator", gen_row_lm(epochs = 1, width = 4, layers = 1, heads = 1), frame, seed = 1, threads = 1)
    data <- rows_like(frame)
    filled <- step("impute", fit, data, seed = any_seed(), threads = any_threads())
    claim(identical(names(filled), names(data)) && nrow(filled) == nrow(data), "impute() keeps rows and columns")
    for (j in seq_along(data)) {
      there <- !is.na(data[[j]])
      claim(identical(filled[[j]][there], data[[j]][there]), "impute() keeps what is there")
    }
  }),
  log_prob = property(weight = 1.5, run = function() {
    frame <- random_frame()
    fit <- step("fit_generator", gen_row_lm(epochs = 1, width = 4, layers = 1, heads = 1), frame, seed = 1, threads = 1)
    data <- rows_like(frame)
    found <- step("log_prob", fit, data, orders = pick(0, 2), seed = any_seed(), threads = any_threads())
    claim(is.numeric(found) && length(found) == nrow(data), "a log probability a row")
  }),
  forest = property(weight = 8, run = function() {
    frame <- random_frame(wrong = .05)
    y <- random_column(nrow(frame), .05)
    n <- nrow(frame)
    seed <- any_seed()
    fit <- step("forest", frame, y, trees = pick(1, 3, 8), min_node_size = pick(list(NULL), list(1), list(c(2, 5))),
                mtry = pick(list(NULL), list(1)), max_depth = pick(list(NULL), list(1), list(3)),
                honest = chance(.2), replace = chance(.8), sample_fraction = pick(1, .5, .632),
                split_rule = pick("default", "extratrees"),
                weights = pick(list(NULL), list(NULL), list(stats::rexp(n)), list(10^stats::runif(n, -12, 12))),
                importance = pick("none", "impurity", "permutation", "corrected"), seed = seed, threads = any_threads())
    new <- rows_like(frame)
    found <- guarded(stats::predict(fit, new))
    claim(length(found) == nrow(new), "a prediction a row")
    if (is.numeric(y) && is.numeric(found)) {
      # A mean of equal numbers may miss them by a rounding.
      slack <- 1e-14 * max(abs(y))
      within <- found >= min(y) - slack & found <= max(y) + slack
      claim(all(within | is.na(found)), "predictions lie within the outcomes")
      claim(!anyNA(found), "no prediction is missing")
    }
    leaf <- guarded(stats::predict(fit, new, type = "leaf"))
    claim(is.integer(leaf) && nrow(leaf) == nrow(new), "a leaf a row and tree")
  }),
  importance = property(weight = 1, run = function() {
    frame <- random_frame(wrong = 0)
    fit <- step("forest", frame, random_column(nrow(frame), 0), trees = 5, seed = 1, threads = 1,
                importance = pick("none", "impurity", "permutation", "corrected"))
    table <- step("importance", fit)
    claim(nrow(table) == ncol(frame) && setequal(table$column, names(frame)), "an importance a column")
  }),
  forest_weights = property(weight = .5, run = function() {
    frame <- random_frame(wrong = 0)
    fit <- step("forest", frame, random_column(nrow(frame), 0), trees = 5, honest = chance(.2), seed = 1, threads = 1)
    new <- if (chance(.7)) rows_like(frame)
    found <- as.matrix(step("forest_weights", fit, frame, new, threads = any_threads()))
    claim(all(abs(rowSums(found) - 1) < 1e-9) && all(found >= 0), "weights of a row sum to 1")
  }),
  partial_dependence = property(weight = 1, run = function() {
    frame <- random_frame(wrong = 0)
    fit <- step("forest", frame, random_column(nrow(frame), 0), trees = 3, seed = 1, threads = 1)
    columns <- sample(names(frame), min(ncol(frame), pick(1, 1, 2)))
    step("partial_dependence", fit, frame, columns, grid = pick(2, 5), ice = chance(.3), threads = any_threads())
  })
)

# Conditions on columns: ranges, levels, single values, rows; at times ones that cannot be.
random_given <- function(frame) {
  if (chance(.1)) return(wrong_value())
  columns <- sample(names(frame), min(ncol(frame), pick(1, 1, 2)))
  if (chance(.3)) {
    rows <- frame[sample.int(max(1, nrow(frame)), pick(1, 5), TRUE), columns, drop = FALSE]
    if (chance(.3) && nrow(rows)) rows[[1]][1] <- NA
    return(rows)
  }
  lapply(unclass(frame)[columns], function(x) {
    x <- x[!is.na(x)]
    if (length(x) == 0) return(1)
    if (is.numeric(x) && !inherits(x, "difftime")) return(if (chance(.3)) x[1] else if (chance(.9)) range(x) else c(1,
        0))
    if (inherits(x, c("Date", "POSIXct"))) return(range(x))
    unique(as.character(x))[seq_len(pick(1, 1, 2))]
  })
}
