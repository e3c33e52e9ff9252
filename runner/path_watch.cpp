// seccomp_unotify(2). The runtime installs a filter that stops each call that names a path until this process
// has answered; it reads the name out of the caller's memory, notes it, and lets the call go on. It sees what
// was asked for, not what came of it. A note is evidence for a reader of reports, never a decision about
// access: the caller could change the name afterwards.
//
// The links of /proc/PID (cwd, root, fd/N) read as paths from the root of the container's mount namespace,
// also where the process has changed its root folder: that is the container's own view, and all names are
// given in it.
//
// Everything is done before the answer: the caller is woken on this processor and runs once this process
// sleeps. Records are gathered and written when there are many or nothing else is to do.
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
#include <linux/seccomp.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"
#include "runner/extract.h"
#include "runner/path_calls.h"
#include "runner/process_names.h"
#include "runner/sandbox.h"
#include "runner/watch_record.h"

namespace slim {
namespace {

constexpr int accept_limit_ms = 30'000;
constexpr int message_limit_s = 10;
constexpr int flush_after_ms = 50;
constexpr std::size_t flush_from = 32U << 10;
constexpr std::size_t listeners_cap = 1024;
/// Linux 6.6: wakes the other side on the same processor, which makes an answer several times faster.
constexpr unsigned long set_flags = SECCOMP_IOW(4, std::uint64_t);
constexpr std::uint64_t sync_wake_up = 1;

/// One filter: that of the container, or of a process that was started in it later.
struct Listener {
  UniqueFd notify;
  bool started = false;  ///< what comes before the first execve is the runtime's own
};

class Watcher {
 public:
  Watcher(UniqueFd socket, UniqueFd records) : socket_(std::move(socket)), records_(std::move(records)) {
    seccomp_notif_sizes sizes{};
    ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    request_.resize(std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
    response_.resize(std::max<std::size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp)));
  }

  /// Until the last filter is gone; or none came in time.
  void run() {
    bool any = false;
    while (!any || !listeners_.empty()) {
      std::vector<pollfd> items{{.fd = socket_.get(), .events = POLLIN, .revents = 0}};
      for (const auto& listener : listeners_) {
        items.push_back({.fd = listener.notify.get(), .events = POLLIN, .revents = 0});
      }
      answer_until_changed(items, any ? -1 : accept_limit_ms);
      if (!any && items[0].revents == 0) return;
      for (std::size_t i = listeners_.size(); i > 0; --i) {
        if (hung_up(items[i])) listeners_.erase(listeners_.begin() + static_cast<std::ptrdiff_t>(i - 1));
      }
      if (items[0].revents != 0) any = accept_listener() || any;
    }
    flush();
  }

 private:
  static bool hung_up(const pollfd& item) {
    return (item.revents & POLLIN) == 0 && (item.revents & (POLLHUP | POLLERR)) != 0;
  }

  /// Answers notifications until something connects or hangs up, or `limit` ms have passed without either.
  void answer_until_changed(std::vector<pollfd>& items, int limit) {
    while (true) {
      const bool pending = !buffer_.empty();
      const int ready = ::poll(items.data(), items.size(), pending ? flush_after_ms : limit);
      if (ready < 0 && errno != EINTR) return;
      if (ready == 0 && !pending) return;
      if (ready == 0) flush();
      if (ready <= 0) continue;
      for (std::size_t i = 1; i < items.size(); ++i) {
        if ((items[i].revents & POLLIN) != 0) answer(listeners_[i - 1]);
      }
      if (buffer_.size() >= flush_from) flush();
      if (items[0].revents != 0 || std::ranges::any_of(items, hung_up)) return;
    }
  }

  bool accept_listener();

  void answer(Listener& listener) {
    std::ranges::fill(request_, std::byte{0});
    std::ranges::fill(response_, std::byte{0});
    if (::ioctl(listener.notify.get(), SECCOMP_IOCTL_NOTIF_RECV, request_.data()) != 0) return;
    seccomp_notif request{};
    std::memcpy(&request, request_.data(), sizeof request);
    look_at(listener, request);
    seccomp_notif_resp response{};
    response.id = request.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    std::memcpy(response_.data(), &response, sizeof response);
    ::ioctl(listener.notify.get(), SECCOMP_IOCTL_NOTIF_SEND,
            response_.data());  // fails where the caller was killed
  }

  void look_at(Listener& listener, const seccomp_notif& request) {
    int number = request.data.nr;
    const auto& convention = conventions_.of(request.data.arch, number);
    const PathCall* call = convention.find(number);
    if (call != nullptr && call->kind == CallKind::execute) listener.started = true;
    if (!listener.started) return;
    if (!convention.known) {
      incomplete();
      return;
    }
    if (call == nullptr) return;
    const Caller caller(static_cast<pid_t>(request.pid), changed_root_);
    for (const auto& operand : call->operands) {
      if (operand.path < 0) continue;
      const auto path = path_of(caller, request, *call, operand);
      if (!path) continue;
      const auto still_there = [&] {
        return ::ioctl(listener.notify.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &request.id) == 0;
      };
      note_path(caller, *path, operand.use | use_of(caller, request, *call), call->name, still_there);
      if (call->kind == CallKind::execute) note_process(caller, request, *call, *path, convention.wide);
    }
    if (call->kind == CallKind::change_root) changed_root_ = true;
  }

