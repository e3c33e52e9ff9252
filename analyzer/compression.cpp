// Decompression of layer blobs: gzip through ISA-L's inflate, zstd through libzstd, both straight into the
// caller's buffer. The gzip header (RFC 1952, section 2.3) is read here, byte by byte: ISA-L forgets the
// flags of a header that is split between two blocks of input. Behind the last gzip member zero padding is
// let pass, as gzip(1) does; anything else there is an error, as for the tools that pull images.
#include "analyzer/compression.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/read_ahead.h"

namespace slim {
namespace {

constexpr std::size_t block_size = std::size_t{256} << 10;
constexpr std::size_t longest_magic = 10;

bool starts_with(std::span<const std::byte> head, std::string_view magic) {
  return head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}

/// The compressed bytes, a block at a time. The bytes before the block are kept: ISA-L may give back bytes
/// that it took from the block before.
class Input {
 public:
  Input(ByteReader inner, std::string what)
      : inner_(std::move(inner)), what_(std::move(what)), store_(headroom + block_size) {}

  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] std::span<const std::byte> rest() const { return std::span(store_).subspan(at_, end_ - at_); }
  void consume(std::size_t count) { at_ += count; }
  /// ISA-L's view of what is left, which may begin before the block.
  void rewind_to(const std::byte* position) {
    if (position < store_.data() || position > store_.data() + end_) fail("corrupt gzip data");
    at_ = static_cast<std::size_t>(position - store_.data());
  }

  /// Whether there is a byte; fetches the next block where this one is used up.
  bool more() {
    if (at_ < end_) return true;
    if (ended_) return false;
    const std::size_t kept = std::min(headroom, end_);
    std::memmove(store_.data() + headroom - kept, store_.data() + end_ - kept, kept);
    at_ = end_ = headroom;
    const std::size_t count = inner_(std::span(store_).subspan(headroom));
    end_ += count;
    ended_ = count == 0;
    return count != 0;
  }

  /// Fills the first block as far as a magic number needs.
  void fetch_head() {
    more();
    while (!ended_ && end_ - at_ < longest_magic) {
      const std::size_t count = inner_(std::span(store_).subspan(end_));
      end_ += count;
      ended_ = count == 0;
    }
  }

  /// From here on a thread of its own reads the blocks, and so makes their digest, while this one
  /// decompresses.
  void fetch_ahead() {
    if (!ended_) inner_ = as_bytes(read_ahead(std::move(inner_)));
  }

  /// A read that decompresses nothing: first what was fetched, then directly.
  std::size_t read(std::span<std::byte> buffer) {
    if (at_ == end_) return ended_ ? 0 : inner_(buffer);
    const std::size_t count = std::min(buffer.size(), end_ - at_);
    std::memcpy(buffer.data(), store_.data() + at_, count);
    at_ += count;
    return count;
  }

  std::uint8_t byte() {
    if (!more()) fail("truncated gzip data");
    return static_cast<std::uint8_t>(store_[at_++]);
  }

  [[noreturn]] void fail(const std::string& why) const { throw Error(ErrorKind::input, what_, why); }

 private:
  static constexpr std::size_t headroom = 32;
  ByteReader inner_;
  std::string what_;
  std::vector<std::byte> store_;
  std::size_t at_ = headroom;
  std::size_t end_ = headroom;
  bool ended_ = false;
};

class GzipReader {
 public:
  explicit GzipReader(Input input) : input_(std::move(input)), state_(std::make_unique<inflate_state>()) {
    read_header();
  }

  std::size_t read(std::span<std::byte> buffer) {
    while (in_member_) {
      const std::size_t count = inflate_some(buffer);
      if (state_->block_state == ISAL_BLOCK_FINISH) next_member();
      if (count != 0) return count;
    }
    return 0;
  }

 private:
  void skip_string() {
    while (input_.byte() != 0) {
    }
  }

  void read_header() {
    constexpr std::uint8_t header_crc = 2;
    constexpr std::uint8_t extra = 4;
    constexpr std::uint8_t name = 8;
    constexpr std::uint8_t comment = 16;
    constexpr std::uint8_t reserved = 0xe0;
    if (input_.byte() != 0x1f || input_.byte() != 0x8b)
      input_.fail("data behind the gzip stream that is no gzip");
    if (input_.byte() != 8) input_.fail("corrupt gzip header: expected compression method 8");
    const std::uint8_t flags = input_.byte();
    if ((flags & reserved) != 0) input_.fail("corrupt gzip header: reserved flags are set");
    for (int i = 0; i < 6; ++i) input_.byte();  // time, extra flags, operating system
    if ((flags & extra) != 0) {
      const unsigned low = input_.byte();
      const unsigned length = low | (static_cast<unsigned>(input_.byte()) << 8);
      for (unsigned i = 0; i < length; ++i) input_.byte();
    }
    if ((flags & name) != 0) skip_string();
    if ((flags & comment) != 0) skip_string();
    if ((flags & header_crc) != 0) {
      input_.byte();
      input_.byte();
    }
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP_NO_HDR_VER;
    in_member_ = true;
  }

