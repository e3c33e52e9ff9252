#include "cli/docker_plugin.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"

namespace slim {
namespace {

using Words = std::vector<std::string>;

TEST(DockerPlugin, IsKnownByItsName) {
  EXPECT_TRUE(is_docker_plugin("/usr/libexec/docker/cli-plugins/docker-slim"));
  EXPECT_TRUE(is_docker_plugin("docker-slim"));
  EXPECT_FALSE(is_docker_plugin("/docker-slim/slim"));
}

TEST(DockerPlugin, MetadataHasWhatDockerAsksFor) {
  const auto metadata = nlohmann::json::parse(docker_plugin_metadata());
  EXPECT_EQ(metadata["SchemaVersion"], "0.1.0");
  EXPECT_FALSE(metadata["Vendor"].get<std::string>().empty());
  EXPECT_FALSE(metadata["ShortDescription"].get<std::string>().empty());
}

TEST(DockerPlugin, TheWordSlimAndDockersOptionsAreTakenAway) {
  EXPECT_EQ(docker_plugin_arguments({"slim", "analyze", "nginx"}), (Words{"analyze", "nginx"}));
  EXPECT_EQ(docker_plugin_arguments({"slim", "run", "slim"}), (Words{"run", "slim"}));
  EXPECT_EQ(docker_plugin_arguments({"slim", "build", "-H", "x"}), (Words{"build", "-H", "x"}));
  EXPECT_EQ(docker_plugin_arguments({"--debug", "-l", "info", "slim", "--version"}), Words{"--version"});
  EXPECT_EQ(docker_plugin_arguments({}), Words{});
}

TEST(DockerPlugin, WhatChoosesADaemonBecomesAVariable) {
  EXPECT_EQ(docker_plugin_arguments({"-H", "tcp://a:1", "--context=far", "slim", "analyze"}),
            Words{"analyze"});
  EXPECT_STREQ(std::getenv("DOCKER_HOST"), "tcp://a:1");
  EXPECT_STREQ(std::getenv("DOCKER_CONTEXT"), "far");
  unsetenv("DOCKER_HOST");
  unsetenv("DOCKER_CONTEXT");
}

TEST(DockerPlugin, AContextOverridesTheVariable) {
  setenv("DOCKER_HOST", "tcp://b:2", 1);
  EXPECT_EQ(docker_plugin_arguments({"--context", "far", "slim", "analyze"}), Words{"analyze"});
  EXPECT_EQ(std::getenv("DOCKER_HOST"), nullptr);
  unsetenv("DOCKER_CONTEXT");
}

TEST(DockerPlugin, OptionsThatItCannotFollowAreUsageErrors) {
  try {
    docker_plugin_arguments({"--tlsverify", "slim", "analyze"});
    ADD_FAILURE() << "took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("--tlsverify"), std::string::npos);
  }
}

}  // namespace
}  // namespace slim
