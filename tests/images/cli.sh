#!/bin/bash
# A command-line tool in bash, with coreutils and curl: reads an access log and prints a summary of it. Most of its
# options call programs that the default does not.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install bash coreutils curl; }
layer packages "apt-get install --no-install-recommends bash coreutils curl"

application() {
  mkdir -p "$root/srv/logs"
  copy summary usr/local/bin/summary
  copy formats.sh usr/local/lib/summary/formats.sh
  chmod 755 "$root/usr/local/bin/summary"
  cat >"$root/srv/logs/access.log" <<'LOG'
1719835200 192.0.2.1 / 200
1719835260 192.0.2.2 /about 200
1719835320 192.0.2.1 /missing 404
1719835380 192.0.2.3 / 200
1719835440 192.0.2.2 /about 200
1719835500 192.0.2.4 / 500
LOG
}
layer application "COPY summary /usr/local/bin/"

config <<'JSON'
{ "Entrypoint": ["/usr/local/bin/summary"], "WorkingDir": "/srv/logs",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ=Europe/Berlin"] }
JSON
