// Each function reads one kind of value, checks every key of it, and gives the piece of the model that it is.
#include "runner/probe_file.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
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

#include "analyzer/host_file.h"
#include "runner/container_spec.h"
#include "runner/pattern.h"
#include "runner/probe.h"
#include "runner/structure_test.h"
#include "runner/yaml_node.h"

namespace slim {
namespace {

constexpr std::size_t probes_cap = 1000;
constexpr std::size_t steps_cap = 1000;
constexpr std::size_t services_cap = 16;
constexpr std::size_t name_length = 60;
constexpr std::string_view shell = "/bin/sh";

Origin origin_of(const YamlNode& node) {
  return {.file = node.file(), .line = node.line()};
}

/// A text that fits on a line of a report.
std::string shortened(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20; }, ' ');
  return text.size() <= name_length ? text : text.substr(0, name_length - 3) + "...";
}

/// One text, or a list of them.
std::vector<std::string> one_or_more(const YamlNode& node) {
  if (node.is_list()) return node.texts();
  return {node.text()};
}

std::vector<Pattern> patterns(const YamlNode& node) {
  std::vector<Pattern> result;
  if (!node.is_list()) return {node.pattern()};
  for (const auto& item : node.items()) result.push_back(item.pattern());
  return result;
}

TextExpect text_expect(const YamlNode& node) {
  TextExpect expect;
  if (node.is_text() || node.is_list()) {
    expect.contains = one_or_more(node);
    return expect;
  }
  if (!node.is_map()) node.expected("a text that it contains, or { contains, matches, excludes, equals }");
  node.allow({"contains", "matches", "excludes", "equals"});
  if (const auto value = node.find("contains")) expect.contains = one_or_more(*value);
  if (const auto value = node.find("matches")) expect.matches = patterns(*value);
  if (const auto value = node.find("excludes")) expect.excludes = patterns(*value);
  if (const auto value = node.find("equals")) expect.equals = {value->text()};
  return expect;
}

ProcessExpect process_expect(const YamlNode& node) {
  ProcessExpect expect;
  node.allow({"exit", "stdout", "stderr", "output"});
  if (const auto value = node.find("exit")) expect.exit = static_cast<int>(value->number(0, 255));
  if (const auto value = node.find("stdout")) expect.stdout_text = text_expect(*value);
  if (const auto value = node.find("stderr")) expect.stderr_text = text_expect(*value);
  if (const auto value = node.find("output")) expect.output_text = text_expect(*value);
  return expect;
}

std::uint16_t port_of(const YamlNode& node) {
  return static_cast<std::uint16_t>(node.number(1, 65535));
}

std::string absolute_path(const YamlNode& node) {
  auto path = node.text();
  if (!path.starts_with('/') || path.find('\0') != std::string::npos) node.expected("an absolute path");
  return path;
}

/// Words, or a text for the shell.
std::vector<std::string> command(const YamlNode& node) {
  std::vector<std::string> argv;
  if (node.is_list()) {
    argv = node.texts();
  } else {
    argv = {std::string(shell), "-c", node.text()};
  }
  if (argv.empty() || argv.front().empty() || argv.back().empty()) node.expected("a command");
  return argv;
}

/// Arguments where no shell is meant: a list, or one word.
std::vector<std::string> arguments(const YamlNode& node) {
  if (node.is_list()) return node.texts();
  if (node.text().find_first_of(" \t\n") != std::string::npos) node.expected("a list of words");
  return {node.text()};
}

/// { NAME: value } or [ NAME=value ].
std::vector<std::string> environment(const YamlNode& node) {
  std::vector<std::string> result;
  if (node.is_list()) {
    for (const auto& item : node.items()) {
      auto setting = item.text();
      if (setting.find('=') == std::string::npos || setting.starts_with('=')) item.expected("NAME=value");
      result.push_back(std::move(setting));
    }
    return result;
  }
  if (!node.is_map()) node.expected("{ NAME: value } or a list of NAME=value");
  for (const auto& [name, value] : node.entries()) {
    if (name.empty() || name.find('=') != std::string::npos) value.fail("expected a name without =");
    result.push_back(name + "=" + (value.is_null() ? "" : value.text()));
  }
  return result;
}

}  // namespace

