#!/usr/bin/env bash
# Keeps the shape of the sources: layers of src/core point one way and know nothing of R; sizes; no local paths.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0
complain() { printf '%s\n' "$1" >&2; bad=1; }

rank() {
  case "$1" in
    base) echo 0 ;;
    random|parallel) echo 1 ;;
    data) echo 2 ;;
    forest|linear|neural) echo 3 ;;
    generate|causal|match|metrics) echo 4 ;;
    *) echo unknown ;;
  esac
}

# Layers: a file includes its own folder and folders of a lower rank.
while IFS= read -r file; do
  own=${file#src/core/}
  own=${own%%/*}
  own_rank=$(rank "$own")
  if [ "$own_rank" = unknown ]; then complain "$file: folder $own has no rank in tools/check-layers.sh"; continue; fi
  while IFS= read -r included; do
    [ -n "$included" ] || continue
    case "$included" in
      ../*) target=${included#../}; target=${target%%/*} ;;
      core/*) target=${included#core/}; target=${target%%/*} ;;
      */*) complain "$file: includes \"$included\", which is outside the core"; continue ;;
      *) target=$own ;;
    esac
    if [ "$target" != "$own" ]; then
      target_rank=$(rank "$target")
      if [ "$target_rank" = unknown ] || [ "$target_rank" -ge "$own_rank" ]; then
        complain "$file: layer $own must not include \"$included\""
      fi
    fi
  done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]+)".*/\1/p' "$file")
done < <(find src/core -name '*.h' -o -name '*.cpp')

found=$(grep -rnE '#[[:space:]]*include[[:space:]]*[<"](R[A-Za-z_]*\.h|R_ext/|Rcpp|cpp11)' src/core || true)
[ -z "$found" ] || complain "the core includes headers of R:"$'\n'"$found"
found=$(grep -rnE '#[[:space:]]*include[[:space:]]*[<"](tbb|oneapi)/' src --include='*.h' --include='*.cpp' \
  | grep -v '^src/core/parallel/' || true)
[ -z "$found" ] || complain "TBB outside core/parallel:"$'\n'"$found"
found=$(grep -rnE '#[[:space:]]*include[[:space:]]*[<"]RcppParallel\.h' src --include='*.h' --include='*.cpp' || true)
[ -z "$found" ] || complain "RcppParallel.h is included:"$'\n'"$found"
found=$(grep -rnE 'std::[a-z_]*_distribution|#[[:space:]]*include[[:space:]]*<random>' src/core || true)
[ -z "$found" ] || complain "the core draws from the standard library:"$'\n'"$found"

# Paths of one machine.
found=$(git ls-files -z | xargs -0 grep -nIE '(^|[^[:alnum:]_.])/(work|home|root|Users)/[[:alnum:]]' || true)
[ -z "$found" ] || complain "paths of one machine:"$'\n'"$found"

Rscript tools/check-size.R || bad=1
[ "$bad" = 0 ] && echo "layers and sizes: fine"
exit "$bad"
