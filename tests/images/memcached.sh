#!/bin/bash
# memcached: a small server that runs as its own user and writes nothing.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install memcached; }
layer packages "apt-get install --no-install-recommends memcached"

without_scripts() {
  rm -rf "$root/usr/share/memcached" "$root/etc/memcached.conf"
  printf 'This image is configured by its command line.\n' >"$root/etc/memcached.conf"
}
layer without_scripts "rm -rf /usr/share/memcached"

config <<'JSON'
{ "Entrypoint": ["memcached"], "Cmd": ["-m", "32"], "User": "memcache", "ExposedPorts": { "11211/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