std::string beside_file(const YamlNode& node, const std::string& path) {
  const auto folder = std::filesystem::absolute(std::filesystem::path(node.file()).parent_path() / ".");
  return (path.starts_with('/') ? std::filesystem::path(path) : folder / path).lexically_normal();
}

BindMount read_mount(const YamlNode& node) {
  constexpr std::string_view what = "HOST:CONTAINER[:ro] or { source, target, readonly }";
  BindMount result;
  if (node.is_text()) {
    const auto text = node.text();
    const auto colon = text.find(':');
    const auto rest = colon == std::string::npos ? std::string() : text.substr(colon + 1);
    const auto mode = rest.find(':');
    result.source = text.substr(0, colon);
    result.target = rest.substr(0, mode);
    const auto word = mode == std::string::npos ? "rw" : rest.substr(mode + 1);
    result.read_only = word == "ro";
    if (result.source.empty() || (word != "ro" && word != "rw")) node.expected(std::string(what));
  } else {
    if (!node.is_map()) node.expected(std::string(what));
    node.allow({"source", "target", "readonly"});
    result.source = node.require("source").text();
    result.target = node.require("target").text();
    if (const auto value = node.find("readonly")) result.read_only = value->boolean();
  }
  if (!result.target.starts_with('/')) node.expected("an absolute path in the container");
  result.source = beside_file(node, result.source);
  std::error_code failed;
  if (!std::filesystem::exists(result.source, failed))
    node.fail(result.source + ": there is no such file or folder");
  return result;
}

namespace {

TmpfsMount tmpfs(const YamlNode& node) {
  TmpfsMount result;
  if (node.is_map()) {
    node.allow({"target", "size"});
    result.target = absolute_path(node.require("target"));
    constexpr std::int64_t most = 1LL << 40;
    if (const auto value = node.find("size"))
      result.size = static_cast<std::uint64_t>(value->number(1, most));
  } else {
    result.target = absolute_path(node);
  }
  return result;
}

/// What probes and services share with the command line.
RunOverrides overrides(const YamlNode& node) {
  RunOverrides result;
  if (const auto value = node.find("entrypoint")) result.entrypoint = arguments(*value);
  if (const auto value = node.find("cmd")) result.cmd = arguments(*value);
  if (const auto value = node.find("env")) result.env = environment(*value);
  if (const auto value = node.find("user")) result.user = value->text();
  if (const auto value = node.find("workdir")) result.workdir = absolute_path(*value);
  if (const auto value = node.find("mounts")) {
    for (const auto& item : value->items()) result.mounts.push_back(read_mount(item));
  }
  if (const auto value = node.find("tmpfs")) {
    for (const auto& item : value->items()) result.tmpfs.push_back(tmpfs(item));
  }
  return result;
}

std::string http_path(const YamlNode& node) {
  auto path = node.text();
  const bool broken = std::ranges::any_of(path, [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
  if (!path.starts_with('/') || broken) node.expected("a path that starts with / and holds no blanks");
  return path;
}

ReadyHttp ready_http(const YamlNode& node) {
  if (node.is_text()) return {.path = http_path(node)};
  node.allow({"path", "port"});
  ReadyHttp http;
  if (const auto value = node.find("path")) http.path = http_path(*value);
  if (const auto value = node.find("port")) http.port = port_of(*value);
  return http;
}

Ready ready(const YamlNode& node) {
  Ready result;
  node.allow({"tcp", "http", "log", "delay", "exec", "within"});
  if (const auto value = node.find("within")) result.within = value->duration();
  if (const auto value = node.find("tcp")) {
    for (const auto& item : value->is_list() ? value->items() : std::vector{*value})
      result.all.emplace_back(ReadyPort{port_of(item)});
  }
  if (const auto value = node.find("http")) result.all.emplace_back(ready_http(*value));
  if (const auto value = node.find("log")) result.all.emplace_back(ReadyLog{value->pattern()});
  if (const auto value = node.find("delay")) result.all.emplace_back(ReadyDelay{value->duration()});
  if (const auto value = node.find("exec")) result.all.emplace_back(ReadyExec{command(*value)});
  return result;
}

/// 200, "2xx", "200-299", or a list of such.
std::vector<std::pair<int, int>> statuses(const YamlNode& node) {
  std::vector<std::pair<int, int>> result;
  for (const auto& item : node.is_list() ? node.items() : std::vector{node}) {
    const auto text = item.text();
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto code = [&](std::string_view part) {
      int value = 0;
      std::from_chars(part.data(), part.data() + part.size(), value);
      const bool right = part.size() == 3 && std::ranges::all_of(part, digit) && value >= 100 && value <= 599;
      if (!right) item.expected("a status such as 200, 2xx or 200-299");
      return value;
    };
    if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
      const int first = (text[0] - '0') * 100;
      result.emplace_back(first, first + 99);
    } else if (const auto dash = text.find('-'); dash != std::string::npos) {
      result.emplace_back(code(text.substr(0, dash)), code(text.substr(dash + 1)));
    } else {
      result.emplace_back(code(text), code(text));
    }
  }
  return result;
}

bool is_token(std::string_view text) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

std::vector<std::pair<std::string, std::string>> request_headers(const YamlNode& node) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, value] : node.entries()) {
    if (!is_token(name)) value.fail("not a name of a header");
    auto text = value.text();
    if (text.find_first_of("\r\n") != std::string::npos) value.expected("a value of one line");
    result.emplace_back(name, std::move(text));
  }
  return result;
}

