// From libarchive's entries to ours: whiteouts by the OCI image-spec (layer.md, "Representing Changes"),
// names normalized, and what cannot be part of a root file system left out with a diagnostic.
#include "analyzer/layer_tar.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/layer_index.h"
#include "analyzer/tar_reader.h"

namespace slim {
namespace {

constexpr std::uint64_t most_entries = 10'000'000;
constexpr std::uint64_t most_name_bytes = std::uint64_t{1}
                                          << 30;  ///< paths, link targets and xattrs of a layer
constexpr std::uint64_t most_hole_bytes = std::uint64_t{64} << 30;  ///< a sparse file costs nothing to claim
constexpr std::size_t longest_path = 4096;                          ///< PATH_MAX
constexpr std::size_t longest_name = 255;                           ///< NAME_MAX

std::string_view text_of(const char* text) {
  return text == nullptr ? std::string_view() : text;
}

bool has_long_name(std::string_view path) {
  std::size_t start = 0;
  while (start < path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (end - start > longest_name) return true;
    start = end + 1;
  }
  return path.size() > longest_path;
}

/// A message about a name must not be a megabyte long.
std::string shortened(std::string_view path) {
  return path.size() <= longest_name ? std::string(path) : std::string(path.substr(0, longest_name)) + "...";
}

LayerEntry make_entry(std::string path, EntryType type) {
  LayerEntry entry;
  entry.path = std::move(path);
  entry.type = type;
  return entry;
}

std::optional<std::uint32_t> to_id(la_int64_t id) {
  if (id < 0 || id > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(id);
}

}  // namespace

LayerTar::LayerTar(BlockReader tar, std::string what) : what_(what), tar_(std::move(tar), std::move(what)) {}

void LayerTar::report(const std::string& path, std::string message) {
  constexpr std::size_t most_diagnostics = 1000;
  if (diagnostics_.size() > most_diagnostics) return;
  if (diagnostics_.size() == most_diagnostics) {
    diagnostics_.push_back({what_, "more problems, which are not listed"});
    return;
  }
  diagnostics_.push_back({path.empty() ? what_ : path, std::move(message)});
}

std::optional<LayerEntry> LayerTar::next() {
  while (tar_.next()) {
    if (++count_ > most_entries) {
      throw Error(ErrorKind::input, what_, fmt::format("more than {} entries", most_entries));
    }
    if (auto entry = read_entry()) return entry;
  }
  return std::nullopt;
}

std::optional<LayerEntry> LayerTar::read_entry() {
  const std::string_view raw = text_of(::archive_entry_pathname(tar_.entry()));
  if (!tar_.warning().empty()) report(shortened(raw), "read with a warning: " + tar_.warning());
  const auto path = normalize_layer_path(raw);
  if (!path) {
    report(shortened(raw), "dropped: the path holds '..'");
    return std::nullopt;
  }
  if (has_long_name(*path)) {
    report(shortened(raw), "dropped: the path is longer than Linux allows");
    return std::nullopt;
  }
  name_bytes_ += path->size();
  const std::size_t slash = path->rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  // What aufs noted for itself, in folders of its own too.
  if (path->starts_with(".wh..wh.") && slash != std::string::npos) return std::nullopt;
  if (const auto own = path->find("/.wh..wh."); own != std::string::npos && own < slash) return std::nullopt;
  if (path->compare(name, 4, ".wh.") == 0) return read_whiteout(*path);

  LayerEntry entry = make_entry(*path, EntryType::file);
  if (!read_type(entry)) return std::nullopt;
  if (entry.path.empty() && entry.type != EntryType::directory) {
    report(what_, "dropped: an entry for the root that is no folder");
    return std::nullopt;
  }
  if (entry.type != EntryType::hardlink) read_metadata(entry);
  name_bytes_ += entry.link.size();
  if (name_bytes_ > most_name_bytes) {
    throw Error(ErrorKind::input, what_,
                fmt::format("more than {} bytes of names and attributes", most_name_bytes));
  }
  return entry;
}

std::optional<LayerEntry> LayerTar::read_whiteout(const std::string& path) {
  constexpr std::string_view prefix = ".wh.";
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
  const std::string_view name = std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
  if (name == ".wh..wh..opq") return make_entry(folder, EntryType::opaque);
  if (name.starts_with(".wh..wh.")) return std::nullopt;
  const std::string_view deleted = name.substr(prefix.size());
  if (deleted.empty() || deleted == "." || deleted == "..") {
    report(path, "dropped: a whiteout that names no file");
    return std::nullopt;
  }
  return make_entry(folder.empty() ? std::string(deleted) : folder + "/" + std::string(deleted),
                    EntryType::whiteout);
}

bool LayerTar::read_type(LayerEntry& entry) {
  if (const char* target = ::archive_entry_hardlink(tar_.entry()); target != nullptr) {
    const auto link = normalize_layer_path(target);
    if (!link || link->empty() || *link == entry.path) {
      report(entry.path, fmt::format("dropped: a hard link to '{}'", shortened(target)));
      return false;
    }
    entry.type = EntryType::hardlink;
    entry.link = *link;
    return true;
  }
  switch (::archive_entry_filetype(tar_.entry())) {
    case AE_IFREG:
      entry.type = EntryType::file;
      return true;
    case AE_IFDIR:
      entry.type = EntryType::directory;
      return true;
    case AE_IFLNK:
      entry.type = EntryType::symlink;
      entry.link = text_of(::archive_entry_symlink(tar_.entry()));
      if (!entry.link.empty() && entry.link.size() < longest_path) return true;
      report(entry.path, "dropped: a symlink whose target is empty or longer than Linux allows");
      return false;
    case AE_IFCHR:
      entry.type = EntryType::char_device;
      return true;
    case AE_IFBLK:
      entry.type = EntryType::block_device;
      return true;
    case AE_IFIFO:
      entry.type = EntryType::fifo;
      return true;
    default:
      report(entry.path, "dropped: neither file, folder, link, device nor fifo");
      return false;
  }
}

void LayerTar::read_size(LayerEntry& entry) {
  const la_int64_t size = ::archive_entry_size(tar_.entry());
  if (size < 0) throw Error(ErrorKind::input, what_, "corrupt tar: negative size of " + entry.path);
  entry.size = static_cast<std::uint64_t>(size);
  if (::archive_entry_sparse_count(tar_.entry()) == 0) return;
  // The stored part is bounded by the tar itself.
  hole_bytes_ += std::min(entry.size, most_hole_bytes + 1);
  if (hole_bytes_ > most_hole_bytes) {
    throw Error(
        ErrorKind::input, what_,
        fmt::format("{}: sparse files that expand to more than {} bytes", entry.path, most_hole_bytes));
  }
}

void LayerTar::read_metadata(LayerEntry& entry) {
  ::archive_entry* from = tar_.entry();
  entry.mode = static_cast<std::uint32_t>(::archive_entry_perm(from)) & 07777U;
  const auto uid = to_id(::archive_entry_uid(from));
  const auto gid = to_id(::archive_entry_gid(from));
  if (!uid || !gid) report(entry.path, "owner does not fit 32 bits: taken as root");
  entry.uid = uid.value_or(0);
  entry.gid = gid.value_or(0);
  entry.mtime = ::archive_entry_mtime(from);
  entry.mtime_nsec = static_cast<std::uint32_t>(::archive_entry_mtime_nsec(from));
  // "-2.75" in a pax header is before -2; libarchive reads -2 and 0.75.
  if (entry.mtime < 0 && entry.mtime_nsec > 0) {
    entry.mtime -= 1;
    entry.mtime_nsec = 1'000'000'000 - entry.mtime_nsec;
  }
  if (entry.type == EntryType::file) read_size(entry);
  if (entry.type == EntryType::char_device || entry.type == EntryType::block_device) {
    entry.device = {.major = static_cast<std::uint32_t>(::archive_entry_rdevmajor(from)),
                    .minor = static_cast<std::uint32_t>(::archive_entry_rdevminor(from))};
  }
  if (::archive_entry_acl_count(from, ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT) > 0) {
    report(entry.path, "has an access control list in a form that is not kept (SCHILY.acl)");
  }
  read_xattrs(entry);
}

void LayerTar::read_xattrs(LayerEntry& entry) {
  ::archive_entry_xattr_reset(tar_.entry());
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (::archive_entry_xattr_next(tar_.entry(), &name, &value, &size) == ARCHIVE_OK) {
    if (name == nullptr || *name == '\0') continue;
    Xattr xattr{.name = name, .value = {}};
    if (size != 0) xattr.value.assign(static_cast<const char*>(value), size);
    name_bytes_ += xattr.name.size() + size;
    entry.xattrs.push_back(std::move(xattr));
  }
  // Some writers give every attribute twice, once in each of the two spellings of pax headers.
  std::ranges::sort(entry.xattrs, {}, &Xattr::name);
  const auto repeated = std::ranges::unique(entry.xattrs, {}, &Xattr::name);
  entry.xattrs.erase(repeated.begin(), repeated.end());
}

ByteReader LayerTar::content() {
  return [this, block = TarReader::Block{}](std::span<std::byte> buffer) mutable {
    while (block.hole == 0 && block.bytes.empty()) {
      const auto following = tar_.block();
      if (!following) return std::size_t{0};
      block = *following;
    }
    if (block.hole != 0) {
      const std::size_t count = std::min<std::uint64_t>(buffer.size(), block.hole);
      std::memset(buffer.data(), 0, count);
      block.hole -= count;
      return count;
    }
    const std::size_t count = std::min(buffer.size(), block.bytes.size());
    std::memcpy(buffer.data(), block.bytes.data(), count);
    block.bytes = block.bytes.subspan(count);
    return count;
  };
}

}  // namespace slim
