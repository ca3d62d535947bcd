# Rscript bench/table.R
# Rewrites the README's tables of costs and of other packages, each between its two marks, from the csv files of bench/.
csv <- function(name) utils::read.csv(file.path("bench", paste0(name, ".csv")), check.names = FALSE)
times <- function(x) paste0(if (x >= 10) round(x) else signif(x, 2), " x as fast")
line <- function(peer, what, result, source) sprintf("| %s | %s | %s | `%s` |", peer, what, result, source)
number <- function(x, digits = 3) sub("^(-?)0[.]", "\\1.", format(round(x, digits), nsmall = digits))
score_names <- c(auc = "classifier AUC", pmse = "standardised pMSE", association = "associations", tstr = "TSTR",
                 dcr = "DCR ratio", effect_error = "error of the effect")
mean_ranks <- function() {
  where <- new.env()
  sys.source(file.path("bench", "generators-rank.R"), where)
  where$rank_generators()
}

# The cells lost to the best rival, and the worst of them by name.
losses <- function(found) {
  lost <- found$against[found$against$difference > 0, ]
  worst <- lost[which.max(lost$z), ]
  means <- found$means[found$means$set == worst$set & found$means$score == worst$score, ]
  value <- function(who) number(means$value[means$generator == who], 2)
  sprintf("worse in %d of %d, by more than 2 paired standard errors in %d: worst the %s on %s, %s against %s (%s)",
          nrow(lost), nrow(found$against), sum(lost$z > 2), score_names[[worst$score]], toupper(worst$set),
          value("causalsynth"), value(worst$rival), sub("cart", "CART", worst$rival))
}

generators <- function() {
  speed <- csv("generators-speed")
  at <- function(work, who) speed$ratio[startsWith(speed$work, work) & speed$generator == who]
  found <- mean_ranks()
  ranks <- found$ranks
  of <- function(who) {
    sprintf("mean rank %s of 6 against %s", number(ranks[["causalsynth"]], 2), number(ranks[[who]], 2))
  }
  c(line("arf", "quality of rows, three data sets, six scores", paste0(of("arf 100"), " (100 trees)"),
         "generators.csv"),
    line("arf", "fit and 50,000 rows, the paper's data; SD2011 (5,000 x 35)",
         paste(times(at("paper", "arf 10")), "and", times(at("SD2011, 35", "arf 10"))), "generators-speed.csv"),
    line("synthpop", "quality of rows", paste0(of("synthpop parametric"), " (parametric)"), "generators.csv"),
    line("synthpop", "CART: fit and 50,000 rows; SD2011 without three factors",
         paste(times(at("paper", "synthpop cart")), "and", times(at("SD2011, 32", "synthpop cart"))),
         "generators-speed.csv"),
    line("best of both", "18 cells of data set and score", losses(found), "generators.csv"))
}

neural <- function() {
  theirs <- csv("neural-published")
  against <- function(name, program, what) {
    ours <- csv(name)
    if ("set" %in% names(ours)) ours <- ours[ours$set == "paper", ]
    of <- function(cells) paste(number(mean(cells$auc)), "and", number(mean(cells$tstr)))
    what <- paste0(what, ", the paper's mechanism: AUC to tell rows apart (.5 ideal), TSTR; ours ", nrow(ours),
                   " seeds, theirs one")
    line(paste(program, "(its published rows)"), what,
         paste(of(ours), "against", of(theirs[theirs$program == program, ])),
         paste0(name, ".csv`, `neural-published.csv"))
  }
  c(against("neural-row-lm", "GReaT", "row language model"), against("neural-ctgan", "CTGAN", "GAN"))
}

effects <- function() {
  grf <- csv("effect")
  match <- csv("matching")
  forest <- csv("forest")
  c(line("grf", "AIPW and TMLE of 1,000 rows, against a causal forest with AIPW; defaults; 500 trees each",
         paste(times(grf$ratio[1]), "and", times(grf$ratio[2])), "effect.csv"),
    line("MatchIt", "Mahalanobis pairs of 20,000 rows, the same pairs", times(match$ratio[1]), "matching.csv"),
    line("ranger", "fit and predict 50,000 x 7; fit 1,000 x 7",
         paste0(times(forest$ratio[1]), ", ", times(forest$ratio[2]), "; ", times(forest$ratio[3])), "forest.csv"),
    line("AIPW, PSweight, tmle, WeightIt", "estimates and standard errors at the same nuisances", "equal to 1e-6",
         "tests/testthat/fixtures"))
}

