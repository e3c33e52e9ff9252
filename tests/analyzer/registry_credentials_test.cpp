#include "analyzer/registry_credentials.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using testing::HasSubstr;
using testing::Not;

Credentials found(const std::string& text, const std::string& name) {
  return credentials_in(text, "auth.json", RegistryName::parse(name));
}

std::string entry(const std::string& key, const std::string& user, const std::string& password) {
  return "\"" + key + R"(":{"auth":")" + to_base64(user + ":" + password) + "\"}";
}

TEST(RegistryCredentials, Base64IsThatOfTheRfc) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(RegistryCredentials, AreFoundByHost) {
  const std::string file = R"({"auths":{)" + entry("localhost:5000", "me", "pass:word") + "," +
                           entry("https://index.docker.io/v1/", "hub", "x") + "," +
                           entry("https://old.test/v2/", "old", "y") + "}}";
  EXPECT_EQ(found(file, "localhost:5000/app"), (Credentials{.user = "me", .password = "pass:word"}));
  EXPECT_EQ(found(file, "nginx").user, "hub");
  EXPECT_EQ(found(file, "old.test/app").user, "old");
  EXPECT_TRUE(found(file, "localhost:5001/app").empty());
  EXPECT_TRUE(found("{}", "nginx").empty());
}

TEST(RegistryCredentials, TheLongestPrefixOfTheRepositoryCounts) {
  const std::string file = R"({"auths":{)" + entry("r.test", "all", "1") + "," +
                           entry("r.test/team", "team", "2") + "," + entry("r.test/team/app", "app", "3") +
                           "}}";
  EXPECT_EQ(found(file, "r.test/team/app:1").user, "app");
  EXPECT_EQ(found(file, "r.test/team/application").user, "team");
  EXPECT_EQ(found(file, "r.test/teams/app").user, "all");
}

TEST(RegistryCredentials, TokensAreTakenToo) {
  EXPECT_EQ(found(R"({"auths":{"r.test":{"identitytoken":"abc"}}})", "r.test/a").identity_token, "abc");
  EXPECT_EQ(found(R"({"auths":{"r.test":{"registrytoken":"abc"}}})", "r.test/a").bearer, "abc");
}

TEST(RegistryCredentials, WhatIsBrokenIsSaidWithoutTheSecret) {
  for (const std::string text :
       {R"({"auths":{"r.test":{"auth":"secret!"}}})", R"({"auths":{"r.test":{"auth":"c2VjcmV0"}}})",
        R"({"auths":{"r.test":{"auth":"secret)", R"(["secret"])"}) {
    const auto failure = test::failure_of([&] { found(text, "r.test/a"); });
    EXPECT_EQ(failure.kind, ErrorKind::input) << text;
    EXPECT_THAT(failure.text, HasSubstr("auth.json"));
    EXPECT_THAT(failure.text, Not(HasSubstr("secret")));
  }
}

class CredentialHelpers : public testing::Test {
 protected:
  void SetUp() override { ::setenv("PATH", (folder.path() + ":" + path).c_str(), 1); }
  void TearDown() override { ::setenv("PATH", path.c_str(), 1); }
  void helper(const std::string& name, const std::string& script) const {
    const std::string file = folder.write("docker-credential-" + name, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  test::TemporaryFolder folder;
  std::string path = std::getenv("PATH");
};

TEST_F(CredentialHelpers, AreAskedForTheirHost) {
  helper("one",
         R"(read -r server; [ "$1" = get ] && echo "{\"Username\":\"me\",\"Secret\":\"for $server\"}")");
  helper("all", R"(echo '{"Username":"<token>","Secret":"refresh"}')");
  const std::string file = R"({"credHelpers":{"r.test":"one"},"credsStore":"all"})";
  EXPECT_EQ(found(file, "r.test/a"), (Credentials{.user = "me", .password = "for r.test"}));
  EXPECT_EQ(found(file, "other.test/a"), (Credentials{.identity_token = "refresh"}));
  EXPECT_EQ(found(R"({"credHelpers":{"docker.io":"one"}})", "nginx").password,
            "for https://index.docker.io/v1/");
}

TEST_F(CredentialHelpers, AStoreServesWhatTheFileLeavesEmpty) {
  helper("all", R"(echo '{"Username":"kept","Secret":"x"}')");
  EXPECT_EQ(found(R"({"auths":{"r.test":{}},"credsStore":"all"})", "r.test/a").user, "kept");
  EXPECT_EQ(
      found(R"({"auths":{)" + entry("r.test", "file", "x") + R"(},"credsStore":"all"})", "r.test/a").user,
      "file");
}

TEST_F(CredentialHelpers, ThatKnowNothingLeaveOneUnknown) {
  helper("none", "echo 'credentials not found in native keychain'; exit 1");
  EXPECT_TRUE(found(R"({"credsStore":"none"})", "r.test/a").empty());
}

TEST_F(CredentialHelpers, ThatFailSaySo) {
  helper("broken", "echo 'the keychain is locked'; exit 1");
  helper("nonsense", "echo secret");
  const auto failure = [](const std::string& name) {
    return test::failure_of([&] { found(R"({"credsStore":")" + name + "\"}", "r.test/a"); });
  };
  EXPECT_EQ(failure("broken").kind, ErrorKind::environment);
  EXPECT_THAT(failure("broken").text,
              HasSubstr("docker-credential-broken: failed for r.test: the keychain is"));
  EXPECT_THAT(failure("nonsense").text, Not(HasSubstr("secret")));
  EXPECT_THAT(failure("missing").text, HasSubstr("docker-credential-missing"));
  EXPECT_EQ(failure("missing").kind, ErrorKind::environment);
  EXPECT_EQ(failure("../x").kind, ErrorKind::environment);
}

}  // namespace
}  // namespace slim
