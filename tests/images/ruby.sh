#!/bin/bash
# A Sinatra application on Debian's Ruby: gems, a Gemfile, WEBrick behind rackup.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install ruby ruby-sinatra ruby-webrick ruby-sqlite3 ruby-bundler ca-certificates tzdata; }
layer packages "apt-get install --no-install-recommends ruby ruby-sinatra ruby-webrick ruby-sqlite3 ruby-bundler"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

application() {
  user app 10001
  copy . app
  inside 'cd /app && bundle lock --local'
}
layer application "COPY . /app"

config <<'JSON'
{ "Cmd": ["bundle", "exec", "rackup", "--host", "0.0.0.0", "--port", "9292", "-s", "webrick"], "WorkingDir": "/app", "User": "app",
  "ExposedPorts": { "9292/tcp": {} }, "StopSignal": "SIGINT",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "RACK_ENV=production", "HOME=/tmp",
          "BUNDLE_FROZEN=true"] }
JSON
