# Sourced by the reliability harnesses: record TABLE WHAT CASES SECONDS FINDINGS BY [CPU_MINUTES] keeps the last result of
# each WHAT in bench/reliability-TABLE.csv, of which the vignette has a copy; with CI=true it only says it.
record() {
  echo "$2: $3 cases, $5 findings, $4 s"
  [ "${CI:-}" != true ] || return 0
  local table=bench/reliability-$1.csv rows
  rows=$(mktemp)
  { [ ! -f "$table" ] || tail -n +2 "$table" | grep -v "^$2," || true
    printf '%s,%s,%s,%s,%s,%s,%s\n' "$2" "$3" "$(awk -v s="$4" 'BEGIN { printf "%.1f", s / 60 }')" "$5" "$(date -u +%F)" "$6" "${7:-}"
  } | sort >"$rows"
  { echo "what,cases,minutes,findings,date,compiler,cpu_minutes"; cat "$rows"; } >"$table"
  rm -f "$rows"
  cp "$table" vignettes/reliability/
}
