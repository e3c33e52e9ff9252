// libarchive's tar reader behind a small class, with three of its habits seen to:
//  - it converts the names of pax headers from UTF-8 to the locale's character set, and in a UTF-8 locale it
//    also composes decomposed characters, which changes names. In the C locale the conversion of such a name
//    fails, and the raw bytes are kept. So all calls are made in the C locale, which glibc switches by
//    thread;
//  - what its callbacks throw must not pass through its C code;
//  - it leaves what follows the end of the archive unread.
#include "analyzer/tar_reader.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <archive.h>
#include <archive_entry.h>

#include "analyzer/byte_stream.h"
#include "analyzer/c_locale.h"
#include "analyzer/error.h"

namespace slim {
namespace {

constexpr std::size_t block_size = std::size_t{512} << 10;

}  // namespace

struct TarReader::Feed {
  BlockReader input;
  std::exception_ptr thrown;

  static la_ssize_t read(::archive* /*archive*/, void* self, const void** bytes) {
    auto& feed = *static_cast<Feed*>(self);
    try {
      const std::span<const std::byte> block = feed.input();
      *bytes = block.data();
      return static_cast<la_ssize_t>(block.size());
    } catch (...) {
      feed.thrown = std::current_exception();
      return -1;
    }
  }
};

TarReader::TarReader(ByteReader input, std::string what)
    : TarReader(in_blocks(std::move(input), block_size), std::move(what)) {}

TarReader::TarReader(BlockReader input, std::string what)
    : what_(std::move(what)),
      feed_(std::make_unique<Feed>()),
      archive_(::archive_read_new(), ::archive_read_free) {
  const CLocale locale;
  feed_->input = std::move(input);
  ::archive_read_support_format_tar(archive_.get());
  ::archive_read_support_format_empty(archive_.get());
  if (::archive_read_open(archive_.get(), feed_.get(), nullptr, Feed::read, nullptr) != ARCHIVE_OK) fail();
}

TarReader::TarReader(int fd, std::string what)
    : what_(std::move(what)), archive_(::archive_read_new(), ::archive_read_free) {
  const CLocale locale;
  ::archive_read_support_format_tar(archive_.get());
  ::archive_read_support_format_empty(archive_.get());
  // Small blocks: nearly all that is read are headers.
  if (::archive_read_open_fd(archive_.get(), fd, std::size_t{16} << 10) != ARCHIVE_OK) fail();
}

TarReader::~TarReader() = default;

void TarReader::fail() {
  if (feed_ && feed_->thrown) std::rethrow_exception(feed_->thrown);
  const char* text = ::archive_error_string(archive_.get());
  const std::string_view reason = text == nullptr ? "unknown error" : text;
  if (reason == "Unrecognized archive format") throw Error(ErrorKind::input, what_, "this is no tar");
  if (reason == "Truncated tar archive") throw Error(ErrorKind::input, what_, "truncated tar");
  throw Error(ErrorKind::input, what_, "corrupt tar: " + std::string(reason));
}

bool TarReader::next() {
  const CLocale locale;
  position_ = 0;
  content_ended_ = false;
  warning_.clear();
  const int result = ::archive_read_next_header(archive_.get(), &entry_);
  if (result == ARCHIVE_EOF) {
    entry_ = nullptr;
    if (feed_) drain(feed_->input);
    return false;
  }
  if (result == ARCHIVE_WARN) {
    // That a name was not converted is what we want.
    const char* text = ::archive_error_string(archive_.get());
    warning_ = text == nullptr ? "unknown warning" : text;
    if (warning_.find("can't be converted") != std::string::npos) warning_.clear();
    return true;
  }
  if (result != ARCHIVE_OK) fail();
  return true;
}

std::uint64_t TarReader::header_offset() const {
  return static_cast<std::uint64_t>(::archive_read_header_position(archive_.get()));
}

std::optional<TarReader::Block> TarReader::block() {
  if (content_ended_) return std::nullopt;
  const CLocale locale;
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int result = ::archive_read_data_block(archive_.get(), &data, &size, &offset);
  if (result != ARCHIVE_OK && result != ARCHIVE_EOF) fail();
  if (result == ARCHIVE_EOF) {
    content_ended_ = true;
    const la_int64_t whole = ::archive_entry_size(entry_);
    const auto end = static_cast<std::uint64_t>(whole < 0 ? 0 : whole);
    if (end <= position_) return std::nullopt;
    return Block{.hole = end - std::exchange(position_, end), .bytes = {}};
  }
  const auto start = static_cast<std::uint64_t>(offset);
  if (offset < 0 || start < position_)
    throw Error(ErrorKind::input, what_, "corrupt tar: sparse parts overlap");
  Block block{.hole = start - position_, .bytes = {static_cast<const std::byte*>(data), size}};
  position_ = start + size;
  return block;
}

}  // namespace slim
