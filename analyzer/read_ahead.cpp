// One producer fills the blocks of a ring in turn; every consumer sees every block, in order, where it lies.
// A block is filled anew when all consumers have gone past it. One lock for the ring is enough: a block takes
// a thousand times longer than taking the lock.
#include "analyzer/read_ahead.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"

namespace slim {
namespace {

constexpr std::size_t block_size = std::size_t{256} << 10;
constexpr std::size_t block_count = 8;

class BlockRing {
 public:
  explicit BlockRing(std::size_t consumers) : passed_(consumers, 0), store_(block_size * block_count) {}

  /// Producer: the next block to fill, when it is free; empty where the consumers have given up.
  std::span<std::byte> claim() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return abandoned_ || filled_ - *std::ranges::min_element(passed_) < block_count; });
    return abandoned_ ? std::span<std::byte>() : block(filled_);
  }
  void publish(std::size_t count) {
    const std::scoped_lock lock(mutex_);
    sizes_[filled_ % block_count] = count;
    ++filled_;
    changed_.notify_all();
  }
  /// Producer: there is no more, because of the end of the stream or of `failure`.
  void finish(std::exception_ptr failure) {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    failure_ = std::move(failure);
    changed_.notify_all();
  }

  /// Consumer: its block number `number`, which ends its use of those before; empty at the end. Throws what
  /// the producer failed with.
  std::span<const std::byte> get(std::size_t consumer, std::uint64_t number) {
    std::unique_lock lock(mutex_);
    passed_[consumer] = number;
    changed_.notify_all();
    changed_.wait(lock, [&] { return filled_ > number || finished_; });
    if (filled_ > number) return block(number).first(sizes_[number % block_count]);
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }
  /// The caller needs no more.
  void abandon() {
    const std::scoped_lock lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  bool abandoned() {
    const std::scoped_lock lock(mutex_);
    return abandoned_;
  }

 private:
  std::span<std::byte> block(std::uint64_t number) {
    return std::span(store_).subspan(number % block_count * block_size, block_size);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t filled_ = 0;
  std::vector<std::uint64_t> passed_;  ///< by consumer: the blocks that it no longer needs
  std::array<std::size_t, block_count> sizes_{};
  bool finished_ = false;
  bool abandoned_ = false;
  std::exception_ptr failure_;
  std::vector<std::byte> store_;
};

/// Fills a block as far as the stream goes: a reader may give as little as it likes. What was read before a
/// failure counts.
std::size_t fill(ByteReader& inner, std::span<std::byte> block, std::exception_ptr& failure) {
  std::size_t count = 0;
  try {
    while (count < block.size()) {
      const std::size_t got = inner(block.subspan(count));
      if (got == 0) break;
      count += got;
    }
  } catch (...) {
    failure = std::current_exception();
  }
  return count;
}

void produce(ByteReader& inner, BlockRing& ring) {
  std::exception_ptr failure;
  while (true) {
    const std::span<std::byte> block = ring.claim();
    if (block.empty()) break;
    const std::size_t count = fill(inner, block, failure);
    if (count != 0) ring.publish(count);
    if (count < block.size()) break;
  }
  ring.finish(std::move(failure));
}

/// The threads of one stream, and the ring between them. Consumer 0 is whoever calls next(), 1 the hasher.
class Stages {
 public:
  Stages(ByteReader inner, StreamFacts* facts)
      : inner_(std::move(inner)), ring_(facts == nullptr ? 1 : 2), facts_(facts) {
    try {
      producer_ = std::jthread([this] { produce(inner_, ring_); });
      if (facts != nullptr) hasher_ = std::jthread([this] { measure(); });
    } catch (const std::system_error& error) {
      ring_.abandon();
      throw system_error("a thread to read ahead", "starting", error.code().value());
    }
  }
  ~Stages() { ring_.abandon(); }
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;

  std::span<const std::byte> next() {
    const std::span<const std::byte> block = ring_.get(0, next_);
    if (!block.empty()) {
      ++next_;
      return block;
    }
    if (hasher_.joinable()) hasher_.join();
    if (hashing_failure_) std::rethrow_exception(hashing_failure_);
    return block;
  }

 private:
  void measure() {
    try {
      Hasher hasher;
      std::uint64_t size = 0;
      for (std::uint64_t number = 0;; ++number) {
        const std::span<const std::byte> block = ring_.get(1, number);
        if (block.empty()) break;
        hasher.update(block);
        size += block.size();
      }
      if (ring_.abandoned()) return;
      *facts_ = {.digest = hasher.finish(), .size = size};
    } catch (...) {
      hashing_failure_ = std::current_exception();  // read when the thread was joined
    }
  }

  ByteReader inner_;
  BlockRing ring_;
  StreamFacts* facts_;
  std::uint64_t next_ = 0;
  std::exception_ptr hashing_failure_;
  // Last, so that they are joined before what they use is gone.
  std::jthread producer_;
  std::jthread hasher_;
};

}  // namespace

BlockReader read_ahead(ByteReader inner) {
  return [stages = std::make_unique<Stages>(std::move(inner), nullptr)] { return stages->next(); };
}

BlockReader measured_ahead(ByteReader inner, StreamFacts& facts) {
  return [stages = std::make_unique<Stages>(std::move(inner), &facts)] { return stages->next(); };
}

}  // namespace slim
