#include "slimmer/destination.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "slimmer/oci_documents.h"
#include "tests/slimmer/temporary_folder.h"

namespace slim {
namespace {

using Names = std::vector<std::string>;

ImageRef docker(const std::string& name = {}) {
  return {.transport = Transport::docker_archive, .path = "x.tar", .name = name};
}
ImageRef oci(const std::string& name = {}) {
  return {.transport = Transport::oci, .path = "x", .name = name};
}

/// The kind of the Error, or nothing where there is none.
template <typename Action>
std::string failure(Action action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string kind = error.kind() == ErrorKind::usage   ? "usage"
                             : error.kind() == ErrorKind::input ? "input"
                                                                : "environment";
    return kind + ": " + error.what();
  }
  return "none";
}

TEST(OutputName, DockerNamesGetATag) {
  EXPECT_EQ(output_name(docker(), "nginx", ""), "nginx:latest");
  EXPECT_EQ(output_name(docker("nginx:1.25"), "", ""), "nginx:1.25");
  EXPECT_EQ(output_name(docker(), "host:5000/team/app_x--y", ""), "host:5000/team/app_x--y:latest");
  EXPECT_EQ(output_name(docker(), "localhost/app:v1", ""), "localhost/app:v1");
}

TEST(OutputName, TheTagThatWasAskedForWins) {
  EXPECT_EQ(output_name(docker("from-ref:1"), "asked:2", "source:3"), "asked:2");
  EXPECT_EQ(output_name(docker("from-ref:1"), "", "source:3"), "from-ref:1");
  EXPECT_EQ(output_name(docker(), "", "source:3"), "source:3");
}

TEST(OutputName, ASourceNameThatDoesNotSuitIsLeftOut) {
  EXPECT_EQ(output_name(docker(), "", "latest"), "");  // an OCI layout's bare tag is no image name
  EXPECT_EQ(output_name(docker(), "", "Not A Name:x"), "");
  EXPECT_EQ(output_name(oci(), "", "a b"), "");
  EXPECT_EQ(output_name(oci(), "", "nginx:1.25"), "nginx:1.25");
}

TEST(OutputName, ARegistrysIsComplete) {
  const ImageRef registry{.transport = Transport::registry, .path = {}, .name = "localhost:5000/app:1"};
  EXPECT_EQ(output_name(registry, "", "source:3"), "localhost:5000/app:1");
  EXPECT_EQ(output_name(registry, "slim", "source:3"), "localhost:5000/app:slim");
  const ImageRef hub{.transport = Transport::registry, .path = {}, .name = "nginx"};
  EXPECT_EQ(output_name(hub, "", ""), "docker.io/library/nginx:latest");
  EXPECT_TRUE(failure([&] { output_name(registry, "other/app:2", ""); }).starts_with("usage: --tag"));
}

TEST(OutputName, InvalidDockerNamesAreUsageErrors) {
  for (const std::string name : {"Nginx", "nginx:", ":x", "a//b", "-a", "a..b", "a___b", "nginx:.x",
                                 "a@sha256:00", "a b", "../x", "host:port/x", "a/"}) {
    EXPECT_TRUE(failure([&] { output_name(docker(), name, ""); }).starts_with("usage: " + name)) << name;
  }
  EXPECT_NE(failure([&] { output_name(docker(), std::string(64, 'a'), ""); }), "none");
  EXPECT_NE(failure([&] { output_name(docker(), "a:" + std::string(129, 't'), ""); }), "none");
}

TEST(OutputName, InvalidOciNamesAreUsageErrors) {
  EXPECT_EQ(output_name(oci(), "docker.io/library/nginx:1.25", ""), "docker.io/library/nginx:1.25");
  for (const std::string name : {"a b", "-a", "a..b", "a/", "\n"}) {
    EXPECT_TRUE(failure([&] { output_name(oci(), name, ""); }).starts_with("usage: ")) << name;
  }
}

TEST(OpenDestination, ARootfsIsAnInputOnly) {
  const ImageRef ref{.transport = Transport::rootfs, .path = "x", .name = ""};
  EXPECT_TRUE(failure([&] { open_destination(ref, ""); }).starts_with("usage: "));
}

TEST(OpenDestination, PlacesThatCannotBeWrittenAreEnvironmentErrors) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "x");
  const std::string full = folder / "full";
  std::filesystem::create_directory(full);
  const std::string inside = folder.write("full/thing", "x");
  for (const Transport archive : {Transport::docker_archive, Transport::oci_archive}) {
    for (const std::string& place : {folder / "none/x.tar", full, file + "/x", std::string("/dev/null")}) {
      const ImageRef ref{.transport = archive, .path = place, .name = ""};
      EXPECT_TRUE(failure([&] { open_destination(ref, ""); }).starts_with("environment: " + ref.text()))
          << place;
    }
  }
  for (const Transport tree : {Transport::oci, Transport::dir}) {
    for (const std::string& place : {folder / "none/x", full, file}) {
      const ImageRef ref{.transport = tree, .path = place, .name = ""};
      EXPECT_TRUE(failure([&] { open_destination(ref, ""); }).starts_with("environment: " + ref.text()))
          << place;
    }
  }
  EXPECT_EQ(folder.names(), (Names{"file", "full"}));
  EXPECT_EQ(read_file(inside), "x");
}

