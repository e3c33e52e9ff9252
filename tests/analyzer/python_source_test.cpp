#include "analyzer/python_source.h"

#include <cstddef>
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
using testing::UnorderedElementsAre;

std::string use_name(std::uint8_t use) {
  switch (static_cast<PythonUse>(use & python_use_mask)) {
    case PythonUse::import:
      return "import";
    case PythonUse::from_import:
      return "from";
    case PythonUse::dynamic:
      return "dynamic";
    case PythonUse::dynamic_prefix:
      return "prefix";
    case PythonUse::computed:
      return "computed";
    case PythonUse::exported:
      return "exported";
    case PythonUse::dotted:
      return "dotted";
    case PythonUse::group:
      return "group";
    case PythonUse::library:
      return "library";
    case PythonUse::find_library:
      return "find";
    case PythonUse::path:
      return "path";
    case PythonUse::command:
      return "command";
    case PythonUse::shell:
      return "shell";
    default:
      return "other";
  }
}

/// "LINE USE TEXT", with " nested" and " guarded" behind.
std::vector<std::string> scan(std::string_view source, bool is_package = false) {
  std::vector<std::string> found;
  for (const CodeName& name : scan_python_source(source, is_package)) {
    found.push_back(std::to_string(name.line) + " " + use_name(name.use) + " " + name.text +
                    ((name.use & python_nested) != 0 ? " nested" : "") +
                    ((name.use & python_guarded) != 0 ? " guarded" : ""));
  }
  return found;
}

TEST(PythonSource, ImportStatementsOfEveryForm) {
  EXPECT_THAT(scan("import os\n"
                   "import a.b.c as d, e\n"
                   "from x import y\n"
                   "from .pkg.mod import (one as first,  # a comment, with a comma\n"
                   "    two,\n"
                   "    three,)\n"
                   "from . import sibling\n"
                   "from ... import *\n"
                   "from .. x import z\n"
                   "import \\\n  joined\n"),
              ElementsAre("1 import os", "2 import a.b.c", "2 import e", "3 from x:y",
                          "4 from .pkg.mod:one,two,three", "7 from .:sibling", "8 from ...:*", "9 from ..x:z",
                          "10 import joined"));
}

TEST(PythonSource, SeveralStatementsOnALine) {
  EXPECT_THAT(scan("import a; import b;from c import d\nx = 1; import e\n"),
              ElementsAre("1 import a", "1 import b", "1 from c:d", "2 import e"));
  EXPECT_THAT(scan("if x: import a\nelse: import b\n"),
              ElementsAre("1 import a nested", "2 import b nested"));
}

TEST(PythonSource, WordsInStringsAndCommentsAreNoStatements) {
  EXPECT_THAT(scan("'''\nimport a\n'''\n"
                   "x = \"\"\"\nfrom b import c\n\"\"\" + 'import d'\n"
                   "# import e\n"
                   "y = 'it\\'s \\\\'; import real\n"
                   "z = r'\\'; import raw'\n"
                   "w = 'a\\\nimport f'\n"),
              ElementsAre("8 import real"));
}

TEST(PythonSource, WordsInBracketsAreNoStatements) {
  EXPECT_THAT(scan("x = [\nfrom_,\nimported\n]\ny = (yield\nfrom_z)\nimport a\n"), ElementsAre("7 import a"));
}

TEST(PythonSource, AnUnclosedBracketDoesNotHideTheRest) {
  EXPECT_THAT(scan("x = (1,\nimport a\ndef f():\n  import b\n"),
              ElementsAre("2 import a", "4 import b nested"));
}

TEST(PythonSource, FieldsOfFormattedStrings) {
  EXPECT_THAT(scan("a = f\"{x['import']}\"\nimport a\n"
                   "b = f'{x!r:>{width}} {{import}}'\nimport b\n"
                   "c = f\"{d[\"nested\"]}\"\nimport c\n"
                   "d = f'''{\n  x\n}'''\nimport d\n"
                   "e = f'{x:\"^10}'\nimport e\n"
                   "f = f'{broken\nimport f\n"
                   "g = rf'\\d{{{n}}}'\nimport g\n"),
              ElementsAre("2 import a", "4 import b", "6 import c", "10 import d", "12 import e",
                          "14 import f", "16 import g"));
}

