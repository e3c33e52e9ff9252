// Random access to a tar: one scan over its headers, which skips the contents, and then pread. The content of
// a member ends where the next header begins, less the padding to 512 bytes (tar(5)); so its offset is known
// without parsing what extended headers came before it.
#include "analyzer/image_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <archive_entry.h>
#include <fmt/format.h>

#include "analyzer/blob_place.h"
#include "analyzer/byte_stream.h"
#include "analyzer/compression.h"
#include "analyzer/error.h"
#include "analyzer/layer_index.h"
#include "analyzer/spool.h"
#include "analyzer/tar_reader.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::size_t most_members = 1'000'000;
constexpr int most_links = 40;
constexpr std::uint64_t tar_block = 512;

std::uint64_t file_size(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) throw system_error(path, "reading its size", errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::input, path, "expected a regular file");
  return static_cast<std::uint64_t>(status.st_size);
}

[[noreturn]] void cannot_open(const std::string& path, int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR) {
    throw Error(ErrorKind::input, path, "no such file or folder");
  }
  throw system_error(path, "opening", error_number);
}

Compression compression_of(int fd, std::uint64_t size, const std::string& path) {
  std::array<std::byte, 16> head{};
  auto reader = file_range_reader(fd, 0, std::min<std::uint64_t>(size, head.size()), path);
  const std::size_t count = size == 0 ? 0 : reader(head);
  return detect_compression(std::span(head).first(count));
}

/// The name that a symlink in an archive leads to, or nothing where it leaves the archive.
std::optional<std::string> link_target(const std::string& name, std::string_view target) {
  if (target.starts_with('/')) return normalize_layer_path(target);
  std::string folder = name.substr(0, name.rfind('/') == std::string::npos ? 0 : name.rfind('/'));
  while (target.starts_with("../") || target.starts_with("./")) {
    if (target.starts_with("../")) {
      if (folder.empty()) return std::nullopt;
      const std::size_t slash = folder.rfind('/');
      folder.resize(slash == std::string::npos ? 0 : slash);
    }
    target.remove_prefix(target.find('/') + 1);
  }
  return normalize_layer_path(folder + "/" + std::string(target));
}

}  // namespace

UniqueFd open_regular_file(const std::string& path) {
  // Not to wait for a writer where it is a fifo.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) cannot_open(path, errno);
  file_size(fd.get(), path);
  return fd;
}

void visit_member_names(const std::string& path, const std::function<bool(std::string_view name)>& visit) {
  const UniqueFd fd = open_regular_file(path);
  const std::uint64_t size = file_size(fd.get(), path);
  std::optional<TarReader> tar;
  if (compression_of(fd.get(), size, path) == Compression::none) {
    // Through the decompressor's eyes once, which knows what slim cannot read.
    std::array<std::byte, tar_block> head{};
    auto reader = decompressed(file_range_reader(fd.get(), 0, std::min(size, tar_block), path), path);
    reader(head);
    tar.emplace(fd.get(), path);
  } else {
    tar.emplace(decompressed(file_range_reader(fd.get(), 0, size, path), path), path);
  }
  while (tar->next()) {
    const char* name = ::archive_entry_pathname(tar->entry());
    if (!visit(name == nullptr ? "" : name)) return;
  }
}

ImageFiles ImageFiles::folder(const std::string& path) {
  ImageFiles files;
  files.path_ = path;
  files.is_folder_ = true;
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) cannot_open(path, errno);
  files.fd_ = std::make_shared<const UniqueFd>(std::move(fd));
  return files;
}

ImageFiles ImageFiles::archive(const std::string& path) {
  ImageFiles files;
  files.path_ = path;
  UniqueFd fd = open_regular_file(path);
  const std::uint64_t size = file_size(fd.get(), path);
  if (compression_of(fd.get(), size, path) != Compression::none) {
    files.is_spooled_ = true;
    fd = spool(decompressed(file_range_reader(fd.get(), 0, size, path), path), path);
  }
  files.read_tar(std::move(fd));
  return files;
}

ImageFiles ImageFiles::spooled(UniqueFd tar, const std::string& name) {
  ImageFiles files;
  files.path_ = name;
  files.is_spooled_ = true;
  files.read_tar(std::move(tar));
  return files;
}

