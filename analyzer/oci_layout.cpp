// index.json names the images of a layout; the rest is as everywhere (oci_image.h).
#include "analyzer/oci_layout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/docker_archive.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_choice.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/oci_image.h"
#include "analyzer/platform.h"

namespace slim {
namespace {

class LayoutReader {
 public:
  LayoutReader(const ImageFiles& files, const ImageRef& ref, const Platform* wanted)
      : files_(files), ref_(ref), wanted_(wanted) {}

  [[nodiscard]] Image read() const {
    check_layout();
    Image image = read_oci_image(documents(), candidates(), ref_, wanted_);
    if (!ref_.name.empty() && !ref_.name.starts_with('@')) image.name = ref_.name;
    for (const Layer& layer : image.layers) check_size(layer.blob);
    return image;
  }

  [[nodiscard]] std::vector<Platform> platforms() const {
    check_layout();
    return read_oci_platforms(documents(), candidates(), ref_);
  }

 private:
  [[nodiscard]] std::vector<OciCandidate> candidates() const {
    return by_name(read_oci_index(files_.read("index.json", largest_document), files_.place("index.json")));
  }

  /// Good for as long as this is.
  [[nodiscard]] OciDocuments documents() const {
    return {.where = files_.path(),
            .read = [this](const Descriptor& descriptor, bool) { return read_document(descriptor); },
            .place = [this](const Descriptor& descriptor) { return files_.place(descriptor.location); }};
  }

  void check_layout() const {
    if (!files_.contains("oci-layout")) {
      throw Error(ErrorKind::input, files_.path(), "no oci-layout in it: this is no OCI image layout");
    }
    const std::string where = files_.place("oci-layout");
    const auto document = parse_json(files_.read("oci-layout", largest_document), where);
    const std::string version = JsonObject(document, where).string("imageLayoutVersion");
    if (!version.starts_with("1.")) {
      throw Error(ErrorKind::input, where,
                  fmt::format("imageLayoutVersion: expected 1.0.0, found '{}'", version));
    }
  }

  void check_size(const Descriptor& blob) const {
    const std::uint64_t size = files_.size(blob.location);
    if (size == blob.size) return;
    throw Error(ErrorKind::input, files_.place(blob.location),
                fmt::format("expected {} bytes, found {}", blob.size, size));
  }

  [[nodiscard]] std::string read_document(const Descriptor& descriptor) const {
    const std::string where = files_.place(descriptor.location);
    if (descriptor.size > largest_document) {
      throw Error(ErrorKind::input, where, fmt::format("larger than {} bytes", largest_document));
    }
    return read_all(verified(files_.open(descriptor.location), descriptor.digest, descriptor.size, where),
                    largest_document, where);
  }

  /// The entries that the reference's name chooses; without one, all, if they are one image.
  [[nodiscard]] std::vector<OciCandidate> by_name(std::vector<OciCandidate> all) const {
    if (all.empty()) throw Error(ErrorKind::input, files_.place("index.json"), "holds no image");
    if (const auto index = chosen_index(ref_.name, all.size(), files_.path())) return {all[*index]};
    std::vector<std::string> names;
    std::set<std::string> distinct;  // an entry with two names is one image
    std::set<Digest> digests;
    for (std::size_t i = 0; i < all.size(); ++i) {
      names.push_back(all[i].names.empty() ? fmt::format("@{}", i) : all[i].names.front());
      distinct.insert(all[i].names.empty() ? "" : all[i].names.front());
      digests.insert(all[i].descriptor.digest);
    }
    if (ref_.name.empty()) {
      if (distinct.size() == 1 || digests.size() == 1) return all;
      throw Error(ErrorKind::input, files_.path(), fmt::format("holds several images: {}", listed(names)),
                  fmt::format("choose one: {}:{}:NAME", to_string(ref_.transport), ref_.path));
    }
    std::erase_if(all, [&](const OciCandidate& candidate) { return !is_named(candidate); });
    if (!all.empty()) return all;
    throw Error(ErrorKind::input, files_.path(),
                fmt::format("no image '{}': there is {}", ref_.name, listed(names)));
  }

  [[nodiscard]] bool is_named(const OciCandidate& candidate) const {
    return std::ranges::any_of(candidate.names, [&](const std::string& name) {
      return name == ref_.name ||
             (name.find('/') != std::string::npos && familiar_name(name) == familiar_name(ref_.name));
    });
  }

  const ImageFiles& files_;
  const ImageRef& ref_;
  const Platform* wanted_;
};

}  // namespace

Image read_oci_layout(const ImageFiles& files, const ImageRef& ref, const Platform* wanted) {
  return LayoutReader(files, ref, wanted).read();
}

std::vector<Platform> read_layout_platforms(const ImageFiles& files, const ImageRef& ref) {
  return LayoutReader(files, ref, nullptr).platforms();
}

}  // namespace slim
