#!/bin/bash
# A Rust program that serves HTTP, linked with the C library and OpenSSL of Debian: time zones and trust stores are
# looked up by crates, at paths that only their strings know.
. "$(dirname "$0")/recipe.sh"
command -v cargo >/dev/null || cannot "cargo is not installed"
pkg-config --exists openssl || cannot "libssl-dev is not installed"
from minbase

packages() { apt_install libssl3 ca-certificates tzdata; }
layer packages "apt-get install --no-install-recommends libssl3 ca-certificates"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

application() {
  user app 10001
  cp -r "$own_files" "$work/sources"
  CARGO_HOME="$downloads/cargo" RUSTFLAGS="--remap-path-prefix=$work/sources=/src" \
    cargo build --quiet --release --manifest-path "$work/sources/Cargo.toml" >"$work/log" 2>&1 ||
    { cat "$work/log"; cannot "cargo can't build the program"; }
  install -D -m 755 "$work/sources/target/release/shop" "$root/usr/local/bin/shop"
  rm -r "$work/sources"
  copy settings.toml etc/shop/settings.toml
  copy pages srv/pages
}
layer application "COPY --from=build /src/target/release/shop /usr/local/bin/"

config <<'JSON'
{ "Cmd": ["shop"], "User": "app", "ExposedPorts": { "8080/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SHOP_SETTINGS=/etc/shop/settings.toml"] }
JSON
