#include "runner/watch_record.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "runner/sandbox.h"

namespace slim {
namespace {

const AskedPath first{.path = "/a b", .uses = PathUse::opened, .program = "/bin/x", .call = "openat"};
const StartedProcess process{.program = "/bin/x", .argv = {"x", "", "two words"}};

std::string records() {
  std::string text;
  append_path(text, first);
  append_process(text, process);
  append_uses(text, "/a b", PathUse::changed);
  return text;
}

TEST(WatchRecord, WhatIsWrittenIsRead) {
  const auto read = read_records(records());
  ASSERT_EQ(read.paths.size(), 1U);
  EXPECT_EQ(read.paths[0].uses, PathUse::opened | PathUse::changed);
  EXPECT_EQ(read.paths[0].program, "/bin/x");
  EXPECT_EQ(read.processes, std::vector<StartedProcess>{process});
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(asked_names(read), std::vector<std::string>{"/a b"});
}

TEST(WatchRecord, WhatIsCutOffAnywhereIsIncomplete) {
  const auto whole = records();
  std::string path_only;
  append_path(path_only, first);
  std::string with_process = path_only;
  append_process(with_process, process);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const bool between = size == path_only.size() || size == with_process.size();
    EXPECT_EQ(read_records(std::string_view(whole).substr(0, size)).complete, between) << size;
  }
}

TEST(WatchRecord, IncompleteIsSaidAndWhatFollowsIsStillRead) {
  std::string text;
  append_incomplete(text);
  append_path(text, first);
  const auto read = read_records(text);
  EXPECT_FALSE(read.complete);
  EXPECT_EQ(read.paths.size(), 1U);
}

TEST(WatchRecord, WhatIsNoRecordIsIncomplete) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(read_records("nonsense\0"sv).complete);
  EXPECT_FALSE(read_records("path\0x\0/a\0p\0c\0"sv).complete);
  EXPECT_FALSE(read_records("process\0004000000000\0/a\0"sv).complete);
  EXPECT_TRUE(read_records("").complete);
}

}  // namespace
}  // namespace slim
