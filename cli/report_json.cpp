// The report for machines, as schema/report.schema.json describes it. The list of files is written entry by
// entry, so that a million of them need no memory of their own.
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/dependency_graph.h"
#include "analyzer/distroless.h"
#include "analyzer/edge.h"
#include "analyzer/efficiency.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/findings.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "cli/escape.h"
#include "cli/gate_report.h"
#include "cli/json_output.h"
#include "cli/report.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/heal.h"
#include "slimmer/layer_parts.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

json config_json(const ImageConfig& config, bool show_secrets) {
  json document = json::parse(config.json, nullptr, false);
  json inner = document.is_object() && document.contains("config") ? document["config"] : json::object();
  if (!inner.is_object()) inner = json::object();
  if (show_secrets) return inner;
  json environment = json::array();
  for (const std::string& variable : config.env) {
    const auto equals = variable.find('=');
    const std::string name = variable.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : variable.substr(equals + 1);
    environment.push_back(name + "=" + redacted(name, value));
  }
  if (inner.contains("Env")) inner["Env"] = environment;
  if (inner.contains("Labels") && inner["Labels"].is_object()) {
    for (auto label = inner["Labels"].begin(); label != inner["Labels"].end(); ++label) {
      if (label.value().is_string()) label.value() = redacted(label.key(), label.value().get<std::string>());
    }
  }
  return inner;
}

json image_json(const Report& report) {
  const Image& image = report.analysis->contents.image();
  json layers = json::array();
  for (const ReportLayer& layer : report.layers) {
    layers.push_back(layer.digest.empty() ? layer.diff_id : layer.digest);
  }
  return {{"ref", image.reference},
          {"name", image.name},
          {"digest", image.digest.text()},
          {"config_digest", image.config_digest.text()},
          {"platform", report.platform},
          {"layers", layers},
          {"config", config_json(image.config, report.show_secrets)}};
}

json sum_json(const FileSum& sum) {
  return {{"files", sum.files}, {"bytes", sum.bytes}};
}

json layers_json(const Report& report) {
  json layers = json::array();
  for (const ReportLayer& layer : report.layers) {
    layers.push_back(
        {{"digest", layer.digest},
         {"diff_id", layer.diff_id},
         {"media_type", layer.media_type},
         {"size", layer.size},
         {"uncompressed", layer.uncompressed},
         {"created_by", report.show_secrets ? layer.created_by : redacted_words(layer.created_by)},
         {"entries", layer.entries},
         {"wasted", layer.wasted},
         {"added", sum_json(layer.change.added)},
         {"changed", sum_json(layer.change.changed)},
         {"hides", sum_json(layer.change.hides)}});
  }
  return layers;
}

json entrypoints_json(const Analysis& analysis) {
  json entrypoints = json::array();
  for (const Entrypoint& entrypoint : analysis.roots.entrypoints) {
    entrypoints.push_back({{"argv", entrypoint.argv},
                           {"path", entrypoint.path.empty() ? json(nullptr) : json(entrypoint.path)},
                           {"from", entrypoint.from}});
  }
  return entrypoints;
}

json findings_json(const Report& report) {
  json findings = json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"id", finding.id},
                        {"severity", to_string(finding.severity)},
                        {"path", finding.path},
                        {"layer", finding.layer ? json(*finding.layer) : json(nullptr)},
                        {"count", finding.count},
                        {"bytes", finding.bytes},
                        {"paths", finding.paths},
                        {"message", finding.message}});
  }
  return findings;
}

json packages_json(const Report& report) {
  json packages = json::array();
  for (const ReportGroup& package : report.packages) {
    packages.push_back({{"name", package.name},
                        {"version", package.version},
                        {"type", package.type},
                        {"bytes", package.bytes},
                        {"kept_bytes", package.kept_bytes}});
    if (!package.inside.empty()) packages.back()["inside"] = package.inside;
  }
  return packages;
}

json kept_whole_json(const Report& report) {
  json list = json::array();
  for (const ReportWhole& whole : report.whole) {
    list.push_back({{"language", whole.language},
                    {"rules", whole.rules},
                    {"why", whole.why},
                    {"bytes", whole.bytes},
                    {"files", whole.files}});
  }
  return list;
}

json obstacles_json(const Distroless& check, bool with_because) {
  json obstacles = json::array();
  for (const Obstacle& obstacle : check.obstacles) {
    json item = {{"id", obstacle.id},
                 {"count", obstacle.count},
                 {"points", obstacle.points},
                 {"paths", obstacle.paths},
                 {"message", obstacle.message}};
    if (with_because) item["because"] = obstacle.because;
    obstacles.push_back(std::move(item));
  }
  return obstacles;
}

json distroless_json(const Report& report) {
  return {{"score", report.distroless.score},
          {"obstacles", obstacles_json(report.distroless, false)},
          {"slimmed",
           {{"score", report.slimmed_distroless.score},
            {"obstacles", obstacles_json(report.slimmed_distroless, true)}}}};
}

