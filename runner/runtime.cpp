// The OCI runtime command line interface (runtime-tools, docs/command-line-interface.md): create, start.
#include "runner/runtime.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/spawn.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

/// "runc 1.1.5" out of "runc version 1.1.5+ds1\ncommit: ...".
std::string short_version(std::string_view output) {
  std::string line(output.substr(0, output.find('\n')));
  const auto word = line.find(" version ");
  if (word != std::string::npos) line.erase(word, std::string_view(" version").size());
  return line;
}

std::optional<Runtime> try_runtime(const std::string& name) {
  const auto program = find_program(name);
  if (program.empty()) return std::nullopt;
  const auto result = run_and_capture({program, "--version"});
  if (!result.status.success()) return std::nullopt;
  const auto version = short_version(result.output);
  return Runtime{.program = program, .version = version, .crun = version.starts_with("crun")};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? text : text.substr(end + 1);
}

}  // namespace

Runtime find_runtime(const std::string& wanted) {
  const std::string hint = "apt-get install runc";
  if (!wanted.empty()) {
    if (auto runtime = try_runtime(wanted)) return *runtime;
    throw Error(ErrorKind::environment, "no container runtime", "looked for " + wanted + " in PATH", hint);
  }
  for (const auto* name : {"runc", "crun"}) {
    if (auto runtime = try_runtime(name)) return *runtime;
  }
  throw Error(ErrorKind::environment, "no container runtime", "looked for runc, crun in PATH", hint);
}

std::vector<std::string> runtime_call(const Runtime& runtime, const std::string& state_folder,
                                      const std::string& log_file) {
  std::vector<std::string> call{runtime.program, "--root",       state_folder, "--log",
                                log_file,        "--log-format", "json"};
  if (runtime.crun) call.emplace_back("--cgroup-manager=disabled");
  return call;
}

std::string last_complaint(std::string_view log) {
  std::string found;
  for (auto rest = log; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto json = nlohmann::json::parse(rest.substr(0, end), nullptr, false);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!json.is_object() || json.value("level", "error") != "error") continue;
    if (json.contains("msg") && json["msg"].is_string()) found = json["msg"].get<std::string>();
  }
  return found.empty() ? std::string(last_line(log)) : found;
}

std::optional<StartFailure> start_failure(const std::string& complaint) {
  const auto text = lower(complaint);
  const auto has = [&text](std::string_view part) { return text.find(part) != std::string::npos; };
  // runc: unable to start container process: exec: "x": ...; crun: executable file `x` not found, open
  // executable
  const bool about_program =
      has("exec: ") || has("executable") || has("exec container process") || has("exec /");
  if (!about_program) return std::nullopt;
  if (has("not found") || has("no such file or directory"))
    return StartFailure{.exit_code = 127, .message = complaint};
  if (has("permission denied") || has("exec format error") || has("is a directory") ||
      has("not executable") || has("operation not permitted")) {
    return StartFailure{.exit_code = 126, .message = complaint};
  }
  return std::nullopt;
}

}  // namespace slim
