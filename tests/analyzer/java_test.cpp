#include "analyzer/java.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "tests/analyzer/elf_fixture.h"
#include "tests/analyzer/zip_fixture.h"

namespace slim {
namespace {

using test::class_file;
using test::ZipBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

/// "USE TEXT"
std::vector<std::string> names(std::string_view path, const std::string& content) {
  constexpr auto words = std::to_array<const char*>(
      {"class path", "path", "command", "library", "needed", "desktop", "spring", "unread"});
  std::vector<std::string> lines;
  for (const CodeName& name : scan_java(path, std::as_bytes(std::span(content)))) {
    if (static_cast<JavaUse>(name.use) == JavaUse::coordinates) continue;
    lines.push_back(std::string(words.at(name.use)) + " " + name.text);
  }
  return lines;
}

/// "INSIDE|NAME|VERSION"
std::vector<std::string> coordinates(const std::string& content) {
  std::vector<std::string> lines;
  for (const CodeName& name : scan_java("app.jar", std::as_bytes(std::span(content)))) {
    if (static_cast<JavaUse>(name.use) != JavaUse::coordinates) continue;
    const JavaCoordinates what = java_coordinates(name.text);
    lines.push_back(std::string(what.inside) + "|" + std::string(what.name) + "|" +
                    std::string(what.version));
  }
  return lines;
}

TEST(Java, AnArchiveSaysWhatItIs) {
  const std::string record =
      "#Created by Maven\r\nversion=1.2\r\ngroupId=org.shop\r\nartifactId = no\r\nartifactId=cart\r\n";
  const std::string manifest =
      "Manifest-Version: 1.0\r\nImplementation-Title: Shop\r\nImplementation-Version: 9\r\n\r\n";
  EXPECT_THAT(coordinates(ZipBuilder()
                              .add("META-INF/MANIFEST.MF", manifest)
                              .add("META-INF/maven/org.shop/cart/pom.properties", record)
                              .str()),
              ElementsAre("|org.shop:cart|1.2"));
  EXPECT_THAT(coordinates(ZipBuilder().add("META-INF/MANIFEST.MF", manifest).str()), ElementsAre("|Shop|9"));
  EXPECT_THAT(
      coordinates(ZipBuilder()
                      .add("META-INF/MANIFEST.MF",
                           "Bundle-SymbolicName: org.sh\r\n op;singleton:=true\r\nBundle-Version: 2.0\r\n")
                      .str()),
      ElementsAre("|org.shop|2.0"));
  EXPECT_THAT(coordinates(ZipBuilder().add("META-INF/MANIFEST.MF", "\r\nImplementation-Title: X\r\n").str()),
              IsEmpty())
      << "a section behind the first is about an entry";
}

TEST(Java, ArchivesInArchivesSayWhatTheyAreAndWhereTheyLie) {
  const std::string innermost =
      ZipBuilder().add("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n").str();
  const std::string inner = ZipBuilder().add("x.jar", innermost).str();
  EXPECT_THAT(coordinates(ZipBuilder().add("BOOT-INF/lib/inner-3.jar", inner).str()),
              ElementsAre("BOOT-INF/lib/inner-3.jar/x.jar|g:a|1", "BOOT-INF/lib/inner-3.jar||"));
}

TEST(Java, CoordinatesWithControlCharactersAreNone) {
  EXPECT_THAT(coordinates(ZipBuilder()
                              .add("META-INF/maven/g/a/pom.properties",
                                   "groupId=g\x1b[31m\nartifactId=a\tb\nversion=1\n")
                              .str()),
              IsEmpty());
}

TEST(Java, AClassNamesPaths) {
  EXPECT_THAT(names("a/B.class",
                    class_file({"/srv/tls/key.pem", "/", "no path", "//x/y", "/a b", "/srv/tls/key.pem"})),
              ElementsAre("path /srv/tls/key.pem"));
}

TEST(Java, StringsOfAClassThatStartsProcessesMayBeCommands) {
  EXPECT_THAT(names("B.class", class_file({"/bin/sh", "ls | wc"}, {"java/lang/ProcessBuilder"})),
              ElementsAre("path /bin/sh", "command /bin/sh", "command ls | wc"));
  EXPECT_THAT(names("B.class", class_file({"ls"}, {"java/lang/Runtime"}, {"exec"})),
              ElementsAre("command ls"));
  EXPECT_THAT(names("B.class", class_file({"ls"}, {"java/lang/Runtime"})), IsEmpty());
}

TEST(Java, StringsOfAClassThatLoadsLibrariesMayBeTheirNames) {
  EXPECT_THAT(names("B.class", class_file({"snappy", "no name"}, {"java/lang/System"}, {"loadLibrary"})),
              ElementsAre("library snappy"));
}

TEST(Java, OfEachPartOfTheDesktopOneClassIsTold) {
  EXPECT_THAT(names("B.class", class_file({}, {"java/util/List", "java/awt/Font", "javax/swing/JFrame",
                                               "javax/print/Doc"})),
              ElementsAre("desktop java/awt/Font", "desktop javax/print/Doc"));
}

TEST(Java, TextIsDrawnInAFontThatMayNotBeNamed) {
  EXPECT_THAT(names("B.class", class_file({}, {"java/awt/Graphics2D"}, {"drawString"})),
              ElementsAre("desktop java/awt/Graphics2D", "desktop java/awt/Font"));
}

TEST(Java, AManifestNamesFurtherArchives) {
  const std::string manifest =
      "Manifest-Version: 1.0\r\nClass-Path: lib/a.jar li\r\n b/b.jar  ../c/\r\nMain-Class: X\r\n"
      "\r\nName: x\r\nClass-Path: not-this\r\n";
  EXPECT_THAT(names("app.jar", ZipBuilder().add("META-INF/MANIFEST.MF", manifest).str()),
              ElementsAre("class path lib/a.jar", "class path lib/b.jar", "class path ../c/"));
}

TEST(Java, ArchivesInArchivesAreReadAsWell) {
  const std::string inner = ZipBuilder().add("C.class", class_file({"/srv/inner"})).str();
  const std::string outer = ZipBuilder()
                                .add("BOOT-INF/lib/inner.jar", inner)
                                .add("BOOT-INF/classes/D.class", class_file({"/srv/outer"}))
                                .str();
  EXPECT_THAT(names("app.jar", outer), ElementsAre("spring BOOT-INF", "path /srv/inner", "path /srv/outer"));
  EXPECT_THAT(names("app.war", ZipBuilder().add("WEB-INF/lib/x.jar", inner).str()),
              ElementsAre("path /srv/inner"));
}

TEST(Java, ArchivesAreReadFourDeepAndNoDeeper) {
  std::string zip = ZipBuilder().add("C.class", class_file({"/srv/found"})).str();
  for (int i = 0; i < 3; ++i) zip = ZipBuilder().add("x.jar", zip).str();
  EXPECT_THAT(names("app.jar", zip), ElementsAre("path /srv/found"));
  EXPECT_THAT(names("app.jar", ZipBuilder().add("x.jar", zip).str()), IsEmpty());
}

TEST(Java, LibrariesInsideSayWhatTheyNeed) {
  test::ElfSpec spec;
  spec.needed = {"libstdc++.so.6"};
  EXPECT_THAT(names("app.jar",
                    ZipBuilder().add("native/linux/libx.so", test::make_elf(spec)).add("y.so", "text").str()),
              ElementsAre("needed 62:libstdc++.so.6"));
}

TEST(Java, WhatIsTooLargeIsSaid) {
  EXPECT_THAT(names("app.jar", ZipBuilder().add("A.class", "", std::uint64_t{1} << 30U, 8).str()),
              ElementsAre("unread A.class"));
}

TEST(Java, WhatIsDamagedCountsAsReadSoThatAnArchiveOfItEnds) {
  const std::string garbage(std::size_t{130} << 10U, '\xff');
  ZipBuilder zip;
  for (const char* name : {"1.so", "2.so", "3.so", "4.so", "5.so"})
    zip.add(name, garbage, std::uint64_t{127} << 20U, 8);
  EXPECT_THAT(names("app.jar", zip.str()), ElementsAre("unread 5.so"));
}

TEST(Java, DamagedClassesNameNothing) {
  const std::string whole = class_file({"/srv/tls"}, {"java/lang/ProcessBuilder"});
  for (std::size_t cut = 0; cut < whole.size(); ++cut) names("A.class", whole.substr(0, cut));
  EXPECT_THAT(names("A.class", "no class"), IsEmpty());
  EXPECT_THAT(names("A.class", std::string("\xca\xfe\xba\xbe\0\0\0\x3d\xff\xff\x63", 11)), IsEmpty());
  EXPECT_THAT(names("A.jar", "no archive"), IsEmpty());
}

TEST(Java, FilesAreKnownByTheirNames) {
  EXPECT_TRUE(is_java_file("app/a.jar"));
  EXPECT_TRUE(is_java_file("a.war"));
  EXPECT_TRUE(is_java_file("x/B.class"));
  EXPECT_FALSE(is_java_file("a.jar.txt"));
  EXPECT_FALSE(is_java_file(".class"));
}

}  // namespace
}  // namespace slim
