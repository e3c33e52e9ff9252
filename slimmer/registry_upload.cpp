// A blob goes in one request (POST, then PUT), or in pieces (PATCH) where something between here and the
// registry does not let one so large pass. An upload that fails is begun anew: what becomes of half a one
// differs between registries.
#include "slimmer/registry_upload.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/http_client.h"
#include "analyzer/registry_client.h"
#include "analyzer/registry_hosts.h"

namespace slim {
namespace {

constexpr std::uint64_t usual_piece = std::uint64_t{8} << 20;
constexpr std::uint64_t largest_piece = std::uint64_t{1} << 30;  ///< that a registry may ask for

/// A request that is not tried again by itself: the place that it is about may be gone.
Retries only_once(const RegistryClient& client) {
  RegistryPatience patience = client.patience();
  patience.tries = 1;
  return Retries(patience);
}

class BlobUpload {
 public:
  BlobUpload(RegistryClient& client, const UploadBlob& blob, const std::string& mounts_from)
      : client_(client), blob_(blob), mounts_from_(mounts_from), retries_(client.patience()) {}

  void run() {
    while (!exists()) {
      std::optional<HttpResponse> failed;
      try {
        failed = in_pieces_ ? send_pieces() : send_whole();
        if (!failed) return;
      } catch (const HttpError& error) {
        if (error.trouble() != HttpTrouble::broken || !retries_.left()) throw;
      }
      if (failed && refuses_size(failed->status) && !in_pieces_) {
        in_pieces_ = true;
        continue;
      }
      const bool passes = !failed || failed->status == 429 || failed->status >= 500;
      const auto wait = failed ? asked_wait(*failed) : std::nullopt;
      const bool too_long = wait && *wait > client_.patience().longest_wait;
      if (failed && (!passes || too_long || !retries_.left()))
        client_.fail(*std::move(failed), doing(), ErrorKind::environment);
      retries_.wait(wait);
    }
  }

 private:
  [[nodiscard]] std::string doing() const { return "uploading " + blob_.digest.text(); }

  [[nodiscard]] RegistryRequest request(const std::string& method, const std::string& path) const {
    return {.method = method,
            .path = path,
            .headers = {},
            .body = {},
            .pushes = true,
            .mounts_from = mounts_from_};
  }

  bool exists() {
    HttpResponse response = client_.send(request("HEAD", "blobs/" + blob_.digest.text()), retries_);
    if (response.status != 200 && response.status != 404)
      client_.fail(std::move(response), doing(), ErrorKind::environment);
    return response.status == 200;
  }

  static bool refuses_size(int status) {
    return status == 405 || status == 411 || status == 413 || status == 501;
  }

  /// Where to send it; nothing where it was mounted.
  std::optional<std::string> begin(HttpResponse& begun) {
    std::string path = "blobs/uploads/";
    if (!mounts_from_.empty() && !in_pieces_) {
      path += fmt::format("?mount={}&from={}", url_encoded(blob_.digest.text()), url_encoded(mounts_from_));
    }
    RegistryRequest post = request("POST", path);
    post.body = [] { return text_body(""); };
    begun = client_.send(post, retries_);
    if (begun.status == 201) return std::nullopt;
    if (begun.status != 202) client_.fail(std::move(begun), doing(), ErrorKind::environment);
    return client_.location(post, begun);
  }

  [[nodiscard]] std::string with_digest(const std::string& place) const {
    return place + (place.find('?') == std::string::npos ? "?" : "&") +
           "digest=" + url_encoded(blob_.digest.text());
  }

  /// The answer where it is another than hoped for.
  std::optional<HttpResponse> send_whole() {
    HttpResponse begun;
    const auto place = begin(begun);
    if (!place) return std::nullopt;
    RegistryRequest put = request("PUT", with_digest(*place));
    put.headers.emplace_back("Content-Type", "application/octet-stream");
    put.body = [this] { return HttpBody{.bytes = blob_.bytes(0, blob_.size), .size = blob_.size}; };
    Retries once = only_once(client_);
    return unless_created(client_.send(put, once));
  }

  std::optional<HttpResponse> send_pieces() {
    HttpResponse begun;
    auto place = begin(begun);
    if (!place) return std::nullopt;
    const std::uint64_t piece = piece_size(begun);
    for (std::uint64_t offset = 0; offset < blob_.size; offset += piece) {
      const std::uint64_t length = std::min(piece, blob_.size - offset);
      RegistryRequest patch = request("PATCH", *place);
      patch.headers.emplace_back("Content-Type", "application/octet-stream");
      patch.headers.emplace_back("Content-Range", fmt::format("{}-{}", offset, offset + length - 1));
      patch.body = [this, offset, length] {
        return HttpBody{.bytes = blob_.bytes(offset, length), .size = length};
      };
      Retries once = only_once(client_);
      HttpResponse answer = client_.send(patch, once);
      if (answer.status != 202) return answer;
      place = client_.location(patch, answer);
    }
    RegistryRequest put = request("PUT", with_digest(*place));
    put.body = [] { return text_body(""); };
    Retries once = only_once(client_);
    return unless_created(client_.send(put, once));
  }

  static std::uint64_t piece_size(const HttpResponse& begun) {
    const std::string_view text = begun.header("OCI-Chunk-Min-Length");
    std::uint64_t least = 0;
    std::from_chars(text.data(), text.data() + text.size(), least);
    return std::clamp(least, usual_piece, largest_piece);
  }

  static std::optional<HttpResponse> unless_created(HttpResponse answer) {
    if (answer.status == 201 || answer.status == 204) return std::nullopt;
    return answer;
  }

  RegistryClient& client_;
  const UploadBlob& blob_;
  const std::string& mounts_from_;
  Retries retries_;
  bool in_pieces_ = false;
};

void begin_and_give_up(RegistryClient& client) {
  Retries retries(client.patience());
  RegistryRequest post{.method = "POST", .path = "blobs/uploads/", .pushes = true};
  post.body = [] { return text_body(""); };
  HttpResponse begun = client.send(post, retries);
  if (begun.status != 202) client.fail(std::move(begun), "preparing to push", ErrorKind::environment);
  Retries once = only_once(client);
  try {
    client.send({.method = "DELETE", .path = client.location(post, begun), .pushes = true}, once);
  } catch (const HttpError&) {
    return;  // registries forget uploads that nobody goes on with
  }
}

}  // namespace

void check_may_push(RegistryClient& client) {
  http_context(client.what(), [&] { begin_and_give_up(client); });
}

void upload_blob(RegistryClient& client, const UploadBlob& blob, const std::string& mounts_from) {
  http_context(client.what(), [&] { BlobUpload(client, blob, mounts_from).run(); });
}

HttpHeaders put_manifest(RegistryClient& client, const std::string& reference, const std::string& media_type,
                         const std::string& text) {
  Retries retries(client.patience());
  const RegistryRequest put{.method = "PUT",
                            .path = "manifests/" + reference,
                            .headers = {{"Content-Type", media_type}},
                            .body = [&text] { return text_body(text); },
                            .pushes = true};
  HttpResponse answer = http_context(client.what(), [&] { return client.send(put, retries); });
  if (answer.status != 201)
    client.fail(std::move(answer), "writing the manifest " + reference, ErrorKind::environment);
  const std::string_view told = answer.header("Docker-Content-Digest");
  if (const Digest digest = Digest::of(text); !told.empty() && told != digest.text()) {
    throw Error(ErrorKind::environment, client.what(),
                fmt::format("the registry has made {} of {}", told.substr(0, 100), digest.text()));
  }
  return std::move(answer.headers);
}

}  // namespace slim
