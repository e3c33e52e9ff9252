#include "analyzer/docker_archive.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/image_ref.h"
#include "analyzer/source.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::config_json;
using test::expect_input_error;
using test::quoted_list;
using test::TarBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string base = TarBuilder().file("etc/base", "1").str();
const std::string app = TarBuilder().file("bin/app", "2").str();

std::string config_name(const std::string& config) {
  return std::string(Digest::of(config).hex()) + ".json";
}

std::string manifest_entry(const std::string& config, const std::vector<std::string>& tags,
                           const std::vector<std::string>& layers) {
  return fmt::format(R"({{"Config":"{}","RepoTags":{},"Layers":{}}})", config,
                     tags.empty() ? "null" : quoted_list(tags), quoted_list(layers));
}

class DockerArchive : public testing::Test {
 protected:
  std::unique_ptr<Source> open(const TarBuilder& tar, const std::string& name = {},
                               const Platform* wanted = nullptr) {
    const std::string file = folder.write("image.tar", tar.str());
    return open_source({.transport = Transport::docker_archive, .path = file, .name = name}, wanted);
  }
  static std::string layer(Source& source, std::size_t index) {
    return read_all(open_layer(source, index), 10'000'000, "layer");
  }
  test::TemporaryFolder folder;
};

TEST_F(DockerArchive, LegacyForm) {
  const std::string config = config_json({base, app});
  TarBuilder tar;
  tar.folder("a").file("a/layer.tar", base).file("b/layer.tar", app).file(config_name(config), config);
  tar.file(
      "manifest.json",
      "[" + manifest_entry(config_name(config), {"app:1", "app:2"}, {"a/layer.tar", "b/layer.tar"}) + "]");
  const auto source = open(tar);
  EXPECT_EQ(source->image().name, "app:1");
  EXPECT_EQ(source->image().digest, Digest::of(config));
  EXPECT_EQ(source->image().config_digest, Digest::of(config));
  EXPECT_TRUE(source->image().layers[0].blob.digest.empty());
  EXPECT_EQ(source->image().layers[0].blob.size, base.size());
  EXPECT_EQ(source->image().layers[1].created_by, "COPY app");
  EXPECT_EQ(layer(*source, 0), base);
  EXPECT_EQ(layer(*source, 1), app);
  EXPECT_EQ(layer(*source, 1), app) << "a layer can be read again";
}

TEST_F(DockerArchive, NewerFormNamesBlobsWhichAreChecked) {
  const std::string config = config_json({base, app});
  const auto blob = [](const std::string& content) {
    return "blobs/sha256/" + std::string(Digest::of(content).hex());
  };
  const auto archive = [&](const std::string& stored) {
    TarBuilder tar;
    tar.file("oci-layout", "{}")
        .file("index.json", "{}")
        .file(blob(config), config)
        .file(blob(base), base)
        .file(blob(app), stored);
    tar.file("manifest.json", "[" + manifest_entry(blob(config), {}, {blob(base), blob(app)}) + "]");
    return tar;
  };
  const auto source = open(archive(app));
  EXPECT_EQ(source->image().layers[1].blob.digest, Digest::of(app));
  EXPECT_EQ(layer(*source, 1), app);
  std::string wrong = app;
  wrong[600] ^= 1;
  const auto damaged = open(archive(wrong));
  expect_input_error([&] { layer(*damaged, 1); }, "expected digest " + Digest::of(app).text());
}

TEST_F(DockerArchive, LayersMayBeCompressed) {
  folder.write("base", base);
  folder.write("app", app);
  ASSERT_TRUE(test::run("cd " + folder.path() + " && gzip base && zstd -q app"));
  const std::string config = config_json({base, app});
  TarBuilder tar;
  tar.file("sha256:" + std::string(Digest::of(config).hex()), config);
  tar.file("1.tar.gz", test::read_file(folder.path() + "/base.gz"))
      .file("2.tar", test::read_file(folder.path() + "/app.zst"));
  tar.file("manifest.json",
           "[" +
               manifest_entry("sha256:" + std::string(Digest::of(config).hex()), {}, {"1.tar.gz", "2.tar"}) +
               "]");
  const auto source = open(tar);
  EXPECT_EQ(layer(*source, 0), base);
  EXPECT_EQ(layer(*source, 1), app);
}

TEST_F(DockerArchive, LayersMayBeLinksInsideTheArchive) {
  const std::string config = config_json({base, app});
  TarBuilder tar;
  tar.file("a/layer.tar", base)
      .symlink("b/layer.tar", "../a/layer.tar")
      .file("c/layer.tar", app)
      .hardlink("d/layer.tar", "c/layer.tar");
  tar.symlink("out/layer.tar", "../../etc/passwd").symlink("loop1", "loop2").symlink("loop2", "loop1");
  tar.file("config.json", config);
  const auto archive = [&](const std::string& one, const std::string& two) {
    return TarBuilder(tar).file("manifest.json", "[" + manifest_entry("config.json", {}, {one, two}) + "]");
  };
  const auto source = open(archive("b/layer.tar", "d/layer.tar"));
  EXPECT_EQ(layer(*source, 0), base);
  EXPECT_EQ(layer(*source, 1), app);
  expect_input_error([&] { open(archive("out/layer.tar", "a/layer.tar")); }, "out/layer.tar: no such member");
  expect_input_error([&] { open(archive("loop1", "a/layer.tar")); }, "loop1: no such member");
}

