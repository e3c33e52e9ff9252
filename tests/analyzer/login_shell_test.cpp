#include "analyzer/login_shell.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace slim {
namespace {

bool reads(std::string_view program, const std::vector<std::string>& arguments) {
  return reads_startup_files(program, arguments);
}

TEST(LoginShell, IsAShellWithAnOptionForIt) {
  EXPECT_TRUE(reads("bash", {"-l"}));
  EXPECT_TRUE(reads("/bin/bash", {"--login", "-c", "x"}));
  EXPECT_TRUE(reads("dash", {"-lc", "x"}));
  EXPECT_TRUE(reads("bash", {"-euo", "pipefail", "-l"}));
  EXPECT_TRUE(reads("bash", {"--rcfile", "x", "-i"}));
  EXPECT_TRUE(reads("busybox", {"ash", "-l"}));
}

TEST(LoginShell, IsNoShellThatRunsTextOrAScript) {
  EXPECT_FALSE(reads("sh", {"-c", "ls -l"}));
  EXPECT_FALSE(reads("bash", {"script", "-l"}));
  EXPECT_FALSE(reads("bash", {"-o", "-l", "script"}));
  EXPECT_FALSE(reads("bash", {"--", "-l"}));
  EXPECT_FALSE(reads("bash", {"", "-l"}));
  EXPECT_FALSE(reads("bash", {"--noprofile"}));
  EXPECT_FALSE(reads("bash", {}));
  EXPECT_FALSE(reads("busybox", {}));
  EXPECT_FALSE(reads("ls", {"-l"}));
}

TEST(LoginShell, ReadsTheProfileOfTheSystem) {
  EXPECT_TRUE(is_shell_startup_file("/etc/profile"));
  EXPECT_TRUE(is_shell_startup_file("/etc/profile.d/java.sh"));
  EXPECT_TRUE(is_shell_startup_file("/etc/bash.bashrc"));
  EXPECT_FALSE(is_shell_startup_file("/etc/profile.d/java.csh"));
  EXPECT_FALSE(is_shell_startup_file("/srv/etc/profile"));
}

}  // namespace
}  // namespace slim
