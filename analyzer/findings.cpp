// One walk over the tree for what a file is by its name, mode and facts, one over what layers hide, and one
// look at the config. What comes by the thousand is told once a layer, under the name of the biggest.
#include "analyzer/findings.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/dependency_graph.h"
#include "analyzer/digest.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/path_kinds.h"
#include "analyzer/secrets.h"

namespace slim {
namespace {

constexpr std::uint64_t worth_telling = 65'536;  // fewer bytes in a layer are no news
constexpr std::uint64_t smallest_duplicate = 4'096;
constexpr std::size_t paths_told = 10;
constexpr std::size_t told_one_by_one = 100;  // of one id; more are told together

/// A kind of which many are told at once.
struct Bulk {
  std::string_view id;
  Severity severity = Severity::info;
  std::string_view message;
};

constexpr Bulk hidden_bulk{
    .id = "deleted-but-shipped",
    .severity = Severity::low,
    .message =
        "later layers replace or delete these, and they are still shipped; remove them in "
        "the step that makes them"};
constexpr Bulk metadata_bulk{
    .id = "metadata-only-change",
    .severity = Severity::low,
    .message =
        "stored whole again, though only mode, owner or time changed; set them where the "
        "files come in (COPY --chown --chmod)"};
constexpr Bulk duplicate_bulk{
    .id = "duplicate",
    .severity = Severity::info,
    .message = "stored more than once with the same content; a link stores it once"};

std::optional<Bulk> bulk_of(PathKind kind) {
  switch (kind) {
    case PathKind::package_cache:
      return Bulk{.id = "package-cache",
                  .severity = Severity::low,
                  .message =
                      "a package manager can fetch or make these again; remove them in the step that fetches "
                      "them, or build with RUN --mount=type=cache"};
    case PathKind::compiler:
      return Bulk{.id = "compiler-present",
                  .severity = Severity::low,
                  .message = "programs that build programs; build in a stage of its own and copy the result"};
    case PathKind::version_control:
      return Bulk{
          .id = "version-control",
          .severity = Severity::low,
          .message = "the history of a source tree, with all that was ever in it; name it in .dockerignore"};
    case PathKind::header:
      return Bulk{.id = "headers",
                  .severity = Severity::info,
                  .message = "headers and static libraries serve compilers"};
    case PathKind::documentation:
      return Bulk{.id = "documentation",
                  .severity = Severity::info,
                  .message = "manuals and documentation are read elsewhere"};
    case PathKind::locale:
      return Bulk{.id = "locales",
                  .severity = Severity::info,
                  .message = "translations and locales, of which a service uses one at most"};
    case PathKind::other:
      break;
  }
  return std::nullopt;
}

/// Many of a kind: how many, their bytes, and the biggest ones.
class Crowd {
 public:
  void add(std::string path, std::uint64_t bytes) {
    ++count_;
    bytes_ += bytes;
    const auto place = std::ranges::find_if(biggest_, [&](const auto& other) {
      return bytes != other.second ? bytes > other.second : path < other.first;
    });
    biggest_.emplace(place, std::move(path), bytes);
    if (biggest_.size() > paths_told) biggest_.pop_back();
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  [[nodiscard]] Finding finding(const Bulk& bulk, std::optional<std::uint32_t> layer) const {
    Finding finding{.id = std::string(bulk.id),
                    .severity = bulk.severity,
                    .path = biggest_.front().first,
                    .layer = layer,
                    .count = count_,
                    .bytes = bytes_,
                    .paths = {},
                    .message = std::string(bulk.message)};
    if (count_ > 1) {
      for (const auto& [path, bytes] : biggest_) finding.paths.push_back(path);
    }
    return finding;
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::pair<std::string, std::uint64_t>> biggest_;
};

/// Crowds of one kind, by layer.
using Crowds = std::map<std::uint32_t, Crowd>;

class Finder {
 public:
  explicit Finder(const FindingSources& sources)
      : tree_(sources.tree), config_(sources.config), packages_(sources.packages) {}

  void look_at(NodeId node) {
    const LayerEntry& entry = tree_->entry(node);
    if (entry.type == EntryType::symlink) look_at_program(node, tree_->path(node));
    if (entry.type == EntryType::file) {
      const std::string path = tree_->path(node);
      look_at_program(node, path);
      look_at_privilege(node, entry);
      look_at_content(node, entry, path);
      look_at_secret(node, entry, path);
      const PathKind kind = kind_of_path(path);
      if (kind != PathKind::other) kinds_[kind][tree_->inode_of(node).layer].add(path, entry.size);
    }
    if (entry.type == EntryType::file || entry.type == EntryType::directory) look_at_mode(node, entry);
  }

  /// What later layers hide: bytes for nothing, copies for a change of metadata, and secrets that are no less
  /// public for being deleted.
  void look_at_hidden() {
    Crowds hidden_files;
    Crowds copies;
    std::map<std::pair<std::string_view, std::uint32_t>, const LayerEntry*> hidden_entries;
    for (const HiddenEntry& hidden : tree_->hidden()) {
      hidden_entries[{hidden.entry->path, hidden.layer}] = hidden.entry;
    }
    for (const HiddenEntry& hidden : tree_->hidden()) {
      if (hidden.entry->type != EntryType::file) continue;
      const std::string path = "/" + hidden.entry->path;
      hidden_files[hidden.layer].add(path, hidden.entry->size);
      const auto next = hidden_entries.find({hidden.entry->path, hidden.hidden_by});
      const LayerEntry* replacement = next != hidden_entries.end() ? next->second : visible(hidden);
      const bool same = replacement != nullptr && replacement->type == EntryType::file &&
                        hidden.entry->content_hash && replacement->content_hash == hidden.entry->content_hash;
      if (same) {
        copies[hidden.hidden_by].add(path, hidden.entry->size);
      } else {
        look_at_hidden_secret(hidden, path);
      }
    }
    tell(hidden_bulk, hidden_files);
    tell(metadata_bulk, copies);
  }

  /// Equal files; the first in the tree counts as the one that is needed. What a package brings twice is not
  /// for the image's author to mend.
  void look_at_duplicates() {
    std::unordered_map<std::string, NodeId> first;
    Crowd crowd;
    for (NodeId node = 1; node < tree_->size(); ++node) {
      const LayerEntry& entry = tree_->entry(node);
      const std::optional<ContentHash>& hash = entry.content_hash;
      if (!hash || entry.size < smallest_duplicate || tree_->inode_of(node).names.front() != node) continue;
      const std::string key(reinterpret_cast<const char*>(hash->data()), hash->size());
      if (first.try_emplace(key, node).second || packages_->owner[node] != Packages::none) continue;
      crowd.add(tree_->path(node), entry.size);
    }
    if (crowd.bytes() >= worth_telling) found_.push_back(crowd.finding(duplicate_bulk, std::nullopt));
  }

  /// Variables, and what the history remembers of --build-arg and the like.
  void look_at_config() {
    for (const std::string& variable : config_->env) look_at_setting(variable, "the config's environment");
    for (const HistoryEntry& step : config_->history) {
      std::string_view rest = step.created_by;
      while (!rest.empty()) {
        const auto blank = std::min(rest.find_first_of(" \t\n"), rest.size());
        look_at_setting(rest.substr(0, blank), "the history");
        rest.remove_prefix(std::min(rest.size(), blank + 1));
      }
    }
  }

  void unresolved(const UnresolvedLibrary& library) {
    found_.push_back({.id = "missing-library",
                      .severity = Severity::high,
                      .path = library.file,
                      .layer = {},
                      .paths = {},
                      .message = fmt::format("needs {}, which is in none of the places the loader looks: {}",
                                             library.name, fmt::join(library.tried, ", "))});
  }

  void missing(const MissingProgram& program) {
    found_.push_back({.id = "entrypoint-missing",
                      .severity = program.from == "healthcheck" ? Severity::medium : Severity::high,
                      .path = {},
                      .layer = {},
                      .paths = {},
                      .message = fmt::format("the {} starts '{}', which is not in the image; correct it or "
                                             "give the right program with --entrypoint",
                                             program.from, program.word)});
  }

  std::vector<Finding> take() {
    for (const auto& [kind, crowds] : kinds_) {
      if (const auto bulk = bulk_of(kind)) tell(*bulk, crowds);
    }
    join_many();
    std::ranges::stable_sort(found_, [](const Finding& a, const Finding& b) {
      return std::tie(b.severity, a.id, a.layer, a.path) < std::tie(a.severity, b.id, b.layer, b.path);
    });
    return std::move(found_);
  }

 private:
  void add(std::string id, Severity severity, NodeId node, std::string message) {
    found_.push_back({.id = std::move(id),
                      .severity = severity,
                      .path = tree_->path(node),
                      .layer = tree_->inode_of(node).layer,
                      .paths = {},
                      .message = std::move(message)});
  }

  void tell(const Bulk& bulk, const Crowds& crowds) {
    for (const auto& [layer, crowd] : crowds) {
      if (crowd.bytes() >= worth_telling) found_.push_back(crowd.finding(bulk, layer));
    }
  }

  /// A thousand world-writable files are one thing to know.
  void join_many() {
    std::map<std::pair<std::string, Severity>, std::size_t> numbers;
    for (const Finding& finding : found_) ++numbers[{finding.id, finding.severity}];
    for (const auto& [kind, number] : numbers) {
      if (number <= told_one_by_one) continue;
      Crowd crowd;
      const Finding* first = nullptr;
      for (const Finding& finding : found_) {
        if (finding.id != kind.first || finding.severity != kind.second) continue;
        if (first == nullptr) first = &finding;
        crowd.add(finding.path, finding.bytes);
      }
      const std::string message = first->message;
      Finding joined =
          crowd.finding({.id = kind.first, .severity = kind.second, .message = message}, first->layer);
      std::erase_if(found_, [&kind](const Finding& finding) {
        return finding.id == kind.first && finding.severity == kind.second;
      });
      found_.push_back(std::move(joined));
    }
  }

  [[nodiscard]] const LayerEntry* visible(const HiddenEntry& hidden) const {
    const NodeId node = tree_->find(hidden.entry->path);
    return node != no_node && tree_->inode_of(node).layer == hidden.hidden_by ? &tree_->entry(node) : nullptr;
  }

  void look_at_program(NodeId node, std::string_view path) {
    if (is_shell_program(path)) {
      add("shell-present", Severity::info, node,
          "a shell; what breaks in can use it. slim build drops it where nothing needs it");
    } else if (is_package_manager(path)) {
      add("package-manager-present", Severity::low, node,
          "a package manager; a finished image needs none. slim build drops it");
    }
  }

  void look_at_privilege(NodeId node, const LayerEntry& entry) {
    if ((entry.mode & 04000U) != 0) {
      add("setuid", Severity::medium, node,
          fmt::format("runs as uid {} whoever starts it; remove it or chmod u-s", entry.uid));
    } else if ((entry.mode & 02000U) != 0) {
      add("setgid", Severity::low, node,
          fmt::format("runs as gid {} whoever starts it; remove it or chmod g-s", entry.gid));
    }
    const bool capabilities = std::ranges::any_of(
        entry.xattrs, [](const Xattr& xattr) { return xattr.name == "security.capability"; });
    if (capabilities)
      add("file-capability", Severity::low, node, "gets capabilities when it is started (getcap shows them)");
  }

  void look_at_mode(NodeId node, const LayerEntry& entry) {
    // In a sticky folder nobody deletes what is another's.
    const bool folder = entry.type == EntryType::directory;
    const bool sticky = folder && (entry.mode & 01000U) != 0;
    if ((entry.mode & 0002U) == 0 || sticky) return;
    add("world-writable", Severity::medium, node,
        folder ? "every user may change what is in this folder; chmod o-w, or set the sticky bit"
               : "every user may change this file; chmod o-w");
  }

  void look_at_content(NodeId node, const LayerEntry& entry, const std::string& path) {
    const FileFacts* facts = entry.facts.get();
    if (path == "/etc/shadow" && facts != nullptr && facts->text) look_at_passwords(node, *facts->text);
    const bool elf_core = facts != nullptr && facts->elf && facts->elf->type == ElfType::core;
    // One that is too big to be parsed is known by its name.
    if (elf_core || (is_core_name(path) && entry.size > std::uint64_t{512} << 20U)) {
      add("core-dump", Severity::medium, node,
          "the memory of a process that crashed, with whatever secrets it held; delete it in the step that "
          "makes it");
    }
  }

  /// What a package or a library brings for its tests and manuals is known to everybody.
  void look_at_secret(NodeId node, const LayerEntry& entry, const std::string& path) {
    if (is_public_path(path)) return;
    const bool owned = packages_->owner[node] != Packages::none && !path.starts_with("/etc/");
    const Secret secret = entry.facts != nullptr ? entry.facts->secret : Secret{};
    const bool key = secret.shape == SecretShape::private_key;
    if (key || secret.shape == SecretShape::encrypted_private_key) {
      look_at_key(node, path, secret, owned);
    } else if (owned) {
      return;
    } else if (secret.shape != SecretShape::none) {
      add("secret", severity_of(secret.shape), node,
          fmt::format("holds {} in line {}; give it at run time (a mount, a secret), and replace it",
                      to_string(secret.shape), secret.line));
    } else if (is_key_store(path)) {
      add("private-key", Severity::low, node, "a key store; where it holds a key, give it at run time");
    }
  }

  void look_at_key(NodeId node, const std::string& path, const Secret& secret, bool owned) {
    if (owned) {
      add("private-key", Severity::info, node, "a key that its package brings, so everybody has it");
    } else if (path.find("snakeoil") != std::string::npos) {
      add("private-key", Severity::low, node,
          "a key made for tests when a package was set up; every container of the image has the same");
    } else {
      add("private-key", severity_of(secret.shape), node,
          fmt::format("holds {} in line {}; give it at run time (a mount, a secret), and replace it",
                      to_string(secret.shape), secret.line));
    }
  }

  void look_at_hidden_secret(const HiddenEntry& hidden, const std::string& path) {
    const Secret secret = hidden.entry->facts != nullptr ? hidden.entry->facts->secret : Secret{};
    if (secret.shape == SecretShape::none || is_public_path(path)) return;
    found_.push_back(
        {.id = "hidden-secret",
         .severity = severity_of(secret.shape),
         .path = path,
         .layer = hidden.layer,
         .bytes = hidden.entry->size,
         .paths = {},
         .message = fmt::format("holds {}, and layer {} only hides it: whoever has the image has it. Build "
                                "without it (RUN --mount=type=secret), and replace it",
                                to_string(secret.shape), hidden.hidden_by + 1)});
  }

  static Severity severity_of(SecretShape shape) {
    if (shape == SecretShape::encrypted_private_key) return Severity::low;
    return shape == SecretShape::login ? Severity::medium : Severity::high;
  }

  /// Fields of shadow(5): name, hashed password, ...; * and ! are none.
  void look_at_passwords(NodeId node, std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      const auto name_end = line.find(':');
      if (name_end == std::string_view::npos || name_end == 0) continue;
      const std::string_view name = line.substr(0, name_end);
      const std::string_view rest = line.substr(name_end + 1);
      const std::string_view password = rest.substr(0, rest.find(':'));
      if (password.empty()) {
        add("empty-password", Severity::high, node,
            fmt::format("{} has no password and may log in with none; passwd -l {}", name, name));
      } else if (password.starts_with('$') || password.starts_with('_')) {
        add("password-hash", Severity::medium, node,
            fmt::format("holds the hash of the password of {}; passwd -l {}", name, name));
      }
    }
  }

  void look_at_setting(std::string_view setting, std::string_view where) {
    if (!is_secret_setting(setting)) return;
    std::string message = fmt::format("{} holds a value of {}; give it at run time, and replace it", where,
                                      setting.substr(0, setting.find('=')));
    if (!told_settings_.insert(message).second) return;
    found_.push_back({.id = "secret",
                      .severity = Severity::medium,
                      .path = {},
                      .layer = {},
                      .paths = {},
                      .message = std::move(message)});
  }

  const FileTree* tree_;
  const ImageConfig* config_;
  const Packages* packages_;
  std::map<PathKind, Crowds> kinds_;
  std::set<std::string> told_settings_;
  std::vector<Finding> found_;
};

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::low:
      return "low";
    case Severity::medium:
      return "medium";
    case Severity::high:
      return "high";
  }
  return "info";
}

std::vector<Finding> find_findings(const FindingSources& sources) {
  Finder finder(sources);
  const FileTree& tree = *sources.tree;
  for (NodeId node = 1; node < tree.size(); ++node) {
    // A hard link's inode is told once, by its first name.
    if (tree.inode_of(node).names.front() == node) finder.look_at(node);
  }
  finder.look_at_hidden();
  finder.look_at_duplicates();
  finder.look_at_config();
  for (const UnresolvedLibrary& library : sources.unresolved) finder.unresolved(library);
  for (const MissingProgram& program : sources.missing_programs) finder.missing(program);
  return finder.take();
}

}  // namespace slim
