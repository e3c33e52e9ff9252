// A digest says what every document and layer must be, so that the registry is not believed anything but what
// a tag means. Layers stream: a broken connection costs what was not read yet, by a range request (RFC 9110,
// 14).
#include "analyzer/registry_source.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/docker_archive.h"
#include "analyzer/error.h"
#include "analyzer/http_client.h"
#include "analyzer/image.h"
#include "analyzer/image_choice.h"
#include "analyzer/image_platforms.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/oci_image.h"
#include "analyzer/platform.h"
#include "analyzer/registry_client.h"
#include "analyzer/registry_name.h"
#include "analyzer/source.h"
#include "analyzer/spool.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::uint64_t enough_progress = std::uint64_t{1} << 20;  ///< for all tries to be there again

/// The bytes of a blob, over as many connections as it takes.
class BlobDownload {
 public:
  BlobDownload(std::shared_ptr<RegistryClient> client, const Descriptor& blob, std::string what)
      : client_(std::move(client)),
        request_{.path = "blobs/" + blob.digest.text()},
        size_(blob.size),
        what_(std::move(what)),
        retries_(client_->patience()) {
    http_context(what_, [this] { open(); });
  }

  std::size_t read(std::span<std::byte> buffer) {
    return http_context(what_, [&] { return read_on(buffer); });
  }

 private:
  std::size_t read_on(std::span<std::byte> buffer) {
    while (true) {
      try {
        if (!body_) open();
        const std::size_t count = body_(buffer);
        offset_ += count;
        if (count == 0 && offset_ < size_) {
          throw HttpError(HttpTrouble::broken, "download",
                          fmt::format("ended after {} of {} bytes", offset_, size_));
        }
        if (offset_ - last_trouble_ >= enough_progress) retries_.start_anew();
        return count;
      } catch (const HttpError& error) {
        body_ = nullptr;
        last_trouble_ = offset_;
        if (error.trouble() != HttpTrouble::broken || !retries_.left()) throw;
      }
      retries_.wait();
    }
  }

  void open() {
    request_.headers.clear();
    if (offset_ != 0) request_.headers.emplace_back("Range", fmt::format("bytes={}-", offset_));
    HttpResponse response = client_->send(request_, retries_);
    const bool goes_on = response.status == 206 &&
                         response.header("Content-Range").starts_with(fmt::format("bytes {}-", offset_));
    if (!goes_on && response.status != 200) client_->fail(std::move(response), what_);
    body_ = std::move(response.body);
    if (!goes_on) skip(offset_);
  }

  /// Reads what is known already once more, from a server that gives no ranges.
  void skip(std::uint64_t count) {
    std::vector<std::byte> block(std::min<std::uint64_t>(count, std::uint64_t{64} << 10));
    while (count != 0) {
      const std::size_t got = body_(std::span(block).first(std::min<std::uint64_t>(count, block.size())));
      if (got == 0) throw HttpError(HttpTrouble::broken, "download", "is shorter than before");
      count -= got;
    }
  }

  std::shared_ptr<RegistryClient> client_;
  RegistryRequest request_;
  std::uint64_t size_;
  std::string what_;
  Retries retries_;
  ByteReader body_;
  std::uint64_t offset_ = 0;
  std::uint64_t last_trouble_ = 0;
};

/// What a name stands for: the document that it means now, and those that this one names.
class RegistryImage {
 public:
  explicit RegistryImage(const ImageRef& ref)
      : client_(std::make_shared<RegistryClient>(RegistryName::parse(ref.name), ref.insecure, ref.text())),
        ref_(ref) {
    root_ = read_root();
  }

  [[nodiscard]] const std::shared_ptr<RegistryClient>& client() const { return client_; }
  [[nodiscard]] const Digest& digest() const { return root_.digest; }
  [[nodiscard]] std::vector<OciCandidate> candidates() const {
    return {{.descriptor = root_, .platform = {}, .names = {}}};
  }
  /// Must not outlive this.
  [[nodiscard]] OciDocuments documents() const {
    return {.where = ref_.text(),
            .read = [this](const Descriptor& descriptor,
                           bool is_config) { return document(descriptor, is_config); },
            .place = [this](const Descriptor& descriptor) { return place_of(descriptor); }};
  }
  [[nodiscard]] std::string place_of(const Descriptor& descriptor) const {
    return ref_.text() + ": " + descriptor.digest.text();
  }

