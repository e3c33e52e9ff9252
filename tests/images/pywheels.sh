#!/bin/bash
# Python in a virtual environment, with wheels from PyPI that bring extension modules and libraries of their own: numpy
# (OpenBLAS in numpy.libs), cryptography (Rust), Pillow (pillow.libs), requests (certifi). A command-line program.
. "$(dirname "$0")/recipe.sh"
from minbase

interpreter() { apt_install python3 ca-certificates tzdata; }
layer interpreter "apt-get install --no-install-recommends python3 ca-certificates tzdata"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

environment() {
  local folder=$root/opt/venv/lib/python3.11/site-packages
  /usr/bin/python3 -m venv --without-pip "$root/opt/venv" || cannot "venv (Debian's python3-venv) is not installed"
  sed -i "s,$root,,g" "$root"/opt/venv/pyvenv.cfg "$root"/opt/venv/bin/activate*
  pip_install --target "$folder" numpy==2.2.6 cryptography==44.0.3 pillow==11.2.1 requests==2.32.3
}
layer environment "python3 -m venv /opt/venv && /opt/venv/bin/pip install numpy cryptography pillow requests"

application() { copy . app; }
layer application "COPY . /app"

config <<'JSON'
{ "Entrypoint": ["/app/survey.py"], "Cmd": ["summary"], "WorkingDir": "/app", "User": "65534:65534",
  "Env": ["PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "VIRTUAL_ENV=/opt/venv",
          "LANG=C.UTF-8"] }
JSON
