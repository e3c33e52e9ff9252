#include "cli/gate_facts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "cli/escape.h"
#include "cli/report.h"
#include "slimmer/analysis.h"

namespace slim {
namespace {

constexpr std::size_t files_told = 10;
constexpr std::size_t step_shown = 60;  // bytes of the command that made a layer

std::string layer_name(std::size_t number, const std::string& created_by) {
  const std::string command = redacted_words(created_by);
  return command.empty() ? fmt::format("layer {}", number)
                         : fmt::format("layer {} ({})", number, terminal_text(command, step_shown));
}

/// The label of the version that wrote it, or nothing.
std::string label(const ImageConfig& config, const char* name) {
  const auto found = config.labels.find(name);
  return found == config.labels.end() ? std::string() : found->second;
}

}  // namespace

GateFacts gate_facts(const Report& report) {
  const Analysis& analysis = *report.analysis;
  const FileTree& tree = analysis.contents.tree;
  const Image& image = analysis.contents.image();
  GateFacts facts{.image = image.reference,
                  .compressed = report.compressed,
                  .uncompressed = report.uncompressed,
                  .bytes = report.totals.all.bytes,
                  .removable = report.totals.dropped.bytes,
                  .efficiency = report.efficiency,
                  .layers = {},
                  .removable_files = {},
                  .removable_folders = {},
                  .packages = {},
                  .findings = report.findings,
                  .unproved = why_unproved(image.config)};
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const ReportLayer& layer = report.layers[i];
    if (i > 0) facts.user_bytes += layer.change.added.bytes + layer.change.changed.bytes;
    facts.layers.push_back({.name = layer_name(i + 1, layer.created_by),
                            .diff_id = layer.diff_id,
                            .stored = layer.size,
                            .uncompressed = layer.uncompressed,
                            .hidden = layer.wasted});
  }
  for (const NodeId node : report.biggest_removable) {
    facts.removable_files.push_back({.what = tree.path(node), .bytes = tree.entry(node).size});
  }
  for (const ReportGroup& folder : report.folders) {
    if (folder.bytes > folder.kept_bytes)
      facts.removable_folders.push_back(
          {.what = "what nothing needs below " + folder.name, .bytes = folder.bytes - folder.kept_bytes});
  }
  std::ranges::stable_sort(facts.removable_folders, std::ranges::greater(), &Saving::bytes);
  for (const ReportGroup& package : report.packages) {
    facts.packages.push_back(
        {.name = package.type + ":" + package.name, .version = package.version, .bytes = package.bytes});
  }
  return facts;
}

std::vector<Saving> grown_files(const Report& report, const Report& baseline) {
  std::set<std::string_view> known;
  for (const ReportLayer& layer : baseline.layers) known.insert(layer.diff_id);
  const FileTree& before = baseline.analysis->contents.tree;
  std::vector<Saving> grown;
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    if (known.contains(report.layers[i].diff_id)) continue;
    for (const LayerEntry& entry : report.analysis->contents.layers[i].entries) {
      if (entry.type != EntryType::file || entry.size == 0) continue;
      const std::string path = "/" + entry.path;
      const NodeId old = before.find(path);
      const std::uint64_t had = old == no_node ? 0 : before.entry(old).size;
      if (entry.size > had) grown.push_back({.what = path, .bytes = entry.size - had});
    }
  }
  const auto count = std::min(files_told, grown.size());
  std::ranges::partial_sort(grown, grown.begin() + static_cast<std::ptrdiff_t>(count),
                            [](const Saving& a, const Saving& b) {
                              return a.bytes != b.bytes ? a.bytes > b.bytes : a.what < b.what;
                            });
  grown.resize(count);
  return grown;
}

std::string why_unproved(const ImageConfig& config) {
  const std::string verdict = label(config, "dev.slim.verdict");
  if (verdict.empty()) return "slim did not build it: there is no label dev.slim.verdict";
  if (verdict != "same") return fmt::format("slim's verdict on it is {}, not same", verdict);
  const std::string mark = "slim " + label(config, "dev.slim.version") + ":";
  const auto by_slim = [&mark](const HistoryEntry& step) {
    return !step.empty_layer && step.created_by.starts_with("slim build") && step.comment.starts_with(mark);
  };
  if (config.history.empty() || !by_slim(config.history.back()))
    return "it was built on top of an image that slim proved: the last step of its history is not slim's";
  std::size_t layers = 0;
  for (const HistoryEntry& step : config.history | std::views::reverse) {
    if (!by_slim(step)) break;
    ++layers;
  }
  if (layers != config.diff_ids.size())
    return fmt::format("slim made {} of its {} layers", layers, config.diff_ids.size());
  return {};
}

}  // namespace slim
