#include "runner/port_table.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace slim {
namespace {

const std::string head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const std::string tcp =
    head +
    "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
    "   1: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 2 1\n"
    "   2: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1\n";

std::vector<ListeningPort> ports_in(const std::string& tcp_table, const std::string& tcp6_table) {
  SocketTables tables;
  tables.tcp = tcp_table;
  tables.tcp6 = tcp6_table;
  return listening_ports_of(parse_listening_sockets(tables));
}

TEST(ListeningPorts, OnlyListeningSocketsCount) {
  const std::vector<ListeningPort> expected{{.port = 80}, {.port = 6379}};
  EXPECT_EQ(ports_in(tcp, ""), expected);
}

TEST(ListeningPorts, APortOfBothFamiliesIsReachedByVersion4) {
  const auto tcp6 =
      head + "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n" +
      "   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0\n";
  const std::vector<ListeningPort> expected{{.port = 80}, {.port = 443, .ipv6_only = true}, {.port = 6379}};
  EXPECT_EQ(ports_in(tcp, tcp6), expected);
}

TEST(ListeningPorts, LinesThatAreNotUnderstoodAreLeftOut) {
  EXPECT_TRUE(ports_in("0: 00000000 x 0A\n1: 0:XYZ 0:0 0A\n2: 0:10000 0:0 0A\n\n0A", "").empty());
}

std::vector<std::string> texts(const std::vector<ListeningSocket>& sockets) {
  std::vector<std::string> all;
  for (const auto& socket : sockets) all.push_back(socket.text());
  return all;
}

SocketTables tables_of_all_kinds() {
  const std::string zeros(32, '0');
  SocketTables tables;
  tables.tcp = tcp;
  tables.tcp6 = head + "   0: 00000000000000000000000001000000:01BB " + zeros +
                ":0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1\n";
  tables.udp = head +
               "   0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 5 2\n"
               "   1: 0100007F:9999 0100007F:0035 01 00000000:00000000 00:00000000 00000000 0 0 6 2\n";
  tables.udp6 = head + "   0: " + zeros + ":0035 " + zeros +
                ":0000 07 00000000:00000000 00:00000000 00000000 0 0 7 2\n";
  tables.unix_sockets =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 8 /run/a b\n"
      "0000000000000000: 00000002 00000000 00010000 0005 01 9 @bus\n"
      "0000000000000000: 00000002 00000000 00000000 0002 01 10 /dev/log\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 11 /run/a b\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 12\n"
      "0000000000000000: 00000002 00000000 00000000 0002 01 13 @00001\n";
  return tables;
}

TEST(ListeningSockets, EveryKindIsRead) {
  const std::vector<std::string> expected{"tcp 0.0.0.0:80", "tcp 127.0.0.1:6379", "tcp6 [::1]:443",
                                          "udp 0.0.0.0:53", "udp6 [::]:53",       "unix /dev/log",
                                          "unix /run/a b",  "unix @bus"};
  auto found = texts(parse_listening_sockets(tables_of_all_kinds()));
  std::ranges::sort(found);
  EXPECT_EQ(found, expected);
}

TEST(ListeningSockets, InASharedNamespaceOnlyTheContainersOwnCount) {
  const std::set<std::uint64_t> own{2, 7, 9};
  EXPECT_EQ(texts(parse_listening_sockets(tables_of_all_kinds(), &own)),
            (std::vector<std::string>{"tcp 127.0.0.1:6379", "udp6 [::]:53", "unix @bus"}));
}

TEST(ListeningSockets, AHostileTableIsBounded) {
  SocketTables tables;
  for (int i = 0; i < 20'000; ++i) {
    tables.unix_sockets += "0: 2 0 00010000 0001 01 1 /s" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(parse_listening_sockets(tables).size(), 10'000U);
}

}  // namespace
}  // namespace slim
