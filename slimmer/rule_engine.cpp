#include "slimmer/rule_engine.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/dependency_graph.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"

namespace slim {
namespace {

bool imports_any(const ElfFacts& elf, const std::vector<std::string>& symbols) {
  return std::ranges::any_of(
      symbols, [&elf](const std::string& symbol) { return std::ranges::binary_search(elf.imports, symbol); });
}

bool contains_any(const ElfFacts& elf, const std::vector<std::string>& beginnings) {
  const auto begins = [&beginnings](const std::string& text) {
    return std::ranges::any_of(beginnings,
                               [&text](const std::string& start) { return text.starts_with(start); });
  };
  return std::ranges::any_of(elf.absolute_paths, begins) || std::ranges::any_of(elf.library_names, begins);
}

bool env_holds(const ImageConfig& config, const std::string& condition) {
  const auto equals = condition.find('=');
  const auto value = env_value(config, std::string_view(condition).substr(0, equals));
  if (!value) return false;
  return equals == std::string::npos ||
         component_match(std::string_view(condition).substr(equals + 1), *value);
}

/// Whether a variable's value may stand in a pattern: it must not reach further than the rule's author meant,
/// by climbing up, by a wildcard, or as the root, whose content would be the whole image.
bool is_plain_name(std::string_view value) {
  const bool root = value.find_first_not_of("/.") == std::string_view::npos;
  return !root && value.find("..") == std::string_view::npos && value.find('\\') == std::string_view::npos &&
         !has_glob(value);
}

}  // namespace

RuleEngine::RuleEngine(const FileTree& tree, const ImageConfig& config, const Packages& packages,
                       const std::vector<Rule>& rules)
    : tree_(&tree), config_(&config), packages_(&packages) {
  for (const Rule& rule : rules) {
    State state;
    state.rule = &rule;
    state.imports = rule.when.imports.empty();
    state.contains = rule.when.contains.empty();
    state.is_static = !rule.when.is_static.has_value();
    check_image(state);
    if (state.active) {
      for (const std::string& glob : rule.when.kept)
        kept_globs_.add(glob, static_cast<std::uint32_t>(states_.size()));
    }
    states_.push_back(std::move(state));
  }
}

void RuleEngine::check_image(State& state) {
  const RuleCondition& when = state.rule->when;
  const auto exists = [this](const std::string& glob) {
    return !tree_->glob(glob.starts_with('/') ? glob : "/**/" + glob).empty();
  };
  const auto installed = [this](const std::string& glob) {
    return std::ranges::any_of(
        packages_->list, [&glob](const Package& package) { return component_match(glob, package.name); });
  };
  state.active = (when.exists.empty() || std::ranges::any_of(when.exists, exists)) &&
                 (when.package.empty() || std::ranges::any_of(when.package, installed)) &&
                 (when.env.empty() || std::ranges::any_of(when.env, [this](const std::string& text) {
                    return env_holds(*config_, text);
                  }));
}

std::vector<RuleFiring> RuleEngine::at_start() {
  std::vector<RuleFiring> firings;
  for (State& state : states_) {
    const RuleCondition& when = state.rule->when;
    if (state.active && when.kept.empty() && state.imports && state.contains && state.is_static)
      fire(state, firings);
  }
  return firings;
}

/// What a kept ELF file says of a rule's conditions.
void RuleEngine::note(State& state, NodeId node, std::string_view path, const ElfFacts& elf) {
  const RuleCondition& when = state.rule->when;
  const bool program = !elf.interpreter.empty() || elf.type == ElfType::executable;
  const auto excepted = [path](const ImportException& exception) { return glob_match(exception.file, path); };
  if (!state.imports && imports_any(elf, when.imports) &&
      std::ranges::none_of(when.imports_except, excepted)) {
    state.imports = true;
    state.cause = node;
  }
  if (!state.contains && program && strings_are_evidence(path.substr(path.rfind('/') + 1)) &&
      contains_any(elf, when.contains)) {
    state.contains = true;
    state.cause = node;
  }
  if (!state.is_static && program && when.is_static == elf.interpreter.empty()) {
    state.is_static = true;
    state.cause = state.cause == no_node ? node : state.cause;
  }
}

void RuleEngine::fire_where_it_holds(State& state, std::vector<RuleFiring>& firings) {
  const bool holds = state.imports && state.contains && state.is_static;
  const bool waits = state.rule->when.kept.empty() ? !state.fired : !state.kept.empty();
  if (state.active && holds && waits) fire(state, firings);
}

std::vector<RuleFiring> RuleEngine::kept(NodeId node) {
  std::vector<RuleFiring> firings;
  const std::string path = tree_->path(node);
  const ElfFacts* elf = tree_->elf(node);
  const auto matched = kept_globs_.find(path);
  for (const std::uint32_t number : matched) states_[number].kept.push_back(node);
  if (elf == nullptr) {  // nothing else can have changed
    for (const std::uint32_t number : matched) fire_where_it_holds(states_[number], firings);
    return firings;
  }
  for (State& state : states_) {
    if (!state.active) continue;
    note(state, node, path, *elf);
    fire_where_it_holds(state, firings);
  }
  return firings;
}

/// The patterns of a rule with {dir} and {env:NAME} put in; those whose variable is not set are left out.
std::vector<std::string> RuleEngine::patterns(const Rule& rule, NodeId kept) const {
  std::vector<std::string> made;
  for (std::string pattern : rule.keep) {
    if (pattern.starts_with("{dir}")) {
      if (kept == no_node) continue;
      pattern.replace(0, 5, tree_->path(tree_->node(kept).parent));
    }
    bool known = true;
    for (auto start = pattern.find("{env:"); known && start != std::string::npos;
         start = pattern.find("{env:")) {
      const auto end = pattern.find('}', start);
      const auto value =
          end == std::string::npos
              ? std::nullopt
              : env_value(*config_, std::string_view(pattern).substr(start + 5, end - start - 5));
      known = value && is_plain_name(*value);
      if (known) pattern.replace(start, end - start + 1, *value);
    }
    if (known && pattern.starts_with('/')) made.push_back(std::move(pattern));
  }
  return made;
}

const std::vector<NodeId>& RuleEngine::links_to(NodeId file) {
  if (!links_) {
    links_.emplace();
    for (NodeId node = 1; node < tree_->size(); ++node) {
      if (!tree_->is(node, EntryType::symlink)) continue;
      const NodeId target = tree_->resolve(tree_->path(node)).node;
      if (target != no_node && tree_->is(target, EntryType::file)) (*links_)[target].push_back(node);
    }
  }
  return (*links_)[file];
}

void RuleEngine::fire(State& state, std::vector<RuleFiring>& firings) {
  std::vector<NodeId> causes = std::exchange(state.kept, {});
  if (causes.empty()) causes.push_back(no_node);
  if (!state.fired && !state.rule->drop.empty()) {
    for (const std::string& glob : state.rule->drop)
      drop_globs_.add(glob, static_cast<std::uint32_t>(dropping_.size()));
    dropping_.push_back(state.rule);
  }
  for (const NodeId kept : causes) {
    RuleFiring firing{.rule = state.rule, .from = state.cause == no_node ? kept : state.cause, .keep = {}};
    for (const std::string& pattern : patterns(*state.rule, kept)) {
      const auto found = tree_->glob(pattern);
      firing.keep.insert(firing.keep.end(), found.begin(), found.end());
    }
    if (kept != no_node && std::ranges::find(state.rule->keep, links_pattern) != state.rule->keep.end()) {
      const auto& links = links_to(kept);
      firing.keep.insert(firing.keep.end(), links.begin(), links.end());
    }
    if (!state.fired && !state.rule->flag.empty()) flagged_.push_back(firing);
    state.fired = true;
    firings.push_back(std::move(firing));
  }
}

const Rule* RuleEngine::drops(std::string_view path) const {
  const auto found = drop_globs_.find(path);
  return found.empty() ? nullptr : dropping_[found.front()];
}

}  // namespace slim
