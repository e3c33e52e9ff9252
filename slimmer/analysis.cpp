#include "slimmer/analysis.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/dependency_graph.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "runner/container_spec.h"
#include "runner/sandbox.h"
#include "slimmer/mark.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "slimmer/trace.h"

namespace slim {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void plan_all(Analysis& analysis) {
  const FileTree& tree = analysis.contents.tree;
  analysis.graph =
      std::make_unique<DependencyGraph>(tree, analysis.config);  // it collects what is unresolved
  analysis.plan = make_plan(tree, analysis.config, analysis.packages, analysis.roots, analysis.rules,
                            *analysis.graph, analysis.mark);
}

}  // namespace

std::unique_ptr<Analysis> analyze(const ImageRef& ref, const AnalysisOptions& options) {
  auto made = std::make_unique<Analysis>();
  Analysis& analysis = *made;
  analysis.rules = load_rules(options.rule_files);  // before anything is read: a slip shows at once
  std::vector<Trace> traces;
  traces.reserve(options.traces.size());
  for (const std::string& file : options.traces) traces.push_back(read_trace(file));
  const auto start = std::chrono::steady_clock::now();
  analysis.contents = read_image(ref, options.read);
  analysis.read_seconds = seconds_since(start);

  const auto planning = std::chrono::steady_clock::now();
  const FileTree& tree = analysis.contents.tree;
  analysis.config = with_overrides(analysis.contents.image().config, options.overrides);
  analysis.packages = read_packages(tree);
  analysis.graph = std::make_unique<DependencyGraph>(tree, analysis.config);
  analysis.roots = find_roots(tree, analysis.config, *analysis.graph, options.mark.include);
  analysis.mark = options.mark;
  for (std::size_t i = 0; i < traces.size(); ++i) {
    if (traces[i].watched.complete) continue;
    analysis.roots.warnings.push_back(fmt::format("--trace {}: not all that the run asked for is in it",
                                                  std::filesystem::path(options.traces[i]).string()));
  }
  plan_all(analysis);
  for (std::size_t i = 0; i < traces.size(); ++i) {
    keep_seen(analysis, asked_names(traces[i].watched), ReasonKind::observed,
              "in the trace " + std::filesystem::path(options.traces[i]).filename().string());
  }
  analysis.plan_seconds = seconds_since(planning);
  return made;
}

std::vector<GainedPath> keep_seen(Analysis& analysis, const std::vector<SeenRoot>& seen, ReasonKind kind) {
  const FileTree& tree = analysis.contents.tree;
  std::vector<std::pair<NodeId, std::size_t>> missed;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    auto root = seen_root(tree, seen[i].path, kind, seen[i].detail);
    if (!root) continue;
    for (const NodeId link : root->target.symlinks) {
      if (!analysis.plan.keeps(link)) missed.emplace_back(link, i);
    }
    if (!analysis.plan.keeps(root->target.node)) missed.emplace_back(root->target.node, i);
    analysis.roots.roots.push_back(std::move(*root));
  }
  if (missed.empty()) return {};
  plan_all(analysis);
  std::vector<GainedPath> gained;
  std::unordered_set<NodeId> told;
  for (const auto& [node, root] : missed) {
    if (analysis.plan.keeps(node) && told.insert(node).second)
      gained.push_back({.path = tree.path(node), .root = root});
  }
  return gained;
}

std::vector<std::string> keep_seen(Analysis& analysis, const std::vector<std::string>& paths, ReasonKind kind,
                                   const std::string& detail) {
  std::vector<SeenRoot> seen;
  seen.reserve(paths.size());
  for (const std::string& path : paths) seen.push_back({.path = path, .detail = detail});
  std::vector<std::string> gained;
  for (GainedPath& path : keep_seen(analysis, seen, kind)) gained.push_back(std::move(path.path));
  return gained;
}

void require_runnable(const Analysis& analysis, const MarkOptions& options) {
  const std::string& name = analysis.contents.image().reference;
  for (const Entrypoint& entrypoint : analysis.roots.entrypoints) {
    if (!entrypoint.path.empty() || entrypoint.from == "healthcheck") continue;
    throw Error(ErrorKind::input, name,
                fmt::format("the {} starts '{}', which is not in the image", entrypoint.from,
                            entrypoint.argv.front()),
                "give the right program with --entrypoint");
  }
  if (analysis.roots.entrypoints.empty() && options.include.empty()) {
    throw Error(ErrorKind::input, name,
                "the image has nothing to run: its config has neither entrypoint nor cmd",
                "say what it is for with --entrypoint PROGRAM or --include GLOB");
  }
}

}  // namespace slim
