// Two entries of the databases with one package URL (a module of npm in two folders, a module of Go in two
// programs) are one package. The slimmed image is described by reading the packages of what the plan makes,
// as they are read of any image: so its bill is the one that it has of its own.
#include "slimmer/sbom.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "analyzer/package_url.h"
#include "analyzer/packages.h"
#include "slimmer/plan.h"
#include "slimmer/slimmed_tree.h"

namespace slim {
namespace {

/// By NodeId: the place of the file in Sbom::files.
using FilePlaces = std::unordered_map<NodeId, std::size_t>;

FilePlaces list_files(const FileTree& tree, Sbom& sbom) {
  std::vector<std::pair<std::string, NodeId>> found;
  std::size_t bytes = 0;
  for (NodeId node = 1; node < tree.size(); ++node) {
    if (!tree.is(node, EntryType::file)) continue;
    ++sbom.unlisted_files;
    if (found.size() == most_sbom_files || bytes > most_sbom_path_bytes) continue;
    found.emplace_back(tree.path(node), node);
    bytes += found.back().first.size();
  }
  FilePlaces places;
  if (found.size() != sbom.unlisted_files || bytes > most_sbom_path_bytes) return places;
  sbom.unlisted_files = 0;
  std::ranges::sort(found);
  for (auto& [path, node] : found) {
    places.emplace(node, sbom.files.size());
    SbomFile file{.path = std::move(path), .sha256 = {}, .sha1 = {}};
    if (const auto& hash = tree.entry(node).content_hash) file.sha256 = *hash;
    sbom.files.push_back(std::move(file));
  }
  return places;
}

void sort_once(auto& list) {
  std::ranges::sort(list);
  list.erase(std::ranges::unique(list).begin(), list.end());
}

SbomPackage& merge(const Package& package, const Distribution& distribution,
                   std::map<std::string, SbomPackage>& by_url) {
  std::string url = package_url(package, distribution);
  SbomPackage& entry = by_url[url];
  if (!entry.url.empty()) return entry;
  entry.name = package.name;
  entry.version = package.version;
  entry.type = package.type;
  entry.url = std::move(url);
  entry.license = package.license;
  entry.source = package.source;
  entry.identity = package_url(package, {});
  return entry;
}

std::vector<SbomPackage> sorted(std::map<std::string, SbomPackage> by_url) {
  std::vector<SbomPackage> packages;
  for (auto& [url, package] : by_url) {
    sort_once(package.files);
    sort_once(package.inside);
    packages.push_back(std::move(package));
  }
  return packages;
}

/// The identities of the packages of `sbom`, with their places.
std::unordered_map<std::string_view, std::size_t> by_identity(const Sbom& sbom) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < sbom.packages.size(); ++i) places.emplace(sbom.packages[i].identity, i);
  return places;
}

/// By identity: the regular files of the packages of that identity which the slimmed image still has.
std::unordered_map<std::string, std::uint64_t> kept_counts(const FileTree& tree, const Packages& packages,
                                                           const Plan& plan) {
  std::unordered_map<std::string, std::uint64_t> counts;
  for (const Package& package : packages.list) {
    std::uint64_t& count = counts[package_url(package, {})];
    count += static_cast<std::uint64_t>(std::ranges::count_if(
        package.files, [&](NodeId file) { return tree.is(file, EntryType::file) && plan.keeps(file); }));
  }
  return counts;
}

std::string sha1_of(std::string_view bytes) {
  Hasher hasher("sha1");
  hasher.update(std::as_bytes(std::span(bytes)));
  return std::string(hasher.finish().hex());
}

}  // namespace

Sbom list_packages(const std::vector<const Package*>& packages, const Distribution& distribution) {
  std::map<std::string, SbomPackage> by_url;
  for (const Package* package : packages) merge(*package, distribution, by_url);
  Sbom sbom;
  sbom.packages = sorted(std::move(by_url));
  return sbom;
}

Sbom make_sbom(const FileTree& tree, const Packages& packages) {
  Sbom sbom;
  const FilePlaces places = list_files(tree, sbom);
  const Distribution distribution = distribution_of(tree);
  std::map<std::string, SbomPackage> by_url;
  for (const Package& package : packages.list) {
    SbomPackage& entry = merge(package, distribution, by_url);
    if (package.inside != no_node) entry.inside.push_back(tree.path(package.inside));
    for (const NodeId file : package.files) {
      if (!tree.is(file, EntryType::file)) continue;
      ++entry.count;
      if (const auto place = places.find(file); place != places.end()) entry.files.push_back(place->second);
    }
  }
  sbom.packages = sorted(std::move(by_url));
  return sbom;
}

