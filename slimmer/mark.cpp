// Vertices are paths, edges are reasons. The mark starts at the roots and goes along the edges that the
// profile believes, breadth first; rules watch what is kept and add edges, to a fixed point. What is not
// reached is swept. The reason of a path is the first edge that reached it.
//
// Precedence: include > exclude > required edge, rule keep or what a run asked for > rule drop > likely or
// possible edge > unreached.
#include "slimmer/mark.h"

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/dependency_graph.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "slimmer/folders.h"
#include "slimmer/package_data.h"
#include "slimmer/package_metadata.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "slimmer/rule_engine.h"

namespace slim {
namespace {

ReasonKind reason_kind(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::interpreter:
      return ReasonKind::interpreter;
    case EdgeKind::needed:
      return ReasonKind::needed;
    case EdgeKind::shebang:
      return ReasonKind::shebang;
    case EdgeKind::symlink:
      return ReasonKind::symlink;
    case EdgeKind::library_name:
      return ReasonKind::library_name;
    case EdgeKind::named_path:
      return ReasonKind::named_path;
    case EdgeKind::command:
      return ReasonKind::command;
    case EdgeKind::import:
      return ReasonKind::import;
    case EdgeKind::module_data:
      return ReasonKind::module_data;
  }
  return ReasonKind::needed;
}

Strength weakest_followed(Profile profile) {
  switch (profile) {
    case Profile::minimal:
      return Strength::required;
    case Profile::balanced:
      return Strength::likely;
    case Profile::safe:
      return Strength::possible;
  }
  return Strength::likely;
}

class Marker {
 public:
  Marker(const FileTree& tree, const ImageConfig& config, const Packages& packages, RuleEngine& rules,
         DependencyGraph& graph, const MarkOptions& options)
      : tree_(&tree),
        packages_(&packages),
        data_(tree, config, packages),
        rules_(&rules),
        graph_(&graph),
        options_(&options),
        weakest_(weakest_followed(options.profile)),
        program_(tree.size(), no_node) {
    plan_.profile = options.profile;
    plan_.decisions.resize(tree.size());
    mark_excluded();
  }

  void add_root(const Root& root) {
    const Reason reason{.kind = root.kind, .from = no_node, .detail = root.detail};
    for (const NodeId link : root.target.symlinks) offer(link, reason, root.strength);
    offer(root.target.node, reason, root.strength);
    if (root.with_content && tree_->is(root.target.node, EntryType::directory)) {
      keep_content(root.target.node, root.strength, root.kind == ReasonKind::include);
    }
  }

  void start() { follow(rules_->at_start()); }

  void run() {
    while (!open_.empty()) {
      const NodeId node = open_.front();
      open_.pop_front();
      const bool read_text = plan_.decisions[node].reason.kind != ReasonKind::rule;
      for (const Edge& edge : graph_->edges(node, program_[node], read_text)) follow(edge, node);
      follow(rules_->kept(node));
      offer_package(node);
    }
  }

  Plan take() {
    if (!excluded_although_seen_.empty()) {
      plan_.warnings.push_back(fmt::format(
          "--exclude leaves out {} that a run asked for{}", tree_->path(*excluded_although_seen_.begin()),
          excluded_although_seen_.size() == 1
              ? ""
              : fmt::format(", and {} more such paths", excluded_although_seen_.size() - 1)));
    }
    return std::move(plan_);
  }

 private:
  void mark_excluded() {
    if (options_->exclude.empty()) return;
    GlobIndex globs;
    for (std::uint32_t i = 0; i < options_->exclude.size(); ++i) globs.add(options_->exclude[i], i);
    for (NodeId id = 1; id < tree_->size(); ++id) {
      // What lies in an excluded folder is excluded with it.
      const Reason& above = plan_.decisions[tree_->node(id).parent].reason;
      if (above.kind == ReasonKind::excluded) {
        plan_.decisions[id].reason = {.kind = ReasonKind::excluded, .from = no_node, .detail = above.detail};
      } else if (const auto found = globs.find(tree_->path(id)); !found.empty()) {
        plan_.decisions[id].reason = {
            .kind = ReasonKind::excluded, .from = no_node, .detail = options_->exclude[found.front()]};
      }
    }
  }

  /// Asks to keep `node`. Declined where the user, a rule or the profile says so.
  void offer(NodeId node, const Reason& reason, Strength strength) {
    Decision& decision = plan_.decisions[node];
    if (decision.keep) return;
    if (decision.reason.kind == ReasonKind::excluded && reason.kind != ReasonKind::include) {
      if (strength == Strength::required) note_excluded(node, reason, decision.reason.detail);
      return;
    }
    if (strength > weakest_) {
      if (decision.reason.from == no_node && decision.reason.kind == ReasonKind::unreached) {
        decision.reason = {
            .kind = ReasonKind::unreached,
            .from = reason.from,
            .detail = fmt::format("{} ({}): {}", to_string(reason.kind), to_string(strength), reason.detail)};
      }
      return;
    }
    if (strength != Strength::required) {
      if (const Rule* rule = rules_->drops(tree_->path(node))) {
        decision.reason = {.kind = ReasonKind::rule_drop, .from = reason.from, .detail = rule->id};
        return;
      }
    }
    decision = {.keep = true, .reason = reason};
    open_.push_back(node);
  }

