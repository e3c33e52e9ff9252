// Whole images through every destination, and what other programs make of them.
#include "slimmer/write_image.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "tests/slimmer/sample_image.h"
#include "tests/slimmer/temporary_folder.h"

namespace slim {
namespace {

using Names = std::vector<std::string>;
using Entry = ::archive_entry;

const std::string capability(
    "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
const std::string long_name(180, 'n');

SampleEntry folder(const std::string& path, mode_t mode = 0755, std::int64_t uid = 0) {
  return {.path = path, .content = "", .change = [=](Entry* entry) {
            archive_entry_set_filetype(entry, AE_IFDIR);
            archive_entry_set_perm(entry, mode);
            archive_entry_set_uid(entry, uid);
            archive_entry_set_mtime(entry, 1500000000, 500);
          }};
}

SampleEntry hard_link(const std::string& path, const std::string& to) {
  return {.path = path, .content = "", .change = [=](Entry* entry) {
            archive_entry_copy_hardlink(entry, to.c_str());
          }};
}

SampleEntry special(const std::string& path, unsigned type, const std::string& link = {}) {
  return {.path = path, .content = "", .change = [=](Entry* entry) {
            archive_entry_set_filetype(entry, type);
            if (!link.empty()) archive_entry_copy_symlink(entry, link.c_str());
            archive_entry_set_rdevmajor(entry, type == AE_IFCHR ? 1 : 0);
            archive_entry_set_rdevminor(entry, type == AE_IFCHR ? 3 : 0);
          }};
}

std::vector<std::string> sample_layers() {
  const SampleEntry ping{.path = "usr/bin/ping", .content = "ping", .change = [](Entry* entry) {
                           archive_entry_set_perm(entry, 04755);
                           archive_entry_set_uid(entry, 70000);
                           archive_entry_set_mtime(entry, 5000000000, 123456789);
                           archive_entry_xattr_add_entry(entry, "security.capability", capability.data(),
                                                         capability.size());
                         }};
  const std::string base = sample_layer({folder("./"),
                                         folder("usr/"),
                                         folder("usr/bin/"),
                                         {.path = "usr/bin/one", .content = "linked", .change = {}},
                                         hard_link("usr/bin/two", "usr/bin/one"),
                                         hard_link("usr/bin/three", "usr/bin/one"),
                                         ping,
                                         folder("var/", 0755),
                                         folder("var/empty/", 0700, 101),
                                         special("usr/bin/sh", AE_IFLNK, "../bin/one"),
                                         {.path = "old", .content = "old", .change = {}}});
  const std::string top =
      sample_layer({special("null", AE_IFCHR),
                    special("pipe", AE_IFIFO),
                    {.path = "opt/unlisted/file", .content = "x", .change = {}},
                    {.path = "caf\xe9", .content = "latin", .change = {}},
                    {.path = long_name, .content = std::string(700'000, 'z'), .change = {}},
                    {.path = ".wh.old", .content = "", .change = {}},
                    {.path = "secret", .content = "dropped", .change = {}}});
  return {base, top};
}

struct Sample {
  ImageContents contents = sample_contents(sample_layers());
  Plan plan = plan_without(contents.tree, {"/secret", "/usr/bin/one"});
};

ImageRef place(Transport transport, const std::string& path, const std::string& name = {}) {
  return {.transport = transport, .path = path, .name = name};
}

WriteOptions options(Compression compression = Compression::gzip, int level = 1) {
  WriteOptions all;
  all.compression = compression;
  all.level = level;
  all.tool_version = "1";
  all.command = "slim build sample";
  return all;
}

const Digest& diff_id_of(const WrittenImage& written) {
  return written.layers.at(0).stored.tar.digest;
}

WrittenImage write(const ImageRef& ref, const WriteOptions& how = options()) {
  Sample sample;
  const auto staged = write_image(sample.contents, sample.plan, ref, how);
  staged->commit();
  return staged->written();
}

/// Path -> all that a layer says of it; hard links as such.
std::map<std::string, std::string> described(const FileTree& tree) {
  std::map<std::string, std::string> all;
  for (const NodeId id : tree.walk()) {
    const Inode& inode = tree.inode_of(id);
    const LayerEntry& entry = *inode.entry;
    std::string& text = all[tree.path(id)];
    if (inode.implicit) {
      text = "implicit";
      continue;
    }
    text = fmt::format("{} {:o} {}:{} {}.{} {} {} {},{}", to_string(entry.type), entry.mode, entry.uid,
                       entry.gid, entry.mtime, entry.mtime_nsec, entry.size, entry.link, entry.device.major,
                       entry.device.minor);
    if (entry.content_hash) text += " " + to_hex(*entry.content_hash);
    for (const Xattr& xattr : entry.xattrs)
      text += " " + xattr.name + "=" + to_hex(std::as_bytes(std::span(xattr.value)));
  }
  return all;
}

const std::vector<std::pair<Transport, std::string>>& image_transports() {
  static const std::vector<std::pair<Transport, std::string>> all{
      {Transport::docker_archive, "out.tar"}, {Transport::oci_archive, "out.tar"}, {Transport::oci, "out"}};
  return all;
}

TEST(WriteImage, KeptPathsAreThoseOfTheSource) {
  Sample sample;
  auto expected = described(sample.contents.tree);
  expected.erase("/secret");
  expected.erase("/usr/bin/one");
  for (const auto& [transport, name] : image_transports()) {
    const TemporaryFolder folder;
    write(place(transport, folder / name));
    const ImageContents written = read_image(place(transport, folder / name));
    EXPECT_EQ(described(written.tree), expected) << to_string(transport);
    EXPECT_EQ(expected.at("/opt/unlisted"), "implicit");
  }
}

TEST(WriteImage, HardLinksStayLinksWhenTheirFirstNameIsDropped) {
  const TemporaryFolder folder;
  write(place(Transport::oci, folder / "out"));
  const ImageContents written = read_image(place(Transport::oci, folder / "out"));
  const NodeId two = written.tree.find("/usr/bin/two");
  const NodeId three = written.tree.find("/usr/bin/three");
  ASSERT_NE(two, no_node);
  ASSERT_NE(three, no_node);
  EXPECT_EQ(written.tree.node(two).inode, written.tree.node(three).inode);
  EXPECT_EQ(written.tree.entry(two).size, 6U);
}

TEST(WriteImage, FoldersComeBeforeWhatIsInThemAndFilesLast) {
  const TemporaryFolder folder;
  write(place(Transport::oci, folder / "out"));
  const ImageContents written = read_image(place(Transport::oci, folder / "out"));
  ASSERT_EQ(written.layers.size(), 1U);
  Names order;
  for (const LayerEntry& entry : written.layers[0].entries) order.push_back(entry.path);
  EXPECT_EQ(order,
            (Names{"", "null", "pipe", "usr", "usr/bin", "usr/bin/sh", "var", "var/empty", "usr/bin/three",
                   "usr/bin/two", "usr/bin/ping", "opt/unlisted/file", "caf\xe9", long_name}));
}

TEST(WriteImage, TheSameBytesWhereverAndWhenever) {
  for (const auto& format : {options(), options(Compression::gzip, 2), options(Compression::zstd, 3),
                             options(Compression::none)}) {
    for (const Transport transport : {Transport::docker_archive, Transport::oci_archive}) {
      const TemporaryFolder here;
      const TemporaryFolder there;
      WriteOptions other = format;
      other.jobs = 1;
      const WrittenImage one = write(place(transport, here / "a.tar"), format);
      usleep(20'000);
      const WrittenImage two = write(place(transport, there / "another.tar"), other);
      EXPECT_EQ(one.digest, two.digest);
      EXPECT_EQ(Digest::of(read_file(here / "a.tar")), Digest::of(read_file(there / "another.tar")));
    }
  }
}

TEST(WriteImage, TheStagedImageCanBeReadBeforeItHasItsName) {
  for (const auto& [transport, name] : image_transports()) {
    const TemporaryFolder folder;
    Sample sample;
    const auto staged = write_image(sample.contents, sample.plan, place(transport, folder / name), options());
    EXPECT_FALSE(std::filesystem::exists(folder / name));
    const ImageContents read = read_image(staged->staged());
    EXPECT_EQ(read.image().digest, staged->written().digest);
    EXPECT_EQ(read.image().config_digest, staged->written().config_digest);
    EXPECT_EQ(read.image().config.diff_ids, std::vector<Digest>{diff_id_of(staged->written())});
    EXPECT_EQ(read.layers.at(0).tar.size, staged->written().uncompressed);
    staged->commit();
    EXPECT_EQ(folder.names(), Names{name});
    EXPECT_EQ(read_image(staged->staged()).image().digest, staged->written().digest);
  }
}

TEST(WriteImage, BaseAndApplicationAreTwoLayersOfTheSameFiles) {
  WriteOptions two = options();
  two.layers = Layers::base_and_app;
  for (const auto& [transport, name] : image_transports()) {
    const TemporaryFolder folder;
    write(place(transport, folder / name));
    const ImageContents one = read_image(place(transport, folder / name));
    Sample sample;
    const auto staged =
        write_image(sample.contents, sample.plan, place(transport, folder / ("two-" + name)), two);
    staged->relabel(Outcome::same);  // what stands behind the layers is written again
    staged->commit();
    const ImageContents split = read_image(place(transport, folder / ("two-" + name)));
    ASSERT_EQ(split.layers.size(), 2U) << to_string(transport);
    EXPECT_EQ(described(split.tree), described(one.tree));
    EXPECT_EQ(split.image().digest, staged->written().digest);
    EXPECT_EQ(staged->written().layers[0].role, LayerRole::base);
    EXPECT_EQ(staged->written().layers[1].stored.tar.digest, split.layers[1].tar.digest);
    EXPECT_EQ(staged->written().uncompressed, split.layers[0].tar.size + split.layers[1].tar.size);
    EXPECT_FALSE(staged->written().base_because.empty());
    EXPECT_EQ(folder.names(), (Names{name, "two-" + name}));
  }
}

TEST(WriteImage, ALayoutGetsBothLayersBesideWhatItHas) {
  const TemporaryFolder folder;
  WriteOptions two = options();
  two.layers = Layers::base_and_app;
  write(place(Transport::oci, folder / "out", "one"));
  const WrittenImage written = write(place(Transport::oci, folder / "out", "two"), two);
  const ImageContents read = read_image(place(Transport::oci, folder / "out", "two"));
  EXPECT_EQ(read.image().digest, written.digest);
  EXPECT_EQ(read.layers.size(), 2U);
  EXPECT_EQ(read_image(place(Transport::oci, folder / "out", "one")).layers.size(), 1U);
}

TEST(WriteImage, AFolderHasNoLayers) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files their owners";
  const TemporaryFolder folder;
  WriteOptions two = options();
  two.layers = Layers::base_and_app;
  try {
    check_destination(place(Transport::dir, folder / "root"), two);
    ADD_FAILURE() << "took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("--layers base+app"), std::string::npos);
  }
  EXPECT_EQ(folder.names(), Names{});
}

TEST(WriteImage, WithoutCommitNothingRemains) {
  const TemporaryFolder folder;
  Sample sample;
  for (const auto& [transport, name] : image_transports()) {
    write_image(sample.contents, sample.plan, place(transport, folder / name), options());
  }
  EXPECT_EQ(folder.names(), Names{});
}

TEST(WriteImage, ASourceThatBreaksMidwayLeavesNothing) {
  for (const auto& [transport, name] : image_transports()) {
    const TemporaryFolder folder;
    Sample sample;
    auto& layers = dynamic_cast<MemorySource&>(*sample.contents.source).layers();
    layers[1].resize(layers[1].size() / 2);
    EXPECT_THROW(write_image(sample.contents, sample.plan, place(transport, folder / name), options()),
                 Error);
    EXPECT_EQ(folder.names(), Names{});
  }
}

TEST(WriteImage, RelabelChangesTheVerdictAndNotTheLayer) {
  for (const auto& [transport, name] : image_transports()) {
    const TemporaryFolder folder;
    Sample sample;
    const auto staged = write_image(sample.contents, sample.plan, place(transport, folder / name), options());
    const WrittenImage before = staged->written();
    EXPECT_EQ(read_image(staged->staged()).image().config.labels.at("dev.slim.verdict"), "not-run");
    staged->relabel(Outcome::same);
    EXPECT_NE(staged->written().digest, before.digest);
    EXPECT_EQ(diff_id_of(staged->written()), diff_id_of(before));
    staged->commit();
    const ImageContents read = read_image(place(transport, folder / name));
    EXPECT_EQ(read.image().config.labels.at("dev.slim.verdict"), "same");
    WriteOptions at_once = options();
    at_once.verdict = Outcome::same;
    EXPECT_EQ(write(place(transport, folder / ("other-" + name)), at_once).digest, staged->written().digest);
    if (transport != Transport::oci) {
      EXPECT_EQ(Digest::of(read_file(folder / name)), Digest::of(read_file(folder / ("other-" + name))));
    }
  }
}

TEST(WriteImage, APlanThatKeepsAPathWithoutItsFolderIsABug) {
  const TemporaryFolder folder;
  Sample sample;
  sample.plan.decisions[sample.contents.tree.find("/usr/bin")].keep = false;
  EXPECT_THROW(write_image(sample.contents, sample.plan, place(Transport::oci, folder / "out"), options()),
               std::logic_error);
  EXPECT_EQ(folder.names(), Names{});
}

TEST(WriteImage, AddsToALayoutThatExists) {
  const TemporaryFolder folder;
  const WrittenImage gzip = write(place(Transport::oci, folder / "out", "a"));
  const WrittenImage zstd = write(place(Transport::oci, folder / "out", "b"), options(Compression::zstd, 3));
  EXPECT_EQ(read_image(place(Transport::oci, folder / "out", "a")).image().digest, gzip.digest);
  EXPECT_EQ(read_image(place(Transport::oci, folder / "out", "b")).image().digest, zstd.digest);
  const WrittenImage plain = write(place(Transport::oci, folder / "out", "a"), options(Compression::none));
  EXPECT_EQ(read_image(place(Transport::oci, folder / "out", "a")).image().digest, plain.digest);
  Names top;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "out"))
    top.push_back(entry.path().filename());
  std::sort(top.begin(), top.end());
  EXPECT_EQ(top, (Names{"blobs", "index.json", "oci-layout"}));
}

TEST(WriteImage, ABlobThatIsCutOffIsWrittenAgain) {
  const TemporaryFolder folder;
  write(place(Transport::oci, folder / "out", "a"));
  for (const auto& entry : std::filesystem::directory_iterator(folder / "out/blobs/sha256"))
    std::filesystem::resize_file(entry.path(), 0);
  const WrittenImage written = write(place(Transport::oci, folder / "out", "b"));
  EXPECT_EQ(read_image(place(Transport::oci, folder / "out", "b")).image().digest, written.digest);
}

TEST(WriteImage, AnEmptyFolderBecomesALayout) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "out");
  const WrittenImage written = write(place(Transport::oci, folder / "out"));
  EXPECT_EQ(read_image(place(Transport::oci, folder / "out")).image().digest, written.digest);
}

TEST(WriteImage, AFullDiskIsAnEnvironmentErrorAndLeavesNothing) {
  const TemporaryFolder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=128k") != 0) {
    GTEST_SKIP() << "may not mount a small file system: only root can check this";
  }
  for (const auto& [transport, name] : image_transports()) {
    Sample sample;
    try {
      write_image(sample.contents, sample.plan, place(transport, folder / name), options(Compression::none));
      ADD_FAILURE() << to_string(transport) << " was written";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::environment);
      EXPECT_NE(std::string(error.what()).find("No space left on device"), std::string::npos) << error.what();
    }
    EXPECT_EQ(folder.names(), Names{});
  }
  umount(folder.path().c_str());
}

