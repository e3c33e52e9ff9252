#!/bin/bash
# Alpine's published root file system (musl, BusyBox), with a shell script to start.
. "$(dirname "$0")/recipe.sh"
rootfs=$recipe_folder/../../../shared/data/alpine-minirootfs-3.20.3-x86_64.tar.gz
[ -f "$rootfs" ] || cannot "alpine-minirootfs-3.20.3-x86_64.tar.gz is not in ../shared/data"
from scratch

system() { tar -C "$root" --numeric-owner -xzpf "$rootfs"; }
layer system "ADD alpine-minirootfs /"

application() {
  mkdir -p "$root/app"
  cat >"$root/app/report" <<'SCRIPT'
#!/bin/sh
# Sums of the second column by the first.
set -euo pipefail
awk '{ sum[$1] += $2 } END { for (name in sum) print name, sum[name] }' "${1:-/app/sales}" | sort
echo "total $(cut -d ' ' -f 2 "${1:-/app/sales}" | paste -sd + - | bc)"
SCRIPT
  chmod 755 "$root/app/report"
  printf 'pears 3\napples 5\npears 4\n' >"$root/app/sales"
}
layer application "COPY report /app/"

without_apk() { rm -rf "$root/sbin/apk" "$root/lib/apk/db/scripts.tar" "$root/etc/motd"; }
layer without_apk "rm -rf /sbin/apk"

config <<'JSON'
{ "Entrypoint": ["/app/report"], "WorkingDir": "/app",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
