// Blobs are moved in first, under the names of their digests, then index.json is replaced: image-layout.md.
#include "slimmer/layout_folder.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>
#include <span>
#include <sstream>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "analyzer/unique_fd.h"
#include "slimmer/oci_documents.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

std::string read_small_file(const fs::path& path, const std::string& what) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw Error(ErrorKind::environment, what, "cannot read " + path.filename().string());
  return std::move(text).str();
}

}  // namespace

void make_folder(const fs::path& path, const std::string& what) {
  std::error_code error;
  fs::create_directory(path, error);
  if (error)
    throw Error(ErrorKind::environment, what,
                "cannot make " + path.filename().string() + ": " + error.message());
}

void move_file(const fs::path& from, const fs::path& to, const std::string& what) {
  if (rename(from.c_str(), to.c_str()) != 0)
    throw system_error(what, "cannot rename to " + to.string(), errno);
}

std::string existing_index(const fs::path& folder, const std::string& what) {
  std::error_code error;
  if (fs::exists(folder / "oci-layout", error)) {
    check_oci_layout_file(read_small_file(folder / "oci-layout", what), what + ": oci-layout");
    return fs::exists(folder / "index.json", error) ? read_small_file(folder / "index.json", what) : "";
  }
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_staged_name(entry.path().filename().string())) continue;
    throw Error(ErrorKind::environment, what, "is a folder with other things in it and no OCI layout",
                "name a new folder, or an empty one");
  }
  if (error) throw Error(ErrorKind::environment, what, "cannot read the folder: " + error.message());
  return "";
}

void write_durable(const fs::path& path, std::span<const std::byte> bytes, const std::string& what) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) throw system_error(what, "cannot write " + path.filename().string(), errno);
  write_at(file.get(), bytes, 0, what);
  sync_file(file.get(), what);
}

void write_durable(const fs::path& path, const std::string& text, const std::string& what) {
  write_durable(path, std::as_bytes(std::span(text)), what);
}

fs::path checked_layout_place(const ImageRef& ref) {
  fs::path place = folder_place(ref.path, ref.text());
  std::error_code error;
  if (!fs::exists(place, error)) return place;
  const std::string index = existing_index(place, ref.text());
  if (!index.empty())
    oci_index_with(index, {}, "", "", ref.text() + ": index.json");  // fails where it cannot be read
  return place;
}

void sync_layout(const fs::path& layout, const std::string& what) {
  sync_folder(layout / "blobs" / "sha256", what);
  sync_folder(layout / "blobs", what);
  sync_folder(layout, what);
}

void add_to_layout(const fs::path& staged, const fs::path& place, std::vector<std::string> blobs,
                   const std::function<std::string(const std::string& index)>& with_added,
                   const std::string& what) {
  const UniqueFd layout(open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!layout) throw system_error(what, "cannot open " + place.string(), errno);
  if (flock(layout.get(), LOCK_EX) != 0) throw system_error(what, "cannot lock the layout", errno);
  write_durable(staged / "index.json", with_added(existing_index(place, what)), what);
  make_folder(place / "blobs", what);
  make_folder(place / "blobs" / "sha256", what);
  blobs.emplace_back("oci-layout");
  std::vector<fs::path> moved;
  try {
    for (const std::string& blob : blobs) {
      const bool there = fs::exists(place / blob);
      // One that is cut off (a crash before it was on the disk) is no such blob.
      const bool whole =
          there && (blob == "oci-layout" || fs::file_size(place / blob) == fs::file_size(staged / blob));
      if (whole) continue;
      move_file(staged / blob, place / blob, what);
      if (!there) moved.push_back(place / blob);
    }
    sync_folder(place / "blobs" / "sha256", what);
    sync_folder(place / "blobs", what);
    move_file(staged / "index.json", place / "index.json", what);
  } catch (...) {
    std::error_code ignored;  // the first error is the one to report
    for (const fs::path& path : moved) fs::remove(path, ignored);
    throw;
  }
  sync_folder(place, what);
}

}  // namespace slim
