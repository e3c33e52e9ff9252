#include "analyzer/javascript.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string_view word(ScriptUse use) {
  switch (use) {
    case ScriptUse::require:
      return "require";
    case ScriptUse::import:
      return "import";
    case ScriptUse::require_prefix:
      return "require...";
    case ScriptUse::import_prefix:
      return "import...";
    case ScriptUse::computed_require:
      return "computed";
    case ScriptUse::file:
      return "file";
    case ScriptUse::file_prefix:
      return "file...";
    case ScriptUse::path:
      return "path";
    case ScriptUse::command:
      return "command";
  }
  return "?";
}

/// "LINE USE TEXT", with "?" behind the line where the name stands in a try block.
std::vector<std::string> names(std::string_view text) {
  std::vector<std::string> lines;
  for (const CodeName& name : scan_javascript(text)) {
    std::string line = std::to_string(name.line);
    if ((name.use & optional_script_name) != 0) line += "?";
    line += " ";
    line += word(static_cast<ScriptUse>(name.use & ~optional_script_name));
    if (!name.text.empty()) line += " " + name.text;
    lines.push_back(line);
  }
  return lines;
}

TEST(Javascript, RequiresAreFoundWhereverTheyStand) {
  EXPECT_THAT(names("const a = require('a');\n"
                    "function f() { return require(\"./b\") }\n"
                    "if (x) y(require(`c`).d, module.require('e'), require.resolve('f'))\n"
                    "x?.require?.('g')"),
              ElementsAre("1 require a", "2 require ./b", "3 require c", "3 require e", "3 require f",
                          "4 require g"));
}

TEST(Javascript, ImportsAndExportsNameModules) {
  EXPECT_THAT(names("import 'a'\nimport b, { c as d } from \"b\";import*as e from'c'\n"
                    "export * from './d.js'\nexport { f } from './e.js'; export default class {}\n"
                    "const g = await import('f'); import.meta.resolve('g')\n"
                    "import json from './h.json' with { type: 'json' }\nimport ts = require('i')"),
              ElementsAre("1 import a", "2 import b", "2 import c", "3 import ./d.js", "4 import ./e.js",
                          "5 import f", "5 import g", "6 import ./h.json", "7 require i"));
}

TEST(Javascript, MethodsOfTheseNamesAreNone) {
  EXPECT_THAT(names("Array.from('x'); a.import('y'); Buffer.from \n('z'); export const from = 'w'"),
              IsEmpty());
}

TEST(Javascript, WhatStandsInATryBlockIsOptional) {
  EXPECT_THAT(names("try { if (a) { require('x') } } catch { require('y') }\nrequire('x')"),
              ElementsAre("1? require x", "1 require y", "2 require x"));
}

TEST(Javascript, ABeginningIsKnownOfAJoinedName) {
  EXPECT_THAT(names("require('./lang/' + x); require(`./a/${b}.js`); import('../' + 'c/' + d)\n"
                    "require('./e/'.concat(f)); require('./g' + '.js')"),
              ElementsAre("1 require... ./lang/", "1 require... ./a/", "1 import... ../c/",
                          "2 require... ./e/", "2 require ./g.js"));
}

TEST(Javascript, EachAlternativeOfAnExpressionCounts) {
  EXPECT_THAT(names("require(a ? './b' : './c'); require(process.env.D || 'e')"),
              ElementsAre("1 require ./b", "1 require ./c", "1 require e"));
}

TEST(Javascript, ANameOfWhichNothingIsKnownIsSaid) {
  EXPECT_THAT(names("require(x)\nrequire(y); import(f('z'))"), ElementsAre("1 computed"));
}

TEST(Javascript, FilesBesideTheModule) {
  EXPECT_THAT(names("path.join(__dirname, 'views', 'a.ejs'); x(__dirname + '/b'); `${__dirname}/c/${d}`\n"
                    "path.resolve(__dirname, '..', e); new URL('./f.js', import.meta.url); "
                    "join(import.meta.dirname, 'g')\n"
                    "new URL('/h', base); require(path.join(__dirname, i))"),
              ElementsAre("1 file .//views/a.ejs", "1 file .//b", "1 file... .//c/", "2 file... .//..",
                          "2 file ././f.js", "2 file .//g"));
}

