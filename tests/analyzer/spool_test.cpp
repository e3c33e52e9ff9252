#include "analyzer/spool.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/unique_fd.h"
#include "tests/analyzer/environment.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::failure_of;
using testing::HasSubstr;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() { environment.set("TMPDIR", folder.path()); }
  test::TemporaryFolder folder;
  test::Environment environment;
};

TEST_F(SpoolTest, KeepsTheStreamInAFileWithoutAName) {
  const std::string text(3U << 20, 'x');
  const UniqueFd file = spool(memory_reader(std::as_bytes(std::span(text))), "what");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(read_all(file_range_reader(file.get(), 0, text.size(), "what"), text.size(), "what"), text);
}

TEST_F(SpoolTest, AFileSystemWithoutRoomIsFoundBeforeAnythingIsRead) {
  bool read = false;
  const auto reader = [&](std::span<std::byte>) {
    read = true;
    return std::size_t{0};
  };
  const auto failure = failure_of([&] { spool(reader, "docker-daemon:x", std::uint64_t{1} << 60); });
  EXPECT_EQ(failure.kind, ErrorKind::environment);
  EXPECT_THAT(failure.text,
              HasSubstr("docker-daemon:x: no room for a temporary copy of it in " + folder.path()));
  EXPECT_THAT(failure.text, HasSubstr("it needs 1152921504606846976"));
  EXPECT_THAT(failure.hint, HasSubstr("TMPDIR"));
  EXPECT_FALSE(read);
}

TEST_F(SpoolTest, AStreamThatFailsLeavesNothing) {
  const auto reader = [](std::span<std::byte>) -> std::size_t {
    throw Error(ErrorKind::environment, "stream", "broke off");
  };
  EXPECT_EQ(failure_of([&] { spool(reader, "what"); }).text, "stream: broke off");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(SpoolTest, ATemporaryFolderIsAnAbsolutePath) {
  EXPECT_EQ(temporary_folder(), folder.path());
  environment.set("TMPDIR", "relative");
  EXPECT_EQ(temporary_folder(), "/var/tmp");
  environment.set("TMPDIR", std::nullopt);
  EXPECT_EQ(temporary_folder(), "/var/tmp");
  environment.set("TMPDIR", folder.path() + "/gone");
  EXPECT_EQ(failure_of([] { spool(memory_reader({}), "what"); }).kind, ErrorKind::environment);
}

}  // namespace
}  // namespace slim
