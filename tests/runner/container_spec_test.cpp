#include "runner/container_spec.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace slim {
namespace {

using Strings = std::vector<std::string>;

ImageConfig nginx_config() {
  ImageConfig config;
  config.entrypoint = {"/entry.sh"};
  config.cmd = {"nginx", "-g", "daemon off;"};
  config.env = {"PATH=/bin", "MODE=fast"};
  config.user = "www";
  config.working_dir = "/srv";
  return config;
}

TEST(WithOverrides, NothingGivenLeavesTheConfigAsItIs) {
  const auto result = with_overrides(nginx_config(), {});
  EXPECT_EQ(result.entrypoint, Strings({"/entry.sh"}));
  EXPECT_EQ(result.cmd, Strings({"nginx", "-g", "daemon off;"}));
  EXPECT_EQ(result.env, Strings({"PATH=/bin", "MODE=fast"}));
  EXPECT_EQ(result.user, "www");
  EXPECT_EQ(result.working_dir, "/srv");
}

TEST(WithOverrides, AnEntrypointDropsTheCmdOfTheImage) {
  RunOverrides overrides;
  overrides.entrypoint = Strings{"/bin/sh"};
  const auto result = with_overrides(nginx_config(), overrides);
  EXPECT_EQ(result.entrypoint, Strings({"/bin/sh"}));
  EXPECT_TRUE(result.cmd.empty());
}

TEST(WithOverrides, AnEntrypointKeepsTheCmdThatIsGivenWithIt) {
  RunOverrides overrides;
  overrides.entrypoint = Strings{"/bin/sh"};
  overrides.cmd = Strings{"-c", "true"};
  EXPECT_EQ(with_overrides(nginx_config(), overrides).cmd, Strings({"-c", "true"}));
}

TEST(WithOverrides, AnEmptyEntrypointClearsIt) {
  RunOverrides overrides;
  overrides.entrypoint = Strings{""};
  overrides.cmd = Strings{"id"};
  const auto result = with_overrides(nginx_config(), overrides);
  EXPECT_TRUE(result.entrypoint.empty());
  EXPECT_EQ(result.cmd, Strings({"id"}));
}

TEST(WithOverrides, ACmdAloneKeepsTheEntrypoint) {
  RunOverrides overrides;
  overrides.cmd = Strings{"-t"};
  const auto result = with_overrides(nginx_config(), overrides);
  EXPECT_EQ(result.entrypoint, Strings({"/entry.sh"}));
  EXPECT_EQ(result.cmd, Strings({"-t"}));
}

TEST(WithOverrides, EnvironmentIsReplacedInPlaceAddedOrTakenAway) {
  RunOverrides overrides;
  overrides.env = {"MODE=slow=er", "NEW=1", "PATH"};
  EXPECT_EQ(with_overrides(nginx_config(), overrides).env, Strings({"MODE=slow=er", "NEW=1"}));
}

TEST(WithOverrides, UserAndWorkingFolderAreReplaced) {
  RunOverrides overrides;
  overrides.user = "0:0";
  overrides.workdir = "/tmp";
  const auto result = with_overrides(nginx_config(), overrides);
  EXPECT_EQ(result.user, "0:0");
  EXPECT_EQ(result.working_dir, "/tmp");
}

}  // namespace
}  // namespace slim
