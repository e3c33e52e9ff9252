#include "analyzer/apache.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> paths(std::string_view text) {
  std::vector<std::string> found;
  for (const ServerPath& path : read_apache(text).paths)
    found.push_back(std::to_string(path.line) + " " + path.text);
  return found;
}

TEST(Apache, PathsBelowTheServerRootAreThoseOfItsDirectives) {
  EXPECT_THAT(
      paths("# LoadModule no_module modules/no.so\n"
            "  LoadModule php_module \"modules/libphp.so\"\r\n"
            "loadfile lib/one.so lib/two.so\n"
            "<IfModule x>\n"
            "IncludeOptional conf.d/*.conf\n"
            "ErrorLog logs/error_log\n"
            "DocumentRoot 'my pages'\n"),
      ElementsAre("2 modules/libphp.so", "3 lib/one.so", "3 lib/two.so", "5 conf.d/*.conf", "7 my pages"));
}

TEST(Apache, AbsolutePathsAndVariablesAreLeftToOthers) {
  EXPECT_THAT(paths("Include /etc/x.conf\nInclude ${DIR}/x.conf\nLoadModule a\nInclude\nInclude \"\"\n"),
              IsEmpty());
}

TEST(Apache, TheServerRootIsItsLast) {
  EXPECT_EQ(read_apache("#ServerRoot /no\nServerRoot \"/var/www\"\n").server_root, "/var/www");
  EXPECT_EQ(read_apache("ServerRoot ${ROOT}\nServerRoot relative\n").server_root, "");
}

TEST(Apache, FilesAreKnownByNameOrFolder) {
  EXPECT_TRUE(may_be_apaches("/opt/own.conf"));
  EXPECT_TRUE(may_be_apaches("/etc/apache2/sites-enabled/shop"));
  EXPECT_FALSE(may_be_apaches("/etc/passwd"));
}

}  // namespace
}  // namespace slim
