// Framing: eight bytes (length of the body, count of descriptors; native order, for both ends are this
// program), with which the descriptors travel (unix(7), SCM_RIGHTS); then the body: each string, the name
// first, behind its length.
#include "runner/message.h"

#include <array>
#include <asm-generic/socket.h>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::uint32_t body_cap = 16U << 20;
constexpr std::size_t fd_cap = 8;

struct Header {
  std::uint32_t length = 0;
  std::uint32_t fds = 0;
};

void append(std::string& body, const std::string& text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  std::array<char, sizeof length> raw{};
  std::memcpy(raw.data(), &length, sizeof length);
  body.append(raw.data(), raw.size());
  body += text;
}

std::optional<std::vector<std::string>> split(const std::string& body) {
  std::vector<std::string> strings;
  std::size_t at = 0;
  while (at < body.size()) {
    std::uint32_t length = 0;
    if (body.size() - at < sizeof length) return std::nullopt;
    std::memcpy(&length, body.data() + at, sizeof length);
    at += sizeof length;
    if (body.size() - at < length) return std::nullopt;
    strings.push_back(body.substr(at, length));
    at += length;
  }
  return strings;
}

bool send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, char* data, std::size_t size) {
  while (size > 0) {
    const auto got = ::recv(socket, data, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_header(int socket, Header header, const std::vector<UniqueFd>& fds) {
  iovec part{.iov_base = &header, .iov_len = sizeof header};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * fd_cap)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    for (std::size_t i = 0; i < fds.size(); ++i) {
      const int fd = fds[i].get();
      std::memcpy(CMSG_DATA(rights) + (i * sizeof fd), &fd, sizeof fd);
    }
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof header);
}

bool receive_header(int socket, Header& header, std::vector<UniqueFd>& fds) {
  iovec part{.iov_base = &header, .iov_len = sizeof header};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * fd_cap)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  } while (got < 0 && errno == EINTR);
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); got > 0 && item != nullptr;
       item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(item) + (i * sizeof fd), sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return got == static_cast<ssize_t>(sizeof header);
}

}  // namespace

SocketPair make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw system_error("sandbox", "making a socket pair", errno);
  }
  return {.first = UniqueFd(ends[0]), .second = UniqueFd(ends[1])};
}

bool send_message(int socket, const Message& message) {
  std::string body;
  append(body, message.name);
  for (const auto& field : message.fields) append(body, field);
  if (body.size() > body_cap || message.fds.size() > fd_cap) {
    throw Error(
        ErrorKind::environment, "sandbox",
        "a message of " + std::to_string(body.size()) + " bytes is more than the 16 MiB that are allowed");
  }
  const Header header{.length = static_cast<std::uint32_t>(body.size()),
                      .fds = static_cast<std::uint32_t>(message.fds.size())};
  return send_header(socket, header, message.fds) && send_all(socket, body.data(), body.size());
}

std::optional<Message> receive_message(int socket) {
  Header header;
  Message message;
  if (!receive_header(socket, header, message.fds)) return std::nullopt;
  if (header.length > body_cap || header.fds != message.fds.size()) return std::nullopt;
  std::string body(header.length, '\0');
  if (!receive_all(socket, body.data(), body.size())) return std::nullopt;
  auto strings = split(body);
  if (!strings || strings->empty()) return std::nullopt;
  message.name = std::move(strings->front());
  strings->erase(strings->begin());
  message.fields = std::move(*strings);
  return message;
}

Message error_message(const Error& error) {
  return {.name = "error",
          .fields = {std::to_string(static_cast<int>(error.kind())), error.what(), error.hint()},
          .fds = {}};
}

Error error_from(const Message& message) {
  if (message.fields.size() != 3) return {ErrorKind::environment, "sandbox", "it sent an unreadable error"};
  auto kind = ErrorKind::environment;
  if (message.fields[0] == std::to_string(static_cast<int>(ErrorKind::input))) kind = ErrorKind::input;
  if (message.fields[0] == std::to_string(static_cast<int>(ErrorKind::usage))) kind = ErrorKind::usage;
  const auto& text = message.fields[1];
  const auto colon = text.find(": ");
  if (colon == std::string::npos) return {kind, "sandbox", text, message.fields[2]};
  return {kind, text.substr(0, colon), text.substr(colon + 2), message.fields[2]};
}

}  // namespace slim
