#include "cli/probe_options.h"

#include <algorithm>
#include <string>
#include <utility>

#include <CLI/App.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "cli/options.h"
#include "runner/probe.h"
#include "runner/probe_file.h"

namespace slim {
namespace {

/// Probes are told apart by their names, and two files may use the same.
void add_renamed(ProbeSet& all, ProbeSet more) {
  for (auto& probe : more.probes) {
    const auto name = probe.name;
    for (unsigned count = 2; std::ranges::find(all.probes, probe.name, &Probe::name) != all.probes.end();
         ++count) {
      probe.name = fmt::format("{} ({})", name, count);
    }
    all.probes.push_back(std::move(probe));
  }
  for (auto& service : more.services) {
    if (std::ranges::find(all.services, service.name, &Service::name) != all.services.end()) {
      throw Error(ErrorKind::input, service.origin.text(),
                  fmt::format("a service called {} is in another probe file too", service.name));
    }
    all.services.push_back(std::move(service));
  }
}

}  // namespace

void add_probe_options(CLI::App& command, Options& options) {
  command
      .add_option(
          "--probe", options.probes,
          "what to do to the running image: a probe file, or one of container-structure-test; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_option("--http", options.http, "ask for this page; repeatable")
      ->type_name("[METHOD:]PATH")
      ->allow_extra_args(false);
  command
      .add_option("--exec", options.exec,
                  "run this inside, it must exit with 0: words, or a JSON list; repeatable")
      ->type_name("COMMAND")
      ->allow_extra_args(false);
}

ProbeSet probes_of(const Options& options) {
  ProbeSet set;
  for (const auto& file : options.probes) add_renamed(set, read_probe_file(file));
  ProbeSet line;
  auto& probe = line.probes.emplace_back();
  probe.name = "command line";
  auto& steps = probe.steps;
  for (const auto& text : options.http) {
    auto step = http_step(text);
    if (!step)
      throw Error(ErrorKind::usage, "--http " + text, "expected PATH or METHOD:PATH, such as /login");
    steps.push_back(*std::move(step));
  }
  for (const auto& text : options.exec) {
    auto argv = parse_command(text, "--exec");
    if (argv.empty() || argv.front().empty())
      throw Error(ErrorKind::usage, "--exec " + text, "expected a command");
    steps.push_back(exec_step(std::move(argv)));
  }
  if (!steps.empty()) add_renamed(set, std::move(line));
  return set;
}

}  // namespace slim
