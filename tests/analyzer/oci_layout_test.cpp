#include "analyzer/oci_layout.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/source.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::expect_input_error;
using test::Layout;
using test::name_member;
using test::oci_index_type;
using test::oci_manifest_type;
using test::platform_member;
using test::TarBuilder;

const std::string base = TarBuilder().file("etc/base", "1").str();
const std::string app = TarBuilder().file("bin/app", "2").str();

/// Writes the layout as a folder and opens it.
std::unique_ptr<Source> open(const Layout& layout, const std::string& name = {},
                             const Platform* wanted = nullptr) {
  const test::TemporaryFolder folder;
  layout.write(folder);
  return open_source({.transport = Transport::oci, .path = folder.path(), .name = name}, wanted);
}

Layout simple() {
  Layout layout;
  layout.index({layout.blob(oci_manifest_type, layout.manifest({base, app}), name_member("v1"))});
  return layout;
}

void read_layers(const Layout& layout) {
  const test::TemporaryFolder folder;
  layout.write(folder);
  const auto source = open_source({.transport = Transport::oci, .path = folder.path(), .name = {}});
  for (std::size_t i = 0; i < source->image().layers.size(); ++i) {
    ByteReader reader = open_layer(*source, i);
    drain(reader);
  }
}

TEST(OciLayout, OneImage) {
  const Layout layout = simple();
  const test::TemporaryFolder folder;
  layout.write(folder);
  const auto source = open_source({.transport = Transport::oci, .path = folder.path(), .name = {}});
  const Image& image = source->image();
  EXPECT_EQ(image.name, "v1");
  EXPECT_EQ(image.reference, "oci:" + folder.path());
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(image.layers[0].diff_id, Digest::of(base));
  EXPECT_EQ(image.layers[0].created_by, "ADD base");
  EXPECT_EQ(image.layers[1].created_by, "COPY app");
  EXPECT_EQ(read_all(open_layer(*source, 1), 100'000, "layer"), app);
  EXPECT_TRUE(layout.files.contains("blobs/sha256/" + std::string(image.digest.hex())));
  EXPECT_TRUE(layout.files.contains("blobs/sha256/" + std::string(image.config_digest.hex())));
}

TEST(OciLayout, AnArchiveReadsTheSame) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("image.tar", simple().tar());
  ASSERT_TRUE(test::run("gzip -k " + file));
  for (const std::string& path : {file, file + ".gz"}) {
    const auto source = open_source({.transport = Transport::oci_archive, .path = path, .name = "v1"});
    EXPECT_EQ(read_all(open_layer(*source, 0), 100'000, "layer"), base);
    EXPECT_EQ(read_all(open_layer(*source, 1), 100'000, "layer"), app);
  }
}

TEST(OciLayout, TheNameChooses) {
  Layout layout;
  layout.index({layout.blob(oci_manifest_type, layout.manifest({base}), name_member("v1")),
                layout.blob(oci_manifest_type, layout.manifest({app}), name_member("v2"))});
  EXPECT_EQ(open(layout, "v2")->image().layers[0].diff_id, Digest::of(app));
  EXPECT_EQ(open(layout, "@0")->image().layers[0].diff_id, Digest::of(base));
  expect_input_error([&] { open(layout); }, "holds several images: v1, v2");
  expect_input_error([&] { open(layout, "v3"); }, "no image 'v3': there is v1, v2");
  expect_input_error([&] { open(layout, "@2"); }, "no image @2: there are 2");
}

Layout multi_platform() {
  Layout layout;
  const std::string attestation = R"("annotations":{"vnd.docker.reference.type":"attestation-manifest"},)";
  const std::string inner = Layout::index_json(
      {layout.blob(oci_manifest_type, layout.manifest({base}, "linux/amd64"),
                   platform_member("linux", "amd64")),
       layout.blob(oci_manifest_type, layout.manifest({app}, "linux/s390x"),
                   platform_member("linux", "s390x")),
       layout.blob(oci_manifest_type, "{}", attestation + platform_member("unknown", "unknown"))});
  layout.index({layout.blob(oci_index_type, inner, name_member("multi"))});
  return layout;
}

TEST(OciLayout, ThePlatformChooses) {
  const Platform s390x = Platform::parse("linux/s390x");
  const Platform amd64 = Platform::parse("linux/amd64");
  const Platform arm64 = Platform::parse("linux/arm64");
  EXPECT_EQ(open(multi_platform(), {}, &s390x)->image().layers[0].diff_id, Digest::of(app));
  EXPECT_EQ(open(multi_platform(), "multi", &amd64)->image().layers[0].diff_id, Digest::of(base));
  EXPECT_EQ(open(multi_platform(), {}, &amd64)->image().name, "multi");
  expect_input_error([&] { open(multi_platform(), {}, &arm64); },
                     "no image for linux/arm64: there is linux/amd64, linux/s390x");
}

TEST(OciLayout, WithoutARequestTheHostsPlatformIsTaken) {
  Layout layout;
  const Platform host = Platform::host();
  layout.index(
      {layout.blob(oci_manifest_type, layout.manifest({app}, "linux/mips"), platform_member("linux", "mips")),
       layout.blob(oci_manifest_type, layout.manifest({base}, host.text()),
                   platform_member(host.os, host.architecture))});
  EXPECT_EQ(open(layout)->image().layers[0].diff_id, Digest::of(base));
  layout.index(
      {layout.blob(oci_manifest_type, layout.manifest({app}, "linux/mips"), platform_member("linux", "mips")),
       layout.blob(oci_manifest_type, layout.manifest({base}, "linux/ppc"),
                   platform_member("linux", "ppc"))});
  expect_input_error([&] { open(layout); },
                     "no image for " + host.text() + ": there is linux/mips, linux/ppc");
}

TEST(OciLayout, TheOnlyImageIsTakenWhateverItsPlatform) {
  Layout layout;
  layout.index({layout.blob(oci_manifest_type, layout.manifest({app}, "linux/mips"))});
  EXPECT_EQ(open(layout)->image().config.platform.text(), "linux/mips");
  const Platform wanted = Platform::parse("linux/amd64");
  expect_input_error([&] { open(layout, {}, &wanted); }, "no image for linux/amd64: there is linux/mips");
}

TEST(OciLayout, VariantsOfOnePlatform) {
  Layout layout;
  layout.index({layout.blob(oci_manifest_type, layout.manifest({base}, "linux/arm"),
                            platform_member("linux", "arm", R"(,"variant":"v6")")),
                layout.blob(oci_manifest_type, layout.manifest({app}, "linux/arm"),
                            platform_member("linux", "arm", R"(,"variant":"v7")"))});
  const Platform v7 = Platform::parse("linux/arm/v7");
  const Platform v8 = Platform::parse("linux/arm/v8");
  EXPECT_EQ(open(layout, {}, &v7)->image().layers[0].diff_id, Digest::of(app));
  expect_input_error([&] { open(layout, {}, &v8); }, "there is linux/arm/v6, linux/arm/v7");
}

TEST(OciLayout, SeveralNamelessImagesOfOnePlatformAreAmbiguous) {
  Layout layout;
  const Platform wanted = Platform::parse("linux/amd64");
  layout.index({layout.blob(oci_manifest_type, layout.manifest({base})),
                layout.blob(oci_manifest_type, layout.manifest({app}))});
  expect_input_error([&] { open(layout, {}, &wanted); }, "holds 2 images for linux/amd64 that have no names");
  EXPECT_EQ(open(layout, "@1", &wanted)->image().layers[0].diff_id, Digest::of(app));
}

TEST(OciLayout, ConfigThatContradictsTheRequestedPlatform) {
  Layout layout;
  const Platform wanted = Platform::parse("linux/amd64");
  layout.index({layout.blob(oci_manifest_type, layout.manifest({app}, "linux/mips"),
                            platform_member("linux", "amd64"))});
  expect_input_error([&] { open(layout, {}, &wanted); },
                     "no image for linux/amd64: this one is for linux/mips");
}

TEST(OciLayout, MissingBlob) {
  Layout layout = simple();
  const std::string name = "blobs/sha256/" + std::string(Digest::of(app).hex());
  layout.files.erase(name);
  expect_input_error([&] { open(layout); }, name + ": no such file");
}

TEST(OciLayout, WrongDigestOfABlob) {
  Layout layout = simple();
  std::string& blob = layout.files["blobs/sha256/" + std::string(Digest::of(app).hex())];
  blob[600] ^= 1;
  expect_input_error([&] { read_layers(layout); },
                     "layer 1 (" + Digest::of(app).text() + "): uncompressed: expected digest");
  blob += "x";
  expect_input_error([&] { open(layout); },
                     fmt::format("expected {} bytes, found {}", app.size(), app.size() + 1));
}

TEST(OciLayout, WrongDigestOfManifestOrConfig) {
  for (const bool manifest : {true, false}) {
    Layout layout = simple();
    const Image image = open(layout)->image();
    std::string& text =
        layout.files["blobs/sha256/" + std::string((manifest ? image.digest : image.config_digest).hex())];
    text[text.size() - 1] = ' ';
    expect_input_error([&] { open(layout); }, "expected digest");
  }
}

TEST(OciLayout, WrongDiffId) {
  Layout layout;
  const std::string config =
      layout.blob("application/vnd.oci.image.config.v1+json", test::config_json({base}));
  layout.index(
      {layout.blob(oci_manifest_type, fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                                                  config, layout.blob(test::oci_layer_type, app)))});
  expect_input_error([&] { read_layers(layout); },
                     "uncompressed: expected digest " + Digest::of(base).text());
}

TEST(OciLayout, AnotherNumberOfLayersThanDiffIds) {
  Layout layout;
  const std::string config =
      layout.blob("application/vnd.oci.image.config.v1+json", test::config_json({base, app}));
  layout.index(
      {layout.blob(oci_manifest_type, fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                                                  config, layout.blob(test::oci_layer_type, base)))});
  expect_input_error([&] { open(layout); }, "1 layers, but the config has 2 diff_ids");
}

/// The manifest with `from` replaced.
void expect_manifest_error(const std::string& from, const std::string& to, const std::string& message) {
  Layout layout;
  std::string manifest = layout.manifest({base});
  const auto at = manifest.find(from);
  ASSERT_NE(at, std::string::npos);
  layout.index({layout.blob(oci_manifest_type, manifest.replace(at, from.size(), to))});
  expect_input_error([&] { open(layout); }, message);
}

TEST(OciLayout, ManifestsThatAreNotOfAnImageWeRead) {
  expect_manifest_error(
      "layer.v1.tar\"", "layer.v9.tar\"",
      "layers[0].mediaType: unknown layer media type 'application/vnd.oci.image.layer.v9.tar'");
  expect_manifest_error("layer.v1.tar\"", "layer.v1.tar+encrypted\"", "the layer is encrypted");
  expect_manifest_error("image.config.v1+json", "empty.v1+json", "is no image config: this is an artifact");
  expect_manifest_error("\"schemaVersion\":2", "\"schemaVersion\":1", "schemaVersion: expected 2, found 1");
  expect_manifest_error("image.manifest.v1+json", "image.index.v1+json",
                        "mediaType: expected an image manifest, found");
  expect_manifest_error("\"size\":", "\"size\":-",
                        "config.size: expected a whole number, 0 or more, found number");
  expect_manifest_error("\"size\":", "\"sighs\":", "config.size: missing");
  expect_manifest_error("\"sha256:", "\"sha256:../", "is not a digest");
  expect_manifest_error("{", "[", "not valid JSON");
}

TEST(OciLayout, SchemaOneAndForeignKindsAreNamed) {
  Layout layout;
  layout.index({layout.blob("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}")});
  expect_input_error([&] { open(layout); }, "Docker's schema 1");
  layout.index({layout.blob("text/plain", "{}")});
  expect_input_error([&] { open(layout); }, "media type 'text/plain': expected an image manifest");
}

TEST(OciLayout, ConfigThatIsNoJson) {
  Layout layout;
  layout.index({layout.blob(
      oci_manifest_type, fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[]}})",
                                     layout.blob("application/vnd.oci.image.config.v1+json", "no json")))});
  expect_input_error([&] { open(layout); }, "line 1, column 2: not valid JSON");
}

