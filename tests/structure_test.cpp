// How the sources may hang together: includes go one way only, and nothing is a drawer for odds and ends.
// Each check is tried on text that breaks it, so that it is known to be able to fail.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// From the folder that all may include to the one that may include all.
constexpr auto order = std::to_array<std::string_view>({"analyzer", "runner", "slimmer", "cli"});

std::optional<std::size_t> rank_of(std::string_view path) {
  const auto place = std::ranges::find(order, path.substr(0, path.find('/')));
  if (path.find('/') == std::string_view::npos || place == order.end()) return std::nullopt;
  return static_cast<std::size_t>(place - order.begin());
}

/// What #include "..." names on a line; empty where it names nothing.
std::string included(std::string_view line) {
  const auto start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] != '#') return "";
  line.remove_prefix(start + 1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto open = line.find('"');
  if (!line.starts_with("include") || open == std::string_view::npos) return "";
  return std::string(line.substr(open + 1, line.find('"', open + 1) - open - 1));
}

/// The includes of `path` (from the root of the project) that go the wrong way.
std::vector<std::string> wrong_includes(const std::string& path, const std::string& text) {
  std::vector<std::string> wrong;
  const auto own = rank_of(path);
  if (!own) return wrong;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string name = included(line);
    if (name.empty()) continue;
    const auto other = rank_of(name);
    if (!other) {
      wrong.push_back(path + " includes " + name + ", which is not named from the root of the project");
    } else if (*other > *own) {
      wrong.push_back(path + " includes " + name + ", which is above it");
    }
  }
  return wrong;
}

/// The types that a header defines at the left margin, which is where those of a namespace stand.
std::vector<std::string> defined_types(const std::string& text) {
  std::vector<std::string> types;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.ends_with('{')) continue;
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (line.starts_with(' ') || (word != "struct" && word != "class" && word != "enum")) continue;
    words >> word;
    if (word == "class") words >> word;
    if (word != "{") types.push_back(word);
  }
  return types;
}

/// Whether a folder or a file (without what is behind its first dot) is a drawer.
bool is_drawer(std::string_view name) {
  name = name.substr(0, name.find('.'));
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word :
       {"util", "utils", "utility", "utilities", "common", "helper", "helpers", "misc", "miscellaneous"}) {
    const std::string text(word);
    if (lower == word || lower.ends_with("_" + text) || lower.starts_with(text + "_") ||
        lower.find("_" + text + "_") != std::string::npos)
      return true;
  }
  return false;
}

bool is_drawer_path(std::string_view path) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (is_drawer(path.substr(0, slash))) return true;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return false;
}

/// Every file of the project's own folders, from its root, sorted.
std::vector<std::string> all_files() {
  const std::filesystem::path root(SLIM_SOURCE_DIR);
  std::vector<std::string> files;
  for (const auto& top : std::filesystem::directory_iterator(root)) {
    const std::string name = top.path().filename();
    if (name.starts_with('.') || name.starts_with("build")) continue;
    files.push_back(name);
    if (!top.is_directory()) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top.path()))
      files.push_back(entry.path().lexically_relative(root));
  }
  std::ranges::sort(files);
  return files;
}

std::string read(const std::string& path) {
  std::ifstream file(std::filesystem::path(SLIM_SOURCE_DIR) / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_source(std::string_view path) {
  return path.ends_with(".h") || path.ends_with(".cpp");
}

TEST(Structure, IncludesGoOneWayOnly) {
  std::vector<std::string> wrong;
  std::size_t looked_at = 0;
  for (const std::string& path : all_files()) {
    if (!is_source(path) || !rank_of(path)) continue;
    ++looked_at;
    const auto found = wrong_includes(path, read(path));
    wrong.insert(wrong.end(), found.begin(), found.end());
  }
  EXPECT_THAT(wrong, IsEmpty());
  EXPECT_GT(looked_at, 50U) << "the sources were not found";
}

TEST(Structure, AnIncludeOfTheWrongWayIsFound) {
  EXPECT_THAT(wrong_includes("analyzer/elf.cpp", "#include <vector>\n#include \"runner/run.h\"\n"),
              ElementsAre("analyzer/elf.cpp includes runner/run.h, which is above it"));
  EXPECT_THAT(wrong_includes("runner/run.h", "  #  include \"slimmer/plan.h\"  // why\n").size(), 1U);
  EXPECT_THAT(wrong_includes("slimmer/plan.h", "#include \"cli/report.h\"").size(), 1U);
  EXPECT_THAT(wrong_includes("analyzer/elf.h", "#include \"elf.h\"").size(), 1U);
  EXPECT_THAT(wrong_includes("analyzer/elf.h", "#include \"../cli/report.h\"").size(), 1U);
  EXPECT_THAT(wrong_includes("cli/main.cpp", "#include \"tests/x.h\"").size(), 1U)
      << "no source needs a test";
}

TEST(Structure, IncludesOfTheRightWayAreNot) {
  EXPECT_THAT(wrong_includes("cli/main.cpp", "#include \"analyzer/elf.h\"\n#include \"cli/commands.h\"\n"),
              IsEmpty());
  EXPECT_THAT(wrong_includes("analyzer/elf.cpp", "// #include \"cli/report.h\"\n#include <cli/report.h>\n"),
              IsEmpty());
}

TEST(Structure, NoTwoHeadersDefineATypeOfOneName) {
  std::map<std::string, std::string> defined;
  std::vector<std::string> twice;
  for (const std::string& path : all_files()) {
    if (!path.ends_with(".h") || !rank_of(path)) continue;
    for (const std::string& type : defined_types(read(path))) {
      const auto [first, is_new] = defined.try_emplace(type, path);
      if (!is_new) twice.push_back(type + " in " + first->second + " and " + path);
    }
  }
  EXPECT_THAT(twice, IsEmpty())
      << "all are in one namespace, and the linker takes the destructor of either for both";
  EXPECT_GT(defined.size(), 100U) << "the headers were not found";
}

TEST(Structure, DefinitionsOfTypesAreSeenAndDeclarationsAreNot) {
  EXPECT_THAT(defined_types("struct A {\nclass B : public A {\nenum class C : int {\n"),
              ElementsAre("A", "B", "C"));
  EXPECT_THAT(defined_types("class D;\n  struct Inner {\nenum {\n"), IsEmpty());
}

TEST(Structure, ThereAreNoDrawers) {
  std::vector<std::string> drawers;
  std::ranges::copy_if(all_files(), std::back_inserter(drawers), is_drawer_path);
  EXPECT_THAT(drawers, IsEmpty()) << "a helper lives beside its one user, or with the type that it extends";
}

TEST(Structure, ADrawerIsFound) {
  for (const std::string_view path :
       {"utils", "analyzer/utils.h", "cli/common/x.cpp", "tests/Helpers/x.h", "misc.cmake",
        "runner/string_utils.cpp", "util.h", "analyzer/elf_helpers.h"})
    EXPECT_TRUE(is_drawer_path(path)) << path;
  for (const std::string_view path : {"analyzer/elf.h", "cli/commands.cpp", "tests/common_name.txt.d/x"})
    EXPECT_EQ(is_drawer_path(path), path.starts_with("tests/common_")) << path;
  EXPECT_FALSE(is_drawer_path("analyzer/uncommon.h"));
}

}  // namespace
