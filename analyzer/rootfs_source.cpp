// The tar of a folder is made by libarchive's pax writer, one entry or one block of content whenever the
// reader has used up what was made before. Headers hold only what a layer has: no access or change times, no
// device and inode numbers of this machine.
#include "analyzer/rootfs_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <climits>
#include <nlohmann/json.hpp>

#include "analyzer/byte_stream.h"
#include "analyzer/c_locale.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::size_t block_size = std::size_t{256} << 10;
constexpr std::size_t deepest_folder = 1000;
constexpr std::size_t largest_xattr = std::size_t{64} << 10;  ///< XATTR_SIZE_MAX of Linux

struct Listing {
  std::string path;  ///< relative to the root; "" is the root
  std::vector<std::string> names;
  std::size_t next = 0;
};

std::vector<std::string> sorted_names(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) throw system_error(folder, "listing", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) throw system_error(folder, "listing", errno);
  std::ranges::sort(names);
  return names;
}

bool is_of_this_machine(std::string_view xattr) {
  return xattr == "security.selinux" || xattr.starts_with("trusted.overlay.");
}

class FolderTar {
 public:
  explicit FolderTar(std::string root);

  std::size_t read(std::span<std::byte> buffer);

 private:
  static la_ssize_t take(::archive* /*archive*/, void* self, const void* bytes, std::size_t count) {
    auto& pending = static_cast<FolderTar*>(self)->pending_;
    const auto* first = static_cast<const std::byte*>(bytes);
    pending.insert(pending.end(), first, first + count);
    return static_cast<la_ssize_t>(count);
  }

  void produce();
  void add_content();
  void add_next_name();
  void add(const std::string& path, const struct stat& status);
  void open_content(const std::string& path, const struct stat& status);
  void add_xattrs(const std::string& path, ::archive_entry* entry) const;
  [[nodiscard]] std::string full(const std::string& path) const {
    return path.empty() ? root_ : root_ + "/" + path;
  }
  [[nodiscard]] struct stat status_of(const std::string& path) const;
  void check(int result, const std::string& path);

  std::string root_;
  dev_t device_ = 0;
  std::vector<std::byte> pending_;  ///< bytes of the tar that were not read yet, from at_ on
  std::size_t at_ = 0;
  std::vector<Listing> folders_;  ///< from the root to the folder at hand
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;
  UniqueFd content_;
  std::string content_path_;
  std::uint64_t content_left_ = 0;
  std::vector<std::byte> block_;
  bool started_ = false;
  bool ended_ = false;
  // Last, so that it is freed first: freeing it flushes into what take() uses.
  std::unique_ptr<::archive, int (*)(::archive*)> archive_;
};

FolderTar::FolderTar(std::string root)
    : root_(std::move(root)), block_(block_size), archive_(::archive_write_new(), ::archive_write_free) {
  while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

void FolderTar::check(int result, const std::string& path) {
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
  const char* text = ::archive_error_string(archive_.get());
  throw Error(ErrorKind::input, full(path), text == nullptr ? "cannot be put into a tar" : text);
}

struct stat FolderTar::status_of(const std::string& path) const {
  struct stat status{};
  if (::lstat(full(path).c_str(), &status) != 0)
    throw system_error(full(path), "reading its metadata", errno);
  return status;
}

std::size_t FolderTar::read(std::span<std::byte> buffer) {
  while (at_ == pending_.size()) {
    if (ended_) return 0;
    pending_.clear();
    at_ = 0;
    const CLocale locale;
    produce();
  }
  const std::size_t count = std::min(buffer.size(), pending_.size() - at_);
  std::memcpy(buffer.data(), pending_.data() + at_, count);
  at_ += count;
  return count;
}

void FolderTar::produce() {
  if (!started_) {
    started_ = true;
    ::archive_write_set_format_pax(archive_.get());
    ::archive_write_set_options(archive_.get(), "xattrheader=SCHILY");
    ::archive_write_set_bytes_per_block(archive_.get(), 0);
    check(::archive_write_open(archive_.get(), this, nullptr, take, nullptr), "");
    const struct stat status = status_of("");
    device_ = status.st_dev;
    add("", status);
    folders_.push_back({.path = "", .names = sorted_names(root_)});
  } else if (content_) {
    add_content();
  } else if (!folders_.empty()) {
    add_next_name();
  } else {
    check(::archive_write_close(archive_.get()), "");
    ended_ = true;
  }
}

void FolderTar::add_content() {
  const std::size_t wanted = std::min<std::uint64_t>(block_.size(), content_left_);
  const ssize_t count = wanted == 0 ? 0 : ::read(content_.get(), block_.data(), wanted);
  if (count < 0 && errno == EINTR) return;
  if (count < 0) throw system_error(full(content_path_), "reading", errno);
  if (count == 0 && content_left_ != 0) {
    throw Error(ErrorKind::input, full(content_path_), "became shorter while it was read");
  }
  const auto got = static_cast<std::size_t>(count);
  if (got != 0 && ::archive_write_data(archive_.get(), block_.data(), got) != count)
    check(ARCHIVE_FATAL, content_path_);
  content_left_ -= got;
  if (content_left_ != 0) return;
  check(::archive_write_finish_entry(archive_.get()), content_path_);
  content_ = UniqueFd();
}

void FolderTar::add_next_name() {
  Listing& folder = folders_.back();
  if (folder.next == folder.names.size()) {
    folders_.pop_back();
    return;
  }
  const std::string& name = folder.names[folder.next++];
  const std::string path = folder.path.empty() ? name : folder.path + "/" + name;
  const struct stat status = status_of(path);
  if (S_ISSOCK(status.st_mode)) return;
  add(path, status);
  if (!S_ISDIR(status.st_mode) || status.st_dev != device_) return;
  if (folders_.size() == deepest_folder)
    throw Error(ErrorKind::input, full(path), "folders are nested too deep");
  folders_.push_back({.path = path, .names = sorted_names(full(path))});
}

void FolderTar::add(const std::string& path, const struct stat& status) {
  const std::unique_ptr<::archive_entry, void (*)(::archive_entry*)> entry(::archive_entry_new(),
                                                                           ::archive_entry_free);
  ::archive_entry* to = entry.get();
  ::archive_entry_set_pathname(to, path.empty() ? "./" : path.c_str());
  ::archive_entry_set_mode(to, status.st_mode);
  ::archive_entry_set_uid(to, status.st_uid);
  ::archive_entry_set_gid(to, status.st_gid);
  std::int64_t seconds = status.st_mtim.tv_sec;
  long nanoseconds = status.st_mtim.tv_nsec;
  // The writer puts the fraction behind a negative number as it stands, which makes it earlier and not later.
  if (seconds < 0 && nanoseconds > 0) {
    seconds += 1;
    nanoseconds = seconds == 0 ? 0 : 1'000'000'000 - nanoseconds;
  }
  ::archive_entry_set_mtime(to, seconds, nanoseconds);
  if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
    const auto [first, is_first] = linked_.try_emplace({status.st_dev, status.st_ino}, path);
    if (!is_first) {
      ::archive_entry_set_hardlink(to, first->second.c_str());
      check(::archive_write_header(archive_.get(), to), path);
      return;
    }
  }
  if (S_ISLNK(status.st_mode)) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(full(path).c_str(), target.data(), target.size() - 1);
    if (length < 0) throw system_error(full(path), "reading the link", errno);
    ::archive_entry_set_symlink(to, target.data());
  }
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    ::archive_entry_set_rdevmajor(to, major(status.st_rdev));
    ::archive_entry_set_rdevminor(to, minor(status.st_rdev));
  }
  if (S_ISREG(status.st_mode)) {
    ::archive_entry_set_size(to, status.st_size);
    if (status.st_size != 0) open_content(path, status);
  }
  add_xattrs(path, to);
  check(::archive_write_header(archive_.get(), to), path);
}

