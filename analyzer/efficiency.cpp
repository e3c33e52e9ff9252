// dive's score, as its filetree/efficiency.go computes it, and beside it what really is hidden: dive takes
// neither opaque folders nor the files of a deleted folder for waste.
#include "analyzer/efficiency.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
#include "analyzer/name_table.h"

namespace slim {
namespace {

struct Copies {
  std::uint64_t smallest = 0;
  std::uint64_t sum = 0;
  unsigned count = 0;

  void add(std::uint64_t size) {
    smallest = count == 0 ? size : std::min(smallest, size);
    sum += size;
    ++count;
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

/// What a layer stores; of a path that comes twice the last counts.
std::vector<const LayerEntry*> stored_entries(const LayerIndex& layer) {
  std::vector<const LayerEntry*> stored;
  NameTable places;
  for (const LayerEntry& entry : layer.entries) {
    if (entry.type == EntryType::whiteout || entry.type == EntryType::opaque) continue;
    const std::uint32_t hash = NameTable::hash_of(0, entry.path);
    const auto known = places.find(hash, [&](std::uint32_t i) { return stored[i]->path == entry.path; });
    if (known == NameTable::none) {
      places.insert(hash, static_cast<std::uint32_t>(stored.size()));
      stored.push_back(&entry);
    } else {
      stored[known] = &entry;
    }
  }
  return stored;
}

void count(FileSum& sum, std::uint64_t bytes) {
  ++sum.files;
  sum.bytes += bytes;
}

constexpr std::size_t paths_told = 10;

/// Takes a path into the list where it belongs there; the order does not depend on that of the calls.
void tell(std::vector<WastedPath>& list, std::string_view path, const Copies& copies) {
  if (list.size() == paths_told && copies.sum < list.back().bytes) return;
  WastedPath wasted{.path = "/" + std::string(path),
                    .bytes = copies.sum,
                    .smallest = copies.smallest,
                    .copies = copies.count};
  const auto place = std::ranges::find_if(list, [&wasted](const WastedPath& other) {
    return wasted.bytes != other.bytes ? wasted.bytes > other.bytes : wasted.path < other.path;
  });
  list.insert(place, std::move(wasted));
  if (list.size() > paths_told) list.pop_back();
}

class Score {
 public:
  explicit Score(std::size_t layers) : layers_left_(layers), alone_(layers == 1) {}

  /// Returns what the layer adds and changes; what it hides is the tree's to say.
  LayerChange add(const LayerIndex& layer) {
    --layers_left_;
    const std::vector<const LayerEntry*> own = stored_entries(layer);
    LayerChange change;
    for (const LayerEntry* entry : own) {
      if (entry->type == EntryType::directory) continue;
      count(stack_.contains(entry->path) ? change.changed : change.added, entry->size);
    }
    if (alone_) return change;  // every path has one copy: nothing is wasted
    const std::unordered_set<std::string_view> filled = filled_folders(layer);
    for (const LayerEntry& entry : layer.entries) {
      if (entry.type != EntryType::whiteout) continue;
      if (const auto bytes = deleted_bytes(stack_, entry.path)) paths_[entry.path].add(*bytes);
    }
    for (const LayerEntry* entry : own) {
      if (!filled.contains(entry->path)) paths_[entry->path].add(entry->size);
    }
    if (layers_left_ == 0) return change;  // nobody looks at the stack any more
    for (const LayerEntry& entry : layer.entries) {
      if (entry.type != EntryType::whiteout) continue;
      const auto [first, last] = content(stack_, entry.path);
      stack_.erase(first, last);
      stack_.erase(std::string_view(entry.path));
    }
    for (const LayerEntry* entry : own) stack_[entry->path] = entry;
    return change;
  }

  void finish(Efficiency& result) const {
    for (const auto& [path, copies] : paths_) {
      result.smallest += copies.smallest;
      result.stored += copies.sum;
      if (copies.count < 2) continue;
      result.wasted += copies.sum;
      if (copies.sum > 0) tell(result.most_wasted, path, copies);
    }
    if (result.stored > 0)
      result.efficiency = static_cast<double>(result.smallest) / static_cast<double>(result.stored);
  }

 private:
  std::size_t layers_left_;
  bool alone_;
  std::unordered_map<std::string_view, Copies> paths_;
  Stack stack_;
};

}  // namespace

Efficiency measure_efficiency(const std::vector<LayerIndex>& layers, const FileTree& tree) {
  Efficiency result;
  Score score(layers.size());
  for (const LayerIndex& layer : layers) result.changes.push_back(score.add(layer));
  score.finish(result);
  result.hidden_by_layer.assign(layers.size(), 0);
  for (const HiddenEntry& hidden : tree.hidden()) {
    result.hidden += hidden.entry->size;
    result.hidden_by_layer[hidden.layer] += hidden.entry->size;
    count(result.changes[hidden.hidden_by].hides, hidden.entry->size);
  }
  return result;
}

}  // namespace slim
