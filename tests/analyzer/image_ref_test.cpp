#include "analyzer/image_ref.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::expect_input_error;
using test::failure_of;
using test::TarBuilder;
using testing::HasSubstr;

class ImageRefTest : public testing::Test {
 protected:
  std::string transport_of(const std::string& name, const std::string& content) {
    return std::string(to_string(parse_image_ref(folder.write(name, content)).transport));
  }
  test::TemporaryFolder folder;
};

TEST_F(ImageRefTest, PrefixesAreObeyed) {
  const std::string file = folder.write("file", "not looked at");
  EXPECT_EQ(parse_image_ref("docker-archive:" + file), (ImageRef{Transport::docker_archive, file, ""}));
  EXPECT_EQ(parse_image_ref("docker-archive:" + file + ":app:1.0"),
            (ImageRef{Transport::docker_archive, file, "app:1.0"}));
  EXPECT_EQ(parse_image_ref("oci-archive:" + file + ":v1"), (ImageRef{Transport::oci_archive, file, "v1"}));
  EXPECT_EQ(parse_image_ref("oci:" + folder.path() + ":localhost:5000/a:b"),
            (ImageRef{Transport::oci, folder.path(), "localhost:5000/a:b"}));
  EXPECT_EQ(parse_image_ref("rootfs:" + folder.path()), (ImageRef{Transport::rootfs, folder.path(), ""}));
  EXPECT_EQ(parse_image_ref("docker-archive:" + file + ":app:1.0").text(),
            "docker-archive:" + file + ":app:1.0");
}

TEST_F(ImageRefTest, PrefixedPathsMustExistAndBeOfTheirKind) {
  const std::string file = folder.write("file", "");
  expect_input_error([&] { parse_image_ref("docker-archive:/nowhere.tar"); },
                     "/nowhere.tar: no such file or folder");
  expect_input_error([&] { parse_image_ref("oci:" + file); }, "expected a folder behind 'oci:'");
  expect_input_error([&] { parse_image_ref("docker-archive:" + folder.path()); },
                     "expected a file behind 'docker-archive:'");
  EXPECT_EQ(failure_of([] { parse_image_ref("oci:"); }).kind, ErrorKind::usage);
  EXPECT_EQ(failure_of([&] { parse_image_ref("dir:" + folder.path()); }).kind, ErrorKind::usage);
}

TEST_F(ImageRefTest, FoldersAreKnownByTheirContent) {
  EXPECT_EQ(parse_image_ref(folder.path()).transport, Transport::rootfs);
  folder.write("oci-layout", "{}");
  EXPECT_EQ(parse_image_ref(folder.path()).transport, Transport::oci);
  EXPECT_EQ(parse_image_ref(folder.path() + ":v1"), (ImageRef{Transport::oci, folder.path(), "v1"}));
}

TEST_F(ImageRefTest, TarsAreKnownByTheirMembers) {
  EXPECT_EQ(
      transport_of("docker.tar", TarBuilder().file("a/layer.tar", "x").file("manifest.json", "[]").str()),
      "docker-archive");
  EXPECT_EQ(
      transport_of(
          "both.tar",
          TarBuilder().file("./index.json", "").file("./oci-layout", "").file("./manifest.json", "[]").str()),
      "docker-archive");
  EXPECT_EQ(transport_of("oci.tar",
                         TarBuilder().folder("blobs").file("index.json", "").file("oci-layout", "").str()),
            "oci-archive");
  EXPECT_EQ(transport_of("readme.tar", TarBuilder().file("README.md", "x").str()), "rootfs");
  EXPECT_EQ(
      transport_of("root.tar", TarBuilder().folder("./").folder("./etc").file("./manifest.json", "x").str()),
      "rootfs");
}

TEST_F(ImageRefTest, CompressedTarsAreKnownToo) {
  folder.write("docker.tar", TarBuilder().file("manifest.json", "[]").str());
  folder.write("root.tar", TarBuilder().file("etc/passwd", "x").str());
  ASSERT_TRUE(
      test::run("cd " + folder.path() + " && gzip docker.tar && zstd -q root.tar && gzip -k root.tar"));
  EXPECT_EQ(parse_image_ref(folder.path() + "/docker.tar.gz").transport, Transport::docker_archive);
  EXPECT_EQ(parse_image_ref(folder.path() + "/root.tar.gz").transport, Transport::rootfs);
  EXPECT_EQ(parse_image_ref(folder.path() + "/root.tar.zst").transport, Transport::rootfs);
}

