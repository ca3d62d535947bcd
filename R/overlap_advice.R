# What a diagnosis of overlap tells to do next, in plain words.

# Findings in the order of their weight, each with its cure, as wrapped bullets. Nothing found is said too.
overlap_advice <- function(x) {
  found <- c(advise_infinite(x), advise_beyond(x), advise_sizes(x), advise_balance(x))
  if (length(found) == 0 && nrow(x$balance)) {
    found <- paste0("Both arms are found wherever the ", x$estimand, " needs them, and weighting balances the ",
                    "covariates: go on with estimate_effect(). Balance says nothing of covariates not measured.")
  } else if (nrow(x$balance) == 0) {
    found <- c(found, "Balance is unknown: give as_nuisance(covs = ), or diagnose from the formula and the data.")
  }
  c("Next:", wrap_lines(paste("-", found)))
}

advise_infinite <- function(x) {
  k <- max(x$n_infinite)
  if (k == 0) return(NULL)
  paste0(count_phrase(k, "row"), " had probability 0 of the treatment given: such weights are infinite. Give ",
         "nuisance(bounds = \"gruber\"), or take estimand = \"ATO\", which needs no bound.")
}

advise_beyond <- function(x) {
  k <- sum(x$beyond$matters)
  if (k == 0 || k / x$n <= .05) {
    if (nrow(x$beyond) / x$n > .05 && x$estimand != "ATE") {
      return(paste0("Rows beyond the threshold get little weight under the ", x$estimand, ": its answer is about the ",
                    "others. Say so when you report it."))
    }
    return(NULL)
  }
  rare <- unique(x$beyond$rare[x$beyond$matters])
  lacking <- if (length(rare) == 2) "one of the treatments" else if (rare == "treated") "being treated"
             else "being left untreated"
  paste0(percent(k / x$n), " of the rows had a chance below ", percent(x$threshold), " of ", lacking, ": next to ",
         "nobody to compare them with, so that the ", x$estimand, " rests on the outcome model or on a bound. ",
         better_estimand(x), " summary() compares remedies, pair_synthetic() fills in from a trial's pool. Who they ",
         "are: $beyond.")
}

# Which other estimand leaves most of the smaller effective size, if it is clearly more.
better_estimand <- function(x) {
  smaller <- pmin(x$alternatives$treated, x$alternatives$control)
  names(smaller) <- x$alternatives$estimand
  others <- smaller[setdiff(names(smaller), x$estimand)]
  best <- which.max(others)
  own <- smaller[[x$estimand]]
  if (length(best) == 0 || (!is.na(own) && others[best] < 1.25 * own)) {
    return(if (x$estimand == "ATO") "" else "No other estimand does much better: think of a narrower study population.")
  }
  sizes <- x$alternatives[x$alternatives$estimand == names(best), ]
  meaning <- c(ATE = "everyone", ATT = "those treated", ATC = "those untreated",
               ATO = "those for whom either treatment was likely")[[names(best)]]
  paste0("If the effect in ", meaning, " is an answer too, take estimand = \"", names(best), "\" (effective sizes ",
         signif(sizes$treated, 3), " and ", signif(sizes$control, 3), ").")
}

advise_sizes <- function(x) {
  top <- x$largest[which.max(x$largest$share), ]
  # In a small arm one row's fair share is large.
  usual <- max(.05, 5 / x$ess$n[match(top$arm, x$ess$arm)], na.rm = TRUE)
  few <- x$ess[!is.na(x$ess$share) & x$ess$share < .5, ]
  few <- few[!duplicated(few$arm), ]
  c(
    if (nrow(few) && sum(x$beyond$matters) / x$n <= .05) {
      paste0("Weighting costs more than half of the ", paste(few$arm, collapse = " and the "), " arm's rows: expect ",
             "wide intervals. ", better_estimand(x))
    },
    if (nrow(top) && top$share > usual) {
      paste0("Row ", top$row, " alone carries ", percent(top$share), " of the ", top$arm, " arm's weight: check its ",
             "data, and whether the estimate survives without it or with est_iptw(cap = ).")
    }
  )
}

advise_balance <- function(x) {
  bad <- lapply(samples_of(x), function(sample) {
    rows <- x$balance[x$balance$sample == sample & !is.na(x$balance$smd), ]
    unique(rows$variable[order(-abs(rows$smd))][sort(abs(rows$smd), decreasing = TRUE) > smd_limit])
  })
  bad <- unique(unlist(bad))
  if (length(bad) == 0) return(NULL)
  paste0("After weighting the arms still differ in ", shorten(bad, 4), ": take \"aipw\" or \"tmle\", ",
         "which model the outcome too. See autoplot(type = \"balance\").")
}
