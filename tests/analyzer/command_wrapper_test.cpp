#include "analyzer/command_wrapper.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace slim {
namespace {

/// The command behind the wrapper, or "(none)".
std::string command_of(std::string_view wrapper, const std::vector<std::string>& arguments) {
  const std::size_t at = wrapped_command(wrapper, arguments);
  return at < arguments.size() ? arguments[at] : "(none)";
}

TEST(CommandWrapper, ShellsAndWrappersAreKnownByTheirLastComponent) {
  EXPECT_TRUE(is_shell("/bin/sh"));
  EXPECT_TRUE(is_shell("bash"));
  EXPECT_FALSE(is_shell("/usr/bin/python3"));
  EXPECT_FALSE(is_shell("/bin/sh/"));
  EXPECT_TRUE(is_command_wrapper("/usr/bin/tini"));
  EXPECT_TRUE(is_command_wrapper("env"));
  EXPECT_FALSE(is_command_wrapper("nginx"));
  EXPECT_FALSE(is_command_wrapper(""));
  EXPECT_TRUE(wraps_scripts("/usr/bin/watch"));
  EXPECT_FALSE(wraps_scripts("env"));
}

TEST(CommandWrapper, OptionsAndTheirValuesComeFirst) {
  EXPECT_EQ(command_of("tini", {"-g", "java", "-jar"}), "java");
  EXPECT_EQ(command_of("tini", {"-vp", "SIGTERM", "-e143", "java"}), "java");
  EXPECT_EQ(command_of("/usr/bin/tini", {"--", "java"}), "java");
  EXPECT_EQ(command_of("nice", {"-n", "5", "ls"}), "ls");
  EXPECT_EQ(command_of("nice", {"-n5", "ls"}), "ls");
  EXPECT_EQ(command_of("setpriv", {"--reuid=5", "--regid", "6", "ls"}), "ls");
  EXPECT_EQ(command_of("dumb-init", {"--rewrite", "15:3", "--", "ls"}), "ls");
  EXPECT_EQ(command_of("xargs", {"-0", "-n", "1", "rm"}), "rm");
  EXPECT_EQ(command_of("ionice", {"-c", "2", "-n", "0", "ls"}), "ls");
}

TEST(CommandWrapper, OperandsComeBeforeTheCommand) {
  EXPECT_EQ(command_of("gosu", {"postgres", "psql"}), "psql");
  EXPECT_EQ(command_of("timeout", {"-k", "5", "10", "curl"}), "curl");
  EXPECT_EQ(command_of("timeout", {"--", "10", "curl"}), "curl");
  EXPECT_EQ(command_of("chroot", {"--userspec=u", "/new", "ls"}), "ls");
  EXPECT_EQ(command_of("flock", {"-n", "/lock", "ls"}), "ls");
  EXPECT_EQ(command_of("taskset", {"-c", "0", "ls"}), "ls");
}

TEST(CommandWrapper, EnvTakesAssignments) {
  EXPECT_EQ(command_of("env", {"-i", "A=1", "-u", "B", "C=2", "ls", "D=3"}), "ls");
  EXPECT_EQ(command_of("env", {"--", "A=1", "ls"}), "ls");
  EXPECT_EQ(command_of("nohup", {"a=b"}), "a=b");
}

TEST(CommandWrapper, NoCommandIsTheEnd) {
  EXPECT_EQ(wrapped_command("env", {}), 0U);
  EXPECT_EQ(wrapped_command("env", {"A=1"}), 1U);
  EXPECT_EQ(wrapped_command("gosu", {"user"}), 1U);
  EXPECT_EQ(wrapped_command("nice", {"-n"}), 1U);
  EXPECT_EQ(wrapped_command("tini", {"--"}), 1U);
}

TEST(CommandWrapper, ShebangsNameAProgram) {
  EXPECT_EQ(parse_shebang("/bin/sh").program, "/bin/sh");
  EXPECT_EQ(parse_shebang("/bin/sh").command, "");
  EXPECT_EQ(parse_shebang(" \t/bin/bash -eu\r").program, "/bin/bash");
  EXPECT_EQ(parse_shebang("/bin/bash -eu").command, "");
  EXPECT_EQ(parse_shebang("").program, "");
  EXPECT_EQ(parse_shebang(" \t ").program, "");
}

TEST(CommandWrapper, ShebangsSeeThroughEnv) {
  EXPECT_EQ(parse_shebang("/usr/bin/env python3").program, "/usr/bin/env");
  EXPECT_EQ(parse_shebang("/usr/bin/env python3").command, "python3");
  EXPECT_EQ(parse_shebang("/usr/bin/env -S python3 -u").command, "python3");
  EXPECT_EQ(parse_shebang("/usr/bin/env -Spython3 -u").command, "python3");
  EXPECT_EQ(parse_shebang("/usr/bin/env -vS A=1 python3").command, "python3");
  EXPECT_EQ(parse_shebang("/usr/bin/env --split-string=A=1 B=2 perl").command, "perl");
  EXPECT_EQ(parse_shebang("/usr/bin/env --split-string perl -w").command, "perl");
  EXPECT_EQ(parse_shebang("/usr/bin/env -i -u X node").command, "node");
  EXPECT_EQ(parse_shebang("/usr/bin/env").command, "");
}

TEST(CommandWrapper, SomeCommandsStandBehindOptions) {
  EXPECT_TRUE(names_command_in_option("/usr/bin/find"));
  EXPECT_FALSE(names_command_in_option("ls"));
  EXPECT_EQ(inner_command("find", "-exec"), InnerCommand::program);
  EXPECT_EQ(inner_command("find", "-name"), InnerCommand::none);
  EXPECT_EQ(inner_command("/bin/su", "-c"), InnerCommand::script);
  EXPECT_EQ(inner_command("start-stop-daemon", "--exec"), InnerCommand::program);
}

TEST(CommandWrapper, ToolsOfLanguagesRunTheProgramsOfTheirPackages) {
  EXPECT_EQ(wrapped_command("bundle", {"exec", "rackup", "-p", "80"}), 1U);
  EXPECT_EQ(wrapped_command("bundle", {"install"}), 1U);
  EXPECT_EQ(wrapped_command("s6-setuidgid", {"app", "server"}), 1U);
}

}  // namespace
}  // namespace slim
