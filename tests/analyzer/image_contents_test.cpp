#include "analyzer/image_contents.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/image_ref.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::expect_input_error;
using test::Layout;
using test::oci_manifest_type;
using test::TarBuilder;
using testing::ElementsAre;
using testing::Pair;

/// All that an index says of the layers, a line an entry.
std::vector<std::string> dump(const ImageContents& contents) {
  std::vector<std::string> lines;
  for (const LayerIndex& layer : contents.layers) {
    lines.push_back(layer.tar.digest.text());
    for (const LayerEntry& entry : layer.entries) {
      lines.push_back(fmt::format("{} {} {:o} {}:{} {} {} {}", entry.path, to_string(entry.type), entry.mode,
                                  entry.uid, entry.gid, entry.mtime, entry.link,
                                  entry.content_hash ? to_hex(*entry.content_hash) : "-"));
    }
  }
  return lines;
}

std::vector<std::string> many_layers() {
  std::vector<std::string> tars;
  for (int i = 0; i < 9; ++i) {
    TarBuilder tar;
    for (int j = 0; j < 20; ++j)
      tar.file(fmt::format("f{}/{}", i, j), std::string(static_cast<std::size_t>(i * 1000 + j), 'x'));
    tars.push_back(tar.str());
  }
  return tars;
}

TEST(ReadImage, TheResultDoesNotDependOnTheNumberOfJobs) {
  const test::TemporaryFolder folder;
  Layout layout;
  layout.index({layout.blob(oci_manifest_type, layout.manifest(many_layers()))});
  layout.write(folder);
  const auto one = dump(read_image(parse_image_ref(folder.path()), {.jobs = 1}));
  EXPECT_EQ(one.size(), 9U * 21);
  EXPECT_EQ(one, dump(read_image(parse_image_ref(folder.path()), {.jobs = 7})));
  EXPECT_EQ(one, dump(read_image(parse_image_ref(folder.path()))));
}

TEST(ReadImage, TheErrorIsThatOfTheLowestBadLayer) {
  const test::TemporaryFolder folder;
  Layout layout;
  const auto tars = many_layers();
  layout.index({layout.blob(oci_manifest_type, layout.manifest(tars))});
  for (const std::size_t bad : {std::size_t{7}, std::size_t{3}, std::size_t{5}}) {
    layout.files["blobs/sha256/" + std::string(Digest::of(tars[bad]).hex())][600] ^= 1;
  }
  layout.write(folder);
  for (unsigned jobs = 1; jobs < 6; ++jobs) {
    expect_input_error([&] { read_image(parse_image_ref(folder.path()), {.jobs = jobs}); }, "layer 3 (");
  }
}

TEST(ReadImage, ADiffIdThatIsNotThatOfTheTarIsAnError) {
  const test::TemporaryFolder folder;
  Layout layout;
  const auto tars = many_layers();
  const std::string config =
      layout.blob("application/vnd.oci.image.config.v1+json", test::config_json({tars[1]}));
  layout.index(
      {layout.blob(oci_manifest_type, fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                                                  config, layout.blob(test::oci_layer_type, tars[0])))});
  layout.write(folder);
  expect_input_error([&] { read_image(parse_image_ref(folder.path())); },
                     "uncompressed: expected digest " + Digest::of(tars[1]).text());
}

TEST(StreamFiles, GivesWantedContentInTheOrderOfTheLayers) {
  const test::TemporaryFolder folder;
  Layout layout;
  TarBuilder below;
  below.folder("d")
      .file("d/gone", "gone")
      .file("d/kept", "kept")
      .file(".wh..wh.plnk", "x")
      .file("../out", "x")
      .file("d/last", "last");
  TarBuilder above;
  above.file("d/.wh.gone", "")
      .file("d/new", std::string(1 << 20, 'n'))
      .hardlink("d/hard", "d/new")
      .file("d/kept", "changed");
  layout.index({layout.blob(oci_manifest_type, layout.manifest({below.str(), above.str()}))});
  layout.write(folder);
  ImageContents contents = read_image(parse_image_ref(folder.path()));

  std::vector<bool> wanted(contents.tree.inode_count(), true);
  std::vector<std::pair<std::string, std::string>> seen;
  stream_files(*contents.source, contents.tree, wanted, [&](InodeId id, ByteReader& content) {
    std::string text;
    std::vector<std::byte> buffer(1000);
    while (const std::size_t count = content(buffer))
      text.append(reinterpret_cast<const char*>(buffer.data()), count);
    const Inode& inode = contents.tree.inode(id);
    if (!inode.names.empty()) seen.emplace_back(inode.entry->path, text);
  });
  EXPECT_THAT(seen, testing::IsSupersetOf({Pair(std::string("d/last"), std::string("last")),
                                           Pair(std::string("d/new"), std::string(1 << 20, 'n')),
                                           Pair(std::string("d/kept"), std::string("changed"))}));
}

