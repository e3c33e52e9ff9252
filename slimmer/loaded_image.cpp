// docker-daemon and containers-storage: a docker archive in a temporary file, which is what every version of
// Docker and Podman loads. It is proved where it lies; commit() sends it, and asks afterwards whether it is
// there. The daemon unpacks an archive before it looks at what is in it (moby, image/tarexport/load.go), so
// that one that breaks off leaves nothing there either.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/docker_api.h"
#include "analyzer/docker_endpoint.h"
#include "analyzer/error.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/podman.h"
#include "analyzer/saved_image.h"
#include "analyzer/spool.h"
#include "analyzer/unique_fd.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_writer.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

/// What was sent, for whoever asks whether it has arrived.
struct Sent {
  std::string name;
  Digest config;
  std::vector<std::string> diff_ids;  ///< as in a config
};

/// Where an archive can be loaded.
using Loader = std::function<void(const std::string& archive, const Sent& sent)>;

void load_by_api(const DockerEndpoint& endpoint, const std::string& archive, const Sent& sent) {
  DockerApi api(endpoint);  // anew: the connection that was tried before the work began is long closed
  const UniqueFd file = open_regular_file(archive);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) throw system_error(archive, "reading its size", errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  api.load({.bytes = file_range_reader(file.get(), 0, size, archive), .size = size});
  const auto there = api.find(sent.name);
  // A store of containerd's names an image by a manifest that it has made itself.
  const bool is_it = there && (there->id == sent.config.text() || there->diff_ids == sent.diff_ids);
  if (!is_it) {
    throw Error(
        ErrorKind::environment, endpoint.text(),
        fmt::format("has taken the archive, and {} is {} there", sent.name, there ? "another image" : "not"));
  }
}

void load_by_program(const std::string& archive, const Sent& sent) {
  podman_load(archive);
  const auto there = podman_find(sent.name);
  if (!there || there->id != sent.config.hex()) {
    throw Error(
        ErrorKind::environment, "podman load",
        fmt::format("has taken the archive, and {} is {} there", sent.name, there ? "another image" : "not"));
  }
}

/// Finds out now what cannot work later.
Loader loader_of(const ImageRef& ref) {
  const bool is_docker = ref.transport == Transport::docker_daemon;
  auto api = connect_to_any(is_docker ? docker_endpoints : podman_endpoints);
  if (api) {
    return [endpoint = api->endpoint()](const std::string& archive, const Sent& sent) {
      load_by_api(endpoint, archive, sent);
    };
  }
  if (!is_docker && has_podman()) return load_by_program;
  throw Error(ErrorKind::environment, ref.text(), api.error().why + (is_docker ? "" : "; no podman in PATH"),
              api.error().hint);
}

/// The archive in `folder`, where it is staged: under a hidden name that shows what it is.
ImageRef temporary_archive(const std::filesystem::path& folder, const ImageRef& ref,
                           const std::string& name) {
  std::string file = fmt::format("{}-{}.tar", to_string(ref.transport), name);
  std::ranges::replace(file, '/', '-');
  std::ranges::replace(file, ':', '-');  // podman takes one for the end of a path
  return {.transport = Transport::docker_archive, .path = (folder / file).string(), .name = name};
}

class LoadedImage : public Destination {
 public:
  LoadedImage(const ImageRef& ref, const std::string& name)
      : what_(ref.text()),
        load_(loader_of(ref)),
        folder_(StagedKind::private_folder, temporary_folder(), "load", ref.text()),
        archive_(open_docker_archive(temporary_archive(folder_.path(), ref, name), name)),
        sent_{.name = name, .config = {}, .diff_ids = {}} {}

  [[nodiscard]] bool compresses() const override { return archive_->compresses(); }
  LayerSink* files() override { return archive_->files(); }
  void layer_bytes(std::span<const std::byte> bytes) override { archive_->layer_bytes(bytes); }
  void end_layer(const StoredLayer& layer) override { archive_->end_layer(layer); }
  Digest describe(const OutputImage& image) override {
    sent_.config = Digest::of(image.config);
    sent_.diff_ids.clear();
    for (const StoredLayer& layer : image.layers) sent_.diff_ids.push_back(layer.tar.digest.text());
    return archive_->describe(image);
  }
  [[nodiscard]] ImageRef staged() const override { return archive_->staged(); }
  void commit() override {
    in_context(what_, [this] { load_(archive_->staged().path, sent_); });
  }

 private:
  std::string what_;
  Loader load_;
  StagedPath folder_;  // nobody else's: a name in a shared folder could be a stranger's link
  std::unique_ptr<Destination> archive_;
  Sent sent_;
};

}  // namespace

std::unique_ptr<Destination> open_loaded_image(const ImageRef& ref, const std::string& name) {
  return std::make_unique<LoadedImage>(ref, name);
}

}  // namespace slim