TEST(OpenDestination, AnUnusedOneLeavesNothing) {
  const TemporaryFolder folder;
  for (const Transport transport : {Transport::docker_archive, Transport::oci_archive, Transport::oci}) {
    open_destination({.transport = transport, .path = folder / "out", .name = ""}, "x:1");
    EXPECT_EQ(folder.names(), Names{});
  }
}

TEST(OpenDestination, AnOciLayoutThatCannotBeReadIsAnInputError) {
  const TemporaryFolder folder;
  const std::string layout = folder.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  const std::string index = folder.write("index.json", "{");
  const ImageRef ref{.transport = Transport::oci, .path = folder.path(), .name = ""};
  EXPECT_EQ(failure([&] { open_destination(ref, ""); }),
            "input: " + ref.text() + ": index.json: is not a JSON object");
  EXPECT_EQ(folder.write("oci-layout", R"({"imageLayoutVersion":"9"})"), layout);
  EXPECT_TRUE(
      failure([&] { open_destination(ref, ""); }).starts_with("input: " + ref.text() + ": oci-layout"));
  EXPECT_EQ(read_file(index), "{");
}

OutputImage image(const std::string& config) {
  OutputImage output;
  output.config = config;
  output.layers = {
      {.tar = {.digest = Digest::of("tar"), .size = 3}, .blob = {.digest = Digest::of("blob"), .size = 4}}};
  output.compression = Compression::zstd;
  output.platform = {.os = "linux", .architecture = "arm", .variant = "v7"};
  output.base_digest = Digest::of("base");
  output.base_name = "nginx:1.25";
  return output;
}

TEST(OciManifest, NamesConfigLayerAndBase) {
  const std::string config = Digest::of("{}").text();
  EXPECT_EQ(
      oci_manifest(image("{}")),
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
          config +
          R"(","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd","digest":")" +
          Digest::of("blob").text() +
          R"(","size":4}],"annotations":{"org.opencontainers.image.base.digest":")" +
          Digest::of("base").text() + R"(","org.opencontainers.image.base.name":"nginx:1.25"}})");
}

TEST(OciIndex, ANameMovesToTheNewImageAndTheOldOneStays) {
  const std::string first = oci_index_with("", image("1"), "manifest 1", "app:1", "index.json");
  EXPECT_NE(first.find(R"("platform":{"architecture":"arm","os":"linux","variant":"v7"})"),
            std::string::npos);
  const std::string other = oci_index_with(first, image("2"), "manifest 2", "app:2", "index.json");
  const std::string moved = oci_index_with(other, image("3"), "manifest 3", "app:1", "index.json");
  for (const char* manifest : {"manifest 1", "manifest 2", "manifest 3"}) {
    EXPECT_NE(moved.find(Digest::of(manifest).text()), std::string::npos) << manifest;
  }
  const auto name = moved.find("app:1");
  EXPECT_EQ(moved.find("app:1", name + 1), std::string::npos);
  EXPECT_GT(name, moved.find(Digest::of("manifest 3").text()));
  EXPECT_NE(moved.find("app:2"), std::string::npos);
}

