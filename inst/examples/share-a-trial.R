# A data owner shares a trial without sharing its patients. Needs speff2trial (the trial ACTG175), jsonlite, htmltools
# and base64enc.
#   Rscript -e 'source(system.file("examples", "share-a-trial.R", package = "causalsynth"), echo = TRUE)'
# Leaves in the folder `shared`: rows.csv with rows.csv.json (synthetic patients and what is known of them), trial.model
# (draws any number of further ones), report.html (for whoever decides). About a minute.
library(causalsynth)
folder <- if (exists("folder")) folder else "shared"
dir.create(folder, showWarnings = FALSE)

# 1. The trial: zidovudine with zalcitabine (A = 1) against zidovudine with didanosine, CD4 count at 20 weeks. A third
#    of the patients is kept aside: what a synthetic row may resemble by chance is judged by them.
data("ACTG175", package = "speff2trial")
trial <- ACTG175[ACTG175$arms %in% 1:2, c("age", "wtkg", "karnof", "hemo", "drugs", "race", "gender", "symptom", "cd40",
                                          "cd80", "arms", "cd420")]
trial$A <- as.integer(trial$arms == 2)
trial$arms <- NULL
for (column in c("hemo", "drugs", "race", "gender", "symptom")) trial[[column]] <- factor(trial[[column]])
set.seed(1)
kept <- sample(nrow(trial)) <= nrow(trial) / 3
holdout <- trial[kept, ]
seed <- trial[!kept, ]

# 2. The hybrid. Treatment was randomised, so it is drawn by a coin; the certificate says how the law's effect relates
#    to the trial's estimate (they are equal), with every shift that was made.
hybrid <- fit_hybrid(cd420 ~ A | ., seed, treatment = "randomized", seed = 1)
print(certificate(hybrid))
rows <- generate(hybrid, 2000, seed = 2)

# 3. What do the rows give away, and what are they good for? Each score stands beside the one of the patients kept
#    aside.
risks <- privacy(seed, rows, holdout, keys = c("age", "gender", "race"), secrets = "cd420", seed = 3)
print(risks)
use <- fidelity(seed, rows, cd420 ~ A | ., holdout, seed = 4)
print(use)
report(hybrid, file.path(folder, "report.html"), holdout = holdout, seed = 5)

# 4. Files for the receiver.
write_pool(rows, file.path(folder, "rows.csv"))
write_model(hybrid, file.path(folder, "trial.model"))

# 5. The receiver's side: nothing but the folder. The interval is the one for the trial's population; it takes the
#    trial's size into account, not the number of synthetic rows.
received <- read_pool(file.path(folder, "rows.csv"))
effect <- estimate_effect(received, method = "aipw", seed = 6)
print(effect)
more <- generate(read_model(file.path(folder, "trial.model")), 10000, seed = 7)
told <- certificate(hybrid)$effects
told <- told[told$term == "ATE", ]
stopifnot(
  "the pool's own effect travels with it" = isTRUE(all.equal(truth(received), truth(rows))),
  "the law's effect is the trial's TMLE" = abs(truth(hybrid) - told$estimate) < .05 * told$std.error,
  "no interval is narrower than the trial's" = tidy(effect)$std.error[1] >= .95 * told$std.error,
  "10,000 rows more" = nrow(more) == 10000
)
