# Knobs that make a hybrid a benchmark: overlap, effect, heterogeneity, an unmeasured cause, noise. Each is solved on
# the rows of the law, so that truth() follows it exactly.

knob_defaults <- list(overlap = 1, effect_scale = 1, heterogeneity = 1, confounding = 0, noise = 1)

check_knobs <- function(knobs, assignment, call) {
  limits <- list(overlap = c(0, 100), effect_scale = c(-100, 100), heterogeneity = c(0, 100), confounding = c(-1, 1),
                 noise = c(0, 100))
  for (name in names(knobs)) {
    knobs[[name]] <- check_number(knobs[[name]], name, limits[[name]][1], limits[[name]][2], call)
  }
  alone <- intersect(c("overlap", "confounding"), changed_knobs(knobs))
  if (length(alone) && assignment$kind != "fitted") {
    abort("input", c(
      "{.arg {alone[1]}} is for {.code treatment = \"fitted\"}.",
      x = if (alone[1] == "overlap") "This assignment does not follow the fitted propensity."
      else "This assignment knows no unmeasured cause."
    ), call = call)
  }
  knobs
}

changed_knobs <- function(knobs) {
  names(knobs)[!vapply(names(knobs), function(name) knobs[[name]] == knob_defaults[[name]], NA)]
}

# Knobs after which an estimate from the rows tells nothing of the population's effect.
effect_knobs <- function(knobs) intersect(changed_knobs(knobs), c("effect_scale", "confounding"))

knob_phrase <- function(knobs) {
  names <- changed_knobs(knobs)
  paste(names, vapply(names, function(name) format(signif(knobs[[name]], 4)), ""), sep = " = ", collapse = ", ")
}

# p_a proportional to s_a (g_a / s_a)^overlap exp(c_a), with c such that the arms keep their fitted shares.
fit_overlap <- function(overlap, ps, w) {
  share <- colSums(ps * w) / sum(w)
  shift <- numeric(length(share))
  tilt <- list(power = overlap, share = share, shift = shift)
  if (overlap == 0) return(tilt)
  if (ncol(ps) == 2) {
    tilt$shift[2] <- solve_shift(stats::qlogis(tilt_shares(tilt, ps)[, 2]), share[2], w)
    return(tilt)
  }
  for (step in 1:200) {
    now <- colSums(tilt_shares(tilt, ps) * w) / sum(w)
    if (max(abs(now - share)) < 1e-6) break
    tilt$shift <- tilt$shift + log(share / now)
  }
  tilt
}

tilt_shares <- function(tilt, ps) {
  ps <- pmin(pmax(ps, 1e-6), 1 - 1e-6)
  score <- log(ps)
  for (a in seq_len(ncol(ps))) {
    score[, a] <- tilt$power * (score[, a] - log(tilt$share[a])) + log(tilt$share[a]) + tilt$shift[a]
  }
  score <- exp(score - do.call(pmax, lapply(seq_len(ncol(ps)), function(a) score[, a])))
  score / rowSums(score)
}

overlap_shares <- function(assignment, ps) if (is.null(assignment$overlap)) ps else tilt_shares(assignment$overlap, ps)

# How means of rows by arms are turned: NULL where no knob turns them. A number of many values on its own scale, all
# others on the logit of their range, where shifts keep the arms' means (noise) or bring about the effect asked for.
fit_mean_knobs <- function(q, w, knobs, law_kind, range, call) {
  moved <- changed_knobs(knobs)
  plain <- law_kind == "continuous"
  # Noise of a number of many values is in its residuals.
  if (!any(c("effect_scale", "heterogeneity", if (!plain) "noise") %in% moved)) return(NULL)
  w <- w / sum(w)
  means <- colSums(q * w)
  fit <- list(plain = plain, low = range[1], high = range[2], knobs = knobs, noise_shift = numeric(ncol(q)),
              shift = numeric(ncol(q)), centre = numeric(ncol(q)), gap = numeric(ncol(q)))
  eta <- knob_link(fit, q)
  if (!plain && knobs$noise != 1) {
    if (knobs$noise == 0) {
      abort("input", c("{.arg noise} must be above 0 for an outcome of few values.",
                       i = "Half the noise doubles the spread of the log odds."), call = call)
    }
    fit$centre <- colSums(eta * w)
    eta <- flattened(fit, eta)
    for (a in seq_len(ncol(q))) fit$noise_shift[a] <- solve_shift(eta[, a], to_unit(fit, means[a]), w)
    eta <- sweep(eta, 2, fit$noise_shift, "+")
  }
  fit$gap <- colSums((eta - eta[, 1]) * w)
  wanted <- means[1] + knobs$effect_scale * (means - means[1])
  if (!plain && any(wanted <= range[1] | wanted >= range[2])) {
    abort("input", c(
      "{.code effect_scale = {knobs$effect_scale}} would need a mean outcome of {signif(wanted[wanted <= range[1] |
       wanted >= range[2]][1], 4)}, outside ({range[1]}, {range[2]}).",
      i = "The reference arm's mean is {signif(means[1], 4)}."
    ), call = call)
  }
  eta <- rescaled(fit, eta)
  for (a in seq_len(ncol(q))[-1]) {
    fit$shift[a] <- if (plain) wanted[a] - sum(w * eta[, a]) else solve_shift(eta[, a], to_unit(fit, wanted[a]), w)
  }
  fit
}