void FolderTar::open_content(const std::string& path, const struct stat& status) {
  content_ = UniqueFd(::open(full(path).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!content_) throw system_error(full(path), "opening", errno);
  struct stat opened{};
  if (::fstat(content_.get(), &opened) != 0) throw system_error(full(path), "reading its metadata", errno);
  if (opened.st_ino != status.st_ino || opened.st_dev != status.st_dev || opened.st_size != status.st_size) {
    throw Error(ErrorKind::input, full(path), "changed while it was read");
  }
  content_path_ = path;
  content_left_ = static_cast<std::uint64_t>(status.st_size);
}

void FolderTar::add_xattrs(const std::string& path, ::archive_entry* entry) const {
  const std::string file = full(path);
  const ssize_t length = ::llistxattr(file.c_str(), nullptr, 0);
  if (length < 0 && errno != ENOTSUP) throw system_error(file, "listing its attributes", errno);
  if (length <= 0) return;
  std::string names(static_cast<std::size_t>(length), '\0');
  const ssize_t got = ::llistxattr(file.c_str(), names.data(), names.size());
  if (got < 0) throw system_error(file, "listing its attributes", errno);
  names.resize(static_cast<std::size_t>(got));
  std::vector<std::string> sorted;
  for (std::size_t at = 0; at < names.size(); at += sorted.back().size() + 1)
    sorted.emplace_back(names.c_str() + at);
  std::ranges::sort(sorted);
  std::vector<char> value(largest_xattr);
  for (const std::string& name : sorted) {
    if (is_of_this_machine(name)) continue;
    const ssize_t size = ::lgetxattr(file.c_str(), name.c_str(), value.data(), value.size());
    if (size < 0) throw system_error(file, "reading attribute " + name, errno);
    ::archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

Image rootfs_image(const ImageRef& ref, const Platform* wanted) {
  const Platform platform = wanted == nullptr ? Platform::host() : *wanted;
  nlohmann::json config = {{"architecture", platform.architecture},
                           {"os", platform.os},
                           {"config", nlohmann::json::object()},
                           {"rootfs", {{"type", "layers"}, {"diff_ids", nlohmann::json::array()}}}};
  if (!platform.variant.empty()) config["variant"] = platform.variant;
  Image image;
  image.reference = ref.text();
  image.config = parse_image_config(config.dump(), ref.text());
  image.config_digest = Digest::of(image.config.json);
  image.layers.push_back({.blob = {.media_type = "application/vnd.oci.image.layer.v1.tar",
                                   .digest = {},
                                   .size = unknown_size,
                                   .location = ref.path},
                          .diff_id = {},
                          .created_by = {}});
  return image;
}

ByteReader folder_tar(const std::string& path) {
  return [tar = std::make_unique<FolderTar>(path)](std::span<std::byte> buffer) { return tar->read(buffer); };
}

}  // namespace slim
