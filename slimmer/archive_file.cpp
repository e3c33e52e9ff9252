// Room for the header is left before a layer and filled when the layer has ended, so that its bytes are
// written once. Every member has mode 0644, owner 0 and time 0: the archive's bytes depend on the image
// alone.
#include "slimmer/archive_file.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "analyzer/error.h"
#include "slimmer/staging.h"
#include "slimmer/tar_writer.h"

namespace slim {
namespace {

std::filesystem::path checked_place(const std::filesystem::path& place, const std::string& what) {
  std::error_code error;
  const auto status = std::filesystem::status(place, error);
  if (!std::filesystem::exists(status)) return place;
  if (std::filesystem::is_directory(status))
    throw Error(ErrorKind::environment, what, "is a folder: expected a file");
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::environment, what, "exists and is not a regular file");
  }
  const auto real = std::filesystem::canonical(place, error);
  return error ? place : real;
}

std::filesystem::path folder_of(const std::filesystem::path& place) {
  return place.has_parent_path() ? place.parent_path() : ".";
}

}  // namespace

ArchiveFile::ArchiveFile(const std::filesystem::path& place, const std::string& what)
    : place_(checked_place(place, what)),
      file_(StagedKind::file, folder_of(place_), place_.filename().string(), what) {}

void ArchiveFile::append(std::span<const std::byte> bytes) {
  write_at(file_.fd(), bytes, end_, file_.what());
  end_ += bytes.size();
}

void ArchiveFile::add(std::string_view name, std::string_view content) {
  std::string member = archive_member_header(name, content.size());
  member += content;
  member.resize(member.size() + tar_padding(content.size()), '\0');
  append(std::as_bytes(std::span(member)));
}

void ArchiveFile::layer_bytes(std::span<const std::byte> bytes) {
  if (!layer_begun_) {
    layer_begun_ = true;
    layer_start_ = end_;
    end_ += tar_block;
  }
  append(bytes);
}

void ArchiveFile::end_layer(std::string_view name) {
  const std::uint64_t size = end_ - layer_start_ - tar_block;
  constexpr std::array<std::byte, tar_block> zeros{};
  append(std::span(zeros).first(tar_padding(size)));
  layers_end_ = end_;
  const std::string header = archive_member_header(name, size);
  write_at(file_.fd(), std::as_bytes(std::span(header)), layer_start_, file_.what());
  layer_begun_ = false;
}

void ArchiveFile::back_to_layers() {
  if (end_ == layers_end_) return;
  if (ftruncate(file_.fd(), static_cast<off_t>(layers_end_)) != 0)
    throw system_error(file_.what(), "cannot write", errno);
  end_ = layers_end_;
}

void ArchiveFile::finish() {
  constexpr std::array<std::byte, tar_end> zeros{};
  append(zeros);
}

void ArchiveFile::commit() {
  sync_file(file_.fd(), file_.what());
  commit_staged([this] { file_.move_to(place_); });
}

}  // namespace slim
