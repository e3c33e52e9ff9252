#include "analyzer/language_packages.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/built_modules.h"
#include "analyzer/packages.h"
#include "tests/analyzer/build_info_fixture.h"
#include "tests/analyzer/tree_fixture.h"
#include "tests/analyzer/zip_fixture.h"

namespace slim {
namespace {

using test::code_file;
using test::file;
using test::folder;
using test::OwnedTree;
using test::text_file;
using test::ZipBuilder;
using testing::ElementsAre;

std::vector<std::string> table(std::vector<LayerEntry> entries) {
  const OwnedTree image(std::move(entries));
  const Packages packages = read_packages(image.tree);
  std::vector<std::string> lines;
  for (const Package& package : packages.list) {
    std::string line = package.name + " " + package.version + " " + package.type + ":";
    for (const NodeId node : package.files) {
      line += " " + image.tree.path(node);
      EXPECT_EQ(&packages.list[packages.owner[node]], &package) << image.tree.path(node);
    }
    lines.push_back(line);
  }
  return lines;
}

const std::string site = "opt/v/lib/python3.11/site-packages/";

TEST(LanguagePackages, RecordNamesTheFilesOfADistribution) {
  EXPECT_THAT(
      table(
          {text_file(site + "a_b-1.2.dist-info/METADATA", "Name: a-b\n"),
           text_file(site + "a_b-1.2.dist-info/RECORD",
                     "a_b/__init__.py,sha256=x,1\n\"a_b/with,comma.py\",,\n../../../bin/tool,,\ngone.py,,\n"),
           file(site + "a_b/__init__.py"), file(site + "a_b/with,comma.py"), file(site + "a_b/other.py"),
           file("opt/v/bin/tool")}),
      ElementsAre("a_b 1.2 pypi: /opt/v/bin/tool /" + site + "a_b/__init__.py /" + site +
                  "a_b/with,comma.py /" + site + "a_b-1.2.dist-info/METADATA /" + site +
                  "a_b-1.2.dist-info/RECORD"));
}

TEST(LanguagePackages, EggsAreFilesOrFolders) {
  EXPECT_THAT(
      table({text_file(site + "old-0.3-py3.11.egg-info/PKG-INFO", "Name: old\n"),
             text_file(site + "older-0.1.egg-info", "Name: older\n"), folder(site + "empty-1.dist-info")}),
      ElementsAre("old 0.3 pypi: /" + site + "old-0.3-py3.11.egg-info/PKG-INFO",
                  "older 0.1 pypi: /" + site + "older-0.1.egg-info"));
}

TEST(LanguagePackages, ANodeModuleHasWhatIsBelowItLessOtherModules) {
  EXPECT_THAT(
      table(
          {text_file("app/package.json", R"({"name": "app", "version": "9"})"),
           text_file("app/node_modules/one/package.json", R"({"name": "one", "version": "1.0.0"})"),
           file("app/node_modules/one/lib/index.js"),
           text_file("app/node_modules/one/lib/package.json", R"({"name": "no", "version": "1"})"),
           text_file("app/node_modules/one/node_modules/two/package.json", R"({"name":"two","version":"2"})"),
           text_file("app/node_modules/@scope/three/package.json",
                     R"({"name":"@scope/three","version":"3"})"),
           text_file("app/node_modules/broken/package.json", "{")}),
      ElementsAre("@scope/three 3 npm: /app/node_modules/@scope/three/package.json",
                  "one 1.0.0 npm: /app/node_modules/one/lib/index.js /app/node_modules/one/lib/package.json "
                  "/app/node_modules/one/package.json",
                  "two 2 npm: /app/node_modules/one/node_modules/two/package.json"));
}

TEST(LanguagePackages, GemsAndJars) {
  EXPECT_THAT(
      table({file("var/lib/gems/3.1.0/specifications/rack-2.2.4.gemspec"),
             file("var/lib/gems/3.1.0/gems/rack-2.2.4/lib/rack.rb"),
             file("usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec"),
             file("opt/app/lib/commons-lang3-3.12.0.jar"), file("opt/app/app.jar")}),
      ElementsAre("commons-lang3 3.12.0 jar: /opt/app/lib/commons-lang3-3.12.0.jar",
                  "json 2.6.1 gem: /usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
                  "rack 2.2.4 gem: /var/lib/gems/3.1.0/gems/rack-2.2.4/lib/rack.rb "
                  "/var/lib/gems/3.1.0/specifications/rack-2.2.4.gemspec"));
}

TEST(LanguagePackages, JarsHaveCoordinatesThoseWithinOthersToo) {
  const auto record = [](const std::string& artifact, const std::string& version) {
    return "groupId=org.shop\nartifactId=" + artifact + "\nversion=" + version + "\n";
  };
  const std::string inner =
      ZipBuilder().add("META-INF/maven/org.shop/tax/pom.properties", record("tax", "0.1")).str();
  const std::string titled =
      ZipBuilder()
          .add("META-INF/MANIFEST.MF", "Implementation-Title: Apache Cat\nImplementation-Version: 8.1\n")
          .str();
  const OwnedTree image(
      {code_file("app/shop.war", ZipBuilder()
                                     .add("META-INF/maven/org.shop/base/pom.properties", record("base", "2"))
                                     .add("META-INF/maven/org.shop/shop/pom.properties", record("shop", "1"))
                                     .add("WEB-INF/lib/tax.jar", inner)
                                     .add("WEB-INF/lib/plain-7.jar", ZipBuilder().add("x", "").str())
                                     .add("WEB-INF/lib/cat-8.jar", titled)
                                     .add("WEB-INF/lib/dog.jar", titled)
                                     .str())});
  std::vector<std::string> lines;
  for (const Package& package : read_packages(image.tree).list) {
    lines.push_back(package.name + " " + package.version + " " + package.type +
                    (package.inside == no_node ? "" : " in " + image.tree.path(package.inside)) +
                    (package.files.empty() ? "" : " owns " + image.tree.path(package.files.front())));
  }
  EXPECT_THAT(lines,
              ElementsAre("Apache Cat 8.1 jar in /app/shop.war", "cat 8 jar in /app/shop.war",
                          "org.shop:base 2 jar in /app/shop.war", "org.shop:shop 1 jar owns /app/shop.war",
                          "org.shop:tax 0.1 jar in /app/shop.war", "plain 7 jar in /app/shop.war"));
}

std::vector<std::string> places(const OwnedTree& image) {
  std::vector<std::string> lines;
  for (const Package& package : read_packages(image.tree).list) {
    lines.push_back(package.name + " " + package.version + " " + package.type +
                    (package.inside == no_node ? "" : " in " + image.tree.path(package.inside)) +
                    (package.files.empty() ? "" : " owns " + image.tree.path(package.files.front())));
  }
  return lines;
}

BuiltModules go_modules() {
  return {.language = BuildLanguage::go,
          .toolchain = "go1.22.1 X:loopvar",
          .modules = {{.name = "example.com/app", .version = "(devel)", .main = true},
                      {.name = "golang.org/x/sys", .version = "v0.20.0"}}};
}

TEST(LanguagePackages, ProgramsOfGoAndRustAreTheirModuleAndSayWhatTheyAreBuiltOf) {
  const OwnedTree image(
      {test::built_program("app/one", go_modules()), test::hardlink("app/two", "app/one"),
       test::built_program("app/rusty", {.language = BuildLanguage::rust,
                                         .toolchain = {},
                                         .modules = {{.name = "rusty", .version = "1", .main = true},
                                                     {.name = "serde", .version = "2"}}})});
  EXPECT_THAT(places(image),
              ElementsAre("example.com/app (devel) golang owns /app/one",
                          "golang.org/x/sys v0.20.0 golang in /app/one", "rusty 1 cargo owns /app/rusty",
                          "serde 2 cargo in /app/rusty", "stdlib 1.22.1 golang in /app/one"));
}

TEST(LanguagePackages, AProgramOfTheSystemIsItsPackageAndStillBuiltOfModules) {
  const OwnedTree image({text_file("var/lib/dpkg/status", "Package: tool\nVersion: 1\n"),
                         text_file("var/lib/dpkg/info/tool.list", "/usr/bin/tool\n"),
                         test::built_program("usr/bin/tool", go_modules())});
  EXPECT_THAT(places(image),
              ElementsAre("golang.org/x/sys v0.20.0 golang in /usr/bin/tool",
                          "stdlib 1.22.1 golang in /usr/bin/tool", "tool 1 deb owns /usr/bin/tool"));
}

TEST(LanguagePackages, LicensesAreWhatTheMetadataSays) {
  const OwnedTree image(
      {text_file(site + "a-1.dist-info/METADATA",
                 "Name: a\nLicense: BSD\nLicense-Expression: BSD-3-Clause\n\nLicense: no"),
       text_file(site + "b-1.dist-info/METADATA", "Name: b\nLicense: UNKNOWN\n\nLicense: no\n"),
       text_file("app/node_modules/c/package.json", R"({"name": "c", "version": "1", "license": "ISC"})"),
       text_file("lib/apk/db/installed", "P:musl\nV:1\nL:MIT\n\n")});
  std::vector<std::string> licenses;
  for (const Package& package : read_packages(image.tree).list)
    licenses.push_back(package.name + ": " + package.license);
  EXPECT_THAT(licenses, ElementsAre("a: BSD-3-Clause", "b: ", "c: ISC", "musl: MIT"));
}

TEST(LanguagePackages, WhatAPackageOfTheSystemBringsIsThatPackage) {
  EXPECT_THAT(table({text_file("var/lib/dpkg/status", "Package: python3-x\nVersion: 1\n"),
                     text_file("var/lib/dpkg/info/python3-x.list", "/opt/x-1.dist-info/METADATA\n"),
                     text_file("opt/x-1.dist-info/METADATA", "Name: x\n")}),
              ElementsAre("python3-x 1 deb: /opt/x-1.dist-info/METADATA"));
}

}  // namespace
}  // namespace slim
