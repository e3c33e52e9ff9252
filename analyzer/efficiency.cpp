// dive's score, as its filetree/efficiency.go computes it, and beside it what really is hidden: dive takes
// neither opaque folders nor the files of a deleted folder for waste.
#include "analyzer/efficiency.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {
namespace {

/// The copies of one path. Of a path that comes twice in a layer the last one counts.
struct Copies {
  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();  ///< of those before `last`
  std::uint64_t sum = 0;                                               ///< likewise
  std::uint64_t last = 0;
  std::uint32_t count = 0;  ///< all of them
  std::uint32_t layer = 0;  ///< the one that `last` is of, counted from 1; 0: `last` is a deletion, or none

  void add(std::uint64_t size, std::uint32_t of_layer) {
    if (count == 0 || of_layer == 0 || layer != of_layer) {
      if (count != 0) {
        smallest = std::min(smallest, last);
        sum += last;
      }
      ++count;
    }
    last = size;
    layer = of_layer;
  }
};

/// The layers below, one upon the other: by path, sorted, so that a folder's content is a range.
using Stack = std::map<std::string_view, const LayerEntry*>;

/// What lies below `folder` in the stack.
std::pair<Stack::const_iterator, Stack::const_iterator> content(const Stack& stack, std::string_view folder) {
  const std::string path(folder);
  return {stack.lower_bound(path + "/"), stack.lower_bound(path + "0")};  // '0' comes right behind '/'
}

/// The bytes that dive holds a deletion to be worth; none where there is nothing to delete.
std::optional<std::uint64_t> deleted_bytes(const Stack& stack, std::string_view path) {
  const auto [first, last] = content(stack, path);
  const auto deleted = stack.find(path);
  if (deleted == stack.end()) return first == last ? std::nullopt : std::optional<std::uint64_t>(0);
  std::uint64_t sum = 0;
  if (deleted->second->type == EntryType::directory)
    std::for_each(first, last, [&sum](const auto& below) { sum += below.second->size; });
  return sum;
}

/// "" for what lies in the root.
std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// The folders of a layer that have something in them.
std::unordered_set<std::string_view> filled_folders(const LayerIndex& layer) {
  std::unordered_set<std::string_view> folders;
  std::string_view last = "/";  // no path; siblings mostly come one after the other
  for (const LayerEntry& entry : layer.entries) {
    if (entry.type == EntryType::opaque || entry.path.empty()) continue;
    std::string_view folder = parent_of(entry.path);
    if (folder == last) continue;
    last = folder;
    while (folders.insert(folder).second && !folder.empty()) folder = parent_of(folder);
  }
  return folders;
}

class Score {
 public:
  /// Layers in order, counted from 1. `is_deleted_from`: whether a later layer has whiteouts.
  void add(const LayerIndex& layer, std::uint32_t number, bool is_deleted_from) {
    const std::unordered_set<std::string_view> filled = filled_folders(layer);
    for (const LayerEntry& entry : layer.entries) {
      if (entry.type != EntryType::whiteout) continue;
      if (const auto bytes = deleted_bytes(stack_, entry.path)) paths_[entry.path].add(*bytes, 0);
    }
    for (const LayerEntry& entry : layer.entries) {
      const bool own = entry.type != EntryType::whiteout && entry.type != EntryType::opaque;
      if (own && !filled.contains(entry.path)) paths_[entry.path].add(entry.size, number);
    }
    if (!is_deleted_from) return;
    for (const LayerEntry& entry : layer.entries) {
      if (entry.type != EntryType::whiteout) continue;
      const auto [first, last] = content(stack_, entry.path);
      stack_.erase(first, last);
      stack_.erase(std::string_view(entry.path));
    }
    for (const LayerEntry& entry : layer.entries) {
      if (entry.type != EntryType::whiteout && entry.type != EntryType::opaque) stack_[entry.path] = &entry;
    }
  }

  void finish(Efficiency& result) const {
    std::uint64_t smallest = 0;
    std::uint64_t all = 0;
    for (const auto& [path, copies] : paths_) {
      const std::uint64_t sum = copies.sum + copies.last;
      smallest += std::min(copies.smallest, copies.last);
      all += sum;
      if (copies.count > 1) result.wasted += sum;
    }
    if (all > 0) result.efficiency = static_cast<double>(smallest) / static_cast<double>(all);
  }

 private:
  std::unordered_map<std::string_view, Copies> paths_;
  Stack stack_;
};

}  // namespace

Efficiency measure_efficiency(const std::vector<LayerIndex>& layers, const FileTree& tree) {
  Efficiency result;
  std::size_t deleting = 0;  // the layers from here on have no whiteouts
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto is_whiteout = [](const LayerEntry& entry) { return entry.type == EntryType::whiteout; };
    if (std::ranges::any_of(layers[i].entries, is_whiteout)) deleting = i + 1;
  }
  if (layers.size() > 1) {  // of one layer every path has one copy
    Score score;
    for (std::uint32_t i = 0; i < layers.size(); ++i) score.add(layers[i], i + 1, i + 1 < deleting);
    score.finish(result);
  }
  result.hidden_by_layer.assign(layers.size(), 0);
  for (const HiddenEntry& hidden : tree.hidden()) {
    result.hidden += hidden.entry->size;
    result.hidden_by_layer[hidden.layer] += hidden.entry->size;
  }
  return result;
}

}  // namespace slim
