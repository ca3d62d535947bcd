#' Conditional tabular GAN
#'
#' CTGAN (Xu et al. 2019) without Python: a generator network that turns noise into rows, and a critic that tells them
#' from real ones, are trained against each other.
#'
#' @details
#' **Columns.** A number is its place within a mode of its column and which mode that is: modes are the normals of a
#' mixture whose number a variational fit finds, at most `modes`. Values that a share `atom_share` of the rows have, and
#' "missing", are classes beside the modes; a numeric column of at most `most_atoms` values is classes alone. Levels are
#' one-hot; more than 100 are written as two digits, so that memory grows with the rows and the root of the levels.
#' Levels of fewer than `min_count` rows are put together and drawn alike. Numbers are drawn within the column's range
#' and rounded as the data's are.
#'
#' **Training.** Each batch is drawn by sampling: a column of levels, one of its levels by the logarithm of its
#' frequency, a row that has it; the generator is told the level by its condition vector, and pays for what it draws
#' else. The critic sees `pac` rows at a time (PacGAN). Its loss is the Wasserstein distance, with a penalty on the
#' length of its gradient. With survey weights, rows and levels are sampled in proportion to them.
#'
#' **Defaults** are for data of some thousand rows: smaller networks and batches, more steps, no dropout, and a moving
#' average of the generator's weights. At up to 60 points of the training (with `epochs` given, after each), rows drawn
#' are compared with a share `holdout` of the rows, left out of the training (energy distance of mixed rows); the best
#' weights are kept. On the paper's mechanism it is behind [gen_row_lm()] and [gen_forest()] all the same
#' (`vignette("neural")`): it is there for comparison with published results. Those of Xu et al.'s program are
#' `gen_ctgan(epochs = 300, batch_size = 500, generator_layers = c(256, 256), critic_layers = c(256, 256), noise = 128,
#' pac = 10, rate_generator = 2e-4, rate_critic = 2e-4, dropout = 0.5, average = 0, holdout = 0)`.
#'
#' **Losses that are no numbers** take the training back to its last good state at half the rates; the print counts
#' this. After eight times training ends with the best weights so far; where there are none, that is an error of class
#' `causalsynth_error_fit`.
#'
#' **Given columns** (see [generate()][generate.causalsynth_generator]): rows are drawn until enough have what is given;
#' of the given columns of levels, the rarest is asked for by the condition vector. Single values of continuous columns
#' cannot be given.
#'
#' **What is stored**: the weights, the columns' modes, levels and frequent values, the loss trace; no row.
#'
#' @param epochs Passes over the rows: n / `batch_size` steps each. `NULL`: 6,000 steps, whatever n.
#' @param batch_size Rows a step, a multiple of `pac`.
#' @param generator_layers,critic_layers Units of each hidden layer.
#' @param noise Numbers of noise that a row is made from.
#' @param pac Rows that the critic judges together.
#' @param critic_steps Steps of the critic for one of the generator.
#' @param rate_generator,rate_critic Rates of Adam (with betas .5 and .9).
#' @param rate_end Rates at the end of the training, as a share of those at its start: they fall along a line.
#' @param decay Weight decay, as part of the gradient.
#' @param dropout Share of the critic's units that are left out at each step.
#' @param penalty Weight of the critic's gradient penalty.
#' @param temperature Of the Gumbel softmax through which levels are trained.
#' @param average Decay of the moving average of the generator's weights; 0: the weights themselves.
#' @param holdout Share of rows left out to compare with; 0: none, the last weights are kept.
#' @param modes Modes of a numeric column, at most.
#' @param min_count,most_atoms,atom_share As in [gen_forest()].
#' @param keep_on_interrupt On an interrupt (Ctrl-C), keep the best model so far instead of leaving with nothing?
#' @param ... Unknown names are an error.
#' @return A generator spec, an object of class `causalsynth_gen`, for [fit_generator()] and [fit_hybrid()]. The fitted
#'   generator holds `$trace`, a data frame of `step`, the losses `critic`, `generator` and `penalty` (its weight
#'   included), `distance` (to the rows left out, `NA` where none are), and `kept`, whether these weights were kept;
#'   `autoplot(fit, type = "loss")` draws it. `$modes` is the number of modes by column.
#' @seealso [gen_row_lm()] and [gen_forest()], which came closer to the paper's mechanism from as many rows.
#' @references Xu, Skoularidou, Cuesta-Infante and Veeramachaneni (2019) "Modeling tabular data using conditional GAN";
#'   Gulrajani et al. (2017) "Improved training of Wasserstein GANs"; Lin, Khetan, Fanti and Oh (2018) "PacGAN: the
#'   power of two samples in generative adversarial networks"; Jang, Gu and Poole (2017) "Categorical reparameterization
#'   with Gumbel-softmax"; Blei and Jordan (2006) "Variational inference for Dirichlet process mixtures"; Szekely and
#'   Rizzo (2013) "Energy statistics".
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' small <- gen_ctgan(epochs = 20, generator_layers = 32, critic_layers = 32, noise = 16)
#' fit <- fit_generator(small, study, seed = 2)
#' fit
#' generate(fit, 3, seed = 3, given = list(A = 1, W4 = c(1, Inf)))
#' @export
gen_ctgan <- function(epochs = NULL, batch_size = 100, generator_layers = c(128, 128), critic_layers = c(128, 128),
                      noise = 64, pac = 1, critic_steps = 1, rate_generator = 5e-4, rate_critic = 5e-4, rate_end = 1,
                      decay = 1e-6, dropout = 0, penalty = 10, temperature = 0.2, average = 0.995, holdout = 0.1,
                      modes = 10, min_count = 5, most_atoms = 20, atom_share = 0.05, keep_on_interrupt = FALSE, ...) {
  check_dots_empty(...)
  batch_size <- check_whole(batch_size, "batch_size", max = 1e5)
  pac <- check_whole(pac, "pac", max = 1000)
  if (batch_size %% pac != 0) {
    abort("input", "{.arg batch_size} must be a multiple of {.arg pac}; {batch_size} is none of {pac}.")
  }
  structure(list(
    label = "CTGAN",
    settings = list(
      epochs = if (!is.null(epochs)) check_whole(epochs, "epochs", max = 1e6), batch_size = batch_size,
      generator_layers = check_layers(generator_layers, "generator_layers"),
      critic_layers = check_layers(critic_layers, "critic_layers"), noise = check_whole(noise, "noise", max = 1e5),
      pac = pac, critic_steps = check_whole(critic_steps, "critic_steps", max = 100),
      rate_generator = check_number(rate_generator, "rate_generator", 1e-12, 1e30),
      rate_critic = check_number(rate_critic, "rate_critic", 1e-12, 1e30),
      rate_end = check_number(rate_end, "rate_end", 0, 1), decay = check_number(decay, "decay", 0, 1e6),
      dropout = check_number(dropout, "dropout", 0, 0.95), penalty = check_number(penalty, "penalty", 0, 1e6),
      temperature = check_number(temperature, "temperature", 1e-3, 1e3),
      average = check_number(average, "average", 0, 0.99999), holdout = check_number(holdout, "holdout", 0, 0.5),
      modes = check_whole(modes, "modes", max = 1000), min_count = check_whole(min_count, "min_count", max = 1e6),
      most_atoms = check_whole(most_atoms, "most_atoms", 2),
      atom_share = check_number(atom_share, "atom_share", 1e-9, 1)
    ),
    keep_on_interrupt = check_flag(keep_on_interrupt, "keep_on_interrupt")
  ), class = c("gen_ctgan", "causalsynth_gen"))
}