  /// Of what runs ask for there may be thousands: they are told of together.
  void note_excluded(NodeId node, const Reason& reason, const std::string& pattern) {
    if (reason.kind == ReasonKind::observed || reason.kind == ReasonKind::healed) {
      excluded_although_seen_.insert(node);
    } else {
      warn_excluded(node, reason, pattern);
    }
  }

  /// Once for each path: of a library that all programs need, the first who asks is enough.
  void warn_excluded(NodeId node, const Reason& reason, const std::string& pattern) {
    if (!warned_.insert(node).second) return;
    std::string who = reason.from == no_node ? reason.detail : tree_->path(reason.from);
    if (reason.kind == ReasonKind::rule) {
      who = "the rule " + reason.detail + (reason.from == no_node ? "" : " (because of " + who + ")");
    }
    plan_.warnings.push_back(
        fmt::format("--exclude {} leaves out {}, which {} requires", pattern, tree_->path(node), who));
  }

  void follow(const Edge& edge, NodeId current) {
    if (edge.to == no_node) return;
    const bool was_kept = plan_.keeps(edge.to);
    const Reason reason{.kind = reason_kind(edge.kind), .from = edge.from, .detail = edge.detail};
    offer(edge.to, reason, edge.strength);
    if (edge.kind == EdgeKind::needed && !was_kept && plan_.keeps(edge.to)) {
      // A library runs in the process of the program that it was loaded for.
      program_[edge.to] = program_[current] == no_node ? current : program_[current];
    }
    if (edge.with_content && plan_.keeps(edge.to)) keep_content(edge.to, edge.strength, false);
  }

  void follow(const std::vector<RuleFiring>& firings) {
    for (const RuleFiring& firing : firings) {
      for (const NodeId node : firing.keep) {
        offer(node, {.kind = ReasonKind::rule, .from = firing.from, .detail = firing.rule->id},
              firing.rule->strength);
      }
    }
  }

  void keep_content(NodeId folder, Strength strength, bool included) {
    const auto below = tree_->walk(folder);
    for (const NodeId node : below) {
      if (node == folder) continue;
      if (!included && is_put_aside(node, folder)) continue;
      const ReasonKind kind = included ? ReasonKind::include : ReasonKind::inside;
      offer(node, {.kind = kind, .from = folder, .detail = included ? "inside an included folder" : ""},
            strength);
    }
  }

  /// Whether `node` lies, below `top`, in a folder of things that links in another one switch on: Debian's
  /// mods-available and its kin. What is switched on is reached by its link.
  [[nodiscard]] bool is_put_aside(NodeId node, NodeId top) const {
    for (NodeId at = tree_->node(node).parent; at != top; at = tree_->node(at).parent) {
      if (tree_->node(at).name.ends_with("-available")) return true;
    }
    return false;
  }

  /// Data and configuration of a package whose program is kept are likely, the other files of a kept file's
  /// package are possible.
  void offer_package(NodeId node) {
    const std::uint32_t package = packages_->owner[node];
    if (package == Packages::none || weakest_ == Strength::required) return;
    for (const PackageFile& file : data_.of(node)) {
      offer(file.node, {.kind = ReasonKind::package, .from = node, .detail = file.what}, Strength::likely);
    }
    if (weakest_ != Strength::possible) return;
    if (packages_done_.size() <= package) packages_done_.resize(packages_->list.size());
    if (packages_done_[package]) return;
    packages_done_[package] = true;
    for (const NodeId file : packages_->list[package].files) {
      offer(file, {.kind = ReasonKind::package, .from = node, .detail = packages_->list[package].name},
            Strength::possible);
    }
  }

  const FileTree* tree_;
  const Packages* packages_;
  PackageData data_;
  RuleEngine* rules_;
  DependencyGraph* graph_;
  const MarkOptions* options_;
  Strength weakest_;
  Plan plan_;
  std::deque<NodeId> open_;
  std::vector<NodeId> program_;  // by NodeId: in whose process a library runs
  std::vector<bool> packages_done_;
  std::unordered_set<NodeId> warned_;
  std::set<NodeId> excluded_although_seen_;
};

}  // namespace

Plan make_plan(const FileTree& tree, const ImageConfig& config, const Packages& packages, const Roots& roots,
               const std::vector<Rule>& rules, DependencyGraph& graph, const MarkOptions& options) {
  RuleEngine engine(tree, config, packages, rules);
  Marker marker(tree, config, packages, engine, graph, options);
  marker.start();
  for (const bool seen : {false, true}) {
    for (const Root& root : roots.roots) {
      if (root.seen == seen) marker.add_root(root);
    }
    marker.run();
  }
  Plan plan = marker.take();
  plan.warnings.insert(plan.warnings.begin(), roots.warnings.begin(), roots.warnings.end());
  keep_folders(tree, config, plan);
  if (options.metadata) keep_package_metadata(tree, packages, options.exclude, plan);
  totals(tree, plan);  // the invariant, checked for every plan that is made
  return plan;
}

}  // namespace slim
