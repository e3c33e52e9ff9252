// The files that an image is stored in, by name: members of a tar, read where they lie, or files of a folder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/blob_place.h"
#include "analyzer/byte_stream.h"
#include "analyzer/unique_fd.h"

namespace slim {

class ImageFiles {
 public:
  /// A tar, maybe compressed with gzip or zstd: it is then decompressed once into a temporary file (spool.h).
  /// Of members with one name the last counts.
  static ImageFiles archive(const std::string& path);
  /// A tar in a temporary file (spool.h). `name` stands for its path in messages.
  static ImageFiles spooled(UniqueFd tar, const std::string& name);
  static ImageFiles folder(const std::string& path);

  /// The path as the user gave it.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// "PATH: NAME", for messages.
  [[nodiscard]] std::string place(std::string_view name) const { return path_ + ": " + std::string(name); }
  /// Whether there is a file of that name, behind symlinks within an archive.
  [[nodiscard]] bool contains(const std::string& name) const;
  /// Its size in bytes. A file that is missing, is no regular file or lies outside a truncated archive is an
  /// input Error.
  [[nodiscard]] std::uint64_t size(const std::string& name) const;
  /// Its bytes. Readers do not disturb each other, and may outlive this object.
  [[nodiscard]] ByteReader open(const std::string& name) const;
  /// Where it lies on disk now; nothing where the archive was decompressed into a temporary file.
  [[nodiscard]] std::optional<BlobPlace> stored_at(const std::string& name) const;
  /// All of a file of at most `cap` bytes.
  [[nodiscard]] std::string read(const std::string& name, std::uint64_t cap) const;

 private:
  enum class Kind : std::uint8_t { file, link, other };
  struct Member {
    Kind kind = Kind::other;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::string target;  ///< of a link: the name that it leads to
  };
  struct Place {
    std::shared_ptr<const UniqueFd> fd;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  void read_tar(UniqueFd tar);
  void scan();
  [[nodiscard]] std::optional<Place> find(const std::string& name) const;
  [[nodiscard]] Place get(const std::string& name) const;

  std::string path_;
  std::shared_ptr<const UniqueFd> fd_;  ///< the tar, or the folder
  bool is_folder_ = false;
  bool is_spooled_ = false;  ///< the tar is a temporary file
  std::uint64_t tar_size_ = 0;
  std::unordered_map<std::string, Member> members_;
};

/// Opens a file to read; a path that does not exist, or is no regular file, is an input Error.
UniqueFd open_regular_file(const std::string& path);

/// Shows each member's name of a tar, maybe compressed, in order until `visit` says false. A file that is no
/// tar is an input Error.
void visit_member_names(const std::string& path, const std::function<bool(std::string_view name)>& visit);

}  // namespace slim
