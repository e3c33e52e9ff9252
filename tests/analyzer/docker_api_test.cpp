#include "analyzer/docker_api.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/http_client.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/http_server.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::failure_of;
using test::HttpPeer;
using test::HttpServer;
using testing::ElementsAre;
using testing::HasSubstr;

/// A daemon at a socket whose answers are written down by path; anything else is 404.
class DockerApiTest : public testing::Test {
 protected:
  struct Answer {
    std::string status = "200 OK";
    std::string content;
  };

  /// Starts it. `headers` are those of the answer to /_ping.
  DockerApi connect(const std::string& headers = "Api-Version: 1.41\r\n") {
    server_ = nullptr;
    ::unlink((folder_.path() + "/sock").c_str());
    server_ = std::make_unique<HttpServer>(
        [this, headers](HttpPeer& peer) {
          while (peer.receive()) {
            const std::string target = peer.head.substr(0, peer.head.find(" HTTP/"));
            const std::scoped_lock lock(mutex_);
            requests_.push_back(target);
            bodies_.push_back(peer.body);
            if (target == "GET /_ping") {
              peer.answer("200 OK", "OK", headers);
              continue;
            }
            const auto found = answers_.find(target);
            found == answers_.end() ? peer.answer("404 Not Found", R"({"message": "No such image"})")
                                    : peer.answer(found->second.status, found->second.content);
          }
        },
        folder_.path() + "/sock");
    return DockerApi({.host = "unix://sock", .socket = folder_.path() + "/sock"});
  }

  void answer(const std::string& request, const std::string& content, const std::string& status = "200 OK") {
    const std::scoped_lock lock(mutex_);
    answers_[request] = {.status = status, .content = content};
  }

  std::vector<std::string> requests() {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  std::string last_body() {
    const std::scoped_lock lock(mutex_);
    return bodies_.back();
  }

 private:
  test::TemporaryFolder folder_;
  std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<std::string> requests_;
  std::vector<std::string> bodies_;
  std::unique_ptr<HttpServer> server_;
};

const std::string inspected = R"({"Id": "sha256:abc", "Os": "linux", "Architecture": "arm", "Variant": "v7",
  "Size": 1234, "RootFS": {"Type": "layers", "Layers": ["sha256:1", "sha256:2"]}})";

TEST_F(DockerApiTest, TheOlderVersionOfBothIsSpoken) {
  EXPECT_EQ(connect("Api-Version: 1.24\r\n").version().text(), "1.24");
  EXPECT_EQ(connect("Api-Version: 1.41\r\n").version().text(), "1.41");
  EXPECT_EQ(connect("Api-Version: 1.99\r\n").version().text(), "1.55");
  DockerApi api = connect();
  api.find("app");
  EXPECT_EQ(requests().back(), "GET /v1.41/images/app/json");
}

TEST_F(DockerApiTest, ADaemonThatIsTooOldOrNoDaemonAtAllIsNamed) {
  const auto old = failure_of([&] { connect("Api-Version: 1.20\r\n"); });
  EXPECT_EQ(old.kind, ErrorKind::environment);
  EXPECT_EQ(old.text, "unix://sock: speaks version 1.20 of Docker's API, and slim 1.24 to 1.55");
  EXPECT_THAT(failure_of([&] { connect(""); }).text, HasSubstr("names no version of Docker's API"));
  EXPECT_THAT(failure_of([&] { connect("Api-Version: new\r\n"); }).text, HasSubstr("speaks version new"));
}

TEST_F(DockerApiTest, AnImageIsToldAsTheDaemonSeesIt) {
  answer("GET /v1.41/images/team/app:1.0/json", inspected);
  DockerApi api = connect();
  const auto image = api.find("team/app:1.0");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->id, "sha256:abc");
  EXPECT_EQ(image->platform.text(), "linux/arm/v7");
  EXPECT_THAT(image->diff_ids, ElementsAre("sha256:1", "sha256:2"));
  EXPECT_EQ(image->size, 1234U);
  EXPECT_FALSE(api.find("team/app:2.0"));
}

TEST_F(DockerApiTest, TheSizeInAContainerdStoreIsNotThatOfTheLayersUnpacked) {
  answer("GET /v1.41/images/app/json", R"({"Id": "sha256:abc", "Size": 1234, "Descriptor": {"size": 5}})");
  EXPECT_EQ(connect().find("app")->size, 0U);
}

TEST_F(DockerApiTest, WhatIsNoInspectionIsAnError) {
  for (const std::string text : {"", "[]", "{\"Id\": 3}", "{\"RootFS\": {\"Layers\": [{}]}}", "\xff"}) {
    answer("GET /v1.41/images/app/json", text);
    DockerApi api = connect();
    EXPECT_THAT(failure_of([&] { api.find("app"); }).text, HasSubstr("unix://sock: what it says of app"))
        << text;
  }
}

TEST_F(DockerApiTest, NamesCannotLeaveTheirPlaceInAPath) {
  DockerApi api = connect();
  api.find("a b?c#d%e");
  EXPECT_EQ(requests().back(), "GET /v1.41/images/a%20b%3Fc%23d%25e/json");
}

