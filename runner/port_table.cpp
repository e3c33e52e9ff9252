// The format is in the kernel's Documentation/networking/proc_net_tcp.rst: after the header, each line is
// "sl: LOCAL:PORT REMOTE:PORT STATE ..." with hexadecimal fields.
#include "runner/port_table.h"

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace slim {
namespace {

constexpr std::string_view state_listen = "0A";

std::string_view next_field(std::string_view& line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  const auto end = line.find(' ', begin);
  const auto field = line.substr(begin, end == std::string_view::npos ? end : end - begin);
  line = end == std::string_view::npos ? std::string_view{} : line.substr(end);
  return field;
}

std::optional<std::uint16_t> listening_port_of(std::string_view line) {
  next_field(line);  // the line's number
  const auto local = next_field(line);
  next_field(line);  // the remote end
  if (next_field(line) != state_listen) return std::nullopt;
  const auto colon = local.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto digits = local.substr(colon + 1);
  std::uint16_t port = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), port, 16);
  if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size() || port == 0)
    return std::nullopt;
  return port;
}

template <typename Visit>
void each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    visit(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

}  // namespace

std::vector<ListeningPort> parse_listening_ports(std::string_view tcp, std::string_view tcp6) {
  std::map<std::uint16_t, bool> ipv6_only;
  each_line(tcp, [&](std::string_view line) {
    if (const auto port = listening_port_of(line)) ipv6_only[*port] = false;
  });
  each_line(tcp6, [&](std::string_view line) {
    if (const auto port = listening_port_of(line)) ipv6_only.try_emplace(*port, true);
  });
  std::vector<ListeningPort> ports;
  ports.reserve(ipv6_only.size());
  for (const auto& [port, only] : ipv6_only) ports.push_back({.port = port, .ipv6_only = only});
  return ports;
}

}  // namespace slim
