#!/bin/bash
# A node/express application: Debian's node, packages from npm, an ES module and native code among them.
. "$(dirname "$0")/recipe.sh"
command -v npm >/dev/null || cannot "npm is not installed"
from minbase

interpreter() { apt_install nodejs ca-certificates tzdata tini; }
layer interpreter "apt-get install --no-install-recommends nodejs ca-certificates tini"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

# The layer is apart from the application's, as in all advice on Dockerfiles. No script of a package runs.
packages() {
  copy package.json app/package.json
  npm install --prefix "$root/app" --cache "$downloads/npm" --omit=dev --ignore-scripts --no-audit --no-fund --no-package-lock \
    --no-update-notifier --silent || cannot "npm can't install its packages"
}
layer packages "npm install --omit=dev"

application() {
  user app 10001
  copy . app
}
layer application "COPY . /app"

config <<'JSON'
{ "Entrypoint": ["/usr/bin/tini", "--"], "Cmd": ["node", "server.js"], "WorkingDir": "/app", "User": "app",
  "ExposedPorts": { "3000/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NODE_ENV=production", "PORT=3000"],
  "Healthcheck": { "Test": ["CMD-SHELL", "node healthcheck.js || exit 1"], "Interval": 10000000000 } }
JSON
