// Zip archives for tests, made by hand: entries are stored, or deflated where the test gives deflated bytes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace slim::test {

class ZipBuilder {
 public:
  ZipBuilder& add(const std::string& name, const std::string& content) {
    return add(name, content, content.size(), 0);
  }
  /// `stored`: the bytes in the archive; `size`: what the directory claims; `method`: 8 for deflate.
  ZipBuilder& add(const std::string& name, const std::string& stored, std::uint64_t size, unsigned method) {
    const std::size_t offset = body_.size();
    body_ += number(0x04034b50, 4) + number(20, 2) + number(0, 2) + number(method, 2) + number(0, 8) +
             number(stored.size(), 4) + number(size, 4) + number(name.size(), 2) + number(0, 2) + name +
             stored;
    directory_ += number(0x02014b50, 4) + number(20, 2) + number(20, 2) + number(0, 2) + number(method, 2) +
                  number(0, 8) + number(stored.size(), 4) + number(size, 4) + number(name.size(), 2) +
                  number(0, 2) + number(0, 2) + number(0, 4) + number(0, 4) + number(offset, 4) + name;
    ++count_;
    return *this;
  }
  [[nodiscard]] std::string str() const {
    return body_ + directory_ + number(0x06054b50, 4) + number(0, 4) + number(count_, 2) + number(count_, 2) +
           number(directory_.size(), 4) + number(body_.size(), 4) + number(0, 2);
  }

 private:
  static std::string number(std::uint64_t value, unsigned width) {
    std::string bytes;
    for (unsigned i = 0; i < width; ++i)
      bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
    return bytes;
  }

  std::string body_;
  std::string directory_;
  unsigned count_ = 0;
};

/// A class file with these strings, and classes and method names that it uses.
inline std::string class_file(const std::vector<std::string>& strings,
                              const std::vector<std::string>& classes = {},
                              const std::vector<std::string>& texts = {}) {
  const auto two = [](std::size_t value) {
    return std::string{static_cast<char>(static_cast<unsigned char>(value >> 8U)),
                       static_cast<char>(static_cast<unsigned char>(value))};
  };
  std::string pool;
  std::size_t next = 1;
  const auto text = [&](const std::string& value) {
    pool += '\1' + two(value.size()) + value;
    return next++;
  };
  const auto reference = [&](char tag, const std::string& value) {
    const std::size_t index = text(value);
    pool += tag + two(index);
    ++next;
  };
  pool += std::string("\5\0\0\0\0\0\0\0\1", 9);  // a long takes two places
  next += 2;
  for (const std::string& value : strings) reference('\10', value);
  for (const std::string& value : classes) reference('\7', value);
  for (const std::string& value : texts) text(value);
  return std::string("\xca\xfe\xba\xbe\0\0\0\x3d", 8) + two(next) + pool;
}

}  // namespace slim::test
