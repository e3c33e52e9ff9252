// Readers that wrap readers. A check that needs the whole stream happens in the read that finds its end,
// which is why whoever relies on one drains the stream.
#include "analyzer/byte_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/digest.h"
#include "analyzer/error.h"

namespace slim {
namespace {

constexpr std::size_t drain_block = std::size_t{256} << 10;

/// The state of verified(): one hasher, and whether the end was already seen and judged.
struct Verifier {
  ByteReader inner;
  Digest expected;
  std::uint64_t expected_size;
  std::string what;
  std::optional<Hasher> hasher;
  std::uint64_t size = 0;
  bool ended = false;

  void judge() {
    if (expected_size != unknown_size && size != expected_size) {
      throw Error(ErrorKind::input, what, fmt::format("expected {} bytes, found {}", expected_size, size));
    }
    if (!hasher) return;
    const Digest found = hasher->finish();
    if (found != expected) {
      throw Error(ErrorKind::input, what,
                  fmt::format("expected digest {}, found {}", expected.text(), found.text()));
    }
  }

  std::size_t read(std::span<std::byte> buffer) {
    if (ended) return 0;
    const std::size_t count = inner(buffer);
    if (count == 0) {
      ended = true;
      judge();
      return 0;
    }
    size += count;
    if (size > expected_size) {
      throw Error(ErrorKind::input, what, fmt::format("more than the expected {} bytes", expected_size));
    }
    if (hasher) hasher->update(buffer.first(count));
    return count;
  }
};

}  // namespace

ByteReader file_range_reader(int fd, std::uint64_t offset, std::uint64_t length, std::string what) {
  return [fd, offset, left = length, what = std::move(what)](std::span<std::byte> buffer) mutable {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), left);
    if (wanted == 0) return std::size_t{0};
    ssize_t count = 0;
    do {
      count = ::pread(fd, buffer.data(), wanted, static_cast<off_t>(offset));
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw system_error(what, "reading", errno);
    if (count == 0) throw Error(ErrorKind::input, what, fmt::format("truncated: {} bytes are missing", left));
    const auto got = static_cast<std::size_t>(count);
    offset += got;
    left -= got;
    return got;
  };
}

ByteReader memory_reader(std::span<const std::byte> bytes) {
  return [bytes](std::span<std::byte> buffer) mutable {
    const std::size_t count = std::min(buffer.size(), bytes.size());
    if (count != 0) std::memcpy(buffer.data(), bytes.data(), count);
    bytes = bytes.subspan(count);
    return count;
  };
}

BlockReader in_blocks(ByteReader inner, std::size_t block_size) {
  return [inner = std::move(inner), block = std::vector<std::byte>(block_size)]() mutable {
    return std::span<const std::byte>(block).first(inner(block));
  };
}

ByteReader as_bytes(BlockReader blocks) {
  return
      [blocks = std::move(blocks), rest = std::span<const std::byte>()](std::span<std::byte> buffer) mutable {
        if (rest.empty()) rest = blocks();
        const std::size_t count = std::min(buffer.size(), rest.size());
        if (count != 0) std::memcpy(buffer.data(), rest.data(), count);
        rest = rest.subspan(count);
        return count;
      };
}

ByteReader verified(ByteReader inner, Digest expected, std::uint64_t expected_size, std::string what) {
  if (expected.empty() && expected_size == unknown_size) return inner;
  Verifier verifier{.inner = std::move(inner),
                    .expected = std::move(expected),
                    .expected_size = expected_size,
                    .what = std::move(what),
                    .hasher = {}};
  if (!verifier.expected.empty()) verifier.hasher.emplace(verifier.expected.algorithm());
  return
      [verifier = std::move(verifier)](std::span<std::byte> buffer) mutable { return verifier.read(buffer); };
}

void drain(ByteReader& reader) {
  std::vector<std::byte> block(drain_block);
  while (reader(block) != 0) {
  }
}

void drain(BlockReader& reader) {
  while (!reader().empty()) {
  }
}

std::string read_all(ByteReader reader, std::uint64_t cap, const std::string& what) {
  std::string text;
  std::vector<std::byte> block(drain_block);
  while (const std::size_t count = reader(block)) {
    if (count > cap - text.size()) {
      throw Error(ErrorKind::input, what, fmt::format("larger than {} bytes", cap));
    }
    const std::size_t had = text.size();
    text.resize(had + count);
    std::memcpy(text.data() + had, block.data(), count);
  }
  return text;
}

}  // namespace slim
