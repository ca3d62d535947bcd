#!/usr/bin/env bash
# Every harness behind the reliability vignette, one after the other, over the sources as they stand:
#   tools/reliability.sh [HARNESS...]
# Harnesses: planted lint asan tsan valgrind r-asan golden interrupts limits memory properties fuzz (some five hours of two
# cores). Each keeps its last result in bench/ and vignettes/reliability/; those that failed are named at the end.
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- planted lint asan tsan valgrind r-asan golden interrupts limits memory properties fuzz
library=$(mktemp -d)
trap 'rm -rf "$library"' EXIT
MAKEFLAGS=${MAKEFLAGS:--j2} R CMD INSTALL --preclean --clean --no-docs --no-test-load --library="$library" . >/dev/null 2>&1 ||
  { echo "the package does not install" >&2; exit 1; }
export R_LIBS="$library:${R_LIBS:-}"

harness() {
  case "$1" in
    planted) bash tools/planted-bugs.sh ;;
    lint) bash tools/lint-cpp.sh all; local cpp=$?; Rscript tools/lint-r.R && return $cpp ;;
    asan | tsan | valgrind | r-asan) bash tools/run-sanitizers.sh "$1" ;;
    golden) bash tools/golden-builds.sh ;;
    interrupts) Rscript tools/interrupts.R 100 ;;
    limits) bash tools/out-of-memory.sh ;;
    memory) Rscript bench/memory.R ;;
    properties) Rscript tools/properties.R 20000 1 2 ;;
    fuzz) bash tools/fuzz.sh 10 ;;
    *) echo "no such harness: $1" >&2; return 2 ;;
  esac
}

failed=""
for name in "$@"; do
  echo "== $name ($(date +%H:%M))"
  harness "$name" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
