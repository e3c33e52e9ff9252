// Watches what the mark keeps and says which rules fire.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "analyzer/image.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"

namespace slim {

/// A rule that fired: the paths that it keeps.
struct RuleFiring {
  const Rule* rule = nullptr;
  NodeId from = no_node;  ///< the kept file that made it fire; no_node where the image as such does
  std::vector<NodeId> keep;
};

class RuleEngine {
 public:
  /// Keeps references to all of them. Rules whose conditions on the image (exists, package, env) do not hold
  /// are put aside here.
  RuleEngine(const FileTree& tree, const ImageConfig& config, const Packages& packages,
             const std::vector<Rule>& rules);

  /// The rules that need nothing to be kept.
  std::vector<RuleFiring> at_start();
  /// The rules that fire, or fire once more for another {dir}, because `node` is kept now.
  std::vector<RuleFiring> kept(NodeId node);
  /// The rule that drops `path`, or null. Only of rules that fired.
  [[nodiscard]] const Rule* drops(std::string_view path) const;
  /// Rules with a `flag` that fired.
  [[nodiscard]] const std::vector<RuleFiring>& flagged() const { return flagged_; }

 private:
  struct State {
    const Rule* rule = nullptr;
    bool active = true;    // the conditions on the image hold
    bool imports = false;  // as far as they are asked for
    bool contains = false;
    bool is_static = false;
    NodeId cause = no_node;    // who imports or contains
    std::vector<NodeId> kept;  // files that `kept` matched and that were not yet fired for
    bool fired = false;
  };

  void check_image(State& state);
  static void note(State& state, NodeId node, std::string_view path, const ElfFacts& elf);
  void fire_where_it_holds(State& state, std::vector<RuleFiring>& firings);
  void fire(State& state, std::vector<RuleFiring>& firings);
  const std::vector<NodeId>& links_to(NodeId file);
  [[nodiscard]] std::vector<std::string> patterns(const Rule& rule, NodeId kept) const;

  const FileTree* tree_;
  const ImageConfig* config_;
  const Packages* packages_;
  std::vector<State> states_;
  GlobIndex kept_globs_;  ///< of the active rules' `kept`, with their places in states_
  std::optional<std::unordered_map<NodeId, std::vector<NodeId>>> links_;  ///< made when they are asked for
  std::vector<const Rule*> dropping_;
  GlobIndex drop_globs_;  ///< with the rules' places in dropping_
  std::vector<RuleFiring> flagged_;
};

}  // namespace slim
