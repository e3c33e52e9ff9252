#include "runner/readiness.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runner/expect.h"
#include "runner/http.h"
#include "runner/http_probe.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/probe_steps.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds poll_interval{20};
constexpr milliseconds one_answer{2'000};
constexpr int first_server_error = 500;

class Waiting {
 public:
  Waiting(Container& container, Clock::time_point deadline) : container_(container), deadline_(deadline) {}

  bool holds(const ReadyPort& wanted) { return port(wanted.port).has_value(); }

  bool holds(const ReadyHttp& wanted) {
    const auto listening = port(wanted.port);
    if (!listening) return false;
    const auto connection = container_.connect(*listening);
    if (!connection) return false;
    HttpStep step;
    step.path = wanted.path;
    const auto limit =
        std::clamp(std::chrono::ceil<milliseconds>(deadline_ - Clock::now()), milliseconds(1), one_answer);
    const auto answer = exchange(connection.get(), http_request(step), limit, limit);
    return answer.http.state == HttpState::complete && answer.http.response.status < first_server_error;
  }

  bool holds(const ReadyLog& wanted) { return written_since(container_, {}, wanted.pattern); }

  bool holds(const ReadyDelay& wanted) { return Clock::now() - begin_ >= wanted.time; }

  bool holds(const ReadyExec& wanted) {
    ExecStart start;
    start.argv = wanted.argv;
    const auto result = container_.exec(start, deadline_);
    const auto status = result ? result->status : std::nullopt;
    return status && status->success();
  }

 private:
  /// The listening port of that number; of any, the lowest.
  std::optional<ListeningPort> port(std::uint16_t number) {
    const auto ports = container_.listening_ports();
    const auto found = number == 0 ? ports.begin() : std::ranges::find(ports, number, &ListeningPort::port);
    return found == ports.end() ? std::nullopt : std::optional(*found);
  }

  Container& container_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point deadline_;
};

struct InWords {
  std::string operator()(const ReadyPort& wanted) const { return fmt::format("port {}", wanted.port); }
  std::string operator()(const ReadyHttp& wanted) const { return "an answer to GET " + wanted.path; }
  std::string operator()(const ReadyLog& wanted) const {
    return "a line that matches " + quoted(wanted.pattern.text());
  }
  std::string operator()(const ReadyDelay& wanted) const { return fmt::format("{} ms", wanted.time.count()); }
  std::string operator()(const ReadyExec& wanted) const {
    return fmt::format("exit 0 of {}", fmt::join(wanted.argv, " "));
  }
};

}  // namespace

ReadyResult wait_until_ready(Container& container, const Ready& ready, Container::Deadline deadline) {
  deadline = std::min(deadline, Clock::now() + ready.within);
  Waiting waiting(container, deadline);
  std::size_t held = 0;  // in their order: each has to hold once
  while (true) {
    while (held < ready.all.size() &&
           std::visit([&](const auto& wanted) { return waiting.holds(wanted); }, ready.all[held])) {
      ++held;
    }
    if (held == ready.all.size()) return {};
    const auto now = Clock::now();
    const bool ended = container.wait(std::min(now + poll_interval, deadline)).has_value();
    // What it said last may be what was waited for; then it was ready, and its end is for the steps to find.
    if (ended || now >= deadline) {
      return {.state = ended ? ReadyState::ended : ReadyState::late,
              .missing = std::visit(InWords{}, ready.all[held])};
    }
  }
}

}  // namespace slim
