// The few calls of Docker's Engine API that move an image, which Podman's service answers too.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/docker_endpoint.h"
#include "analyzer/http_client.h"
#include "analyzer/platform.h"

namespace slim {

struct ApiVersion {
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const ApiVersion&) const = default;
  [[nodiscard]] std::string text() const;  ///< "1.41"
  /// Nullopt where it is none.
  static std::optional<ApiVersion> parse(std::string_view text);
};

/// What a daemon says of an image. Nothing of it is proved.
struct DaemonImage {
  std::string name;  ///< under which the daemon knows it
  std::string id;    ///< a digest: of its config, or of its manifest or index in a containerd store
  Platform platform;
  std::vector<std::string> diff_ids;
  std::uint64_t size = 0;  ///< bytes that its layers take unpacked; 0: not known
};

class DockerApi {
 public:
  /// Connects, and agrees on a version of the API. Errors are of kind environment, each with what can be done
  /// where that is known: no such socket, no permission, nobody answers, a version that slim does not speak.
  explicit DockerApi(DockerEndpoint endpoint);

  [[nodiscard]] const DockerEndpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] ApiVersion version() const { return version_; }
  [[nodiscard]] bool is_podman() const { return is_podman_; }
  /// Whether an image may have more platforms than find() can ask for, although save() can.
  [[nodiscard]] bool has_unseen_platforms() const;

  /// The image of that name or id; nullopt where the daemon has none, or (as far as its version of the API
  /// can tell) none for `wanted`. Podman's own names (localhost/NAME) are found by NAME too.
  std::optional<DaemonImage> find(const std::string& name, const Platform* wanted = nullptr);

  /// The archive of `docker save`, as it is sent. Of a multi-platform image that of `platform` alone where
  /// the version of the API can choose. What the connection does is seen as an Error when it is read.
  ByteReader save(const std::string& name, const Platform& platform);

  /// `docker load`: reads `archive`, and returns when the daemon has all of it. What the daemon says is wrong
  /// is an Error of kind environment.
  void load(HttpBody archive);

 private:
  HttpResponse send(std::string_view method, const std::string& path, std::optional<HttpBody> body = {});
  [[noreturn]] void refused(HttpResponse& response, const std::string& doing);
  std::optional<DaemonImage> find_as(const std::string& name, const Platform* wanted);

  DockerEndpoint endpoint_;
  HttpClient client_;
  ApiVersion version_;
  bool is_podman_ = false;
};

/// The error that a daemon tells of at the end of a stream that had begun well, given the last bytes of it;
/// empty where there is none.
std::string error_at_end(std::string_view last_bytes);

/// Why `endpoint`, a socket of this machine, cannot be connected to: "no such socket", ...; empty where it
/// can, or where it is no such socket. No delay.
std::string why_not_connected(const DockerEndpoint& endpoint);

}  // namespace slim
