// HTTP/1.1 to registries and to the daemons' sockets, over libcurl: bodies are streams both ways, of any
// length, in little memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"

namespace slim {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;  ///< name, value

/// The value of the first header called `name`, in whatever case; empty where there is none.
std::string_view header_value(const HttpHeaders& headers, std::string_view name);

struct TlsOptions {
  std::vector<std::string> ca_files{};  ///< PEM: who else may vouch for the server
  bool system_ca = true;                ///< whether those that the system trusts may
  std::string certificate{};            ///< a PEM file: who we are; may be empty
  std::string key{};                    ///< of the certificate: a PEM file
  bool insecure = false;                ///< nobody need vouch for the server
};

struct HttpBody {
  ByteReader bytes;
  std::uint64_t size = unknown_size;  ///< unknown_size: sent in chunks (RFC 9112, 7.1)
};
HttpBody text_body(std::string text);

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://
  HttpHeaders headers{};
  std::string unix_socket{};  ///< spoken to instead of the URL's host; may be empty
  TlsOptions tls{};
  std::optional<HttpBody> body{};
};

/// How long a server may take. There is no limit to the whole.
struct HttpPatience {
  std::chrono::milliseconds connect = std::chrono::seconds(30);
  std::chrono::milliseconds answer =
      std::chrono::minutes(5);  ///< silence from the request's end to the answer
  /// Of the time that is spent waiting for bytes, either way: fewer than `slow_bytes` in `slow_time` are an
  /// error. Zero time: any trickle will do.
  std::chrono::milliseconds slow_time = std::chrono::seconds(30);
  std::uint64_t slow_bytes = 30'000;
};

/// What went wrong with a request, for whoever tries again or gives a hint.
enum class HttpTrouble : std::uint8_t {
  address,  ///< the URL is none, or its host is unknown
  connect,  ///< nobody answers there
  tls,      ///< there is no common language, or we are not let in
  trust,    ///< nobody vouches for the server
  broken,   ///< the connection ended before the answer did, or was no HTTP
  slow,     ///< patience was at its end
};

/// Of kind environment: "METHOD URL: reason"; neither user, password nor query of the URL are told.
class HttpError : public Error {
 public:
  HttpError(HttpTrouble trouble, const std::string& what, const std::string& why)
      : Error(ErrorKind::environment, what, why), trouble_(trouble) {}
  [[nodiscard]] HttpTrouble trouble() const noexcept { return trouble_; }

 private:
  HttpTrouble trouble_;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  bool redirected = false;  ///< another URL answers than the one that was asked
  /// The body as it comes, at most once. It is read from the network in the calls, at most 256 KiB ahead;
  /// read_ahead() gives it a thread. May be dropped half way, which closes the connection, and outlive the
  /// client. Ends with an HttpError where the server breaks off. While it is read, what is left of the
  /// request's body is sent.
  ByteReader body;

  [[nodiscard]] std::string_view header(std::string_view name) const { return header_value(headers, name); }
};

/// May be used from several threads. Connections are kept and used again, one for each request that is under
/// way at a time.
class HttpClient {
 public:
  explicit HttpClient(HttpPatience patience = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Sends a request and waits for the answer's headers; any status is an answer. GET and HEAD follow
  /// redirects: never from https to http unless insecure, and headers that hold credentials (Authorization,
  /// Cookie) are not sent to another host. Proxies are those of the environment (http_proxy, https_proxy,
  /// no_proxy). Throws HttpError, and what the request's body throws.
  HttpResponse send(HttpRequest request);

 private:
  struct Lanes;
  std::shared_ptr<Lanes> lanes_;
  HttpPatience patience_;
};

/// `url` without user, password, query and fragment: fit for messages.
std::string url_for_messages(std::string_view url);
/// HOST[:PORT] of a URL, as it is written there; empty where it is none.
std::string host_of(std::string_view url);
/// What `location` means in an answer from `base` (RFC 3986, 5); empty where it is no URL.
std::string resolved_url(const std::string& base, const std::string& location);
/// `text` as a value in a query: all but letters, digits and -._~ as %XX.
std::string url_encoded(std::string_view text);

}  // namespace slim