TEST(CheckDestination, FailsAsWritingWouldAndLeavesNothing) {
  const TemporaryFolder folder;
  check_destination(place(Transport::oci, folder / "out"), options());
  EXPECT_EQ(folder.names(), Names{});
  EXPECT_THROW(check_destination(place(Transport::oci, folder / "no/out"), options()), Error);
  EXPECT_THROW(check_destination(place(Transport::oci, folder / "out"), options(Compression::gzip, 9)),
               Error);
  EXPECT_EQ(folder.names(), Names{});
}

TEST(RootFolder, HasTheFilesAsTheImageSays) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files their owners";
  const TemporaryFolder folder;
  const std::string root = folder / "root";
  write(place(Transport::dir, root));
  EXPECT_EQ(folder.names(), Names{"root"});
  const auto facts = [&](const std::string& path) {
    struct stat result{};
    EXPECT_EQ(lstat((root + path).c_str(), &result), 0) << path;
    return result;
  };
  const struct stat ping = facts("/usr/bin/ping");
  EXPECT_EQ(ping.st_mode, S_IFREG | 04755U);
  EXPECT_EQ(ping.st_uid, 70000U);
  EXPECT_EQ(ping.st_mtim.tv_sec, 5000000000);
  EXPECT_EQ(ping.st_mtim.tv_nsec, 123456789);
  std::string value(64, '\0');
  const auto size =
      getxattr((root + "/usr/bin/ping").c_str(), "security.capability", value.data(), value.size());
  ASSERT_EQ(size, 20);
  EXPECT_EQ(value.substr(0, 20), capability);
  EXPECT_EQ(facts("/usr/bin/two").st_ino, facts("/usr/bin/three").st_ino);
  EXPECT_EQ(facts("/usr/bin/two").st_nlink, 2U);
  EXPECT_EQ(facts("/null").st_rdev, makedev(1, 3));
  EXPECT_TRUE(S_ISFIFO(facts("/pipe").st_mode));
  EXPECT_EQ(facts("/var/empty").st_mode, S_IFDIR | 0700U);
  EXPECT_EQ(facts("/var/empty").st_uid, 101U);
  for (const char* path : {"", "/usr", "/usr/bin", "/var", "/var/empty"}) {
    EXPECT_EQ(facts(path).st_mtim.tv_sec, 1500000000) << path;
    EXPECT_EQ(facts(path).st_mtim.tv_nsec, 500) << path;
  }
  EXPECT_EQ(facts("/opt/unlisted").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(std::filesystem::read_symlink(root + "/usr/bin/sh"), "../bin/one");
  EXPECT_EQ(read_file(root + "/caf\xe9"), "latin");
  EXPECT_FALSE(std::filesystem::exists(root + "/secret"));
}

