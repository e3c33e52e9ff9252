// Which sockets of a container wait for others: /proc/PID/net/tcp, tcp6, udp, udp6 and unix.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct ListeningPort {
  std::uint16_t port = 0;
  bool ipv6_only = false;  ///< reached at ::1 only; else at 127.0.0.1

  auto operator<=>(const ListeningPort&) const = default;
};

enum class SocketKind : std::uint8_t { tcp, tcp6, udp, udp6, unix_path, unix_abstract };

struct ListeningSocket {
  SocketKind kind = SocketKind::tcp;
  std::uint16_t port = 0;  ///< 0 for Unix sockets
  std::string address;     ///< "0.0.0.0", "::1"; the path of a Unix socket, or its abstract name

  auto operator<=>(const ListeningSocket&) const = default;
  [[nodiscard]] std::string text() const;  ///< "tcp 0.0.0.0:80", "udp6 [::]:53", "unix /run/x", "unix @x"
};

/// The texts of the files of those names in /proc/PID/net.
struct SocketTables {
  std::string tcp;
  std::string tcp6;
  std::string udp;
  std::string udp6;
  std::string unix_sockets;
};

/// Sockets of `inodes` alone where that is given: a namespace may be shared. At most 10,000 are returned,
/// sorted, each once; lines that are not understood are left out.
std::vector<ListeningSocket> parse_listening_sockets(const SocketTables& tables,
                                                     const std::set<std::uint64_t>* inodes = nullptr);

/// The ports of TCP among sorted sockets, each once.
std::vector<ListeningPort> listening_ports_of(const std::vector<ListeningSocket>& sockets);

}  // namespace slim
