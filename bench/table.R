# Rscript bench/table.R
# Rewrites the README's table against other packages, between its two marks, from the csv files of bench/.
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
  rows <- character()
  if (file.exists("bench/neural-row-lm.csv")) {
    lm <- csv("neural-row-lm")
    lm <- lm[lm$set == "paper", ]
    rows <- line("GReaT (its published rows)",
                 "row language model, the paper's seed: AUC to tell rows apart (.5 ideal), TSTR",
                 sprintf("%s and %s against .662 and .771", number(mean(lm$auc)), number(mean(lm$tstr))),
                 "neural-row-lm.csv")
  }
  if (file.exists("bench/neural-ctgan.csv")) {
    gan <- csv("neural-ctgan")
    rows <- c(rows, line("CTGAN (its published rows)", "GAN, the paper's seed: AUC to tell rows apart, TSTR",
                         sprintf("%s and %s against .79 - .86 and .48", number(mean(gan$auc)),
                                 number(mean(gan$tstr))),
                         "neural-ctgan.csv"))
  }
  rows
}

effects <- function() {
  grf <- csv("effect")
  match <- csv("matching")
  forest <- csv("forest")
  c(line("grf", "AIPW and TMLE of 1,000 rows, each with its defaults; 500 trees each",
         paste(times(grf$ratio[1]), "and", times(grf$ratio[2])), "effect.csv"),
    line("MatchIt", "Mahalanobis pairs of 20,000 rows, the same pairs", times(match$ratio[1]), "matching.csv"),
    line("ranger", "fit and predict 50,000 x 7; fit 1,000 x 7",
         paste0(times(forest$ratio[1]), ", ", times(forest$ratio[2]), "; ", times(forest$ratio[3])), "forest.csv"),
    line("AIPW, PSweight, tmle, WeightIt", "estimates and standard errors at the same nuisances", "equal to 1e-6",
         "tests/testthat/fixtures"))
}

main <- function() {
  marks <- c("<!-- table of peers: bench/table.R -->", "<!-- end of table -->")
  readme <- readLines("README.md")
  at <- match(marks, readme)
  stopifnot("README.md has both marks" = !anyNA(at))
  table <- c("| against | what | result | from |", "|---|---|---|---|", generators(), neural(), effects())
  writeLines(c(readme[seq_len(at[1])], table, readme[at[2]:length(readme)]), "README.md")
  writeLines(table)
}
main()