TEST(RootFolder, WithoutCommitOrOnAnErrorNothingRemains) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files their owners";
  const TemporaryFolder folder;
  Sample sample;
  write_image(sample.contents, sample.plan, place(Transport::dir, folder / "root"), options());
  EXPECT_EQ(folder.names(), Names{});
  auto& layers = dynamic_cast<MemorySource&>(*sample.contents.source).layers();
  layers[1].resize(layers[1].size() / 2);
  EXPECT_THROW(write_image(sample.contents, sample.plan, place(Transport::dir, folder / "root"), options()),
               Error);
  EXPECT_EQ(folder.names(), Names{});
}

TEST(Oracle, SkopeoReadsAndCopiesWhatIsWritten) {
  for (const auto& [transport, name] : image_transports()) {
    const TemporaryFolder folder;
    const WrittenImage written = write(place(transport, folder / name), options(Compression::zstd, 3));
    const std::string ref = std::string(to_string(transport)) + ":" + (folder / name);
    const auto raw = run_tool("skopeo inspect --raw " + ref + " 2>&1");
    if (!raw) GTEST_SKIP() << "skopeo is not installed";
    if (transport != Transport::docker_archive) {
      EXPECT_EQ(Digest::of(*raw), written.digest);
    }
    const auto config = run_tool("skopeo inspect --config --raw " + ref + " 2>&1");
    EXPECT_EQ(Digest::of(*config), written.config_digest);
    run_tool("skopeo copy --insecure-policy " + ref + " oci:" + (folder / "copy") + ":x 2>&1");
    const ImageContents copy = read_image(place(Transport::oci, folder / "copy", "x"));
    EXPECT_EQ(copy.layers.at(0).tar.digest, diff_id_of(written));
  }
}

