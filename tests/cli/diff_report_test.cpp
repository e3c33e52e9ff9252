#include "cli/diff_report.h"

#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_diff.h"
#include "analyzer/image_ref.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using nlohmann::json;
using test::Layout;
using test::TarBuilder;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ImageContents image_in(const TemporaryFolder& folder, const TarBuilder& tar, const std::string& config) {
  const std::string layer = tar.str();
  Layout layout;
  const std::string document = fmt::format(
      R"({{"os":"linux","architecture":"amd64","config":{},"rootfs":{{"type":"layers","diff_ids":{}}}}})",
      config, test::quoted_list({Digest::of(layer).text()}));
  const std::string manifest =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})",
                  test::oci_manifest_type, layout.blob("application/vnd.oci.image.config.v1+json", document),
                  layout.blob(test::oci_layer_type, layer));
  layout.index({layout.blob(test::oci_manifest_type, manifest, test::name_member("app:1"))});
  layout.write(folder);
  return read_image(parse_image_ref("oci:" + folder.path()), {.facts = false});
}

class DiffReportTest : public testing::Test {
 protected:
  DiffReportTest() {
    TarBuilder a;
    TarBuilder b;
    a.file("etc/mode", "x", 0644).file("etc/text", "one").folder("opt").folder("opt/old");
    b.file("etc/mode", "x", 0600).file("etc/text", "three");
    for (int i = 0; i < 20; ++i) a.file(fmt::format("opt/old/{:02}", i), std::string(50, 'x'));
    b.file("evil\x1b[31m\n::error::x", "x").file("latin-\xe9", "x");
    for (int i = 0; i < 20; ++i) b.file(fmt::format("new-{:02}", i), "");
    a_ = image_in(folder_a_, a, R"({"Env":["DB_PASSWORD=hunter2","MODE=slow"]})");
    b_ = image_in(folder_b_, b, R"({"Env":["DB_PASSWORD=hunter3","MODE=fast"],"Cmd":["TOKEN=hunter2"]})");
    report_ = {
        .a = &a_, .b = &b_, .diff = diff_trees(a_.tree, b_.tree, {.ignore_time = true}), .options = {}};
    report_.diff.config = diff_configs(a_.image().config, b_.image().config);
  }

  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    render_diff(report_, {.colour = false, .width = 100}, out);
    return out.str();
  }
  [[nodiscard]] std::string json_text() const {
    std::ostringstream out;
    render_diff_json(report_, out);
    return out.str();
  }

  TemporaryFolder folder_a_;
  TemporaryFolder folder_b_;
  ImageContents a_;
  ImageContents b_;
  DiffReport report_;
};

TEST_F(DiffReportTest, AFolderStandsForWhatIsInIt) {
  EXPECT_THAT(text(), HasSubstr("REMOVED  20 files, 1.0 kB\n  -     1.0 kB  /opt/  20 files\n"));
  EXPECT_THAT(text(), Not(HasSubstr("/opt/old/07")));
  EXPECT_THAT(text(), HasSubstr("~ /etc/mode  mode 0644 -> 0600\n"));
  EXPECT_THAT(text(), HasSubstr("~ /etc/text  content 3 B -> 5 B\n"));
}

TEST_F(DiffReportTest, LongListsAreCutUnlessAllIsAskedFor) {
  EXPECT_THAT(text(), HasSubstr("    10 more paths and folders\n"));
  EXPECT_THAT(text(), HasSubstr("--all shows every path"));
  report_.all = true;
  EXPECT_THAT(text(), HasSubstr("/opt/old/07"));
  EXPECT_THAT(text(), HasSubstr("/new-19"));
  EXPECT_THAT(text(), Not(HasSubstr("--all")));
}

TEST_F(DiffReportTest, SecretsAreNotShownUnlessAskedFor) {
  EXPECT_THAT(text(), HasSubstr("~ Env DB_PASSWORD  *** -> ***\n"));
  EXPECT_THAT(text(), HasSubstr("~ Env MODE  slow -> fast\n"));
  EXPECT_THAT(text(), Not(HasSubstr("hunter")));
  EXPECT_THAT(json_text(), Not(HasSubstr("hunter")));
  report_.show_secrets = true;
  EXPECT_THAT(text(), HasSubstr("~ Env DB_PASSWORD  hunter2 -> hunter3\n"));
  EXPECT_THAT(json_text(), HasSubstr("hunter3"));
}

TEST_F(DiffReportTest, HostileNamesAreEscaped) {
  EXPECT_THAT(text(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(text(), Not(HasSubstr("\n::error")));
  EXPECT_THAT(json_text(), HasSubstr("latin-\xef\xbf\xbd"));
}

TEST_F(DiffReportTest, JsonHasEveryPathWithBothSides) {
  const json document = json::parse(json_text());
  EXPECT_EQ(document["result"], "different");
  EXPECT_EQ(document["counts"]["changed"], 2);
  EXPECT_EQ(document["counts"]["added"], 22);
  EXPECT_EQ(document["counts"]["removed"], 22);
  EXPECT_EQ(document["paths"].size(), 46U);
  const json& mode = document["paths"][0];
  EXPECT_EQ(mode["path"], "/etc/mode");
  EXPECT_THAT(mode["aspects"].get<std::vector<std::string>>(), ElementsAre("mode"));
  EXPECT_EQ(mode["a"]["mode"], "0644");
  EXPECT_EQ(mode["b"]["mode"], "0600");
  EXPECT_EQ(mode["b"]["sha256"], Digest::of("x").hex());
}

TEST_F(DiffReportTest, TimesAloneAreCounted) {
  PathDifference touched = report_.diff.paths.front();
  touched.aspects = {Aspect::time};
  report_.diff.paths = {touched};
  EXPECT_THAT(text(), HasSubstr("CHANGED  0\n    1 more in their time alone\n"));
  report_.all = true;
  EXPECT_THAT(text(), HasSubstr("CHANGED  1\n  ~ /etc/mode  time\n"));
}

TEST_F(DiffReportTest, TheSameIsOneWord) {
  report_.diff.paths.clear();
  report_.diff.config.clear();
  EXPECT_THAT(text(), HasSubstr("\nsame\n"));
  EXPECT_EQ(json::parse(json_text())["result"], "same");
  report_.options.ignore_time = true;
  EXPECT_THAT(text(), HasSubstr("\nsame  times not compared\n"));
}

}  // namespace
}  // namespace slim