TEST(StreamFiles, ContentMayBeLeftUnreadAndUnwantedLayersStayClosed) {
  const test::TemporaryFolder folder;
  Layout layout;
  const std::string below = TarBuilder().file("a", "1").str();
  const std::string above =
      TarBuilder().file("b", "2").file("c", std::string(3 << 20, 'c')).file("d", "4").str();
  layout.index({layout.blob(oci_manifest_type, layout.manifest({below, above}))});
  layout.write(folder);
  ImageContents contents = read_image(parse_image_ref(folder.path()));
  std::filesystem::remove(folder.path() + "/blobs/sha256/" + std::string(Digest::of(below).hex()));

  std::vector<bool> wanted(contents.tree.inode_count(), false);
  for (const std::string name : {"b", "c", "d"})
    wanted[contents.tree.node(contents.tree.find(name)).inode] = true;
  std::vector<std::string> seen;
  stream_files(*contents.source, contents.tree, wanted, [&](InodeId id, ByteReader& /*content*/) {
    seen.push_back(contents.tree.inode(id).entry->path);
  });
  EXPECT_THAT(seen, ElementsAre("b", "c", "d"));
}

TEST(StreamFiles, ChecksTheDigestsAgain) {
  const test::TemporaryFolder folder;
  Layout layout;
  const std::string tar = TarBuilder().file("a", "1").file("b", "2").str();
  layout.index({layout.blob(oci_manifest_type, layout.manifest({tar}))});
  layout.write(folder);
  ImageContents contents = read_image(parse_image_ref(folder.path()));
  std::string changed = tar;
  changed[512] = '9';
  folder.write("blobs/sha256/" + std::string(Digest::of(tar).hex()), changed);
  const std::vector<bool> wanted(contents.tree.inode_count(), true);
  expect_input_error(
      [&] { stream_files(*contents.source, contents.tree, wanted, [](InodeId, ByteReader&) {}); },
      "expected digest " + Digest::of(tar).text());
}

class RealImage : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path_ = std::string(SLIM_SHARED_DATA) + "/" + GetParam();
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not here";
  }
  std::string path_;
};

TEST_P(RealImage, IsReadWholeWithItsDigestsChecked) {
  const ImageContents contents = read_image(parse_image_ref(path_));
  EXPECT_GT(contents.tree.size(), 1U);
  for (std::size_t i = 0; i < contents.layers.size(); ++i) {
    const Digest& diff_id = contents.image().layers[i].diff_id;
    if (!diff_id.empty()) {
      EXPECT_EQ(contents.layers[i].tar.digest, diff_id);
    }
    EXPECT_TRUE(contents.layers[i].diagnostics.empty()) << contents.layers[i].diagnostics.front().message;
  }
}

INSTANTIATE_TEST_SUITE_P(SharedData, RealImage,
                         testing::Values("images/docker-save-legacy.tar", "images/kaniko.tar",
                                         "images/oci-gzip.tar", "images/oci-zstd.tar",
                                         "images/oci-estargz.tar", "images/oci-uncompressed.tar",
                                         "images/docker-archive-gzip.tar",
                                         "alpine-minirootfs-3.20.3-x86_64.tar.gz",
                                         "alpine-minirootfs-3.20.3-aarch64.tar.gz"));

/// skopeo as the oracle: an image that it converts reads to the same layers from every transport.
TEST(RealImages, ReadTheSameInEveryFormThatSkopeoWrites) {
  if (!test::have("skopeo")) GTEST_SKIP() << "skopeo is not installed";
  const std::string source = std::string(SLIM_SHARED_DATA) + "/images/kaniko.tar";
  if (!std::filesystem::exists(source)) GTEST_SKIP() << source << " is not here";
  const test::TemporaryFolder folder;
  const auto copy = [&](const std::string& to, const std::string& options = {}) {
    ASSERT_TRUE(
        test::run("skopeo --insecure-policy copy -q " + options + " docker-archive:" + source + " " + to))
        << to;
  };
  copy("docker-archive:" + folder.path() + "/docker.tar:a/b:c");
  copy("oci-archive:" + folder.path() + "/oci.tar:name");
  copy("oci:" + folder.path() + "/oci:name");
  copy("oci:" + folder.path() + "/zstd:name", "--dest-compress-format zstd");
  const auto expected = dump(read_image(parse_image_ref(source)));
  for (const std::string name : {"docker.tar", "oci.tar", "oci", "zstd"}) {
    const std::string path = folder.path() + "/" + name;
    EXPECT_EQ(dump(read_image(parse_image_ref(path))), expected) << path;
  }
  EXPECT_EQ(read_image(parse_image_ref(folder.path() + "/oci:name")).image().name, "name");
}

}  // namespace
}  // namespace slim