seconds <- function(x) number(signif(x, 2), if (x < .1) 3 else if (x < 1) 2 else if (x < 10) 1 else 0)
cost_row <- function(work, value, source) sprintf("| %s | %s | `%s` |", work, value, source)

costs_of_work <- function() {
  hybrid <- csv("hybrid-speed")
  effect <- csv("effect")
  million <- effect[startsWith(effect$work, "1,000,000"), ]
  report <- csv("report")
  c(cost_row("fit a hybrid to 1,000 rows (forests of 200 trees)", seconds(hybrid$fit_seconds), "hybrid-speed.csv"),
    cost_row(sprintf("draw 50,000 rows from it; 10,000,000 rows into parquet files (%.0f MB at the peak)",
                     hybrid$peak_mb),
             paste(seconds(hybrid$seconds_50000), seconds(hybrid$seconds_to_parquet), sep = "; "), "hybrid-speed.csv"),
    cost_row("AIPW and TMLE of 1,000 rows, forests of 500 trees", seconds(effect$causalsynth[1]), "effect.csv"),
    cost_row(sprintf("four estimators of 1,000,000 rows, glm (%.0f MB at the peak)", million$peak_mb),
             seconds(million$causalsynth), "effect.csv"),
    cost_row("Mahalanobis pairs of 20,000 rows, with the effect and its standard error",
             seconds(csv("matching")$causalsynth[1]), "matching.csv"),
    cost_row("distances of 50,000 rows to the closest of 50,000, one thread", seconds(csv("privacy")$causalsynth[1]),
             "privacy.csv"),
    cost_row(sprintf("one-page report of a hybrid, 50,000 rows (%.1f MB)", report$megabytes[1]),
             seconds(report$seconds[1]), "report.csv"))
}

costs_of_package <- function() {
  cost <- csv("cost")
  of <- function(what) cost$value[cost$what == what]
  stripped <- of("installed") - of("installed: libs") + of("installed: libs without debugging information")
  journeys <- paste("journey:", c("share-a-trial", "repair-overlap", "choose-an-estimator"))
  c(cost_row("the three journeys of `inst/examples`, each from nothing",
             paste(vapply(journeys, function(name) seconds(of(name)), ""), collapse = "; "), "cost.csv"),
    cost_row(sprintf("install: %.1f MB of source become %.1f MB (%.0f without `--strip`); %.0f packages are needed",
                     of("tarball, with vignettes"), stripped, of("installed"),
                     of("packages needed, all told, beyond R's own")),
             seconds(of("installation from source, make -j2")), "cost.csv"),
    cost_row(sprintf("`library(causalsynth)`; the packages that it needs take %s alone (%.0f MB of memory in all)",
                     seconds(of("of which the packages that it loads")),
                     of("memory after library(causalsynth), beyond R's own")),
             seconds(of("library(causalsynth), beyond R's own start")), "cost.csv"))
}

# `rows` in place of what stands between the marks.
replace_between <- function(lines, mark, rows) {
  from <- match(sprintf("<!-- table of %s: bench/table.R -->", mark), lines)
  to <- from + match("<!-- end of table -->", lines[-seq_len(from)])
  stopifnot("README.md has the marks" = !is.na(to))
  c(lines[seq_len(from)], rows, lines[to:length(lines)])
}

main <- function() {
  peers <- c("| against | what | result | from |", "|---|---|---|---|", generators(), neural(), effects())
  spent <- c("| work | seconds | from |", "|---|---|---|", costs_of_work(), costs_of_package())
  readme <- replace_between(readLines("README.md"), "peers", peers)
  writeLines(replace_between(readme, "costs", spent), "README.md")
  writeLines(c(spent, "", peers))
}
main()
