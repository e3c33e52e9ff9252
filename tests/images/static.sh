#!/bin/bash
# A static program on an empty base, with a file that it reads by a literal path and one that it does not.
. "$(dirname "$0")/recipe.sh"
command -v gcc >/dev/null || cannot "gcc is not installed"
from scratch

program() {
  mkdir -p "$root"/{bin,etc,opt/unused}
  cat >"$work/greet.c" <<'C'
#include <stdio.h>
#include <unistd.h>
int main(int argc, char** argv) {
  char line[256];
  FILE* file = fopen("/etc/greeting", "r");
  if (file == NULL) return perror("/etc/greeting"), 1;
  while (fgets(line, sizeof line, file) != NULL) fputs(line, stdout);
  printf("arguments %d, user %d\n", argc - 1, (int)getuid());
  for (int i = 1; i < argc; ++i) puts(argv[i]);
  return 0;
}
C
  gcc -O2 -static -o "$root/bin/greet" "$work/greet.c"
  echo "Good day." >"$root/etc/greeting"
  head -c 500000 /dev/zero >"$root/opt/unused/zeroes"
}
layer program "COPY greet /bin/"

replace() { echo "Good evening." >"$root/etc/greeting"; }
layer replace "COPY greeting /etc/"

config <<'JSON'
{ "Entrypoint": ["/bin/greet"], "Cmd": ["one"], "User": "1000:1000", "Shell": ["/bin/greet", "-c"],
  "OnBuild": ["COPY . /app"], "Labels": { "org.opencontainers.image.title": "greet" } }
JSON
