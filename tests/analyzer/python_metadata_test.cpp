#include "analyzer/python_metadata.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/python.h"

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> of_use(const std::vector<CodeName>& names, PythonUse use) {
  std::vector<std::string> texts;
  for (const CodeName& name : names) {
    if ((name.use & python_use_mask) == static_cast<std::uint8_t>(use)) texts.push_back(name.text);
  }
  return texts;
}

TEST(PythonMetadata, PthFilesNameFoldersAndRunCode) {
  const auto names =
      scan_python_pth("# a comment\n../shared\n\nimport os; __import__('hook')\r\n/opt/x \nimported\n");
  EXPECT_THAT(of_use(names, PythonUse::search_path), ElementsAre("../shared", "/opt/x", "imported"));
  EXPECT_THAT(of_use(names, PythonUse::import), ElementsAre("os"));
  EXPECT_THAT(of_use(names, PythonUse::dynamic), ElementsAre("hook"));
  ASSERT_EQ(names.size(), 5U);
  EXPECT_EQ(names[1].line, 4U);
}

TEST(PythonMetadata, RecordsNameTheOutermostPackages) {
  const auto names = scan_python_record(
      "../../../bin/x,sha256=a,1\n"
      "shop/__init__.py,sha256=a,1\n"
      "shop/tax/__init__.py,,\n"
      "shop/tax/rates.json,,\n"
      "google/cloud/storage/__init__.py,,\n"
      "google/auth.py,,\n"
      "\"odd,name.py\",,\n"
      "six.py,,\n"
      "_fast.cpython-311-x86_64-linux-gnu.so,,\n"
      "__pycache__/six.cpython-311.pyc,,\n"
      "shop-1.0.dist-info/METADATA,,\n");
  EXPECT_THAT(of_use(names, PythonUse::top_level),
              ElementsAre("google/cloud/storage", "shop", "_fast", "google/auth", "odd,name", "six"));
  EXPECT_THAT(of_use(names, PythonUse::outside), ElementsAre("../../../bin/x"));
}

TEST(PythonMetadata, EntryPointsByGroup) {
  EXPECT_THAT(of_use(scan_python_entry_points("[console_scripts]\nshop = shop.cli:main [tax]\n\n; comment\n"
                                              "[shop.plugins]\na=shop.a\nbad line\n"),
                     PythonUse::entry_point),
              ElementsAre("console_scripts=shop.cli", "shop.plugins=shop.a"));
}

TEST(PythonMetadata, ProjectsAndWhatTheyRequireWithoutExtras) {
  const auto names = scan_python_metadata(
      "Metadata-Version: 2.1\nName: Shop.Tax\nRequires-Dist: Jinja2>=3.1\n"
      "Requires-Dist: cffi>=1.12; platform_python_implementation != 'PyPy'\n"
      "Requires-Dist: pytest; extra == \"test\"\n\nName: not this\n");
  EXPECT_THAT(of_use(names, PythonUse::project), ElementsAre("Shop.Tax"));
  EXPECT_THAT(of_use(names, PythonUse::requirement), ElementsAre("Jinja2", "cffi"));
  EXPECT_THAT(of_use(scan_python_list("a>=1\nb [x]\n\n[extra]\nc\n",
                                      static_cast<std::uint8_t>(PythonUse::requirement)),
                     PythonUse::requirement),
              ElementsAre("a", "b"));
}

TEST(PythonMetadata, CompiledModulesNameModulesInTheirConstants) {
  std::string bytes =
      "\x7f"
      "ELF|secrets|numpy.core.multiarray|Self|dtype|a b.c|.text|_cffi_backend|";
  std::ranges::replace(bytes, '|', '\0');
  EXPECT_THAT(of_use(scan_python_extension(bytes), PythonUse::dotted),
              ElementsAre("secrets", "numpy.core.multiarray", "_cffi_backend"));
  EXPECT_THAT(scan_python_extension(std::string_view()), IsEmpty());
}

TEST(PythonRecord, APathThatNoFileCanHaveIsPassedOver) {
  std::string long_path;
  for (int i = 0; i < 2'000'000; ++i) long_path += "a/";
  const auto names = scan_python_record(long_path + "__init__.py,,\n" + long_path + "b.py,,\nc.py,,\n");
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0].text, "c");
}

}  // namespace
}  // namespace slim
