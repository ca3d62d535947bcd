#!/usr/bin/env bash
# Are results the same whatever built the package? tools/golden-builds.sh [BUILD...] installs it by gcc and clang, with -O0 and
# -O2, in temporary libraries, and lets tests/golden/golden.R (which prints lines "name<TAB>hash") run on each with 1, 2 and 3
# threads. Says which names differ from those of the first build with one thread; bench/reliability-golden.csv has the last result.
# Builds: gcc-O2 gcc-O0 clang-O2 clang-O0. GOLDEN_FOLDER keeps the libraries, GOLDEN_SCRIPT is another script of the same kind.
set -uo pipefail
cd "$(dirname "$0")/.."
script=${GOLDEN_SCRIPT:-tests/golden/golden.R}
[ -f "$script" ] || { echo "there is no $script" >&2; exit 2; }
folder=${GOLDEN_FOLDER:-$(mktemp -d)}
. tools/record.sh
[ $# -gt 0 ] || set -- gcc-O2 gcc-O0 clang-O2 clang-O0
mkdir -p "$folder/source"
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$folder/source"
cache=""
command -v ccache >/dev/null && cache="ccache "

install_build() {
  local name=$1 compiler=${1%-*} level=${1#*-} cxx
  [ "$compiler" = clang ] && cxx=clang++ || cxx=g++
  mkdir -p "$folder/$name"
  printf 'CC=%s%s\nCXX17=%s%s\nCXX17FLAGS=-%s -ffp-contract=off\nMAKEFLAGS=-j2\n' \
    "$cache" "$compiler" "$cache" "$cxx" "$level" >"$folder/$name.mk"
  R_MAKEVARS_USER=$folder/$name.mk R CMD INSTALL --preclean --clean --no-docs --no-byte-compile --no-test-load \
    --library="$folder/$name" "$folder/source" >"$folder/$name.log" 2>&1 || { tail -n 30 "$folder/$name.log"; return 1; }
}

failed=0
first=""
for name in "$@"; do
  start=$SECONDS
  if ! install_build "$name"; then failed=1; continue; fi
  [ "${name%-*}" = clang ] && version=$(clang --version | sed -nE 's/.*clang version ([0-9.]+).*/clang \1/p') ||
    version="gcc $(gcc -dumpfullversion)"
  cases=0
  findings=0
  for threads in 1 2 3; do
    out=$folder/$name-$threads.txt
    R_LIBS="$folder/$name:${R_LIBS:-}" Rscript "$script" "$threads" >"$out" 2>"$out.err" ||
      { findings=$((findings + 1)); echo "$name, $threads threads: failed"; tail -n 5 "$out.err"; continue; }
    [ -n "$first" ] || first=$out
    different=$(diff "$first" "$out" | sed -n 's/^[<>] //p' | cut -f1 | sort -u)
    [ -z "$different" ] || sed "s/^/  $name, $threads threads, differs: /" <<<"$different"
    cases=$((cases + $(wc -l <"$out")))
    findings=$((findings + $(grep -c . <<<"$different")))
  done
  [ "$findings" = 0 ] || failed=1
  record golden "golden hashes: ${name/-/ -} (1 to 3 threads)" "$cases" "$((SECONDS - start))" "$findings" "$version"
done
[ -n "${GOLDEN_FOLDER:-}" ] || rm -rf "$folder"
exit "$failed"
