#!/bin/bash
# A Java HTTP server on Debian's Java runtime: a class path with a wildcard, a jar of service providers, and a start
# script that decides on the options.
. "$(dirname "$0")/recipe.sh"
command -v javac >/dev/null || cannot "javac is not installed"
from minbase

runtime() { apt_install openjdk-17-jre-headless ca-certificates-java tzdata; }
layer runtime "apt-get install --no-install-recommends openjdk-17-jre-headless"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

application() {
  local classes=$work/classes
  mkdir -p "$classes"/{server,exports} "$root/app/lib"
  javac --release 17 -d "$classes/server" "$own_files"/server/*.java
  javac --release 17 -cp "$classes/server" -d "$classes/exports" "$own_files"/exports/*.java
  cp -r "$own_files/exports/META-INF" "$classes/exports/"
  printf 'greeting = Welcome\n' >"$classes/server/shop/defaults.properties"
  jar --create --date 2025-01-01T00:00:00Z --file "$root/app/lib/server.jar" -C "$classes/server" .
  jar --create --date 2025-01-01T00:00:00Z --file "$root/app/lib/exports.jar" -C "$classes/exports" .
  rm -r "$classes"
  copy start.sh app/start.sh
  chmod 755 "$root/app/start.sh"
  copy shop.properties etc/shop/shop.properties
  copy logging.properties etc/shop/logging.properties
}
layer application "COPY lib /app/lib"

config <<'JSON'
{ "Entrypoint": ["/app/start.sh"], "WorkingDir": "/app", "User": "65534:65534", "ExposedPorts": { "8080/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64"] }
JSON
