#include "runner/http.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "analyzer/unique_fd.h"

namespace slim {
namespace {

using std::chrono::milliseconds;

TEST(HttpReply, ReadsStatusHeadersAndBodyByLength) {
  const auto reading = read_http_response(
      "HTTP/1.1 404 Not Found\r\nServer:  nginx \r\ncontent-length: 3\r\n\r\nabcdef", false);
  ASSERT_EQ(reading.state, HttpState::complete);
  EXPECT_EQ(reading.response.status, 404);
  EXPECT_EQ(reading.response.reason, "Not Found");
  ASSERT_EQ(reading.response.headers.size(), 2U);
  EXPECT_EQ(reading.response.headers[0].first, "Server");
  EXPECT_EQ(reading.response.headers[0].second, "nginx");
  EXPECT_EQ(reading.response.body, "abc");
}

TEST(HttpReply, EveryPrefixIsIncompleteAndNoneIsMistaken) {
  const std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4;x=y\r\nwiki\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto reading = read_http_response(std::string_view(whole).substr(0, size), false);
    EXPECT_EQ(reading.state, HttpState::incomplete) << size;
  }
  const auto reading = read_http_response(whole, false);
  ASSERT_EQ(reading.state, HttpState::complete);
  EXPECT_EQ(reading.response.body, "wiki0123456789");
}

TEST(HttpReply, WithoutALengthTheBodyEndsWithTheConnection) {
  EXPECT_EQ(read_http_response("HTTP/1.0 200 OK\r\n\r\nabc", false).state, HttpState::incomplete);
  const auto reading = read_http_response("HTTP/1.0 200 OK\r\n\r\nabc", true);
  ASSERT_EQ(reading.state, HttpState::complete);
  EXPECT_EQ(reading.response.body, "abc");
}

TEST(HttpReply, InterimResponsesAreSkipped) {
  const auto reading =
      read_http_response("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", false);
  ASSERT_EQ(reading.state, HttpState::complete);
  EXPECT_EQ(reading.response.status, 204);
}

TEST(HttpReply, WhatIsNotHttpIsSaidToBeSo) {
  for (const auto* text :
       {"-ERR unknown command\r\n", "HTTP/2.0 200\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbroken\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"}) {
    EXPECT_EQ(read_http_response(text, false).state, HttpState::not_http) << text;
  }
}

TEST(HttpReply, ABodyThatEndsEarlyIsNoResponse) {
  EXPECT_EQ(read_http_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", true).state,
            HttpState::not_http);
}

TEST(HttpReply, HeadersAreBounded) {
  const auto endless = "HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x');
  EXPECT_EQ(read_http_response(endless, false).state, HttpState::not_http);
}

struct Ends {
  UniqueFd client;
  UniqueFd server;
};

Ends connected() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {.client = UniqueFd(ends[0]), .server = UniqueFd(ends[1])};
}

TEST(Exchange, AServerThatSaysNothingIsGivenUp) {
  const auto ends = connected();
  const auto answer = exchange(ends.client.get(), get_request("/"), milliseconds(30), milliseconds(5000));
  EXPECT_TRUE(answer.timed_out);
  EXPECT_TRUE(answer.raw.empty());
  std::array<char, 4096> request{};
  const auto got = ::read(ends.server.get(), request.data(), request.size());
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(request.data(), static_cast<std::size_t>(got)), get_request("/"));
}

TEST(Exchange, AKeptConnectionEndsWithTheResponse) {
  const auto ends = connected();
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  ASSERT_EQ(::write(ends.server.get(), response.data(), response.size()),
            static_cast<ssize_t>(response.size()));
  const auto answer = exchange(ends.client.get(), get_request("/"), milliseconds(5000), milliseconds(5000));
  EXPECT_FALSE(answer.timed_out);
  EXPECT_FALSE(answer.closed);
  EXPECT_EQ(answer.http.state, HttpState::complete);
}

TEST(Exchange, ABannerOfAnotherProtocolIsKept) {
  auto ends = connected();
  ASSERT_EQ(::write(ends.server.get(), "+PONG\r\n", 7), 7);
  ASSERT_EQ(::shutdown(ends.server.get(), SHUT_WR), 0);
  const auto answer = exchange(ends.client.get(), get_request("/"), milliseconds(5000), milliseconds(5000));
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(answer.raw, "+PONG\r\n");
  EXPECT_EQ(answer.http.state, HttpState::not_http);
}

}  // namespace
}  // namespace slim