void ImageFiles::read_tar(UniqueFd tar) {
  tar_size_ = file_size(tar.get(), path_);
  fd_ = std::make_shared<const UniqueFd>(std::move(tar));
  scan();
}

void ImageFiles::scan() {
  TarReader tar(fd_->get(), path_);
  std::string previous;  // the file whose content ends at the next header
  const auto finish_previous = [&] {
    if (previous.empty()) return;
    Member& member = members_[previous];
    const std::uint64_t padded = (member.size + tar_block - 1) / tar_block * tar_block;
    if (member.size > tar_size_ || padded > tar.header_offset()) {
      throw Error(ErrorKind::input, place(previous), "corrupt tar: size is larger than the archive");
    }
    member.offset = tar.header_offset() - padded;
    if (member.offset + member.size > tar_size_) {
      throw Error(ErrorKind::input, place(previous),
                  fmt::format("truncated: {} bytes are missing", member.offset + member.size - tar_size_));
    }
  };
  while (tar.next()) {
    finish_previous();
    previous.clear();
    const char* raw = ::archive_entry_pathname(tar.entry());
    const auto name = normalize_layer_path(raw == nullptr ? "" : raw);
    if (!name || name->empty()) continue;
    Member member;
    const char* hardlink = ::archive_entry_hardlink(tar.entry());
    const char* symlink = ::archive_entry_symlink(tar.entry());
    if (hardlink != nullptr || symlink != nullptr) {
      const auto target = hardlink != nullptr ? normalize_layer_path(hardlink) : link_target(*name, symlink);
      if (target) member = {.kind = Kind::link, .target = *target};
    } else if (::archive_entry_filetype(tar.entry()) == AE_IFREG &&
               ::archive_entry_sparse_count(tar.entry()) == 0 && ::archive_entry_size(tar.entry()) >= 0) {
      member = {.kind = Kind::file,
                .size = static_cast<std::uint64_t>(::archive_entry_size(tar.entry())),
                .target = {}};
      previous = *name;
    }
    members_[*name] = std::move(member);
    if (members_.size() > most_members) {
      throw Error(ErrorKind::input, path_, fmt::format("more than {} members", most_members));
    }
  }
  finish_previous();
}

std::optional<ImageFiles::Place> ImageFiles::find(const std::string& name) const {
  if (is_folder_) {
    if (!normalize_layer_path(name)) return std::nullopt;
    // Symlinks are followed: build tools lay out folders of links, and digests say what the content must be.
    UniqueFd fd(::openat(fd_->get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (!fd) throw system_error(place(name), "opening", errno);
    const std::uint64_t size = file_size(fd.get(), place(name));
    return Place{.fd = std::make_shared<const UniqueFd>(std::move(fd)), .offset = 0, .size = size};
  }
  auto normal = normalize_layer_path(name);
  for (int links = 0; normal && links <= most_links; ++links) {
    const auto found = members_.find(*normal);
    if (found == members_.end() || found->second.kind == Kind::other) return std::nullopt;
    const Member& member = found->second;
    if (member.kind == Kind::file) return Place{.fd = fd_, .offset = member.offset, .size = member.size};
    normal = member.target;
  }
  return std::nullopt;
}

ImageFiles::Place ImageFiles::get(const std::string& name) const {
  auto found = find(name);
  if (!found)
    throw Error(ErrorKind::input, place(name), is_folder_ ? "no such file" : "no such member in the archive");
  return std::move(*found);
}

bool ImageFiles::contains(const std::string& name) const {
  return find(name).has_value();
}

std::uint64_t ImageFiles::size(const std::string& name) const {
  return get(name).size;
}

ByteReader ImageFiles::open(const std::string& name) const {
  const Place found = get(name);
  return
      [keep = found.fd, reader = file_range_reader(found.fd->get(), found.offset, found.size, place(name))](
          std::span<std::byte> buffer) mutable { return reader(buffer); };
}

std::optional<BlobPlace> ImageFiles::stored_at(const std::string& name) const {
  if (is_spooled_) return std::nullopt;
  const Place found = get(name);
  return BlobPlace::of(found.fd->get(), found.offset, found.size, place(name));
}

std::string ImageFiles::read(const std::string& name, std::uint64_t cap) const {
  return read_all(open(name), cap, place(name));
}

}  // namespace slim