knob_link <- function(fit, q) {
  if (fit$plain) return(q)
  unit <- pmin(pmax(to_unit(fit, q), 1e-9), 1 - 1e-9)
  stats::qlogis(unit)
}

flattened <- function(fit, eta) {
  for (a in seq_len(ncol(eta))) eta[, a] <- fit$centre[a] + (eta[, a] - fit$centre[a]) / fit$knobs$noise
  eta
}

# eta_1 + effect_scale (mean difference + heterogeneity (difference - mean difference)) for every arm but the first.
rescaled <- function(fit, eta) {
  for (a in seq_len(ncol(eta))[-1]) {
    own <- eta[, a] - eta[, 1] - fit$gap[a]
    eta[, a] <- eta[, 1] + fit$knobs$effect_scale * (fit$gap[a] + fit$knobs$heterogeneity * own)
  }
  eta
}

apply_mean_knobs <- function(fit, q) {
  if (is.null(fit)) return(q)
  eta <- knob_link(fit, q)
  if (!fit$plain && fit$knobs$noise != 1) eta <- sweep(flattened(fit, eta), 2, fit$noise_shift, "+")
  eta <- sweep(rescaled(fit, eta), 2, fit$shift, "+")
  if (fit$plain) eta else fit$low + stats::plogis(eta) * (fit$high - fit$low)
}

# The unmeasured cause U is -1 or 1 with equal chances, whatever W. Each arm's probability becomes
#   g_a (1 + U t g_1) for a > 1,  g_1 (1 - U t (1 - g_1)) for the reference,
# whose mean over U is g_a: W alone still has the fitted propensity.
confounded_shares <- function(shares, cause, strength) {
  if (strength == 0) return(shares)
  base <- shares[, 1]
  shares * (1 + strength * cause * base) - cbind(strength * cause * base, matrix(0, nrow(shares), ncol(shares) - 1))
}

# The outcome's mean given U as well: on the unit scale q + U t q (1 - q), whose mean over U is q.
confounded_mean <- function(mean, cause, strength, range) {
  if (strength == 0) return(mean)
  width <- range[2] - range[1]
  unit <- (mean - range[1]) / width
  range[1] + width * (unit + abs(strength) * cause * unit * (1 - unit))
}

# What adjustment for W alone finds more than the effect, one number a contrast: the outcome's mean given arm a and W is
# q_a plus U's pull on it times E[U | A = a, W], which is t g_1 for a > 1 and -t (1 - g_1) for the reference. `law`:
# list(kind, range, spread (of residuals, by arm)).
confounding_bias <- function(q, shares, w, strength, law) {
  if (strength == 0) return(numeric(ncol(q) - 1))
  w <- w / sum(w)
  base <- shares[, 1]
  pull <- function(a) {
    if (law$kind == "continuous") return(abs(strength) * law$spread[a])
    width <- diff(law$range)
    unit <- (q[, a] - law$range[1]) / width
    abs(strength) * width * unit * (1 - unit)
  }
  toward <- function(a) if (a == 1) -strength * (1 - base) else strength * base
  vapply(seq_len(ncol(q))[-1], function(a) sum(w * (pull(a) * toward(a) - pull(1) * toward(1))), 1)
}