TEST_F(ImageRefTest, ANameMayFollowAnExistingPath) {
  const std::string file = folder.write("i.tar", TarBuilder().file("manifest.json", "[]").str());
  EXPECT_EQ(parse_image_ref(file + ":app:1.0"), (ImageRef{Transport::docker_archive, file, "app:1.0"}));
  const std::string colon = folder.write("i:1.tar", TarBuilder().file("manifest.json", "[]").str());
  EXPECT_EQ(parse_image_ref(colon), (ImageRef{Transport::docker_archive, colon, ""}));
}

TEST_F(ImageRefTest, WhatIsNoImageSaysWhatWasLookedFor) {
  const auto text = failure_of([&] { parse_image_ref(folder.write("text", std::string(5000, 'x'))); });
  EXPECT_EQ(text.kind, ErrorKind::input);
  EXPECT_THAT(text.text, HasSubstr("this is no tar: looked for a folder with oci-layout"));
  expect_input_error([&] { parse_image_ref(folder.write("empty", "")); }, "an empty file or tar");
  expect_input_error([&] { parse_image_ref(folder.write("xz", std::string("\xfd\x37zXZ\0......", 12))); },
                     "compressed with xz");
  expect_input_error(
      [&] { parse_image_ref(folder.write("old", TarBuilder().file("repositories", "{}").str())); },
      "before version 1.10");
}

TEST_F(ImageRefTest, NamesAreThoseOfAStore) {
  EXPECT_EQ(parse_image_ref("docker://nginx:1.25"), (ImageRef{Transport::registry, "", "nginx:1.25"}));
  EXPECT_EQ(parse_image_ref("docker-daemon:nginx:1.25"),
            (ImageRef{Transport::docker_daemon, "", "nginx:1.25"}));
  EXPECT_EQ(parse_image_ref("containers-storage:nginx"),
            (ImageRef{Transport::containers_storage, "", "nginx"}));
  EXPECT_EQ(parse_image_ref("docker:24-dind"), (ImageRef{Transport::bare_name, "", "docker:24-dind"}));
  for (const std::string text : {"docker://localhost:5000/a:b", "docker-daemon:nginx:1.25",
                                 "containers-storage:nginx", "nginx:1.25", "docker:24-dind"})
    EXPECT_EQ(parse_image_ref(text).text(), text);
  for (const std::string text : {"docker://", "docker://Upper", "docker-daemon:", "containers-storage:"})
    EXPECT_EQ(failure_of([&] { parse_image_ref(text); }).kind, ErrorKind::usage) << text;
}

TEST_F(ImageRefTest, WhatIsNeitherPathNorNameSaysSo) {
  expect_input_error([] { parse_image_ref("./nowhere"); }, "./nowhere: no such file or folder");
  expect_input_error([] { parse_image_ref("nowhere.tar"); }, "nowhere.tar: no such file or folder");
  expect_input_error([] { parse_image_ref("Not A Name"); }, "no such file or folder, and no image's name");
}

TEST_F(ImageRefTest, AFolderCalledLikeTheImageIsNotMeant) {
  std::filesystem::create_directory(folder.path() + "/nginx");
  expect_input_error([&] { parse_image_ref(folder.path() + "/nginx:1.25"); }, "no such file or folder");
}

TEST(Destination, NeedsItsPrefixAndIsNotLookedUp) {
  EXPECT_EQ(parse_destination("docker-archive:/x/out.tar:app:1"),
            (ImageRef{Transport::docker_archive, "/x/out.tar", "app:1"}));
  EXPECT_EQ(parse_destination("oci:out"), (ImageRef{Transport::oci, "out", ""}));
  EXPECT_EQ(parse_destination("dir:/x:y"), (ImageRef{Transport::dir, "/x:y", ""}));
  EXPECT_EQ(parse_destination("docker://localhost:5000/app:slim"),
            (ImageRef{Transport::registry, "", "localhost:5000/app:slim"}));
  EXPECT_EQ(parse_destination("docker-daemon:app:slim"),
            (ImageRef{Transport::docker_daemon, "", "app:slim"}));
  const std::string digest = "docker://app@sha256:" + std::string(64, 'a');
  for (const std::string text : {"out.tar", "rootfs:/x", "oci:", "", "app:slim", digest.c_str()}) {
    EXPECT_EQ(failure_of([&] { parse_destination(text); }).kind, ErrorKind::usage) << text;
    EXPECT_TRUE(failure_of([&] { parse_destination(text); }).thrown) << text;
  }
}

}  // namespace
}  // namespace slim
