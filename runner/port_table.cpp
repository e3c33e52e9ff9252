// The formats are in the kernel's Documentation/networking/proc_net_tcp.rst and in proc_pid_net(5). After the
// header, a line of the internet's tables is "sl: LOCAL:PORT REMOTE:PORT STATE tx:rx tr:when retrnsmt uid
// timeout INODE ...", addresses as words of the machine's own byte order; one of Unix sockets is
// "NUM: REFCOUNT PROTOCOL FLAGS TYPE STATE INODE PATH", hexadecimal but for the inode.
#include "runner/port_table.h"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <netinet/in.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <utility>
#include <vector>

namespace slim {
namespace {

constexpr std::string_view tcp_listen = "0A";
constexpr std::string_view udp_unconnected = "07";
constexpr std::uint32_t accepts_connections = 0x10000;  // __SO_ACCEPTCON
constexpr std::string_view type_datagram = "0002";
constexpr std::string_view state_unconnected = "01";
constexpr std::size_t sockets_cap = 10'000;

std::string_view next_field(std::string_view& line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  const auto end = line.find(' ', begin);
  const auto field = line.substr(begin, end == std::string_view::npos ? end : end - begin);
  line = end == std::string_view::npos ? std::string_view{} : line.substr(end);
  return field;
}

void skip_fields(std::string_view& line, int count) {
  for (int i = 0; i < count; ++i) next_field(line);
}

template <typename Number>
std::optional<Number> number(std::string_view digits, int base) {
  Number value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || result.ec != std::errc{} || result.ptr != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

/// "0100007F" and 32 such digits.
std::string address_text(std::string_view digits) {
  constexpr std::size_t word = 8;
  std::array<std::uint32_t, 4> words{};
  if (digits.size() != word && digits.size() != 4 * word) return {};
  for (std::size_t i = 0; i * word < digits.size(); ++i) {
    const auto value = number<std::uint32_t>(digits.substr(i * word, word), 16);
    if (!value) return {};
    words.at(i) = *value;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = digits.size() == word ? AF_INET : AF_INET6;
  return ::inet_ntop(family, words.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

using Inodes = std::set<std::uint64_t>;

bool wanted(const Inodes* inodes, std::string_view field) {
  if (inodes == nullptr) return true;
  const auto inode = number<std::uint64_t>(field, 10);
  return inode && inodes->contains(*inode);
}

std::optional<ListeningSocket> internet_socket(std::string_view line, SocketKind kind, const Inodes* inodes) {
  next_field(line);  // the line's number
  const auto local = next_field(line);
  next_field(line);  // the remote end
  const bool udp = kind == SocketKind::udp || kind == SocketKind::udp6;
  if (next_field(line) != (udp ? udp_unconnected : tcp_listen)) return std::nullopt;
  const auto colon = local.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number<std::uint16_t>(local.substr(colon + 1), 16);
  skip_fields(line, 5);  // queues, timer, retransmissions, user, timeout
  if (!port || *port == 0 || !wanted(inodes, next_field(line))) return std::nullopt;
  return ListeningSocket{.kind = kind, .port = *port, .address = address_text(local.substr(0, colon))};
}

std::optional<ListeningSocket> unix_socket(std::string_view line, const Inodes* inodes) {
  skip_fields(line, 3);  // number, references, protocol
  const auto flags = number<std::uint32_t>(next_field(line), 16);
  const auto type = next_field(line);
  const auto state = next_field(line);
  const auto inode = next_field(line);
  if (!flags || line.size() < 2 || !wanted(inodes, inode)) return std::nullopt;
  const auto name = line.substr(1);  // a name may hold blanks
  const bool abstract = name.starts_with('@');
  // The abstract name of a datagram socket is mostly one that the kernel gave to a client.
  const bool datagram = type == type_datagram && state == state_unconnected && !abstract;
  if ((*flags & accepts_connections) == 0 && !datagram) return std::nullopt;
  return ListeningSocket{.kind = abstract ? SocketKind::unix_abstract : SocketKind::unix_path,
                         .port = 0,
                         .address = std::string(abstract ? name.substr(1) : name)};
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

std::string ListeningSocket::text() const {
  switch (kind) {
    case SocketKind::unix_path:
      return "unix " + address;
    case SocketKind::unix_abstract:
      return "unix @" + address;
    case SocketKind::tcp:
      return "tcp " + address + ":" + std::to_string(port);
    case SocketKind::udp:
      return "udp " + address + ":" + std::to_string(port);
    case SocketKind::tcp6:
      return "tcp6 [" + address + "]:" + std::to_string(port);
    case SocketKind::udp6:
      return "udp6 [" + address + "]:" + std::to_string(port);
  }
  return {};
}

std::vector<ListeningSocket> parse_listening_sockets(const SocketTables& tables, const Inodes* inodes) {
  std::set<ListeningSocket> found;
  const auto take = [&found](std::optional<ListeningSocket> socket) {
    if (socket && found.size() < sockets_cap) found.insert(std::move(*socket));
  };
  const auto internet = [&](const std::string& table, SocketKind kind) {
    each_line(table, [&](std::string_view line) { take(internet_socket(line, kind, inodes)); });
  };
  internet(tables.tcp, SocketKind::tcp);
  internet(tables.tcp6, SocketKind::tcp6);
  internet(tables.udp, SocketKind::udp);
  internet(tables.udp6, SocketKind::udp6);
  each_line(tables.unix_sockets, [&](std::string_view line) { take(unix_socket(line, inodes)); });
  return {found.begin(), found.end()};
}

std::vector<ListeningPort> listening_ports_of(const std::vector<ListeningSocket>& sockets) {
  std::map<std::uint16_t, bool> ipv6_only;
  for (const auto& socket : sockets) {  // sorted: version 4 comes first
    if (socket.kind == SocketKind::tcp) ipv6_only[socket.port] = false;
    if (socket.kind == SocketKind::tcp6) ipv6_only.try_emplace(socket.port, true);
  }
  std::vector<ListeningPort> ports;
  ports.reserve(ipv6_only.size());
  for (const auto& [port, only] : ipv6_only) ports.push_back({.port = port, .ipv6_only = only});
  return ports;
}

}  // namespace slim
