// The canonical forms are those of the specification's own examples, or follow from its rules for a type.
#include "analyzer/package_url.h"

#include <string>

#include <gtest/gtest.h>

#include "analyzer/packages.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

const Distribution debian{.id = "debian", .version = "12"};

std::string url(const std::string& type, const std::string& name, const std::string& version,
                const std::string& architecture = "", const Distribution& distribution = debian) {
  Package package;
  package.type = type;
  package.name = name;
  package.version = version;
  package.architecture = architecture;
  return package_url(package, distribution);
}

TEST(PackageUrl, PackagesOfTheSystemHaveTheDistributionAndTheArchitecture) {
  EXPECT_EQ(url("deb", "libc6", "2.36-9+deb12u4", "amd64"),
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12");
  EXPECT_EQ(url("deb", "attr", "1:2.4.47-2+b1", "source", {.id = "debian", .version = ""}),
            "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=source");
  EXPECT_EQ(url("apk", "busybox", "1.36.1-r29", "x86_64", {.id = "alpine", .version = "3.20.3"}),
            "pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.3");
}

TEST(PackageUrl, TheEpochOfAnRpmIsAQualifier) {
  EXPECT_EQ(url("rpm", "curl", "7.50.3-1.fc25", "i386", {.id = "fedora", .version = "25"}),
            "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25");
  EXPECT_EQ(url("rpm", "server", "1:2.1-3.fc40", "x86_64", {.id = "fedora", .version = ""}),
            "pkg:rpm/fedora/server@2.1-3.fc40?arch=x86_64&epoch=1");
}

TEST(PackageUrl, NamesOfPythonAreNormalized) {
  EXPECT_EQ(url("pypi", "Django_AllAuth", "12.23"), "pkg:pypi/django-allauth@12.23");
  EXPECT_EQ(url("pypi", "zope..interface", "6"), "pkg:pypi/zope-interface@6");
}

TEST(PackageUrl, ScopesGroupsAndPathsAreNamespaces) {
  EXPECT_EQ(url("npm", "@angular/animation", "12.3.1"), "pkg:npm/%40angular/animation@12.3.1");
  EXPECT_EQ(url("npm", "foobar", "12.3.1"), "pkg:npm/foobar@12.3.1");
  EXPECT_EQ(url("jar", "org.apache.xmlgraphics:batik-anim", "1.9.1"),
            "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1");
  EXPECT_EQ(url("golang", "github.com/Masterminds/semver/v3", "v3.2.1"),
            "pkg:golang/github.com/masterminds/semver/v3@v3.2.1");
  EXPECT_EQ(url("golang", "google.golang.org/x", "v2.0.0+incompatible"),
            "pkg:golang/google.golang.org/x@v2.0.0%2Bincompatible");
}

TEST(PackageUrl, WhatHasNoCoordinatesOrNoVersionClaimsNone) {
  EXPECT_EQ(url("jar", "commons-lang3", "3.12.0"), "pkg:generic/commons-lang3@3.12.0");
  EXPECT_EQ(url("golang", "example.com/app", "(devel)"), "pkg:golang/example.com/app");
  EXPECT_EQ(url("cargo", "rand", "0.7.2"), "pkg:cargo/rand@0.7.2");
}

TEST(PackageUrl, AGemOfOnePlatformSaysSo) {
  EXPECT_EQ(url("gem", "ruby-advisory-db-check", "0.12.4"), "pkg:gem/ruby-advisory-db-check@0.12.4");
  EXPECT_EQ(url("gem", "nokogiri", "1.16.2-x86_64-linux"), "pkg:gem/nokogiri@1.16.2?platform=x86_64-linux");
}

TEST(PackageUrl, HostileNamesStayOneName) {
  EXPECT_EQ(url("gem", "a/b?c#d@e%\n\xff", "1&x=2"), "pkg:gem/a%2Fb%3Fc%23d%40e%25%0A%FF@1%26x%3D2");
  EXPECT_EQ(url("npm", "//", ""), "pkg:npm/");
}

TEST(DistributionOf, ReadsOsReleaseWithOrWithoutQuotes) {
  const test::OwnedTree image({test::text_file(
      "etc/os-release", "NAME=\"X\"\nVERSION_ID=\"3.20\"\nID_LIKE=debian\nID=alpine\nMYID=no")});
  const Distribution distribution = distribution_of(image.tree);
  EXPECT_EQ(distribution.id, "alpine");
  EXPECT_EQ(distribution.version, "3.20");
  const test::OwnedTree bare({test::file("etc/x")});
  EXPECT_EQ(distribution_of(bare.tree).id, "linux");
}

}  // namespace
}  // namespace slim
