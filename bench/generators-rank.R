# Rscript bench/generators-rank.R
# Of bench/generators.csv: means, mean ranks, and gen_forest() against the best rival of each cell (paired over
# replicates that both have, Holm's correction over cells).

rank_generators <- function(file = file.path("bench", "generators.csv"), own = "causalsynth") {
  cells <- utils::read.csv(file)
  cells <- cells[!is.na(cells$auc), ]
  first <- max(cells$rep[cells$generator != own])
  cells <- cells[cells$rep <= first, ]  # gen_forest() alone has more
  # How far from the ideal: smaller is better.
  loss <- list(
    auc = abs(cells$auc - .5), pmse = abs(cells$pmse - 1), association = cells$association, tstr = -cells$tstr,
    dcr = abs(cells$dcr - 1), effect_error = abs(cells$effect_error)
  )
  long <- do.call(rbind, lapply(names(loss), function(score) {
    data.frame(cells[c("set", "rep", "generator")], score = score, loss = loss[[score]], value = cells[[score]])
  }))
  means <- stats::aggregate(cbind(loss, value, size = abs(value)) ~ generator + set + score, long, mean)
  means$value <- ifelse(means$score == "effect_error", means$size, means$value)  # errors of either sign
  means$size <- NULL
  count <- stats::aggregate(rep ~ generator + set + score, long, length)
  means <- merge(means, stats::setNames(count, c("generator", "set", "score", "reps")))
  means$rank <- stats::ave(means$loss, means$set, means$score, FUN = rank)
  ranks <- sort(tapply(means$rank, means$generator, mean))
  against <- do.call(rbind, lapply(split(means, list(means$set, means$score), drop = TRUE), function(m) {
    rival <- m$generator[m$generator != own][which.min(m$loss[m$generator != own])]
    pick <- function(g) long[long$set == m$set[1] & long$score == m$score[1] & long$generator == g, c("rep", "loss")]
    both <- merge(pick(own), pick(rival), by = "rep")
    difference <- both$loss.x - both$loss.y
    data.frame(set = m$set[1], score = m$score[1], rival = rival, difference = mean(difference),
               se = stats::sd(difference) / sqrt(length(difference)), reps = length(difference))
  }))
  against$z <- against$difference / against$se
  against$p_holm <- stats::p.adjust(stats::pt(against$z, against$reps - 1, lower.tail = FALSE), "holm")
  rownames(against) <- NULL
  list(means = means, ranks = ranks, against = against)
}

if (sys.nframe() == 0) {
  found <- rank_generators()
  print(stats::reshape(found$means[c("generator", "set", "score", "value")], direction = "wide", timevar = "score",
                       idvar = c("set", "generator")), digits = 3, row.names = FALSE)
  more <- utils::read.csv(file.path("bench", "generators.csv"))
  more <- more[more$set == "paper" & more$generator == "causalsynth", ]
  cat(sprintf(paste("\ngen_forest() on the paper's mechanism, %d replicates: AUC %.4f, TSTR %.4f, DCR ratio %.4f;",
                    "effect less the seed's: mean %.5f, rms %.5f\n"), nrow(more), mean(more$auc), mean(more$tstr),
              mean(more$dcr), mean(more$effect_error), sqrt(mean(more$effect_error^2))))
  cat("\nMean rank\n")
  print(found$ranks, digits = 3)
  cat("\nAgainst the best rival of each cell (difference above 0: worse)\n")
  print(found$against, digits = 3, row.names = FALSE)
  # Tables of the vignette.
  source(file.path("bench", "lib.R"))
  keep_for_vignette(found$means, "generators", "means")
  keep_for_vignette(found$against, "generators", "against")
  speed <- file.path("bench", "generators-speed.csv")
  if (file.exists(speed)) keep_for_vignette(utils::read.csv(speed), "generators", "speed")
}