 private:
  [[nodiscard]] RegistryClient::Text manifest(const std::string& reference) const {
    return client_->text({.path = "manifests/" + reference, .headers = {{"Accept", oci_manifest_types()}}},
                         largest_document);
  }

  /// What the name means now: the one thing that only the registry knows.
  Descriptor read_root() {
    const RegistryName& name = client_->name();
    RegistryClient::Text answer = manifest(name.reference());
    const std::string where = ref_.text() + ": manifest";
    Descriptor root;
    root.size = answer.body.size();
    if (!name.digest.empty()) {
      root.digest = name.digest;
    } else {
      const std::string_view told = header_value(answer.headers, "Docker-Content-Digest");
      root.digest = told.empty() ? Digest::of(answer.body) : Digest::parse(told, where);
    }
    check_document(answer.body, root, where);
    const nlohmann::json document = parse_json(answer.body, where);
    root.media_type = JsonObject(document, where).string("mediaType");
    if (root.media_type.empty()) {
      const std::string_view told = header_value(answer.headers, "Content-Type");
      root.media_type = told.substr(0, told.find_first_of("; "));
    }
    root_text_ = std::move(answer.body);
    return root;
  }

  [[nodiscard]] std::string document(const Descriptor& descriptor, bool is_config) const {
    if (descriptor.digest == root_.digest) return root_text_;
    const std::string where = place_of(descriptor);
    if (descriptor.size > largest_document)
      throw Error(ErrorKind::input, where, fmt::format("larger than {} bytes", largest_document));
    const std::string& digest = descriptor.digest.text();
    std::string text =
        is_config ? client_->text({.path = "blobs/" + digest}, largest_document).body : manifest(digest).body;
    check_document(text, descriptor, where);
    return text;
  }

  std::shared_ptr<RegistryClient> client_;
  ImageRef ref_;
  Descriptor root_;
  std::string root_text_;
};

class RegistrySource : public Source {
 public:
  RegistrySource(const ImageRef& ref, const Platform* wanted)
      : registry_(ref), image_(read_oci_image(registry_.documents(), registry_.candidates(), ref, wanted)) {
    RegistryName name = registry_.client()->name();
    name.digest = Digest();
    image_.name = name.tag.empty() ? name.text() : familiar_name(name.text());
    for (std::size_t i = 0; i < image_.layers.size(); ++i) uses_.push_back(std::make_unique<Use>());
  }

  [[nodiscard]] const Image& image() const override { return image_; }

  ByteReader open_blob(std::size_t index) override {
    const Descriptor& blob = image_.layers.at(index).blob;
    Use& use = *uses_[index];
    std::unique_lock lock(use.mutex);
    if (!use.opened) {
      use.opened = true;
      lock.unlock();
      return download(blob, index);
    }
    // Whoever reads it a second time will do so a third time: a plan is written again when it is healed.
    if (!use.kept)
      use.kept = std::make_shared<const UniqueFd>(
          spool(verified(download(blob, index), blob.digest, blob.size, layer_name(image_, index)),
                layer_name(image_, index), blob.size));
    return [keep = use.kept,
            reader = file_range_reader(use.kept->get(), 0, blob.size, registry_.place_of(blob))](
               std::span<std::byte> buffer) mutable { return reader(buffer); };
  }

 private:
  struct Use {
    std::mutex mutex;
    bool opened = false;
    std::shared_ptr<const UniqueFd> kept;
  };

  [[nodiscard]] ByteReader download(const Descriptor& blob, std::size_t index) const {
    auto download = std::make_unique<BlobDownload>(registry_.client(), blob, layer_name(image_, index));
    return [download = std::move(download)](std::span<std::byte> buffer) { return download->read(buffer); };
  }

  RegistryImage registry_;
  Image image_;
  std::vector<std::unique_ptr<Use>> uses_;
};

}  // namespace

std::unique_ptr<Source> open_registry(const ImageRef& ref, const Platform* wanted) {
  return std::make_unique<RegistrySource>(ref, wanted);
}

PlatformsOfImage registry_platforms(const ImageRef& ref) {
  const RegistryImage image(ref);
  RegistryName name = image.client()->name();
  name.digest = image.digest();
  PlatformsOfImage result{.ref = ref,
                          .platforms = read_oci_platforms(image.documents(), image.candidates(), ref)};
  result.ref.name = name.text();
  return result;
}

}  // namespace slim
