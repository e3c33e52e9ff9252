// oci: an OCI image layout folder (image-layout.md). The image is always staged as a layout of its own. A
// folder that does not exist yet is that layout renamed; to one that does the image is added: its blobs are
// moved in first, then index.json is replaced, so that at every moment the layout is whole, with the image or
// without it.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "slimmer/destination.h"
#include "slimmer/layer_writer.h"
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

/// The index.json of the layout in `folder`; empty where the folder is. Anything else is an Error.
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

void write_file(const fs::path& path, std::span<const std::byte> bytes, const std::string& what) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) throw system_error(what, "cannot write " + path.filename().string(), errno);
  try {
    write_at(fd, bytes, 0, what);
    sync_file(fd, what);
  } catch (...) {
    close(fd);
    throw;
  }
  close(fd);
}

void write_file(const fs::path& path, const std::string& text, const std::string& what) {
  write_file(path, std::as_bytes(std::span(text)), what);
}

class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags, const std::string& what)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw system_error(what, "cannot open " + path.string(), errno);
  }
  ~OpenFile() { close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

class OciLayout : public Destination {
 public:
  OciLayout(const ImageRef& ref, std::string name)
      : ref_(ref),
        name_(std::move(name)),
        place_(checked_place(ref)),
        exists_(fs::exists(place_)),
        stage_(StagedKind::folder, exists_ ? place_ : parent(), place_.filename().string(), ref.text()) {
    make_folder(root() / "blobs");
    make_folder(root() / "blobs" / "sha256");
    layer_.emplace(root() / "blobs" / "sha256" / "layer", O_WRONLY | O_CREAT | O_EXCL, what());
  }

  [[nodiscard]] bool compresses() const override { return true; }
  LayerSink* files() override { return nullptr; }

  void layer_bytes(std::span<const std::byte> bytes) override {
    if (!layer_) throw std::logic_error("a layer got more bytes after its end");
    write_at(layer_->fd(), bytes, layer_size_, what());
    layer_size_ += bytes.size();
  }

  Digest describe(const OutputImage& image) override {
    if (layer_) {
      sync_file(layer_->fd(), what());
      layer_.reset();
      layer_path_ = oci_blob_path(image.layer_digest);
      move_file(root() / "blobs" / "sha256" / "layer", root() / layer_path_);
    }
    for (const std::string& old : described_) fs::remove(root() / old);
    const std::string manifest = oci_manifest(image);
    Digest digest = Digest::of(manifest);
    described_ = {oci_blob_path(Digest::of(image.config)), oci_blob_path(digest)};
    write_file(root() / described_[0], image.config, what());
    write_file(root() / described_[1], manifest, what());
    write_file(root() / "oci-layout", oci_layout_file(), what());
    write_file(root() / "index.json", oci_index_with("", image, manifest, name_, what()), what());
    image_ = image;
    manifest_ = manifest;
    return digest;
  }

  [[nodiscard]] ImageRef staged() const override {
    return {.transport = Transport::oci, .path = root().string(), .name = name_};
  }

  void commit() override {
    if (exists_) {
      commit_staged([this] { add_to_layout(); });
      committed_ = true;
      return;
    }
    sync_folder(root() / "blobs" / "sha256", what());
    sync_folder(root() / "blobs", what());
    sync_folder(root(), what());
    commit_staged([this] { stage_.move_to(place_); });
  }

 private:
  static fs::path checked_place(const ImageRef& ref) {
    std::error_code error;
    fs::path place = fs::path(ref.path).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();  // a trailing slash
    const auto status = fs::status(place, error);
    if (!fs::exists(status)) return place;
    if (!fs::is_directory(status))
      throw Error(ErrorKind::environment, ref.text(), "exists and is not a folder");
    const std::string index = existing_index(place, ref.text());
    if (!index.empty())
      oci_index_with(index, {}, "", "", ref.text() + ": index.json");  // fails where it cannot be read
    return place;
  }

  [[nodiscard]] fs::path parent() const { return place_.has_parent_path() ? place_.parent_path() : "."; }
  [[nodiscard]] fs::path root() const { return committed_ ? place_ : stage_.path(); }
  [[nodiscard]] const std::string& what() const { return stage_.what(); }

  void make_folder(const fs::path& path) {
    std::error_code error;
    fs::create_directory(path, error);
    if (error)
      throw Error(ErrorKind::environment, what(),
                  "cannot make " + path.filename().string() + ": " + error.message());
  }

  void move_file(const fs::path& from, const fs::path& to) {
    if (rename(from.c_str(), to.c_str()) != 0)
      throw system_error(what(), "cannot rename to " + to.string(), errno);
  }

  /// Moves what the layout does not have yet into it; what was moved is taken back if a later step fails.
  void add_to_layout() {
    const OpenFile layout(place_, O_RDONLY | O_DIRECTORY, what());
    if (flock(layout.fd(), LOCK_EX) != 0) throw system_error(what(), "cannot lock the layout", errno);
    const std::string index = existing_index(place_, what());
    write_file(root() / "index.json",
               oci_index_with(index, image_, manifest_, name_, what() + ": index.json"), what());
    make_folder(place_ / "blobs");
    make_folder(place_ / "blobs" / "sha256");
    std::vector<fs::path> moved;
    try {
      for (const std::string& blob : {layer_path_, described_[0], described_[1], std::string("oci-layout")}) {
        if (fs::exists(place_ / blob)) continue;
        move_file(root() / blob, place_ / blob);
        moved.push_back(place_ / blob);
      }
      sync_folder(place_ / "blobs" / "sha256", what());
      sync_folder(place_ / "blobs", what());
      move_file(root() / "index.json", place_ / "index.json");
    } catch (...) {
      std::error_code ignored;  // the first error is the one to report
      for (const fs::path& path : moved) fs::remove(path, ignored);
      throw;
    }
    sync_folder(place_, what());
  }

  ImageRef ref_;
  std::string name_;
  fs::path place_;
  bool exists_;
  StagedPath stage_;
  bool committed_ = false;
  std::optional<OpenFile> layer_;
  std::uint64_t layer_size_ = 0;
  std::string layer_path_;
  std::vector<std::string> described_;  ///< the blobs of config and manifest
  OutputImage image_;
  std::string manifest_;
};

}  // namespace

std::unique_ptr<Destination> open_oci_layout(const ImageRef& ref, const std::string& name) {
  return std::make_unique<OciLayout>(ref, name);
}

}  // namespace slim
