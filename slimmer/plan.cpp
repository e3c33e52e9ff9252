#include "slimmer/plan.h"

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {

std::string_view to_string(Profile profile) {
  switch (profile) {
    case Profile::minimal:
      return "minimal";
    case Profile::balanced:
      return "balanced";
    case Profile::safe:
      return "safe";
  }
  return "balanced";
}

std::string_view to_string(ReasonKind kind) {
  constexpr auto names = std::to_array<std::string_view>({"entrypoint",
                                                          "healthcheck",
                                                          "environment",
                                                          "include",
                                                          "interpreter",
                                                          "needed",
                                                          "shebang",
                                                          "symlink",
                                                          "rule",
                                                          "library name",
                                                          "named path",
                                                          "command",
                                                          "import",
                                                          "module data",
                                                          "package",
                                                          "inside kept folder",
                                                          "parent folder",
                                                          "empty folder",
                                                          "state folder",
                                                          "owned folder",
                                                          "configured folder",
                                                          "observed",
                                                          "healed",
                                                          "package metadata",
                                                          "excluded",
                                                          "dropped by rule",
                                                          "written anew",
                                                          "unreached"});
  return names.at(static_cast<std::size_t>(kind));
}

std::vector<bool> Plan::kept_inodes(const FileTree& tree) const {
  std::vector<bool> kept(tree.inode_count(), false);
  for (NodeId id = 0; id < decisions.size(); ++id) {
    if (decisions[id].keep) kept[tree.node(id).inode] = true;
  }
  return kept;
}

namespace {

void add_path(Totals& totals, bool folder) {
  if (folder) {
    ++totals.folders;
  } else {
    ++totals.files;
  }
}

}  // namespace

LayerEntry layer_entry(const AddedEntry& added) {
  LayerEntry entry;
  entry.path = added.path.substr(1);
  entry.type = added.type;
  entry.mode = added.mode;
  entry.mtime = added.mtime;
  entry.mtime_nsec = added.mtime_nsec;
  entry.size = added.content.size();
  return entry;
}

Totals added_totals(const Plan& plan) {
  Totals sums;
  for (const AddedEntry& entry : plan.added) {
    add_path(sums, entry.type == EntryType::directory);
    sums.bytes += entry.content.size();
  }
  return sums;
}

PlanTotals totals(const FileTree& tree, const Plan& plan) {
  if (plan.decisions.size() != tree.size()) {
    throw std::logic_error("a plan must have one decision for every path");
  }
  PlanTotals sums;
  const std::vector<bool> kept = plan.kept_inodes(tree);
  std::vector<bool> counted(tree.inode_count(), false);
  for (const NodeId id : tree.walk()) {
    const bool folder = tree.is(id, EntryType::directory);
    const bool keep = plan.keeps(id);
    add_path(sums.all, folder);
    add_path(keep ? sums.kept : sums.dropped, folder);
    const InodeId inode = tree.node(id).inode;
    if (counted[inode]) continue;
    counted[inode] = true;
    const auto size = tree.entry(id).size;
    sums.all.bytes += size;
    (kept[inode] ? sums.kept : sums.dropped).bytes += size;
  }
  const bool whole = sums.kept.bytes + sums.dropped.bytes == sums.all.bytes &&
                     sums.kept.files + sums.dropped.files == sums.all.files &&
                     sums.kept.folders + sums.dropped.folders == sums.all.folders;
  if (!whole) throw std::logic_error("kept and dropped do not make up the whole image");
  return sums;
}

}  // namespace slim
