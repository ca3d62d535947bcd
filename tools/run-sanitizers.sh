#!/usr/bin/env bash
# Runs tests under instruments that see what tests cannot: tools/run-sanitizers.sh [asan|tsan|valgrind|r-asan|all]
#   asan      the core's tests under the address, leak and undefined-behaviour sanitizers
#   tsan      the core's tests under the thread sanitizer, with std::thread in place of TBB (an uninstrumented TBB reports
#             races that are none)
#   valgrind  tools/valgrind.R, a small mixed workload, under memcheck
#   r-asan    the package built with both sanitizers, tests/testthat file by file (R_ASAN_FILTER: a pattern of their names)
# Everything is built in a temporary folder (SANITIZE_FOLDER keeps it). bench/reliability-sanitizers.csv holds the last result of
# each: cases, minutes, findings. Exits non-zero on any finding.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
. tools/record.sh
folder=${SANITIZE_FOLDER:-$(mktemp -d)}
mkdir -p "$folder"
failed=0
compiler="$(${CXX:-g++} --version | head -n 1 | awk '{ print $1, $NF }')"
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)

# what, cases, seconds, findings, by what
result() {
  record sanitizers "$@"
  [ "$4" = 0 ] || failed=1
}

# The core's tests with -fsanitize=$2 in $folder/$1: 0 if they were built.
build_core() {
  local include
  include=$(Rscript -e 'cat(system.file("include", package = "testthat"), system.file("include", package = "RcppEigen"), sep = ";")')
  cmake -S tests/cpp -B "$folder/$1" "-DCATCH_INCLUDE=${include%;*}" "-DEIGEN_INCLUDE=${include#*;}" \
    "-DCAUSALSYNTH_SANITIZE=$2" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O1" "${launcher[@]}" >"$folder/$1.log" &&
    cmake --build "$folder/$1" --target tests_std --parallel 2 >>"$folder/$1.log" 2>&1 || { tail -n 30 "$folder/$1.log"; return 1; }
}

# Runs $folder/$1/tests_std; a report of the sanitizer is a finding, so is a test that fails.
run_core() {
  local what=$1 name=$2 start=$SECONDS log=$folder/$1-run.log status cases findings
  "$folder/$what/tests_std" >"$log" 2>&1
  status=$?
  cases=$(sed -nE 's/.*test cases?: *([0-9]+).*/\1/p; s/.* in ([0-9]+) test cases?\).*/\1/p' "$log" | tail -n 1)
  findings=$(grep -cE "runtime error:|ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer" "$log")
  if [ "$status" != 0 ] && [ "$findings" = 0 ]; then findings=1; fi
  [ "$findings" = 0 ] || tail -n 60 "$log"
  result "$name" "${cases:-0}" "$((SECONDS - start))" "$findings" "$compiler"
}

run_asan() {
  export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
  if build_core asan address,undefined,float-cast-overflow; then run_core asan "C++ tests under ASAN and UBSAN"; else failed=1; fi
}

run_tsan() {
  if build_core tsan thread; then run_core tsan "C++ tests under TSAN"; else failed=1; fi
}

# The package in $folder/$1, built with the given flags of compiler and linker.
install_with() {
  mkdir -p "$folder/$1"
  local makevars=$folder/$1.mk cache=""
  command -v ccache >/dev/null && cache="ccache "
  printf 'CC=%sgcc\nCXX17=%sg++\nCXX17FLAGS=%s\nLDFLAGS=%s\nMAKEFLAGS=-j2\n' "$cache" "$cache" "$2" "$3" >"$makevars"
  R_MAKEVARS_USER=$makevars R CMD INSTALL --preclean --clean --no-docs --no-byte-compile --no-test-load --library="$folder/$1" \
    "$folder/source" >"$folder/$1.log" 2>&1 || { tail -n 30 "$folder/$1.log"; return 1; }
}

# What git knows of, as it stands: building leaves nothing in the tree.
copy_source() {
  rm -rf "$folder/source"
  mkdir -p "$folder/source"
  git ls-files -z | xargs -0 tar cf - | tar xf - -C "$folder/source"
}

run_valgrind() {
  copy_source
  install_with valgrind-library "-O1 -g -DCAUSALSYNTH_STD_THREADS" "" || { failed=1; return; }
  local start=$SECONDS log=$folder/valgrind-run.log findings
  R_LIBS="$folder/valgrind-library:${R_LIBS:-}" R -d "valgrind --error-exitcode=0 --leak-check=full --show-leak-kinds=definite \
    --errors-for-leak-kinds=definite --suppressions=$root/tools/valgrind.supp" --vanilla --no-echo -f tools/valgrind.R >"$log" 2>&1
  findings=$(sed -nE 's/.*ERROR SUMMARY: ([0-9]+) errors.*/\1/p' "$log" | tail -n 1)
  grep -q "^steps done: " "$log" || findings=${findings:-0}1
  [ "${findings:-1}" = 0 ] || tail -n 80 "$log"
  result "R workload under valgrind" "$(sed -nE 's/^steps done: //p' "$log")" "$((SECONDS - start))" "${findings:-1}" "$compiler"
}

run_r_asan() {
  copy_source
  install_with asan-library "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined" "-fsanitize=address,undefined" ||
    { failed=1; return; }
  local start=$SECONDS log=$folder/r-asan-run.log findings
  # R itself frees little at its end, so leaks are valgrind's and the core tests' to find.
  LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
    UBSAN_OPTIONS=print_stacktrace=1 R_LIBS="$folder/asan-library:${R_LIBS:-}" NOT_CRAN=true \
    Rscript tools/test-under.R "${R_ASAN_FILTER:-}" >"$log" 2>&1
  findings=$(grep -cE "runtime error:|ERROR: AddressSanitizer" "$log")
  grep -q "^files done: " "$log" || findings=$((findings + 1))
  [ "$findings" = 0 ] || grep -E -A 20 "runtime error:|ERROR: AddressSanitizer|^Error" "$log" | head -n 80
  grep -E "^(FAILED|files done)" "$log"
  result "R tests under ASAN and UBSAN" "$(sed -nE 's/^expectations: //p' "$log")" "$((SECONDS - start))" "$findings" "$compiler"
}

case "${1:-all}" in
  asan) run_asan ;;
  tsan) run_tsan ;;
  valgrind) run_valgrind ;;
  r-asan) run_r_asan ;;
  all) run_asan; run_tsan; run_valgrind; run_r_asan ;;
  *) echo "usage: tools/run-sanitizers.sh [asan|tsan|valgrind|r-asan|all]" >&2; exit 2 ;;
esac
[ "$failed" = 0 ] && [ -z "${SANITIZE_FOLDER:-}" ] && rm -rf "$folder"
exit "$failed"