  std::size_t inflate_some(std::span<std::byte> buffer) {
    const bool more = input_.more();
    const auto rest = input_.rest();
    // ISA-L takes no const input, and writes nothing there.
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(rest.data()));
    state_->avail_in = static_cast<std::uint32_t>(rest.size());
    const auto room = static_cast<std::uint32_t>(std::min<std::size_t>(buffer.size(), UINT32_MAX));
    state_->next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
    state_->avail_out = room;
    const int result = isal_inflate(state_.get());
    if (result != ISAL_DECOMP_OK) {
      input_.fail(result == ISAL_INCORRECT_CHECKSUM ? "corrupt gzip data: wrong checksum"
                                                    : "corrupt gzip data");
    }
    const std::size_t count = room - state_->avail_out;
    const bool finished = state_->block_state == ISAL_BLOCK_FINISH;
    input_.rewind_to(reinterpret_cast<const std::byte*>(state_->next_in));
    if (!more && count == 0 && !finished) input_.fail("truncated gzip data");
    return count;
  }

  void next_member() {
    in_member_ = false;
    bool padding = false;
    while (input_.more() && input_.rest().front() == std::byte{0}) {
      const auto rest = input_.rest();
      const auto stop = std::ranges::find_if(rest, [](std::byte b) { return b != std::byte{0}; });
      input_.consume(static_cast<std::size_t>(stop - rest.begin()));
      padding = true;
    }
    if (!input_.more()) return;
    if (padding) input_.fail("data behind the gzip stream that is no gzip");
    read_header();
  }

  Input input_;
  std::unique_ptr<inflate_state> state_;
  bool in_member_ = false;
};

class ZstdReader {
 public:
  explicit ZstdReader(Input input)
      : input_(std::move(input)), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    if (!stream_) throw Error(ErrorKind::environment, input_.what(), "no memory to decompress zstd");
  }

  std::size_t read(std::span<std::byte> buffer) {
    ZSTD_outBuffer out{.dst = buffer.data(), .size = buffer.size(), .pos = 0};
    while (out.pos == 0) {
      const bool more = input_.more();
      if (!more && frame_ended_) return 0;
      const auto rest = input_.rest();
      ZSTD_inBuffer in{.src = rest.data(), .size = rest.size(), .pos = 0};
      const std::size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(result) != 0) {
        input_.fail(fmt::format("corrupt zstd data: {}", ZSTD_getErrorName(result)));
      }
      input_.consume(in.pos);
      frame_ended_ = result == 0;
      if (!more && out.pos == 0 && !frame_ended_) input_.fail("truncated zstd data");
    }
    return out.pos;
  }

 private:
  Input input_;
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  bool frame_ended_ = true;
};

/// Compressions that are no layer's by the image-spec, but common for root file systems.
void reject_unread(const Input& input) {
  if (starts_with(input.rest(), std::string_view("\xfd\x37zXZ\0", 6))) {
    throw Error(ErrorKind::input, input.what(), "compressed with xz: expected gzip, zstd or none",
                "decompress it first: xz -d");
  }
  if (starts_with(input.rest(), "BZh") && input.rest().size() >= 10 &&
      starts_with(input.rest().subspan(4), "1AY&SY")) {
    throw Error(ErrorKind::input, input.what(), "compressed with bzip2: expected gzip, zstd or none",
                "decompress it first: bzip2 -d");
  }
}

}  // namespace

Compression detect_compression(std::span<const std::byte> head) {
  if (starts_with(head, "\x1f\x8b")) return Compression::gzip;
  if (starts_with(head, "\x28\xb5\x2f\xfd")) return Compression::zstd;
  // A skippable frame, as zstd:chunked and pzstd begin with: 0x184D2A50 to 0x184D2A5F, little-endian.
  const bool skippable = head.size() >= 4 && (head[0] & std::byte{0xf0}) == std::byte{0x50} &&
                         starts_with(head.subspan(1), "\x2a\x4d\x18");
  return skippable ? Compression::zstd : Compression::none;
}

ByteReader decompressed(ByteReader inner, std::string what, Compression* found) {
  // The compression is known only when the first bytes are: until then there is just the input.
  using Stage = std::variant<Input, GzipReader, ZstdReader>;
  auto stage = std::make_unique<Stage>(Input(std::move(inner), std::move(what)));
  return [stage = std::move(stage), found, started = false](std::span<std::byte> buffer) mutable {
    if (!started) {
      started = true;
      Input input = std::get<Input>(std::move(*stage));
      input.fetch_head();
      reject_unread(input);
      const Compression compression = detect_compression(input.rest());
      if (found != nullptr) *found = compression;
      if (compression != Compression::none) input.fetch_ahead();
      if (compression == Compression::gzip) {
        stage->emplace<GzipReader>(std::move(input));
      } else if (compression == Compression::zstd) {
        stage->emplace<ZstdReader>(std::move(input));
      } else {
        stage->emplace<Input>(std::move(input));
      }
    }
    return std::visit([&](auto& reader) { return reader.read(buffer); }, *stage);
  };
}

}  // namespace slim
