// Requests about one repository of a registry: who we are, how to trust it, and when to try again.
// OCI distribution-spec 1.1; the token protocol of distribution/distribution.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/auth_challenge.h"
#include "analyzer/error.h"
#include "analyzer/http_client.h"
#include "analyzer/registry_credentials.h"
#include "analyzer/registry_hosts.h"
#include "analyzer/registry_name.h"

namespace slim {

/// How often something was tried, and the waits between.
/// What Retry-After says (RFC 9110, 10.2.3); nothing where it is not there.
std::optional<std::chrono::milliseconds> asked_wait(const HttpResponse& response);

class Retries {
 public:
  explicit Retries(const RegistryPatience& patience) : patience_(patience) {}
  [[nodiscard]] bool left() const { return used_ < patience_.tries; }
  /// Waits before the next try: as long as the server asks for, else twice as long as before.
  void wait(std::optional<std::chrono::milliseconds> asked = std::nullopt);
  /// It gets on: all tries are there again.
  void start_anew() { used_ = 1; }

 private:
  RegistryPatience patience_;
  int used_ = 1;
};

/// Runs `action`; an HttpError that leaves it becomes an Error that says what for, first.
template <typename Action>
auto http_context(const std::string& what, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const HttpError& error) {
    throw Error(error.kind(), what, error.what(), error.hint());
  }
}

struct RegistryRequest {
  std::string method = "GET";
  std::string path;  ///< behind /v2/REPOSITORY/, or a whole URL that an answer gave
  HttpHeaders headers{};
  std::function<HttpBody()> body{};  ///< made anew for each try
  bool pushes = false;               ///< whether it needs the right to write
  std::string mounts_from{};         ///< another repository that is to be read; may be empty
};

/// May be used from several threads.
class RegistryClient {
 public:
  /// Finds out whether the registry speaks TLS: with `insecure`, and on this machine, plain HTTP will do
  /// where there is none. `what` is the image for messages. One that cannot be reached or trusted is an Error
  /// of kind environment.
  RegistryClient(RegistryName name, bool insecure, std::string what);

  [[nodiscard]] const RegistryName& name() const { return name_; }
  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] const RegistryPatience& patience() const { return patience_; }

  /// Sends it, authorized as the registry asks for. A busy or failing registry (429, 5xx) and a connection
  /// that breaks before the answer are tried again while `retries` has any; any status that is left is an
  /// answer. Throws HttpError, and an Error of kind environment where we are not who may.
  HttpResponse send(const RegistryRequest& request, Retries& retries);

  /// The body of a request that is expected to be answered with 200, of at most `cap` bytes.
  struct Text {
    HttpHeaders headers;
    std::string body;
  };
  Text text(const RegistryRequest& request, std::uint64_t cap);  ///< its errors are about the image
  /// The same; nothing where the registry has no such thing.
  std::optional<Text> text_if_there(const RegistryRequest& request, std::uint64_t cap);

  /// The URL that a header Location of an answer to `request` means. One that leaves TLS is an Error.
  [[nodiscard]] std::string location(const RegistryRequest& request, const HttpResponse& response) const;

  /// Ends the command for a status that was not hoped for, with an Error of kind environment, or `not_there`
  /// for a 404. `doing` is put in front ("reading the manifest").
  [[noreturn]] void fail(HttpResponse response, const std::string& doing,
                         ErrorKind not_there = ErrorKind::input) const;

 private:
  [[nodiscard]] std::string chosen_base();
  /// The answer itself where it is a 404.
  std::expected<Text, HttpResponse> text_with_retries(const RegistryRequest& request, std::uint64_t cap);
  [[nodiscard]] std::string url_of(const RegistryRequest& request) const;
  HttpResponse send_authorized(const RegistryRequest& request);
  HttpResponse send_once(const RegistryRequest& request, const std::string& authorization);
  void authorize(const RegistryRequest& request, const HttpResponse& refused, const std::string& used);
  std::string token(const AuthChallenge& challenge, const RegistryRequest& request);
  [[nodiscard]] const Credentials& credentials();
  [[nodiscard]] std::string rights_of(const RegistryRequest& request) const;
  [[noreturn]] void refuse(const std::string& why) const;

  RegistryName name_;
  bool insecure_;
  std::string what_;
  RegistryPatience patience_;
  HttpClient http_;
  TlsOptions tls_;
  std::string base_;  ///< https://HOST[:PORT]

  std::mutex mutex_;  ///< of what follows
  std::optional<Credentials> credentials_;
  std::map<std::string, std::string> authorizations_;  ///< headers, by the rights that they give
};

}  // namespace slim
