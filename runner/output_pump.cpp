#include "runner/output_pump.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/unique_fd.h"
#include "runner/sandbox.h"
#include "runner/watch_record.h"

namespace slim {
namespace {

constexpr std::size_t capture_cap = 4U << 20;
constexpr std::size_t records_cap = 2 * watched_bytes_cap;  // what it was first asked for, and uses added

/// Signals are for the main thread; a SIGPIPE becomes an EPIPE.
void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void append(Captured& captured, std::string_view bytes) {
  const auto kept = std::min(bytes.size(), capture_cap - captured.text.size());
  captured.text += bytes.substr(0, kept);
  captured.dropped += bytes.size() - kept;
  constexpr std::uint64_t fnv_prime = 1099511628211ULL;
  for (const char byte : bytes.substr(kept)) {
    captured.dropped_checksum = (captured.dropped_checksum ^ static_cast<unsigned char>(byte)) * fnv_prime;
  }
}

}  // namespace

OutputPump::OutputPump(PumpPipes pipes, std::function<void(OutputStream, std::string_view)> on_output)
    : pipes_(std::move(pipes)),
      on_output_(std::move(on_output)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      stop_out_(::eventfd(0, EFD_CLOEXEC)) {
  out_ = std::thread([this] { pump_out(); });
  if (pipes_.input) in_ = std::thread([this] { pump_in(); });
}

OutputPump::~OutputPump() {
  finish();
}

void OutputPump::finish() {
  if (out_.joinable()) out_.join();
  if (in_.joinable()) {
    const std::uint64_t one = 1;
    const auto written = ::write(stop_.get(), &one, sizeof one);
    if (written == sizeof one) in_.join();
  }
}

void OutputPump::finish_now() {
  const std::uint64_t one = 1;
  if (::write(stop_out_.get(), &one, sizeof one) == sizeof one) finish();
}

Captured OutputPump::captured(OutputStream stream) {
  const std::scoped_lock lock(mutex_);
  return stream == OutputStream::standard_output ? output_ : error_;
}

std::string OutputPump::records() {
  const std::scoped_lock lock(mutex_);
  return records_;
}

void OutputPump::take(std::size_t which, std::string_view bytes) {
  if (which < 2 && on_output_) {
    on_output_(which == 0 ? OutputStream::standard_output : OutputStream::standard_error, bytes);
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (which == 0) append(output_, bytes);
  if (which == 1) append(error_, bytes);
  if (which == 2 && records_.size() < records_cap) records_ += bytes;
}

void OutputPump::pump_out() {
  block_signals();
  // poll(2) leaves out negative descriptors: a stream that ended becomes one.
  std::array<pollfd, 4> items{pollfd{.fd = pipes_.output.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = pipes_.error.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = pipes_.records.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = stop_out_.get(), .events = POLLIN, .revents = 0}};
  pollfd& stop = items.back();
  std::vector<char> buffer(65536);
  const auto open = [](const pollfd& item) { return item.fd >= 0; };
  while (std::any_of(items.begin(), items.end() - 1, open)) {
    const bool stopping = stop.fd < 0;
    const int ready = ::poll(items.data(), items.size(), stopping ? 0 : -1);
    if (ready < 0) continue;
    if (ready == 0 && stopping) return;
    if (stop.revents != 0) stop.fd = -1;  // once more over what is there
    for (std::size_t which = 0; which + 1 < items.size(); ++which) {
      auto& item = items.at(which);
      if (item.fd < 0 || item.revents == 0) continue;
      const auto got = ::read(item.fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        item.fd = -1;
      } else {
        take(which, {buffer.data(), static_cast<std::size_t>(got)});
      }
    }
  }
}

void OutputPump::pump_in() {
  block_signals();
  std::array<pollfd, 2> items{pollfd{.fd = pipes_.input_from, .events = POLLIN, .revents = 0},
                              pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
  std::vector<char> buffer(65536);
  while (true) {
    if (::poll(items.data(), items.size(), -1) < 0) continue;
    if (items[1].revents != 0) break;
    const auto got = ::read(pipes_.input_from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const char* data = buffer.data();
    auto left = static_cast<std::size_t>(got);
    while (left > 0) {
      const auto written = ::write(pipes_.input.get(), data, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      data += written;
      left -= static_cast<std::size_t>(written);
    }
    if (left > 0) break;
  }
  pipes_.input = UniqueFd();  // the container reads the end of its input
}

}  // namespace slim
