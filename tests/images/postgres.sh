#!/bin/bash
# PostgreSQL as its official image has it: a shell entrypoint that makes a cluster in the volume where there is none,
# runs the scripts of a folder, and starts the server as its user. With the contributed extensions, two procedural
# languages and the compiler of its JIT.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() {
  mkdir -p "$root/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
  apt_install postgresql-15 tzdata
}
layer packages "apt-get install --no-install-recommends postgresql-15"

authority() {
  certificates srv/tls/authority.pem
  install -o "$(stat -c %u "$root/var/lib/postgresql")" -m 600 "$root/srv/tls/key.pem" "$root/srv/tls/postgres.pem"
}
layer authority "COPY certificates /srv/tls"

entrypoint() {
  copy docker-entrypoint.sh usr/local/bin/docker-entrypoint.sh
  chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
  copy initdb.d docker-entrypoint-initdb.d
  local owner
  owner=$(stat -c %u:%g "$root/var/lib/postgresql")
  install -d -o "${owner%:*}" -g "${owner#*:}" -m 700 "$root/var/lib/postgresql/data"
  install -d -o "${owner%:*}" -g "${owner#*:}" -m 2775 "$root/var/run/postgresql"
}
layer entrypoint "COPY docker-entrypoint.sh /usr/local/bin/"

config <<'JSON'
{ "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"], "StopSignal": "SIGINT", "ExposedPorts": { "5432/tcp": {} },
  "Volumes": { "/var/lib/postgresql/data": {} },
  "Env": ["PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
          "PGDATA=/var/lib/postgresql/data", "POSTGRES_PASSWORD=example"] }
JSON
