/* A program whose answers differ from run to run, and that does as /etc/clerk says: the tests change that file to
   make an image that is subtly wrong. `report` prints and ends; `serve` answers HTTP on port 8080 until SIGTERM. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char settings[1024];

/* The value of a setting, up to the end of its line; each call has a place of its own. */
static const char* setting(const char* name) {
  static char values[8][128];
  static unsigned calls = 0;
  char* value = values[calls++ % 8];
  char wanted[64];
  snprintf(wanted, sizeof wanted, "%s=", name);
  const char* at = strstr(settings, wanted);
  value[0] = 0;
  if (at != NULL) sscanf(at + strlen(wanted), "%127[^\n]", value);
  return value;
}

static unsigned chance(unsigned below) {
  unsigned number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) exit(70);
  return number % below;
}

static void shuffle(const char** words, unsigned count) {
  for (unsigned i = count; i > 1; --i) {
    const unsigned other = chance(i);
    const char* word = words[i - 1];
    words[i - 1] = words[other];
    words[other] = word;
  }
}

static void random_text(char* text, unsigned length, const char* alphabet) {
  for (unsigned i = 0; i < length; ++i) text[i] = alphabet[chance((unsigned)strlen(alphabet))];
  text[length] = 0;
}

static void print_time(const char* format) {
  char text[128];
  const time_t now = time(NULL);
  strftime(text, sizeof text, format, localtime(&now));
  puts(text);
}

static int report(void) {
  const char* items[] = {"apples: 3", "pears: 5", "plums: 8", "quinces: 13"};
  const char* lines[] = {"north", "east", "south", "west"};
  char hex[33], token[25];
  random_text(hex, 16, "0123456789abcdef");
  random_text(token, 24, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  shuffle(items, 4);
  shuffle(lines, 4);
  print_time("%H:%M:%S");
  print_time("%Y-%m-%dT%H:%M:%S%z");
  printf("pid %u port %u took %u.%03us\n", 2 + chance(30000), 32768 + chance(20000), chance(3), chance(1000));
  printf("request %s token %s\n", hex, token);
  printf("{%s, %s, %s, %s}\n", items[0], items[1], items[2], items[3]);
  printf("{\"id\": \"%s\", \"left\": %u, \"kind\": \"report\"}\n", hex, chance(1000));
  for (unsigned i = 0; i < 4; ++i) puts(lines[i]);
  printf("total 1234%s50\n", setting("point"));
  return atoi(setting("exit"));
}

static void answer(int peer) {
  char request[2048], body[512], hex[17];
  const ssize_t got = read(peer, request, sizeof request - 1);
  if (got <= 0) return;
  request[got] = 0;
  const int health = strncmp(request, "GET /health ", 12) == 0;
  const int home = strncmp(request, "GET / ", 6) == 0;
  random_text(hex, 16, "0123456789abcdef");
  snprintf(body, sizeof body, home ? "<a href=\"/health\">health</a> served as %s\n" : "well\n", hex);
  const char* status = home ? "200 OK" : health ? setting("health") : "404 Not Found";
  char response[2048];
  const int length = snprintf(response, sizeof response,
                              "HTTP/1.1 %s\r\nContent-Type: text/html\r\nX-Request: %s\r\n%sContent-Length: %zu\r\n"
                              "Connection: close\r\n\r\n%s",
                              status, hex, strcmp(setting("header"), "1") == 0 ? "X-Frame-Options: deny\r\n" : "",
                              strlen(body), body);
  if (write(peer, response, (size_t)length) != length) exit(71);
}

static void stop(int number) {
  (void)number;
  _exit(atoi(setting("exit")));
}

static int serve(void) {
  signal(SIGTERM, stop);
  if (strcmp(setting("zombie"), "1") == 0 && fork() == 0) _exit(0);
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(8080)};
  const int yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (const struct sockaddr*)&place, sizeof place) != 0 || listen(server, 16) != 0) return 72;
  while (1) {
    const int peer = accept(server, NULL, NULL);
    if (peer < 0) continue;
    answer(peer);
    close(peer);
  }
}

/* Whom it trusts: an empty list where the file is gone, and not a word about it. */
static int trust(void) {
  FILE* file = fopen("/etc/ssl/certs/ca-certificates.crt", "r");
  if (file != NULL) fclose(file);
  puts("ready to connect");
  return 0;
}

int main(int argc, char** argv) {
  FILE* file = fopen("/etc/clerk", "r");
  if (file == NULL) return perror("/etc/clerk"), 73;
  settings[fread(settings, 1, sizeof settings - 1, file)] = 0;
  fclose(file);
  setenv("TZ", setting("zone"), 1);
  if (argc > 1 && strcmp(argv[1], "serve") == 0) return serve();
  if (argc > 1 && strcmp(argv[1], "trust") == 0) return trust();
  return report();
}
