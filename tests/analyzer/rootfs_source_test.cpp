#include "analyzer/rootfs_source.h"

#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/layer_index.h"
#include "analyzer/source.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using testing::ElementsAre;

/// A folder with what a root file system may hold, made by ordinary tools.
class RootFolder : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::run(
        "cd " + folder.path() +
        " && mkdir -p etc tmp usr/bin && chmod 1777 tmp && printf hello > etc/hello"
        " && ln usr/../etc/hello usr/bin/linked && ln -s ../hello etc/link && mkfifo etc/fifo"
        " && printf x > \"$(printf 'etc/caf\\303\\251')\" && printf x > \"$(printf 'etc/cafe\\314\\201')\""
        " && chmod 4755 etc/hello && touch -d '1969-12-31T23:59:57.25Z' etc/fifo"
        " && touch -d '2040-01-02T03:04:05.5Z' tmp && head -c 1000000 /dev/zero > usr/zeros"));
  }
  [[nodiscard]] std::string tar() const { return read_all(folder_tar(folder.path()), 100'000'000, "tar"); }
  [[nodiscard]] LayerIndex index() const { return index_layer(folder_tar(folder.path()), "folder"); }
  test::TemporaryFolder folder;
};

TEST_F(RootFolder, EverythingIsThereInByteOrder) {
  std::vector<std::string> lines;
  const LayerIndex layer = index();
  for (const LayerEntry& entry : layer.entries) {
    lines.push_back(fmt::format("{} {} {:o} {} {}", entry.path, to_string(entry.type), entry.mode, entry.size,
                                entry.link));
  }
  EXPECT_THAT(lines, ElementsAre(" directory 700 0 ", "etc directory 755 0 ", "etc/cafe\xcc\x81 file 644 1 ",
                                 "etc/caf\xc3\xa9 file 644 1 ", "etc/fifo fifo 644 0 ",
                                 "etc/hello file 4755 5 ", "etc/link symlink 777 0 ../hello",
                                 "tmp directory 1777 0 ", "usr directory 755 0 ", "usr/bin directory 755 0 ",
                                 "usr/bin/linked hardlink 0 0 etc/hello", "usr/zeros file 644 1000000 "));
  EXPECT_EQ("sha256:" + to_hex(*layer.entries.back().content_hash),
            Digest::of(std::string(1'000'000, '\0')).text());
  EXPECT_TRUE(layer.diagnostics.empty());
}

TEST_F(RootFolder, TimesAreExact) {
  const LayerIndex layer = index();
  for (const LayerEntry& entry : layer.entries) {
    struct stat status{};
    ASSERT_EQ(::lstat((folder.path() + "/" + entry.path).c_str(), &status), 0);
    if (entry.type == EntryType::hardlink) continue;
    EXPECT_EQ(entry.mtime, status.st_mtim.tv_sec) << entry.path;
    EXPECT_EQ(entry.mtime_nsec, status.st_mtim.tv_nsec) << entry.path;
    EXPECT_EQ(entry.uid, status.st_uid) << entry.path;
  }
}

TEST_F(RootFolder, EqualFoldersGiveEqualBytes) {
  const test::TemporaryFolder other;
  ASSERT_TRUE(test::run("cp -a " + folder.path() + "/. " + other.path()));
  EXPECT_EQ(tar(), read_all(folder_tar(other.path() + "/"), 100'000'000, "tar"));
}

TEST_F(RootFolder, AnotherToolUnpacksTheSame) {
  const test::TemporaryFolder out;
  out.write("folder.tar", tar());
  ASSERT_TRUE(
      test::run("cd " + out.path() +
                " && mkdir x && tar --warning=none -xpf folder.tar -C x && diff -r --no-dereference x " +
                folder.path() + " --exclude fifo"));
  ASSERT_TRUE(test::run("cd " + out.path() +
                        "/x && test etc/hello -ef usr/bin/linked && test -p etc/fifo"
                        " && test \"$(stat -c %.9Y etc/fifo)\" = -2.750000000"));
}

TEST_F(RootFolder, OwnersDevicesAndXattrsAreKept) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make devices and to change owners";
  if (!test::run("cd " + folder.path() +
                 " && chown 1234:70000 etc/hello && mknod etc/null c 1 3 2>/dev/null")) {
    GTEST_SKIP() << "this machine lets nobody make devices";
  }
  const bool has_xattrs =
      test::have("setfattr") &&
      test::run("cd " + folder.path() + " && setfattr -n user.note -v hi usr/zeros 2>/dev/null");
  const LayerIndex layer = index();
  for (const LayerEntry& entry : layer.entries) {
    if (entry.path == "etc/hello") {
      EXPECT_EQ(entry.uid, 1234U);
      EXPECT_EQ(entry.gid, 70000U);
      EXPECT_EQ(entry.mode, 0755U) << "chown takes setuid away";
    }
    if (entry.path == "etc/null") {
      EXPECT_EQ(entry.type, EntryType::char_device);
      EXPECT_EQ(entry.device, (DeviceNumber{1, 3}));
    }
    if (entry.path == "usr/zeros" && has_xattrs) {
      EXPECT_THAT(entry.xattrs, ElementsAre(Xattr{"user.note", "hi"}));
    }
  }
  if (!has_xattrs)
    GTEST_SKIP() << "no setfattr, or no xattrs in the temporary folder: xattrs were not checked";
}

TEST_F(RootFolder, AsASource) {
  const Platform wanted = Platform::parse("linux/arm64/v8");
  const auto source =
      open_source({.transport = Transport::rootfs, .path = folder.path(), .name = {}}, &wanted);
  EXPECT_EQ(source->image().config.platform, wanted);
  EXPECT_EQ(
      source->image().config.json,
      R"({"architecture":"arm64","config":{},"os":"linux","rootfs":{"diff_ids":[],"type":"layers"},"variant":"v8"})");
  EXPECT_TRUE(source->image().digest.empty());
  ASSERT_EQ(source->image().layers.size(), 1U);
  EXPECT_EQ(read_all(open_layer(*source, 0), 100'000'000, "layer"), tar());
}

TEST(RootTar, PlainAndCompressed) {
  const test::TemporaryFolder folder;
  const std::string tar = test::TarBuilder().file("etc/passwd", "root").str();
  const std::string file = folder.write("root.tar", tar);
  ASSERT_TRUE(test::run("gzip -k " + file));
  for (const std::string& path : {file, file + ".gz"}) {
    const auto source = open_source({.transport = Transport::rootfs, .path = path, .name = {}});
    EXPECT_EQ(source->image().config.platform, Platform::host());
    EXPECT_EQ(read_all(open_layer(*source, 0), 100'000, "layer"), tar);
  }
}

TEST(RootTar, Missing) {
  test::expect_input_error(
      [] { open_source({.transport = Transport::rootfs, .path = "/nowhere", .name = {}}); },
      "/nowhere: no such file or folder");
}

}  // namespace
}  // namespace slim
