#include "slimmer/sbom.h"

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/packages.h"
#include "slimmer/slimmed_tree.h"
#include "tests/analyzer/build_info_fixture.h"
#include "tests/analyzer/tree_fixture.h"
#include "tests/slimmer/sample_image.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using nlohmann::json;
using test::config_of;
using test::OwnedTree;
using test::Sample;
using test::sample_plan;
using test::TarBuilder;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

TarBuilder debian() {
  return TarBuilder()
      .folder("etc")
      .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
      .file("etc/server.conf", "port 1\n")
      .folder("usr/bin")
      .file("usr/bin/server", test::dynamic_program({}, {}, {"/etc/server.conf"}), 0755)
      .hardlink("usr/bin/another", "usr/bin/server")
      .file("usr/bin/extra", "not used")
      .file("usr/bin/unused", "not used")
      .folder("var/lib/dpkg/info")
      .file(
          "var/lib/dpkg/status",
          "Package: server\nSource: serving (2)\nStatus: install ok installed\nVersion: 1:2.1\nArchitecture: "
          "amd64\n\nPackage: unused\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n")
      .file("var/lib/dpkg/info/server.list", "/usr/bin/server\n/usr/bin/extra\n/etc/server.conf\n")
      .file("var/lib/dpkg/info/server.md5sums",
            "0a  usr/bin/server\n0b  usr/bin/extra\n0c  etc/server.conf\n")
      .file("var/lib/dpkg/info/unused.list", "/usr/bin/unused\n");
}

std::unique_ptr<Sample> planned() {
  return sample_plan(debian(), config_of({"/usr/bin/server"}),
                     test::mark_with(Profile::balanced, {"/etc/os-release"}));
}

std::vector<std::string> listed(const Sbom& sbom) {
  std::vector<std::string> lines;
  for (const SbomPackage& package : sbom.packages) {
    std::string line = package.url;
    for (const std::size_t file : package.files) line += " " + sbom.files[file].path;
    for (const std::string& path : package.inside) line += " in " + path;
    lines.push_back(line);
  }
  return lines;
}

void complete(Sbom& sbom) {
  sbom.tool = "slim-1.2";
  sbom.created = "2024-01-02T03:04:05Z";
  sbom.subject = SbomSubject{.name = "app:1", .digest = Digest::of("image"), .platform = "linux/amd64"};
  if (!sbom.original) return;
  sbom.original->name = "app:0";
  sbom.original->digest = Digest::of("original");
}

json written(const Sbom& sbom, void (*write)(const Sbom&, std::ostream&)) {
  std::ostringstream out;
  write(sbom, out);
  return json::parse(out.str());
}

TEST(Sbom, EqualPackagesInTwoPlacesAreOneWithTheFilesOfBoth) {
  const std::string module = R"({"name": "@s/one", "version": "1"})";
  const OwnedTree image({test::text_file("a/node_modules/@s/one/package.json", module),
                         test::text_file("b/node_modules/@s/one/package.json", module),
                         test::symlink("b/node_modules/@s/one/link", "package.json"), test::file("b/other")});
  const Sbom sbom = make_sbom(image.tree, read_packages(image.tree));
  EXPECT_THAT(listed(sbom), ElementsAre("pkg:npm/%40s/one@1 /a/node_modules/@s/one/package.json "
                                        "/b/node_modules/@s/one/package.json"));
  EXPECT_EQ(sbom.files.size(), 3U) << "links have no content";
  EXPECT_EQ(sbom.packages[0].count, 2U);
}

TEST(Sbom, ModulesAreInsideTheirProgram) {
  const BuiltModules built{.language = BuildLanguage::go,
                           .toolchain = "go1.22",
                           .modules = {{.name = "golang.org/x/sys", .version = "v0.1.0"}}};
  const OwnedTree image({test::built_program("bin/a", built), test::built_program("bin/b", built)});
  Sbom sbom = make_sbom(image.tree, read_packages(image.tree));
  EXPECT_THAT(listed(sbom), ElementsAre("pkg:golang/golang.org/x/sys@v0.1.0 in /bin/a in /bin/b",
                                        "pkg:golang/stdlib@1.22 in /bin/a in /bin/b"));
  complete(sbom);
  EXPECT_THAT(written(sbom, write_spdx)["relationships"],
              Contains(json{{"spdxElementId", "SPDXRef-File-2"},
                            {"relationshipType", "CONTAINS"},
                            {"relatedSpdxElement", "SPDXRef-Package-1"}}));
  EXPECT_EQ(written(sbom, write_cyclonedx)["components"][0]["evidence"]["occurrences"][1]["location"],
            "/bin/b");
}

