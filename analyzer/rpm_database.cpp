// SQLite's file format (sqlite.org, Database File Format): tables are B-trees of pages; a record that is too
// long for a page goes on in a list of overflow pages. Of the table Packages(hnum, blob) each blob is a
// header (RPM file format, Header Structure): the number of its index entries and of its data bytes, the
// entries of tag, type, offset and count, all big-endian, and the data.
//
// Every page is visited once at most, all rows together hold no more bytes than the file, and every name in a
// header is bounded by its data, so that no database costs more than its size.
#include "analyzer/rpm_database.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace slim {
namespace {

constexpr std::string_view magic{"SQLite format 3\0", 16};

std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t byte = at + i < bytes.size() ? static_cast<std::uint8_t>(bytes[at + i]) : 0;
    value = value << 8U | byte;
  }
  return value;
}

/// SQLite's integers of 1 to 9 bytes, seven bits each; moves `at`.
std::uint64_t take_varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 9 && at < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[at++]);
    if (i == 8) return value << 8U | byte;
    value = value << 7U | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) break;
  }
  return value;
}

class SqliteFile {
 public:
  explicit SqliteFile(std::string_view bytes) : bytes_(bytes) {
    page_size_ = big_endian(bytes, 16, 2);
    if (page_size_ == 1) page_size_ = 65536;
    const std::size_t reserved = static_cast<std::uint8_t>(bytes[20]);
    usable_ = page_size_ > reserved ? page_size_ - reserved : 0;
    visited_.resize(page_size_ == 0 ? 0 : bytes.size() / page_size_ + 1, false);
  }

  [[nodiscard]] bool is_sound() const { return usable_ >= 480; }
  [[nodiscard]] bool is_whole() const { return whole_; }

  /// Calls `row` with the payload of each row of the table whose tree begins at page `root` (from 1).
  void each_row(std::uint64_t root, const std::function<void(const std::string&)>& row) {
    std::vector<std::uint64_t> open{root};
    while (!open.empty()) {
      const std::uint64_t number = open.back();
      open.pop_back();
      const std::string_view page = take_page(number);
      if (page.empty()) continue;
      const std::size_t header = number == 1 ? 100 : 0;
      const std::uint64_t kind = big_endian(page, header, 1);
      // Each has a pointer of two bytes in the page: what claims more is damaged.
      const std::uint64_t cells = std::min<std::uint64_t>(big_endian(page, header + 3, 2), page.size() / 2);
      if (kind == 5) {
        std::vector<std::uint64_t> children;
        children.reserve(cells);
        for (std::size_t i = 0; i < cells; ++i)
          children.push_back(big_endian(page, big_endian(page, header + 12 + 2 * i, 2), 4));
        children.push_back(big_endian(page, header + 8, 4));
        open.insert(open.end(), children.rbegin(), children.rend());
      } else if (kind == 13) {
        for (std::size_t i = 0; i < cells && !is_spent(); ++i)
          row(payload(page, big_endian(page, header + 8 + 2 * i, 2)));
      } else {
        whole_ = false;
      }
    }
  }

 private:
  [[nodiscard]] bool is_spent() const { return taken_ > bytes_.size(); }

  /// Empty where there is none, or it was visited before.
  std::string_view take_page(std::uint64_t number) {
    const bool known = number != 0 && number <= bytes_.size() / page_size_ && !visited_[number];
    whole_ = whole_ && known;
    if (!known) return {};
    visited_[number] = true;
    return bytes_.substr((number - 1) * page_size_, page_size_);
  }

  std::string payload(std::string_view page, std::size_t at) {
    const std::uint64_t size = take_varint(page, at);
    take_varint(page, at);  // the row's number
    const std::size_t most = usable_ - 35;
    std::size_t local = size;
    if (size > most) {
      const std::size_t least = (usable_ - 12) * 32 / 255 - 23;
      local = least + (size - least) % (usable_ - 4);
      if (local > most) local = least;
    }
    if (size > bytes_.size() || at > page.size() || page.size() - at < local) {
      whole_ = false;
      return {};
    }
    taken_ += size;
    if (is_spent()) {  // rows that share their bytes
      whole_ = false;
      return {};
    }
    std::string whole(page.substr(at, local));
    std::uint64_t next = size > most ? big_endian(page, at + local, 4) : 0;
    while (whole.size() < size) {
      const std::string_view more = take_page(next);
      if (more.empty()) return {};
      next = big_endian(more, 0, 4);
      whole += more.substr(4, std::min<std::size_t>(usable_ - 4, size - whole.size()));
    }
    return whole;
  }

  std::string_view bytes_;
  std::size_t page_size_ = 0;
  std::size_t usable_ = 0;
  std::vector<bool> visited_;
  std::uint64_t taken_ = 0;  ///< bytes of all rows so far
  bool whole_ = true;
};

/// The columns of a record as their bytes.
std::vector<std::string_view> columns(std::string_view record) {
  constexpr std::size_t most = 16;
  std::vector<std::string_view> found;
  std::size_t at = 0;
  const std::uint64_t header = take_varint(record, at);
  std::size_t data = header;
  while (at < header && at < record.size() && found.size() < most) {
    constexpr std::uint64_t integer_sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    const std::uint64_t type = take_varint(record, at);
    const std::uint64_t size = type >= 12 ? (type - 12) / 2 : integer_sizes[std::min<std::uint64_t>(type, 9)];
    if (data > record.size() || size > record.size() - data) break;
    found.push_back(record.substr(data, size));
    data += size;
  }
  return found;
}

