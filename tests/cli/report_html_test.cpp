#include <cstddef>
#include <cstdint>
#include <memory>
#include <regex>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "analyzer/byte_stream.h"
#include "analyzer/compression.h"
#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_ref.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/registry_credentials.h"
#include "cli/gate_result.h"
#include "cli/html_page.h"
#include "cli/report.h"
#include "cli/report_html_files.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using nlohmann::json;
using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The table of files, read as its format is described and not as it is written.
struct Table {
  struct Hidden {
    std::string path;
    std::uint64_t size, layer, by;
    bool operator==(const Hidden&) const = default;
  };
  std::vector<std::string> names, links, details;
  std::vector<std::uint64_t> parents, types, sizes, firsts, layers, reasons, causes, detail_places, owners;
  std::vector<Hidden> hidden;
  std::size_t left = 0;  ///< bytes behind it
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(bytes_.at(at_++));
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
  }
  std::string string() {
    const std::size_t end = bytes_.find('\0', at_);
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }
  std::vector<std::uint64_t> numbers(std::size_t count) {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(number());
    return all;
  }
  std::vector<std::string> strings(std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(string());
    return all;
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

Table read_table(std::string_view bytes) {
  Reader reader(bytes);
  Table table;
  const std::size_t count = reader.number();
  table.names = reader.strings(count);
  table.parents = reader.numbers(count);
  table.types = reader.numbers(count);
  table.sizes = reader.numbers(count);
  table.links = reader.strings(count);
  table.firsts = reader.numbers(count);
  table.layers = reader.numbers(count);
  table.reasons = reader.numbers(count);
  table.causes = reader.numbers(count);
  table.details = reader.strings(reader.number());
  table.detail_places = reader.numbers(count);
  table.owners = reader.numbers(count);
  const std::size_t hidden = reader.number();
  const auto shared = reader.numbers(hidden);
  const auto rest = reader.strings(hidden);
  const auto sizes = reader.numbers(hidden);
  const auto layers = reader.numbers(hidden);
  const auto by = reader.numbers(hidden);
  std::string before;
  for (std::size_t i = 0; i < hidden; ++i) {
    std::size_t cut = 0;
    for (std::uint64_t n = 0; n < shared[i]; ++n) cut = before.find('/', cut) + 1;
    before = before.substr(0, cut) + rest[i];
    table.hidden.push_back({.path = before, .size = sizes[i], .layer = layers[i], .by = by[i]});
  }
  table.left = reader.left();
  return table;
}

class ReportHtmlTest : public testing::Test {
 protected:
  ReportHtmlTest() {
    const std::string base =
        TarBuilder()
            .folder("bin")
            .file("bin/app", "#!/bin/sh\n", 0755)
            .file("bin/sh", "no ELF", 0755)
            .folder("opt")
            .file("opt/a", std::string(5000, 'x'))
            .hardlink("opt/again", "opt/a")
            .file("opt/deep/er/one", std::string(300, 'x'))
            .file("opt/deep/er/two", std::string(200, 'x'))
            .file("opt/deep/three", std::string(100, 'x'))
            .file("opt/latin-\xe9", "")
            .symlink("opt/link", "../bin/app")
            .folder("var/lib/dpkg/info")
            .file("var/lib/dpkg/status", "Package: app\nStatus: install ok installed\nVersion: 1\n\n")
            .file("var/lib/dpkg/info/app.list", "/opt/a\n")
            .str();
    const std::string top = TarBuilder().file("opt/.wh.deep", "").file("bin/sh", "another", 0755).str();
    test::Layout layout;
    layout.index({layout.blob(test::oci_manifest_type, layout.manifest({base, top}),
                              test::name_member("</title><script>:1"))});
    layout.write(folder_);
    analysis_ = analyze(parse_image_ref("oci:" + folder_.path()), {});
    report_ = make_report(*analysis_);
  }

  [[nodiscard]] std::string bytes() const {
    std::string all;
    write_file_table(report_, [&all](std::span<const std::byte> block) {
      all.append(reinterpret_cast<const char*>(block.data()), block.size());
    });
    return all;
  }
  [[nodiscard]] std::string page() const {
    std::ostringstream out;
    render_html({&report_, 1}, out);
    return std::move(out).str();
  }
  /// What stands in the script element with this id.
  static std::string data(const std::string& page, const std::string& id) {
    const auto begin = page.find('>', page.find("id=\"" + id + "\"")) + 1;
    return page.substr(begin, page.find("</script>", begin) - begin);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<Analysis> analysis_;
  Report report_;
};

TEST_F(ReportHtmlTest, TheTableHasEveryPathWithItsDecision) {
  const FileTree& tree = analysis_->contents.tree;
  const Table table = read_table(bytes());
  EXPECT_EQ(table.left, 0U);
  ASSERT_EQ(table.names.size(), tree.size());
  for (NodeId node = 0; node < tree.size(); ++node) {
    SCOPED_TRACE(tree.path(node));
    std::string path;
    for (std::size_t at = node; at != 0; at -= table.parents[at]) path = "/" + table.names[at] + path;
    EXPECT_EQ(path.empty() ? "/" : path, tree.path(node));
    const Decision& decision = analysis_->plan.decisions[node];
    EXPECT_EQ(table.types[node], static_cast<std::uint64_t>(tree.entry(node).type));
    EXPECT_EQ(table.sizes[node], tree.entry(node).size);
    EXPECT_EQ(table.layers[node], tree.inode_of(node).layer);
    EXPECT_EQ(table.reasons[node] / 2, static_cast<std::uint64_t>(decision.reason.kind));
    EXPECT_EQ(table.reasons[node] % 2, decision.keep ? 1 : 0);
    EXPECT_EQ(table.causes[node], decision.reason.from == no_node ? 0 : decision.reason.from + 1);
    EXPECT_EQ(table.details.at(table.detail_places[node]), decision.reason.detail);
    EXPECT_EQ(table.owners[node], analysis_->packages.owner[node] == Packages::none ? 0 : 1);
    EXPECT_EQ(table.links[node], tree.is(node, EntryType::symlink) ? "../bin/app" : "");
  }
}

TEST_F(ReportHtmlTest, TheTableLeadsFromAHardLinkToItsFirstName) {
  const FileTree& tree = analysis_->contents.tree;
  const Table table = read_table(bytes());
  const NodeId first = tree.find("/opt/a");
  const NodeId second = tree.find("/opt/again");
  ASSERT_EQ(second, first + 1);
  EXPECT_EQ(table.firsts[first], 0U);
  EXPECT_EQ(table.firsts[second], 1U);
  EXPECT_EQ(table.sizes[second], 5000U);
}

TEST_F(ReportHtmlTest, TheTableHasWhatLaterLayersHide) {
  EXPECT_THAT(read_table(bytes()).hidden,
              ElementsAre(Table::Hidden{.path = "bin/sh", .size = 6, .layer = 0, .by = 1},
                          Table::Hidden{.path = "opt/deep/er/one", .size = 300, .layer = 0, .by = 1},
                          Table::Hidden{.path = "opt/deep/er/two", .size = 200, .layer = 0, .by = 1},
                          Table::Hidden{.path = "opt/deep/three", .size = 100, .layer = 0, .by = 1}));
}

TEST_F(ReportHtmlTest, AZeroByteInADetailEndsNoString) {
  analysis_->plan.decisions.back().reason.detail = std::string("a\0b", 3);
  const Table table = read_table(bytes());
  EXPECT_EQ(table.details.at(table.detail_places.back()),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(table.left, 0U);
}

TEST_F(ReportHtmlTest, ThePageHoldsTheTableAsGzipInBase64) {
  const std::string text = data(page(), "files-0");
  ASSERT_EQ(text.size() % 4, 0U);
  std::string packed(text.size() / 4 * 3, '\0');
  ASSERT_GE(
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(packed.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())),
      0);
  packed.resize(packed.size() - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  Compression found = Compression::none;
  const std::string plain =
      read_all(decompressed(memory_reader(std::as_bytes(std::span(packed))), "the table", &found), 1 << 20,
               "the table");
  EXPECT_EQ(found, Compression::gzip);
  EXPECT_EQ(plain, bytes());
}

TEST_F(ReportHtmlTest, ThePageHoldsTheJsonReportAsItIs) {
  std::ostringstream out;
  render_json(report_, out);
  EXPECT_EQ(json::parse(data(page(), "report-0")), json::parse(out.view()));
  report_.with_files = true;
  EXPECT_FALSE(json::parse(data(page(), "report-0")).contains("files")) << "they are in the table";
}

TEST_F(ReportHtmlTest, ThePolicyAllowsTheScriptsAndTheStyleThatAreThereAndNoOthers) {
  const std::string text = page();
  const auto source = [](std::string_view content) {
    const Digest digest = Digest::of(content);
    const std::string_view hex = digest.hex();
    std::string raw;
    for (std::size_t i = 0; i < hex.size(); i += 2)
      raw += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return "'sha256-" + to_base64(raw) + "'";
  };
  std::smatch found;
  const std::string head = text.substr(0, text.find("<style>"));
  ASSERT_TRUE(std::regex_search(head, found, std::regex("Content-Security-Policy\" content=\"([^\"]*)\"")));
  EXPECT_EQ(
      found[1].str(),
      fmt::format("default-src 'none'; script-src {} {}; style-src {}; base-uri 'none'; form-action 'none'",
                  source(html_library()), source(html_script()), source(html_style())));
  EXPECT_THAT(text, HasSubstr(fmt::format("<script>{}</script>", html_library())));
  EXPECT_THAT(text, HasSubstr(fmt::format("<script>{}</script>", html_script())));
  EXPECT_THAT(text, HasSubstr(fmt::format("<style>{}</style>", html_style())));
  EXPECT_THAT(text, HasSubstr(html_licence()));
}

TEST_F(ReportHtmlTest, WhatIsMadePartOfThePageCannotEndItsOwnElement) {
  for (const std::string_view script : {html_library(), html_script()}) {
    EXPECT_THAT(script, Not(HasSubstr("</script")));
    EXPECT_THAT(script, Not(HasSubstr("<!--")));
  }
  EXPECT_THAT(html_style(), Not(HasSubstr("</style")));
  EXPECT_THAT(html_licence(), Not(HasSubstr("-->")));
  EXPECT_THAT(html_body(), Not(HasSubstr("<script")));
  EXPECT_THAT(html_body(), Not(HasSubstr("style=")));
}

TEST_F(ReportHtmlTest, ANameCannotLeaveTheTitle) {
  EXPECT_THAT(page(), HasSubstr("<title>&lt;/title&gt;&lt;script&gt;:1 - slim</title>"));
}

TEST_F(ReportHtmlTest, ThePageTellsWhatAPolicySays) {
  EXPECT_FALSE(json::parse(data(page(), "names-0")).contains("gate"));
  report_.gate = GateResult{.policy = "policy.yaml",
                            .baseline = "",
                            .checks = {{.rule = "max_layers",
                                        .passed = false,
                                        .measured = "2",
                                        .limit = "at most 1",
                                        .message = "too many <layers>",
                                        .path = "",
                                        .first = {"squash"}}}};
  const json gate = json::parse(data(page(), "report-0"))["gate"];
  EXPECT_EQ(gate["passed"], false);
  EXPECT_EQ(gate["checks"][0]["message"], "too many <layers>");
  EXPECT_EQ(gate["checks"][0]["first"], json({"squash"}));
}

TEST_F(ReportHtmlTest, EveryReasonHasItsWords) {
  const json names = json::parse(data(page(), "names-0"));
  ASSERT_EQ(names["reasons"].size(), static_cast<std::size_t>(ReasonKind::unreached) + 1);
  EXPECT_EQ(names["reasons"][static_cast<std::size_t>(ReasonKind::needed)]["phrase"], "needed by");
  EXPECT_EQ(names["packages"][0]["name"], "app");
}

TEST_F(ReportHtmlTest, EveryPlatformIsInThePage) {
  const std::vector<Report> all{report_, report_};
  std::ostringstream out;
  render_html(all, out);
  for (const char* id : {"report-0", "names-0", "files-0", "report-1", "names-1", "files-1"})
    EXPECT_THAT(out.str(), HasSubstr(fmt::format("id=\"{}\"", id)));
}

}  // namespace
}  // namespace slim