TEST(Javascript, CommandsThatAreStarted) {
  EXPECT_THAT(names("exec('sort -r | head'); cp.spawn('git', ['log', '-1']); (0, x.execFile)('ls')\n"
                    "spawn(program); /re/.exec(text)"),
              ElementsAre("1 command sort -r | head", "1 command git 'log' '-1'", "1 command ls"));
}

TEST(Javascript, AbsolutePathsInStrings) {
  EXPECT_THAT(
      names("f('/srv/tls/cert.pem'); g('/'); h('//host/x'); i('/a b'); j(`/etc/app.conf`); k('/users/:id')"),
      ElementsAre("1 path /srv/tls/cert.pem", "1 path /etc/app.conf"));
}

TEST(Javascript, CreateRequireMakesOneOfAnotherName) {
  EXPECT_THAT(
      names("import { createRequire } from 'node:module';\nconst load = createRequire(import.meta.url);\n"
            "load('a'); module.createRequire(f(__filename))('b'); const other = m.createRequire(c); "
            "other('d')"),
      ElementsAre("1 import node:module", "3 require a", "3 require b", "3 require d"));
}

TEST(Javascript, CommentsStringsTemplatesAndRegularExpressionsAreNoCode) {
  EXPECT_THAT(names("// require('a')\n/* require('b')\n */ 'require(\"c\")' + `require('d')`; x = "
                    "/require('e')\\/[/]'/g\n"
                    "if (y) /'/.test(z); a = b / c; d = e / 'f'; `${`${require('g')}`} '` + require('h')\n"
                    "return /\"/.test(q) ? `\\`` : require('i')"),
              ElementsAre("4 require g", "4 require h", "5 require i"));
}

TEST(Javascript, TheFirstLineMayNameAnInterpreter) {
  EXPECT_THAT(names("#!/usr/bin/env node 'x\nrequire('a')"), ElementsAre("2 require a"));
}

TEST(Javascript, EscapesAreResolved) {
  EXPECT_THAT(names("require('\\x61\\u0062\\u{63}\\\nd'); require('.\\/e')"),
              ElementsAre("1 require abcd", "2 require ./e"));
}

TEST(Javascript, BrokenProgramsAreReadToTheirEnd) {
  EXPECT_THAT(names("'open\nrequire('a')\n}}})) require('b'); `${ ( } require('c')"),
              ElementsAre("2 require a", "3 require b"));
  EXPECT_THAT(names("require('"), IsEmpty());
  EXPECT_THAT(names("`${`${`"), IsEmpty());
  EXPECT_THAT(names("/"), IsEmpty());
  EXPECT_THAT(names("'\\"), IsEmpty());
  EXPECT_THAT(names(std::string(100'000, '(') + "require('a')"), ElementsAre("1 require a"));
  std::string templates;
  for (int i = 0; i < 100'000; ++i) templates += "`${";
  EXPECT_THAT(names(templates + "require('a')"), ElementsAre("1 require a"));
}

TEST(Javascript, NamesAreBounded) {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "require('m" + std::to_string(i) + "');";
  EXPECT_EQ(names(many).size(), 4096U);
  EXPECT_THAT(names("require('" + std::string(5000, 'x') + "')"), IsEmpty());
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Javascript, ALineOfSlashesThatEndNowhereIsReadInItsTime) {
  // Each would be searched for its end up to the end of the line.
  EXPECT_THAT(names(repeated("=/[", 1'000'000) + "\nx = /\"/; require('a')"), ElementsAre("2 require a"));
}

TEST(Javascript, EscapesThatEndNowhereAreReadInTheirTime) {
  EXPECT_THAT(names("require('" + repeated("\\u{", 4'000'000) + "'); require('a')"),
              ElementsAre("1 require a"));
}

}  // namespace
}  // namespace slim
