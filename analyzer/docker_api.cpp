// Docker Engine API, as docs.docker.com/reference/api/engine has it by version ("Image" and "System"). Every
// version from 1.24 has the calls that are used here; later ones are asked for what they add: the platform of
// an inspection (1.49) and of a save (1.48). The version is agreed on as docker's own client does it: /_ping
// names the newest that the daemon speaks, and both speak the older one of that and slim's.
//
// A daemon that fails while it saves or loads has sent its 200 already, and says so as a line of JSON in the
// stream.
#include "analyzer/docker_api.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/byte_stream.h"
#include "analyzer/docker_endpoint.h"
#include "analyzer/error.h"
#include "analyzer/http_client.h"
#include "analyzer/image_choice.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/platform.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr ApiVersion oldest{.major = 1, .minor = 24};
constexpr ApiVersion newest{.major = 1, .minor = 55};
constexpr ApiVersion saves_by_platform{.major = 1, .minor = 48};
constexpr ApiVersion inspects_by_platform{.major = 1, .minor = 49};

constexpr std::uint64_t largest_message = std::uint64_t{64} << 10;
constexpr int not_found = 404;

/// Podman makes the whole archive before it sends the first byte of it, and a load is answered when all of it
/// is unpacked.
HttpPatience patience() {
  return {.connect = std::chrono::seconds(10),
          .answer = std::chrono::hours(1),
          .slow_time = std::chrono::minutes(10),
          .slow_bytes = 1};
}

/// RFC 3986, 2.1; slashes and colons of a name stand as they are.
std::string percent_encoded(std::string_view text, std::string_view kept) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").contains(c) || kept.contains(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

std::string image_path(const std::string& name, std::string_view call) {
  return fmt::format("/images/{}/{}", percent_encoded(name, "/:@"), call);
}

std::string platform_query(const Platform& platform) {
  nlohmann::json json = {{"os", platform.os}, {"architecture", platform.architecture}};
  if (!platform.variant.empty()) json["variant"] = platform.variant;
  return "?platform=" +
         percent_encoded(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "");
}

/// What an answer that is no success says: its JSON's message, or its first line.
std::string message_of(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_object()) {
    const auto message = json.find("message");
    if (message != json.end() && message->is_string()) return message->get<std::string>();
  }
  return body.substr(0, body.find_first_of("\r\n"));
}

/// The error in a line of a stream of JSON objects; empty where it tells of none.
std::string error_in(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return {};
  const auto text_at = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (auto error = text_at(json, "error"); !error.empty()) return error;
  const auto detail = json.find("errorDetail");
  if (detail == json.end() || !detail->is_object()) return {};
  const auto message = text_at(*detail, "message");
  return message.empty() ? "an error without a message" : message;
}

/// The errors in a stream of lines of JSON; of a long line only the beginning is looked at.
std::string errors_in(ByteReader& stream) {
  std::string line;
  std::string found;
  std::vector<std::byte> block(std::size_t{16} << 10);
  const auto end_line = [&] {
    if (found.empty()) found = error_in(line);
    line.clear();
  };
  while (const std::size_t count = stream(block)) {
    for (const std::byte byte : std::span(block).first(count)) {
      if (const char c = static_cast<char>(byte); c == '\n') {
        end_line();
      } else if (line.size() < largest_message) {
        line += c;
      }
    }
  }
  end_line();
  return found;
}

DaemonImage image_in(const std::string& text, const std::string& name, const std::string& where) {
  const auto document = parse_json(text, where);
  const JsonObject json(document, where);
  DaemonImage image{.name = name, .id = json.string("Id"), .platform = {}, .diff_ids = {}};
  image.platform = {.os = json.string("Os"),
                    .architecture = json.string("Architecture"),
                    .variant = json.string("Variant")};
  image.diff_ids = json.object("RootFS").strings("Layers");
  // A containerd store (which tells the image's descriptor) counts what is compressed, too.
  const auto* size = json.find("Size");
  if (size != nullptr && size->is_number_unsigned() && json.find("Descriptor") == nullptr)
    image.size = size->get<std::uint64_t>();
  return image;
}

}  // namespace

std::string ApiVersion::text() const {
  return fmt::format("{}.{}", major, minor);
}

std::optional<ApiVersion> ApiVersion::parse(std::string_view text) {
  const auto number = [](std::string_view digits, unsigned& value) {
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && rest == digits.data() + digits.size();
  };
  const auto dot = text.find('.');
  ApiVersion version;
  if (dot == std::string_view::npos || !number(text.substr(0, dot), version.major) ||
      !number(text.substr(dot + 1), version.minor))
    return std::nullopt;
  return version;
}

std::string error_at_end(std::string_view last_bytes) {
  while (last_bytes.ends_with('\n') || last_bytes.ends_with('\r')) last_bytes.remove_suffix(1);
  const auto start = last_bytes.rfind("{\"errorDetail\"");
  return start == std::string_view::npos ? "" : error_in(last_bytes.substr(start));
}

