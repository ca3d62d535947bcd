# Data that strain floating point: given nuisances, and a regression on two columns that are nearly one.
torture_base <- function(n = 60) {
  i <- seq_len(n)
  a <- as.integer(sin(3 * i) > 0)
  q0 <- (1 + sin(i)) / 4
  data.frame(a = a, y = as.numeric(cos(5 * i) > .2), ps = .3 + .4 * (1 + sin(i)) / 2, q1 = q0 + .2, q0 = q0)
}

torture_effects <- list(
  # Weights over 12 orders of magnitude.
  weights = function() transform(torture_base(), ps = ifelse(a == 1, 10^-seq(.1, 12, length.out = 60), .5)),
  # Propensities of 0 and 1 where the arm is the other one's, and next to them.
  certain = function() transform(torture_base(), ps = ifelse(a == 1, 1, ifelse(seq_along(a) %% 3 == 0, 0, 1e-17))),
  # Outcomes of 1e8 with effects of 1e-3.
  shifted = function() {
    d <- torture_base()
    transform(d, y = 1e8 + d$y * 2^-10, q1 = 1e8 + d$q1 * 2^-10, q0 = 1e8 + d$q0 * 2^-10)
  },
  small = function() transform(torture_base(), y = y * 1e-12, q1 = q1 * 1e-12, q0 = q0 * 1e-12)
)

# Two columns that differ by 1 / condition of their size in most rows.
torture_conditions <- c(1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14)
torture_collinear <- function(condition, n = 60) {
  i <- seq_len(n)
  x <- sin(i)
  data.frame(x = x, z = x + round(cos(7 * i) * 8) / 8 / condition, a = as.integer(cos(5 * i) > 0),
             y = 2 * x + cos(3 * i))
}
# Rows of which the regression's means are compared.
torture_rows <- c(1, 10, 50)
