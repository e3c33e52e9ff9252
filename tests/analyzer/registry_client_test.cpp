#include "analyzer/registry_client.h"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/registry_credentials.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/http_server.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::HttpPeer;
using test::HttpServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Answers when it is asked whether it is a registry, and leaves the rest to `serve`.
HttpServer::Serve plain(const std::function<void(HttpPeer& peer)>& serve) {
  return [serve](HttpPeer& peer) {
    while (peer.receive()) {
      if (peer.head.starts_with("GET /v2/ ")) {
        peer.answer("200 OK", "{}");
      } else {
        serve(peer);
      }
    }
  };
}

class RegistryClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("REGISTRY_AUTH_FILE", (folder.path() + "/auth.json").c_str(), 1);
    ::setenv("DOCKER_CONFIG", folder.path().c_str(), 1);
  }
  void TearDown() override {
    for (const char* name : {"REGISTRY_AUTH_FILE", "DOCKER_CONFIG"}) ::unsetenv(name);
  }
  void log_in(const HttpServer& server) const {
    folder.write("auth.json",
                 R"({"auths":{")" + server.host() + R"(":{"auth":")" + to_base64("me:word") + "\"}}}");
  }
  static RegistryClient client_of(const HttpServer& server) {
    return {RegistryName::parse(server.host() + "/team/app:1"), false, "image"};
  }
  test::TemporaryFolder folder;
};

TEST_F(RegistryClientTest, ATokenIsFetchedOnceAndAgainWhenItHasRunOut) {
  std::atomic<int> given = 0;
  std::atomic<int> valid = 1;
  std::string asked;
  std::string proof;
  HttpServer tokens([&](HttpPeer& peer) {
    while (peer.receive()) {
      asked = peer.head.substr(0, peer.head.find("\r\n"));
      proof = peer.header("authorization");
      peer.answer("200 OK", R"({"access_token":"t)" + std::to_string(++given) + "\"}");
    }
  });
  HttpServer server(plain([&](HttpPeer& peer) {
    if (peer.header("authorization") == "Bearer t" + std::to_string(valid)) {
      peer.answer("200 OK", "content");
    } else {
      peer.answer("401 Unauthorized", "",
                  "WWW-Authenticate: Bearer realm=\"" + tokens.url("/token?x=y") + "\",service=\"a b\"\r\n");
    }
  }));
  log_in(server);
  RegistryClient client = client_of(server);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.text({.path = "blobs/x"}, 100).body, "content");
  EXPECT_EQ(given, 1);
  EXPECT_EQ(asked, "GET /token?x=y&service=a%20b&scope=repository%3Ateam%2Fapp%3Apull HTTP/1.1");
  EXPECT_EQ(proof, "Basic " + to_base64("me:word"));
  valid = 2;
  EXPECT_EQ(client.text({.path = "blobs/x"}, 100).body, "content");
  EXPECT_EQ(given, 2);
}

TEST_F(RegistryClientTest, APasswordIsShownOnlyWhenItIsAskedForAndOnlyToItsRegistry) {
  std::vector<std::string> seen;
  HttpServer other([&](HttpPeer& peer) {
    while (peer.receive()) {
      seen.push_back(peer.header("authorization"));
      peer.answer("401 Unauthorized", "", "WWW-Authenticate: Basic realm=\"give it to me\"\r\n");
    }
  });
  std::vector<std::string> shown;
  HttpServer server(plain([&](HttpPeer& peer) {
    shown.push_back(peer.header("authorization"));
    if (peer.header("authorization").empty()) {
      peer.answer("401 Unauthorized", "", "WWW-Authenticate: Basic realm=\"test\"\r\n");
    } else {
      peer.answer("307 Temporary Redirect", "", "Location: " + other.url("/storage") + "\r\n");
    }
  }));
  log_in(server);
  RegistryClient client = client_of(server);
  const auto failure = test::failure_of([&] { client.text({.path = "blobs/x"}, 100); });
  EXPECT_EQ(failure.kind, ErrorKind::environment);
  EXPECT_THAT(shown, ElementsAre("", "Basic " + to_base64("me:word")));
  EXPECT_THAT(seen, ElementsAre(""));
  // nor where an answer names another host to go on at
  Retries retries(client.patience());
  client.send({.method = "PUT", .path = other.url("/upload")}, retries);
  EXPECT_EQ(seen.back(), "");
}

TEST_F(RegistryClientTest, ARefusalSaysHowToLogIn) {
  HttpServer server(plain([](HttpPeer& peer) {
    peer.answer("401 Unauthorized", "", "WWW-Authenticate: Basic realm=\"test\"\r\n");
  }));
  const auto read = [&] {
    return test::failure_of([&] { client_of(server).text({.path = "blobs/x"}, 100); });
  };
  EXPECT_THAT(read().text, HasSubstr("image: unauthorized: the registry asks for a user and a password"));
  EXPECT_THAT(read().hint, HasSubstr("docker login " + server.host()));
  log_in(server);
  EXPECT_THAT(read().text, HasSubstr("refuses the user and password"));
  EXPECT_THAT(read().text, Not(HasSubstr("word:")));
  EXPECT_EQ(read().kind, ErrorKind::environment);
}

TEST_F(RegistryClientTest, ATokenServerThatSaysNonsenseIsNotQuoted) {
  HttpServer tokens([&](HttpPeer& peer) {
    while (peer.receive()) peer.answer("200 OK", R"({"token": "secret)");
  });
  HttpServer server(plain([&](HttpPeer& peer) {
    peer.answer("401 Unauthorized", "", "WWW-Authenticate: Bearer realm=\"" + tokens.url("/") + "\"\r\n");
  }));
  const auto failure = test::failure_of([&] { client_of(server).text({.path = "blobs/x"}, 100); });
  EXPECT_EQ(failure.kind, ErrorKind::environment);
  EXPECT_THAT(failure.text, Not(HasSubstr("secret")));
  EXPECT_THAT(failure.text, HasSubstr(tokens.host()));
}

TEST_F(RegistryClientTest, WhatIsMissingCanBeAskedFor) {
  HttpServer server(plain([](HttpPeer& peer) { peer.answer("404 Not Found", "nothing"); }));
  RegistryClient client = client_of(server);
  EXPECT_FALSE(client.text_if_there({.path = "blobs/x"}, 100));
  test::expect_input_error([&] { client.text({.path = "blobs/x"}, 100); },
                           "image: reading blobs/x: not found");
}

TEST_F(RegistryClientTest, AnAnswerIsNoLongerThanWhatItIsFor) {
  HttpServer server(plain([](HttpPeer& peer) { peer.answer("200 OK", std::string(101, 'x')); }));
  RegistryClient client = client_of(server);
  test::expect_input_error([&] { client.text({.path = "blobs/x"}, 100); }, "larger than 100 bytes");
}

}  // namespace
}  // namespace slim