TEST(PythonSource, BlocksSayWhetherAnImportIsSure) {
  EXPECT_THAT(scan("class C:\n"
                   "    import in_class\n"
                   "    async def f(self, x: int = 3) -> None:\n"
                   "        import in_function\n"
                   "try:\n"
                   "    import in_try\n"
                   "except ImportError:\n"
                   "    import in_handler\n"
                   "else:\n"
                   "    import in_else\n"
                   "import behind\n"
                   "with suppress(ImportError):\n"
                   "\timport suppressed\n"
                   "if sys.platform == 'win32':\n"
                   "    import winreg\n"
                   "elif x:\n"
                   "    import in_elif\n"
                   "else:\n"
                   "    import other\n"
                   "if x:\n"
                   "    import in_if\n"),
              ElementsAre("2 import in_class", "4 import in_function nested", "6 import in_try guarded",
                          "8 import in_handler guarded", "10 import in_else guarded", "11 import behind",
                          "13 import suppressed guarded", "15 import winreg nested guarded",
                          "17 import in_elif nested guarded", "19 import other nested guarded",
                          "21 import in_if nested"));
}

TEST(PythonSource, WhatOnlyTypeCheckersReadDoesNotCount) {
  EXPECT_THAT(scan("if TYPE_CHECKING:\n    import a\nelse:\n    import b\n"
                   "if t.TYPE_CHECKING: import c\n"
                   "if not TYPE_CHECKING:\n    import d\n"),
              ElementsAre("4 import b nested", "7 import d nested"));
}

TEST(PythonSource, LineEndsMarksTabsAndFormFeeds) {
  EXPECT_THAT(scan("\xef\xbb\xbfimport a\r\nif x:\r\n\timport b\r\n\fimport c\rimport d"),
              ElementsAre("1 import a", "3 import b nested", "4 import c", "5 import d"));
}

TEST(PythonSource, DecoratorsLambdasAndSlicesHideNothing) {
  EXPECT_THAT(scan("@decorate(lambda x: x[1:2])\ndef f(): import a\n"
                   "x = {1: 2}; y: int = 3\nimport b\nmatch = 3\nmatch x:\n    case 1: import c\n"),
              ElementsAre("2 import a nested", "4 import b", "7 import c nested"));
}

TEST(PythonSource, NamesThatAreImportedByFunctions) {
  EXPECT_THAT(
      scan("import_module('a.b')\n"
           "m = importlib.import_module('.sub', __package__)\n"
           "__import__(\"c\")\n"
           "import_module('plugins.' + name)\n"
           "import_module(f'drivers.{name}')\n"
           "import_module('codecs.%s' % name)\n"
           "import_module(\n    'split',\n)\n"
           "import_module(name='given')\n"),
      ElementsAre("1 dynamic a.b", "1 dotted a.b", "2 dynamic .sub", "3 dynamic c", "4 prefix plugins.",
                  "5 prefix drivers.", "6 prefix codecs.", "7 dynamic split", "10 dynamic given"));
}

TEST(PythonSource, NamesMadeAtRunTimeMakeEveryStringACandidate) {
  EXPECT_THAT(
      scan("packers = {'gz': 'gzip', 'xz': 'lzma', 'x y': 'not a name'}\nimport_module(packers[kind])\n"),
      ElementsAre("2 computed import_module", "1 dotted gzip nested guarded",
                  "1 dotted lzma nested guarded"));
  EXPECT_THAT(scan("for m in pkgutil.iter_modules(__path__): pass\n"),
              ElementsAre("1 computed iter_modules"));
  EXPECT_THAT(scan("def import_module(name, package=None): pass\n"), IsEmpty());
}

TEST(PythonSource, StringsOfSettingsNameModules) {
  EXPECT_THAT(scan("APPS = ['django.contrib.auth', 'shop.apps:Shop', 'no.', '.no', 'a b.c', '1.2', 'x']\n"),
              ElementsAre("1 dotted django.contrib.auth", "1 dotted shop.apps:Shop"));
}

