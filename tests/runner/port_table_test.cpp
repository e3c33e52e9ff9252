#include "runner/port_table.h"

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

TEST(ListeningPorts, OnlyListeningSocketsCount) {
  const std::vector<ListeningPort> expected{{.port = 80}, {.port = 6379}};
  EXPECT_EQ(parse_listening_ports(tcp, ""), expected);
}

TEST(ListeningPorts, APortOfBothFamiliesIsReachedByVersion4) {
  const auto tcp6 =
      head + "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n" +
      "   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0\n";
  const std::vector<ListeningPort> expected{{.port = 80}, {.port = 443, .ipv6_only = true}, {.port = 6379}};
  EXPECT_EQ(parse_listening_ports(tcp, tcp6), expected);
}

TEST(ListeningPorts, LinesThatAreNotUnderstoodAreLeftOut) {
  EXPECT_TRUE(
      parse_listening_ports("0: 00000000 x 0A\n1: 0:XYZ 0:0 0A\n2: 0:10000 0:0 0A\n\n0A", "").empty());
}

}  // namespace
}  // namespace slim
