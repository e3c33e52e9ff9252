#!/bin/bash
# Debian's Python with wheels from PyPI: modules that bring their libraries along, under names with a digest, in
# folders that an RPATH with $ORIGIN names.
. "$(dirname "$0")/../recipe.sh"
/usr/bin/python3 -m pip --version >/dev/null 2>&1 || cannot "pip (Debian's python3-pip) is not installed"
from minbase

interpreter() { apt_install python3; }
layer interpreter "apt-get install --no-install-recommends python3"

# Nothing of the image runs: the wheels are chosen for its Python, and unpacked.
wheels() {
  /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --only-binary=:all: \
    --implementation cp --python-version 3.11 --platform manylinux2014_x86_64 --root-user-action ignore \
    --target "$root/usr/local/lib/python3.11/dist-packages" \
    numpy==2.2.6 scipy==1.15.3 pillow==11.2.1 psycopg2-binary==2.9.10 pyzmq==26.4.0
}
layer wheels "pip install numpy scipy pillow psycopg2-binary pyzmq"

config <<'JSON'
{ "Entrypoint": ["python3"], "Cmd": ["-c", "import numpy; print(numpy.eye(2))"],
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"] }
JSON