Sbom make_slimmed_sbom(const FileTree& original, const Packages& packages, const Plan& plan) {
  std::vector<LayerIndex> layers;
  layers.push_back(slimmed_index(original, plan));
  const FileTree tree = FileTree::squash(layers);
  Sbom sbom = make_sbom(tree, read_packages(tree));
  const Sbom before = make_sbom(original, packages);
  const auto kept = kept_counts(original, packages, plan);
  const auto there = by_identity(sbom);
  SbomOriginal lost;
  lost.packages = before.packages.size();
  for (const SbomPackage& package : before.packages) {
    if (const auto found = there.find(package.identity); found != there.end()) {
      SbomPackage& left = sbom.packages[found->second];
      if (left.count != 0) left.original_count = package.count;  // else what describes it names no files
    } else {
      lost.removed.push_back({.url = package.url, .count = package.count, .kept = kept.at(package.identity)});
    }
  }
  sbom.original = std::move(lost);
  return sbom;
}

void add_sha1(Sbom& sbom, ImageContents& contents, const Plan* plan) {
  // Equal content has the same of both digests: what is written anew is known by its SHA-256 as well.
  std::map<ContentHash, std::string> known;
  if (plan != nullptr) {
    for (const AddedEntry& added : plan->added) {
      Hasher hasher;
      hasher.update(std::as_bytes(std::span(added.content)));
      known[hasher.finish_raw()] = sha1_of(added.content);
    }
  }
  std::map<ContentHash, std::string> wanted;
  for (const SbomFile& file : sbom.files) wanted.emplace(file.sha256, "");
  std::vector<bool> inodes(contents.tree.inode_count(), false);
  for (InodeId id = 0; id < inodes.size(); ++id) {
    const LayerEntry* entry = contents.tree.inode(id).entry;
    if (entry == nullptr || !entry->content_hash || known.contains(*entry->content_hash)) continue;
    if (wanted.erase(*entry->content_hash) != 0) inodes[id] = true;
  }
  std::vector<std::byte> block(std::size_t{256} << 10);
  stream_files(*contents.source, contents.tree, inodes, [&](InodeId id, ByteReader& content) {
    Hasher hasher("sha1");
    while (const std::size_t count = content(block)) hasher.update(std::span(block).first(count));
    known[*contents.tree.inode(id).entry->content_hash] = hasher.finish().hex();
  });
  for (SbomFile& file : sbom.files) file.sha1 = known.at(file.sha256);
}

std::vector<std::size_t> unowned_files(const Sbom& sbom) {
  std::vector<bool> owned(sbom.files.size(), false);
  for (const SbomPackage& package : sbom.packages) {
    for (const std::size_t file : package.files) owned[file] = true;
  }
  std::vector<std::size_t> unowned;
  for (std::size_t i = 0; i < owned.size(); ++i) {
    if (!owned[i]) unowned.push_back(i);
  }
  return unowned;
}

std::string sbom_uuid(const Sbom& sbom, SbomFormat format) {
  std::string what =
      fmt::format("{}\n{}\n{}\n", sbom.tool, format == SbomFormat::spdx ? "spdx" : "cyclonedx", sbom.created);
  if (sbom.subject)
    what +=
        fmt::format("{}\n{}\n{}\n", sbom.subject->digest.text(), sbom.subject->name, sbom.subject->platform);
  if (sbom.original) what += fmt::format("original {}\n", sbom.original->digest.text());
  const bool planned = !sbom.subject || sbom.subject->digest.empty();
  for (const SbomPackage& package : sbom.packages) what += fmt::format("{} {}\n", package.url, package.count);
  if (planned) {
    for (const SbomFile& file : sbom.files) what += file.path + " " + to_hex(file.sha256) + "\n";
  }
  std::string hex(Digest::of(what).hex().substr(0, 32));
  constexpr std::string_view variants = "89ab";
  hex[12] = '8';
  const char digit = hex[16];
  hex[16] =
      variants[static_cast<std::size_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10) % variants.size()];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

}  // namespace slim
