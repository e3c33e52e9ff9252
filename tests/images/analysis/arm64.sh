#!/bin/bash
# Debian for aarch64, unpacked and never run: no maintainer script, and so no ld.so.cache.
. "$(dirname "$0")/../recipe.sh"
command -v mmdebstrap >/dev/null || cannot "mmdebstrap is not installed"
from scratch
platform=linux/arm64

packages() {
  mmdebstrap --quiet --architectures=arm64 --variant=extract --include=libc-bin,coreutils,git,curl,python3-minimal,sudo \
    bookworm "$work/arm64.tar" ${SLIM_TEST_MIRROR:+"$SLIM_TEST_MIRROR"}
  tar -C "$root" --numeric-owner --exclude='./dev/*' -xpf "$work/arm64.tar"
  rm -f "$work/arm64.tar"
}
layer packages "mmdebstrap --architectures=arm64 --variant=extract bookworm"

config <<'JSON'
{ "Entrypoint": ["git"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
