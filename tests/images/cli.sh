#!/bin/bash
# A command-line tool in bash, with coreutils and curl: reads an access log and prints a summary of it.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install bash coreutils curl; }
layer packages "apt-get install --no-install-recommends bash coreutils curl"

application() {
  mkdir -p "$root/usr/local/bin" "$root/srv/logs"
  cat >"$root/usr/local/bin/summary" <<'SCRIPT'
#!/bin/bash
# summary [LOG]: requests by path and by status, and the hour of the first one in the zone of $TZ.
# LOG is a file or a URL; every line is: SECONDS ADDRESS PATH STATUS
set -euo pipefail
log=${1:-/srv/logs/access.log}
case $log in
  *://*) copy=$(mktemp); curl --silent --show-error --fail --output "$copy" "$log"; log=$copy ;;
esac
[ -r "$log" ] || { echo "summary: $log: cannot be read" >&2; exit 3; }
echo "requests $(wc -l <"$log")"
echo "addresses $(cut -d ' ' -f 2 "$log" | sort -u | wc -l)"
cut -d ' ' -f 3 "$log" | sort | uniq -c | sort -k 1,1nr -k 2 | head -n 3 | tr -s ' '
echo "errors $(cut -d ' ' -f 4 "$log" | grep -c '^[45]' || true)"
echo "first $(date --date "@$(head -n 1 "$log" | cut -d ' ' -f 1)" '+%Y-%m-%d %H:%M %Z')"
SCRIPT
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
