// Tars for tests, header by header (POSIX.1-2001, pax; ustar), without the library that reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace slim::test {

struct TarEntry {
  std::string path;
  char type = '0';
  std::string content;
  std::string link;
  std::uint32_t mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t mtime = 1'600'000'000;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::vector<std::pair<std::string, std::string>> pax;  ///< records of an extended header before it
};

class TarBuilder {
 public:
  TarBuilder& add(const TarEntry& entry) {
    if (!entry.pax.empty()) {
      std::string records;
      for (const auto& [key, value] : entry.pax) records += record(key, value);
      append({.path = "PaxHeaders/x", .type = 'x', .content = records, .link = {}, .pax = {}});
    }
    append(entry);
    return *this;
  }
  TarBuilder& file(std::string path, std::string content, std::uint32_t mode = 0644) {
    return add({.path = std::move(path), .content = std::move(content), .link = {}, .mode = mode, .pax = {}});
  }
  TarBuilder& folder(std::string path, std::uint32_t mode = 0755) {
    return add({.path = std::move(path), .type = '5', .content = {}, .link = {}, .mode = mode, .pax = {}});
  }
  TarBuilder& symlink(std::string path, std::string target) {
    return add({.path = std::move(path),
                .type = '2',
                .content = {},
                .link = std::move(target),
                .mode = 0777,
                .pax = {}});
  }
  TarBuilder& hardlink(std::string path, std::string target) {
    return add({.path = std::move(path), .type = '1', .content = {}, .link = std::move(target), .pax = {}});
  }
  /// A header of the old GNU form with its own type letter and bytes of content, as for 'L'.
  TarBuilder& raw(const TarEntry& entry) {
    append(entry);
    return *this;
  }
  /// The whole archive, with its two blocks of zeros.
  [[nodiscard]] std::string str() const { return bytes_ + std::string(1024, '\0'); }

 private:
  static std::string record(const std::string& key, const std::string& value) {
    const std::size_t body = key.size() + value.size() + 3;
    std::size_t length = body + 1;
    while (std::to_string(length).size() + body != length) ++length;
    return fmt::format("{} {}={}\n", length, key, value);
  }
  static void put(std::string& header, std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) header.at(at + i) = text[i];
  }
  void append(const TarEntry& entry) {
    std::string header(512, '\0');
    put(header, 0, std::string_view(entry.path).substr(0, 100));
    put(header, 100, fmt::format("{:07o}", entry.mode));
    put(header, 108, fmt::format("{:07o}", entry.uid));
    put(header, 116, fmt::format("{:07o}", entry.gid));
    put(header, 124, fmt::format("{:011o}", entry.content.size()));
    put(header, 136, fmt::format("{:011o}", entry.mtime));
    put(header, 148, "        ");
    header[156] = entry.type;
    put(header, 157, std::string_view(entry.link).substr(0, 100));
    put(header, 257,
        std::string_view("ustar\0"
                         "00",
                         8));
    put(header, 329, fmt::format("{:07o}", entry.major));
    put(header, 337, fmt::format("{:07o}", entry.minor));
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(header, 148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    bytes_ += header + entry.content + std::string((512 - entry.content.size() % 512) % 512, '\0');
  }

  std::string bytes_;
};

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace slim::test
