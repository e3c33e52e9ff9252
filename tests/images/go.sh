#!/bin/bash
# A static Go program that serves HTTP, in an image from scratch with the few files of a system that such images are
# given: users, trust store, time zones. Nothing in it is an import that a rule could see.
. "$(dirname "$0")/recipe.sh"
command -v go >/dev/null || cannot "go is not installed"
command -v mmdebstrap >/dev/null || cannot "mmdebstrap is not installed"
from scratch
make_minbase

system() {
  local base=$images/minbase.rootfs
  mkdir -p "$root"/{etc/ssl/certs,usr/share,tmp}
  chmod 1777 "$root/tmp"
  certificates etc/ssl/certs/ca-certificates.crt
  cp -a "$base/usr/share/zoneinfo" "$root/usr/share/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nshop:x:65532:65532:the shop:/home/shop:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\nshop:x:65532:\n' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
}
layer system "COPY --from=base /usr/share/zoneinfo /usr/share/zoneinfo"

program() {
  CGO_ENABLED=0 GO111MODULE=off GOCACHE="$downloads/go" go build -trimpath -ldflags '-s -w -buildid=' -o "$root/serve" "$own_files/serve.go"
  mkdir -p "$root/src" && cp "$own_files/serve.go" "$root/src/"
  copy pages srv/pages
  copy templates srv/templates
  copy settings.json etc/shop/settings.json
}
layer program "COPY serve /"

config <<'JSON'
{ "Entrypoint": ["/serve"], "ExposedPorts": { "8080/tcp": {} }, "User": "65532" }
JSON