json totals_json(const Totals& totals) {
  return {{"bytes", totals.bytes}, {"files", totals.files}, {"folders", totals.folders}};
}

json diagnostics_json(const Analysis& analysis) {
  json all = json::array();
  const auto add = [&all](const std::vector<Diagnostic>& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics) {
      all.push_back({{"path", diagnostic.path}, {"message", diagnostic.message}});
    }
  };
  for (const LayerIndex& layer : analysis.contents.layers) add(layer.diagnostics);
  add(analysis.contents.tree.diagnostics());
  add(analysis.graph->loader().diagnostics());
  return all;
}

json observed_json(const std::vector<std::string>& paths) {
  json list = json::array();
  for (const std::string& path : paths) list.push_back({{"path", path}, {"round", 0}});
  return list;
}

json healed_json(const std::vector<HealedPath>& healed) {
  json list = json::array();
  for (const HealedPath& item : healed) {
    list.push_back({{"path", item.path},
                    {"round", item.round},
                    {"probe", item.probe},
                    {"process", item.process},
                    {"syscall", item.call},
                    {"rule", item.rule}});
  }
  return list;
}

json not_healed_json(const std::vector<NotHealed>& left) {
  json list = json::array();
  for (const NotHealed& item : left) list.push_back({{"path", item.path}, {"why", item.why}});
  return list;
}

json missed_json(const std::vector<MissedPath>& missed) {
  json list = json::array();
  for (const MissedPath& item : missed) {
    list.push_back({{"path", item.path},
                    {"probe", item.probe},
                    {"process", item.program},
                    {"syscall", item.call},
                    {"by", item.by_original ? "original" : "slimmed"}});
  }
  return list;
}

json verdict_json(const Verdict& verdict) {
  json probes = json::array();
  for (const ProbeResult& probe : verdict.probes) {
    probes.push_back({{"name", probe.name},
                      {"result", to_string(probe.outcome)},
                      {"summary", probe.summary},
                      {"note", probe.note},
                      {"runs", {{"original", probe.original_runs}, {"slimmed", probe.slimmed_runs}}},
                      {"noise", probe.noise}});
  }
  json differences = json::array();
  for (const Difference& difference : verdict.differences) {
    differences.push_back({{"probe", difference.probe},
                           {"class", to_string(difference.failure)},
                           {"what", difference.what},
                           {"original", difference.original},
                           {"slimmed", difference.slimmed},
                           {"diff", difference.diff},
                           {"causes", difference.causes}});
  }
  return {{"result", to_string(verdict.outcome)},
          {"reason", verdict.reason},
          {"hint", verdict.hint},
          {"probes", probes},
          {"differences", differences},
          {"missed", missed_json(verdict.missed)},
          {"runtime", verdict.runtime},
          {"rootless", verdict.rootless},
          {"limits", verdict.limits},
          {"not_enforced", verdict.not_enforced}};
}

json unresolved_json(const Analysis& analysis) {
  json unresolved = json::array();
  for (const UnresolvedLibrary& library : analysis.graph->unresolved_libraries()) {
    unresolved.push_back({{"file", library.file}, {"name", library.name}, {"tried", library.tried}});
  }
  return unresolved;
}

json unresolved_names_json(const Analysis& analysis) {
  json names = json::array();
  for (const UnresolvedName& name : analysis.graph->unresolved_names()) {
    names.push_back({{"file", name.file}, {"line", name.line}, {"name", name.name}});
  }
  return names;
}

json added_json(const Report& report) {
  const Analysis& analysis = *report.analysis;
  json entries = json::array();
  for (const AddedEntry& entry : analysis.plan.added) {
    entries.push_back({{"path", entry.path},
                       {"type", to_string(entry.type)},
                       {"size", entry.content.size()},
                       {"from", analysis.contents.tree.path(entry.source)},
                       {"why", entry.why}});
  }
  json sums = totals_json(added_totals(analysis.plan));
  sums["entries"] = std::move(entries);
  return sums;
}

json plan_json(const Report& report) {
  const Plan& plan = report.analysis->plan;
  return {{"profile", to_string(plan.profile)},
          {"kept", totals_json(report.totals.kept)},
          {"dropped", totals_json(report.totals.dropped)},
          {"added", added_json(report)},
          {"warnings", plan.warnings}};
}

json file_json(const Report& report, NodeId node) {
  const Analysis& analysis = *report.analysis;
  const FileTree& tree = analysis.contents.tree;
  const Decision& decision = analysis.plan.decisions[node];
  json reason = {{"kind", to_string(decision.reason.kind)}};
  if (decision.reason.from != no_node) reason["from"] = tree.path(decision.reason.from);
  if (!decision.reason.detail.empty()) reason["detail"] = decision.reason.detail;
  const Inode& inode = tree.inode_of(node);
  return {
      {"path", tree.path(node)}, {"type", to_string(inode.entry->type)},        {"size", inode.entry->size},
      {"layer", inode.layer},    {"decision", decision.keep ? "keep" : "drop"}, {"reason", reason}};
}

