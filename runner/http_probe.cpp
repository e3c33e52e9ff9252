// RFC 9112 (messages), RFC 9110 (Content-Length of requests: 8.6).
#include "runner/http_probe.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/unique_fd.h"
#include "runner/compare.h"
#include "runner/http.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

constexpr std::size_t comparable_cap = 1U << 20;
constexpr std::chrono::milliseconds poll_interval{20};

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string http_request(const HttpStep& step) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"Host", "localhost"}, {"User-Agent", "slim"}, {"Accept", "*/*"}, {"Connection", "close"}};
  const bool sends =
      !step.body.empty() || step.method == "POST" || step.method == "PUT" || step.method == "PATCH";
  if (sends) headers.emplace_back("Content-Length", std::to_string(step.body.size()));
  for (const auto& [name, value] : step.headers) {
    std::erase_if(headers, [&](const auto& header) { return same_name(header.first, name); });
  }
  headers.insert(headers.end(), step.headers.begin(), step.headers.end());
  auto request = fmt::format("{} {} HTTP/1.1\r\n", step.method, step.path);
  for (const auto& [name, value] : headers) request += fmt::format("{}: {}\r\n", name, value);
  return request + "\r\n" + step.body;
}

std::vector<Facet> http_facets(const std::string& name, const HttpReply& response, bool weak) {
  std::vector<Facet> facets;
  facets.push_back({.what = name + ": status",
                    .value = fmt::format("{} {}", response.status, response.reason),
                    .weak = weak,
                    .telling = true});
  const auto first = facets.size();  // one for each name; what comes more than once is compared in its order
  for (const auto& [key, value] : response.headers) {
    const auto what = fmt::format("{}: header {}", name, key);
    const auto same = std::ranges::find(facets.begin() + static_cast<std::ptrdiff_t>(first), facets.end(),
                                        what, &Facet::what);
    if (same == facets.end()) {
      facets.push_back({.what = what, .value = value, .weak = true});
    } else {
      same->value += "\n" + value;
    }
  }
  facets.push_back({.what = name + ": body", .value = comparable(response.body), .weak = weak});
  return facets;
}

std::string header_value(const HttpReply& response, std::string_view name) {
  std::string values;
  for (const auto& [key, value] : response.headers) {
    if (same_name(key, name)) values += (values.empty() ? "" : ", ") + value;
  }
  return values;
}

UniqueFd connect_soon(Container& container, const ListeningPort& port, Container::Deadline deadline) {
  while (true) {
    if (auto connection = container.connect(port)) return connection;
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline || container.wait(std::min(now + poll_interval, deadline))) return {};
  }
}

std::string comparable(std::string_view text) {
  if (text.size() <= comparable_cap) return std::string(text);
  std::uint64_t checksum = 14695981039346656037ULL;  // FNV-1a
  for (const char byte : text.substr(comparable_cap))
    checksum = (checksum ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  return fmt::format("{}\n[{} more bytes, checksum {:016x}]", text.substr(0, comparable_cap),
                     text.size() - comparable_cap, checksum);
}

}  // namespace slim