TEST(OciLayout, BrokenLayouts) {
  Layout layout = simple();
  layout.files.erase("oci-layout");
  expect_input_error([&] { open(layout); }, "no oci-layout in it");
  layout = simple();
  layout.files["oci-layout"] = R"({"imageLayoutVersion":"2.0"})";
  expect_input_error([&] { open(layout); }, "imageLayoutVersion: expected 1.0.0, found '2.0'");
  layout = simple();
  layout.files.erase("index.json");
  expect_input_error([&] { open(layout); }, "index.json: no such file");
  layout.index({});
  expect_input_error([&] { open(layout); }, "index.json: holds no image");
  layout.files["index.json"] = R"({"schemaVersion":2})";
  expect_input_error([&] { open(layout); }, "manifests: missing");
  layout.files["index.json"] = std::string((8 << 20) + 1, ' ');
  expect_input_error([&] { open(layout); }, "larger than 8388608 bytes");
}

TEST(OciLayout, IndexesNestedWithoutEnd) {
  Layout layout;
  std::string inner = Layout::index_json({layout.blob(oci_manifest_type, layout.manifest({base}))});
  for (int i = 0; i < 6; ++i) inner = Layout::index_json({layout.blob(oci_index_type, inner)});
  layout.files["index.json"] = inner;
  expect_input_error([&] { open(layout); }, "indexes are nested too deep");
}

TEST(OciLayout, IndexesThatMultiply) {
  Layout layout;
  std::string inner = Layout::index_json({});
  for (int i = 0; i < 3; ++i)
    inner = Layout::index_json(std::vector<std::string>(1000, layout.blob(oci_index_type, inner)));
  layout.files["index.json"] = inner;
  expect_input_error([&] { open(layout); }, "indexes");
}

TEST(OciLayout, TruncatedArchive) {
  const test::TemporaryFolder folder;
  const std::string tar = simple().tar();
  const std::string file = folder.write("cut.tar", tar.substr(0, 2000));
  expect_input_error([&] { open_source({.transport = Transport::oci_archive, .path = file, .name = {}}); },
                     "truncated");
}

}  // namespace
}  // namespace slim
