// Containers for tests: a sandbox with one runtime, as whoever runs the test, around an image that is a tar
// made here of one static program (tests/runner/inside.c). Suites that are instantiated as "Runtimes" are run
// once more as an ordinary user, by a test of oci_sandbox_test.cpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <sched.h>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/spawn.h"
#include "runner/oci_sandbox.h"
#include "runner/sandbox.h"

namespace slim::fixture {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

// VFS_CAP_REVISION_2 with cap_net_bind_service, permitted and effective.
inline constexpr std::string_view capability(
    "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// An ordinary user may not be able to walk to the build folder; the test for it leaves a copy.
inline const char* const reachable_copy = "/var/tmp/slim-test-inside";

inline std::string program_bytes() {
  auto bytes = read_file(SLIM_TEST_PROGRAM);
  return bytes.empty() ? read_file(reachable_copy) : bytes;
}

struct TarEntry {
  std::string path;
  unsigned type = AE_IFREG;
  unsigned mode = 0644;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string content{};  ///< of a file; the target of a symlink
  std::string hardlink{};
  std::string capabilities{};
  std::string note{};  ///< the attribute user.note
};

inline void write_tar(const std::string& path, const std::vector<TarEntry>& entries) {
  archive* tar = archive_write_new();
  archive_write_set_format_pax_restricted(tar);
  ASSERT_EQ(archive_write_open_filename(tar, path.c_str()), ARCHIVE_OK);
  for (const auto& item : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.path.c_str());
    archive_entry_set_mtime(entry, 1'234'567'890, 0);
    archive_entry_set_uid(entry, item.uid);
    archive_entry_set_gid(entry, item.gid);
    archive_entry_set_filetype(entry, item.type);
    archive_entry_set_perm(entry, static_cast<mode_t>(item.mode));
    if (item.type == AE_IFLNK) archive_entry_set_symlink(entry, item.content.c_str());
    if (item.type == AE_IFREG) archive_entry_set_size(entry, static_cast<std::int64_t>(item.content.size()));
    if (item.type == AE_IFCHR) archive_entry_set_rdev(entry, makedev(1, 3));
    if (!item.hardlink.empty()) archive_entry_set_hardlink(entry, item.hardlink.c_str());
    if (!item.capabilities.empty()) {
      archive_entry_xattr_add_entry(entry, "security.capability", item.capabilities.data(),
                                    item.capabilities.size());
    }
    if (!item.note.empty()) {
      archive_entry_xattr_add_entry(entry, "user.note", item.note.data(), item.note.size());
    }
    ASSERT_EQ(archive_write_header(tar, entry), ARCHIVE_OK) << archive_error_string(tar);
    if (item.type == AE_IFREG && item.hardlink.empty()) {
      archive_write_data(tar, item.content.data(), item.content.size());
    }
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(tar), ARCHIVE_OK);
  archive_write_free(tar);
}

inline std::vector<TarEntry> image_entries() {
  const auto program = program_bytes();
  return {
      {.path = "bin", .type = AE_IFDIR, .mode = 0755},
      {.path = "bin/inside", .mode = 0755, .content = program},
      {.path = "etc", .type = AE_IFDIR, .mode = 0755},
      {.path = "etc/passwd", .content = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"},
      {.path = "etc/group", .content = "root:x:0:\napp:x:1001:\nvideo:x:44:app\n"},
      {.path = "tmp", .type = AE_IFDIR, .mode = 01777},
      {.path = "state", .type = AE_IFDIR, .mode = 02750, .uid = 1000, .gid = 1001},
      {.path = "state/data", .mode = 04711, .uid = 1000, .gid = 44, .content = "data\n"},
      {.path = "state/same", .hardlink = "state/data"},
      {.path = "state/empty", .mode = 0, .uid = 3},
      {.path = "state/link", .type = AE_IFLNK, .mode = 0777, .uid = 1000, .content = "/etc/passwd"},
      {.path = "state/fifo", .type = AE_IFIFO, .mode = 0622},
      {.path = "state/null", .type = AE_IFCHR, .mode = 0666},
      {.path = "state/able", .mode = 0755, .content = "x", .capabilities = std::string(capability)}};
}

inline bool namespaces_allowed() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1);
  int status = 1;
  return ::waitpid(pid, &status, 0) == pid && status == 0;
}

class RealSandbox : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (find_program(GetParam()).empty()) GTEST_SKIP() << GetParam() << " is not installed";
    if (!namespaces_allowed()) GTEST_SKIP() << "user namespaces are not allowed here";
    std::string folder = "/var/tmp/slim-test.XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()),
              nullptr);  // mode 0700: the container's root could not walk through it
    folder_ = folder;
    std::filesystem::create_directory(folder_ + "/work");
    ::setenv("TMPDIR", (folder_ + "/work").c_str(), 1);
    options_.runtime = GetParam();
    entries_ = image_entries();
  }

  void TearDown() override {
    if (folder_.empty()) return;
    sandbox_.reset();
    EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/work")) << "something was left in the work folder";
    EXPECT_THAT(read_file("/proc/self/mountinfo"), Not(HasSubstr(folder_)));
    EXPECT_LT(::waitpid(-1, nullptr, WNOHANG), 0) << "a process was left";
    std::filesystem::remove_all(folder_);
  }

  ImageContents read(const std::vector<TarEntry>& entries, const std::string& name = "image.tar") {
    write_tar(folder_ + "/" + name, entries);
    return read_image({.transport = Transport::rootfs, .path = folder_ + "/" + name, .name = ""});
  }

  Sandbox& sandbox() {
    if (!sandbox_) {
      auto image = read(entries_);
      sandbox_ = make_oci_sandbox(image, options_);
    }
    return *sandbox_;
  }

  /// "inside" with these words; see tests/runner/inside.c.
  static ContainerStart start_of(std::vector<std::string> words) {
    ContainerStart start;
    start.config.entrypoint = {"/bin/inside"};
    start.config.cmd = std::move(words);
    return start;
  }

  std::unique_ptr<Container> start(const ContainerStart& start) {
    auto container = sandbox().start(start);
    if (!container) throw Error(ErrorKind::environment, "start", container.error().message);
    return std::move(*container);
  }

  /// What it prints; its exit is `status`.
  std::string run(const ContainerStart& container_start, ExitStatus status = {}) {
    const auto container = start(container_start);
    const auto ended = container->wait(steady_clock::now() + seconds(30));
    EXPECT_TRUE(ended.has_value()) << "it still runs";
    EXPECT_EQ(ended.value_or(ExitStatus{.code = -1, .signal = 0}).text(), status.text())
        << container->output(OutputStream::standard_error).text;
    return container->output(OutputStream::standard_output).text;
  }
  std::string run_words(std::vector<std::string> words) { return run(start_of(std::move(words))); }

  static bool wait_until(const std::function<bool()>& holds) {
    const auto deadline = steady_clock::now() + seconds(20);
    while (!holds()) {
      if (steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  std::string folder_;
  RunOptions options_;
  std::vector<TarEntry> entries_;
  std::unique_ptr<Sandbox> sandbox_;
};

}  // namespace slim::fixture
