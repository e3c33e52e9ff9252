// A healed path proves that a fact about a program was missing from the graph. The rule says that fact, so
// that whoever healed an image can contribute it, and nobody has to heal it again.
#include "slimmer/heal.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

/// A word for an id.
std::string id_word(std::string_view text) {
  std::string word;
  for (const char c : base_name(text)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    if (plain || capital) {
      word += capital ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!word.empty() && word.back() != '-') {
      word += '-';
    }
  }
  while (word.ends_with('-')) word.pop_back();
  return word;
}

/// The glob that matches this path alone.
std::string literal_glob(const std::string& path) {
  std::string glob;
  for (const char c : path) {
    if (has_glob(std::string_view(&c, 1)) || c == '\\') glob += '\\';
    glob += c;
  }
  return glob;
}

std::string detail_of(const MissedPath& missed) {
  const std::string who = missed.program.empty() ? "a program" : missed.program;
  const std::string how = missed.call.empty() ? "a message" : missed.call;
  return fmt::format("probe {}, {}, {}", missed.probe, who, how);
}

/// Why what was missed is not kept even now; empty where it is, or nothing is there to keep.
std::string why_left(const Analysis& analysis, const std::string& path) {
  const FileTree& tree = analysis.contents.tree;
  const Resolution found = tree.resolve(path);
  if (found.node == no_node) return "";
  std::vector<NodeId> nodes = found.symlinks;
  nodes.push_back(found.node);
  for (const NodeId node : nodes) {
    const Decision& decision = analysis.plan.decisions[node];
    if (!decision.keep && decision.reason.kind == ReasonKind::excluded)
      return "excluded by " + decision.reason.detail;
  }
  return "";
}

}  // namespace

std::string rule_for(const MissedPath& missed, const std::string& path) {
  using Json = nlohmann::ordered_json;
  const std::string who = missed.program.empty() ? "" : id_word(missed.program) + "-";
  const std::string program = missed.program.empty() ? "a program of the image" : base_name(missed.program);
  const Json when = missed.program.empty() ? Json{{"exists", Json::array({literal_glob(path)})}}
                                           : Json{{"kept", literal_glob(missed.program)}};
  const Json rule = {{"id", who + id_word(path)},
                     {"why", program + " asks for it by a name that no file says"},
                     {"source", fmt::format("observed: {}", missed.call.empty() ? "a message" : missed.call)},
                     {"when", when},
                     {"keep", Json::array({literal_glob(path)})}};
  return rule.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Healing heal(Analysis& analysis, const std::vector<MissedPath>& missed, unsigned round) {
  Healing healing;
  // What the slimmed image asked for comes first: what that needs is a dependency and no root of its own.
  for (const bool by_original : {false, true}) {
    std::vector<const MissedPath*> causes;
    std::vector<SeenRoot> roots;
    for (const MissedPath& path : missed) {
      if (path.by_original != by_original) continue;
      causes.push_back(&path);
      roots.push_back({.path = path.path, .detail = detail_of(path)});
    }
    for (const GainedPath& gained : keep_seen(analysis, roots, ReasonKind::healed)) {
      const MissedPath& cause = *causes[gained.root];
      healing.healed.push_back({.path = gained.path,
                                .round = round,
                                .probe = cause.probe,
                                .process = cause.program,
                                .call = cause.call,
                                .rule = rule_for(cause, gained.path)});
    }
  }
  for (const MissedPath& path : missed) {
    auto why = why_left(analysis, path.path);
    if (!why.empty()) healing.left.push_back({.path = path.path, .why = std::move(why)});
  }
  return healing;
}

}  // namespace slim
