#include "analyzer/literals.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"

namespace slim {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

std::vector<std::string> names(Language language, std::string_view text) {
  std::vector<std::string> found;
  for (const CodeName& name : scan_literals(language, text)) {
    found.push_back((static_cast<LiteralUse>(name.use) == LiteralUse::command ? "$ " : "") + name.text);
  }
  return found;
}

TEST(Literals, FilesAndInterpretersAreKnownByTheirNames) {
  EXPECT_EQ(literal_language("app/config.ru"), Language::ruby);
  EXPECT_EQ(literal_language("var/www/index.php"), Language::php);
  EXPECT_EQ(literal_language("app/x.py"), Language::none);
  EXPECT_EQ(literal_interpreter("/usr/bin/ruby3.1"), Language::ruby);
  EXPECT_EQ(literal_interpreter("/usr/sbin/php-fpm8.2"), Language::php);
  EXPECT_EQ(literal_interpreter("tclsh8.6"), Language::tcl);
  EXPECT_EQ(literal_interpreter("/usr/bin/python3"), Language::none);
}

TEST(Literals, RubyNamesFilesAndCommands) {
  EXPECT_THAT(names(Language::ruby,
                    "require_relative 'x'\nrequire 'a/b'\n# '/not/this'\nFile.read(\"/etc/app.yml\")\n"),
              ElementsAre("./x", "a/b", "/etc/app.yml"));
  EXPECT_THAT(names(Language::ruby, "puts `ls -l`; system(\"convert x y\"); Open3.capture2('git log')"),
              IsSupersetOf({"$ ls -l", "$ convert x y", "$ git log"}));
  EXPECT_THAT(names(Language::ruby, "File.join(__dir__, 'views/x.erb'); \"#{root}/lib/y.rb\""),
              IsSupersetOf({"views/x.erb", "lib/y.rb"}));
}

TEST(Literals, PhpNamesFilesBesideItself) {
  EXPECT_THAT(names(Language::php,
                    "<?php require __DIR__ . '/lib/a.php';\ninclude 'b.inc';\n$x = shell_exec('id -u');\n"),
              IsSupersetOf({"./lib/a.php", "b.inc", "$ id -u"}));
}

TEST(Literals, PhpPutsFoldersBeforeThem) {
  EXPECT_THAT(names(Language::php,
                    "require dirname(__DIR__).'/vendor/autoload.php';\n"
                    "require dirname(dirname(__FILE__)) . '/a.php';\n"
                    "require dirname(__DIR__, 2) . \"/b.php\";\n"
                    "$x = __DIR__ . '/..' . '/c/c.php';\n$y = '/srv/d.txt';\n"),
              ElementsAre("./../vendor/autoload.php", "./../a.php", "./../../b.php", "./..", "./../c/c.php",
                          "/srv/d.txt"));
  EXPECT_THAT(names(Language::php, "f(__DIR__ . '/a.php'); f($name . '/b.php'); f(g(__DIR__) . '/c.php');\n"),
              IsSupersetOf({"./a.php", "/b.php"}));
}

TEST(Literals, ComposersMapsAreFollowed) {
  EXPECT_THAT(
      names(Language::php,
            "$vendorDir = dirname(__DIR__);\n$baseDir = dirname($vendorDir);\nreturn array(\n"
            "    'App\\\\' => array($baseDir . '/app'),\n"
            "    'Psr\\\\Log\\\\' => array($vendorDir . '/psr/log/src', $vendorDir . '/psr/more'),\n"
            "    'App\\\\X' => __DIR__ . '/../..' . '/app/X.php',\n);\n"),
      ElementsAre("./../../app", "./../psr/log/src", "./../psr/more", "./../..", "./../../app/X.php"));
}

TEST(Literals, LuaAndTclNameModules) {
  EXPECT_THAT(names(Language::lua, "local x = require \"app.core\"\n-- '/not/this'\nio.popen('date')"),
              ElementsAre("./app/core", "$ date"));
  EXPECT_THAT(names(Language::tcl, "source /opt/x/y.tcl\nset d [exec date +%s]\n"),
              IsSupersetOf({"/opt/x/y.tcl", "$ date"}));
}

TEST(Literals, HostileTextsEnd) {
  for (const std::string_view part : {"'", "\"", "`", "'/a", "}/'", "system('", "exec "}) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += part;
    for (const Language language : {Language::ruby, Language::php, Language::lua, Language::tcl})
      EXPECT_THAT(scan_literals(language, text).size(), testing::Le(most_code_names)) << part;
  }
  EXPECT_THAT(names(Language::ruby, "it's a text\nrequire 'a/b'\n"), Contains("a/b"));
  EXPECT_THAT(names(Language::php, std::string_view("\0\xff", 2)), IsEmpty());
}

}  // namespace
}  // namespace slim
