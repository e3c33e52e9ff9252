#!/bin/bash
# Alpine's published root file system (musl, BusyBox), with a shell script to start. Most of its commands call applets
# that the default does not.
. "$(dirname "$0")/recipe.sh"
rootfs=$recipe_folder/../../../shared/data/alpine-minirootfs-3.20.3-x86_64.tar.gz
[ -f "$rootfs" ] || cannot "alpine-minirootfs-3.20.3-x86_64.tar.gz is not in ../shared/data"
from scratch

system() { tar -C "$root" --numeric-owner -xzpf "$rootfs"; }
layer system "ADD alpine-minirootfs /"

application() {
  copy report app/report
  copy commands app/commands
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
