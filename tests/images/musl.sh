#!/bin/bash
# A program linked against musl's libc.so, with a library of its own, in an image of Debian packages.
. "$(dirname "$0")/recipe.sh"
command -v musl-gcc >/dev/null || cannot "musl-gcc (Debian's musl-tools) is not installed"
from minbase

libc() { apt_install musl; }
layer libc "apt-get install --no-install-recommends musl"

program() {
  cat >"$work/tally.c" <<'C'
#include <string.h>
int tally(const char* text, char letter) {
  int count = 0;
  for (; (text = strchr(text, letter)) != NULL; ++text) ++count;
  return count;
}
C
  cat >"$work/count.c" <<'C'
#include <stdio.h>
int tally(const char* text, char letter);
int main(int argc, char** argv) {
  const char* text = argc > 1 ? argv[1] : "musl is a small libc";
  printf("%d times l in: %s\n", tally(text, 'l'), text);
  return 0;
}
C
  mkdir -p "$root/opt/count/lib" "$root/opt/count/bin"
  musl-gcc -O2 -shared -fPIC -o "$root/opt/count/lib/libtally.so" "$work/tally.c"
  # shellcheck disable=SC2016  # $ORIGIN is the loader's word
  musl-gcc -O2 -o "$root/opt/count/bin/count" "$work/count.c" -L"$root/opt/count/lib" -ltally -Wl,-rpath,'$ORIGIN/../lib'
  ln -s /opt/count/bin/count "$root/usr/local/bin/count"
}
layer program "COPY count /opt/count"

config <<'JSON'
{ "Entrypoint": ["count"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
