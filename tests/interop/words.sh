#!/usr/bin/env bash
# Shows that the scripts of `BINARY completions` are taken by the shells they are for, and complete in bash, and that every
# page of `BINARY man` is set without a warning.
#
#   words.sh BINARY
set -euo pipefail
binary=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}

"$binary" completions bash >"$folder/crmconf.bash"
"$binary" completions zsh >"$folder/_crmconf"
"$binary" completions fish >"$folder/crmconf.fish"
bash -n "$folder/crmconf.bash"
zsh -n "$folder/_crmconf"
fish --no-execute "$folder/crmconf.fish"

# completed WORD…: what bash offers for the last of the words.
completed() {
  bash --norc -c '
    source "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _crmconf "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}"' - "$folder/crmconf.bash" "$@"
}

# offers EXPECTED WORD…
offers() {
  local expected=$1 offered
  shift
  offered=$(completed "$@")
  [[ $'\n'$offered$'\n' == *$'\n'"$expected"$'\n'* ]] || fail "after '$*' bash offers: $offered"
}
offers verify crmconf ver
offers check crmconf config ch
offers --log-format crmconf serve --log-f
offers --from crmconf export --f
offers zsh crmconf completions ''
offers json crmconf config show --format ''
offers warn crmconf serve --log-level ''
(cd "$folder" && offers crmconf.fish crmconf serve --config crm)

"$binary" man "$folder/man1"
pages=0
for page in "$folder"/man1/*.1; do
  warnings=$(groff -man -ww -Tutf8 -z "$page" 2>&1; man --warnings -E UTF-8 -l "$page" 2>&1 >"$folder/shown")
  [ -z "$warnings" ] || fail "${page##*/}: $warnings"
  # man overstrikes headings where it takes its output for a printer's.
  col -b <"$folder/shown" >"$folder/plain"
  for heading in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXAMPLES AND EXIT STATUS'; do
    grep -qx "$heading" "$folder/plain" || fail "${page##*/}: there is no $heading"
  done
  pages=$((pages + 1))
done
[ "$pages" -ge 13 ] || fail "only $pages pages were written"
echo "three shells take their completions, bash completes, and $pages manual pages are set without a warning"