TEST(PythonSource, ExportedNamesOfPackages) {
  EXPECT_THAT(scan("__all__ = ['one', 'two']\n__all__ += ['three']\nx = ['four']\n", true),
              ElementsAre("1 exported one", "1 exported two", "2 exported three"));
  EXPECT_THAT(scan("__all__ = ['one']\n"), IsEmpty());
}

TEST(PythonSource, PathsAndThePartsOfPathsThatAreKnown) {
  EXPECT_THAT(
      scan("open('/srv/data.csv')\n"
           "p = f'/srv/zones/{name}.txt'\n"
           "q = '/srv/rates/%d' % year\n"
           "r = 'sqlite:////srv/shop.db'\n"
           "s = '//host/x', '/', '/a b', '/x/*'\n"),
      ElementsAre("1 path /srv/data.csv", "2 path /srv/zones", "3 path /srv/rates", "4 path /srv/shop.db"));
}

TEST(PythonSource, ProgramsAndShells) {
  EXPECT_THAT(scan("import subprocess\n"
                   "subprocess.run(['git', 'log'])\n"
                   "subprocess.check_output('hostname')\n"
                   "subprocess.run('ls -l | wc', shell=True)\n"
                   "os.system('make all')\n"
                   "os.popen(command)\n"
                   "Popen(args=['sort'])\n"
                   "words = ['tar', '-x']\n"),
              UnorderedElementsAre("1 import subprocess", "2 command git", "3 command hostname",
                                   "4 shell ls -l | wc", "4 shell ", "5 shell make all", "6 shell ",
                                   "7 command sort", "2 command git nested guarded",
                                   "7 command sort nested guarded", "8 command tar nested guarded"));
  EXPECT_THAT(scan("words = ['tar', '-x']\nrun('ls')\nif shell == True: pass\n"), IsEmpty());
}

TEST(PythonSource, LibrariesOfCtypes) {
  EXPECT_THAT(
      scan("ctypes.CDLL('libc.so.6')\ncdll.LoadLibrary(\"libm.so.6\")\nfind_library('crypto')\nCDLL(name)\n"),
      ElementsAre("1 library libc.so.6", "2 library libm.so.6", "3 find crypto"));
}

TEST(PythonSource, GroupsOfEntryPoints) {
  EXPECT_THAT(scan("GROUP = 'shop.plugins'\nfor e in entry_points(group='shop.tax'): e.load()\n"),
              ElementsAre("1 dotted shop.plugins", "2 dotted shop.tax", "2 group  nested guarded",
                          "1 group shop.plugins nested guarded", "2 group shop.tax nested guarded"));
}

TEST(PythonSource, HostileTextIsReadToItsEnd) {
  const std::string many(10'000'000, '(');
  EXPECT_THAT(scan("x = " + many + "\nimport a\n"), ElementsAre("2 import a"));
  EXPECT_THAT(scan("x = '" + std::string(10'000'000, 'y') + "'\nimport a\n"), ElementsAre("2 import a"));
  EXPECT_THAT(scan(std::string(1'000'000, ' ') + "import a\n"), ElementsAre("1 import a"));
  std::string fields;
  for (int i = 0; i < 200'000; ++i) fields += "f'''{'''\n";
  scan(fields);
  std::string nested;
  for (int i = 0; i < 2000; ++i) nested += std::string(static_cast<std::size_t>(i), ' ') + "if x:\n";
  EXPECT_THAT(scan(nested + std::string(2000, ' ') + "import a\n"), ElementsAre("2001 import a nested"));
  EXPECT_THAT(scan("f\"" + std::string(100'000, '{') + "\nimport a\n"), ElementsAre("2 import a"));
  scan(std::string("\0\xff\\\r\"\"\"\0", 8));
}

TEST(PythonSource, NoFileNamesMoreThanTheMost) {
  std::string text;
  for (std::size_t i = 0; i < most_code_names + 10; ++i) text += "import a\n";
  EXPECT_EQ(scan_python_source(text, false).size(), most_code_names);
}

}  // namespace
}  // namespace slim
