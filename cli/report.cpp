#include "cli/report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/distroless.h"
#include "analyzer/efficiency.h"
#include "analyzer/file_tree.h"
#include "analyzer/findings.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "analyzer/system_folders.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "slimmer/why.h"

namespace slim {
namespace {

constexpr std::size_t shown_removable = 200;

void add_bytes(ReportGroup& group, std::uint64_t size, bool kept) {
  group.bytes += size;
  if (kept) group.kept_bytes += size;
  ++group.files;
}

void sort_by_size(std::vector<ReportGroup>& groups) {
  std::ranges::sort(groups, [](const ReportGroup& a, const ReportGroup& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name;
  });
}

/// What the rules with a `whole` keep, an inode once.
void add_whole(Report& report, const Analysis& analysis) {
  const FileTree& tree = analysis.contents.tree;
  std::map<std::string_view, const Rule*> rules;
  for (const Rule& rule : analysis.rules) {
    if (!rule.whole.empty()) rules.emplace(rule.id, &rule);
  }
  std::map<std::string, ReportWhole> by_language;
  for (NodeId node = 1; node < tree.size(); ++node) {
    const Decision& decision = analysis.plan.decisions[node];
    if (!decision.keep || decision.reason.kind != ReasonKind::rule) continue;
    if (tree.is(node, EntryType::directory) || tree.inode_of(node).names.front() != node) continue;
    const auto rule = rules.find(decision.reason.detail);
    if (rule == rules.end()) continue;
    ReportWhole& whole = by_language[rule->second->whole];
    whole.bytes += tree.entry(node).size;
    ++whole.files;
    if (std::ranges::find(whole.rules, rule->second->id) == whole.rules.end())
      whole.rules.push_back(rule->second->id);
    if (whole.why.empty()) whole.why = rule->second->why;
  }
  for (auto& [language, whole] : by_language) {
    whole.language = language;
    std::ranges::sort(whole.rules);
    report.whole.push_back(std::move(whole));
  }
}

/// Sums up by folder and package, an inode once, under its first name.
void add_groups(Report& report, const Analysis& analysis) {
  const FileTree& tree = analysis.contents.tree;
  const std::vector<bool> kept = analysis.plan.kept_inodes(tree);
  std::unordered_map<std::string, std::size_t> folder_numbers;
  report.packages.resize(analysis.packages.list.size());
  for (std::size_t i = 0; i < analysis.packages.list.size(); ++i) {
    const Package& package = analysis.packages.list[i];
    report.packages[i].name = package.name;
    report.packages[i].version = package.version;
    report.packages[i].type = package.type;
    if (package.inside != no_node) report.packages[i].inside = tree.path(package.inside);
  }
  for (NodeId node = 1; node < tree.size(); ++node) {
    if (tree.is(node, EntryType::directory) || tree.inode_of(node).names.front() != node) continue;
    const bool keep = kept[tree.node(node).inode];
    const std::uint64_t size = tree.entry(node).size;
    const auto [place, added] =
        folder_numbers.try_emplace(summary_folder(tree.path(node)), report.folders.size());
    if (added) {
      report.folders.push_back({.name = place->first, .version = {}, .type = {}, .inside = {}});
    }
    add_bytes(report.folders[place->second], size, keep);
    const std::uint32_t owner = analysis.packages.owner[node];
    if (owner != Packages::none) add_bytes(report.packages[owner], size, keep);
    if (!keep && tree.is(node, EntryType::file)) report.biggest_removable.push_back(node);
  }
  sort_by_size(report.folders);
  sort_by_size(report.packages);
  auto& biggest = report.biggest_removable;
  const auto middle =
      biggest.begin() + static_cast<std::ptrdiff_t>(std::min(shown_removable, biggest.size()));
  std::ranges::partial_sort(biggest, middle, [&tree](NodeId a, NodeId b) {
    const auto left = tree.entry(a).size;
    const auto right = tree.entry(b).size;
    return left != right ? left > right : a < b;
  });
  biggest.erase(middle, biggest.end());
}

void add_layers(Report& report, const Analysis& analysis) {
  const Image& image = analysis.contents.image();
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    const Layer& layer = image.layers[i];
    const LayerIndex& index = analysis.contents.layers[i];
    const std::uint64_t stored = layer.blob.size == unknown_size ? index.tar.size : layer.blob.size;
    report.layers.push_back({.digest = layer.blob.digest.text(),
                             .diff_id = index.tar.digest.text(),
                             .media_type = layer.blob.media_type,
                             .size = stored,
                             .uncompressed = index.tar.size,
                             .entries = index.entries.size(),
                             .wasted = report.efficiency.hidden_by_layer[i],
                             .change = report.efficiency.changes[i],
                             .created_by = layer.created_by});
    report.compressed += stored;
    report.uncompressed += index.tar.size;
  }
}

FindingSources finding_sources(const Analysis& analysis) {
  FindingSources sources{.tree = &analysis.contents.tree,
                         .config = &analysis.contents.image().config,
                         .packages = &analysis.packages,
                         .unresolved = analysis.graph->unresolved_libraries(),
                         .missing_programs = {}};
  for (const Entrypoint& entrypoint : analysis.roots.entrypoints) {
    if (!entrypoint.path.empty() || entrypoint.argv.empty()) continue;
    sources.missing_programs.push_back({.from = entrypoint.from, .word = entrypoint.argv.front()});
  }
  return sources;
}

/// Of the source, and of what is kept with why it is.
void add_distroless(Report& report, const Analysis& analysis) {
  const FileTree& tree = analysis.contents.tree;
  report.distroless = check_distroless(tree, analysis.packages, [](NodeId) { return true; });
  report.slimmed_distroless = check_distroless(
      tree, analysis.packages, [&analysis](NodeId node) { return analysis.plan.keeps(node); });
  for (Obstacle& obstacle : report.slimmed_distroless.obstacles) {
    for (const std::string& path : obstacle.paths) {
      const WhyAnswer answer = why(tree, analysis.packages, analysis.rules, analysis.plan, path);
      if (answer.chain.empty()) continue;
      const WhyStep& step = answer.chain.front();
      std::string because = path + ": " + step.reason;
      if (!step.path.empty()) because += " " + step.path;
      if (!step.detail.empty()) because += " (" + step.detail + ")";
      obstacle.because.push_back(std::move(because));
    }
  }
}

}  // namespace

Report make_report(const Analysis& analysis) {
  Report report;
  report.analysis = &analysis;
  report.platform = analysis.contents.image().config.platform.text();
  report.totals = totals(analysis.contents.tree, analysis.plan);
  report.efficiency = measure_efficiency(analysis.contents.layers, analysis.contents.tree);
  report.findings = find_findings(finding_sources(analysis));
  add_layers(report, analysis);
  add_groups(report, analysis);
  add_whole(report, analysis);
  add_distroless(report, analysis);
  report.timings["read"] = analysis.read_seconds;
  report.timings["plan"] = analysis.plan_seconds;
  return report;
}

}  // namespace slim
