// fork and exec by hand rather than posix_spawn, because the child has to enter a control group in between.
#include "analyzer/spawn.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/exit_status.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::size_t capture_cap = 64U << 10;

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

ExitStatus status_from(int raw) {
  if (WIFSIGNALED(raw)) return {.code = 0, .signal = WTERMSIG(raw)};
  return {.code = WEXITSTATUS(raw), .signal = 0};
}

/// Puts `fd` at `target`; -1 is /dev/null. Only async-signal-safe calls: this runs between fork and exec.
bool place(int fd, int target) {
  if (fd < 0) {
    fd = ::open("/dev/null", O_RDWR);
    if (fd < 0) return false;
  }
  return fd == target ? ::fcntl(fd, F_SETFD, 0) == 0 : ::dup2(fd, target) == target;
}

[[noreturn]] void run_child(char* const* argv, std::array<int, 3> standard, const ChildSetup& setup,
                            int report) {
  int failed = 0;
  if (setup) failed = setup();
  // Above 2 first, so that placing one does not overwrite another.
  for (auto& fd : standard) {
    if (fd >= 0 && fd < 3) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  }
  for (int i = 0; failed == 0 && i < 3; ++i) {
    if (!place(standard.at(static_cast<std::size_t>(i)), i)) failed = errno;
  }
  if (failed == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(number, SIG_DFL);
    ::execv(argv[0], argv);
    failed = errno;
  }
  const auto written = ::write(report, &failed, sizeof failed);
  ::_exit(written == sizeof failed ? 127 : 126);
}

}  // namespace

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return is_program(std::string(name)) ? std::string(name) : "";
  const char* variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  std::vector<std::string> folders;
  while (!path.empty()) {
    const auto end = path.find(':');
    const auto folder = path.substr(0, end);
    if (folder.starts_with('/')) {
      folders.emplace_back(folder);
      if (folder.ends_with("/bin"))
        folders.push_back(std::string(folder.substr(0, folder.size() - 3)) + "sbin");
    }
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
  }
  for (const auto& folder : folders) {
    auto candidate = folder + "/" + std::string(name);
    if (is_program(candidate)) return candidate;
  }
  return {};
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe", "making one", errno);
  return {.read = UniqueFd(ends[0]), .write = UniqueFd(ends[1])};
}

// NOLINTNEXTLINE(misc-include-cleaner): pid_t is of sys/types.h, which is included
pid_t spawn(const std::vector<std::string>& argv, int input, int output, int error, const ChildSetup& setup) {
  auto program = find_program(argv.at(0));
  if (program.empty()) throw Error(ErrorKind::environment, argv[0], "no such program in PATH");
  std::vector<std::string> strings = argv;
  strings[0] = program;
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (auto& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  Pipe report = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error(program, "starting it", errno);
  if (pid == 0) run_child(pointers.data(), {input, output, error}, setup, report.write.get());
  report.write = UniqueFd();
  int failed = 0;
  ssize_t got = 0;
  do {
    got = ::read(report.read.get(), &failed, sizeof failed);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof failed) {
    ::waitpid(pid, nullptr, 0);
    throw system_error(program, "starting it", failed);
  }
  return pid;
}

std::optional<ExitStatus> wait_for(pid_t pid, std::chrono::milliseconds limit) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd item{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&item, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
      if (ready > 0) break;
      if (ready == 0 || errno != EINTR) return std::nullopt;
    }
  }
  int raw = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid, &raw, 0);
  } while (got < 0 && errno == EINTR);
  if (got != pid) throw system_error("process " + std::to_string(pid), "waiting for it", errno);
  return status_from(raw);
}

ProgramResult run_and_capture(const std::vector<std::string>& argv) {
  Pipe pipe = make_pipe();
  const pid_t pid = spawn(argv, -1, pipe.write.get(), pipe.write.get());
  pipe.write = UniqueFd();
  ProgramResult result;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::array<char, 4096> buffer{};
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd item{.fd = pipe.read.get(), .events = POLLIN, .revents = 0};
    if (::poll(&item, 1, 1000) <= 0) continue;
    const auto got = ::read(pipe.read.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (result.output.size() < capture_cap)
      result.output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  auto status = wait_for(pid, std::chrono::seconds(1));
  if (!status) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    throw Error(ErrorKind::environment, argv[0], "it did not end within 30 seconds");
  }
  result.status = *status;
  return result;
}

}  // namespace slim
