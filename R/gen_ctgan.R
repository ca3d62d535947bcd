#' Conditional tabular GAN
#'
#' CTGAN (Xu, Skoularidou, Cuesta-Infante and Veeramachaneni 2019) in C++, without Python: a generator network that
#' turns noise into rows and a critic that tells them from real ones are trained against each other.
#'
#' @export
gen_ctgan <- function(epochs = NULL, batch_size = 100, generator_layers = c(128, 128), critic_layers = c(128, 128),
                      noise = 64, pac = 1, critic_steps = 1, rate_generator = 5e-4, rate_critic = 5e-4, rate_end = 1,
                      dropout = 0.25, penalty = 10, temperature = 0.2, average = 0.99, holdout = 0.1, modes = 10,
                      min_count = 5, most_atoms = 20, atom_share = 0.05, keep_on_interrupt = FALSE, ...) {
  check_dots_empty(..., .known = names(formals(gen_ctgan)))
  batch_size <- check_whole(batch_size, "batch_size", max = 1e5)
  pac <- check_whole(pac, "pac", max = 1000)
  if (batch_size %% pac != 0) {
    abort("input", "{.arg batch_size} ({batch_size}) must be a multiple of {.arg pac} ({pac}).")
  }
  if (!is.null(epochs)) epochs <- check_whole(epochs, "epochs", max = 1e6)
  structure(list(
    label = "CTGAN",
    settings = list(
      epochs = epochs, batch_size = batch_size, generator_layers = check_layers(generator_layers, "generator_layers"),
      critic_layers = check_layers(critic_layers, "critic_layers"), noise = check_whole(noise, "noise", max = 1e5),
      pac = pac, critic_steps = check_whole(critic_steps, "critic_steps", max = 100),
      rate_generator = check_number(rate_generator, "rate_generator", 1e-12, 1e6),
      rate_critic = check_number(rate_critic, "rate_critic", 1e-12, 1e6),
      rate_end = check_number(rate_end, "rate_end", 0, 1), dropout = check_number(dropout, "dropout", 0, 0.95),
      penalty = check_number(penalty, "penalty", 0, 1e6),
      temperature = check_number(temperature, "temperature", 1e-3, 1e3),
      average = check_number(average, "average", 0, 0.99999), holdout = check_number(holdout, "holdout", 0, 0.5),
      modes = check_whole(modes, "modes", max = 1000), min_count = check_whole(min_count, "min_count"),
      most_atoms = check_whole(most_atoms, "most_atoms", 0),
      atom_share = check_number(atom_share, "atom_share", 1e-9, 1),
      keep_on_interrupt = check_flag(keep_on_interrupt, "keep_on_interrupt")
    )
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
  check_no_identifier(vapply(blueprint, function(b) length(b$levels), 1L), nrow(data), call)
  # Rows of weight zero say nothing of the law.
  if (!is.null(weights)) {
    kept <- weights > 0
    data <- data[kept, , drop = FALSE]
    weights <- weights[kept] / mean(weights[kept])
  }
  blueprint <- drop_rare_texts(data, blueprint, settings$min_count)
  coded <- code_columns(encode_known(data, blueprint, call), blueprint, settings, key)
  free <- vapply(coded, function(one) one$number || one$classes > 1, NA)
  fit <- if (any(free)) train_gan(coded[free], nrow(data), settings, weights, key, threads, call)
  laws <- lapply(coded, function(one) one[c("number", "classes", "value", "members")])
  result <- structure(list(model = fit$model, laws = laws, free = free, trace = gan_trace(fit), blueprint = blueprint),
                      class = "fitted_gen_ctgan")
  result$modes <- replace(rep(0, length(free)), which(free), fit$modes %||% numeric())
  result$training <- fit[c("steps", "best", "rollbacks", "stopped")]
  result$notes <- gan_notes(result, coded, settings, call)
  result
}

train_gan <- function(coded, n, settings, weights, key, threads, call) {
  steps <- gan_steps(settings, n)
  options <- list(
    generator = settings$generator_layers, critic = settings$critic_layers, noise = settings$noise,
    batch = settings$batch_size, pac = settings$pac, steps = steps, critic_steps = settings$critic_steps,
    every = max(1, if (is.null(settings$epochs)) ceiling(steps / 60) else steps / settings$epochs),
    rate_generator = settings$rate_generator, rate_critic = settings$rate_critic, anneal = settings$rate_end,
    dropout = settings$dropout, penalty = settings$penalty, temperature = settings$temperature,
    average = settings$average, holdout = settings$holdout, weights = as.double(weights),
    key = unclass(derive_key(key, "ctgan"))
  )
  run <- list(threads = resolve_threads(threads), keep = settings$keep_on_interrupt, progress = gan_progress(steps))
  columns <- lapply(unname(coded), `[`, c("number", "codes", "values", "classes", "low", "high"))
  fit <- gan_fit(columns, n, options, list(components = settings$modes), run)
  if (fit$best == 0) {
    abort("fit", c(
      "The training of the GAN failed: its losses were no numbers within the first steps.",
      i = "Use smaller rates ({.arg rate_generator}, {.arg rate_critic})."
    ), call = call)
  }
  fit
}

# Steps of the generator: epochs of as many batches as the rows fill, or a number that does for small data.
gan_steps <- function(settings, n) {
  if (is.null(settings$epochs)) return(6000)
  settings$epochs * max(1, n %/% settings$batch_size)
}

gan_trace <- function(fit) {
  if (is.null(fit)) return(NULL)
  trace <- as.data.frame(fit$trace)
  trace$kept <- trace$step == fit$best
  trace
}

# A bar with the losses and the time left: a function of the step and the last losses, or NULL where nobody looks.
gan_progress <- function(steps, env = parent.frame()) {
  if (!isTRUE(getOption("causalsynth.progress", interactive()))) return(NULL)
  started <- proc.time()[["elapsed"]]
  bar <- NULL
  function(step, critic, generator, distance) {
    if (is.null(bar)) {
      if (proc.time()[["elapsed"]] - started < 1) return(invisible())
      bar <<- cli::cli_progress_bar(
        "Training", total = steps, .envir = env,
        format = "Training {cli::pb_bar} {cli::pb_percent} | {cli::pb_extra$losses} | time left {cli::pb_eta}"
      )
    }
    losses <- sprintf("loss of the critic %.2f, of the generator %.2f%s", critic, generator,
                      if (distance > 0) sprintf(", distance %.4f", distance) else "")
    cli::cli_progress_update(id = bar, set = step, extra = list(losses = losses), force = TRUE, .envir = env)
  }
}

gan_notes <- function(fit, coded, settings, call) {
  done <- fit$training
  rare <- vapply(coded, function(one) one$rare, 0)
  rare <- rare[rare > 0]
  c(
    if (!is.null(done$steps)) {
      sprintf("%s steps of %d rows; weights of step %s kept%s", format(done$steps, big.mark = ","),
              as.integer(settings$batch_size), format(done$best, big.mark = ","),
              if (isTRUE(done$stopped)) " (training was interrupted)" else "")
    },
    if (isTRUE(done$rollbacks > 0)) {
      paste0("Losses that were no numbers: rolled back ", count_phrase(done$rollbacks, "time"),
             ", each time with half the rates")
    },
    if (length(rare)) {
      shown <- paste0(names(rare), " (", rare, ")")
      paste0("Levels of fewer than ", count_phrase(settings$min_count, "row"), ", drawn alike or not at all: ",
             toString(utils::head(shown, 6)), if (length(rare) > 6) ", ...")
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

# Packed models are checked when they are read: a row is drawn.
#' @exportS3Method
check_parts.fitted_gen_ctgan <- function(x) {
  draw_gan(x, 1, as_key(c(0, 0)), 1)
  invisible()
}