check_layers <- function(x, arg, call = rlang::caller_env()) {
  ok <- is.numeric(x) && length(x) >= 1 && length(x) <= 20 && all(is.finite(x) & x == round(x) & x >= 1 & x <= 1e5)
  if (!ok) {
    abort("input", c(
      "{.arg {arg}} must be whole numbers, the units of each hidden layer, such as {.code c(256, 256)}.",
      x = "It is {describe(x)}."
    ), call = call)
  }
  as.numeric(x)
}

#' @exportS3Method
learn_rows.gen_ctgan <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  settings <- spec$settings
  blueprint <- column_blueprint(data)
  check_no_identifier(blueprint, nrow(data), call)
  weighed <- rows_with_weight(data, weights)
  data <- weighed$data
  blueprint <- drop_rare_texts(data, blueprint, settings$min_count)
  coded <- code_columns(encode_known(data, blueprint, call), blueprint, settings, key)
  free <- vapply(coded, function(one) one$number || one$classes > 1, NA)
  run <- training_control(threads, spec$keep_on_interrupt, "Training the GAN")
  fit <- if (any(free)) {
    options <- gan_options(settings, nrow(data), weighed$weights, key)
    train_gan(coded[free], nrow(data), options, run, settings$modes, call)
  }
  laws <- lapply(coded, function(one) one[c("number", "classes", "value", "members")])
  result <- structure(list(model = fit$model, laws = laws, free = free, trace = gan_trace(fit), blueprint = blueprint),
                      class = "fitted_gen_ctgan")
  result$modes <- replace(rep(0, length(free)), which(free), fit$modes %||% numeric())
  result$training <- fit[c("steps", "best", "rollbacks", "stopped", "diverged")]
  result$notes <- gan_notes(result, coded, settings)
  result
}

# What the core's training takes, by its names.
gan_options <- function(settings, n, weights, key) {
  steps <- gan_steps(settings, n)
  own <- c("noise", "pac", "critic_steps", "rate_generator", "rate_critic", "decay", "dropout", "penalty",
           "temperature", "average", "holdout")
  c(settings[own], list(
    generator = settings$generator_layers, critic = settings$critic_layers, batch = settings$batch_size,
    steps = steps, anneal = settings$rate_end, weights = as.double(weights), key = unclass(derive_key(key, "ctgan")),
    every = max(1, if (is.null(settings$epochs)) ceiling(steps / 60) else steps / settings$epochs)
  ))
}

