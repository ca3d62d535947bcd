# Random keys: two whole numbers below 2^32 (high, low word). One key per call of the user; parts of a call draw from
# keys derived by a label and an index, never from one another's streams.

# `seed` as in every public function: NULL takes the key from R's own generator, so that set.seed() works.
rng_key <- function(seed, call = rlang::caller_env()) {
  if (is_key(seed)) return(seed)
  if (is.null(seed)) return(as_key(floor(stats::runif(2) * 2^32)))
  if (!(is.numeric(seed) && length(seed) == 1 && is.finite(seed) && seed == round(seed) && abs(seed) <= 2^53)) {
    abort("input", c(
      "{.arg seed} must be one whole number, or NULL to draw from R's own generator.",
      x = "It is {describe(seed)}."
    ), call = call)
  }
  root <- as_key(c(floor(abs(seed) / 2^32), abs(seed) %% 2^32))
  derive_key(root, if (seed < 0) "negative" else "seed")
}

as_key <- function(words) structure(words, class = "causalsynth_key")

is_key <- function(x) inherits(x, "causalsynth_key")

# The tag of a label: its bytes folded into a whole number below 2^44 (polynomial in 257).
label_tag <- function(label) {
  tag <- 5381
  for (byte in as.integer(charToRaw(label))) tag <- (tag * 257 + byte) %% 2^44
  tag
}

derive_key <- function(key, label, index = 0) {
  as_key(random_derive_key(unclass(key), label_tag(label), index))
}

#' @rdname extending
#' @export
with_r_seed <- function(key, code) {
  old <- get0(".Random.seed", globalenv(), inherits = FALSE)
  kind <- RNGkind()
  on.exit({
    if (is.null(old)) {
      RNGkind(kind[1], kind[2], kind[3])
      rm(".Random.seed", envir = globalenv())
    } else {
      assign(".Random.seed", old, envir = globalenv())
    }
  })
  set.seed(unclass(key)[2] %% 2147483647, kind = "Mersenne-Twister", normal.kind = "Inversion",
           sample.kind = "Rejection")
  force(code)
}

# The progress bar of a core loop: a function of the share done, or NULL where nobody looks.
progress_bar <- function(label, env = parent.frame()) {
  if (!isTRUE(getOption("causalsynth.progress", interactive()))) return(NULL)
  started <- proc.time()[["elapsed"]]
  bar <- NULL
  function(share) {
    if (is.null(bar)) {
      if (proc.time()[["elapsed"]] - started < 1) return(invisible())
      bar <<- cli::cli_progress_bar(label, total = 100, .envir = env)
    }
    cli::cli_progress_update(id = bar, set = floor(100 * share), force = TRUE, .envir = env)
  }
}

# The bar of a job in stages, which R code moves.
stage_bar <- function(label, env = parent.frame()) progress_bar(label, env) %||% function(share) invisible()

# How a core loop runs: threads, and its progress bar.
run_control <- function(threads, label = NULL, env = parent.frame()) {
  list(threads = resolve_threads(threads), progress = if (!is.null(label)) progress_bar(label, env))
}
