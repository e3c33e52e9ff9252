// setns(2) into a network namespace cannot be undone here, so that a child enters it, makes the connection,
// and hands the socket back: a socket stays in the namespace that it was made in.
#include "runner/container_network.h"

#include <arpa/inet.h>
#include <asm-generic/socket.h>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "analyzer/unique_fd.h"
#include "runner/message.h"

namespace slim {
namespace {

constexpr int connect_limit_ms = 2000;

bool enter_network_of(pid_t pid) {
  if (pid == 0) return true;
  const UniqueFd network(::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  return network && ::setns(network.get(), CLONE_NEWNET) == 0;
}

bool finish_connecting(int fd) {
  pollfd item{.fd = fd, .events = POLLOUT, .revents = 0};
  int failed = 0;
  socklen_t length = sizeof failed;
  return ::poll(&item, 1, connect_limit_ms) == 1 &&
         ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &length) == 0 && failed == 0;
}

UniqueFd connect_here(const std::string& address, std::uint16_t port) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    length = sizeof v4;
    std::memcpy(&storage, &v4, length);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    length = sizeof v6;
    std::memcpy(&storage, &v6, length);
  } else {
    return {};
  }
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return {};
  const int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length);
  if (result != 0 && (errno != EINPROGRESS || !finish_connecting(fd.get()))) return {};
  return fd;
}

}  // namespace

UniqueFd connect_inside(pid_t pid, const std::string& address, std::uint16_t port) {
  SocketPair sockets = make_socket_pair();
  const pid_t child = ::fork();
  if (child < 0) return {};
  if (child == 0) {
    Message message{.name = "refused", .fields = {}, .fds = {}};
    if (enter_network_of(pid)) {
      if (auto fd = connect_here(address, port)) message.fds.push_back(std::move(fd));
    }
    ::_exit(send_message(sockets.second.get(), message) ? 0 : 1);
  }
  sockets.second = UniqueFd();
  auto message = receive_message(sockets.first.get());
  ::waitpid(child, nullptr, 0);
  if (!message || message->fds.empty()) return {};
  return std::move(message->fds.front());
}

}  // namespace slim
