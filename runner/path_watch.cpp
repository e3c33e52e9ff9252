// seccomp_unotify(2). The runtime installs a filter that stops each call that names a path until this process
// has answered; it reads the name out of the caller's memory, notes it, and lets the call go on. It sees what
// was asked for, not what came of it. A note is evidence for a reader of reports, never a decision about
// access: the caller could change the name afterwards.
#include "runner/path_watch.h"

#include <algorithm>
#include <array>
#include <asm-generic/socket.h>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr int accept_limit_ms = 30'000;
constexpr std::size_t paths_cap = 200'000;
constexpr std::size_t path_cap = 4096;
constexpr std::size_t page = 4096;
/// Linux 6.6: wakes the other side on the same processor, which makes an answer several times faster.
constexpr unsigned long set_flags = SECCOMP_IOW(4, std::uint64_t);
constexpr std::uint64_t sync_wake_up = 1;

#if defined(__x86_64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t native_arch = AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_S390X;
#endif

/// Which arguments of a call are the folder's descriptor (-1: none, the working folder) and the path.
struct PathArguments {
  int folder = -1;
  std::size_t path = 0;
};

std::optional<PathArguments> arguments_of(int call) {
  switch (call) {
#ifdef __NR_open
    case __NR_open:
    case __NR_creat:
    case __NR_stat:
    case __NR_lstat:
    case __NR_access:
    case __NR_readlink:
    case __NR_mkdir:
    case __NR_rmdir:
    case __NR_unlink:
    case __NR_chmod:
    case __NR_chown:
    case __NR_lchown:
    case __NR_rename:
#endif
    case __NR_chdir:
    case __NR_truncate:
    case __NR_statfs:
    case __NR_execve:
      return PathArguments{.folder = -1, .path = 0};
#ifdef __NR_newfstatat
    case __NR_newfstatat:
#endif
    case __NR_openat:
    case __NR_openat2:
    case __NR_statx:
    case __NR_faccessat:
    case __NR_faccessat2:
    case __NR_readlinkat:
    case __NR_execveat:
    case __NR_mkdirat:
    case __NR_unlinkat:
    case __NR_fchmodat:
    case __NR_fchownat:
    case __NR_renameat2:
      return PathArguments{.folder = 0, .path = 1};
    default:
      return std::nullopt;
  }
}

bool is_exec(int call) {
  return call == __NR_execve || call == __NR_execveat;
}

/// A string out of another process, page by page, since the next page may not exist.
std::optional<std::string> read_string(pid_t pid, std::uint64_t address) {
  std::string text;
  std::array<char, page> buffer{};
  while (text.size() < path_cap) {
    const std::size_t size = page - (address % page);
    const iovec local{.iov_base = buffer.data(), .iov_len = size};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process, never used here
    const iovec remote{.iov_base = reinterpret_cast<void*>(address), .iov_len = size};
    const auto got = ::process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (got <= 0) return std::nullopt;
    const auto* end = std::find(buffer.data(), buffer.data() + got, '\0');
    text.append(static_cast<const char*>(buffer.data()), end);
    if (end != buffer.data() + got) return text;
    address += static_cast<std::uint64_t>(got);
  }
  return std::nullopt;
}

