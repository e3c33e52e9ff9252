// Readiness is asked for, never slept for: the container's table of listening sockets is read until it has
// what is awaited. Without an expectation (the first run of the original) the exposed ports are awaited; a
// server that opens others, or fewer, is ready when its table has not grown for half a second.
#include "runner/observe.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/image.h"
#include "runner/compare.h"
#include "runner/container_spec.h"
#include "runner/http.h"
#include "runner/pattern.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds poll_interval{10};
constexpr milliseconds answer_limit{10'000};
constexpr std::size_t raw_answer_cap = 4096;
constexpr int first_server_error = 500;  // RFC 9110, 15.6

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

bool all_listen(const std::vector<std::uint16_t>& awaited, const std::vector<ListeningPort>& ports) {
  return std::ranges::all_of(awaited, [&](std::uint16_t port) {
    return std::ranges::find(ports, port, &ListeningPort::port) != ports.end();
  });
}

std::string port_list(const std::vector<ListeningPort>& ports) {
  std::string text;
  for (const auto& port : ports) text += (text.empty() ? "" : ", ") + std::to_string(port.port);
  return text.empty() ? "none" : text;
}

std::string shown(const Captured& captured) {
  return captured.dropped == 0 ? captured.text
                               : captured.text + fmt::format("\n[{} more bytes, checksum {:016x}]",
                                                             captured.dropped, captured.dropped_checksum);
}

/// One container on its way.
class Observer {
 public:
  Observer(Container& container, const ContainerStart& start, const ObserveOptions& options)
      : container_(container), start_(start), options_(options), deadline_(begin_ + options.limit) {}

  Observation run() {
    result_.kind = wait_for_ports();
    if (result_.kind == RunKind::served || result_.kind == RunKind::settled)
      result_.time_to_ready = std::chrono::duration_cast<milliseconds>(Clock::now() - begin_);
    if (result_.kind == RunKind::served) {
      result_.facets.push_back({.what = "listening ports", .value = port_list(result_.ports)});
      for (const auto& port : result_.ports) ask(port);
      stop();
    } else if (result_.kind == RunKind::settled) {
      add_summary("runs");
      stop();
    } else if (result_.kind == RunKind::neither) {
      container_.signal(SIGKILL);
      if (container_.wait(Clock::now() + options_.stop)) result_.watched = container_.watched();
    }
    if (result_.kind != RunKind::neither) report_end();
    return std::move(result_);
  }

 private:
  RunKind wait_for_ports() {
    const auto exposed = exposed_tcp_ports(start_.config.exposed_ports);
    const auto& awaited = options_.awaited.empty() ? exposed : options_.awaited;
    auto grown = Clock::now();
    while (true) {
      if (const auto status = container_.wait(std::min(Clock::now() + poll_interval, deadline_))) {
        result_.exit = *status;
        return RunKind::exited;
      }
      auto ports = container_.listening_ports();
      const auto now = Clock::now();
      if (ports != result_.ports) grown = now;
      result_.ports = std::move(ports);
      if (!result_.ports.empty()) {
        if (!awaited.empty() && all_listen(awaited, result_.ports)) return RunKind::served;
        // A port that is exposed and not yet open may still come.
        const bool missing = !exposed.empty() && !all_listen(exposed, result_.ports);
        const auto settle = missing ? options_.settle_exposed : options_.settle;
        if (options_.awaited.empty() && now - grown >= settle) return RunKind::served;
      }
      if (result_.ports.empty() && awaited.empty() && fell_silent(now)) return RunKind::settled;
      if (now >= deadline_) return result_.ports.empty() ? RunKind::neither : RunKind::served;
    }
  }

  /// Looked at now and then only: what was written so far is copied each time.
  bool fell_silent(Clock::time_point now) {
    constexpr milliseconds interval{200};
    if (now < next_look_) return false;
    next_look_ = now + std::min(interval, options_.quiet);
    std::uint64_t written = 0;
    for (const auto stream : {OutputStream::standard_output, OutputStream::standard_error}) {
      const auto captured = container_.output(stream);
      written += captured.text.size() + captured.dropped;
    }
    if (written != written_) spoke_ = now;
    written_ = written;
    return now - spoke_ >= options_.quiet;
  }

  void ask(const ListeningPort& port) {
    const auto name = fmt::format("port {}", port.port);
    const auto connection = container_.connect(port);
    result_.facets.push_back({.what = name, .value = connection ? "accepts" : "refuses"});
    add_summary(name + (connection ? "" : " refuses"));
    if (!connection) return;
    if (std::ranges::find(options_.silent, port.port) != options_.silent.end()) {
      result_.summary += ": accepts";
      return;
    }
    const auto answer = exchange(connection.get(), get_request("/"), options_.silence, answer_limit);
    if (answer.http.state == HttpState::complete) {
      const auto& response = answer.http.response;
      report_http("GET / on " + name + ": ", response);
      result_.summary += fmt::format(": GET / {}", response.status);
      if (response.status >= first_server_error) {
        result_.unproved = fmt::format("{} answers GET / with {}: it may lack something that it needs", name,
                                       response.status);
      }
      return;
    }
    if (answer.raw.empty() && answer.timed_out) {
      result_.silent.push_back(port.port);
      result_.summary += ": accepts, says nothing";
      return;
    }
    if (answer.raw.starts_with("HTTP/")) {
      result_.unproved = fmt::format(
          "the answer of {} to GET / is too long or does not end: it was not compared whole", name);
    }
    // Not HTTP: that it accepts is what counts; what it says to a stranger is compared where it is steady.
    result_.facets.push_back(
        {.what = name + ": answer", .value = answer.raw.substr(0, raw_answer_cap), .weak = true});
    result_.summary += answer.raw.empty() ? ": accepts" : ": accepts, answers";
  }

  void report_http(const std::string& what, const HttpResponse& response) {
    result_.facets.push_back(
        {.what = what + "status", .value = fmt::format("{} {}", response.status, response.reason)});
    std::vector<Facet> headers;  // one for each name; what comes more than once is compared in its order
    for (const auto& [name, value] : response.headers) {
      auto header = what + "header ";
      header += name;
      const auto same = std::ranges::find(headers, header, &Facet::what);
      if (same == headers.end()) {
        headers.push_back({.what = std::move(header), .value = value, .weak = true});
      } else {
        same->value += "\n" + value;
      }
    }
    result_.facets.insert(result_.facets.end(), headers.begin(), headers.end());
    result_.facets.push_back({.what = what + "body", .value = response.body});
  }

  void stop() {
    if (const auto status = container_.wait(Clock::now() + poll_interval)) {
      result_.exit = *status;
      result_.ended_early = true;
      result_.facets.push_back({.what = "stop", .value = "it ended before its stop signal"});
      return;
    }
    container_.signal(stop_signal_number(start_.config.stop_signal));
    auto status = container_.wait(Clock::now() + options_.stop);
    std::string how = "by its stop signal";
    if (!status) {
      how = "by SIGKILL: it does not heed its stop signal";
      container_.signal(SIGKILL);
      status = container_.wait(Clock::now() + options_.stop);
    }
    result_.facets.push_back({.what = "stop", .value = how});
    if (status) result_.exit = *status;
  }

  void report_end() {
    const bool served = result_.kind != RunKind::exited;
    const auto output = container_.output(OutputStream::standard_output);
    const auto error = container_.output(OutputStream::standard_error);
    result_.facets.push_back({.what = "exit status", .value = result_.exit.text()});
    result_.facets.push_back({.what = "stdout", .value = shown(output), .weak = served});
    result_.facets.push_back({.what = "stderr", .value = shown(error), .weak = served});
    result_.errors = error.text;
    result_.watched = container_.watched();
    const bool stopped = served && !result_.ended_early;
    add_summary(result_.exit.text() + (stopped ? " after the stop signal" : ""));
    if (!served) add_summary(fmt::format("stdout {} bytes", output.text.size() + output.dropped));
  }

  void add_summary(const std::string& text) {
    if (!result_.summary.empty()) result_.summary += ", ";
    result_.summary += text;
  }

  Container& container_;
  const ContainerStart& start_;
  const ObserveOptions& options_;
  Clock::time_point begin_ = Clock::now();
  Container::Deadline deadline_;
  Clock::time_point next_look_;
  Clock::time_point spoke_ = Clock::now();
  std::uint64_t written_ = 0;
  Observation result_;
};

/// Line by line; a header is matched as it stands in an answer, "Name: value".
std::string without(const std::vector<Pattern>& ignored, std::string_view text) {
  constexpr std::string_view mark = "[ignored]";
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    for (const auto& pattern : ignored) line = pattern.replaced_in(line, mark);
    result += line;
    if (end < text.size()) result += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

void leave_out(const std::vector<Pattern>& ignored, std::vector<Facet>& facets) {
  if (ignored.empty()) return;
  constexpr std::string_view header = ": header ";
  for (auto& facet : facets) {
    const auto at = facet.what.find(header);
    const auto name = at == std::string::npos ? std::string() : facet.what.substr(at + header.size()) + ": ";
    const auto whole = without(ignored, name + facet.value);
    // Where the name is hit too, all of the header goes: its value is no longer told apart.
    facet.value = whole.starts_with(name) ? whole.substr(name.size()) : whole;
  }
}

}  // namespace

Observation observe(Sandbox& sandbox, const ContainerStart& start, const Probe& probe,
                    const ObserveOptions& options) {
  ContainerStart probed = start;
  probed.config = with_overrides(start.config, probe.overrides);
  auto container = sandbox.start(probed);
  if (!container) {
    Observation result;
    result.message = container.error().message;
    result.summary = "does not start";
    result.facets.push_back({.what = "start", .value = container.error().message});
    return result;
  }
  auto result = Observer(**container, probed, options).run();
  leave_out(probe.ignore, result.facets);
  return result;
}

std::vector<std::uint16_t> exposed_tcp_ports(const std::vector<std::string>& exposed) {
  std::vector<std::uint16_t> ports;
  for (const std::string_view text : exposed) {
    const auto slash = text.find('/');
    if (slash != std::string_view::npos && text.substr(slash + 1) != "tcp") continue;
    const auto range = text.substr(0, slash);
    const auto dash = range.find('-');
    const auto first = number<std::uint16_t>(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number<std::uint16_t>(range.substr(dash + 1));
    if (!first || !last || *first == 0 || *last < *first || *last - *first > 100) continue;
    for (unsigned port = *first; port <= *last; ++port) ports.push_back(static_cast<std::uint16_t>(port));
  }
  std::ranges::sort(ports);
  ports.erase(std::ranges::unique(ports).begin(), ports.end());
  return ports;
}

int stop_signal_number(const std::string& name) {
  std::string_view text = name;
  if (const auto value = number<int>(text)) return *value >= 1 && *value < NSIG ? *value : SIGTERM;
  if (text.starts_with("SIG")) text.remove_prefix(3);
  if (text.starts_with("RTMIN")) {
    const auto offset = text.size() > 6 ? number<int>(text.substr(6)) : std::optional(0);
    const int value = SIGRTMIN + offset.value_or(0);
    return value <= SIGRTMAX ? value : SIGTERM;
  }
  for (int value = 1; value < NSIG; ++value) {
    const char* known = ::sigabbrev_np(value);
    if (known != nullptr && text == known) return value;
  }
  return SIGTERM;
}

}  // namespace slim
