#!/bin/bash
# redis as its official image has it: its own user, a volume for its data.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install redis-server; }
layer packages "apt-get install --no-install-recommends redis-server"

data() {
  install -d -o "$(stat -c %u "$root/var/lib/redis")" -g "$(stat -c %g "$root/var/lib/redis")" -m 750 "$root/data"
}
layer data "mkdir /data && chown redis:redis /data"

without_lists() {
  rm -rf "$root"/var/lib/dpkg/info/*.list-old "$root"/usr/share/doc/redis*
}
layer without_lists "rm -rf /usr/share/doc/redis*"

config <<'JSON'
{ "Cmd": ["redis-server", "--protected-mode", "no"], "User": "redis", "WorkingDir": "/data",
  "Volumes": { "/data": {} }, "ExposedPorts": { "6379/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  "Healthcheck": { "Test": ["CMD", "redis-cli", "ping"], "Interval": 10000000000, "Retries": 3 } }
JSON
