#include "analyzer/python_archive.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/python.h"
#include "tests/analyzer/elf_fixture.h"
#include "tests/analyzer/zip_fixture.h"

namespace slim {
namespace {

using test::ZipBuilder;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::string word_of(PythonUse use) {
  switch (use) {
    case PythonUse::import:
      return "import";
    case PythonUse::from_import:
      return "from";
    case PythonUse::library:
      return "library";
    case PythonUse::top_level:
      return "top";
    case PythonUse::inside:
      return "inside";
    case PythonUse::unread:
      return "unread";
    default:
      return "other";
  }
}

/// "USE TEXT", with " guarded" behind.
std::vector<std::string> lines(const std::vector<CodeName>& names) {
  std::vector<std::string> made;
  for (const CodeName& name : names) {
    std::string line = word_of(static_cast<PythonUse>(name.use & python_use_mask)) + " " + name.text;
    if ((name.use & python_guarded) != 0) line += " guarded";
    made.push_back(line);
  }
  return made;
}

std::vector<std::string> names(const std::string& archive) {
  return lines(scan_python_archive(archive));
}

TEST(PythonArchive, IsKnownByItsName) {
  for (const char* path :
       {"srv/app.pyz", "srv/app.pyzw", "x/lib.zip", "x/y-1-py3.11.egg", "x/y-1-py3-none-any.whl"})
    EXPECT_TRUE(is_python_archive(path)) << path;
  for (const char* path : {"srv/app.py", "srv/zip", "x/app.zip.txt", "x/app.jar"})
    EXPECT_FALSE(is_python_archive(path)) << path;
}

TEST(PythonArchive, ModulesSayWhatTheyImportAndWhichTheyAre) {
  EXPECT_THAT(
      names(ZipBuilder()
                .add("__main__.py", "import json\nif __name__ == '__main__':\n  import shop\n")
                .add("shop/__init__.py", "from . import cart\nimport json\n")
                .add("shop/cart.py", "from decimal import Decimal\nimport requests\n")
                .add("shop/page.html", "import nothing\n")
                .str()),
      ElementsAre("top __main__", "top shop", "inside __main__.py", "import json", "import shop guarded",
                  "inside shop/cart.py", "from decimal:Decimal", "import requests"))
      << "relative imports stay inside, and what was named is not named again";
}

TEST(PythonArchive, WhatIsDoneWhenAModuleIsRunCountsForTheMainOneOnly) {
  EXPECT_THAT(names(ZipBuilder().add("shop.py", "if __name__ == '__main__':\n  import pdb\n").str()),
              ElementsAre("top shop"));
}

TEST(PythonArchive, ExtensionModulesSayWhatTheyNeed) {
  const std::string library = test::make_elf({.soname = "_x.so", .needed = {"libz.so.1"}});
  EXPECT_THAT(names(ZipBuilder().add("x/_x.so", library).str()),
              ElementsAre("top x", "inside x/_x.so", "library libz.so.1"));
}

TEST(PythonArchive, WhatIsNotReadIsSaid) {
  EXPECT_THAT(
      names(ZipBuilder()
                .add("a.pyc", "code")
                .add("b.py", "import json\n")
                .add("__pycache__/b.cpython-311.pyc", "code")
                .add("c.py", "x", std::uint64_t{1} << 30U, 8)
                .add("d.py", "no deflate", 100, 8)
                .str()),
      ElementsAre("top a", "top b", "top __pycache__", "top c", "top d", "inside a.pyc", "unread a.pyc",
                  "inside b.py", "import json", "inside c.py", "unread c.py", "inside d.py", "unread d.py"));
}

TEST(PythonArchive, WhatIsNoArchiveNamesNothing) {
  EXPECT_THAT(names("import json\n"), IsEmpty());
  EXPECT_THAT(names(""), IsEmpty());
  EXPECT_THAT(names(ZipBuilder().add("page.html", "x").str()), IsEmpty());
}

TEST(PythonArchive, AScriptMayHaveOneBehindItsFirstLine) {
  const std::string script =
      "#!/usr/bin/env python3\n" + ZipBuilder().add("__main__.py", "import json\n").str();
  EXPECT_TRUE(has_python_archive(script));
  EXPECT_FALSE(has_python_archive("#!/usr/bin/env python3\nimport json\n"));
  EXPECT_FALSE(has_python_archive("#!/usr/bin/env python3\n\0import json\n"));
  EXPECT_THAT(lines(scan_python("usr/local/bin/shop", script)), Contains("import json"));
  EXPECT_THAT(lines(scan_python("srv/shop.pyz", script)), Contains("import json"));
}

}  // namespace
}  // namespace slim
