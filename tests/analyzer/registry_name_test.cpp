#include "analyzer/registry_name.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

TEST(RegistryName, IsCompletedAsDockerDoes) {
  const auto complete = [](const std::string& text) { return RegistryName::parse(text).text(); };
  EXPECT_EQ(complete("nginx"), "docker.io/library/nginx:latest");
  EXPECT_EQ(complete("nginx:1.25"), "docker.io/library/nginx:1.25");
  EXPECT_EQ(complete("team/app"), "docker.io/team/app:latest");
  EXPECT_EQ(complete("docker.io/nginx"), "docker.io/library/nginx:latest");
  EXPECT_EQ(complete("index.docker.io/library/nginx"), "docker.io/library/nginx:latest");
  EXPECT_EQ(complete("ghcr.io/a/b/c:1"), "ghcr.io/a/b/c:1");
  EXPECT_EQ(complete("localhost/app"), "localhost/app:latest");
  EXPECT_EQ(complete("localhost:5000/app:x"), "localhost:5000/app:x");
  EXPECT_EQ(complete("[::1]:5000/app"), "[::1]:5000/app:latest");
  EXPECT_EQ(complete("app@" + digest), "docker.io/library/app@" + digest);
  EXPECT_EQ(complete("app:1@" + digest), "docker.io/library/app:1@" + digest);
}

TEST(RegistryName, KnowsItsParts) {
  const RegistryName name = RegistryName::parse("localhost:5000/team/app:1.0");
  EXPECT_EQ(name.host, "localhost:5000");
  EXPECT_EQ(name.repository, "team/app");
  EXPECT_EQ(name.tag, "1.0");
  EXPECT_EQ(name.reference(), "1.0");
  EXPECT_EQ(name.endpoint(), "localhost:5000");
  EXPECT_EQ(RegistryName::parse("nginx").endpoint(), "registry-1.docker.io");
  EXPECT_EQ(RegistryName::parse("app:1@" + digest).reference(), digest);
}

TEST(RegistryName, WhatIsNoNameIsRefused) {
  for (const std::string text : {"", "Upper", "a//b", "/a", "a/", "a:", "a@", "a@sha256:12", "a:b:c", "a b",
                                 "host:port/a", "[::1/a", "[x]:5/a", "../a", "a\n", "-a"}) {
    EXPECT_FALSE(RegistryName::read(text)) << text;
    EXPECT_EQ(test::failure_of([&] { RegistryName::parse(text); }).kind, ErrorKind::usage) << text;
  }
  EXPECT_FALSE(RegistryName::read(std::string(64, 'a')));  // an image's ID
}

}  // namespace
}  // namespace slim