HttpStep http(const YamlNode& node) {
  if (node.is_text()) {
    const auto step = http_step(node.text());
    if (!step) node.expected("PATH or METHOD:PATH");
    return std::get<HttpStep>(step->action);
  }
  node.allow({"method", "path", "port", "headers", "body", "expect"});
  HttpStep step;
  if (const auto value = node.find("method")) {
    step.method = value->text();
    if (!is_token(step.method)) value->expected("a method such as GET or POST");
  }
  if (const auto value = node.find("path")) step.path = http_path(*value);
  if (const auto value = node.find("port")) step.port = port_of(*value);
  if (const auto value = node.find("headers")) step.headers = request_headers(*value);
  if (const auto value = node.find("body")) step.body = value->text();
  if (const auto expect = node.find("expect")) {
    if (expect->is_text() || expect->is_list()) {  // a status is what is expected most
      step.status = statuses(*expect);
      return step;
    }
    expect->allow({"status", "headers", "body"});
    if (const auto value = expect->find("status")) step.status = statuses(*value);
    if (const auto value = expect->find("body")) step.expect_body = text_expect(*value);
    if (const auto value = expect->find("headers")) {
      for (const auto& [name, text] : value->entries())
        step.expect_headers.emplace_back(name, text_expect(text));
    }
  }
  return step;
}

ExecStep exec(const YamlNode& node) {
  ExecStep step;
  if (!node.is_map()) {
    step.argv = command(node);
    return step;
  }
  node.allow({"command", "env", "user", "workdir", "expect"});
  step.argv = command(node.require("command"));
  if (const auto value = node.find("env")) step.env = environment(*value);
  if (const auto value = node.find("user")) step.user = value->text();
  if (const auto value = node.find("workdir")) step.workdir = absolute_path(*value);
  if (const auto value = node.find("expect")) {
    if (value->is_text()) {
      step.expect.output_text = text_expect(*value);
    } else {
      step.expect = process_expect(*value);
    }
  }
  return step;
}

/// \r, \n, \t, \0, \\ and \xHH, for texts that are not in YAML's double quotes.
std::string unescaped(const YamlNode& node) {
  const auto text = node.text();
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    constexpr std::string_view letters = R"(rnt0\)";
    constexpr std::string_view bytes("\r\n\t\0\\", 5);
    const char letter = i + 1 < text.size() ? text[++i] : '\0';
    unsigned value = 0;
    if (const auto at = letters.find(letter); at != std::string_view::npos && letter != '\0') {
      result += bytes[at];
    } else if (letter == 'x' && i + 2 < text.size() &&
               std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
                   text.data() + i + 3) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      node.fail(R"(expected one of \r, \n, \t, \0, \\, \xHH behind a backslash)");
    }
  }
  return result;
}

