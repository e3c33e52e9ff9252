// A decision for every path of the source image, with its reason. Reviewable as a table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {

enum class Profile : std::uint8_t { minimal, balanced, safe };

std::string_view to_string(Profile profile);

/// Why a path is kept or dropped. The order within "kept" is the order of precedence in `why`.
enum class ReasonKind : std::uint8_t {
  // kept
  entrypoint,     ///< a root: entrypoint or cmd of the config
  healthcheck,    ///< a root: a program of the healthcheck
  environment,    ///< a root: a variable of the config's environment names it
  include,        ///< a root: --include
  interpreter,    ///< PT_INTERP of `from`
  needed,         ///< a library that the loader loads for `from`
  shebang,        ///< the #! line of `from`
  symlink,        ///< a link on the way to something kept, or the target of a kept link
  rule,           ///< a rule keeps it; detail: the rule's id
  library_name,   ///< a library's name inside `from`
  named_path,     ///< a path named inside `from`
  command,        ///< a command of the script `from`
  import,         ///< a module that `from` imports
  module_data,    ///< data, byte code or the record of the package of the module `from`
  package,        ///< same package as `from` (profile safe)
  inside,         ///< inside a folder that is kept with its content
  folder_parent,  ///< folder: parent of something kept
  folder_empty,   ///< folder: empty in the original
  folder_state,   ///< folder: below /var, /run, /srv or /home
  folder_owned,   ///< folder: not owned by root
  folder_config,  ///< folder: volume, working folder or home
  observed,       ///< a root: a run of the original asked for it; static analysis did not find it
  healed,         ///< a root: a run of the slimmed image missed it
  metadata,       ///< says what the kept package `detail` is: its copyright file, its entry in a database
  // dropped
  excluded,   ///< --exclude
  rule_drop,  ///< a rule drops it; detail: the rule's id
  rewritten,  ///< slim writes it anew, less what is dropped: see Plan::added
  unreached,  ///< nothing leads here
};

std::string_view to_string(ReasonKind kind);

struct Reason {
  ReasonKind kind = ReasonKind::unreached;
  NodeId from = no_node;  ///< the path whose being kept is the cause; no_node for roots
  std::string detail;     ///< a string, a rule's id, a search entry
};

struct Decision {
  bool keep = false;
  Reason reason;
};

/// Bytes are counted once for an inode; an inode is kept if any of its names is.
struct Totals {
  std::uint64_t files = 0;  ///< paths that are no folders
  std::uint64_t folders = 0;
  std::uint64_t bytes = 0;
};

/// A file or folder that slim makes: no path of the source, or one that is `rewritten`. Its owner is root.
struct AddedEntry {
  std::string path;  ///< absolute, and no link is on the way
  EntryType type = EntryType::file;
  std::uint32_t mode = 0644;
  std::int64_t mtime = 0;  ///< that of `source`, so that the result depends on the image alone
  std::uint32_t mtime_nsec = 0;
  std::string content;
  NodeId source = no_node;  ///< the file that it was made from
  std::string why;
};

/// As an entry of a layer, without what an index says of its content.
LayerEntry layer_entry(const AddedEntry& added);

struct Plan {
  Profile profile = Profile::balanced;
  std::vector<Decision> decisions;  ///< by NodeId, one for every node of the tree
  std::vector<AddedEntry> added;    ///< folders before what is in them; paths are sorted and come once
  std::vector<std::string> warnings;

  [[nodiscard]] bool keeps(NodeId id) const { return decisions[id].keep; }
  /// By InodeId: whether any name of the inode is kept.
  [[nodiscard]] std::vector<bool> kept_inodes(const FileTree& tree) const;
};

struct PlanTotals {
  Totals all;
  Totals kept;
  Totals dropped;
};

/// What slim adds: listed apart from what it keeps.
Totals added_totals(const Plan& plan);

/// Adds up; throws std::logic_error where kept and dropped do not make up the whole, or a path has no
/// decision: the invariant of the project.
PlanTotals totals(const FileTree& tree, const Plan& plan);

}  // namespace slim
