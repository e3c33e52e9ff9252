#include "slimmer/why.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

const Rule* find_rule(const std::vector<Rule>& rules, std::string_view id) {
  const auto found = std::ranges::find(rules, id, &Rule::id);
  return found == rules.end() ? nullptr : &*found;
}

std::vector<WhyStep> chain_of(const FileTree& tree, const std::vector<Rule>& rules, const Plan& plan,
                              NodeId node) {
  std::vector<WhyStep> chain;
  // Each reason was there before what it keeps, so the chain ends; the bound is for a plan that is broken.
  while (node != no_node && chain.size() <= tree.size()) {
    chain.push_back(nearest_cause(tree, rules, plan, node));
    node = plan.decisions[node].reason.from;
  }
  return chain;
}

std::vector<std::string> notes_of(const FileTree& tree, const Packages& packages,
                                  const std::vector<Rule>& rules, const Plan& plan, NodeId node) {
  std::vector<std::string> notes;
  const Reason& reason = plan.decisions[node].reason;
  if (reason.kind == ReasonKind::excluded) {
    notes.push_back(phrase(reason.kind) + " " + reason.detail);
  } else if (reason.kind == ReasonKind::rule_drop) {
    const Rule* rule = find_rule(rules, reason.detail);
    notes.push_back(
        fmt::format("{} {}: {}", phrase(reason.kind), reason.detail, rule == nullptr ? "" : rule->why));
  } else if (reason.kind == ReasonKind::unreached && reason.from != no_node) {
    const WeakReasonWords words;
    notes.push_back(fmt::format("{} {} {} {}; {}", words.before, tree.path(reason.from), words.between,
                                reason.detail, words.behind));
  } else {
    notes.push_back(phrase(reason.kind));
  }
  const std::uint32_t owner = packages.owner[node];
  if (owner != Packages::none) {
    const Package& package = packages.list[owner];
    const auto kept = std::ranges::count_if(package.files, [&](NodeId file) { return plan.keeps(file); });
    notes.push_back(fmt::format("it belongs to the package {} {}, of which {} of {} files are kept",
                                package.name, package.version, kept, package.files.size()));
  }
  if (tree.is(node, EntryType::directory)) {
    const auto below = tree.walk(node);
    notes.push_back(fmt::format("none of the {} paths below it is kept", below.size() - 1));
  }
  return notes;
}

/// The entry that slim adds at `path`, links on the way followed; or null.
const AddedEntry* find_added(const FileTree& tree, const Plan& plan, const std::string& path) {
  if (plan.added.empty()) return nullptr;
  const auto exactly = [&plan](const std::string& wanted) -> const AddedEntry* {
    const auto found = std::ranges::lower_bound(plan.added, wanted, {}, &AddedEntry::path);
    return found == plan.added.end() || found->path != wanted ? nullptr : &*found;
  };
  std::string whole = path;
  while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
  const auto slash = whole.rfind('/');
  if (slash == std::string::npos) return exactly("/" + whole);
  if (const AddedEntry* added = exactly(whole)) return added;
  const NodeId folder = tree.resolve(whole.substr(0, slash)).node;
  if (folder == no_node || folder == root_node) return exactly(whole.substr(slash));
  return exactly(tree.path(folder) + whole.substr(slash));
}

}  // namespace

std::string phrase(ReasonKind kind) {
  switch (kind) {
    case ReasonKind::environment:
      return "named in the image's environment";
    case ReasonKind::interpreter:
      return "program interpreter of";
    case ReasonKind::needed:
      return "needed by";
    case ReasonKind::shebang:
      return "runs the script";
    case ReasonKind::symlink:
      return "link followed from";
    case ReasonKind::rule:
      return "kept by a rule because of";
    case ReasonKind::library_name:
      return "library named in";
    case ReasonKind::named_path:
      return "path named in";
    case ReasonKind::command:
      return "command in";
    case ReasonKind::import:
      return "imported by";
    case ReasonKind::module_data:
      return "belongs to";
    case ReasonKind::package:
      return "same package as";
    case ReasonKind::inside:
      return "inside";
    case ReasonKind::folder_parent:
      return "folder of";
    case ReasonKind::folder_empty:
      return "folder that is empty in the original";
    case ReasonKind::folder_state:
      return "folder for state (/var, /run, /srv, /home)";
    case ReasonKind::folder_owned:
      return "folder of another user than root";
    case ReasonKind::folder_config:
      return "folder that the configuration names";
    case ReasonKind::observed:
      return "asked for in a run of the original";
    case ReasonKind::healed:
      return "missed in a run of the slimmed image";
    case ReasonKind::metadata:
      return "says what a kept package is:";
    case ReasonKind::excluded:
      return "left out by --exclude";
    case ReasonKind::rule_drop:
      return "dropped by rule";
    case ReasonKind::rewritten:
      return "slim writes it anew, less what is dropped";
    case ReasonKind::unreached:
      return "nothing that is kept loads it, runs it, links to it or names it, and no rule asks for it";
    default:
      return std::string(to_string(kind));
  }
}

WhyStep nearest_cause(const FileTree& tree, const std::vector<Rule>& rules, const Plan& plan, NodeId node) {
  const Reason& reason = plan.decisions[node].reason;
  WhyStep step{.reason = phrase(reason.kind),
               .path = reason.from == no_node ? "" : tree.path(reason.from),
               .detail = reason.detail};
  if (reason.kind == ReasonKind::rule) {
    const Rule* rule = find_rule(rules, reason.detail);
    step.reason = "kept by rule " + reason.detail + (step.path.empty() ? "" : " because of");
    step.detail = rule == nullptr ? "" : fmt::format("{} [{}]", rule->why, rule->source);
  }
  return step;
}

WhyAnswer why(const FileTree& tree, const Packages& packages, const std::vector<Rule>& rules,
              const Plan& plan, const std::string& path) {
  WhyAnswer answer{.path = path, .exists = false, .kept = false, .chain = {}, .notes = {}};
  const Resolution found = tree.resolve(path, root_node, false);
  const AddedEntry* added = find_added(tree, plan, path);
  if (added != nullptr) {
    answer.exists = found.node != no_node;
    answer.kept = true;
    answer.chain.push_back({.reason = "added by slim, made from",
                            .path = added->source == no_node ? "" : tree.path(added->source),
                            .detail = added->why});
    return answer;
  }
  if (found.node == no_node) {
    answer.notes.push_back(fmt::format("the image has no such path: {} does not exist", found.missing));
    return answer;
  }
  answer.exists = true;
  answer.kept = plan.keeps(found.node);
  if (answer.kept) {
    answer.chain = chain_of(tree, rules, plan, found.node);
  } else {
    answer.notes = notes_of(tree, packages, rules, plan, found.node);
  }
  return answer;
}

}  // namespace slim
