#!/bin/bash
# nginx as its official image has it: in the foreground, logs to the container's output, SIGQUIT to stop.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install nginx; }
layer packages "apt-get install --no-install-recommends nginx"

logs_to_output() {
  ln -sf /dev/stdout "$root/var/log/nginx/access.log"
  ln -sf /dev/stderr "$root/var/log/nginx/error.log"
}
layer logs_to_output "ln -sf /dev/stdout /var/log/nginx/access.log"

site() {
  local site=$root/var/www/html
  rm -f "$site"/index.nginx-debian.html
  mkdir -p "$site/assets"
  printf '<!doctype html>\n<title>A small site</title>\n<link rel="stylesheet" href="/assets/style.css">\n<h1>It is served</h1>\n' >"$site/index.html"
  printf 'body { font-family: sans-serif; }\n' >"$site/assets/style.css"
  printf '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>\n' >"$site/assets/logo.svg"
  printf '{"served": true}\n' >"$site/data.json"
  head -c 100000 /dev/zero | tr '\0' 'x' >"$site/assets/large.txt"
}
layer site "COPY site /var/www/html"

without_documents() {
  rm -rf "$root"/usr/share/{doc,man,locale}
  mkdir "$root/usr/share/doc" && echo 'Removed to save space, which it does not.' >"$root/usr/share/doc/README"
}
layer without_documents "rm -rf /usr/share/doc /usr/share/man /usr/share/locale"

config <<'JSON'
{ "Cmd": ["nginx", "-g", "daemon off;"], "ExposedPorts": { "80/tcp": {} }, "StopSignal": "SIGQUIT",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  "Labels": { "maintainer": "slim's tests" } }
JSON
