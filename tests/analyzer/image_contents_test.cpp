#include "analyzer/image_contents.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/image_ref.h"
#include "analyzer/index_cache.h"
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

/// A cache that believes files which changed just now: the tests make theirs as they go.
std::shared_ptr<const IndexCache> cache_in(const test::TemporaryFolder& folder) {
  return std::make_shared<const IndexCache>(
      folder.path() + "/cache", IndexCache::Limits{.bytes = 1'000'000, .rest = std::chrono::nanoseconds(0)});
}

std::string blob_name(const std::string& blob) {
  return "blobs/sha256/" + std::string(Digest::of(blob).hex());
}

TEST(CachedImage, ALayerThatWasVerifiedIsNotReadAgainButItsFilesAreVerifiedWhereTheyAreUsed) {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder home;
  Layout layout;
  const std::string tar = TarBuilder().file("a", "1").file("b", "2").str();
  layout.index({layout.blob(oci_manifest_type, layout.manifest({tar}))});
  layout.write(folder);
  const auto cache = cache_in(home);
  const auto first = dump(read_image(parse_image_ref(folder.path()), {.cache = cache}));
  std::string changed = tar;
  changed[512] = '9';
  folder.write(blob_name(tar), changed);
  ImageContents again = read_image(parse_image_ref(folder.path()), {.cache = cache});
  EXPECT_EQ(dump(again), first);
  const std::vector<bool> wanted(again.tree.inode_count(), true);
  expect_input_error([&] { stream_files(*again.source, again.tree, wanted, [](InodeId, ByteReader&) {}); },
                     "expected digest " + Digest::of(tar).text());
  expect_input_error([&] { read_image(parse_image_ref(folder.path())); }, "expected digest ");
}

TEST(CachedImage, WhatFailsItsChecksIsNotKept) {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder home;
  Layout layout;
  const std::string tar = TarBuilder().file("a", "1").str();
  layout.index({layout.blob(oci_manifest_type, layout.manifest({tar}))});
  layout.files[blob_name(tar)][512] = '9';
  layout.write(folder);
  const auto cache = cache_in(home);
  for (int i = 0; i < 2; ++i) {
    expect_input_error([&] { read_image(parse_image_ref(folder.path()), {.cache = cache}); },
                       "expected digest ");
  }
}

TEST(CachedImage, AConfigThatClaimsAKnownDiffIdOverAnotherBlobIsNotBelieved) {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder home;
  const auto cache = cache_in(home);
  const std::string known = TarBuilder().file("bin/app", "good").str();
  const std::string planted = TarBuilder().file("bin/app", "evil").str();
  Layout good;
  good.index({good.blob(oci_manifest_type, good.manifest({known}))});
  const std::string path = folder.write("good.tar", good.tar());
  EXPECT_EQ(read_image(parse_image_ref("oci-archive:" + path), {.cache = cache}).layers.size(), 1U);

  Layout evil;
  const std::string config =
      evil.blob("application/vnd.oci.image.config.v1+json", test::config_json({known}));
  evil.index({evil.blob(oci_manifest_type, fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                                                       config, evil.blob(test::oci_layer_type, planted)))});
  const std::string other = folder.write("evil.tar", evil.tar());
  for (int i = 0; i < 2; ++i) {
    expect_input_error([&] { read_image(parse_image_ref("oci-archive:" + other), {.cache = cache}); },
                       "uncompressed: expected digest " + Digest::of(known).text());
  }
}

/// An archive of docker save with one layer, whose config claims `diff_id_of`.
std::string docker_archive(const std::string& tar, const std::string& diff_id_of) {
  const std::string config = test::config_json({diff_id_of});
  const std::string name = std::string(Digest::of(config).hex()) + ".json";
  return TarBuilder()
      .file("layer.tar", tar)
      .file(name, config)
      .file("manifest.json", fmt::format(R"([{{"Config":"{}","Layers":["layer.tar"]}}])", name))
      .str();
}

TEST(CachedImage, APlainArchiveIsKnownByItsPlaceAndItsTimes) {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder home;
  const auto cache = cache_in(home);
  const std::string tar = TarBuilder().file("a", "1").str();
  const std::string planted = TarBuilder().file("a", "2").str();
  const auto read = [&](const std::string& path) {
    return dump(read_image(parse_image_ref(path), {.cache = cache}));
  };
  const std::string path = folder.write("a.tar", docker_archive(tar, tar));
  const auto first = read(path);
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator(home.path() + "/cache"), {});
  };
  EXPECT_EQ(entries(), 1);
  EXPECT_EQ(read(path), first);
  EXPECT_EQ(entries(), 1);  // it was found
  // another file, the same file with other content, and the old time set back: all are read anew
  expect_input_error([&] { read(folder.write("b.tar", docker_archive(planted, tar))); }, "expected digest ");
  const auto time = std::filesystem::last_write_time(path);
  folder.write("a.tar", docker_archive(planted, tar));
  std::filesystem::last_write_time(path, time);
  expect_input_error([&] { read(path); }, "expected digest ");
  EXPECT_EQ(entries(), 1);
}

TEST(CachedImage, AFileThatChangedJustNowIsNotKeptByItsPlace) {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder home;
  const std::string tar = TarBuilder().file("a", "1").str();
  const std::string path = folder.write("a.tar", docker_archive(tar, tar));
  const auto cache = std::make_shared<const IndexCache>(
      home.path() + "/cache", IndexCache::Limits{.bytes = 1'000'000, .rest = std::chrono::hours(1)});
  read_image(parse_image_ref(path), {.cache = cache});
  EXPECT_TRUE(std::filesystem::is_empty(home.path() + "/cache"));
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
