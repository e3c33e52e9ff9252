/* survey: all four ways by which a program asks for files that its ELF headers do not name.
 * survey WAY ARGUMENT...: one of them, or another. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <wctype.h>

#ifndef PLUGIN_FOLDER
#define PLUGIN_FOLDER "/usr/local/lib/survey"
#endif

static int plugin(const char* name) {
  char text[] = "A plug-in speaks", path[256];
  if (name != NULL) snprintf(path, sizeof path, "%s/%s.so", PLUGIN_FOLDER, name);
  void* handle = dlopen(name != NULL ? path : "libshout.so.1", RTLD_NOW);
  if (handle == NULL) return fprintf(stderr, "plugin: %s\n", dlerror()), 1;
  void (*change)(char*) = (void (*)(char*))dlsym(handle, "change");
  change(text);
  printf("plugin: %s\n", text);
  return 0;
}

static int address(const char* name) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
  int failure = getaddrinfo(name, "80", &hints, &found);
  if (failure != 0) return fprintf(stderr, "address: %s\n", gai_strerror(failure)), 2;
  char text[64];
  inet_ntop(AF_INET, &((struct sockaddr_in*)(void*)found->ai_addr)->sin_addr, text, sizeof text);
  printf("address: %s\n", text);
  freeaddrinfo(found);
  return 0;
}

/* The bytes of a text in hexadecimal, in place. */
static char* bytes(char* text) {
  char* to = text;
  for (const char* from = text; from[0] != 0 && from[1] != 0; from += 2) {
    char digits[3] = {from[0], from[1], 0};
    *to++ = (char)strtoul(digits, NULL, 16);
  }
  *to = 0;
  return text;
}

static int charset(const char* from_charset, char* input) {
  char output[64] = {0};
  char *from = input, *to = output;
  size_t in = strlen(input), out = sizeof output - 1;
  iconv_t converter = iconv_open("UTF-8", from_charset);
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

static int day(void) {
  time_t moment = 1719835200;
  char text[64];
  if (setlocale(LC_ALL, "") == NULL) return fprintf(stderr, "day: no such locale\n"), 8;
  strftime(text, sizeof text, "%A %H:%M %Z", localtime(&moment));
  printf("day: %s\n", text);
  return 0;
}

static int order(void) {
  if (setlocale(LC_ALL, "") == NULL) return fprintf(stderr, "order: no such locale\n"), 8;
  printf("order: %s %s\n", strcoll("äpfel", "zebra") < 0 ? "before" : "after", iswalpha(0xe4) ? "letter" : "sign");
  return 0;
}

static int user(const char* name) {
  const struct passwd* found = getpwnam(name);
  if (found == NULL) return fprintf(stderr, "user: nobody is called %s\n", name), 16;
  const struct group* group = getgrgid(found->pw_gid);
  printf("user: %u %s\n", (unsigned)found->pw_uid, group == NULL ? "?" : group->gr_name);
  return 0;
}

static int shell(const char* command) {
  char line[128] = {0};
  FILE* pipe = popen(command, "r");
  if (pipe == NULL || fgets(line, sizeof line, pipe) == NULL) return fprintf(stderr, "shell: no answer\n"), 32;
  pclose(pipe);
  printf("shell: %s", line);
  return 0;
}

int main(int count, char* words[]) {
  char euro[] = "10 \xa4";
  if (count == 1) return plugin(NULL) | address("localhost") | charset("ISO-8859-15", euro) | numbers();
  const char* way = words[1];
  char* argument = count > 2 ? words[2] : "";
  if (strcmp(way, "plugin") == 0) return plugin(argument);
  if (strcmp(way, "address") == 0) return address(argument);
  if (strcmp(way, "charset") == 0 && count > 3) return charset(argument, bytes(words[3]));
  if (strcmp(way, "day") == 0) return day();
  if (strcmp(way, "order") == 0) return order();
  if (strcmp(way, "user") == 0) return user(argument);
  if (strcmp(way, "shell") == 0) return shell(argument);
  return fprintf(stderr, "survey: %s: there is no such way\n", way), 64;
}
