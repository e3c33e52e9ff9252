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
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/image.h"
#include "runner/compare.h"
#include "runner/container_spec.h"
#include "runner/expect.h"
#include "runner/pattern.h"
#include "runner/port_table.h"
#include "runner/port_visit.h"
#include "runner/probe.h"
#include "runner/probe_steps.h"
#include "runner/readiness.h"
#include "runner/sandbox.h"
#include "runner/services.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds poll_interval{10};

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

/// What docker runs for a healthcheck; empty where there is none.
std::vector<std::string> healthcheck_of(const ImageConfig& config) {
  if (!config.healthcheck || config.healthcheck->test.size() < 2) return {};
  const auto& test = config.healthcheck->test;
  if (test.front() == "CMD") return {test.begin() + 1, test.end()};
  if (test.front() != "CMD-SHELL") return {};
  auto argv = config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : config.shell;
  argv.push_back(test[1]);
  return argv;
}

}  // namespace

void unite(std::optional<Watched>& all, std::optional<Watched> more) {
  if (!all || !more) {
    if (!all) all = std::move(more);
    return;
  }
  std::unordered_set<std::string> known;
  for (const auto& path : all->paths) known.insert(path.path);
  for (auto& path : more->paths) {
    if (known.insert(path.path).second) all->paths.push_back(std::move(path));
  }
  for (auto& process : more->processes) {
    if (std::ranges::find(all->processes, process) == all->processes.end())
      all->processes.push_back(std::move(process));
  }
  all->complete = all->complete && more->complete;
}

namespace {

/// $NAME and ${NAME} as the config has them; a name that it has not is nothing.
std::string expanded(std::string_view text, const ImageConfig& config) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  std::string result;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    result += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    const bool braces = text.starts_with("${");
    const auto begin = braces ? 2U : 1U;
    const auto end = std::min(text.find_first_not_of(letters, begin), text.size());
    const bool whole = end > begin && (!braces || text.substr(end).starts_with('}'));
    if (whole) result += env_value(config, text.substr(begin, end - begin)).value_or("");
    if (!whole) result += '$';
    text.remove_prefix(whole ? end + (braces ? 1 : 0) : 1);
  }
  return result;
}

/// One container on its way.
class Observer {
 public:
  Observer(Sandbox& sandbox, Container& container, const ContainerStart& start, const Probe& probe,
           const ObserveOptions& options)
      : sandbox_(sandbox),
        container_(container),
        start_(start),
        probe_(probe),
        options_(options),
        deadline_(begin_ + options.limit) {}