TEST_F(DockerArchive, TheNameOrThePlaceChoosesOneOfSeveral) {
  const std::string one = config_json({base});
  const std::string two = config_json({app});
  TarBuilder tar;
  tar.file("1.tar", base).file("2.tar", app).file(config_name(one), one).file(config_name(two), two);
  tar.file("manifest.json",
           "[" + manifest_entry(config_name(one), {"docker.io/library/one:latest"}, {"1.tar"}) + "," +
               manifest_entry(config_name(two), {"two:v2", "two:v3"}, {"2.tar"}) + "]");
  EXPECT_EQ(open(tar, "one")->image().config_digest, Digest::of(one));
  EXPECT_EQ(open(tar, "two:v3")->image().config_digest, Digest::of(two));
  EXPECT_EQ(open(tar, "two:v3")->image().name, "two:v3");
  EXPECT_EQ(open(tar, "@1")->image().config_digest, Digest::of(two));
  expect_input_error([&] { open(tar); }, "holds 2 images: docker.io/library/one:latest, two:v2, two:v3");
  expect_input_error([&] { open(tar, "two"); },
                     "no image 'two': there is docker.io/library/one:latest, two:v2, two:v3");
  expect_input_error([&] { open(tar, "@2"); }, "no image @2");
}

TEST_F(DockerArchive, AnotherPlatformThanRequested) {
  const std::string config = config_json({base}, "linux/arm64");
  TarBuilder tar;
  tar.file("1.tar", base)
      .file("c.json", config)
      .file("manifest.json", "[" + manifest_entry("c.json", {}, {"1.tar"}) + "]");
  const Platform amd64 = Platform::parse("linux/amd64");
  const Platform arm64 = Platform::parse("linux/arm64/v8");
  expect_input_error([&] { open(tar, {}, &amd64); }, "no image for linux/amd64: this one is for linux/arm64");
  EXPECT_EQ(open(tar, {}, &arm64)->image().config.platform.text(), "linux/arm64");
}

TEST_F(DockerArchive, WrongDigestOfConfigAndOfLayer) {
  const std::string config = config_json({base});
  TarBuilder tar;
  tar.file("1.tar", app)
      .file("c.json", config)
      .file("manifest.json", "[" + manifest_entry("c.json", {}, {"1.tar"}) + "]");
  const auto source = open(tar);
  expect_input_error([&] { layer(*source, 0); }, "uncompressed: expected digest " + Digest::of(base).text() +
                                                     ", found " + Digest::of(app).text());
  TarBuilder other;
  other.file("1.tar", base).file(config_name("else"), config);
  other.file("manifest.json", "[" + manifest_entry(config_name("else"), {}, {"1.tar"}) + "]");
  expect_input_error([&] { open(other); }, "expected digest " + Digest::of("else").text());
}

TEST_F(DockerArchive, MissingParts) {
  const std::string config = config_json({base});
  expect_input_error([&] { open(TarBuilder().file("x", "y")); }, "no manifest.json in it");
  expect_input_error([&] { open(TarBuilder().file("manifest.json", "[]")); },
                     "manifest.json: holds no image");
  expect_input_error([&] { open(TarBuilder().file("manifest.json", "{}")); },
                     "manifest.json: expected a list of images, found object");
  expect_input_error([&] { open(TarBuilder().file("manifest.json", "[{}]")); },
                     "manifest.json: [0].Config: missing");
  expect_input_error(
      [&] { open(TarBuilder().file("manifest.json", "[" + manifest_entry("c.json", {}, {"1.tar"}) + "]")); },
      "c.json: no such member in the archive");
  expect_input_error(
      [&] {
        open(TarBuilder()
                 .file("c.json", config)
                 .file("manifest.json", "[" + manifest_entry("c.json", {}, {"1.tar"}) + "]"));
      },
      "1.tar: no such member in the archive");
  expect_input_error(
      [&] {
        open(TarBuilder()
                 .file("c.json", config)
                 .file("manifest.json", "[" + manifest_entry("c.json", {}, {}) + "]"));
      },
      "0 layers, but the config has 1 diff_ids");
}

TEST_F(DockerArchive, CutAnywhereIsAnErrorAndNotACrash) {
  const std::string config = config_json({base});
  TarBuilder tar;
  tar.file("manifest.json", "[" + manifest_entry("c.json", {}, {"1.tar"}) + "]")
      .file("c.json", config)
      .file("1.tar", base);
  const std::string whole = tar.str();
  for (std::size_t size = 0; size < whole.size() - 1024; size += 100) {
    const std::string file = folder.write("cut.tar", whole.substr(0, size));
    const auto failure = test::failure_of([&] {
      const auto source = open_source({.transport = Transport::docker_archive, .path = file, .name = {}});
      layer(*source, 0);
    });
    EXPECT_TRUE(failure.thrown) << size;
    EXPECT_EQ(failure.kind, ErrorKind::input) << size;
  }
}

TEST(FamiliarName, IsCompletedAsDockerDoes) {
  EXPECT_EQ(familiar_name("nginx"), "nginx:latest");
  EXPECT_EQ(familiar_name("docker.io/library/nginx:1"), "nginx:1");
  EXPECT_EQ(familiar_name("localhost:5000/a"), "localhost:5000/a:latest");
  EXPECT_EQ(familiar_name("a/b@sha256:0"), "a/b@sha256:0");
}

}  // namespace
}  // namespace slim
