#!/usr/bin/env bash
# Does the harness see what it is there for? Each patch of tools/planted/ puts one bug into a copy of the sources; the check that
# should find it must then fail, and must pass before. Prints a table; succeeds if all are caught. Each check builds only what
# it needs: tools/planted-bugs.sh [NAME...]. PLANTED_FOLDER keeps the builds.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=${PLANTED_FOLDER:-$(mktemp -d)}
copy=$folder/source
rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z src/core tests/cpp tools/planted | xargs -0 tar cf - | tar xmf - -C "$copy"
include=$(Rscript -e 'cat(system.file("include", package = "testthat"), system.file("include", package = "RcppEigen"), sep = ";")')
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)

# name;build;tests to run (Catch's filter);what the check must say
bugs=(
  "forest-off-by-one;asan;a regression forest learns*;FAILED:|AddressSanitizer"
  "dropped-missing;asan;missing is not the smallest*;FAILED:"
  "leak;asan;a container comes back*;LeakSanitizer"
  "unchecked-length;asan;lengths are not believed*,every byte that changes*;AddressSanitizer"
  "data-race;tsan;every unit runs*,results do not depend*;ThreadSanitizer: data race"
)

sanitizer() { if [ "$1" = tsan ]; then echo thread; else echo address,undefined; fi; }
parts() { if [ "$1" = tsan ]; then echo "base;random|parallel"; else echo "base;random;data;forest|forest;container"; fi; }

build() {
  local parts
  parts=$(parts "$1")
  { [ -d "$folder/$1" ] || cmake -S "$copy/tests/cpp" -B "$folder/$1" "-DCATCH_INCLUDE=${include%;*}" \
    "-DEIGEN_INCLUDE=${include#*;}" "-DCAUSALSYNTH_SANITIZE=$(sanitizer "$1")" "-DCORE_FOLDERS=${parts%|*}" \
    "-DTESTS=${parts#*|}" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O1" "${launcher[@]}"; } >>"$folder/log" 2>&1 &&
    cmake --build "$folder/$1" --target tests_std --parallel 2 >>"$folder/log" 2>&1
}

run_check() { timeout "${PLANTED_TIMEOUT:-900}" "$folder/$1/tests_std" "$2" >"$folder/check" 2>&1; }

. tools/record.sh
failed=0
tried=0
missed=0
printf '%-20s %-8s %-8s %s\n' bug before planted "seen by"
for bug in "${bugs[@]}"; do
  IFS=';' read -r name kind tests seen <<<"$bug"
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  patch=$copy/tools/planted/$name.patch
  : >"$folder/log"
  before=fails
  build "$kind" && run_check "$kind" "$tests" && before=passes
  if ! patch -d "$copy" -p1 --dry-run --fuzz=0 -i "$patch" >>"$folder/log" 2>&1; then
    echo "$name: tools/planted/$name.patch no longer applies: make it anew"
    failed=1
    continue
  fi
  patch -d "$copy" -p1 -s -i "$patch"
  if ! build "$kind"; then
    planted="no build"
  elif run_check "$kind" "$tests" || ! grep -qE "$seen" "$folder/check"; then
    planted=missed
  else
    planted=caught
  fi
  patch -d "$copy" -p1 -s -R -i "$patch"
  printf '%-20s %-8s %-8s %s\n' "$name" "$before" "$planted" "$seen"
  tried=$((tried + 1))
  if [ "$before" != passes ] || [ "$planted" != caught ]; then failed=1; missed=$((missed + 1)); tail -n 20 "$folder/log" "$folder/check"; fi
done
# Of some bugs only, a run is no result.
[ $# -gt 0 ] || record planted "planted bugs (findings: those not caught)" "$tried" "$SECONDS" "$missed" "$(${CXX:-g++} --version | sed -nE '1s/^([^ ]+).* ([0-9.]+)$/\1 \2/p')"
[ -n "${PLANTED_FOLDER:-}" ] || rm -rf "$folder"
exit "$failed"
