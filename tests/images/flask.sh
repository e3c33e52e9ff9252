#!/bin/bash
# A Flask application on Debian's Python, its packages from PyPI, served by gunicorn as a user of its own. Most of what
# it can do is imported by the route that needs it.
. "$(dirname "$0")/recipe.sh"
from minbase

interpreter() { apt_install python3 ca-certificates tzdata; }
layer interpreter "apt-get install --no-install-recommends python3 ca-certificates tzdata"

packages() { pip_install --root "$root" flask==3.1.1 gunicorn==23.0.0; }
layer packages "pip install flask gunicorn"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

application() {
  user app 10001
  copy . app
}
layer application "COPY . /app"

config <<'JSON'
{ "Cmd": ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "app:app"], "WorkingDir": "/app", "User": "app",
  "ExposedPorts": { "8000/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "PYTHONUNBUFFERED=1"],
  "Healthcheck": { "Test": ["CMD", "python3", "-c",
      "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')"], "Interval": 10000000000 } }
JSON
