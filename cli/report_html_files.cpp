// A column holds values of one kind, most of them small or like the one before: gzip makes 3 to 10 bytes of a
// path with all that is known of it. Each column is a pass over the tree, so that nothing but the table of
// details is held.
#include "cli/report_html_files.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/compression.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/registry_credentials.h"
#include "cli/report.h"
#include "slimmer/analysis.h"
#include "slimmer/layer_blob.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

constexpr std::size_t block_size = std::size_t{256} * 1024;

/// Fills blocks of one size and hands them on.
class Blocks {
 public:
  explicit Blocks(std::function<void(std::span<const std::byte>)> out) : out_(std::move(out)) {
    block_.reserve(block_size);
  }

  void byte(std::uint8_t value) {
    block_.push_back(std::byte{value});
    if (block_.size() == block_size) flush();
  }
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value & 0x7F) | 0x80);
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  void string(std::string_view text) {
    for (const char c : text) {
      if (c != '\0') {
        byte(static_cast<std::uint8_t>(c));
      } else {
        for (const char part : std::string_view("\xEF\xBF\xBD")) byte(static_cast<std::uint8_t>(part));
      }
    }
    byte(0);
  }
  void flush() {
    if (!block_.empty()) out_(block_);
    block_.clear();
  }

 private:
  std::function<void(std::span<const std::byte>)> out_;
  std::vector<std::byte> block_;
};

/// One value for each node.
template <typename Value>
void number_column(Blocks& out, const FileTree& tree, const Value& value) {
  for (NodeId node = 0; node < tree.size(); ++node) out.number(value(node));
}

template <typename Value>
void string_column(Blocks& out, const FileTree& tree, const Value& value) {
  for (NodeId node = 0; node < tree.size(); ++node) out.string(value(node));
}

void write_reasons(Blocks& out, const FileTree& tree, const std::vector<Decision>& decisions) {
  number_column(out, tree, [&](NodeId node) {
    const Decision& decision = decisions[node];
    return 2 * static_cast<std::uint64_t>(decision.reason.kind) + (decision.keep ? 1 : 0);
  });
  number_column(out, tree, [&](NodeId node) {
    const NodeId from = decisions[node].reason.from;
    return from == no_node ? std::uint64_t{0} : std::uint64_t{from} + 1;
  });
  std::unordered_map<std::string_view, std::size_t> places{{"", 0}};
  std::vector<std::string_view> details{""};
  for (const Decision& decision : decisions) {
    if (places.try_emplace(decision.reason.detail, details.size()).second)
      details.emplace_back(decision.reason.detail);
  }
  out.number(details.size());
  for (const std::string_view detail : details) out.string(detail);
  number_column(out, tree, [&](NodeId node) { return places.at(decisions[node].reason.detail); });
}

/// How many components the beginnings of two paths share, and how many bytes of `path` that is, with the
/// slash.
std::pair<std::size_t, std::size_t> shared_components(std::string_view path, std::string_view before) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < path.size() && i < before.size() && path[i] == before[i]; ++i) {
    if (path[i] != '/') continue;
    ++count;
    bytes = i + 1;
  }
  return {count, bytes};
}

void write_hidden(Blocks& out, const FileTree& tree) {
  std::vector<const HiddenEntry*> hidden;
  for (const HiddenEntry& one : tree.hidden()) {
    if (one.entry->type != EntryType::directory) hidden.push_back(&one);
  }
  std::ranges::stable_sort(hidden, {},
                           [](const HiddenEntry* one) { return std::string_view(one->entry->path); });
  const auto before = [&](std::size_t i) {
    return i == 0 ? std::string_view() : std::string_view(hidden[i - 1]->entry->path);
  };
  out.number(hidden.size());
  for (std::size_t i = 0; i < hidden.size(); ++i)
    out.number(shared_components(hidden[i]->entry->path, before(i)).first);
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const std::string_view path = hidden[i]->entry->path;
    out.string(path.substr(shared_components(path, before(i)).second));
  }
  for (const HiddenEntry* one : hidden) out.number(one->entry->size);
  for (const HiddenEntry* one : hidden) out.number(one->layer);
  for (const HiddenEntry* one : hidden) out.number(one->hidden_by);
}

}  // namespace

void write_file_table(const Report& report, const std::function<void(std::span<const std::byte>)>& out) {
  const Analysis& analysis = *report.analysis;
  const FileTree& tree = analysis.contents.tree;
  Blocks blocks(out);
  blocks.number(tree.size());
  string_column(blocks, tree, [&](NodeId node) { return std::string_view(tree.node(node).name); });
  number_column(blocks, tree, [&](NodeId node) { return node - tree.node(node).parent; });
  number_column(blocks, tree, [&](NodeId node) { return static_cast<std::uint64_t>(tree.entry(node).type); });
  number_column(blocks, tree, [&](NodeId node) { return tree.entry(node).size; });
  string_column(blocks, tree, [&](NodeId node) {
    return tree.is(node, EntryType::symlink) ? std::string_view(tree.entry(node).link) : std::string_view();
  });
  number_column(blocks, tree, [&](NodeId node) { return node - tree.inode_of(node).names.front(); });
  number_column(blocks, tree, [&](NodeId node) { return tree.inode_of(node).layer; });
  write_reasons(blocks, tree, analysis.plan.decisions);
  number_column(blocks, tree, [&](NodeId node) {
    const std::uint32_t owner = analysis.packages.owner[node];
    return owner == Packages::none ? std::uint64_t{0} : std::uint64_t{owner} + 1;
  });
  write_hidden(blocks, tree);
  blocks.flush();
}

void write_compressed_file_table(const Report& report, std::ostream& out) {
  constexpr int level = 2;  // the best whose result is the same on every processor
  std::string waiting;      // for base64: a number of bytes that 3 divides
  const auto encode = [&](std::size_t size) {
    out << to_base64(std::string_view(waiting).substr(0, size));
    waiting.erase(0, size);
  };
  BlockWriter compress =
      compressor({.compression = Compression::gzip, .level = level}, [&](std::span<const std::byte> bytes) {
        waiting.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        encode(waiting.size() / 3 * 3);
      });
  write_file_table(report, [&](std::span<const std::byte> block) { compress(block, false); });
  compress({}, true);
  encode(waiting.size());
}

}  // namespace slim
