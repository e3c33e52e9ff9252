#include "cli/commands.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::TarBuilder;
using test::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Finished {
  int code = 0;
  std::string out;
  std::string err;
};

Finished slim_with(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"slim"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Finished finished;
  finished.code = run_command_line(static_cast<int>(argv.size()), argv.data());
  finished.err = testing::internal::GetCapturedStderr();
  finished.out = testing::internal::GetCapturedStdout();
  return finished;
}

/// A root folder in a tar, with a script that could be started.
std::string root_tar(const TemporaryFolder& folder) {
  return "rootfs:" + folder.write("root.tar", TarBuilder()
                                                  .folder("bin")
                                                  .file("bin/sh", "no ELF", 0755)
                                                  .folder("app")
                                                  .file("app/start", "#!/bin/sh\n", 0755)
                                                  .file("app/unused", "unused")
                                                  .str());
}

TEST(CommandLine, HelpIsAnAnswer) {
  const Finished finished = slim_with({"--help"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, AllOf(HasSubstr("analyze"), HasSubstr("build"), HasSubstr("Exit codes")));
  EXPECT_THAT(finished.err, IsEmpty());
}

TEST(CommandLine, EachCommandHasItsHelp) {
  for (const std::string command : {"analyze", "build", "gate", "verify", "run", "why", "rules"}) {
    const Finished finished = slim_with({command, "--help"});
    EXPECT_EQ(finished.code, 0) << command;
    EXPECT_THAT(finished.out, HasSubstr(command));
    EXPECT_THAT(finished.err, IsEmpty());
  }
}

TEST(CommandLine, SaysItsVersion) {
  const Finished finished = slim_with({"--version"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, StartsWith("slim "));
}

TEST(CommandLine, WrongUsageIsTwo) {
  for (const auto& arguments : {std::vector<std::string>{},
                                {"--no-such-flag"},
                                {"frobnicate"},
                                {"analyze"},
                                {"analyze", "--no-such-flag", "x"},
                                {"analyze", "--jobs", "many", "x"},
                                {"build", "x"},
                                {"rules"}}) {
    const Finished finished = slim_with(arguments);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, AllOf(StartsWith("slim: error: "), HasSubstr("\nhint: slim")));
    EXPECT_THAT(finished.out, IsEmpty()) << "standard output carries only the result";
  }
}

TEST(CommandLine, AValueThatCannotBeIsTwo) {
  for (const auto& arguments : {std::vector<std::string>{"analyze", "--format", "yaml", "/"},
                                {"analyze", "--profile", "tiny", "/"},
                                {"analyze", "--report", "json", "/"},
                                {"build", "/", "-o", "nowhere"},
                                {"build", "/", "-o", "oci:x", "--compression", "gzip:9"},
                                {"verify", "/", "/", "--network", "bridge"},
                                {"analyze", "--platform", "linux", "/"}}) {
    const Finished finished = slim_with(arguments);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, AllOf(StartsWith("slim: error: "), HasSubstr("expected")));
  }
}

TEST(CommandLine, AMissingFileIsThree) {
  for (const std::string command : {"analyze", "why"}) {
    std::vector<std::string> arguments{command, "/no/such/image.tar"};
    if (command == "why") arguments.emplace_back("/bin");
    const Finished finished = slim_with(arguments);
    EXPECT_EQ(finished.code, 3) << finished.err;
    EXPECT_THAT(finished.err, AllOf(StartsWith("slim: error: "), HasSubstr("/no/such/image.tar")));
    EXPECT_THAT(finished.out, IsEmpty());
  }
}

TEST(CommandLine, AFileThatIsNoImageIsThree) {
  const TemporaryFolder folder;
  const Finished finished = slim_with({"analyze", folder.write("notes.txt", "no image at all")});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.err, HasSubstr("notes.txt"));
}

TEST(CommandLine, AMessageIsOneLineWhateverIsInIt) {
  const Finished finished = slim_with({"analyze", "/no\n::error::\x1b[31m/image"});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.err, HasSubstr("/no\\x0a::error::\\x1b[31m/image"));
}

TEST(CommandLine, RunHasItsOwnFailures) {
  const Finished finished = slim_with({"run", "/no/such/image.tar"});
  EXPECT_EQ(finished.code, 125);
  EXPECT_THAT(finished.err, HasSubstr("/no/such/image.tar"));
  EXPECT_EQ(slim_with({"run"}).code, 125);
  EXPECT_EQ(slim_with({"run", "/no/such/image.tar", "--memory", "much"}).code, 125);
}

