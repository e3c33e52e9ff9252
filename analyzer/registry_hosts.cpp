// containers-certs.d(5); Docker has the same below /etc/docker.
#include "analyzer/registry_hosts.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/http_client.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders() {
  std::vector<fs::path> all = {"/etc/docker/certs.d", "/etc/containers/certs.d"};
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  if (home != nullptr && *home == '/') {
    all.push_back(fs::path(home) / ".config/containers/certs.d");
    all.push_back(fs::path(home) / ".config/docker/certs.d");
  }
  return all;
}

}  // namespace

TlsOptions tls_for(const std::string& host, bool insecure) {
  TlsOptions tls;
  tls.insecure = insecure;
  for (const fs::path& folder : folders()) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator item(folder / host, error), end; !error && item != end; item.increment(error))
      files.push_back(item->path());
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      if (file.extension() == ".crt") tls.ca_files.push_back(file.string());
      const fs::path key = fs::path(file).replace_extension(".key");
      if (file.extension() != ".cert" || !tls.certificate.empty() || !fs::exists(key, error)) continue;
      tls.certificate = file.string();
      tls.key = key.string();
    }
  }
  return tls;
}

bool is_loopback(std::string_view host) {
  const auto colon = host.starts_with('[') ? host.find("]:") : host.find(':');
  std::string_view name = host.substr(0, colon);
  if (name.starts_with('[')) name.remove_prefix(1);
  if (name.ends_with(']')) name.remove_suffix(1);
  const bool is_v4 =
      name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
  return name == "localhost" || name == "::1" || is_v4;
}

RegistryPatience registry_patience() {
  double seconds = 30;
  const char* text = std::getenv("SLIM_NETWORK_PATIENCE");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  if (text != nullptr && *text != '\0') {
    const std::string_view value(text);
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size() || !(seconds > 0) || seconds > 1e6)
      throw Error(ErrorKind::usage, "SLIM_NETWORK_PATIENCE", "expected a number of seconds above 0");
  }
  constexpr double slow_bytes_a_second = 1000;
  const auto times = [seconds](double factor) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * factor * 1000) + 1);
  };
  return {.http = {.connect = times(1),
                   .answer = times(10),
                   .slow_time = times(1),
                   .slow_bytes = static_cast<std::uint64_t>(seconds * slow_bytes_a_second) + 1},
          .first_wait = times(1.0 / 30),
          .longest_wait = times(4)};
}

}  // namespace slim
