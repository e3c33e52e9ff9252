#include "cli/options.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "runner/container_spec.h"
#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// `action` must say that `option` is used wrongly, and what was expected.
template <typename Action>
void expect_usage(Action&& action, std::string_view option, const std::string& value) {
  const test::Failure failure = test::failure_of(action);
  ASSERT_TRUE(failure.thrown) << option << " " << value << " was taken";
  EXPECT_EQ(failure.kind, ErrorKind::usage) << failure.text;
  EXPECT_THAT(failure.text, HasSubstr(std::string(option) + " " + value));
  EXPECT_THAT(failure.text, HasSubstr("expected "));
}

BindMount mount_of(const std::string& text) {
  Options options;
  options.mounts = {text};
  return overrides_of(options).mounts.at(0);
}

TmpfsMount tmpfs_of(const std::string& text) {
  Options options;
  options.tmpfs = {text};
  return overrides_of(options).tmpfs.at(0);
}

TEST(ParseSize, NumbersAndUnits) {
  EXPECT_EQ(parse_size("4096", "--memory"), 4096U);
  EXPECT_EQ(parse_size("7b", "--memory"), 7U);
  EXPECT_EQ(parse_size("100k", "--memory"), 102'400U);
  EXPECT_EQ(parse_size("512m", "--memory"), 512U << 20U);
  EXPECT_EQ(parse_size("512M", "--memory"), 512U << 20U);
  EXPECT_EQ(parse_size("1.5g", "--memory"), 1'610'612'736U);
  EXPECT_EQ(parse_size("2GB", "--memory"), 2'147'483'648U);
  EXPECT_EQ(parse_size("2gib", "--memory"), 2'147'483'648U);
  EXPECT_EQ(parse_size("1t", "--memory"), 1'099'511'627'776U);
}

TEST(ParseSize, BadOnes) {
  for (const std::string text : {"", "m", "-1", "0", "0.5", "1x", "1mx", "1 m", "1bb", "1bib", "nan", "inf",
                                 "1e300", "99999999t", "0x10"})
    expect_usage([&] { parse_size(text, "--memory"); }, "--memory", text);
}

TEST(ParseDuration, NumbersAndUnits) {
  using std::chrono::seconds;
  EXPECT_EQ(parse_duration("30", "--timeout"), seconds(30));
  EXPECT_EQ(parse_duration("30s", "--timeout"), seconds(30));
  EXPECT_EQ(parse_duration("2m", "--timeout"), seconds(120));
  EXPECT_EQ(parse_duration("1.5h", "--timeout"), seconds(5400));
}

TEST(ParseDuration, BadOnes) {
  for (const std::string text : {"", "s", "-1s", "0", "0.5s", "10ms", "1d", "1 m", "nan", "inf", "9999999h"})
    expect_usage([&] { parse_duration(text, "--timeout"); }, "--timeout", text);
}

TEST(ParseCommand, Words) {
  EXPECT_THAT(parse_command("nginx -g daemon", "--cmd"), ElementsAre("nginx", "-g", "daemon"));
  EXPECT_THAT(parse_command("  a \t b\n", "--cmd"), ElementsAre("a", "b"));
  EXPECT_THAT(parse_command("", "--cmd"), IsEmpty());
}

TEST(ParseCommand, Quotes) {
  EXPECT_THAT(parse_command("nginx -g 'daemon off;'", "--cmd"), ElementsAre("nginx", "-g", "daemon off;"));
  EXPECT_THAT(parse_command(R"(a"b c"'d e' "")", "--cmd"), ElementsAre("ab cd e", ""));
  EXPECT_THAT(parse_command(R"(a\ b \'c)", "--cmd"), ElementsAre("a b", "'c"));
}

TEST(ParseCommand, BackslashesInQuotes) {
  EXPECT_THAT(parse_command(R"("say \"hi\"" "a\\b" "\n" '\"')", "--cmd"),
              ElementsAre("say \"hi\"", "a\\b", "\\n", "\\\""));
}

TEST(ParseCommand, JsonLists) {
  EXPECT_THAT(parse_command(R"(["nginx", "-g", "daemon off;"])", "--cmd"),
              ElementsAre("nginx", "-g", "daemon off;"));
  EXPECT_THAT(parse_command("[]", "--cmd"), IsEmpty());
}

TEST(ParseCommand, BadOnes) {
  for (const std::string text : {"a 'b", "a \"b", "[", R"(["a", 1])", R"(["a"] b)"})
    expect_usage([&] { parse_command(text, "--entrypoint"); }, "--entrypoint", text);
}

TEST(Mount, AsAVolume) {
  const BindMount mount = mount_of("/host:/inside");
  EXPECT_EQ(mount.source, "/host");
  EXPECT_EQ(mount.target, "/inside");
  EXPECT_FALSE(mount.read_only);
  EXPECT_TRUE(mount_of("/host:/inside:ro").read_only);
  EXPECT_FALSE(mount_of("/host:/inside:rw").read_only);
}

TEST(Mount, AsKeysAndValues) {
  const BindMount mount = mount_of("type=bind,source=/host,target=/inside,readonly");
  EXPECT_EQ(mount.source, "/host");
  EXPECT_EQ(mount.target, "/inside");
  EXPECT_TRUE(mount.read_only);
  EXPECT_FALSE(mount_of("src=/host,dst=/inside,readonly=false").read_only);
  EXPECT_TRUE(mount_of("src=/host,destination=/inside,ro=true").read_only);
}

TEST(Mount, ARelativeSourceIsMadeAbsolute) {
  const BindMount mount = mount_of("data:/inside");
  EXPECT_TRUE(mount.source.starts_with('/'));
  EXPECT_TRUE(mount.source.ends_with("/data"));
}

TEST(Mount, BadOnes) {
  for (const std::string text :
       {"", "/host", "/host:inside", ":/inside", "/host:/inside:rx",
        "/host:", "type=volume,source=a,target=/b", "source=/a", "target=/b", "source=/a,target=b",
        "source=/a,target=/b,what=c", "source=/a,target=/b,readonly=perhaps"})
    expect_usage([&] { mount_of(text); }, "--mount", text);
}

TEST(Tmpfs, WithAndWithoutASize) {
  EXPECT_EQ(tmpfs_of("/tmp").target, "/tmp");
  EXPECT_EQ(tmpfs_of("/tmp").size, TmpfsMount{}.size);
  EXPECT_EQ(tmpfs_of("/tmp:size=1m").target, "/tmp");
  EXPECT_EQ(tmpfs_of("/tmp:size=1m").size, 1U << 20U);
}

TEST(Tmpfs, BadOnes) {
  for (const std::string text : {"", "tmp", "tmp:size=1m", ":size=1m", "/tmp:mode=1777"})
    expect_usage([&] { tmpfs_of(text); }, "--tmpfs", text);
  expect_usage([] { tmpfs_of("/tmp:size=much"); }, "--tmpfs", "much");
}

TEST(Overrides, OnlyWhatWasGiven) {
  const RunOverrides none = overrides_of({});
  EXPECT_FALSE(none.entrypoint);
  EXPECT_FALSE(none.cmd);
  EXPECT_FALSE(none.user);
  EXPECT_FALSE(none.workdir);
  Options options;
  options.entrypoint = "/bin/app -v";
  options.cmd = "a b";
  options.env = {"A=b", "EMPTY="};
  options.user = "1:2";
  options.workdir = "/work";
  const RunOverrides all = overrides_of(options);
  EXPECT_EQ(all.entrypoint, (std::vector<std::string>{"/bin/app", "-v"}));
  EXPECT_EQ(all.cmd, (std::vector<std::string>{"a", "b"}));
  EXPECT_THAT(all.env, ElementsAre("A=b", "EMPTY="));
  EXPECT_EQ(all.user, "1:2");
  EXPECT_EQ(all.workdir, "/work");
}

TEST(Overrides, BadOnes) {
  for (const std::string text : {"NAME", "=value"}) {
    Options options;
    options.env = {text};
    expect_usage([&] { overrides_of(options); }, "--env", text);
  }
  Options options;
  options.workdir = "work";
  expect_usage([&] { overrides_of(options); }, "--workdir", "work");
}

TEST(RunOptionsOf, LimitsAndNetwork) {
  Options options;
  options.memory = "1g";
  options.pids = 7;
  options.timeout = "2m";
  options.network = "host";
  const RunOptions run = run_options_of(options);
  EXPECT_EQ(run.limits.memory, 1U << 30U);
  EXPECT_EQ(run.limits.pids, 7U);
  EXPECT_EQ(run.limits.timeout, std::chrono::seconds(120));
  EXPECT_EQ(run.network, NetworkMode::host);
  EXPECT_EQ(run_options_of({}).network, NetworkMode::none);
  options.network = "bridge";
  expect_usage([&] { run_options_of(options); }, "--network", "bridge");
}

TEST(Choices, BadOnesAreNamed) {
  expect_usage([] { format_of("yaml", "--format"); }, "--format", "yaml");
  Options options;
  options.profile = "tiny";
  expect_usage([&] { analysis_options_of(options, std::nullopt); }, "--profile", "tiny");
  options.profile = "safe";
  EXPECT_EQ(analysis_options_of(options, std::nullopt).mark.profile, Profile::safe);
  options.progress = "loud";
  expect_usage([&] { progress_of(options); }, "--progress", "loud");
  options.platform = "linux";
  expect_usage([&] { platform_of(options); }, "--platform", "linux");
}

TEST(Choices, ReportsAreCheckedBeforeTheWork) {
  for (const std::string text : {"report.json", "json=", "yaml=x"}) {
    Options options;
    options.reports = {text};
    const test::Failure failure = test::failure_of([&] { analysis_options_of(options, std::nullopt); });
    EXPECT_TRUE(failure.thrown) << text;
    EXPECT_EQ(failure.kind, ErrorKind::usage);
    EXPECT_THAT(failure.text, HasSubstr("--report"));
  }
}

TEST(Choices, QuietShowsNoProgressUnlessAskedFor) {
  Options options;
  EXPECT_EQ(progress_of(options), ProgressMode::automatic);
  options.quiet = true;
  EXPECT_EQ(progress_of(options), ProgressMode::none);
  options.progress = "plain";
  EXPECT_EQ(progress_of(options), ProgressMode::plain);
}

}  // namespace
}  // namespace slim
