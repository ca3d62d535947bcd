# What each remedy for missing overlap would leave to compare, before any outcome is looked at.

# A data frame, a row a remedy: rows kept, twins needed by arm, effective sizes by arm (twins included where there are
# any), and whose effect it would be. `study` as in new_overlap().
overlap_remedies <- function(study, threshold, call) {
  n <- length(study$treat)
  ps <- study$distance
  case <- study$s.weights %||% rep(1, n)
  arm <- factor(study$treat, c(1, 0), c("treated", "control"))
  low <- ps < threshold
  high <- 1 - ps < threshold
  inside <- !(low | high)
  bounded <- causal_bounds(ps, resolve_bounds("gruber", n, call)$value)
  sizes <- function(w, arm) vapply(levels(arm), function(a) if (any(arm == a)) kish_size(w[arm == a]) else NA_real_, 1)
  row <- function(remedy, rows, twins, ess, whose) {
    data.frame(remedy = remedy, rows = rows, twins_treated = twins[1], twins_control = twins[2], ess_treated = ess[1],
               ess_control = ess[2], whose = whose, row.names = NULL)
  }
  ate <- function(g1, g0) times_case(estimand_weights(study$treat, ps, g1, g0, "ATE"), case)
  # Rows beyond and their twins share a propensity halfway between the row's own and the twin's.
  paired <- ifelse(low, (ps + 1) / 2, ifelse(high, ps / 2, ps))
  beyond <- which(low | high)
  with_twins <- sizes(c(times_case(estimand_weights(study$treat, paired, paired, 1 - paired, "ATE"), case),
                        case[beyond] / ifelse(low, paired, 1 - paired)[beyond]),
                      factor(c(as.character(arm), ifelse(low, "treated", "control")[beyond]), levels(arm)))
  rbind(
    row("none", n, c(0, 0), sizes(ate(ps, 1 - ps), arm), "everyone"),
    row("bounded propensity", n, c(0, 0), sizes(ate(bounded$g1, bounded$g0), arm),
        paste0("everyone, by the outcome model for ", count_phrase(bounded$n_bounded, "row"))),
    row("trimming", sum(inside), c(0, 0), sizes(ate(ps, 1 - ps)[inside], arm[inside]), "rows within the threshold"),
    row("overlap weights", n, c(0, 0), sizes(times_case(ifelse(arm == "treated", 1 - ps, ps), case), arm),
        "those for whom either treatment is likely"),
    row("twins beyond the threshold", n, c(sum(low), sum(high)), with_twins,
        "everyone, rows beyond the threshold counted twice; by a pool's outcomes there"),
    row("a twin for every row", n, c(sum(study$treat == 0), sum(study$treat == 1)),
        c(treated = kish_size(case), control = kish_size(case)),
        "everyone, by a pool's outcomes for the other treatment")
  )
}
