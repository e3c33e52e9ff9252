#include "analyzer/path_kinds.h"

#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(PathKinds, CachesOfPackageManagers) {
  for (const char* path : {"/var/lib/apt/lists/x_Packages", "/var/cache/apk/a.apk", "/root/.cache/pip/http/a",
                           "/home/me/.npm/_cacache/x", "/root/.m2/repository/a.jar"}) {
    EXPECT_EQ(kind_of_path(path), PathKind::package_cache) << path;
  }
  EXPECT_EQ(kind_of_path("/var/cache/nginx/a"), PathKind::other);
  EXPECT_EQ(kind_of_path("/root/.cache/app/a"), PathKind::other);
}

TEST(PathKinds, CompilersWithTripletAndVersion) {
  for (const char* path : {"/usr/bin/gcc", "/usr/bin/g++-12", "/usr/bin/x86_64-linux-gnu-gcc-12",
                           "/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "/usr/bin/aarch64-linux-gnu-ld.bfd",
                           "/usr/local/cargo/bin/rustc", "/usr/local/go/bin/go", "/usr/bin/make"}) {
    EXPECT_EQ(kind_of_path(path), PathKind::compiler) << path;
  }
  for (const char* path : {"/usr/bin/gcov", "/usr/bin/git", "/usr/bin/as400", "/etc/make",
                           "/usr/bin/x-linux-", "/usr/bin/-12", "/usr/bin/python3-12"}) {
    EXPECT_EQ(kind_of_path(path), PathKind::other) << path;
  }
}

TEST(PathKinds, HeadersDocumentationLocalesAndHistories) {
  EXPECT_EQ(kind_of_path("/usr/include/stdio.h"), PathKind::header);
  EXPECT_EQ(kind_of_path("/usr/lib/x86_64-linux-gnu/libc.a"), PathKind::header);
  EXPECT_EQ(kind_of_path("/usr/lib/pkgconfig/zlib.pc"), PathKind::header);
  EXPECT_EQ(kind_of_path("/opt/app/libc.a"), PathKind::other);
  EXPECT_EQ(kind_of_path("/usr/share/man/man1/ls.1.gz"), PathKind::documentation);
  EXPECT_EQ(kind_of_path("/usr/share/locale/de/LC_MESSAGES/a.mo"), PathKind::locale);
  EXPECT_EQ(kind_of_path("/usr/lib/locale/locale-archive"), PathKind::locale);
  EXPECT_EQ(kind_of_path("/usr/lib/locale/C.utf8/LC_CTYPE"), PathKind::other);
  EXPECT_EQ(kind_of_path("/app/.git/objects/pack/a.pack"), PathKind::version_control);
  EXPECT_EQ(kind_of_path("/app/.gitignore"), PathKind::other);
}

TEST(PathKinds, PublicFolders) {
  for (const char* path : {"/usr/share/doc/a/key.pem", "/opt/app/tests/key.pem", "/usr/lib/go/testdata/a",
                           "/venv/lib/python3/site-packages/a/key.pem", "/app/node_modules/a/key.pem"}) {
    EXPECT_TRUE(is_public_path(path)) << path;
  }
  for (const char* path : {"/etc/ssl/private/a.key", "/app/contest/key.pem", "/root/.ssh/id_rsa"}) {
    EXPECT_FALSE(is_public_path(path)) << path;
  }
}

TEST(PathKinds, NamesOfKeyStoresAndCoreDumps) {
  EXPECT_TRUE(is_key_store("/srv/server.p12"));
  EXPECT_TRUE(is_key_store("/root/.vault-token"));
  EXPECT_FALSE(is_key_store("/etc/ssl/certs/java/cacerts"));
  EXPECT_TRUE(is_core_name("/srv/core"));
  EXPECT_TRUE(is_core_name("/srv/core.123"));
  EXPECT_FALSE(is_core_name("/srv/core.js"));
  EXPECT_FALSE(is_core_name("/srv/core."));
}

}  // namespace
}  // namespace slim
