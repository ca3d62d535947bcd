#!/usr/bin/env bash
# Fuzzers of whatever comes from outside: tools/fuzz.sh MINUTES [TARGET...], minutes of wall clock each, one after the other.
# Targets: those of tests/fuzz/fuzz_*.cpp (libFuzzer over the core, built with clang) and of tests/fuzz/mutate.R (rows told by
# language models, csv, formulas of roles; R, the package as installed). Findings stay in FUZZ_FOLDER (default: a temporary one);
# bench/reliability-fuzz.csv keeps the last result of each target. FUZZ_SEEDS=1 writes the first corpora anew instead.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
minutes=${1:?usage: tools/fuzz.sh MINUTES [TARGET...]}
shift
folder=${FUZZ_FOLDER:-$(mktemp -d)}
mkdir -p "$folder"
. tools/record.sh
core=$(for file in tests/fuzz/fuzz_*.cpp; do basename "$file" .cpp | sed s/fuzz_//; done)
scripts="lines json csv roles"
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $core $scripts

build() {
  local settings
  settings=$(Rscript -e 'cat(system.file("include", package = "RcppEigen"))')
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake -S tests/fuzz -B "$folder/build" -DCMAKE_CXX_COMPILER="${CLANG:-clang++}" "-DEIGEN_INCLUDE=$settings" "${launcher[@]}" \
    >"$folder/build.log" &&
    cmake --build "$folder/build" --parallel 2 >>"$folder/build.log" 2>&1 || { tail -n 30 "$folder/build.log"; exit 1; }
}

# Seconds of processor time of all children so far, in `spent` (`times` in a subshell would know of none).
read_spent() {
  times >"$folder/times"
  spent=$(awk 'NR == 2 { split($1, a, /[ms]/); split($2, b, /[ms]/); print 60 * (a[1] + b[1]) + a[2] + b[2] }' "$folder/times")
}
failed=0
version=$("${CLANG:-clang++}" --version | sed -nE 's/.*clang version ([0-9.]+).*/clang \1/p')
needs_build=0
for target in "$@"; do [[ " $scripts " == *" $target "* ]] || needs_build=1; done
[ "$needs_build" = 0 ] || build
if [ -n "${FUZZ_SEEDS:-}" ]; then exec "$folder/build/seeds" tests/fuzz/corpus; fi

for target in "$@"; do
  start=$SECONDS
  read_spent
  before=$spent
  log=$folder/$target.log
  mkdir -p "$folder/found-$target" "$folder/corpus-$target"
  if [[ " $scripts " == *" $target "* ]]; then
    Rscript tests/fuzz/mutate.R "$target" "$minutes" "$folder/found-$target" >"$log" 2>&1
    status=$?
    cases=$(sed -nE 's/^([0-9]+) cases.*/\1/p' "$log" | tail -n 1)
    compiler=$(Rscript -e 'cat("R", format(getRversion()))')
  else
    "$folder/build/fuzz_$target" "$folder/corpus-$target" "$root/tests/fuzz/corpus/$target" -max_len=16384 -timeout=300 -report_slow_units=300 \
      -rss_limit_mb=2000 -malloc_limit_mb=600 -max_total_time=$((minutes * 60)) \
      "-artifact_prefix=$folder/found-$target/" >"$log" 2>&1
    status=$?
    cases=$(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$log")
    compiler=$version
  fi
  read_spent
  findings=$(find "$folder/found-$target" -type f ! -name "slow-unit-*" | wc -l)
  [ "$status" = 0 ] || { failed=1; tail -n 30 "$log"; [ "$findings" -gt 0 ] || findings=1; }
  record fuzz "fuzzing: $target" "${cases:-0}" "$((SECONDS - start))" "$findings" "$compiler" \
    "$(awk -v a="$before" -v b="$spent" 'BEGIN { printf "%.1f", (b - a) / 60 }')"
done
[ "$failed" = 0 ] && [ -z "${FUZZ_FOLDER:-}" ] && rm -rf "$folder"
exit "$failed"
