#!/bin/bash
# A C program with what static analysis of NEEDED entries cannot see: a plug-in that it opens by a literal
# name, getaddrinfo (NSS), iconv (gconv modules), and a locale with its number format.
. "$(dirname "$0")/recipe.sh"
command -v gcc >/dev/null || cannot "gcc is not installed"
from minbase

locale() {
  apt_install locales
  inside 'localedef -i de_DE -f UTF-8 de_DE.UTF-8'
}
layer locale "apt-get install locales && localedef -i de_DE -f UTF-8 de_DE.UTF-8"

program() {
  mkdir -p "$root/usr/local/lib/shout"
  cat >"$work/shout.c" <<'C'
#include <ctype.h>
void shout(char* text) {
  for (; *text != 0; ++text) *text = (char)toupper((unsigned char)*text);
}
C
  cat >"$work/survey.c" <<'C'
#include <dlfcn.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>

static int plugin(void) {
  char text[] = "a plug-in speaks";
  void* handle = dlopen("libshout.so.1", RTLD_NOW);
  if (handle == NULL) return fprintf(stderr, "plugin: %s\n", dlerror()), 1;
  void (*shout)(char*) = (void (*)(char*))dlsym(handle, "shout");
  shout(text);
  printf("plugin: %s\n", text);
  return 0;
}

static int address(void) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
  int failure = getaddrinfo("localhost", "80", &hints, &found);
  if (failure != 0) return fprintf(stderr, "address: %s\n", gai_strerror(failure)), 2;
  char text[64];
  inet_ntop(AF_INET, &((struct sockaddr_in*)(void*)found->ai_addr)->sin_addr, text, sizeof text);
  printf("address: %s\n", text);
  freeaddrinfo(found);
  return 0;
}

static int charset(void) {
  char input[] = "10 \xa4", output[16] = {0};
  char *from = input, *to = output;
  size_t in = strlen(input), out = sizeof output - 1;
  iconv_t converter = iconv_open("UTF-8", "ISO-8859-15");
  if (converter == (iconv_t)-1 || iconv(converter, &from, &in, &to, &out) == (size_t)-1)
    return perror("charset"), 4;
  printf("charset: %s\n", output);
  return 0;
}

static int numbers(void) {
  if (setlocale(LC_ALL, "") == NULL) return fprintf(stderr, "numbers: no such locale\n"), 8;
  printf("numbers: %'.2f\n", 1234567.891);
  return 0;
}

int main(void) { return plugin() | address() | charset() | numbers(); }
C
  gcc -O2 -shared -fPIC -Wl,-soname,libshout.so.1 -o "$root/usr/local/lib/shout/libshout.so.1" "$work/shout.c"
  gcc -O2 -o "$root/usr/local/bin/survey" "$work/survey.c"
  echo /usr/local/lib/shout >"$root/etc/ld.so.conf.d/shout.conf"
  inside ldconfig
}
layer program "COPY survey /usr/local/bin/"

config <<'JSON'
{ "Entrypoint": ["survey"],
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=de_DE.UTF-8"] }
JSON