TcpStep tcp(const YamlNode& node) {
  node.allow({"port", "send", "expect"});
  TcpStep step;
  step.port = port_of(node.require("port"));
  if (const auto value = node.find("send")) step.send = unescaped(*value);
  if (const auto value = node.find("expect")) {
    if (value->is_text()) {
      step.expect.contains = {unescaped(*value)};
    } else {
      step.expect = text_expect(*value);
    }
  }
  return step;
}

SignalStep signal(const YamlNode& node) {
  SignalStep step;
  if (node.is_map()) node.allow({"name", "exit"});
  const auto name = node.is_map() ? node.require("name") : node;
  step.number = signal_number(name.text());
  if (step.number == 0) name.expected("a signal such as HUP or SIGTERM");
  const char* known = ::sigabbrev_np(step.number);
  step.name = known != nullptr ? "SIG" + std::string(known) : std::to_string(step.number);
  if (node.is_map()) {
    if (const auto value = node.find("exit")) step.exit = static_cast<int>(value->number(0, 255));
  }
  return step;
}

WriteStep write(const YamlNode& node) {
  node.allow({"path", "content"});
  return {.path = absolute_path(node.require("path")), .content = node.require("content").text()};
}

ReadStep read(const YamlNode& node) {
  if (node.is_text()) return {.path = absolute_path(node), .expect = {}};
  node.allow({"path", "expect"});
  ReadStep step{.path = absolute_path(node.require("path")), .expect = {}};
  if (const auto value = node.find("expect")) step.expect = text_expect(*value);
  return step;
}

std::string step_name(const Step& step) {
  struct Name {
    std::string operator()(const HttpStep& http) const {
      return http.method + " " + http.path + (http.port == 0 ? "" : fmt::format(" on port {}", http.port));
    }
    std::string operator()(const ExecStep& exec) const {
      const bool by_shell = exec.argv.size() == 3 && exec.argv[0] == shell && exec.argv[1] == "-c";
      return "exec " + (by_shell ? exec.argv[2] : fmt::format("{}", fmt::join(exec.argv, " ")));
    }
    std::string operator()(const TcpStep& tcp) const { return fmt::format("tcp on port {}", tcp.port); }
    std::string operator()(const SignalStep& signal) const { return "signal " + signal.name; }
    std::string operator()(const WriteStep& write) const { return "write " + write.path; }
    std::string operator()(const ReadStep& read) const { return "read " + read.path; }
    std::string operator()(const LogStep& log) const { return "log " + log.pattern.text(); }
    std::string operator()(const FileStep& file) const { return "file " + file.path; }
    std::string operator()(const MetadataStep& /*metadata*/) const { return "metadata"; }
    std::string operator()(const WaitStep& wait) const {
      return fmt::format("wait {} ms", wait.time.count());
    }
  };
  return shortened(std::visit(Name{}, step.action));
}

Step step(const YamlNode& node) {
  constexpr std::string_view kinds = "http, exec, tcp, signal, write, read, log or wait";
  if (!node.is_map()) node.expected(fmt::format("a step: {}", kinds));
  node.allow({"http", "exec", "tcp", "signal", "write", "read", "log", "wait", "name", "within"});
  Step result;
  result.origin = origin_of(node);
  std::size_t count = 0;
  for (const auto& [kind, value] : node.entries()) {
    if (kind == "name" || kind == "within") continue;
    ++count;
    if (kind == "http") result.action = http(value);
    if (kind == "exec") result.action = exec(value);
    if (kind == "tcp") result.action = tcp(value);
    if (kind == "signal") result.action = signal(value);
    if (kind == "write") result.action = write(value);
    if (kind == "read") result.action = read(value);
    if (kind == "log") result.action = LogStep{value.pattern()};
    if (kind == "wait") result.action = WaitStep{value.duration()};
  }
  if (count != 1) node.fail(fmt::format("expected one of {}", kinds));
  if (const auto value = node.find("within")) result.within = value->duration();
  const auto name = node.find("name");
  result.name = name ? shortened(name->text()) : step_name(result);
  return result;
}

