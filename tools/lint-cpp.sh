#!/usr/bin/env bash
# Reads the C++ sources for faults without running them: tools/lint-cpp.sh [warnings|cppcheck|tidy|all]
#   warnings   g++ and clang++ with -Wall -Wextra -Wpedantic over src/core (Eigen as a system header): no warning
#   cppcheck   src/core; what is suppressed stands with reasons in tools/cppcheck-suppressions.txt
#   tidy       clang-tidy over src/core, settings in .clang-tidy
# LINT_FILES narrows the last to some files.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
include=$(Rscript -e 'cat(system.file("include", package = "RcppEigen"))')
mapfile -t files < <(if [ -n "${LINT_FILES:-}" ]; then printf '%s\n' $LINT_FILES; else find src/core -name '*.cpp' | sort; fi)
flags=(-std=c++17 -Isrc -isystem "$include" -DEIGEN_MPL2_ONLY -DCAUSALSYNTH_STD_THREADS)

warnings() {
  local compiler log
  log=$(mktemp)
  for compiler in g++ clang++; do
    command -v "$compiler" >/dev/null || { echo "$compiler is not installed: left out"; continue; }
    printf '%s\n' "${files[@]}" |
      xargs -P 2 -I{} "$compiler" "${flags[@]}" -fsyntax-only -Wall -Wextra -Wpedantic {} >>"$log" 2>&1
    echo "$compiler: $(grep -c 'warning:' "$log") warnings, $(grep -c 'error:' "$log") errors"
    grep -E "warning:|error:" "$log" && failed=1
    : >"$log"
  done
  rm -f "$log"
}

run_cppcheck() {
  cppcheck --std=c++17 --language=c++ --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet -j 2 \
    --suppressions-list=tools/cppcheck-suppressions.txt -DCAUSALSYNTH_STD_THREADS -Isrc src/core || failed=1
  echo "cppcheck: done"
}

run_tidy() {
  local log
  log=$(mktemp)
  printf '%s\n' "${files[@]}" | xargs -P 2 -I{} clang-tidy --quiet {} -- "${flags[@]}" >"$log" 2>/dev/null || failed=1
  grep -E "(warning|error):" "$log" | sort -u
  echo "clang-tidy: $(grep -E '(warning|error):' "$log" | sort -u | wc -l) findings in ${#files[@]} files"
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
