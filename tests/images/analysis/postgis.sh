#!/bin/bash
# PostgreSQL with its contributed extensions, three procedural languages and PostGIS: modules that the server
# opens by name, and the deep trees of GDAL and LLVM below them.
. "$(dirname "$0")/../recipe.sh"
from minbase

packages() { apt_install postgresql-15 postgresql-15-postgis-3 postgresql-plperl-15 postgresql-plpython3-15 postgresql-pltcl-15; }
layer packages "apt-get install --no-install-recommends postgresql-15 postgresql-15-postgis-3 postgresql-pl{perl,python3,tcl}-15"

without_documents() { rm -rf "$root"/usr/share/{doc,man,locale}; }
layer without_documents "rm -rf /usr/share/doc /usr/share/man /usr/share/locale"

config <<'JSON'
{ "Cmd": ["/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/postgresql/data"], "User": "postgres", "StopSignal": "SIGINT",
  "Env": ["PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