TEST(CommandLine, AnalyzeGivesItsReport) {
  const TemporaryFolder folder;
  const Finished finished =
      slim_with({"analyze", root_tar(folder), "--entrypoint", "/app/start", "--format", "json"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto report = nlohmann::json::parse(finished.out);
  EXPECT_EQ(report["entrypoints"][0]["path"], "/app/start");
}

TEST(CommandLine, QuietSaysNothing) {
  const TemporaryFolder folder;
  const Finished finished = slim_with({"analyze", root_tar(folder), "--quiet"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, IsEmpty());
  EXPECT_THAT(finished.err, IsEmpty());
}

TEST(CommandLine, ReportsAreWrittenWhole) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/report.json";
  const Finished finished = slim_with({"analyze", root_tar(folder), "--quiet", "--report", "json=" + path});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(nlohmann::json::parse(test::read_file(path))["schema_version"], 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2)
      << "the image and the report, and nothing temporary";
}

TEST(CommandLine, AReportThatCannotBeWrittenIsFour) {
  const TemporaryFolder folder;
  const Finished finished =
      slim_with({"analyze", root_tar(folder), "--quiet", "--report", "json=/no/such/folder/report.json"});
  EXPECT_EQ(finished.code, 4);
  EXPECT_THAT(finished.err, HasSubstr("/no/such/folder/report.json"));
}

TEST(CommandLine, WhyAnswersWithItsExitCode) {
  const TemporaryFolder folder;
  const std::string image = root_tar(folder);
  const Finished kept = slim_with({"why", image, "/bin/sh", "--entrypoint", "/app/start"});
  EXPECT_EQ(kept.code, 0) << kept.err;
  EXPECT_THAT(kept.out, AllOf(HasSubstr("runs the script /app/start"), HasSubstr("entrypoint")));
  const Finished dropped = slim_with({"why", image, "/bin/sh", "/app/unused", "--entrypoint", "/app/start"});
  EXPECT_EQ(dropped.code, 1);
  EXPECT_THAT(dropped.out, HasSubstr("/app/unused  not kept"));
}

TEST(CommandLine, WhyAsJson) {
  const TemporaryFolder folder;
  const Finished finished =
      slim_with({"why", root_tar(folder), "/app/unused", "--entrypoint", "/app/start", "--format", "json"});
  const auto answers = nlohmann::json::parse(finished.out);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]["kept"], false);
  EXPECT_EQ(answers[0]["exists"], true);
}

TEST(CommandLine, BuildRefusesAnImageWithNothingToRun) {
  const TemporaryFolder folder;
  const Finished finished =
      slim_with({"build", root_tar(folder), "-o", "dir:" + folder.path() + "/out", "--no-run"});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.err, AllOf(HasSubstr("nothing to run"), HasSubstr("hint: ")));
}

TEST(CommandLine, BuildRefusesAProgramThatIsNotThere) {
  const TemporaryFolder folder;
  const Finished finished = slim_with({"build", root_tar(folder), "-o", "dir:" + folder.path() + "/out",
                                       "--no-run", "--entrypoint", "/app/gone"});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.err, HasSubstr("'/app/gone', which is not in the image"));
}

TEST(CommandLine, RulesAreListedAndChecked) {
  const Finished list = slim_with({"rules", "list"});
  EXPECT_EQ(list.code, 0);
  EXPECT_THAT(list.out, AllOf(HasSubstr("glibc-nss"), HasSubstr("nsswitch.conf(5)")));
  const TemporaryFolder folder;
  const std::string good = folder.write(
      "good.json", R"([{"id":"own","why":"w","source":"s","when":{"exists":"/x"},"keep":"/x"}])");
  const Finished right = slim_with({"rules", "check", good});
  EXPECT_EQ(right.code, 0) << right.err;
  EXPECT_EQ(right.out, "1 rules, all right\n");
  const Finished wrong =
      slim_with({"rules", "check", folder.write("bad.json", R"([{"id":"own","keeep":"/x"}])")});
  EXPECT_EQ(wrong.code, 3);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("bad.json"), HasSubstr("own")));
}

}  // namespace
}  // namespace slim