class RpmHeader {
 public:
  explicit RpmHeader(std::string_view blob) {
    const std::uint64_t entries = big_endian(blob, 0, 4);
    if (blob.size() < 8 || entries > (blob.size() - 8) / 16) return;
    index_ = blob.substr(8, entries * 16);
    data_ = blob.substr(8 + entries * 16);
  }

  [[nodiscard]] std::size_t size() const { return index_.size() + data_.size(); }

  [[nodiscard]] std::string text(std::uint32_t tag) const {
    const auto all = texts(tag);
    return all.empty() ? "" : std::string(all.front());
  }

  [[nodiscard]] std::vector<std::string_view> texts(std::uint32_t tag) const {
    std::vector<std::string_view> found;
    const auto entry = find(tag);
    if (!entry || (entry->type != 6 && entry->type != 8 && entry->type != 9)) return found;
    std::string_view rest = data_.substr(std::min<std::size_t>(entry->offset, data_.size()));
    while (!rest.empty() && found.size() < entry->count) {
      const auto end = rest.find('\0');
      if (end == std::string_view::npos) break;
      found.push_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return found;
  }

  [[nodiscard]] std::vector<std::uint64_t> numbers(std::uint32_t tag) const {
    std::vector<std::uint64_t> found;
    const auto entry = find(tag);
    if (!entry || entry->type != 4 || entry->offset > data_.size()) return found;
    const std::uint64_t count = std::min<std::uint64_t>(entry->count, (data_.size() - entry->offset) / 4);
    for (std::uint64_t i = 0; i < count; ++i) found.push_back(big_endian(data_, entry->offset + 4 * i, 4));
    return found;
  }

 private:
  struct Entry {
    std::uint64_t type = 0;
    std::uint64_t offset = 0;
    std::uint64_t count = 0;
  };

  [[nodiscard]] std::optional<Entry> find(std::uint32_t tag) const {
    for (std::size_t at = 0; at < index_.size(); at += 16) {
      if (big_endian(index_, at, 4) != tag) continue;
      return Entry{.type = big_endian(index_, at + 4, 4),
                   .offset = big_endian(index_, at + 8, 4),
                   .count = big_endian(index_, at + 12, 4)};
    }
    return std::nullopt;
  }

  std::string_view index_;
  std::string_view data_;
};

// rpmtag.h
constexpr std::uint32_t tag_name = 1000;
constexpr std::uint32_t tag_version = 1001;
constexpr std::uint32_t tag_release = 1002;
constexpr std::uint32_t tag_epoch = 1003;
constexpr std::uint32_t tag_license = 1014;
constexpr std::uint32_t tag_architecture = 1022;
constexpr std::uint32_t tag_folder_numbers = 1116;
constexpr std::uint32_t tag_base_names = 1117;
constexpr std::uint32_t tag_folders = 1118;

RpmPackage package_of(const RpmHeader& header) {
  RpmPackage package{.name = header.text(tag_name),
                     .version = fmt::format("{}-{}", header.text(tag_version), header.text(tag_release)),
                     .architecture = header.text(tag_architecture),
                     .license = header.text(tag_license),
                     .files = {}};
  const auto epoch = header.numbers(tag_epoch);
  if (!epoch.empty()) package.version = fmt::format("{}:{}", epoch.front(), package.version);
  const auto names = header.texts(tag_base_names);
  const auto folders = header.texts(tag_folders);
  const auto numbers = header.numbers(tag_folder_numbers);
  // One long folder's name before each of many short ones would make far more of a header than it holds.
  std::size_t budget = 16 * header.size() + 4096;
  for (std::size_t i = 0; i < names.size() && i < numbers.size(); ++i) {
    if (numbers[i] >= folders.size()) continue;
    const std::size_t length = folders[numbers[i]].size() + names[i].size();
    if (length > budget) break;
    budget -= length;
    package.files.push_back(fmt::format("{}{}", folders[numbers[i]], names[i]));
  }
  return package;
}

}  // namespace

std::vector<RpmPackage> read_rpm_database(std::string_view database, std::string& problem) {
  std::vector<RpmPackage> packages;
  problem.clear();
  if (!database.starts_with(magic) || database.size() < 512) {
    problem = "the rpm database is no SQLite file";
    return packages;
  }
  SqliteFile file(database);
  if (!file.is_sound()) {
    problem = "the rpm database has no page size that SQLite allows";
    return packages;
  }
  std::uint64_t root = 0;
  file.each_row(1, [&root](const std::string& record) {  // type, name, tbl_name, rootpage, sql
    const auto schema = columns(record);
    if (schema.size() >= 4 && schema[0] == "table" && schema[1] == "Packages")
      root = big_endian(schema[3], 0, schema[3].size());
  });
  if (root != 0) {
    file.each_row(root, [&packages](const std::string& record) {
      const auto row = columns(record);
      if (row.size() < 2) return;
      RpmPackage package = package_of(RpmHeader(row[1]));
      // Keys that vouch for packages are kept as packages too, and have no files.
      if (!package.name.empty() && package.name != "gpg-pubkey") packages.push_back(std::move(package));
    });
  }
  if (root == 0) problem = "the rpm database has no table of packages";
  if (!file.is_whole()) problem = "the rpm database is damaged: some packages are not read";
  return packages;
}

}  // namespace slim
