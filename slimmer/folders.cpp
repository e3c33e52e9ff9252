#include "slimmer/folders.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/system_folders.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

bool below(std::string_view path, std::string_view top) {
  return path == top || (path.starts_with(top) && path.size() > top.size() && path[top.size()] == '/');
}

bool holds_state(std::string_view path) {
  return std::ranges::any_of(std::to_array<std::string_view>({"/var", "/run", "/srv", "/home"}),
                             [path](std::string_view top) { return below(path, top); });
}

void keep(Plan& plan, NodeId id, ReasonKind kind, NodeId from, std::string detail) {
  Decision& decision = plan.decisions[id];
  if (decision.keep) return;
  decision = {.keep = true, .reason = {.kind = kind, .from = from, .detail = std::move(detail)}};
}

/// As keep(), unless the user said otherwise.
void keep_unless_excluded(Plan& plan, NodeId id, ReasonKind kind, std::string detail) {
  if (plan.decisions[id].reason.kind == ReasonKind::excluded) return;
  keep(plan, id, kind, no_node, std::move(detail));
}

/// The sixth field of each line of /etc/passwd (passwd(5)).
std::vector<std::string> home_folders(const FileTree& tree) {
  std::vector<std::string> homes;
  const NodeId passwd = tree.resolve("/etc/passwd").node;
  const FileFacts* facts = passwd == no_node ? nullptr : tree.facts(passwd);
  if (facts == nullptr || !facts->text) return homes;
  std::string_view text = *facts->text;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    for (int field = 0; field < 5 && !line.empty(); ++field) {
      const auto colon = line.find(':');
      line = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    }
    const std::string_view home = line.substr(0, line.find(':'));
    if (home.starts_with('/')) homes.emplace_back(home);
  }
  return homes;
}

void keep_configured(const FileTree& tree, const ImageConfig& config, Plan& plan) {
  const auto name = [&](const std::string& path, const std::string& detail) {
    const Resolution found = tree.resolve(path);
    for (const NodeId link : found.symlinks) {
      keep_unless_excluded(plan, link, ReasonKind::folder_config, detail);
    }
    if (found.node != no_node && tree.is(found.node, EntryType::directory)) {
      keep_unless_excluded(plan, found.node, ReasonKind::folder_config, detail);
    }
  };
  for (const std::string& volume : config.volumes) name(volume, "a volume");
  if (!config.working_dir.empty()) name(config.working_dir, "the working folder");
  for (const std::string& home : home_folders(tree)) name(home, "a home in /etc/passwd");
}

}  // namespace

std::optional<ReasonKind> own_reason(const FileTree& tree, NodeId folder) {
  if (tree.node(folder).children.empty()) return ReasonKind::folder_empty;
  if (tree.entry(folder).uid != 0) return ReasonKind::folder_owned;
  if (holds_state(tree.path(folder))) return ReasonKind::folder_state;
  return std::nullopt;
}

void keep_folders(const FileTree& tree, const ImageConfig& config, Plan& plan) {
  keep_configured(tree, config, plan);
  for (NodeId id = 1; id < tree.size(); ++id) {
    const bool folder = tree.is(id, EntryType::directory);
    if (!folder && !tree.is(id, EntryType::symlink)) continue;
    if (folder) {
      if (const auto reason = own_reason(tree, id)) keep_unless_excluded(plan, id, *reason, "");
    } else if (holds_state(tree.path(id))) {
      // /var/run -> /run: scripts take it for a folder. /var/log/x -> /dev/stdout: the log is the container's
      // output.
      const Resolution target = tree.resolve(tree.path(id));
      if (target.node != no_node && tree.is(target.node, EntryType::directory)) {
        keep_unless_excluded(plan, id, ReasonKind::folder_state, "a link to a folder");
        for (const NodeId link : target.symlinks) {  // those on the way too
          keep_unless_excluded(plan, link, ReasonKind::folder_state, "a link leads here");
        }
        keep_unless_excluded(plan, target.node, ReasonKind::folder_state, "a link leads here");
      } else if (is_kernel_path(target.missing)) {
        keep_unless_excluded(plan, id, ReasonKind::folder_state, "a link to " + tree.entry(id).link);
      }
    }
  }
  // Children before parents, so that a kept folder keeps its own parents too.
  for (auto id = static_cast<NodeId>(tree.size()); id-- > 1;) {
    if (plan.keeps(id)) keep(plan, tree.node(id).parent, ReasonKind::folder_parent, id, "");
  }
  keep(plan, root_node, ReasonKind::folder_parent, no_node, "the root");
}

}  // namespace slim
