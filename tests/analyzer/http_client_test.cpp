#include "analyzer/http_client.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/read_ahead.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/http_server.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using std::chrono::milliseconds;
using test::HttpPeer;
using test::HttpServer;
using testing::HasSubstr;
using testing::Not;

std::string text_of(HttpResponse response) {
  return read_all(std::move(response.body), 1 << 20, "body");
}

/// What a request fails with; fails the test where it does not.
std::optional<HttpError> trouble_of(const auto& action) {
  try {
    action();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return std::nullopt;
}

/// Answers every request with what it was.
void echo(HttpPeer& peer) {
  while (peer.receive()) peer.answer("200 OK", peer.head + "\r\n" + peer.body, "X-Kind: echo\r\n");
}

TEST(HttpClient, GetsStatusHeadersAndBody) {
  HttpServer server(echo);
  HttpClient client;
  HttpResponse response = client.send({.url = server.url("/a?b=c"), .headers = {{"Accept", "text/plain"}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("x-KIND"), "echo");
  const std::string text = text_of(std::move(response));
  EXPECT_THAT(text, HasSubstr("GET /a?b=c HTTP/1.1\r\n"));
  EXPECT_THAT(text, HasSubstr("Accept: text/plain\r\n"));
  EXPECT_THAT(text, HasSubstr("User-Agent: slim/"));
}

TEST(HttpClient, AnyStatusIsAnAnswer) {
  HttpServer server([](HttpPeer& peer) {
    while (peer.receive()) peer.answer("404 Not Found", "no such thing");
  });
  HttpClient client;
  HttpResponse response = client.send({.url = server.url("/")});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(text_of(std::move(response)), "no such thing");
}

TEST(HttpClient, KeepsItsConnection) {
  HttpServer server(echo);
  HttpClient client;
  for (int i = 0; i < 3; ++i) text_of(client.send({.url = server.url("/")}));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SpeaksToAUnixSocket) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/socket";
  HttpServer server(echo, path);
  HttpClient client;
  EXPECT_THAT(text_of(client.send({.url = "http://docker/version", .unix_socket = path})),
              HasSubstr("GET /version HTTP/1.1\r\nHost: docker\r\n"));
}

TEST(HttpClient, SendsABodyOfKnownSize) {
  HttpServer server(echo);
  HttpClient client;
  const std::string text =
      text_of(client.send({.method = "POST", .url = server.url("/"), .body = text_body("some text")}));
  EXPECT_THAT(text, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\n\r\nsome text"));
}

TEST(HttpClient, AnEmptyBodyHasALengthToo) {
  HttpServer server(echo);
  HttpClient client;
  EXPECT_THAT(text_of(client.send({.method = "POST", .url = server.url("/"), .body = text_body("")})),
              HasSubstr("Content-Length: 0\r\n"));
}

/// `size` bytes that come in blocks of all lengths.
ByteReader stream_of(std::size_t size) {
  return [size, at = std::size_t{0}](std::span<std::byte> buffer) mutable {
    const std::size_t count = std::min({buffer.size(), size - at, at % 7001 + 1});
    for (std::byte& byte : buffer.first(count)) byte = static_cast<std::byte>(at++ % 251);
    return count;
  };
}

TEST(HttpClient, StreamsABodyOfUnknownSizeInChunks) {
  std::string received;
  HttpServer server([&](HttpPeer& peer) {
    while (peer.receive()) {
      received = peer.body;
      peer.answer("201 Created", peer.header("transfer-encoding"));
    }
  });
  HttpClient client;
  constexpr std::size_t size = 3'000'000;
  HttpResponse response = client.send({.method = "PUT",
                                       .url = server.url("/"),
                                       .body = HttpBody{.bytes = stream_of(size), .size = unknown_size}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(text_of(std::move(response)), "chunked");
  EXPECT_EQ(received, read_all(stream_of(size), size, "expected"));
}

TEST(HttpClient, WhatTheRequestsBodyThrowsIsThrown) {
  HttpServer server(echo);
  HttpClient client;
  const auto failure = test::failure_of([&] {
    client.send({.method = "PUT",
                 .url = server.url("/"),
                 .body = HttpBody{.bytes = [](std::span<std::byte>) -> std::size_t {
                   throw Error(ErrorKind::input, "layer", "is broken");
                 }}});
  });
  EXPECT_EQ(failure.kind, ErrorKind::input);
  EXPECT_EQ(failure.text, "layer: is broken");
}

TEST(HttpClient, AnswersWhileTheRequestIsStillSent) {
  HttpServer server([](HttpPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    if (peer.receive()) peer.send("4\r\n" + std::to_string(peer.body.size()) + "\r\n0\r\n\r\n");
  });
  HttpClient client;
  HttpResponse response = client.send({.method = "POST",
                                       .url = server.url("/"),
                                       .body = HttpBody{.bytes = stream_of(1234), .size = unknown_size}});
  EXPECT_EQ(text_of(std::move(response)), "hello1234");
}

TEST(HttpClient, ALongBodyIsReadNoFurtherAheadThanItIsWanted) {
  std::atomic<std::size_t> sent = 0;
  constexpr std::size_t size = std::size_t{256} << 20;
  HttpServer server([&](HttpPeer& peer) {
    if (!peer.receive()) return;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    const std::string block(std::size_t{1} << 20, 'x');
    while (sent < size && peer.send(block)) sent += block.size();
  });
  HttpClient client;
  HttpResponse response = client.send({.url = server.url("/")});
  std::vector<std::byte> block(1000);
  EXPECT_GT(response.body(block), 0U);
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_LT(sent, size / 4);  // what the kernel's buffers hold
  std::size_t total = 1000;
  block.resize(1 << 20);
  while (const std::size_t count = response.body(block)) total += count;
  EXPECT_GE(total, size);
}

TEST(HttpClient, ABodyMayBeDroppedHalfWay) {
  std::atomic<bool> gone = false;
  HttpServer server([&](HttpPeer& peer) {
    if (!peer.receive() || peer.head.starts_with("GET /small")) {
      peer.answer("200 OK", "small");
      return;
    }
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
    while (peer.send(std::string(1 << 16, 'x'))) {
    }
    gone = true;
  });
  HttpClient client;
  {
    BlockReader body = read_ahead(client.send({.url = server.url("/")}).body);
    EXPECT_FALSE(body().empty());
  }
  EXPECT_EQ(text_of(client.send({.url = server.url("/small")})), "small");
  while (!gone) std::this_thread::sleep_for(milliseconds(1));
}

TEST(HttpClient, ABodyOutlivesTheClient) {
  HttpServer server(echo);
  ByteReader body;
  {
    HttpClient client;
    body = client.send({.url = server.url("/")}).body;
  }
  EXPECT_THAT(read_all(std::move(body), 1000, "body"), HasSubstr("GET / "));
}

TEST(HttpClient, ServesSeveralThreads) {
  HttpServer server(echo);
  HttpClient client;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < 20; ++n) {
          const std::string path = "/" + std::to_string(i) + "-" + std::to_string(n);
          if (text_of(client.send({.url = server.url(path)})).starts_with("GET " + path + " ")) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 80);
  EXPECT_LE(server.connections(), 4);
}

TEST(HttpClient, RedirectsTakeNoCredentialsToAnotherHost) {
  HttpServer other(echo);
  HttpServer server([&](HttpPeer& peer) {
    while (peer.receive())
      peer.answer("307 Temporary Redirect", "elsewhere", "Location: " + other.url("/blob") + "\r\n");
  });
  HttpClient client;
  HttpResponse response =
      client.send({.url = server.url("/"), .headers = {{"Authorization", "Basic secret"}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("X-Kind"), "echo");
  EXPECT_TRUE(response.redirected);
  EXPECT_EQ(response.header("Location"), "");
  const std::string text = text_of(std::move(response));
  EXPECT_THAT(text, HasSubstr("GET /blob "));
  EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST(HttpClient, RedirectsOfUploadsAreTheCallersToFollow) {
  HttpServer server([](HttpPeer& peer) {
    while (peer.receive()) peer.answer("307 Temporary Redirect", "", "Location: /there\r\n");
  });
  HttpClient client;
  const HttpResponse response =
      client.send({.method = "PUT", .url = server.url("/"), .body = text_body("text")});
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(response.header("location"), "/there");
}

TEST(HttpClient, EndlessRedirectsEnd) {
  HttpServer server([](HttpPeer& peer) {
    while (peer.receive()) peer.answer("302 Found", "", "Location: /again\r\n");
  });
  HttpClient client;
  const auto error = trouble_of([&] { client.send({.url = server.url("/")}); });
  EXPECT_THAT(error->what(), HasSubstr("redirects"));
}

TEST(HttpClient, ABrokenConnectionIsAnErrorBehindWhatCame) {
  HttpServer server([](HttpPeer& peer) {
    if (peer.receive()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  HttpClient client;
  HttpResponse response = client.send({.url = server.url("/path?token=secret")});
  std::vector<std::byte> block(100);
  EXPECT_EQ(response.body(block), 4U);
  const auto error = trouble_of([&] { response.body(block); });
  EXPECT_EQ(error->trouble(), HttpTrouble::broken);
  EXPECT_THAT(error->what(), HasSubstr("GET " + server.url("/path") + ": "));
  EXPECT_THAT(error->what(), Not(HasSubstr("secret")));
}

TEST(HttpClient, AConnectionThatEndsBeforeTheAnswerIsAnError) {
  HttpServer server([](HttpPeer& peer) { peer.receive(); });
  HttpClient client;
  EXPECT_EQ(trouble_of([&] { client.send({.url = server.url("/")}); })->trouble(), HttpTrouble::broken);
}

TEST(HttpClient, ATrickleIsTooSlow) {
  HttpServer server([](HttpPeer& peer) {
    if (!peer.receive()) return;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (peer.send("x")) std::this_thread::sleep_for(milliseconds(20));
  });
  HttpClient client({.slow_time = milliseconds(200), .slow_bytes = 500});
  const auto error = trouble_of([&] { text_of(client.send({.url = server.url("/")})); });
  EXPECT_EQ(error->trouble(), HttpTrouble::slow);
  EXPECT_THAT(error->what(), HasSubstr("too slow"));
}

TEST(HttpClient, ASlowReaderIsNotASlowServer) {
  HttpServer server([](HttpPeer& peer) {
    if (peer.receive()) peer.answer("200 OK", std::string(std::size_t{4} << 20, 'x'));
  });
  HttpClient client({.slow_time = milliseconds(50), .slow_bytes = 1000});
  HttpResponse response = client.send({.url = server.url("/")});
  std::vector<std::byte> block(std::size_t{1} << 20);
  std::size_t total = 0;
  while (const std::size_t count = response.body(block)) {
    total += count;
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(total, std::size_t{4} << 20);
}

TEST(HttpClient, AServerThatNeverAnswersIsGivenUp) {
  HttpServer server([](HttpPeer& peer) {
    while (peer.receive()) {
    }
  });
  HttpClient client({.answer = milliseconds(100)});
  const auto error = trouble_of([&] { client.send({.url = server.url("/")}); });
  EXPECT_EQ(error->trouble(), HttpTrouble::slow);
  EXPECT_THAT(error->what(), HasSubstr("no answer within"));
}

TEST(HttpClient, WhatCannotBeReachedSaysWhy) {
  HttpClient client;
  std::string gone;
  {
    HttpServer server(echo);
    gone = server.host();
  }
  const auto refused = trouble_of([&] { client.send({.url = "http://user:word@" + gone + "/v2/"}); });
  EXPECT_EQ(refused->trouble(), HttpTrouble::connect);
  EXPECT_THAT(refused->what(), HasSubstr("GET http://" + gone + "/v2/: "));
  EXPECT_THAT(refused->what(), Not(HasSubstr("word")));
  EXPECT_EQ(trouble_of([&] { client.send({.url = "http://nowhere.invalid/"}); })->trouble(),
            HttpTrouble::address);
  EXPECT_EQ(trouble_of([&] { client.send({.url = "file:///etc/passwd"}); })->trouble(), HttpTrouble::address);
}

TEST(HttpClient, WhatSpeaksNoTlsIsNotTrusted) {
  HttpServer server([](HttpPeer& peer) { peer.send("SSH-2.0-server\r\n"); });
  HttpClient client;
  const auto error = trouble_of([&] { client.send({.url = "https://" + server.host() + "/"}); });
  EXPECT_EQ(error->trouble(), HttpTrouble::tls);
}

TEST(HttpClient, NoProxyIsAskedForThisMachine) {
  HttpServer server(echo);
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  unsetenv("no_proxy");
  HttpClient client;
  EXPECT_EQ(client.send({.url = server.url("/")}).status, 200);
  unsetenv("http_proxy");
}

TEST(HttpClient, UrlsAreToldWithoutSecrets) {
  EXPECT_EQ(url_for_messages("https://user:pass@host:5000/v2/?token=x#y"), "https://host:5000/v2/");
  EXPECT_EQ(url_for_messages("http://host"), "http://host");
  EXPECT_EQ(url_for_messages("http://host/a@b"), "http://host/a@b");
}

TEST(HttpClient, LocationsAreResolved) {
  const std::string base = "http://host:5000/v2/a/blobs/uploads/?x=1";
  EXPECT_EQ(resolved_url(base, "/v2/b?_state=y"), "http://host:5000/v2/b?_state=y");
  EXPECT_EQ(resolved_url(base, "https://other/c"), "https://other/c");
  EXPECT_EQ(resolved_url(base, "id"), "http://host:5000/v2/a/blobs/uploads/id");
  EXPECT_EQ(resolved_url("no url", "/"), "");
}

TEST(HttpClient, QueriesAreEncoded) {
  EXPECT_EQ(url_encoded("repository:a/b:pull,push"), "repository%3Aa%2Fb%3Apull%2Cpush");
  EXPECT_EQ(url_encoded("a-b.c_d~1 \xff"), "a-b.c_d~1%20%FF");
}

}  // namespace
}  // namespace slim
