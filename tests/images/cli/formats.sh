# shellcheck shell=bash
# The forms that a summary may have; read by summary(1) when one is asked for.

as_csv() {
  echo 'seconds,address,path,status'
  sed 's/ /,/g' "$1"
}

as_days() {
  local seconds
  while read -r seconds _; do
    printf '%(%A %H:%M)T\n' "$seconds"
  done <"$1" | tac | nl -w 1 -s ' '
}

as_digest() {
  printf '%s %s\n' "$(sha256sum "$1" | cut -c 1-12)" "$(base64 -w 0 <<<"$(stat -c %s "$1")")"
}

as_split() {
  local folder
  folder=$(mktemp -d)
  split --lines=2 --numeric-suffixes "$1" "$folder/part."
  (cd "$folder" && find . -name 'part.*' -print0 | sort -z | xargs -0 wc -l | awk '{ print $2 ":" $1 }' | paste -s -d ' ')
  rm -rf "$folder"
}

as_who() {
  echo "$(id -un) on $(uname -s), $(basename "$1") of $(dirname "$1")"
}
