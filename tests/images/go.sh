#!/bin/bash
# A static Go program that serves HTTP, alone in its image: nothing in it is an import that a rule could see.
. "$(dirname "$0")/recipe.sh"
command -v go >/dev/null || cannot "go is not installed"
from scratch

program() {
  mkdir -p "$root/srv/pages"
  cat >"$work/serve.go" <<'GO'
package main

import "net/http"

func main() {
	panic(http.ListenAndServe(":8080", http.FileServer(http.Dir("/srv/pages"))))
}
GO
  CGO_ENABLED=0 GO111MODULE=off GOCACHE="$work/scratch.go" go build -trimpath -ldflags '-s -w -buildid=' -o "$root/serve" "$work/serve.go"
  rm -rf "$work/scratch.go"
  mkdir -p "$root/src" && cp "$work/serve.go" "$root/src/"
  printf '<!doctype html>\n<h1>Served by Go</h1>\n' >"$root/srv/pages/index.html"
}
layer program "COPY serve /"

config <<'JSON'
{ "Entrypoint": ["/serve"], "ExposedPorts": { "8080/tcp": {} }, "User": "65532" }
JSON
