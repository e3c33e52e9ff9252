#include "analyzer/node_exports.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace slim {
namespace {

const std::vector<std::string> require_conditions{"node", "require"};
const std::vector<std::string> import_conditions{"node", "import"};

/// "-" where there is nothing.
std::string exported(const char* json, const std::string& subpath,
                     const std::vector<std::string>& conditions = require_conditions) {
  return resolve_node_exports(nlohmann::ordered_json::parse(json), subpath, conditions).value_or("-");
}

std::string imported(const char* json, const std::string& name,
                     const std::vector<std::string>& conditions = require_conditions) {
  return resolve_node_imports(nlohmann::ordered_json::parse(json), name, conditions).value_or("-");
}

TEST(NodeExports, AStringIsTheMainFile) {
  EXPECT_EQ(exported(R"("./a.js")", "."), "./a.js");
  EXPECT_EQ(exported(R"("./a.js")", "./b"), "-");
}

TEST(NodeExports, TheFirstConditionThatHoldsCounts) {
  const char* json = R"({"types": "./a.d.ts", "import": "./a.mjs", "default": "./a.js", "node": "./n.js"})";
  EXPECT_EQ(exported(json, "."), "./a.js");
  EXPECT_EQ(exported(json, ".", import_conditions), "./a.mjs");
  EXPECT_EQ(exported(R"({".": {"require": {"browser": "./b.js"}, "default": "./c.js"}})", "."), "./c.js");
}

TEST(NodeExports, SubpathsAreExactOrPatterns) {
  const char* json = R"({".": "./i.js", "./a": "./x/a.js", "./lib/*": "./l/*.js", "./lib/private/*": null,
                         "./f/*.json": "./g/*/*.json"})";
  EXPECT_EQ(exported(json, "./a"), "./x/a.js");
  EXPECT_EQ(exported(json, "./lib/b/c"), "./l/b/c.js");
  EXPECT_EQ(exported(json, "./lib/private/d"), "-");
  EXPECT_EQ(exported(json, "./f/e.json"), "./g/e/e.json");
  EXPECT_EQ(exported(json, "./f/e.js"), "-");
  EXPECT_EQ(exported(json, "./lib/"), "-");
}

TEST(NodeExports, OfAlternativesTheFirstValidOneCounts) {
  EXPECT_EQ(exported(R"(["not-valid", {"browser": "./b.js"}, "./c.js"])", "."), "./c.js");
  EXPECT_EQ(exported("[]", "."), "-");
}

TEST(NodeExports, NothingLeadsOutOfThePackage) {
  for (const char* json : {R"("../a.js")", R"("/a.js")", R"("./x/../../a.js")", R"("./node_modules/a.js")",
                           R"("a")", "null", "3", "{}"}) {
    EXPECT_EQ(exported(json, "."), "-") << json;
  }
  EXPECT_EQ(exported(R"({"./*": "./*"})", "./../a"), "-");
}

TEST(NodeExports, DeepMapsEnd) {
  std::string json = "\"./a.js\"";
  for (int i = 0; i < 10'000; ++i) json = R"({"node": )" + json + "}";
  EXPECT_EQ(exported(json.c_str(), "."), "-");
}

TEST(NodeImports, NamesOfThePackagesOwn) {
  const char* json =
      R"({"#a": "./a.js", "#dep": {"node": "other/part", "default": "./b.js"}, "#x/*": "./x/*.js"})";
  EXPECT_EQ(imported(json, "#a"), "./a.js");
  EXPECT_EQ(imported(json, "#dep"), "other/part");
  EXPECT_EQ(imported(json, "#x/y"), "./x/y.js");
  EXPECT_EQ(imported(json, "#"), "-");
  EXPECT_EQ(imported("null", "#a"), "-");
}

}  // namespace
}  // namespace slim
