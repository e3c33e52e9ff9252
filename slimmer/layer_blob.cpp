// gzip (RFC 1952) by ISA-L, zstd (RFC 8878) by libzstd. The same tar gives the same blob on every machine:
// ISA-L's levels 0 to 2 do not depend on the processor (3 does) and its gzip header has no time and the
// system "unknown"; zstd splits its input into jobs of a fixed size and always works in its multi-threaded
// mode, whose output does not depend on how many threads there are.
#include "slimmer/layer_blob.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "analyzer/byte_stream.h"
#include "analyzer/compression.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"

namespace slim {
namespace {

constexpr std::size_t block_size = std::size_t{256} * 1024;
constexpr std::size_t queue_depth = 16;  // blocks between the two threads: 4 MiB
constexpr int zstd_job_size = 8 * 1024 * 1024;

class Gzip {
 public:
  Gzip(int level, ByteWriter out) : out_(std::move(out)) {
    constexpr std::array<std::size_t, 3> level_bytes{ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT,
                                                     ISAL_DEF_LVL2_DEFAULT};
    isal_deflate_init(stream_.get());
    level_buffer_.resize(level_bytes.at(static_cast<std::size_t>(level)));
    stream_->level = static_cast<std::uint32_t>(level);
    stream_->level_buf = level_buffer_.data();
    stream_->level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
    stream_->gzip_flag = IGZIP_GZIP;
  }

  void operator()(std::span<const std::byte> block, bool last) {
    // ISA-L reads its input only, whatever its type says.
    stream_->next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(block.data()));
    stream_->avail_in = static_cast<std::uint32_t>(block.size());
    stream_->end_of_stream = last ? 1 : 0;
    bool more = true;
    while (more) {
      stream_->next_out = reinterpret_cast<std::uint8_t*>(buffer_.data());
      stream_->avail_out = static_cast<std::uint32_t>(buffer_.size());
      if (const int status = isal_deflate(stream_.get()); status != COMP_OK) {
        throw Error(ErrorKind::environment, "gzip", fmt::format("ISA-L failed with status {}", status));
      }
      const std::size_t made = buffer_.size() - stream_->avail_out;
      if (made != 0) out_(std::span(buffer_).first(made));
      more = last ? stream_->internal_state.state != ZSTATE_END
                  : stream_->avail_in != 0 || stream_->avail_out == 0;
    }
  }

 private:
  ByteWriter out_;
  std::unique_ptr<isal_zstream> stream_ = std::make_unique<isal_zstream>();
  std::vector<std::uint8_t> level_buffer_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(block_size);
};

class Zstd {
 public:
  Zstd(int level, unsigned jobs, ByteWriter out) : out_(std::move(out)) {
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, 1);
    set(ZSTD_c_nbWorkers, static_cast<int>(std::min(jobs == 0 ? processors : jobs, 64U)));
    set(ZSTD_c_jobSize, zstd_job_size);
  }

  void operator()(std::span<const std::byte> block, bool last) {
    ZSTD_inBuffer in{.src = block.data(), .size = block.size(), .pos = 0};
    bool more = true;
    while (more) {
      ZSTD_outBuffer out{.dst = buffer_.data(), .size = buffer_.size(), .pos = 0};
      const std::size_t left =
          check(ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue));
      if (out.pos != 0) out_(std::span(buffer_).first(out.pos));
      more = last ? left != 0 : in.pos != in.size;
    }
  }

 private:
  static std::size_t check(std::size_t result) {
    if (ZSTD_isError(result) != 0) throw Error(ErrorKind::environment, "zstd", ZSTD_getErrorName(result));
    return result;
  }
  void set(ZSTD_cParameter parameter, int value) {
    check(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
  }

  ByteWriter out_;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_{ZSTD_createCCtx(), ZSTD_freeCCtx};
  std::vector<std::byte> buffer_ = std::vector<std::byte>(block_size);
};

}  // namespace

void check_format(const BlobFormat& format) {
  if (format.compression == Compression::gzip && (format.level < 0 || format.level > 2)) {
    throw Error(ErrorKind::usage, fmt::format("--compression gzip:{}", format.level),
                "expected a level from 0 to 2, whose result is the same on every processor");
  }
  if (format.compression == Compression::zstd && (format.level < 1 || format.level > 19)) {
    throw Error(ErrorKind::usage, fmt::format("--compression zstd:{}", format.level),
                "expected a level from 1 to 19");
  }
}

BlockWriter compressor(const BlobFormat& format, ByteWriter out) {
  check_format(format);
  switch (format.compression) {
    case Compression::gzip:
      return Gzip(format.level, std::move(out));
    case Compression::zstd:
      return Zstd(format.level, format.jobs, std::move(out));
    case Compression::none:
      break;
  }
  return [out = std::move(out)](std::span<const std::byte> block, bool) mutable {
    if (!block.empty()) out(block);
  };
}

LayerBlob::LayerBlob(const BlobFormat& format, ByteWriter out) {
  filling_.reserve(block_size);
  BlockWriter compress =
      compressor(format, [this, out = std::move(out)](std::span<const std::byte> bytes) mutable {
        blob_hasher_.update(bytes);
        stored_.blob.size += bytes.size();
        out(bytes);
      });
  thread_ = std::thread([this, compress = std::move(compress)]() mutable { run(std::move(compress)); });
}

LayerBlob::~LayerBlob() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LayerBlob::run(BlockWriter compress) {
  try {
    Hasher hasher;
    for (bool last = false; !last;) {
      Block block;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
        if (stopped_) return;
        block = std::move(queue_.front());
        queue_.pop_front();
      }
      changed_.notify_all();
      hasher.update(block.bytes);
      stored_.tar.size += block.bytes.size();
      compress(block.bytes, block.last);
      last = block.last;
    }
    stored_.tar.digest = hasher.finish();
    stored_.blob.digest = blob_hasher_.finish();
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    failure_ = std::current_exception();
    changed_.notify_all();
  }
}

void LayerBlob::rethrow() {
  if (failure_) std::rethrow_exception(failure_);
}

void LayerBlob::push(bool last) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failure_ || queue_.size() < queue_depth; });
  rethrow();
  queue_.push_back({.bytes = std::move(filling_), .last = last});
  lock.unlock();
  changed_.notify_all();
  filling_ = {};
  filling_.reserve(block_size);
}

void LayerBlob::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), block_size - filling_.size()));
    filling_.insert(filling_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (filling_.size() == block_size) push(false);
  }
}

void LayerBlob::finish() {
  push(true);
  thread_.join();
  rethrow();
}

}  // namespace slim
