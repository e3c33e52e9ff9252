#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/findings.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "tests/cli/report_fixture.h"

namespace slim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReportTextTest : public test::ReportTest {
 protected:
  ReportTextTest() {
    for (int i = 0; i < 40; ++i) {
      const std::string number = std::to_string(100 + i);
      report_.folders.push_back(
          {.name = "/srv/folder-" + number, .version = {}, .type = {}, .bytes = 1000, .inside = {}});
      report_.packages.push_back(
          {.name = "package-" + number, .version = {}, .type = {}, .bytes = 1000, .inside = {}});
      report_.layers.push_back(report_.layers.front());
      report_.layers.back().created_by = "RUN step " + number;
      report_.findings.push_back(
          test::finding_of("kind-" + number, Severity::low, "/a", "what to do about " + number));
    }
  }

  [[nodiscard]] std::string shown(const TextStyle& style, const TextDetail& detail = {}) const {
    std::ostringstream out;
    render_text(report_, style, out, detail);
    return out.str();
  }
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST_F(ReportTextTest, FitsIntoTheWindow) {
  std::size_t before = 0;
  for (const std::size_t lines : {24U, 30U, 40U, 50U, 80U}) {
    const std::string text = shown({.width = 100, .lines = lines});
    EXPECT_LT(lines_of(text), lines);
    EXPECT_GE(lines_of(text), before) << "a bigger window shows no less";
    before = lines_of(text);
    EXPECT_THAT(text, AllOf(HasSubstr("removable"), HasSubstr("next: slim build")));
  }
}

TEST_F(ReportTextTest, AWindowCutsNoLinesThatItHasRoomFor) {
  EXPECT_EQ(shown({.width = 100, .lines = 500}), shown({.width = 100}));
}

TEST_F(ReportTextTest, OfManyLayersTheBiggestAreShownInTheirOrder) {
  report_.layers[20].size = 9'000'000;
  report_.layers[7].size = 8'000'000;
  const std::string text = shown({});
  EXPECT_THAT(text, AllOf(HasSubstr("\n21 "), HasSubstr("30 more, smaller")));
  EXPECT_LT(text.find("\n8 "), text.find("\n21 "));
}

TEST_F(ReportTextTest, TopSaysHowManyLines) {
  const std::string text = shown({.width = 100, .lines = 24}, {.top = 20});
  EXPECT_THAT(text, AllOf(HasSubstr("/srv/folder-115"), Not(HasSubstr("/srv/folder-130")),
                          HasSubstr("what to do about 115")));
}

TEST_F(ReportTextTest, WideCutsNothing) {
  const std::string name = "/srv/" + std::string(150, 'n');
  report_.folders.front().name = name;
  report_.layers.front().created_by = "RUN " + std::string(300, 'c');
  EXPECT_THAT(shown({}), Not(HasSubstr(name)));
  const std::string text = shown({.width = 80, .lines = 24}, {.wide = true});
  EXPECT_THAT(text, AllOf(HasSubstr(name), HasSubstr(std::string(300, 'c')), HasSubstr("/srv/folder-139"),
                          HasSubstr("package-139"), HasSubstr("RUN step 139"), HasSubstr("kind-139")));
}

TEST_F(ReportTextTest, TheTreeHasEachFolderWithItsSums) {
  const std::string text = shown({}, {.tree = 2});
  EXPECT_THAT(text, AllOf(HasSubstr("\nTREE  "), Not(HasSubstr("BY FOLDER"))));
  EXPECT_THAT(text, HasSubstr("\n├── opt  ")) << "the biggest first";
  const std::string root = text.substr(text.find("\n/  "), 100);
  EXPECT_THAT(root, HasSubstr(human_size(report_.totals.all.bytes)));
  EXPECT_THAT(shown({}, {.tree = 1}), Not(HasSubstr("    └── lib")));
  EXPECT_THAT(text, HasSubstr("└── lib")) << "var/lib, two deep";
}

TEST_F(ReportTextTest, TheTreeNamesWhatItDoesNotShow) {
  EXPECT_THAT(shown({}, {.top = 1, .tree = 1}), HasSubstr("└── its own files and 3 more folders"));
}

}  // namespace
}  // namespace slim
