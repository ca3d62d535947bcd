#!/usr/bin/env bash
# Memory that runs out is an error of R, never a dead session: each call runs under `ulimit -v` limits from too little to
# enough, must fail with an R error or succeed, and the session must work afterwards. Prints a line a call; keeps the
# result in bench/reliability-memory-limits.csv.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/record.sh
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat > "$script" <<'R'
suppressPackageStartupMessages(library(causalsynth))
options(causalsynth.progress = FALSE)
name <- commandArgs(TRUE)[1]
data <- generate(dgp_paper("moderate"), 20000, seed = 1, threads = 1)
call <- list(
  forest = function() forest(Y ~ ., data, trees = 2000, min_node_size = 1, seed = 1, threads = 2),
  draw = function() generate(dgp_paper(), 3e7, seed = 1, threads = 2),
  gen_forest = function() generate(fit_generator(gen_forest(trees = 20), data, seed = 1, threads = 2), 1e7, seed = 1, threads = 2),
  weights = function() forest_weights(forest(Y ~ ., data, trees = 5, seed = 1), data, data, memory = 64),
  dcr = function() dcr(data, data[rep(1:20000, 100), ], threads = 2)
)[[name]]
outcome <- tryCatch({ call(); "returned" }, error = function(e) paste("error:", conditionMessage(e)))
rm(call)
invisible(gc())
stopifnot(nrow(generate(dgp_paper(), 10, seed = 1, threads = 1)) == 10)
cat("alive,", substr(gsub("\n", " ", outcome), 1, 90), "\n")
R
bad=0; cases=0; start=$SECONDS
for name in forest draw gen_forest weights dcr; do
  for room in 400 800 1200; do
    cases=$((cases + 1))
    # What R and the package take themselves comes on top.
    base=$(Rscript -e 'suppressPackageStartupMessages(library(causalsynth)); invisible(generate(dgp_paper(), 10, seed = 1, threads = 2)); cat(gsub("[^0-9]", "", grep("^VmPeak", readLines("/proc/self/status"), value = TRUE)))')
    said=$( (ulimit -v $((base + room * 1024)); timeout 120 Rscript "$script" "$name") 2>&1 | tail -1)
    printf '%-11s %5d MB more: %s\n' "$name" "$room" "$said"
    case "$said" in alive,*) ;; *) bad=$((bad + 1)) ;; esac
  done
done
record memory-limits "memory limits (ulimit -v)" "$cases" "$((SECONDS - start))" "$bad" "$(Rscript -e 'cat("R", format(getRversion()))')"
exit $((bad > 0))
