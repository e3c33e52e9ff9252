// Every step polls for what it wants and gives up at its own limit, so that a container that hangs costs time
// and nothing else. What is answered is compared (facets), what was expected is judged (unmet).
#include "runner/probe_steps.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "runner/expect.h"
#include "runner/file_expect.h"
#include "runner/http.h"
#include "runner/http_probe.h"
#include "runner/pattern.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds poll_interval{20};
constexpr milliseconds quiet{150};  // an answer of no known end is over when nothing more came for so long
constexpr std::size_t answer_cap = 1U << 20;
constexpr std::size_t file_cap = 8U << 20;  // what a keeper gives at most
constexpr std::size_t line_length = 80;

/// The beginning of a text's first line.
std::string first_line(std::string_view text) {
  auto line = std::string(text.substr(0, std::min(text.find_first_of("\r\n"), line_length)));
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return line;
}

class StepRun {
 public:
  StepRun(const Step& step, const std::string& name, const StepPlace& place)
      : step_(step),
        name_(name),
        place_(place),
        deadline_(std::min(Clock::now() + step.within, place.deadline)) {
    outcome_.answer.step = name;
  }

  StepOutcome run() {
    std::visit([this](const auto& action) { take(action); }, step_.action);
    return std::move(outcome_);
  }

 private:
  void take(const HttpStep& http) {
    const auto port = port_or_first(http.port);
    if (!port) {
      fail("there is no port to ask");
      return;
    }
    const auto connection = connect_soon(*place_.container, *port, deadline_);
    if (!connection) {
      fail(fmt::format("port {} takes no connection", port->port));
      return;
    }
    const auto limit = left();
    const auto answer = exchange(connection.get(), http_request(http), limit, limit, http.method == "HEAD");
    if (answer.http.state != HttpState::complete) {
      add("answer", answer.raw.substr(0, answer_cap));
      fail(answer.raw.empty() ? "no answer" : "the answer is no whole HTTP response: " + quoted(answer.raw));
      return;
    }
    const auto& response = answer.http.response;
    outcome_.facets = http_facets(name_, response);
    answered(fmt::format("{} {}, {} bytes", response.status, response.reason, response.body.size()));
    want(unmet_status(http.status, response.status));
    for (const auto& [header, expect] : http.expect_headers) {
      want(unmet(expect, header_value(response, header), "header " + header));
    }
    want(unmet(http.expect_body, response.body, "body"));
  }

  void take(const ExecStep& exec) {
    ExecStart start;
    start.argv = exec.argv;
    start.env = exec.env;
    if (!exec.user.empty()) start.user = exec.user;
    if (!exec.workdir.empty()) start.workdir = exec.workdir;
    const auto result = place_.container->exec(start, deadline_);
    outcome_ = result ? exec_outcome(exec, name_, *result) : exec_failure(name_, result.error());
  }

  void take(const TcpStep& tcp) {
    const auto port = port_or_first(tcp.port);
    if (!port) {
      fail("there is no port to ask");
      return;
    }
    const auto connection = connect_soon(*place_.container, *port, deadline_);
    if (!connection) {
      fail(fmt::format("port {} takes no connection", port->port));
      return;
    }
    const auto answer = converse(connection.get(), tcp);
    add("answer", comparable(answer));
    answered(answer.empty() ? "says nothing" : first_line(answer));
    want(unmet(tcp.expect, answer, "answer"));
  }

  /// Sends, and reads until what is expected is there and nothing follows it, the other side closes, or the
  /// time is over.
  [[nodiscard]] std::string converse(int socket, const TcpStep& tcp) const {
    std::string answer;
    std::string_view request = tcp.send;
    std::array<char, 65536> buffer{};
    auto last = Clock::now();
    const auto opened = last;
    while (answer.size() < answer_cap) {
      const auto now = Clock::now();
      const bool met = !answer.empty() && unmet(tcp.expect, answer, "").empty();
      if (now >= deadline_ || (met && now - last >= quiet)) break;
      // Who expects nothing does not wait long for it.
      if (tcp.expect.empty() && answer.empty() && now - opened >= place_.silence) break;
      const auto events = static_cast<short>(request.empty() ? POLLIN : POLLIN | POLLOUT);
      pollfd item{.fd = socket, .events = events, .revents = 0};
      if (::poll(&item, 1, static_cast<int>(poll_interval.count())) <= 0) continue;
      if ((item.revents & POLLOUT) != 0 && !request.empty()) {
        const auto sent = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        request.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : request.size());
      }
      if ((item.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      const auto got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) break;
      answer.append(buffer.data(), static_cast<std::size_t>(got));
      last = Clock::now();
    }
    return answer;
  }

  void take(const SignalStep& signal) {
    auto& container = *place_.container;
    container.signal(signal.number);
    constexpr auto ending = std::to_array({SIGTERM, SIGINT, SIGQUIT, SIGKILL, SIGABRT});
    const bool ends = place_.last && std::ranges::find(ending, signal.number) != ending.end();
    if (!signal.exit && !ends) {
      answered("sent");
      return;
    }
    const auto status = container.wait(deadline_);
    add("end", status ? status->text() : "it runs on");
    answered(status ? status->text() : "it runs on");
    if (!signal.exit) return;
    if (!status) {
      want(fmt::format("expected exit {}, and it runs on", *signal.exit));
      return;
    }
    if (status->shell_code() != *signal.exit)
      want(fmt::format("expected exit {}, found {}", *signal.exit, status->text()));
  }

