// One pass over a layer's tar: every entry, the SHA-256 of every file, and the facts of its content. Three
// threads share it: one gets the bytes (and so decompresses them), one makes the digest of the tar, and the
// caller's parses. Follows the OCI image-spec, layer.md, and tar(5).
#include "analyzer/layer_index.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/file_facts.h"
#include "analyzer/layer_tar.h"
#include "analyzer/name_table.h"
#include "analyzer/read_ahead.h"

namespace slim {
namespace {

void hash_zeros(Hasher& hasher, std::uint64_t count) {
  constexpr std::array<std::byte, std::size_t{16} << 10> zeros{};
  while (count != 0) {
    const std::size_t part = std::min<std::uint64_t>(count, zeros.size());
    hasher.update(std::span(zeros).first(part));
    count -= part;
  }
}

void read_content(LayerTar& tar, LayerEntry& entry, Hasher& hasher, FactCollector* facts) {
  if (facts != nullptr) facts->begin(entry);
  while (const auto block = tar.block()) {
    if (block->hole != 0) hash_zeros(hasher, block->hole);
    hasher.update(block->bytes);
    if (facts == nullptr) continue;
    facts->add_zeros(block->hole);
    facts->add(block->bytes);
  }
  entry.content_hash = hasher.finish_raw();
  if (facts != nullptr) entry.facts = facts->end(tar.diagnostics());
}

/// The later of two entries for a path wins, as it does when a tar is unpacked; folders are merged anyway.
void report_duplicates(LayerIndex& index) {
  const std::vector<LayerEntry>& entries = index.entries;
  std::vector<std::uint32_t> last;  // by number in the table: the entry that counts so far
  NameTable places;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const LayerEntry& entry = entries[i];
    if (entry.type == EntryType::whiteout || entry.type == EntryType::opaque) continue;
    const std::uint32_t hash = NameTable::hash_of(0, entry.path);
    const auto known =
        places.find(hash, [&](std::uint32_t number) { return entries[last[number]].path == entry.path; });
    if (known == NameTable::none) {
      places.insert(hash, static_cast<std::uint32_t>(last.size()));
      last.push_back(i);
      continue;
    }
    const bool folders =
        entry.type == EntryType::directory && entries[last[known]].type == EntryType::directory;
    if (!folders)
      index.diagnostics.push_back({entry.path, "more than once in one layer: the last one is taken"});
    last[known] = i;
  }
}

}  // namespace

std::string_view to_string(EntryType type) {
  switch (type) {
    case EntryType::file:
      return "file";
    case EntryType::directory:
      return "directory";
    case EntryType::symlink:
      return "symlink";
    case EntryType::hardlink:
      return "hardlink";
    case EntryType::char_device:
      return "char_device";
    case EntryType::block_device:
      return "block_device";
    case EntryType::fifo:
      return "fifo";
    case EntryType::whiteout:
      return "whiteout";
    case EntryType::opaque:
      return "opaque";
  }
  return "unknown";
}

std::optional<std::string> normalize_layer_path(std::string_view path) {
  std::string normalized;
  normalized.reserve(path.size());
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") return std::nullopt;
    if (!normalized.empty()) normalized += '/';
    normalized += name;
  }
  return normalized;
}

LayerIndex index_layer(ByteReader tar, const std::string& what, const IndexOptions& options) {
  LayerIndex index;
  LayerTar layer(measured_ahead(std::move(tar), index.tar), what);
  Hasher hasher;
  FactCollector collector;
  FactCollector* facts = options.facts ? &collector : nullptr;
  while (auto entry = layer.next()) {
    if (entry->type == EntryType::file) read_content(layer, *entry, hasher, facts);
    index.entries.push_back(std::move(*entry));
  }
  index.entries.shrink_to_fit();
  index.diagnostics = std::move(layer.diagnostics());
  report_duplicates(index);
  return index;
}

}  // namespace slim
