#include "analyzer/packages.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::file;
using test::folder;
using test::hardlink;
using test::OwnedTree;
using test::symlink;
using test::text_file;
using testing::ElementsAre;
using testing::IsEmpty;

/// A package as "name version type: files".
std::vector<std::string> table(const FileTree& tree) {
  const Packages packages = read_packages(tree);
  EXPECT_EQ(packages.owner.size(), tree.size());
  std::vector<std::string> lines;
  for (const Package& package : packages.list) {
    std::string line = package.name + " " + package.version + " " + package.type + ":";
    for (const NodeId file : package.files) {
      line += " " + tree.path(file);
      EXPECT_EQ(&packages.list[packages.owner[file]], &package) << tree.path(file);
    }
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> table(std::vector<LayerEntry> entries) {
  const OwnedTree image(std::move(entries));
  return table(image.tree);
}

TEST(Packages, DpkgListsTheFilesOfInstalledPackages) {
  EXPECT_THAT(
      table({text_file("var/lib/dpkg/status",
                       "Package: zlib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.3\n"
                       "Description: a library\n Version: 9 is not this line\n\n"
                       "Package: bash\nStatus: install ok installed\nVersion: 5.2\n"),
             text_file("var/lib/dpkg/info/zlib.list",
                       "/.\n/usr\n/usr/lib\n/usr/lib/libz.so.1\n/usr/share/gone\n"),
             text_file("var/lib/dpkg/info/bash.list", "/usr/bin/bash\n/usr/bin/rbash\n"),
             file("usr/lib/libz.so.1"), file("usr/bin/bash"), symlink("usr/bin/rbash", "bash"),
             file("usr/bin/own")}),
      ElementsAre("bash 5.2 deb: /usr/bin/bash /usr/bin/rbash", "zlib 1.3 deb: /usr/lib/libz.so.1"));
}

TEST(Packages, FilesOfNoPackageHaveNoOwner) {
  const OwnedTree image({text_file("var/lib/dpkg/status", "Package: a\nVersion: 1\n"),
                         text_file("var/lib/dpkg/info/a.list", "/bin/a\n"), file("bin/a"), file("bin/b")});
  const Packages packages = read_packages(image.tree);
  EXPECT_EQ(packages.owner[image.tree.find("/bin/a")], 0U);
  EXPECT_EQ(packages.owner[image.tree.find("/bin/b")], Packages::none);
  EXPECT_EQ(packages.owner[image.tree.find("/bin")], Packages::none);
}

TEST(Packages, MultiarchPackagesHaveTheirArchitectureInTheListsName) {
  EXPECT_THAT(
      table({text_file("var/lib/dpkg/status",
                       "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\n"
                       "Version: 2.36\n\nPackage: libc6\nStatus: install ok installed\nArchitecture: i386\n"
                       "Version: 2.36\n"),
             text_file("var/lib/dpkg/info/libc6:amd64.list", "/lib/a\n"),
             text_file("var/lib/dpkg/info/libc6:i386.list", "/lib/b\n"), file("lib/a"), file("lib/b")}),
      ElementsAre("libc6 2.36 deb: /lib/a", "libc6 2.36 deb: /lib/b"));
}

TEST(Packages, RemovedPackagesAreNotInstalled) {
  EXPECT_THAT(table({text_file("var/lib/dpkg/status",
                               "Package: a\nStatus: deinstall ok config-files\nVersion: 1\n\n"
                               "Package: b\nStatus: install ok not-installed\nVersion: 1\n\n"
                               "Package: c\nStatus: hold ok installed\nVersion: 1\n")}),
              ElementsAre("c 1 deb:"));
}

TEST(Packages, ListsFromBeforeTheMergedUsrLeadToWhereFilesAre) {
  EXPECT_THAT(table({folder("usr"), folder("usr/bin"), file("usr/bin/cat"), symlink("bin", "usr/bin"),
                     text_file("var/lib/dpkg/status", "Package: coreutils\nVersion: 9\n\n"),
                     text_file("var/lib/dpkg/info/coreutils.list", "/bin\n/bin/cat\n/usr/bin/cat\n")}),
              ElementsAre("coreutils 9 deb: /usr/bin/cat"));
}

TEST(Packages, TwoNamesOfAFileAreTwoFiles) {
  EXPECT_THAT(table({file("bin/perl"), hardlink("bin/perl5", "bin/perl"),
                     text_file("var/lib/dpkg/status", "Package: perl\nVersion: 5\n\n"),
                     text_file("var/lib/dpkg/info/perl.list", "/bin/perl\n/bin/perl5\n")}),
              ElementsAre("perl 5 deb: /bin/perl /bin/perl5"));
}

TEST(Packages, AFileThatTwoClaimIsTheFirsts) {
  EXPECT_THAT(table({file("bin/x"), file("bin/y"),
                     text_file("var/lib/dpkg/status", "Package: b\nVersion: 1\n\nPackage: a\nVersion: 1\n\n"),
                     text_file("var/lib/dpkg/info/a.list", "/bin/x\n"),
                     text_file("var/lib/dpkg/info/b.list", "/bin/x\n/bin/y\n")}),
              ElementsAre("a 1 deb: /bin/x", "b 1 deb: /bin/y"));
}

TEST(Packages, DistrolessImagesHaveOneStatusFileAPackage) {
  EXPECT_THAT(table({text_file("var/lib/dpkg/status.d/base-files", "Package: base-files\nVersion: 12\n"),
                     text_file("var/lib/dpkg/status.d/base-files.md5sums",
                               "d41d8cd98f00b204e9800998ecf8427e  etc/issue\n0  ./etc/host name\nbroken\n"),
                     text_file("var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a\n"),
                     file("etc/issue"), file("etc/host name")}),
              ElementsAre("base-files 12 deb: /etc/host name /etc/issue", "tzdata 2024a deb:"));
}

TEST(Packages, ApkNamesFoldersAndFilesInThem) {
  EXPECT_THAT(
      table({text_file("lib/apk/db/installed",
                       "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\n"
                       "R:libc.musl-x86_64.so.1\nF:usr/lib\nR:gone\n\n"
                       "P:root\nV:1\nF:\nR:init\n"),
             file("lib/ld-musl-x86_64.so.1"), symlink("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"),
             file("init"), folder("usr/lib")}),
      ElementsAre("musl 1.2.4-r2 apk: /lib/ld-musl-x86_64.so.1 /lib/libc.musl-x86_64.so.1",
                  "root 1 apk: /init"));
}

TEST(Packages, ApkFoldersEndWithTheirPackage) {
  EXPECT_THAT(table({text_file("usr/lib/apk/db/installed", "P:a\nV:1\nF:etc\n\nP:b\nV:1\nR:x\n"),
                     file("etc/x"), file("x")}),
              ElementsAre("a 1 apk:", "b 1 apk: /x"));
}

TEST(Packages, ApksDatabaseBehindAMergedUsrIsReadOnce) {
  EXPECT_THAT(table({folder("usr/lib"), symlink("lib", "usr/lib"),
                     text_file("usr/lib/apk/db/installed", "P:a\nV:1\nF:usr/lib\nR:x\n"), file("usr/lib/x")}),
              ElementsAre("a 1 apk: /usr/lib/x"));
}

TEST(Packages, ImagesWithoutADatabaseHaveNoPackages) {
  EXPECT_THAT(table({file("app")}), IsEmpty());
  EXPECT_THAT(
      table({file("var/lib/dpkg/status"), folder("lib/apk/db/installed"), file("var/lib/dpkg/status.d")}),
      IsEmpty());
}

TEST(Packages, WhatSlimLeftOfAnRpmDatabaseIsReadWhereThereIsNone) {
  const std::string path = "usr/share/sbom/packages.spdx.json";
  EXPECT_THAT(table({text_file(path, R"({"packages": [
      {"name": "server", "versionInfo": "1:2-3", "externalRefs": [{"referenceLocator": "pkg:rpm/x/server@2-3?arch=s390x&epoch=1"}]},
      {"name": "other", "externalRefs": [{"referenceLocator": "pkg:deb/x/other@1"}]},
      {"name": "bare", "externalRefs": []}, 7, {"externalRefs": [{"referenceLocator": "pkg:rpm/x/y"}]}]})")}),
              ElementsAre("server 1:2-3 rpm:"));
  for (const std::string broken :
       {"", "[", "[]", R"({"packages": {}})", R"({"packages": [{"externalRefs": [7]}]})"})
    EXPECT_THAT(table({text_file(path, broken)}), IsEmpty()) << broken;
  EXPECT_THAT(table({text_file(path, std::string(100'000, '['))}), IsEmpty());
}

TEST(Packages, DamagedDatabasesGiveWhatCanBeRead) {
  EXPECT_THAT(
      table(
          {text_file("var/lib/dpkg/status",
                     std::string("\n\n\nVersion: 1\n\nPackage:\n\nPackage\nPackage: ../../etc/x\nVersion: 2\n"
                                 "\nPackage: ok\r\nVersion: 3\r\n\r\n\0\0\0\nPackage: cut",
                                 110)),
           text_file("var/lib/dpkg/info/ok.list", "\n/../../bin/x\n//bin//y\nbin/z\n/bin/x/below\n"),
           file("bin/x"), file("bin/y"), file("bin/z"), file("etc/x.list")}),
      testing::Contains("ok 3 deb: /bin/x /bin/y /bin/z"));
  EXPECT_THAT(
      table({text_file("lib/apk/db/installed", "V:1\nR:x\n\n\n:\nP\nP:a\nR:../../x\nR:\nF:no/where\nR:x"),
             file("x")}),
      ElementsAre("a  apk: /x"));
}

}  // namespace
}  // namespace slim
