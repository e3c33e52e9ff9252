#!/bin/bash
# A C program with what static analysis of NEEDED entries cannot see: a plug-in that it opens by a literal name, others
# whose names it makes at run time, getaddrinfo (NSS), iconv (gconv modules), time zones, locales, a shell.
. "$(dirname "$0")/recipe.sh"
command -v gcc >/dev/null || cannot "gcc is not installed"
from minbase

locale() {
  apt_install locales
  inside 'localedef -i de_DE -f UTF-8 de_DE.UTF-8'
}
layer locale "apt-get install locales && localedef -i de_DE -f UTF-8 de_DE.UTF-8"

program() {
  local name
  mkdir -p "$root"/usr/local/{bin,lib/shout,lib/survey}
  gcc -O2 -shared -fPIC -Wl,-soname,libshout.so.1 -o "$root/usr/local/lib/shout/libshout.so.1" "$own_files/shout.c"
  for name in reverse whisper; do
    gcc -O2 -shared -fPIC -o "$root/usr/local/lib/survey/$name.so" "$own_files/$name.c"
  done
  gcc -O2 -o "$root/usr/local/bin/survey" "$own_files/survey.c"
  echo /usr/local/lib/shout >"$root/etc/ld.so.conf.d/shout.conf"
  inside ldconfig
}
layer program "COPY survey /usr/local/bin/"

config <<'JSON'
{ "Entrypoint": ["survey"],
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=de_DE.UTF-8"] }
JSON