  Observation run() {
    if (probe_.hold) return look_inside();
    result_.kind = probe_.ready.all.empty() ? wait_for_ports() : wait_for_readiness();
    if (result_.kind == RunKind::neither) return give_up();
    if (result_.kind != RunKind::exited) {
      result_.time_to_ready = std::chrono::duration_cast<milliseconds>(Clock::now() - begin_);
      if (probe_.steps.empty()) visit();
    }
    take_steps();
    if (result_.kind != RunKind::exited) stop();
    report_end();
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
      const auto now = Clock::now();
      if (probe_.until_exit && now >= deadline_) return RunKind::neither;
      if (probe_.until_exit) continue;
      auto ports = container_.listening_ports();
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

  RunKind wait_for_readiness() {
    const auto ready = wait_until_ready(container_, probe_.ready, deadline_);
    result_.ports = container_.listening_ports();
    if (ready.state == ReadyState::ready) return RunKind::served;
    result_.unproved = ready.missing + " did not come";
    if (ready.state == ReadyState::late) return RunKind::neither;
    if (const auto status = container_.wait(deadline_)) result_.exit = *status;
    return RunKind::exited;
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
    return now - spoke_ >= options_.quiet || waits(now);
  }

  /// Whether nothing was said and nothing computed for a while, and all its threads wait for something that
  /// comes from outside. One that sleeps until a time (a start script) is given the whole of `quiet`.
  bool waits(Clock::time_point now) {
    const auto activity = container_.activity();
    if (!activity || !activity->waiting || activity->cpu_ticks != ticks_) asleep_ = now;
    ticks_ = activity ? activity->cpu_ticks : 0;
    return now - std::max(spoke_, asleep_) >= options_.asleep;
  }

  /// Without steps: what can be asked of it without knowing it.
  void visit() {
    if (result_.kind == RunKind::settled) {
      add_summary("runs");
    } else {
      // With a readiness of the user's own, others may still be on their way.
      result_.facets.push_back(
          {.what = "listening ports", .value = port_list(result_.ports), .weak = !probe_.ready.all.empty()});
    }
    for (const auto& port : result_.ports) {
      VisitPlan plan{.only_connect = std::ranges::find(options_.silent, port.port) != options_.silent.end(),
                     .pages = nullptr,
                     .silence = options_.silence,
                     .bounds = {}};
      const auto known = options_.pages.find(port.port);
      if (known != options_.pages.end()) plan.pages = &known->second;
      auto visit = visit_port(container_, port, plan);
      std::ranges::move(visit.facets, std::back_inserter(result_.facets));
      add_summary(visit.summary);
      if (result_.unproved.empty()) result_.unproved = std::move(visit.unproved);
      if (visit.silent) result_.silent.push_back(port.port);
      result_.pages[port.port] = std::move(visit.pages);
    }
    check_health();
  }

  /// Until it is healthy, or for a few seconds: a program may take its time after it listens.
  void check_health() {
    ExecStart start;
    start.argv = healthcheck_of(start_.config);
    if (start.argv.empty()) return;
    constexpr milliseconds patience{5'000};
    constexpr milliseconds interval{250};
    const auto limit = std::min(Clock::now() + patience, deadline_);
    std::string answer;
    while (true) {
      const auto result = container_.exec(start, limit);
      const auto status = result ? result->status : std::nullopt;
      const bool healthy = status && status->success();
      answer = !result ? result.error().message : (status ? status->text() : "takes too long");
      if (healthy || Clock::now() >= limit || container_.wait(std::min(Clock::now() + interval, limit)))
        break;
    }
    result_.facets.push_back({.what = "healthcheck", .value = answer, .weak = true, .telling = true});
    add_summary("healthcheck " + answer);
  }

  void take_steps() {
    StepPlace place{.container = &container_,
                    .ports = result_.ports,
                    .config = &start_.config,
                    .deadline = deadline_,
                    .before = {},
                    .last = false,
                    .silence = options_.silence};
    std::map<std::string, unsigned> times;  // facets are told apart by their names
    for (const auto& step : probe_.steps) {
      const auto count = ++times[step.name];
      const auto name = count == 1 ? step.name : fmt::format("{} ({})", step.name, count);
      place.last = &step == &probe_.steps.back();
      if (place.ports.empty()) place.ports = container_.listening_ports();
      const auto mark = output_mark(container_);
      auto outcome = is_apart(step) ? run_apart(step, name) : run_step(step, name, place);
      place.before = mark;
      if (std::holds_alternative<SignalStep>(step.action)) signalled_ = true;
      note_asked(step);
      record(step, std::move(outcome));
    }
  }

  /// What a step looks at from outside no watcher sees, and a run needs it as much as what it opens itself.
  void note_asked(const Step& step) {
    const auto add = [this](const std::string& path, unsigned uses) {
      asked_.paths.push_back({.path = path, .uses = uses, .program = {}, .call = "a step of the probe"});
    };
    if (const auto* read = std::get_if<ReadStep>(&step.action)) add(read->path, PathUse::opened);
    if (const auto* write = std::get_if<WriteStep>(&step.action)) add(write->path, PathUse::changed);
    const auto* file = std::get_if<FileStep>(&step.action);
    if (file != nullptr && file->exists) add(file->path, PathUse::looked_up);
  }

  void take_watched() {
    result_.watched = container_.watched();
    if (apart_) unite(result_.watched, std::move(apart_));
    if (result_.watched) unite(result_.watched, std::move(asked_));
  }

  void record(const Step& step, StepOutcome outcome) {
    auto& answer = outcome.answer;
    std::ranges::move(outcome.facets, std::back_inserter(result_.facets));
    result_.facets.push_back(
        {.what = answer.step + ": expected", .value = answer.unmet.empty() ? "met" : answer.unmet});
    add_summary(answer.step + ": " + answer.answer);
    if (!answer.unmet.empty()) does_not_hold(step.origin, answer.step + ": " + answer.unmet);
    result_.answers.push_back(std::move(answer));
  }

  void does_not_hold(const Origin& origin, const std::string& why) {
    if (!result_.unproved.empty()) return;
    const auto place = origin.text();
    result_.unproved = (place.empty() ? "" : place + ": ") + why;
  }

  /// A program that ended by itself has no container for a command to run in: each gets one of its own, as
  /// `docker run` with --entrypoint gives it.
  [[nodiscard]] bool is_apart(const Step& step) const {
    return result_.kind == RunKind::exited && !probe_.hold && probe_.ready.all.empty() &&
           std::holds_alternative<ExecStep>(step.action);
  }

  StepOutcome run_apart(const Step& step, const std::string& name) {
    const auto& exec = std::get<ExecStep>(step.action);
    RunOverrides overrides{.entrypoint = exec.argv,
                           .cmd = {},
                           .env = exec.env,
                           .user = {},
                           .workdir = {},
                           .mounts = {},
                           .tmpfs = {}};
    if (!exec.user.empty()) overrides.user = exec.user;
    if (!exec.workdir.empty()) overrides.workdir = exec.workdir;
    auto start = start_;
    start.config = with_overrides(start_.config, overrides);
    auto container = sandbox_.start(start);
    if (!container) return exec_failure(name, container.error());
    const auto status = (*container)->wait(std::min(Clock::now() + step.within, deadline_));
    if (!status) {
      (*container)->signal(SIGKILL);
      (*container)->wait(Clock::now() + options_.stop);
    }
    auto outcome = exec_outcome(exec, name,
                                {.status = status,
                                 .output = (*container)->output(OutputStream::standard_output),
                                 .error = (*container)->output(OutputStream::standard_error)});
    unite(apart_, (*container)->watched());
    return outcome;
  }

  /// Of a container whose program is not started.
  Observation look_inside() {
    result_.kind = RunKind::exited;
    take_steps();
    container_.signal(SIGKILL);
    container_.wait(Clock::now() + options_.stop);
    take_watched();
    result_.changes = container_.changes();
    return std::move(result_);
  }

  Observation give_up() {
    if (!result_.unproved.empty()) {
      result_.facets.push_back({.what = "readiness", .value = result_.unproved});
      add_summary(result_.unproved);
    }
    container_.signal(SIGKILL);
    if (container_.wait(Clock::now() + options_.stop)) result_.watched = container_.watched();
    result_.changes = container_.changes();
    result_.errors = container_.output(OutputStream::standard_error).text;
    return std::move(result_);
  }

  void stop() {
    if (const auto status = container_.wait(Clock::now() + poll_interval)) {
      result_.exit = *status;
      if (signalled_) {
        result_.exit_expected = true;
        return;
      }
      result_.ended_early = true;
      result_.facets.push_back({.what = "stop", .value = "it ended before its stop signal", .ending = true});
      return;
    }
    result_.sockets = container_.listening_sockets();
    result_.peak_memory = container_.peak_memory();
    // Orphans and processes that nobody waits for show here; where they come and go they are noise.
    result_.facets.push_back({.what = "processes before the stop signal",
                              .value = fmt::format("{}", fmt::join(container_.processes(), "\n")),
                              .weak = true,
                              .ending = true});
    container_.signal(stop_signal_number(start_.config.stop_signal));
    auto status = container_.wait(Clock::now() + options_.stop);
    std::string how = "by its stop signal";
    if (!status) {
      how = "by SIGKILL: it does not heed its stop signal";
      container_.signal(SIGKILL);
      status = container_.wait(Clock::now() + options_.stop);
    }
    stopped_ = true;
    result_.facets.push_back({.what = "stop", .value = how, .ending = true});
    if (status) result_.exit = *status;
  }

  void report_end() {
    const bool served = result_.kind != RunKind::exited;
    const auto output = container_.output(OutputStream::standard_output);
    const auto error = container_.output(OutputStream::standard_error);
    result_.facets.push_back({.what = "exit status", .value = result_.exit.text(), .ending = true});
    result_.facets.push_back({.what = "stdout", .value = output.text + dropped_mark(output), .weak = served});
    result_.facets.push_back({.what = "stderr", .value = error.text + dropped_mark(error), .weak = served});
    result_.errors = error.text;
    take_watched();
    result_.changes = container_.changes();
    add_summary(result_.exit.text() + (stopped_ ? " after the stop signal" : ""));
    if (!served) add_summary(fmt::format("stdout {} bytes", output.text.size() + output.dropped));
    if (probe_.expect.empty()) return;
    auto unmet_end = unmet(probe_.expect, result_.exit, output.text, error.text);
    if (unmet_end.empty()) unmet_end = unmet_unseen(probe_.expect, output, error);
    result_.facets.push_back({.what = "expected", .value = unmet_end.empty() ? "met" : unmet_end});
    if (!unmet_end.empty()) does_not_hold(probe_.origin, unmet_end);
    result_.exit_expected = result_.exit_expected || probe_.expect.exit == result_.exit.shell_code();
  }

  void add_summary(const std::string& text) {
    constexpr std::size_t longest = 400;
    if (result_.summary.size() > longest) return;
    if (!result_.summary.empty()) result_.summary += ", ";
    result_.summary += text;
  }

  Sandbox& sandbox_;
  Container& container_;
  const ContainerStart& start_;
  const Probe& probe_;
  const ObserveOptions& options_;
  Clock::time_point begin_ = Clock::now();
  Container::Deadline deadline_;
  Clock::time_point next_look_;
  Clock::time_point spoke_ = Clock::now();
  std::uint64_t written_ = 0;
  Clock::time_point asleep_ = Clock::now();
  std::uint64_t ticks_ = 0;
  bool signalled_ = false;  ///< a step sent a signal: that it ends is no surprise
  bool stopped_ = false;    ///< by its stop signal
  std::optional<Watched> apart_;
  Watched asked_;  ///< by steps
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
  probed.hold = probe.hold;
  auto overrides = probe.overrides;
  if (probe.expand_env) {
    for (auto& setting : overrides.env) setting = expanded(setting, start.config);
  }
  probed.config = with_overrides(start.config, overrides);
  const auto& mounts = probe.overrides.mounts;
  const auto& tmpfs = probe.overrides.tmpfs;
  probed.mounts.insert(probed.mounts.end(), mounts.begin(), mounts.end());
  probed.tmpfs.insert(probed.tmpfs.end(), tmpfs.begin(), tmpfs.end());
  const RunningServices services(sandbox, options.services, Clock::now() + options.limit);
  services.join(probed);
  auto container = sandbox.start(probed);
  if (!container) {
    Observation result;
    result.message = container.error().message;
    result.summary = "does not start";
    result.facets.push_back({.what = "start", .value = container.error().message});
    return result;
  }
  auto result = Observer(sandbox, **container, probed, probe, options).run();
  leave_out(probe.ignore, result.facets);
  return result;
}

void go_by(const Observation& first, ObserveOptions& options) {
  for (const auto& port : first.ports) options.awaited.push_back(port.port);
  options.silent = first.silent;
  options.pages = first.pages;
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
