# Real and synthetic rows without chance, for tests and for fixtures/make-fidelity.R.
fidelity_sets <- function(n = 200, k = 300) {
  make <- function(n, shift) {
    i <- seq_len(n)
    x <- qnorm((i * sqrt(2)) %% 1 * .98 + .01) + shift
    data.frame(x = x, y = x + qnorm((i * sqrt(3)) %% 1 * .98 + .01),
               g = factor(letters[1 + floor(3 * ((i * sqrt(5)) %% 1))]))
  }
  list(real = make(n, 0), synthetic = make(k, .3))
}

# Study rows, for scores of the effect: `a` and `y` go by w and g; `shift` moves the covariates, `effect` the effect.
fidelity_study <- function(n, from = 0, shift = 0, effect = 1) {
  i <- from + seq_len(n)
  part <- function(root) (i * sqrt(root)) %% 1
  w <- qnorm(part(2) * .98 + .01) + shift
  g <- factor(c("u", "v", "x")[1 + floor(3 * part(3))])
  a <- as.integer(part(5) < plogis(.6 * w + .3 * (g == "v")))
  data.frame(w = w, g = g, a = a, y = w + effect * a * (1 + .5 * w) + (g == "x") + qnorm(part(7) * .98 + .01))
}
