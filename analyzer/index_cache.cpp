// The name of an entry is the SHA-256 of its key; the key stands at the head of the file too, and behind it
// is what analyzer/index_codec.h describes. The key holds a digest of the analyzers' sources, made when slim
// is built: an index made by others is never found, and grows old until it is evicted.
#include "analyzer/index_cache.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/analyzers_version.h"
#include "analyzer/blob_place.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/index_codec.h"
#include "analyzer/layer_index.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::string_view ending = ".index";
constexpr std::string_view temporary = ".tmp-";
constexpr std::int64_t oldest_temporary = 3600;  ///< seconds: then its writer is gone
constexpr ::mode_t writable_by_others = S_IWGRP | S_IWOTH;

std::string text_of(const LayerKey& key, bool facts) {
  std::string text = fmt::format("slim layer index, analyzers {}\nblob {}\ndiff_id {}\nfacts {}\n",
                                 analyzers_version, key.blob.text(), key.diff_id.text(), facts);
  if (key.place) {
    const BlobPlace& at = *key.place;
    text += fmt::format("place {} {} {} {} {} {} {}\n", at.device, at.inode, at.file_size, at.modified,
                        at.changed, at.offset, at.length);
  }
  return text;
}

std::string name_of(const std::string& key_text) {
  return std::string(Digest::of(key_text).hex()) + std::string(ending);
}

bool is_private(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & writable_by_others) == 0;
}

/// What there is of `size` bytes.
std::string read_whole(int fd, std::uint64_t size) {
  std::string bytes;
  bytes.resize_and_overwrite(size,
                             [fd](char* data, std::size_t wanted) {  // without filling it with zeros first
                               std::size_t at = 0;
                               while (at < wanted) {
                                 const ssize_t count = ::read(fd, data + at, wanted - at);
                                 if (count < 0 && errno == EINTR) continue;
                                 if (count <= 0) break;
                                 at += static_cast<std::size_t>(count);
                               }
                               return at;
                             });
  return bytes;
}

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

bool IndexCache::make_folder(const std::string& path) {
  int failed = 0;
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    failed = ::mkdir(path.substr(0, end).c_str(), S_IRWXU) == 0 || errno == EEXIST ? 0 : errno;
  }
  errno = failed;
  return failed == 0;
}

IndexCache::IndexCache(const std::string& path, const Limits& limits) : limits_(limits) {
  const std::string hint = "give another folder with --cache, or --no-cache";
  if (!make_folder(path)) throw system_error(path, "making the cache's folder", errno);
  folder_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) throw system_error(path, "opening the cache's folder", errno);
  struct stat status{};
  if (::fstat(folder_.get(), &status) != 0) throw system_error(path, "reading its owner", errno);
  if (status.st_uid != ::geteuid()) {
    throw Error(
        ErrorKind::environment, path,
        fmt::format("not used as cache: it belongs to user {}, expected {}", status.st_uid, ::geteuid()),
        hint);
  }
  if (!is_private(status)) {
    throw Error(ErrorKind::environment, path,
                fmt::format("not used as cache: others may write to it (mode {:o}), expected 700",
                            status.st_mode & 07777U),
                "chmod 700 it, or " + hint);
  }
}

std::optional<LayerIndex> IndexCache::load(const LayerKey& key, bool facts) const {
  const std::string head = text_of(key, facts);
  const UniqueFd file(
      ::openat(folder_.get(), name_of(head).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !is_private(status))
    return std::nullopt;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limits_.bytes) return std::nullopt;
  const std::string bytes = read_whole(file.get(), size);
  if (!bytes.starts_with(head)) return std::nullopt;
  auto index = decode_index(std::as_bytes(std::span(bytes)).subspan(head.size()));
  if (!index) return std::nullopt;
  const bool comparable = !key.diff_id.empty() && key.diff_id.algorithm() == "sha256";
  if (comparable && index->tar.digest != key.diff_id) return std::nullopt;
  ::futimens(file.get(), nullptr);  // used now; where that fails it only goes sooner
  return index;
}

std::optional<LayerIndex> IndexCache::find(const LayerKey& key, bool facts) const {
  auto found = load(key, true);
  return found || facts ? std::move(found) : load(key, false);
}

bool IndexCache::at_rest(const LayerKey& key, std::chrono::system_clock::time_point began) const {
  if (!key.place) return true;
  const auto latest = std::chrono::nanoseconds(std::max(key.place->changed, key.place->modified));
  return latest + limits_.rest <= began.time_since_epoch();
}

void IndexCache::store(const LayerKey& key, const LayerIndex& index, bool facts) const {
  const std::string head = text_of(key, facts);
  const std::string body = encode_index(index);
  if (head.size() + body.size() > limits_.bytes / 2) return;  // it would drive out all others
  write(name_of(head), head, body);
  evict();
}

void IndexCache::write(const std::string& name, const std::string& head, const std::string& body) const {
  std::random_device random;
  const std::string draft = fmt::format("{}{}-{:08x}{:08x}", temporary, ::getpid(), random(), random());
  const UniqueFd file(::openat(folder_.get(), draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return;
  const bool written = write_whole(file.get(), head) && write_whole(file.get(), body);
  if (written && ::renameat(folder_.get(), draft.c_str(), folder_.get(), name.c_str()) == 0) return;
  ::unlinkat(folder_.get(), draft.c_str(), 0);
}

void IndexCache::evict() const {
  struct Entry {
    std::int64_t used;
    std::uint64_t size;
    std::string name;
  };
  // A description of its own: the place in the folder belongs to it.
  const int listing = ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(listing), ::closedir);
  if (!open) return;
  std::vector<Entry> entries;
  std::uint64_t bytes = 0;
  const std::int64_t now = std::time(nullptr);
  while (const dirent* item = ::readdir(open.get())) {
    const std::string_view name = item->d_name;
    const bool draft = name.starts_with(temporary);
    if (!draft && !name.ends_with(ending)) continue;  // nothing of ours
    struct stat status{};
    if (::fstatat(folder_.get(), item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (draft) {
      if (status.st_mtim.tv_sec + oldest_temporary < now) ::unlinkat(folder_.get(), item->d_name, 0);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const std::int64_t used = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    entries.push_back({.used = used, .size = size, .name = std::string(name)});
    bytes += size;
  }
  std::ranges::sort(entries, {}, &Entry::used);
  for (const Entry& entry : entries) {
    if (bytes <= limits_.bytes) return;
    ::unlinkat(folder_.get(), entry.name.c_str(), 0);
    bytes -= entry.size;
  }
}

std::string default_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/slim";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache/slim" : std::string();
}

}  // namespace slim