TEST(SlimmedSbom, TellsWhatIsLeftWhatIsPartlyKeptAndWhatIsGone) {
  const auto sample = planned();
  Sbom sbom = make_slimmed_sbom(sample->tree, sample->packages, sample->plan);
  EXPECT_THAT(listed(sbom),
              ElementsAre("pkg:deb/debian/server@1:2.1?arch=amd64&distro=debian-12 /etc/server.conf "
                          "/usr/bin/server"));
  EXPECT_EQ(sbom.packages[0].original_count, 3U);
  ASSERT_TRUE(sbom.original);
  ASSERT_EQ(sbom.original->removed.size(), 1U);
  EXPECT_EQ(sbom.original->removed[0].url, "pkg:deb/debian/unused@1?arch=amd64&distro=debian-12");
  EXPECT_EQ(sbom.original->removed[0].kept, 0U);
  complete(sbom);

  const json cyclonedx = written(sbom, write_cyclonedx);
  const json& image = cyclonedx["metadata"]["component"];
  EXPECT_EQ(image["pedigree"]["ancestors"][0]["name"], "app:0");
  EXPECT_THAT(image["properties"],
              Contains(json{{"name", "slim:removed:package"},
                            {"value", "pkg:deb/debian/unused@1?arch=amd64&distro=debian-12"}}));
  EXPECT_THAT(cyclonedx["components"][0]["properties"],
              Contains(json{{"name", "slim:files:original"}, {"value", "3"}}));
  EXPECT_THAT(cyclonedx["components"].dump(), Not(HasSubstr("unused")));

  const json spdx = written(sbom, write_spdx);
  EXPECT_THAT(spdx["packages"][0]["annotations"].dump(),
              HasSubstr("removed package pkg:deb/debian/unused@1"));
  EXPECT_THAT(spdx["packages"][2]["annotations"].dump(), HasSubstr("kept 2 of 3 files"));
  EXPECT_THAT(spdx["relationships"], Contains(json{{"spdxElementId", "SPDXRef-Image"},
                                                   {"relationshipType", "DESCENDANT_OF"},
                                                   {"relatedSpdxElement", "SPDXRef-Original"}}));
  EXPECT_EQ(spdx["packages"].size(), 3U) << "what was removed is no package of the document";
}

TEST(SlimmedSbom, APackageWhoseDescriptionIsGoneIsNotCalledRemoved) {
  const OwnedTree image({test::text_file("opt/a-1.dist-info/METADATA", "Name: a\n"),
                         test::text_file("opt/a-1.dist-info/RECORD", "a.py,,\nb.py,,\n"),
                         test::file("opt/a.py"), test::file("opt/b.py")});
  const Plan plan = plan_without(image.tree, {"/opt/a-1.dist-info", "/opt/b.py"});
  Sbom sbom = make_slimmed_sbom(image.tree, read_packages(image.tree), plan);
  EXPECT_THAT(listed(sbom), IsEmpty());
  ASSERT_EQ(sbom.original->removed.size(), 1U);
  EXPECT_EQ(sbom.original->removed[0].kept, 1U);
  EXPECT_EQ(sbom.original->removed[0].count, 4U);
  complete(sbom);
  EXPECT_THAT(
      written(sbom, write_cyclonedx)["metadata"]["component"]["properties"],
      Contains(json{{"name", "slim:removed:description"}, {"value", "pkg:pypi/a@1 (1 of 4 files kept)"}}));
}

TEST(SlimmedIndex, IsWhatReadingTheResultWouldGive) {
  const auto sample = planned();
  std::vector<LayerIndex> layers;
  layers.push_back(slimmed_index(sample->tree, sample->plan));
  const FileTree tree = FileTree::squash(layers);
  std::vector<std::string> kept;
  for (const NodeId node : tree.walk()) {
    if (!tree.is(node, EntryType::directory)) kept.push_back(tree.path(node));
  }
  EXPECT_THAT(kept,
              UnorderedElementsAre("/etc/os-release", "/etc/server.conf", "/usr/bin/server",
                                   "/var/lib/dpkg/status.d/server", "/var/lib/dpkg/status.d/server.md5sums"));
  EXPECT_THAT(*tree.facts(tree.find("/var/lib/dpkg/status.d/server"))->text, HasSubstr("Package: server"));
  EXPECT_EQ(tree.entry(tree.find("/usr/bin/server")).content_hash,
            sample->tree.entry(sample->at("/usr/bin/server")).content_hash);
}

TEST(SlimmedIndex, OfAnInodeTheFirstKeptNameIsTheFile) {
  const OwnedTree image({test::file("a", 7), test::hardlink("z/b", "a"), test::hardlink("c", "a")});
  const LayerIndex index = slimmed_index(image.tree, plan_without(image.tree, {"/a"}));
  ASSERT_EQ(index.entries.size(), 2U);
  EXPECT_EQ(index.entries[0].path, "c");
  EXPECT_EQ(index.entries[0].size, 7U);
  EXPECT_EQ(index.entries[1].path, "z/b");
  EXPECT_EQ(index.entries[1].link, "c");
}

