/* The program that the sandbox's tests run inside containers: static, so that an image needs nothing else.
   Usage: inside COMMAND ARG..., several commands divided by ",". Each prints one line. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

extern char** environ;
static volatile sig_atomic_t got_signal = 0;
static void on_signal(int number) { got_signal = number; }

static void cat(const char* path) {
  char buffer[4096];
  ssize_t got;
  int fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY);
  if (fd < 0) {
    printf("cannot open %s: %s\n", path, strerror(errno));
    return;
  }
  fflush(stdout);
  while ((got = read(fd, buffer, sizeof buffer)) > 0) {
    if (write(1, buffer, (size_t)got) != got) return;
  }
}

static void show(const char* path) {
  struct stat s;
  if (lstat(path, &s) != 0) {
    printf("no %s\n", path);
    return;
  }
  printf("%s %o %u:%u links %lu size %ld time %ld\n", path, (unsigned)s.st_mode, s.st_uid, s.st_gid,
         (unsigned long)s.st_nlink, S_ISDIR(s.st_mode) ? 0L : (long)s.st_size, (long)s.st_mtime);
}

static void show_attribute(const char* path, const char* name) {
  unsigned char value[256];
  ssize_t size = getxattr(path, name, value, sizeof value);
  if (size < 0) printf("no %s", name);
  for (ssize_t i = 0; i < size; ++i) printf("%02x", value[i]);
  printf("\n");
}

static void fill(const char* path, long megabytes) {
  static char block[1 << 20];
  int fd = open(path, O_WRONLY | O_CREAT, 0600);
  long done = 0;
  memset(block, 'x', sizeof block);
  while (done < megabytes && write(fd, block, sizeof block) == (ssize_t)sizeof block) ++done;
  printf("filled %s\n", done == megabytes ? "all" : strerror(errno));
}

static void fork_many(long count) {
  long made = 0;
  for (; made < count; ++made) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  printf("forked %s\n", made == count ? "all" : "not all");
}

static void use_memory(long megabytes) {
  char* block = malloc((size_t)megabytes << 20);
  if (block == NULL) {
    printf("no memory\n");
    return;
  }
  memset(block, 1, (size_t)megabytes << 20);
  printf("used %d\n", block[megabytes]);
}

static void reach(const char* address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  inet_pton(AF_INET, address, &to.sin_addr);
  printf("connect: %s\n", connect(fd, (struct sockaddr*)&to, sizeof to) == 0 ? "done" : strerror(errno));
}

static void processes(void) {
  DIR* folder = opendir("/proc");
  struct dirent* entry;
  int count = 0;
  while (folder != NULL && (entry = readdir(folder)) != NULL) count += atoi(entry->d_name) > 0;
  printf("processes %d, own %d\n", count, (int)getpid());
}

/* One HTTP response for each connection, until a SIGTERM. */
static int serve(int port, const char* body, int status) {
  struct sigaction action = {.sa_handler = on_signal};
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sigaction(SIGTERM, &action, NULL);
  if (bind(fd, (struct sockaddr*)&at, sizeof at) != 0 || listen(fd, 16) != 0) return 9;
  while (!got_signal) {
    struct pollfd item = {.fd = fd, .events = POLLIN};
    char request[4096];
    int connection;
    if (poll(&item, 1, -1) <= 0 || (connection = accept(fd, NULL, NULL)) < 0) continue;
    if (read(connection, request, sizeof request) > 0) {
      dprintf(connection, "HTTP/1.1 200 OK\r\nServer: inside\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    }
    close(connection);
  }
  return status;
}

/* A Unix socket: '@' begins an abstract name. */
static int unix_socket(const char* path, int type, int listens) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (*path != '@'));
  int fd = socket(AF_UNIX, type, 0);
  strncpy(at.sun_path, path, sizeof at.sun_path - 1);
  if (*path == '@') at.sun_path[0] = 0;
  if (!listens) return connect(fd, (struct sockaddr*)&at, length);
  if (bind(fd, (struct sockaddr*)&at, length) != 0) return -1;
  return type == SOCK_STREAM ? listen(fd, 1) : 0;
}

/* As often as it says, and how many seconds that took into `report`. */
static void open_often(long count, const char* path, const char* report) {
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long i = 0; i < count; ++i) close(open(path, O_RDONLY));
  clock_gettime(CLOCK_MONOTONIC, &end);
  dprintf(open(report, O_WRONLY | O_CREAT, 0644), "%f\n",
          (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
}

static int udp_socket(int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  return bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr*)&at, sizeof at);
}

static void* open_in_thread(void* path) {
  open(path, O_RDONLY);
  return NULL;
}

/* open(2) as a 32-bit program calls it; the name has to lie low. */
static void open_by_int80(const char* path) {
#ifdef __x86_64__
  static char low[256];
  long result = 5;
  strncpy(low, path, sizeof low - 1);
  __asm__ volatile("int $0x80" : "+a"(result) : "b"(low), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
  printf("int80: %s\n", result >= 0 ? "done" : strerror((int)-result));
#else
  printf("int80: not on this machine %s\n", path);
#endif
}

static void spawn_program(int count, char** words) {
  pid_t pid = fork();
  if (pid == 0) {
    char* argv[16] = {0};
    for (int i = 1; i < count && i < 16; ++i) argv[i - 1] = words[i];
    execvp(argv[0], argv);
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  printf("spawned %d\n", WEXITSTATUS(status));
}

/* Leaves a process behind that holds no terminal, and no output where asked. */
static void leave_daemon(const char* path, int keeps_output) {
  int done[2];
  char byte;
  if (pipe(done) != 0) return;
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      open(path, O_RDONLY);
      close(done[0]), close(done[1]);
      if (!keeps_output) close(1), close(2);
      for (;;) pause();
    }
    _exit(0);
  }
  wait(NULL);
  close(done[1]);
  while (read(done[0], &byte, 1) > 0) continue;
  close(done[0]);
}

