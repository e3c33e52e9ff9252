// A server on loopback or on a Unix socket whose every answer the test writes by hand.
#pragma once

#include <arpa/inet.h>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace slim::test {

/// One connection of a client, in the server's hands.
class HttpPeer {
 public:
  explicit HttpPeer(int fd) : fd_(fd) {}

  /// The next request: its line, headers (a line each) and body; false where the client has gone, or speaks
  /// TLS.
  bool receive() {
    body.clear();
    const auto end = [this] { return buffer_.find("\r\n\r\n"); };
    while (end() == std::string::npos) {
      if (buffer_.starts_with('\x16') || !more()) return false;  // a handshake of TLS: it is not spoken here
    }
    head = buffer_.substr(0, end() + 2);
    buffer_.erase(0, end() + 4);
    if (header("transfer-encoding") == "chunked") return receive_chunks();
    const std::string length = header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoull(length);
    while (buffer_.size() < size) {
      if (!more()) return false;
    }
    body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return true;
  }

  /// The value of a header of the request; empty where it has none.
  [[nodiscard]] std::string header(std::string_view name) const {
    std::string lower;
    for (const char c : head) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto at = lower.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const auto start = at + 4 + name.size();
    return head.substr(start, head.find("\r\n", start) - start);
  }

  /// False where the client has gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  bool answer(const std::string& status, const std::string& content, const std::string& headers = "") const {
    return send("HTTP/1.1 " + status + "\r\n" + headers +
                "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content);
  }

  std::string head;
  std::string body;

 private:
  bool more() {
    char block[16384];
    const ssize_t count = ::recv(fd_, block, sizeof block, 0);
    if (count <= 0) return false;
    buffer_.append(block, static_cast<std::size_t>(count));
    return true;
  }

  bool receive_chunks() {
    while (true) {
      while (buffer_.find("\r\n") == std::string::npos) {
        if (!more()) return false;
      }
      const std::size_t size = std::stoull(buffer_, nullptr, 16);
      buffer_.erase(0, buffer_.find("\r\n") + 2);
      while (buffer_.size() < size + 2) {
        if (!more()) return false;
      }
      body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) return true;
    }
  }

  int fd_;
  std::string buffer_;
};

/// Calls `serve` for each connection, in a thread of its own; the connection ends with it.
class HttpServer {
 public:
  using Serve = std::function<void(HttpPeer& peer)>;

  /// On 127.0.0.1, or on a new Unix socket at `path`.
  explicit HttpServer(Serve serve, const std::string& path = "") : serve_(std::move(serve)) {
    if (path.empty()) {
      listen_on_loopback();
    } else {
      listen_at(path);
    }
    acceptor_ = std::jthread([this] { accept_all(); });
  }
  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    peers_.clear();
    ::close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string url(const std::string& path) const { return "http://" + host() + path; }
  [[nodiscard]] int connections() {
    const std::scoped_lock lock(mutex_);
    return static_cast<int>(peers_.size());
  }

 private:
  void listen_on_loopback() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, plain, &size) != 0)
      throw std::runtime_error("no server on loopback");
    port_ = ntohs(address.sin_port);
  }
  void listen_at(const std::string& path) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 16) != 0)
      throw std::runtime_error("no server at " + path);
  }

  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::scoped_lock lock(mutex_);
      open_.push_back(fd);
      peers_.emplace_back([this, fd] {
        HttpPeer peer(fd);
        serve_(peer);
        const std::scoped_lock closing(mutex_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }

  Serve serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::jthread> peers_;
  std::jthread acceptor_;
};

}  // namespace slim::test
