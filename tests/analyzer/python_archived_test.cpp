// Archives of modules on the tree: who reaches them, and what they reach.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/python_fixture.h"
#include "tests/analyzer/zip_fixture.h"

namespace slim {
namespace {

using test::PythonImage;
using test::ZipBuilder;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

constexpr std::string_view site = "usr/local/lib/python3.11/dist-packages/";

std::string at(std::string_view folder, std::string_view name) {
  return std::string(folder) + std::string(name);
}

std::string shop_archive() {
  return ZipBuilder()
      .add("shop/__init__.py", "import json\nfrom . import cart\n")
      .add("shop/cart.py", "\nimport flask\nimport gone\n")
      .str();
}

PythonImage image_with_library() {
  PythonImage image;
  image.interpreter();
  for (const char* module : {"json.py", "zlib.py", "runpy.py", "zipimport.py"})
    image.file(at("usr/lib/python3.11/", module), "x = 1\n");
  image.file(at(site, "flask/__init__.py"), "x = 1\n");
  return image;
}

TEST(PythonArchived, AnArchiveOfPythonPathIsReachedByWhatImportsFromIt) {
  PythonImage image = image_with_library();
  image.config.env = {"PYTHONPATH=/srv/lib.zip:/srv/other.zip/inner"};
  image.file("srv/lib.zip", shop_archive())
      .file("srv/other.zip", ZipBuilder().add("inner/__init__.py", "").str())
      .file("opt/main.py", "import shop.cart\nimport missing\n");
  EXPECT_THAT(image.edges("/opt/main.py"), Contains("import /srv/lib.zip"));
  EXPECT_THAT(image.edges("/opt/main.py"), Not(Contains(HasSubstr("other.zip"))));
  EXPECT_THAT(image.unresolved(), Contains("/opt/main.py:2: missing"));
  EXPECT_THAT(image.unresolved(), Not(Contains(HasSubstr("shop"))));
}

TEST(PythonArchived, AFolderInAnArchiveIsAnEntryToo) {
  PythonImage image = image_with_library();
  image.config.env = {"PYTHONPATH=/srv/lib.zip/src"};
  image.file("srv/lib.zip", ZipBuilder().add("src/shop.py", "import json\n").str())
      .file("opt/main.py", "import src\n");
  EXPECT_THAT(image.edges("/opt/main.py"), Contains("import /srv/lib.zip"));
}

TEST(PythonArchived, ModulesOfAnArchiveReachWhatTheyImport) {
  PythonImage image = image_with_library();
  image.config.env = {"PYTHONPATH=/srv/lib.zip"};
  image.file("srv/lib.zip", shop_archive());
  EXPECT_THAT(image.edges("/srv/lib.zip"),
              IsSupersetOf(std::vector<std::string>{"import /usr/lib/python3.11/json.py",
                                                    "import /" + at(site, "flask/__init__.py"),
                                                    "import /usr/lib/python3.11/zlib.py"}));
  EXPECT_THAT(image.edges("/srv/lib.zip"), Not(Contains(HasSubstr("runpy")))) << "nothing in it is run";
  EXPECT_THAT(image.details("/srv/lib.zip"), Contains("shop/cart.py, line 2 (import flask)"));
  EXPECT_THAT(image.unresolved(), Contains("/srv/lib.zip/shop/cart.py:3: gone"));
}

TEST(PythonArchived, APathFileNamesAnEgg) {
  PythonImage image = image_with_library();
  image.file(at(site, "easy-install.pth"), "./shop-1.0-py3.11.egg\n")
      .file(at(site, "shop-1.0-py3.11.egg"), shop_archive())
      .file("opt/main.py", "import shop\n");
  EXPECT_THAT(image.edges("/opt/main.py"), Contains("import /" + at(site, "shop-1.0-py3.11.egg")));
  EXPECT_THAT(image.edges("/" + at(site, "shop-1.0-py3.11.egg")),
              Contains("import /" + at(site, "flask/__init__.py")));
}

TEST(PythonArchived, WhatAFolderHasTooIsKeptTwice) {
  PythonImage image = image_with_library();
  image.config.env = {"PYTHONPATH=/srv/lib.zip"};
  image.file("srv/lib.zip", ZipBuilder().add("flask.py", "").str()).file("opt/main.py", "import flask\n");
  EXPECT_THAT(image.edges("/opt/main.py"),
              IsSupersetOf(std::vector<std::string>{"import /srv/lib.zip",
                                                    "import /" + at(site, "flask/__init__.py")}));
}

TEST(PythonArchived, AnApplicationInAnArchiveIsRun) {
  PythonImage image = image_with_library();
  const std::string archive = ZipBuilder()
                                  .add("__main__.py", "if __name__ == '__main__':\n  import shop\n")
                                  .add("shop.py", "import json\n")
                                  .str();
  image.script("usr/local/bin/shop", "/usr/bin/python3.11", archive).file("srv/shop.pyz", archive);
  for (const char* path : {"/usr/local/bin/shop", "/srv/shop.pyz"}) {
    EXPECT_THAT(image.edges(path),
                IsSupersetOf(std::vector<std::string>{"import /usr/lib/python3.11/json.py",
                                                      "import /usr/lib/python3.11/zlib.py",
                                                      "import /usr/lib/python3.11/runpy.py"}))
        << path;
    EXPECT_THAT(image.unresolved(), testing::IsEmpty()) << "shop is in the archive";
  }
}

}  // namespace
}  // namespace slim