  static std::uint64_t argument(const seccomp_notif& request, int at) {
    return request.data.args[static_cast<std::size_t>(at)];
  }

  static std::optional<std::string> path_of(const Caller& caller, const seccomp_notif& request,
                                            const PathCall& call, const PathOperand& operand) {
    const auto address = argument(request, operand.path);
    if (call.kind == CallKind::socket_address) {
      const auto path = caller.socket_path(address, argument(request, call.detail));
      return path ? caller.absolute(*path, AT_FDCWD) : std::nullopt;
    }
    const int folder =
        operand.folder < 0 ? AT_FDCWD : static_cast<std::int32_t>(argument(request, operand.folder));
    const auto path = caller.string_at(address);
    if (!path) return std::nullopt;
    if (!path->empty()) return caller.absolute(*path, folder);
    // An empty one stands for the descriptor itself: it was asked for when it was opened.
    return call.kind == CallKind::execute ? caller.descriptor(folder) : std::nullopt;
  }

  static unsigned use_of(const Caller& caller, const seccomp_notif& request, const PathCall& call) {
    if (call.kind == CallKind::open) return use_of_open(argument(request, call.detail));
    if (call.kind != CallKind::open_how) return 0;
    return use_of_open(caller.number_at(argument(request, call.detail)).value_or(0));
  }

  template <typename Check>
  void note_path(const Caller& caller, const std::string& path, unsigned uses, std::string_view call,
                 const Check& still_there) {
    const auto known = seen_.find(path);
    if (known != seen_.end() && (known->second | uses) == known->second) return;
    if (!still_there()) return;  // what was read may be another process's
    if (known != seen_.end()) {
      append_uses(buffer_, path, uses & ~known->second);
      known->second |= uses;
      return;
    }
    if (seen_.size() >= watched_paths_cap || bytes_ >= watched_bytes_cap) {
      incomplete();
      return;
    }
    const auto before = buffer_.size();
    append_path(buffer_,
                {.path = path, .uses = uses, .program = caller.program(), .call = std::string(call)});
    bytes_ += buffer_.size() - before;
    seen_.emplace(path, uses);
  }

  /// A shell tries each folder of PATH: only what can be executed is a process.
  void note_process(const Caller& caller, const seccomp_notif& request, const PathCall& call,
                    const std::string& path, bool wide) {
    if (!is_executable(caller, path)) return;
    const StartedProcess process{.program = path,
                                 .argv = caller.words_at(argument(request, call.detail), wide)};
    std::string record;
    append_process(record, process);
    if (processes_.contains(record)) return;
    if (processes_.size() >= watched_processes_cap || bytes_ >= watched_bytes_cap) {
      incomplete();
      return;
    }
    bytes_ += record.size();
    buffer_ += record;
    processes_.insert(std::move(record));
  }

  bool is_executable(const Caller& caller, const std::string& path) {
    if (!root_) root_ = caller.root_folder();
    const UniqueFd file(open_in_root(root_.get(), path, O_PATH | O_CLOEXEC));
    struct stat status{};
    return file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & 0111U) != 0;
  }

  void incomplete() {
    if (!std::exchange(complete_, false)) return;
    append_incomplete(buffer_);
  }

  void flush() {
    const char* data = buffer_.data();
    std::size_t left = buffer_.size();
    while (left > 0) {
      const auto written = ::write(records_.get(), data, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;  // nobody reads any more; the container still needs its answers
      data += written;
      left -= static_cast<std::size_t>(written);
    }
    buffer_.clear();
  }

  UniqueFd socket_;
  UniqueFd records_;
  std::vector<Listener> listeners_;
  CallConventions conventions_;
  std::vector<std::byte> request_;
  std::vector<std::byte> response_;
  std::string buffer_;
  std::unordered_map<std::string, unsigned> seen_;
  std::unordered_set<std::string> processes_;
  UniqueFd root_;  ///< the container's
  std::size_t bytes_ = 0;
  bool changed_root_ = false;  ///< some process has: each one's root has to be asked for
  bool complete_ = true;
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
      ::listen(fd.get(), 64) != 0) {
    throw system_error("path watch", "listening at " + path, errno);
  }
  return fd;
}

/// The notification descriptor comes with a JSON text about the container; empty where none comes in time.
UniqueFd receive_descriptor(int listener) {
  const UniqueFd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  const timeval limit{.tv_sec = message_limit_s, .tv_usec = 0};
  if (!connection || ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
    return {};
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

bool Watcher::accept_listener() {
  Listener listener{.notify = receive_descriptor(socket_.get())};
  if (!listener.notify || listeners_.size() >= listeners_cap) return false;
  ::ioctl(listener.notify.get(), set_flags, sync_wake_up);  // where it is not known, answers are only slower
  listeners_.push_back(std::move(listener));
  return true;
}

/// The ends of other pipes are ends of file that others wait for.
void close_all_but(int first, int second) {
  const int last = std::max(first, second);
  for (int fd = 3; fd < last; ++fd) {
    if (fd != first && fd != second) ::close(fd);
  }
  ::close_range(static_cast<unsigned>(last) + 1, ~0U, 0);
}

}  // namespace

pid_t fork_path_watcher(const std::string& socket_path, UniqueFd records) {
  UniqueFd socket = listen_at(socket_path);
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error("path watch", "starting its process", errno);
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  close_all_but(socket.get(), records.get());
  Watcher(std::move(socket), std::move(records)).run();
  ::_exit(0);
}

}  // namespace slim