std::optional<std::string> read_link(const std::string& path) {
  std::array<char, path_cap> buffer{};
  const auto got = ::readlink(path.c_str(), buffer.data(), buffer.size());
  if (got <= 0 || buffer[0] != '/') return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

class Watcher {
 public:
  Watcher(UniqueFd notify, UniqueFd paths) : notify_(std::move(notify)), paths_(std::move(paths)) {
    seccomp_notif_sizes sizes{};
    ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    request_.resize(std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
    response_.resize(std::max<std::size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp)));
    ::ioctl(notify_.get(), set_flags, sync_wake_up);  // where it is not known, answers are only slower
  }

  void run() {
    while (true) {
      pollfd item{.fd = notify_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&item, 1, -1) < 0 && errno != EINTR) return;
      if ((item.revents & POLLIN) != 0) {
        answer();
      } else if ((item.revents & (POLLHUP | POLLERR)) != 0) {
        return;
      }
    }
  }

 private:
  void answer() {
    std::ranges::fill(request_, std::byte{0});
    std::ranges::fill(response_, std::byte{0});
    if (::ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_RECV, request_.data()) != 0) return;
    seccomp_notif request{};
    std::memcpy(&request, request_.data(), sizeof request);
    note(request);
    seccomp_notif_resp response{};
    response.id = request.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    std::memcpy(response_.data(), &response, sizeof response);
    ::ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_SEND, response_.data());  // fails where the caller was killed
  }

  void note(const seccomp_notif& request) {
    // What comes before the first execve is the runtime's own.
    started_ = started_ || is_exec(request.data.nr);
    const auto where = request.data.arch == native_arch ? arguments_of(request.data.nr) : std::nullopt;
    if (!started_ || !where || seen_.size() >= paths_cap) return;
    const auto path = absolute_path(request, *where);
    const bool valid = ::ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &request.id) == 0;
    if (!path || !valid || !seen_.insert(*path).second) return;
    const char* data = path->c_str();
    std::size_t left = path->size() + 1;
    while (left > 0) {
      const auto written = ::write(paths_.get(), data, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // nobody reads any more; the container still needs its answers
      data += written;
      left -= static_cast<std::size_t>(written);
    }
  }

  static std::optional<std::string> absolute_path(const seccomp_notif& request, const PathArguments& where) {
    const auto pid = static_cast<pid_t>(request.pid);
    auto path = read_string(pid, request.data.args[where.path]);
    if (!path || path->empty()) return std::nullopt;  // an empty one stands for the descriptor itself
    if (!path->starts_with('/')) {
      auto folder = "/proc/" + std::to_string(pid) + "/cwd";
      if (where.folder >= 0) {
        const auto fd = static_cast<std::int32_t>(request.data.args[static_cast<std::size_t>(where.folder)]);
        if (fd != AT_FDCWD) folder = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
      }
      const auto base = read_link(folder);
      if (!base) return std::nullopt;
      path = *base + "/" + *path;
    }
    return plain(*path);
  }

  /// Without empty components and "."; ".." stays, since what it leads to depends on symlinks.
  static std::string plain(std::string_view path) {
    std::string text;
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      const auto component = path.substr(at, end - at);
      if (!component.empty() && component != ".") text.append("/").append(component);
      at = end + 1;
    }
    return text.empty() ? "/" : text;
  }

  UniqueFd notify_;
  UniqueFd paths_;
  std::vector<std::byte> request_;
  std::vector<std::byte> response_;
  std::unordered_set<std::string> seen_;
  bool started_ = false;
};

UniqueFd listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw Error(ErrorKind::environment, "path watch", "the path of its socket is too long: " + path);
  }
  std::ranges::copy(path, std::begin(address.sun_path));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 1) != 0) {
    throw system_error("path watch", "listening at " + path, errno);
  }
  return fd;
}

/// The notification descriptor comes with a JSON text about the container; empty where none comes in time.
UniqueFd receive_descriptor(int listener) {
  pollfd item{.fd = listener, .events = POLLIN, .revents = 0};
  if (::poll(&item, 1, accept_limit_ms) != 1) return {};
  const UniqueFd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return {};
  std::array<char, 16384> text{};
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 4)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC) <= 0) return {};
  const cmsghdr* rights = CMSG_FIRSTHDR(&message);
  if (rights == nullptr || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return UniqueFd(fd);
}

}  // namespace

pid_t fork_path_watcher(const std::string& socket_path, UniqueFd paths) {
  const UniqueFd listener = listen_at(socket_path);
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error("path watch", "starting its process", errno);
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  if (UniqueFd notify = receive_descriptor(listener.get())) {
    // Nothing but these two may stay open: the ends of other pipes are ends of file that others wait for.
    const int keep = std::max(notify.get(), paths.get());
    for (int fd = 3; fd < keep; ++fd) {
      if (fd != notify.get() && fd != paths.get()) ::close(fd);
    }
    ::close_range(static_cast<unsigned>(keep) + 1, ~0U, 0);
    Watcher(std::move(notify), std::move(paths)).run();
  }
  ::_exit(0);
}

}  // namespace slim
