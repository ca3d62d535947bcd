# bounds = "adaptive": Lepski's choice among bounds c / (sqrt(n) log n), for each method and estimand by itself, since
# it rests on the method's own estimates and standard errors.

adaptive_constants <- c(.25, .5, 1, 2, 3, 4, 5, 6, 8)

# The nuisances under a bound b (of constant c) on each arm's own probability.
with_bound <- function(x, b, c = NULL) {
  bounded <- causal_bounds(x$ps, b)
  x[c("g1", "g0")] <- bounded[c("g1", "g0")]
  x$bounds <- c(list(rule = "lower", value = b), bounded[c("n_bounded_1", "n_bounded_0", "n_bounded")], c = c)
  x
}

# The largest c whose estimate differs from that of every smaller c' by at most 1.5 sqrt(|SE_c'^2 - SE_c^2|). Where a
# larger bound only takes variance away, it stays; where it adds bias, it goes too far.
lepski_choice <- function(estimate, std.error) {
  agrees <- function(j, i) abs(estimate[j] - estimate[i]) <= 1.5 * sqrt(abs(std.error[j]^2 - std.error[i]^2))
  admissible <- vapply(seq_along(estimate), function(i) {
    all(vapply(seq_len(i - 1), function(j) isTRUE(agrees(j, i)), NA))
  }, NA)
  max(which(admissible))
}

# All candidates of one method: data frame (method, c, bound, estimate, std.error, n_bounded_1, n_bounded_0, n_bounded,
# chosen). With repeats, estimates are the medians over them: one choice for all.
bound_candidates <- function(method, x, ask, cluster, call) {
  ask$methods <- ask$methods[method]
  ask$contrasts <- FALSE
  if (ask$se == "bootstrap") ask$se <- "if"
  ask$point <- FALSE
  b <- scaled_bound(adaptive_constants, x$n)
  rows <- lapply(seq_along(b), function(i) {
    bounded <- with_bound(x, b[i])
    # What the chosen candidate has to warn of, it says when it is run again.
    found <- suppressWarnings(effect_runs(bounded, ask, cluster, call), classes = "causalsynth_warning")
    cbind(data.frame(method = method, c = adaptive_constants[i], bound = b[i], estimate = found$estimate[1],
                     std.error = sqrt(found$variance[1, 1])),
          as.data.frame(bounded$bounds[c("n_bounded_1", "n_bounded_0", "n_bounded")]))
  })
  table <- do.call(rbind, rows)
  best <- lepski_choice(table$estimate, table$std.error)
  # Without standard errors there is no choice: Gruber's constant.
  if (all(is.na(table$std.error))) best <- which(table$c == 5)
  table$chosen <- seq_along(b) == best
  table
}

# The bounds of an effect: those of the nuisances or, adaptive, with the `candidates` of the methods that use bounds,
# `chosen` (one row a method; c and bound NA where it uses none), and the counts a method.
settle_bounds <- function(x, ask, cluster, call) {
  if (x$bounds$rule != "adaptive") return(x$bounds)
  use <- vapply(ask$methods, uses_bounds, NA, estimand = ask$estimand)
  candidates <- do.call(rbind, lapply(names(ask$methods)[use], bound_candidates, x = x, ask = ask, cluster = cluster,
                                      call = call))
  counts <- c("n_bounded_1", "n_bounded_0", "n_bounded")
  chosen <- data.frame(method = names(ask$methods), c = NA_real_, bound = NA_real_)
  chosen[counts] <- 0
  chosen[use, c("c", "bound", counts)] <- candidates[candidates$chosen, c("c", "bound", counts)]
  side <- bounded_side(ask$estimand)
  worst <- which.max(chosen[[side]])
  if (chosen[[side]][worst] > bounded_limit * x$n) warn_bounded(chosen[[side]][worst], x$n, call, chosen$method[worst])
  c(list(rule = "adaptive", value = chosen$bound), as.list(chosen[counts]),
    list(chosen = chosen, candidates = candidates))
}

# The bound of one method, as causal_bounds() takes it; a method that uses none gets the nuisances' own.
method_bound <- function(bounds, method, x) {
  if (is.null(bounds$chosen)) return(as.numeric(bounds$value))
  value <- bounds$chosen$bound[bounds$chosen$method == method]
  if (is.na(value)) x$bounds$value else value
}

# The bounds of an effect of several methods as those of one.
bounds_of_method <- function(bounds, method) {
  if (is.null(bounds$chosen)) return(bounds)
  at <- bounds$chosen$method == method
  for (part in c("value", "n_bounded_1", "n_bounded_0", "n_bounded")) bounds[[part]] <- bounds[[part]][at]
  bounds$chosen <- bounds$chosen[at, ]
  bounds$candidates <- bounds$candidates[bounds$candidates$method %in% method, ]
  bounds
}

# For those who need one bound for good (hybrids): the nuisances under TMLE's choice.
fix_bounds <- function(x, call = rlang::caller_env()) {
  if (x$bounds$rule != "adaptive") return(x)
  chosen <- settle_bounds(x, effect_request("tmle", "ATE", FALSE, "if", call), NULL, call)$chosen
  with_bound(x, chosen$bound, chosen$c)
}

adaptive_phrase <- function(bounds, n) {
  rows <- function(counts) paste(format(counts, big.mark = ",", trim = TRUE), "of", format(n, big.mark = ","), "rows")
  if (is.null(bounds$chosen)) {
    b <- signif(range(scaled_bound(adaptive_constants, n)), 3)
    return(paste0("adaptive, chosen by each estimator: each arm's probability >= ", b[1], " to ", b[2]))
  }
  chosen <- bounds$chosen
  ifelse(
    is.na(chosen$c), paste0(chosen$method, " does not use them"),
    paste0(chosen$method, ": each arm's probability >= ", signif(chosen$bound, 3), " (adaptive, c = ", chosen$c,
           "); bounded ", rows(chosen$n_bounded), " (treated side ", chosen$n_bounded_1, ", control side ",
           chosen$n_bounded_0, ")")
  )
}