json output_json(const ReportOutput& output) {
  const WrittenImage& written = output.written;
  json layers = json::array();
  for (const WrittenLayer& layer : written.layers) {
    layers.push_back({{"role", to_string(layer.role)},
                      {"digest", layer.stored.blob.digest.text()},
                      {"diff_id", layer.stored.tar.digest.text()},
                      {"compressed", layer.stored.blob.size},
                      {"uncompressed", layer.stored.tar.size},
                      {"source_layers", layer.sources}});
  }
  return {{"destination", output.destination},
          {"digest", written.digest.text()},
          {"config_digest", written.config_digest.text()},
          {"compressed", written.compressed},
          {"uncompressed", written.uncompressed},
          {"layers", layers},
          {"base", written.base_because.empty() ? json(nullptr) : json(written.base_because)}};
}

void write_files(const Report& report, std::ostream& out) {
  out << "  \"files\": [";
  const char* separator = "\n    ";
  for (NodeId node = 0; node < report.analysis->contents.tree.size(); ++node) {
    out << separator << dump(file_json(report, node), -1);
    separator = ",\n    ";
  }
  out << "\n  ],\n";
}

}  // namespace

void render_json(const Report& report, std::ostream& out) {
  const Analysis& analysis = *report.analysis;
  std::vector<std::pair<std::string_view, json>> keys;
  keys.emplace_back("schema_version", 1);
  keys.emplace_back("tool", tool_json());
  keys.emplace_back("image", image_json(report));
  keys.emplace_back("size", json{{"compressed", report.compressed},
                                 {"uncompressed", report.uncompressed},
                                 {"hidden", report.efficiency.hidden},
                                 {"wasted", report.efficiency.wasted},
                                 {"efficiency", report.efficiency.efficiency}});
  keys.emplace_back("layers", layers_json(report));
  keys.emplace_back("entrypoints", entrypoints_json(analysis));
  keys.emplace_back("needed", json{{"bytes", report.totals.kept.bytes}, {"files", report.totals.kept.files}});
  keys.emplace_back("removable",
                    json{{"bytes", report.totals.dropped.bytes}, {"files", report.totals.dropped.files}});
  keys.emplace_back("unresolved", unresolved_json(analysis));
  keys.emplace_back("unresolved_names", unresolved_names_json(analysis));
  keys.emplace_back("findings", findings_json(report));
  keys.emplace_back("packages", packages_json(report));
  keys.emplace_back("kept_whole", kept_whole_json(report));
  keys.emplace_back("distroless", distroless_json(report));
  keys.emplace_back("diagnostics", diagnostics_json(analysis));
  keys.emplace_back("plan", plan_json(report));
  if (report.output) keys.emplace_back("output", output_json(*report.output));
  if (report.runs) {
    keys.emplace_back("observed", json{{"watched", report.runs->not_observed.empty()},
                                       {"why_not", report.runs->not_observed},
                                       {"complete", report.runs->observed_whole},
                                       {"emulator", report.runs->emulator},
                                       {"paths", observed_json(report.runs->observed)}});
    keys.emplace_back("healed", healed_json(report.runs->healed));
    keys.emplace_back("not_healed", not_healed_json(report.runs->not_healed));
  }
  if (report.gate) keys.emplace_back("gate", gate_json(*report.gate));
  if (report.verdict) keys.emplace_back("verdict", verdict_json(*report.verdict));
  out << "{\n";
  for (const auto& [key, value] : keys) out << "  \"" << key << "\": " << dump(value, 2) << ",\n";
  if (report.with_files) write_files(report, out);
  out << "  \"timings\": " << dump(json(report.timings), 2) << "\n}\n";
}

void render_json(const PlatformReports& all, std::ostream& out) {
  const json output = all.digest.empty()
                          ? json(nullptr)
                          : json{{"destination", all.destination}, {"digest", all.digest.text()}};
  out << "{\n\"schema_version\": 1,\n\"tool\": " << dump(tool_json(), -1)
      << ",\n\"image\": " << dump(json(all.image), -1) << ",\n\"output\": " << dump(output, -1)
      << ",\n\"platforms\": [\n";
  for (std::size_t i = 0; i < all.reports.size(); ++i) {
    if (i != 0) out << ",\n";
    render_json(all.reports[i], out);
  }
  out << "]\n}\n";
}

void render_json(const ImageReports& all, std::ostream& out) {
  out << "{\n\"schema_version\": 1,\n\"tool\": " << dump(tool_json(), -1) << ",\n\"images\": [\n";
  for (std::size_t i = 0; i < all.reports.size(); ++i) {
    if (i != 0) out << ",\n";
    render_json(all.reports[i], out);
  }
  out << "]\n}\n";
}

void render_verdict_json(const Verdict& verdict, std::ostream& out) {
  out << dump({{"schema_version", 1}, {"tool", tool_json()}, {"verdict", verdict_json(verdict)}}, 2) << '\n';
}

}  // namespace slim