TEST(OciIndex, ThePlatformsOfOneNameAreAnIndexOfTheirOwn) {
  const std::string layout = oci_index_with(oci_index_with("", image("1"), "manifest 1", "platform-0", "x"),
                                            image("2"), "manifest 2", "platform-1", "x");
  const std::vector<Platform> platforms{Platform::parse("linux/arm/v6"), Platform::parse("linux/amd64")};
  const std::string index = oci_platform_index(layout, platforms, "app:1", "x");
  EXPECT_NE(index.find(R"("platform":{"architecture":"arm","os":"linux","variant":"v6"})"),
            std::string::npos);
  EXPECT_NE(index.find(R"("platform":{"architecture":"amd64","os":"linux"})"), std::string::npos);
  EXPECT_EQ(index.find("platform-0"), std::string::npos);
  EXPECT_LT(index.find(Digest::of("manifest 1").text()), index.find(Digest::of("manifest 2").text()));
  EXPECT_NE(index.find(R"("annotations":{"org.opencontainers.image.base.name":"app:1"})"), std::string::npos);
  EXPECT_EQ(oci_platform_index(layout, platforms, "", "x").find("annotations"), std::string::npos);
  const std::string named = oci_index_with_index("", index, "slim:1", "x");
  EXPECT_NE(named.find(R"("mediaType":"application/vnd.oci.image.index.v1+json","digest":")" +
                       Digest::of(index).text() + R"(","size":)" + std::to_string(index.size()) +
                       R"(,"annotations":{"org.opencontainers.image.ref.name":"slim:1"}})"),
            std::string::npos);
  EXPECT_EQ(oci_index_with_index(named, index, "slim:1", "x"), named);
}

TEST(OciManifest, HasTheTimeOfTheConfig) {
  EXPECT_NE(oci_manifest(image(R"({"created":"2024-01-02T03:04:05Z"})"))
                .find(R"("org.opencontainers.image.created":"2024-01-02T03:04:05Z")"),
            std::string::npos);
}

TEST(OciIndex, TheSameImageIsListedOnce) {
  const std::string once = oci_index_with("", image("1"), "manifest 1", "app:1", "index.json");
  EXPECT_EQ(oci_index_with(once, image("1"), "manifest 1", "app:1", "index.json"), once);
  EXPECT_EQ(oci_index_with(once, image("1"), "manifest 1", "", "index.json"), once);
}

TEST(OciIndex, WhatItDoesNotKnowSurvives) {
  const std::string old =
      R"({"schemaVersion":2,"manifests":[{"digest":"sha256:x","x-key":[1]}],"annotations":{"k":"v"}})";
  const std::string added = oci_index_with(old, image("1"), "manifest 1", "", "index.json");
  EXPECT_NE(added.find(R"({"digest":"sha256:x","x-key":[1]})"), std::string::npos);
  EXPECT_NE(added.find(R"("annotations":{"k":"v"})"), std::string::npos);
}

TEST(DockerDocuments, AreAsDockerSaveWritesThem) {
  EXPECT_EQ(docker_manifest("c.json", {"l/layer.tar"}, "host:5000/app:1"),
            R"([{"Config":"c.json","RepoTags":["host:5000/app:1"],"Layers":["l/layer.tar"]}])"
            "\n");
  EXPECT_EQ(docker_manifest("c.json", {"b/layer.tar", "l/layer.tar"}, ""),
            R"([{"Config":"c.json","RepoTags":null,"Layers":["b/layer.tar","l/layer.tar"]}])"
            "\n");
  EXPECT_EQ(docker_repositories("l", "host:5000/app:1"), "{\"host:5000/app\":{\"1\":\"l\"}}\n");
}

}  // namespace
}  // namespace slim
