// Which TCP ports a container listens on: /proc/PID/net/tcp and tcp6.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

namespace slim {

struct ListeningPort {
  std::uint16_t port = 0;
  bool ipv6_only = false;  ///< reached at ::1 only; else at 127.0.0.1

  auto operator<=>(const ListeningPort&) const = default;
};

/// Reads the text of /proc/PID/net/tcp and tcp6: sockets in state 0A that loopback reaches, sorted, each port
/// once. Lines that are not understood are left out.
std::vector<ListeningPort> parse_listening_ports(std::string_view tcp, std::string_view tcp6);

}  // namespace slim