/* What is done to names, each by the call of that name. */
static int change(const char* name, const char* first, const char* second) {
  if (!strcmp(name, "mkdir")) return mkdir(first, 0755);
  if (!strcmp(name, "rmdir")) return rmdir(first);
  if (!strcmp(name, "unlink")) return unlink(first);
  if (!strcmp(name, "rename")) return rename(first, second);
  if (!strcmp(name, "link")) return link(first, second);
  if (!strcmp(name, "symlink")) return symlink(first, second);
  if (!strcmp(name, "chmod")) return chmod(first, (mode_t)strtol(second, NULL, 8));
  if (!strcmp(name, "chdir")) return chdir(first);
  if (!strcmp(name, "chroot")) return chroot(first);
  if (!strcmp(name, "openat")) return openat(open(first, O_RDONLY | O_DIRECTORY), second, O_RDONLY) < 0;
  if (!strcmp(name, "rw")) return open(first, O_RDWR) < 0;
  if (!strcmp(name, "connect")) return unix_socket(first, SOCK_STREAM, 0);
  if (!strcmp(name, "listen")) return unix_socket(first, SOCK_STREAM, 1);
  if (!strcmp(name, "log")) return unix_socket(first, SOCK_DGRAM, 1);
  if (!strcmp(name, "udp")) return udp_socket(atoi(first));
  if (!strcmp(name, "io_uring")) return (int)syscall(425, 1, NULL);
  return 1;
}

static int command(int count, char** words) {
  const char* name = words[0];
  const char* first = count > 1 ? words[1] : "";
  const char* second = count > 2 ? words[2] : "";
  if (!strcmp(name, "exit")) exit(atoi(first));
  if (!strcmp(name, "kill")) kill(getpid(), atoi(first));
  if (!strcmp(name, "abort")) signal(SIGABRT, SIG_DFL), abort();
  if (!strcmp(name, "print")) printf("%s\n", first);
  if (!strcmp(name, "error")) fprintf(stderr, "%s\n", first);
  if (!strcmp(name, "id")) printf("id %u:%u\n", getuid(), getgid());
  if (!strcmp(name, "groups")) {
    gid_t groups[32];
    int size = getgroups(32, groups);
    for (int i = 0; i < size; ++i) printf("%u ", groups[i]);
    printf("\n");
  }
  if (!strcmp(name, "cat")) cat(first);
  if (!strcmp(name, "stat")) show(first);
  if (!strcmp(name, "xattr")) show_attribute(first, second);
  if (!strcmp(name, "env")) for (char** e = environ; *e; ++e) printf("%s\n", *e);
  if (!strcmp(name, "cwd")) printf("%s\n", getcwd((char[4096]){0}, 4096));
  if (!strcmp(name, "fill")) fill(first, atol(second));
  if (!strcmp(name, "fork")) fork_many(atol(first));
  if (!strcmp(name, "memory")) use_memory(atol(first));
  if (!strcmp(name, "reach")) reach(first, atoi(second));
  if (!strcmp(name, "processes")) processes();
  if (!strcmp(name, "mount")) printf("mount: %s\n", mount("tmpfs", "/tmp", "tmpfs", 0, "") ? strerror(errno) : "done");
  if (!strcmp(name, "unshare")) printf("unshare: %s\n", unshare(CLONE_NEWUSER) ? strerror(errno) : "done");
  if (!strcmp(name, "mknod")) printf("mknod: %s\n", mknod("/disk", S_IFBLK | 0600, makedev(8, 0)) ? strerror(errno) : "done");
  if (!strcmp(name, "touch")) printf("touch: %s\n", open(first, O_WRONLY | O_CREAT, 0644) < 0 ? strerror(errno) : "done");
  if (!strcmp(name, "append")) dprintf(open(first, O_WRONLY | O_APPEND), "%s\n", second);
  if (!strcmp(name, "do")) printf("%s: %s\n", first, change(first, second, count > 3 ? words[3] : "") ? strerror(errno) : "done");
  if (!strcmp(name, "int80")) open_by_int80(first);
  if (!strcmp(name, "spawn")) spawn_program(count, words);
  if (!strcmp(name, "daemon")) leave_daemon(first, !strcmp(second, "loud"));
  if (!strcmp(name, "many")) {
    char path[4096];
    memset(path, '/', sizeof path);
    for (long i = 0; i < atol(first); ++i) {
      memset(path + 1, 'x', 4000);
      snprintf(path + 4001, 64, "/%ld", i);
      access(path, F_OK);
    }
  }
  if (!strcmp(name, "opens")) open_often(atol(first), second, count > 3 ? words[3] : "/dev/null");
  if (!strcmp(name, "thread")) {
    pthread_t thread;
    pthread_create(&thread, NULL, open_in_thread, (void*)first);
    pthread_join(thread, NULL);
  }
  if (!strcmp(name, "serve")) exit(serve(atoi(first), second, count > 3 ? atoi(words[3]) : 0));
  if (!strcmp(name, "wait")) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    printf("ready\n");
    fflush(stdout);
    while (!got_signal) poll(NULL, 0, 100);
    printf("got %d\n", (int)got_signal);
  }
  if (!strcmp(name, "sleep")) for (;;) pause();
  fflush(stdout);
  return 0;
}

int main(int argc, char** argv) {
  int begin = 1;
  for (int i = 1; i <= argc; ++i) {
    if (i < argc && strcmp(argv[i], ",") != 0) continue;
    if (i > begin) command(i - begin, argv + begin);
    begin = i + 1;
  }
  return 0;
}