TEST_F(DockerApiTest, ThePlatformIsAskedForWhereTheVersionHasIt) {
  const Platform arm{.os = "linux", .architecture = "arm", .variant = "v7"};
  const std::string query =
      "?platform=%7B%22architecture%22%3A%22arm%22%2C%22os%22%3A%22linux%22%2C%22variant%22%3A%22v7%22%7D";
  for (const std::string version : {"1.47", "1.48", "1.49"}) {
    const std::string image = "GET /v" + version + "/images/app/";
    answer(image + "get" + (version == "1.47" ? "" : query), "tar");
    DockerApi api = connect("Api-Version: " + version + "\r\n");
    api.find("app", &arm);
    EXPECT_EQ(requests().back(), image + "json" + (version == "1.49" ? query : ""));
    EXPECT_EQ(read_all(api.save("app", arm), 100, "archive"), "tar");
    EXPECT_EQ(api.has_unseen_platforms(), version == "1.48");
  }
}

TEST_F(DockerApiTest, PodmanIsKnownByItsAnswerAndFindsItsOwnNames) {
  answer("GET /v1.41/images/localhost/app/json", inspected);
  DockerApi podman = connect("Api-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n");
  EXPECT_TRUE(podman.is_podman());
  EXPECT_EQ(podman.find("app")->name, "localhost/app");
  DockerApi docker = connect();
  EXPECT_FALSE(docker.is_podman());
  EXPECT_FALSE(docker.find("app"));
}

TEST_F(DockerApiTest, ARefusalIsToldInTheDaemonsWords) {
  answer("GET /v1.41/images/app/json", R"({"message": "the store is locked"})", "500 Internal Server Error");
  answer("GET /v1.41/images/app/get", "plain\nwords", "403 Forbidden");
  DockerApi api = connect();
  const auto failure = failure_of([&] { api.find("app"); });
  EXPECT_EQ(failure.kind, ErrorKind::environment);
  EXPECT_EQ(failure.text, "unix://sock: asking for app: status 500: the store is locked");
  EXPECT_EQ(failure_of([&] { api.save("app", {}); }).text, "unix://sock: saving app: status 403: plain");
}

TEST_F(DockerApiTest, WhatIsLoadedIsSentWhole) {
  answer("POST /v1.41/images/load?quiet=1",
         "{\"stream\": \"" + std::string(200'000, 'x') + "\"}\n{\"stream\": \"done\"}");
  DockerApi api = connect();
  const std::string archive(1'000'000, 'a');
  api.load(text_body(archive));
  EXPECT_EQ(last_body(), archive);
}

TEST_F(DockerApiTest, AnErrorInTheStreamOfALoadIsAnError) {
  for (const std::string line : {R"({"errorDetail": {"message": "no room"}, "error": "no room"})",
                                 R"({"errorDetail": {"message": "no room"}})", R"({"error": "no room"})"}) {
    answer("POST /v1.41/images/load?quiet=1", "{\"stream\": \"Loading\"}\r\n" + line + "\r\n{}\n");
    DockerApi api = connect();
    const auto failure = failure_of([&] { api.load(text_body("tar")); });
    EXPECT_EQ(failure.kind, ErrorKind::environment);
    EXPECT_EQ(failure.text, "unix://sock: loading the image: no room") << line;
  }
}

TEST(DockerApi, AnErrorBehindAStreamIsSeen) {
  EXPECT_EQ(error_at_end(std::string(9, '\0') +
                         "tar{\"errorDetail\":{\"message\":\"gone\"},\"error\":\"gone\"}\r\n"),
            "gone");
  EXPECT_EQ(error_at_end(std::string(1024, '\0')), "");
  EXPECT_EQ(error_at_end(R"({"errorDetail":3})"), "");
  EXPECT_EQ(error_at_end(R"({"errorDetail":{"message":3}})"), "an error without a message");
  EXPECT_EQ(error_at_end(R"({"errorDetail":{"message":)"), "");
  EXPECT_EQ(error_at_end(""), "");
}

TEST(DockerApi, VersionsHaveTwoNumbers) {
  EXPECT_EQ(ApiVersion::parse("1.41"), (ApiVersion{.major = 1, .minor = 41}));
  EXPECT_LT(*ApiVersion::parse("1.9"), *ApiVersion::parse("1.24"));
  for (const char* text : {"", "1", "1.", ".1", "1.x", "1.2.3", "v1.2", "-1.2", "1.99999999999"})
    EXPECT_FALSE(ApiVersion::parse(text)) << text;
}

TEST(DockerApi, WhyASocketCannotBeConnectedTo) {
  const test::TemporaryFolder folder;
  const auto why = [](const std::string& path) { return why_not_connected({.host = path, .socket = path}); };
  EXPECT_EQ(why(folder.path() + "/none"), "no such socket");
  EXPECT_EQ(why(folder.write("file", "") + "/below"), "no such socket");
  EXPECT_EQ(why(folder.write("file", "")), "nobody listens there");
  EXPECT_EQ(why("/" + std::string(200, 'x')), "the path is too long for a socket");
  EXPECT_EQ(why_not_connected({.host = "tcp://x", .url = "http://x"}), "");
  const HttpServer server([](HttpPeer&) {}, folder.path() + "/sock");
  EXPECT_EQ(why(folder.path() + "/sock"), "");
}

}  // namespace
}  // namespace slim
