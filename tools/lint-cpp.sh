#!/usr/bin/env bash
# Reads the C++ sources for faults without running them: tools/lint-cpp.sh [warnings|cppcheck|tidy|all]
#   warnings   g++ and clang++ with -Wall -Wextra -Wpedantic over src/core (Eigen as a system header): no warning
#   cppcheck   src/core; what is suppressed stands with reasons in tools/cppcheck-suppressions.txt
#   tidy       clang-tidy over src/core, settings in .clang-tidy
# LINT_FILES narrows the last to some files. bench/reliability-lint.csv keeps the last result over all files.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/record.sh
failed=0
include=$(Rscript -e 'cat(system.file("include", package = "RcppEigen"))')
mapfile -t files < <(if [ -n "${LINT_FILES:-}" ]; then printf '%s\n' $LINT_FILES; else find src/core -name '*.cpp' | sort; fi)
flags=(-std=c++17 -Isrc -isystem "$include" -DEIGEN_MPL2_ONLY -DCAUSALSYNTH_STD_THREADS)

# what, seconds, findings, by what
result() {
  [ "$3" = 0 ] || failed=1
  if [ -n "${LINT_FILES:-}" ]; then echo "$1: $3 findings"; else record lint "$1" "${#files[@]}" "$2" "$3" "$4"; fi
}

warnings() {
  local compiler log start
  log=$(mktemp)
  for compiler in g++ clang++; do
    command -v "$compiler" >/dev/null || { echo "$compiler is not installed: left out"; continue; }
    start=$SECONDS
    printf '%s\n' "${files[@]}" |
      xargs -P 2 -I{} "$compiler" "${flags[@]}" -fsyntax-only -Wall -Wextra -Wpedantic {} >>"$log" 2>&1
    grep -E "warning:|error:" "$log"
    result "warnings of $compiler -Wall -Wextra -Wpedantic (files)" "$((SECONDS - start))" "$(grep -cE 'warning:|error:' "$log")" \
      "$("$compiler" --version | head -n 1 | grep -oE '[0-9]+[.][0-9]+[.][0-9]+' | head -n 1)"
    : >"$log"
  done
  rm -f "$log"
}

run_cppcheck() {
  local log start=$SECONDS
  log=$(mktemp)
  cppcheck --std=c++17 --language=c++ --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet -j 2 \
    --suppressions-list=tools/cppcheck-suppressions.txt -DCAUSALSYNTH_STD_THREADS -Isrc src/core 2>&1 | tee "$log" || failed=1
  result "cppcheck (files)" "$((SECONDS - start))" "$(grep -cE ' (error|warning|style|performance|portability): ' "$log")" "$(cppcheck --version)"
  rm -f "$log"
}

run_tidy() {
  local log start=$SECONDS
  log=$(mktemp)
  printf '%s\n' "${files[@]}" | xargs -P 2 -I{} clang-tidy --quiet {} -- "${flags[@]}" >"$log" 2>/dev/null || failed=1
  grep -E "(warning|error):" "$log" | sort -u
  result "clang-tidy (files)" "$((SECONDS - start))" "$(grep -E '(warning|error):' "$log" | sort -u | wc -l)" \
    "$(clang-tidy --version | sed -nE 's/.*LLVM version ([0-9.]+).*/clang-tidy \1/p')"
  rm -f "$log"
}

case "${1:-all}" in
  warnings) warnings ;;
  cppcheck) run_cppcheck ;;
  tidy) run_tidy ;;
  all) warnings; run_cppcheck; run_tidy ;;
  *) echo "usage: tools/lint-cpp.sh [warnings|cppcheck|tidy|all]" >&2; exit 2 ;;
esac
exit "$failed"
