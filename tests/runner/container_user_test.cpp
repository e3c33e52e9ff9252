#include "runner/container_user.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"

namespace slim {
namespace {

using Groups = std::vector<std::uint32_t>;

const std::string passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken line\n"
    "www:x:33:33::/var/www:/usr/sbin/nologin\n"
    "1000:x:7:8::/seven:/bin/sh\n"
    "app:x:1001:1001::/home/app:/bin/sh\n";
const std::string group =
    "root:x:0:\n"
    "www:x:33:\n"
    "video:x:44:www,app\n"
    "audio:x:29:app,www\n"
    "app:x:1001:www\n";

TEST(ResolveUser, EmptyIsRootWithItsHome) {
  const auto user = resolve_user("", passwd, group);
  EXPECT_EQ(user.uid, 0U);
  EXPECT_EQ(user.gid, 0U);
  EXPECT_EQ(user.home, "/root");
}

TEST(ResolveUser, ANameBringsItsGroupsSorted) {
  const auto user = resolve_user("www", passwd, group);
  EXPECT_EQ(user.uid, 33U);
  EXPECT_EQ(user.gid, 33U);
  EXPECT_EQ(user.groups, Groups({29, 44, 1001}));
  EXPECT_EQ(user.home, "/var/www");
}

TEST(ResolveUser, AGivenGroupReplacesAllOthers) {
  const auto user = resolve_user("www:video", passwd, group);
  EXPECT_EQ(user.gid, 44U);
  EXPECT_TRUE(user.groups.empty());
  EXPECT_EQ(resolve_user("www:5", passwd, group).gid, 5U);
}

TEST(ResolveUser, ANumberThatTheImageKnowsIsThatUser) {
  const auto user = resolve_user("1001", passwd, group);
  EXPECT_EQ(user.gid, 1001U);
  EXPECT_EQ(user.groups, Groups({29, 44}));
}

TEST(ResolveUser, ANumberThatNobodyHasRunsInGroup0AtTheRootFolder) {
  const auto user = resolve_user("4242", passwd, group);
  EXPECT_EQ(user.uid, 4242U);
  EXPECT_EQ(user.gid, 0U);
  EXPECT_EQ(user.home, "/");
}

TEST(ResolveUser, ANameThatLooksLikeANumberIsANameFirst) {
  EXPECT_EQ(resolve_user("1000", passwd, group).uid, 7U);
}

TEST(ResolveUser, NumbersNeedNoFiles) {
  const auto user = resolve_user("65532:65532", "", "");
  EXPECT_EQ(user.uid, 65532U);
  EXPECT_EQ(user.gid, 65532U);
}

TEST(ResolveUser, UnknownNamesAreInputErrors) {
  for (const auto* text : {"nobody", "www:nogroup"}) {
    try {
      resolve_user(text, passwd, group);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(std::string(error.what()).find("in the image's /etc/"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace slim