Probe probe(const YamlNode& node, std::size_t number) {
  node.allow({"name", "entrypoint", "cmd", "env", "user", "workdir", "mounts", "tmpfs", "ready", "steps",
              "expect", "ignore"});
  Probe result;
  result.origin = origin_of(node);
  const auto name = node.find("name");
  result.name = name ? shortened(name->text()) : fmt::format("probe {}", number);
  result.overrides = overrides(node);
  if (const auto value = node.find("ready")) result.ready = ready(*value);
  if (const auto value = node.find("steps")) {
    for (const auto& item : value->items()) result.steps.push_back(step(item));
    if (result.steps.size() > steps_cap) value->fail(fmt::format("more than {} steps", steps_cap));
  }
  if (const auto value = node.find("expect")) result.expect = process_expect(*value);
  if (const auto value = node.find("ignore")) result.ignore = patterns(*value);
  return result;
}

Service service(const YamlNode& node) {
  node.allow({"name", "image", "entrypoint", "cmd", "env", "user", "workdir", "mounts", "tmpfs", "ready"});
  Service result;
  result.origin = origin_of(node);
  const auto name = node.require("name");
  result.name = name.text();
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  const bool good = !result.name.empty() && result.name.size() <= 63 &&
                    result.name.find_first_not_of(letters) == std::string::npos;
  if (!good) name.expected("a host name: letters, digits, '.', '-' and '_'");
  result.image = node.require("image").text();
  // A file beside the probe file, with or without a transport in front; anything else stands as it is.
  const auto colon = result.image.find(':');
  const auto prefix = colon == std::string::npos ? "" : result.image.substr(0, colon + 1);
  for (const std::string& front : {std::string(), prefix}) {
    const auto place = beside_file(node, result.image.substr(front.size()));
    const auto file = place.substr(0, front.empty() ? place.size() : place.find(':'));
    std::error_code failed;
    if (!std::filesystem::exists(file, failed)) continue;
    result.image = front + place;
    break;
  }
  result.overrides = overrides(node);
  if (const auto value = node.find("ready")) result.ready = ready(*value);
  return result;
}

template <typename Item>
void refuse_same_names(const std::vector<Item>& items, const YamlNode& node) {
  std::unordered_set<std::string> names;
  for (const auto& item : items) {
    if (!names.insert(item.name).second) node.fail(fmt::format("two are called '{}'", item.name));
  }
}

}  // namespace

ProbeSet parse_probes(const std::string& text, const std::string& file) {
  const auto document = YamlNode::parse(text, file);
  if (is_structure_file(document)) return {.probes = parse_structure_file(document).probes, .services = {}};
  if (!document.is_map()) document.expected("a map with the key probes");
  document.allow({"probes", "services"});
  ProbeSet set;
  const auto probes = document.require("probes");
  for (const auto& item : probes.items()) set.probes.push_back(probe(item, set.probes.size() + 1));
  if (set.probes.empty() || set.probes.size() > probes_cap)
    probes.fail(fmt::format("expected 1 to {} probes", probes_cap));
  refuse_same_names(set.probes, probes);
  if (const auto services = document.find("services")) {
    for (const auto& item : services->items()) set.services.push_back(service(item));
    if (set.services.size() > services_cap)
      services->fail(fmt::format("more than {} services", services_cap));
    refuse_same_names(set.services, *services);
  }
  return set;
}

ProbeSet read_probe_file(const std::string& file) {
  return parse_probes(read_host_file(file, "probe file"), file);
}

std::optional<Step> http_step(std::string_view text) {
  HttpStep http;
  const auto colon = text.starts_with('/') ? std::string_view::npos : text.find(':');
  if (colon != std::string_view::npos) {
    http.method = text.substr(0, colon);
    if (!is_token(http.method)) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  if (!text.starts_with('/') ||
      std::ranges::any_of(text, [](unsigned char c) { return c <= 0x20 || c == 0x7F; }))
    return std::nullopt;
  http.path = text;
  Step step;
  step.action = std::move(http);
  step.name = step_name(step);
  return step;
}

Step exec_step(std::vector<std::string> argv) {
  Step step;
  ExecStep exec;
  exec.argv = std::move(argv);
  step.action = std::move(exec);
  step.name = step_name(step);
  return step;
}

int signal_number(std::string_view name) {
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size())
    return number > 0 && number < NSIG ? number : 0;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (number = 1; number < NSIG; ++number) {
    const char* known = ::sigabbrev_np(number);
    if (known != nullptr && name == known) return number;
  }
  return 0;
}

}  // namespace slim