TEST(AddSha1, IsThatOfEveryFileOfTheLayersAndOfWhatSlimAdds) {
  ImageContents contents =
      sample_contents({sample_layer({{"a", "abc", {}}, {"b", "abc", {}}, {"empty", "", {}}})});
  Plan plan = plan_without(contents.tree, {"/b"});
  plan.added.push_back({.path = "/new", .content = "new", .why = {}});
  Sbom sbom = make_slimmed_sbom(contents.tree, read_packages(contents.tree), plan);
  add_sha1(sbom, contents, &plan);
  std::vector<std::string> lines;
  for (const SbomFile& file : sbom.files) lines.push_back(file.path + " " + file.sha1);
  EXPECT_THAT(lines, ElementsAre("/a a9993e364706816aba3e25717850c26c9cd0d89d",
                                 "/empty da39a3ee5e6b4b0d3255bfef95601890afd80709",
                                 "/new c2a6b03f190dfb2b4aa91f8af8d477a9bc3401dc"));
}

TEST(WriteSpdx, TheVerificationCodeIsTheSha1OfTheSortedSums) {
  const OwnedTree image({test::text_file("node_modules/m/package.json", R"({"name":"m","version":"1"})"),
                         test::file("node_modules/m/x"), test::file("other")});
  Sbom sbom = make_sbom(image.tree, read_packages(image.tree));
  complete(sbom);
  ASSERT_EQ(sbom.files.size(), 3U);
  sbom.files[0].sha1 = "bb";
  sbom.files[1].sha1 = "aa";
  sbom.files[2].sha1 = "cc";
  const json spdx = written(sbom, write_spdx);
  EXPECT_EQ(spdx["packages"][1]["packageVerificationCode"]["packageVerificationCodeValue"],
            "28cc5fd736aee0939ede3330c2867b31e82d9656");  // of "aabb"
  EXPECT_EQ(spdx["files"][0]["fileName"], "./node_modules/m/package.json");
  EXPECT_THAT(spdx["relationships"], Contains(json{{"spdxElementId", "SPDXRef-Image"},
                                                   {"relationshipType", "CONTAINS"},
                                                   {"relatedSpdxElement", "SPDXRef-File-3"}}))
      << "a file that no package owns";
}

TEST(WriteSpdx, PackagesAloneAreDescribedByTheDocument) {
  Package package;
  package.name = "server";
  package.version = "1:2-3";
  package.type = "rpm";
  package.license = "MIT";
  Sbom sbom = list_packages({&package}, {.id = "fedora", .version = ""});
  sbom.tool = "slim";
  sbom.created = "1970-01-01T00:00:00Z";
  const json spdx = written(sbom, write_spdx);
  EXPECT_EQ(spdx["creationInfo"]["creators"], json::array({"Tool: slim"}));
  EXPECT_EQ(spdx["packages"][0]["externalRefs"][0]["referenceLocator"], "pkg:rpm/fedora/server@2-3?epoch=1");
  EXPECT_EQ(spdx["packages"][0]["licenseComments"], "MIT");
  EXPECT_EQ(spdx["packages"][0]["filesAnalyzed"], false);
  EXPECT_EQ(spdx["relationships"][0]["relationshipType"], "DESCRIBES");
  EXPECT_FALSE(spdx.contains("files"));
}

TEST(WriteCycloneDx, NamespacesAreGroupsAndFilesOfNoPackageComponents) {
  const OwnedTree image(
      {test::text_file("node_modules/@s/m/package.json", R"({"name":"@s/m","version":"1"})"),
       test::file("etc/x")});
  Sbom sbom = make_sbom(image.tree, read_packages(image.tree));
  complete(sbom);
  const json components = written(sbom, write_cyclonedx)["components"];
  EXPECT_EQ(components[0]["group"], "@s");
  EXPECT_EQ(components[0]["name"], "m");
  EXPECT_EQ(components[1]["type"], "file");
  EXPECT_EQ(components[1]["name"], "/etc/x");
  EXPECT_EQ(components.size(), 2U);
}

TEST(WriteSboms, HostileNamesAreTextOnly) {
  const OwnedTree image({test::file("etc/\"quote\n\xff\x1b[31m"),
                         test::text_file("var/lib/dpkg/status", "Package: a\"}]\x1b\nVersion: \xfe\n")});
  Sbom sbom = make_sbom(image.tree, read_packages(image.tree));
  complete(sbom);
  sbom.subject->name = "::error::\"\n";
  for (const auto write : {write_cyclonedx, write_spdx}) {
    std::ostringstream out;
    write(sbom, out);
    EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
    EXPECT_FALSE(json::parse(out.str(), nullptr, false).is_discarded());
  }
}

TEST(SbomUuid, IsThatOfTheSameBillOfTheSameImageAlone) {
  const auto sample = planned();
  Sbom sbom = make_sbom(sample->tree, sample->packages);
  complete(sbom);
  const std::string uuid = sbom_uuid(sbom, SbomFormat::cyclonedx);
  EXPECT_THAT(uuid,
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_EQ(uuid, sbom_uuid(sbom, SbomFormat::cyclonedx));
  EXPECT_NE(uuid, sbom_uuid(sbom, SbomFormat::spdx));
  sbom.subject->digest = Digest::of("another");
  EXPECT_NE(uuid, sbom_uuid(sbom, SbomFormat::cyclonedx));
}

}  // namespace
}  // namespace slim
