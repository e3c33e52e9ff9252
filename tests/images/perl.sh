#!/bin/bash
# A command-line program in Perl, with modules of its own and of Debian, and much that it requires only when asked to.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install perl libjson-perl libio-socket-ssl-perl libdbd-sqlite3-perl libxml-parser-perl libtext-csv-perl ca-certificates tzdata; }
layer packages "apt-get install --no-install-recommends perl and modules"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

application() {
  copy ledger usr/local/bin/ledger
  chmod 755 "$root/usr/local/bin/ledger"
  copy lib usr/local/share/ledger/lib
  copy accounts.json srv/ledger/accounts.json
}
layer application "COPY ledger /usr/local/bin/"

config <<'JSON'
{ "Entrypoint": ["ledger"], "Cmd": ["balance"], "WorkingDir": "/srv/ledger", "User": "nobody",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"] }
JSON