std::string why_not_connected(const DockerEndpoint& endpoint) {
  if (endpoint.socket.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.socket.size() >= sizeof address.sun_path) return "the path is too long for a socket";
  std::memcpy(address.sun_path, endpoint.socket.data(), endpoint.socket.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return std::generic_category().message(errno);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  switch (errno) {
    case EAGAIN:  // its queue is full: somebody listens
      return {};
    case ENOENT:
    case ENOTDIR:
      return "no such socket";
    case ECONNREFUSED:
      return "nobody listens there";
    default:
      return std::generic_category().message(errno);
  }
}

DockerApi::DockerApi(DockerEndpoint endpoint) : endpoint_(std::move(endpoint)), client_(patience()) {
  if (const auto why = why_not_connected(endpoint_); !why.empty()) {
    throw Error(ErrorKind::environment, endpoint_.text(), why,
                why.starts_with("Permission")
                    ? "run slim as a user who may use it (root, or of the socket's group)"
                    : "");
  }
  HttpResponse answer = send("GET", "/_ping");
  if (answer.status != 200) refused(answer, "asking for its version");
  is_podman_ = !answer.header("Libpod-Api-Version").empty();
  const std::string told(answer.header("Api-Version"));
  drain(answer.body);
  const auto theirs = ApiVersion::parse(told);
  if (!theirs || *theirs < oldest) {
    throw Error(ErrorKind::environment, endpoint_.text(),
                told.empty() ? "names no version of Docker's API in its answer to /_ping"
                             : fmt::format("speaks version {} of Docker's API, and slim {} to {}", told,
                                           oldest.text(), newest.text()));
  }
  version_ = std::min(*theirs, newest);
}

bool DockerApi::has_unseen_platforms() const {
  return version_ >= saves_by_platform && version_ < inspects_by_platform && !is_podman_;
}

HttpResponse DockerApi::send(std::string_view method, const std::string& path, std::optional<HttpBody> body) {
  const std::string prefix = version_ == ApiVersion() ? "" : "/v" + version_.text();
  HttpRequest request{.method = std::string(method),
                      .url = (endpoint_.socket.empty() ? endpoint_.url : "http://localhost") + prefix + path,
                      .unix_socket = endpoint_.socket};
  request.tls.insecure = endpoint_.insecure;
  if (!endpoint_.ca.empty()) {
    request.tls.ca_files = {endpoint_.ca};
    request.tls.system_ca = false;
  }
  request.tls.certificate = endpoint_.certificate;
  request.tls.key = endpoint_.key;
  if (body) request.headers.emplace_back("Content-Type", "application/x-tar");
  request.body = std::move(body);
  return in_context(endpoint_.text(), [&] { return client_.send(std::move(request)); });
}

void DockerApi::refused(HttpResponse& response, const std::string& doing) {
  const std::string body = read_all(std::move(response.body), largest_message, endpoint_.text());
  throw Error(ErrorKind::environment, endpoint_.text(),
              fmt::format("{}: status {}: {}", doing, response.status, message_of(body)));
}

std::optional<DaemonImage> DockerApi::find_as(const std::string& name, const Platform* wanted) {
  const bool chooses = wanted != nullptr && version_ >= inspects_by_platform && !is_podman_;
  HttpResponse answer = send("GET", image_path(name, "json") + (chooses ? platform_query(*wanted) : ""));
  if (answer.status == not_found) {
    read_all(std::move(answer.body), largest_message, endpoint_.text());
    return std::nullopt;
  }
  if (answer.status != 200) refused(answer, "asking for " + name);
  const std::string where = fmt::format("{}: what it says of {}", endpoint_.text(), name);
  return image_in(read_all(std::move(answer.body), largest_document, where), name, where);
}

std::optional<DaemonImage> DockerApi::find(const std::string& name, const Platform* wanted) {
  auto found = find_as(name, wanted);
  // What Podman has built or loaded without a registry in its name; its Docker API takes names for
  // docker.io's.
  if (!found && is_podman_) found = find_as("localhost/" + name, wanted);
  return found;
}

ByteReader DockerApi::save(const std::string& name, const Platform& platform) {
  const bool chooses = version_ >= saves_by_platform && !is_podman_ && !platform.architecture.empty();
  HttpResponse answer = send("GET", image_path(name, "get") + (chooses ? platform_query(platform) : ""));
  if (answer.status != 200) refused(answer, "saving " + name);
  return std::move(answer.body);
}

void DockerApi::load(HttpBody archive) {
  HttpResponse answer = send("POST", "/images/load?quiet=1", std::move(archive));
  if (answer.status != 200) refused(answer, "loading the image");
  if (const auto error = errors_in(answer.body); !error.empty())
    throw Error(ErrorKind::environment, endpoint_.text(), "loading the image: " + error);
}

}  // namespace slim
