#!/bin/bash
# Shell scripts pass shellcheck, Python ones compile, and whatever has a #! line may be executed.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || { echo "SKIPPED: scripts: shellcheck is not installed"; exit 77; }
status=0
mapfile -t scripts < <(grep -rlE --exclude-dir=build --exclude-dir=.git -m 1 '^#!(/usr)?/bin/(bash|sh|env bash|python3)' .)
[ "${#scripts[@]}" -gt 0 ]
for script in "${scripts[@]}"; do
  IFS= read -r first <"$script"
  case $first in
    '#!/bin/bash' | '#!/bin/sh') shellcheck "$script" || status=1 ;;
    '#!/usr/bin/python3') /usr/bin/python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script" || status=1 ;;
    '#!'*) echo "$script: $first: /bin/bash, /bin/sh or /usr/bin/python3 was expected"; status=1 ;;
    *) continue ;; # a script inside of something else
  esac
  [ -x "$script" ] || { echo "$script: has a #! line and may not be executed"; status=1; }
done
echo "${#scripts[@]} scripts"
exit "$status"