  void take(const WriteStep& write) {
    const bool written = place_.container->write_file(write.path, write.content);
    add("file", written ? "written" : "cannot be written");
    answered(written ? fmt::format("{} bytes", write.content.size()) : "cannot be written");
    if (!written) want("it cannot be written");
  }

  void take(const ReadStep& read) {
    const auto content = place_.container->read_file(read.path, file_cap);
    add("content", content ? comparable(*content) : "(no such file)");
    answered(content ? fmt::format("{} bytes", content->size()) : "no such file");
    want(content ? unmet(read.expect, *content, "content") : "there is no such file");
    if (content && content->size() >= file_cap)
      want(fmt::format("it has {} bytes or more: the rest is not looked at", file_cap));
  }

  void take(const FileStep& file) {
    const auto status = place_.container->file_status(file.path);
    const auto text = status ? fmt::format("{} {}:{}", go_mode_text(status->mode), status->uid, status->gid)
                             : "(no such file)";
    add("file", text);
    answered(text);
    want(unmet(file, status));
  }

  void take(const MetadataStep& metadata) {
    add("config", metadata_text(*place_.config));
    answered("config");
    want(unmet(metadata, *place_.config));
  }

  void take(const LogStep& log) {
    auto& container = *place_.container;
    bool found = false;
    for (bool over = false; !over && !found;) {
      const auto now = Clock::now();
      over = now >= deadline_ || container.wait(std::min(now + poll_interval, deadline_)).has_value();
      found = written_since(container, place_.before, log.pattern);
    }
    add("log", found ? "found" : "not found");
    answered(found ? "found" : "not found");
    if (!found) want(fmt::format("expected a line that matches {}", quoted(log.pattern.text())));
  }

  void take(const WaitStep& wait) {
    const bool ended =
        place_.container->wait(std::min(Clock::now() + wait.time, place_.deadline)).has_value();
    answered(ended ? "it ended" : "waited");
  }

  [[nodiscard]] std::optional<ListeningPort> port_or_first(std::uint16_t port) const {
    if (port == 0) return place_.ports.empty() ? std::nullopt : std::optional(place_.ports.front());
    const auto known = std::ranges::find(place_.ports, port, &ListeningPort::port);
    return known != place_.ports.end() ? *known : ListeningPort{.port = port};
  }

  [[nodiscard]] milliseconds left() const {
    return std::max(std::chrono::ceil<milliseconds>(deadline_ - Clock::now()), milliseconds(0));
  }

  void add(std::string_view what, std::string value) {
    outcome_.facets.push_back({.what = fmt::format("{}: {}", name_, what), .value = std::move(value)});
  }
  void answered(std::string text) { outcome_.answer.answer = std::move(text); }
  void want(std::string unmet) {
    if (outcome_.answer.unmet.empty()) outcome_.answer.unmet = std::move(unmet);
  }
  void fail(const std::string& why) {
    if (outcome_.facets.empty()) add("answer", "(none: " + why + ")");
    answered(why);
    want(why);
  }

  const Step& step_;
  const std::string& name_;
  const StepPlace& place_;
  Clock::time_point deadline_;
  StepOutcome outcome_;
};

constexpr auto streams = std::to_array({OutputStream::standard_output, OutputStream::standard_error});

}  // namespace

StepOutcome run_step(const Step& step, const std::string& name, const StepPlace& place) {
  return StepRun(step, name, place).run();
}

StepOutcome exec_outcome(const ExecStep& step, const std::string& name, const ExecResult& result) {
  StepOutcome outcome;
  const auto add = [&](std::string_view what, std::string value) {
    outcome.facets.push_back({.what = fmt::format("{}: {}", name, what), .value = std::move(value)});
  };
  outcome.answer.step = name;
  if (!result.status) {
    add("end", "still ran at its limit");
    outcome.answer.answer = outcome.answer.unmet = "it did not end in time";
    return outcome;
  }
  add("exit status", result.status->text());
  outcome.facets.back().ending = true;
  add("stdout", comparable(result.output.text) + dropped_mark(result.output));
  add("stderr", comparable(result.error.text) + dropped_mark(result.error));
  const auto line = first_line(result.output.text);
  outcome.answer.answer = result.status->text() + (line.empty() ? "" : ": " + line);
  auto expect = step.expect;
  // One that fails on the original proves nothing, unless it is meant to.
  if (!expect.exit && !step.any_exit) expect.exit = 0;
  outcome.answer.unmet = unmet(expect, *result.status, result.output.text, result.error.text);
  if (outcome.answer.unmet.empty()) outcome.answer.unmet = unmet_unseen(expect, result.output, result.error);
  return outcome;
}

StepOutcome exec_failure(const std::string& name, const StartFailure& failure) {
  StepOutcome outcome;
  const auto why = "cannot be started: " + failure.message;
  outcome.facets.push_back({.what = name + ": start", .value = failure.message});
  outcome.answer = {.step = name, .answer = why, .unmet = why};
  return outcome;
}

OutputMark output_mark(Container& container) {
  OutputMark mark{};
  for (std::size_t i = 0; i < streams.size(); ++i) mark[i] = container.output(streams[i]).text.size();
  return mark;
}

bool written_since(Container& container, const OutputMark& mark, const Pattern& pattern) {
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto captured = container.output(streams[i]);
    const auto text = std::string_view(captured.text).substr(std::min(mark[i], captured.text.size()));
    if (pattern.found_in(text)) return true;
  }
  return false;
}

}  // namespace slim