# Steps of the generator: epochs of as many batches as the rows fill, or a number that does for small data.
gan_steps <- function(settings, n) {
  if (is.null(settings$epochs)) return(6000)
  settings$epochs * max(1, n %/% settings$batch_size)
}

train_gan <- function(coded, n, options, run, modes, call) {
  columns <- lapply(unname(coded), `[`, c("number", "codes", "values", "classes", "low", "high"))
  fit <- gan_fit(columns, n, options, list(components = modes), run)
  if (fit$stopped) tell_interrupted("step", fit$best)
  if (fit$best > 0) return(fit)
  abort("fit", c(
    "The training of the GAN failed: its losses were no numbers within the first steps, also after {fit$rollbacks} \
     halvings of the rates.",
    i = "Use smaller rates ({.arg rate_generator}, {.arg rate_critic})."
  ), call = call)
}

gan_trace <- function(fit) {
  if (is.null(fit)) return(NULL)
  trace <- as.data.frame(fit$trace)
  trace$distance[is.nan(trace$distance)] <- NA
  trace$kept <- trace$step == fit$best
  trace
}

gan_notes <- function(fit, coded, settings) {
  done <- fit$training
  rare <- vapply(coded, function(one) one$rare, 0)
  rare <- rare[rare > 0]
  ends <- if (isTRUE(done$stopped)) "; training was interrupted"
          else if (isTRUE(done$diverged)) "; training ended as its losses were no numbers, time and again"
  c(
    if (!is.null(done$steps)) {
      sprintf("%s of %s; weights of step %s kept%s", count_phrase(done$steps, "step"),
              count_phrase(settings$batch_size, "row"), format(done$best, big.mark = ","), ends %||% "")
    },
    if (!is.null(done$steps)) rollback_note(done$rollbacks),
    if (length(rare)) {
      sprintf("Levels of fewer than %d rows, drawn alike or not at all: %d, in %s", as.integer(settings$min_count),
              as.integer(sum(rare)), toString(names(rare), width = 60))
    }
  )
}

#' @exportS3Method
draw_columns.fitted_gen_ctgan <- function(fit, n, key, threads) draw_gan(fit, n, key, threads)

draw_gan <- function(fit, n, key, threads, given = list(at = -1, codes = numeric())) {
  drawn <- if (any(fit$free)) {
    gan_draw(fit$model, n, unclass(key), given, run_control(threads, "Drawing rows"))
  }
  at <- cumsum(fit$free)
  lapply(seq_along(fit$laws), function(j) {
    code <- if (fit$free[j]) drawn$codes[[at[j]]] else rep(1L, n)
    decode_law(fit$laws[[j]], code, if (fit$free[j]) drawn$numbers[[at[j]]], derive_key(key, "levels", j))
  })
}

# Candidates of rejection: the condition vector holds one choice of what is given, that of the rarest levels.
#' @exportS3Method
propose_rows.fitted_gen_ctgan <- function(fit, n, given, key, threads) {
  draw_gan(fit, n, key, threads, gan_condition(fit, given))
}

gan_condition <- function(fit, given) {
  best <- list(at = -1, codes = numeric())
  least <- Inf
  choices <- which(fit$free & !vapply(fit$laws, `[[`, NA, "number"))
  for (name in intersect(names(given), names(fit$blueprint)[choices])) {
    j <- match(name, names(fit$blueprint))
    codes <- which(law_allows(fit$laws[[j]], given[[name]], fit$blueprint[[j]]))
    if (length(codes) == 0) {
      abort("input", "What is given of the column {.val {name}} never occurs in the rows of this generator.")
    }
    share <- length(codes) / fit$laws[[j]]$classes
    if (share < least) {
      least <- share
      best <- list(at = match(j, choices) - 1, codes = codes - 1)
    }
  }
  best
}

#' @rdname autoplot.causalsynth_generator
#' @exportS3Method ggplot2::autoplot fitted_gen_ctgan
autoplot.fitted_gen_ctgan <- function(object, type = c("margins", "loss"), ...) {
  type <- check_choice(type[1], c("margins", "loss"), "type")
  if (type == "margins") return(NextMethod("autoplot", object, ...))
  check_dots_empty(...)
  if (is.null(object$trace)) abort("input", "Nothing was trained: no column of this generator varies.")
  trace <- object$trace
  what <- c(critic = "critic's loss", generator = "generator's loss", distance = "distance to rows left out")
  long <- do.call(rbind, lapply(names(what), function(name) {
    data.frame(at = trace$step, loss = trace[[name]], line = what[[name]])
  }))
  kept <- trace$step[trace$kept]
  loss_lines(long, what, "step", NULL) +
    ggplot2::facet_wrap("line", ncol = 1, scales = "free_y") +
    ggplot2::geom_vline(xintercept = kept, linetype = 2) +
    ggplot2::labs(caption = paste("Dashed: the weights kept, of step", kept)) +
    ggplot2::theme(legend.position = "none")
}
