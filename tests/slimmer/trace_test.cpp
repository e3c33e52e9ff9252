#include "slimmer/trace.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "runner/sandbox.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

class TraceFile : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string path_ = testing::TempDir() + "slim-trace-test.json";
};

Trace sample_trace() {
  Trace trace;
  trace.image = "oci:x";
  trace.config_digest = "sha256:1";
  trace.summary = "exit 3";
  trace.exit = ExitStatus{.code = 3, .signal = 0};
  trace.watched.paths = {
      {.path = "/bin/app", .uses = PathUse::executed | PathUse::opened, .program = "/init", .call = "execve"},
      {.path = "/no/such", .uses = PathUse::looked_up, .program = "/bin/app", .call = "stat"}};
  trace.watched.processes = {{.program = "/bin/app", .argv = {"app", "x\xff"}}};
  trace.watched.complete = false;
  trace.changes.files = {{.path = "/run/pid", .kind = ChangeKind::created}};
  return trace;
}

TEST_F(TraceFile, WhatIsWrittenIsRead) {
  const auto sample = test::sample_tree(test::TarBuilder().file("bin/app", "x", 0755));
  std::ostringstream out;
  write_trace(sample_trace(), sample->tree, out);
  const auto text = out.str();
  EXPECT_NE(text.find("\"in_image\": true"), std::string::npos);
  EXPECT_NE(text.find("\"in_image\": false"), std::string::npos);
  EXPECT_NE(text.find("\"kind\": \"created\""), std::string::npos);
  const auto read = read_trace(write(text));
  EXPECT_EQ(read.image, "oci:x");
  EXPECT_EQ(read.summary, "exit 3");
  EXPECT_EQ(read.watched.paths, sample_trace().watched.paths);
  EXPECT_EQ(read.watched.processes.at(0).argv, (std::vector<std::string>{"app", "x\xEF\xBF\xBD"}));
  EXPECT_FALSE(read.watched.complete);
}

TEST_F(TraceFile, TheFirstVersionHasNamesOnly) {
  const auto read = read_trace(write(R"({"schema_version": 1, "paths": ["/b", "/a"]})"));
  EXPECT_EQ(asked_names(read.watched), (std::vector<std::string>{"/b", "/a"}));
}

TEST_F(TraceFile, WhatIsNoTraceIsNamedWithItsPlace) {
  const auto complaint = [this](const std::string& text) {
    try {
      read_trace(write(text));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_NE(complaint(R"({"schema_version": 3, "paths": []})").find("expected 1 or 2"), std::string::npos);
  EXPECT_NE(complaint(R"({"schema_version": 2})").find("paths"), std::string::npos);
  EXPECT_NE(complaint(R"({"schema_version": 2, "paths": [{"path": "x"}]})").find("absolute"),
            std::string::npos);
  EXPECT_NE(complaint(R"({"schema_version": 2, "paths": [{"path": "/x", "uses": ["y"]}]})").find("'y'"),
            std::string::npos);
  EXPECT_NE(complaint(R"({"schema_version": 2, "paths": ["/x"]})").find("paths"), std::string::npos);
}

}  // namespace
}  // namespace slim
