#include "runner/runtime.h"

#include <string>

#include <gtest/gtest.h>

#include "analyzer/error.h"

namespace slim {
namespace {

TEST(LastComplaint, TakesTheLastErrorOfTheLog) {
  EXPECT_EQ(
      last_complaint("{\"level\":\"error\",\"msg\":\"first\"}\n{\"level\":\"error\",\"msg\":\"second\"}\n"
                     "{\"level\":\"warning\",\"msg\":\"later\"}\n"),
      "second");
}

TEST(LastComplaint, ALogThatIsNotJsonGivesItsLastLine) {
  EXPECT_EQ(last_complaint("one\nfatal: two\n"), "fatal: two");
  EXPECT_EQ(last_complaint(""), "");
}

TEST(StartFailure, SpeaksAsDockerRunDoes) {
  const auto code = [](const std::string& text) {
    return start_failure(text).value_or(StartFailure{.exit_code = 0, .message = {}}).exit_code;
  };
  EXPECT_EQ(code("runc create failed: unable to start container process: exec: \"x\": executable file not "
                 "found in $PATH"),
            127);
  EXPECT_EQ(code("runc create failed: unable to start container process: exec: \"/x\": stat /x: no such file "
                 "or directory"),
            127);
  EXPECT_EQ(code("runc create failed: unable to start container process: exec: \"/etc\": permission denied"),
            126);
  EXPECT_EQ(code("executable file `x` not found in $PATH: No such file or directory"), 127);
  EXPECT_EQ(code("open executable: Permission denied"), 126);
}

TEST(StartFailure, TheSurroundingsAreNotTheProgram) {
  EXPECT_FALSE(start_failure("mount proc: operation not permitted").has_value());
  EXPECT_FALSE(start_failure("cgroups in hybrid mode not supported").has_value());
}

TEST(FindRuntime, OneThatDoesNotExistIsNamedWithAHint) {
  try {
    find_runtime("no-such-runtime");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_STREQ(error.what(), "no container runtime: looked for no-such-runtime in PATH");
    EXPECT_EQ(error.hint(), "apt-get install runc");
  }
}

}  // namespace
}  // namespace slim