TEST(Oracle, UmociUnpacksWhatIsWritten) {
  if (geteuid() != 0) GTEST_SKIP() << "unpacking with owners needs root";
  const TemporaryFolder folder;
  write(place(Transport::oci, folder / "out", "v1"));
  const auto output =
      run_tool("umoci unpack --image " + (folder / "out") + ":v1 " + (folder / "bundle") + " 2>&1");
  if (!output) GTEST_SKIP() << "umoci is not installed";
  struct stat facts{};
  const std::string root = folder / "bundle/rootfs";
  ASSERT_EQ(stat((root + "/usr/bin/ping").c_str(), &facts), 0) << *output;
  EXPECT_EQ(facts.st_mode, S_IFREG | 04755U);
  EXPECT_EQ(facts.st_uid, 70000U);
  EXPECT_EQ(getxattr((root + "/usr/bin/ping").c_str(), "security.capability", nullptr, 0), 20);
  ASSERT_EQ(stat((root + "/usr/bin/two").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_nlink, 2U);
  EXPECT_EQ(read_file(root + "/caf\xe9"), "latin");
}

TEST(Oracle, DocumentsFollowTheSchemasOfTheImageSpec) {
  const std::string schemas = std::string(SLIM_SHARED_DATA) + "/schema";
  if (!std::filesystem::exists(schemas)) GTEST_SKIP() << "the schemas are not there: " << schemas;
  const TemporaryFolder folder;
  const WrittenImage written = write(place(Transport::oci, folder / "out", "v1"));
  const std::string script = folder.write("check.py", R"(
import json, pathlib, sys
try:
    import jsonschema
except ImportError:
    sys.exit(127)
schemas = pathlib.Path(sys.argv[1])
def load(uri):  # they refer to each other by addresses that end in the file's name
    return json.loads((schemas / uri.rsplit("/", 1)[-1]).read_text())
for name, document in zip(sys.argv[2::2], sys.argv[3::2]):
    schema = json.loads((schemas / name).read_text())
    resolver = jsonschema.RefResolver(schema.get("id", ""), schema, handlers={"http": load, "https": load})
    jsonschema.Draft4Validator(schema, resolver=resolver).validate(json.loads(pathlib.Path(document).read_text()))
print("valid")
)");
  const auto blob = [&](const Digest& digest) {
    return folder / ("out/blobs/sha256/" + std::string(digest.hex()));
  };
  const auto result = run_tool(
      "python3 -W ignore " + script + " " + schemas + " image-manifest-schema.json " + blob(written.digest) +
      " config-schema.json " + blob(written.config_digest) + " image-index-schema.json " +
      (folder / "out/index.json") + " image-layout-schema.json " + (folder / "out/oci-layout") + " 2>&1");
  if (!result) GTEST_SKIP() << "python3 or its jsonschema is not installed";
  EXPECT_EQ(*result, "valid\n");
}

}  // namespace
}  // namespace slim
