#include "cli/options.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/index_cache.h"
#include "analyzer/platform.h"
#include "cli/escape.h"
#include "cli/terminal.h"
#include "runner/container_spec.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

[[noreturn]] void usage(std::string_view option, std::string_view value, std::string_view expected) {
  throw Error(ErrorKind::usage, fmt::format("{} {}", option, value), fmt::format("expected {}", expected));
}

/// A number with an optional fraction, and what stands behind it.
std::pair<double, std::string_view> leading_number(std::string_view text, std::string_view option,
                                                   std::string_view expected) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number >= 0)) usage(option, text, expected);
  return {number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

/// source=...,target=...[,readonly] as docker's --mount, or SOURCE:TARGET[:ro] as its --volume.
BindMount parse_mount(const std::string& text) {
  constexpr std::string_view expected =
      "type=bind,source=HOST,target=CONTAINER[,readonly] or HOST:CONTAINER[:ro]";
  BindMount mount;
  if (text.find('=') == std::string::npos) {
    const auto first = text.find(':');
    const auto second = first == std::string::npos ? first : text.find(':', first + 1);
    if (first == std::string::npos) usage("--mount", text, expected);
    mount.source = text.substr(0, first);
    mount.target = text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    if (second != std::string::npos) {
      if (text.substr(second) != ":ro" && text.substr(second) != ":rw") usage("--mount", text, expected);
      mount.read_only = text.substr(second) == ":ro";
    }
  } else {
    for (const std::string& part : CLI::detail::split(text, ',')) {
      const auto equals = part.find('=');
      const std::string key = part.substr(0, equals);
      const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
      if (key == "source" || key == "src") {
        mount.source = value;
      } else if (key == "target" || key == "dst" || key == "destination") {
        mount.target = value;
      } else if (key == "readonly" || key == "ro") {
        mount.read_only = value.empty() || value == "true" || value == "1";
        if (!mount.read_only && value != "false" && value != "0") usage("--mount", text, expected);
      } else if (key != "type" || value != "bind") {
        usage("--mount", text, expected);
      }
    }
  }
  if (!mount.target.starts_with('/') || mount.source.empty()) usage("--mount", text, expected);
  if (!mount.source.starts_with('/')) {
    std::vector<char> folder(4096);
    if (::getcwd(folder.data(), folder.size()) == nullptr) usage("--mount", text, "an absolute source path");
    mount.source = std::string(folder.data()) + "/" + mount.source;
  }
  return mount;
}

/// Words as a shell splits them, without expansions: in single quotes all stands for itself, in double quotes
/// a backslash takes the meaning from a quote, a backslash and what a shell would expand (IEEE 1003.1, 2.2).
std::vector<std::string> shell_words(std::string_view text, std::string_view option) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (quote != '\0') {
      const bool escapes =
          quote == '"' && c == '\\' && (next == '"' || next == '\\' || next == '$' || next == '`');
      if (escapes) {
        word += text[++i];
      } else if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      open = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      word += text[++i];
      open = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (open) words.push_back(std::exchange(word, {}));
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (quote != '\0') usage(option, text, "the quote to be closed");
  if (open) words.push_back(word);
  return words;
}

TmpfsMount parse_tmpfs(const std::string& text) {
  const auto colon = text.find(':');
  TmpfsMount mount;
  mount.target = text.substr(0, colon);
  const std::string option = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool sized = option.starts_with("size=");
  if (!mount.target.starts_with('/') || (!option.empty() && !sized))
    usage("--tmpfs", text, "CONTAINER-PATH[:size=BYTES]");
  if (sized) mount.size = parse_size(option.substr(5), "--tmpfs");
  return mount;
}

}  // namespace

void add_image_options(CLI::App& command, Options& options) {
  command.add_option("--platform", options.platform, "which image of a multi-platform index")
      ->type_name("OS/ARCH[/VARIANT]");
  command.add_option("--jobs", options.jobs, "layers read at once (one for each processor)")->type_name("N");
  CLI::Option* cache =
      command
          .add_option("--cache", options.cache,
                      "where indexes of verified layers are kept ($XDG_CACHE_HOME/slim or ~/.cache/slim)")
          ->type_name("DIR");
  command.add_flag("--no-cache", options.no_cache, "read and verify every layer anew, and keep nothing")
      ->excludes(cache);
  command.add_flag("--insecure", options.insecure,
                   "registries need not prove who they are, nor speak TLS at all");
}

void add_output_options(CLI::App& command, Options& options) {
  command.add_option("--format", options.format, "what standard output gets")->type_name("text|json");
  add_progress_options(command, options);
  command.add_flag("--no-color", options.no_color, "no colour, on terminals neither");
}

void add_progress_options(CLI::App& command, Options& options) {
  command.add_option("--progress", options.progress, "how far it is, on standard error")
      ->type_name("auto|plain|none");
  CLI::Option* quiet =
      command.add_flag("--quiet", options.quiet, "nothing on standard output; the exit code tells");
  command.add_flag("--verbose", options.verbose, "every step on a line of its own, as with --progress plain")
      ->excludes(quiet);
}

void add_plan_options(CLI::App& command, Options& options) {
  command.add_option("--profile", options.profile, "how much is kept")->type_name("minimal|balanced|safe");
  command.add_option("--include", options.include, "keep what matches, with all it needs; repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command.add_option("--exclude", options.exclude, "leave out what matches; repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command.add_option("--rules", options.rules, "further rules; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_flag("--no-metadata", options.no_metadata,
                   "without what scanners read: package databases of what is kept, copyright files");
  command.add_option("--trace", options.traces, "keep what a run asked for (slim trace); repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_start_options(CLI::App& command, Options& options) {
  command.add_option("--entrypoint", options.entrypoint, "instead of the image's: words, or a JSON list")
      ->type_name("COMMAND");
  command.add_option("--cmd", options.cmd, "instead of the image's: words, or a JSON list")
      ->type_name("COMMAND");
  command.add_option("--env,-e", options.env, "a variable of the environment; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--user,-u", options.user, "user and group to run as")->type_name("USER[:GROUP]");
  command.add_option("--workdir,-w", options.workdir, "the working folder")->type_name("DIR");
}

void add_run_options(CLI::App& command, Options& options) {
  command.add_option("--mount", options.mounts, "a folder or file of this machine; repeatable")
      ->type_name("HOST:CONTAINER[:ro]")
      ->allow_extra_args(false);
  command.add_option("--tmpfs", options.tmpfs, "a file system in memory; repeatable")
      ->type_name("PATH[:size=N]")
      ->allow_extra_args(false);
  command.add_option("--runtime", options.runtime, "an OCI runtime (the first of runc, crun)")
      ->type_name("NAME");
  command.add_option("--network", options.network, "none: a loopback of its own")->type_name("none|host");
  command.add_option("--memory", options.memory, "memory at most (2g)")->type_name("BYTES");
  command.add_option("--pids", options.pids, "processes at most (1024)")->type_name("N");
  command.add_option("--timeout", options.timeout, "time at most for one run (60s)")->type_name("TIME");
}

void add_repeat_option(CLI::App& command, Options& options) {
  constexpr unsigned most = 20;
  command.add_option("--repeat", options.repeat, "runs of each side before noise is judged (2)")
      ->type_name("N")
      ->check(CLI::Range(2U, most));
}

ImageRef image_of(const std::string& text, const Options& options) {
  ImageRef ref = parse_image_ref(text);
  ref.insecure = options.insecure;
  return ref;
}

ImageRef destination_of(const std::string& text, const Options& options) {
  ImageRef ref = parse_destination(text);
  ref.insecure = options.insecure;
  return ref;
}

std::optional<Platform> platform_of(const Options& options) {
  if (options.platform.empty()) return std::nullopt;
  return Platform::parse(options.platform);
}

RunOverrides overrides_of(const Options& options) {
  RunOverrides overrides;
  if (!options.entrypoint.empty()) overrides.entrypoint = parse_command(options.entrypoint, "--entrypoint");
  if (!options.cmd.empty()) overrides.cmd = parse_command(options.cmd, "--cmd");
  for (const std::string& variable : options.env) {
    if (variable.find('=') == std::string::npos || variable.starts_with('='))
      usage("--env", variable, "NAME=VALUE");
  }
  overrides.env = options.env;
  if (!options.user.empty()) overrides.user = options.user;
  if (!options.workdir.empty()) {
    if (!options.workdir.starts_with('/'))
      usage("--workdir", options.workdir, "an absolute path in the image");
    overrides.workdir = options.workdir;
  }
  for (const std::string& mount : options.mounts) overrides.mounts.push_back(parse_mount(mount));
  for (const std::string& mount : options.tmpfs) overrides.tmpfs.push_back(parse_tmpfs(mount));
  return overrides;
}

void refuse_host_network(const Options& options) {
  if (options.network == "host") {
    throw Error(ErrorKind::usage, "--network host",
                "two containers that are compared need a network of their own each",
                "slim run takes --network host");
  }
}

RunOptions run_options_of(const Options& options) {
  RunOptions run;
  run.overrides = overrides_of(options);
  if (!options.memory.empty()) run.limits.memory = parse_size(options.memory, "--memory");
  if (options.pids != 0) run.limits.pids = options.pids;
  if (!options.timeout.empty()) run.limits.timeout = parse_duration(options.timeout, "--timeout");
  if (options.network != "none" && options.network != "host")
    usage("--network", options.network, "none or host");
  run.network = options.network == "host" ? NetworkMode::host : NetworkMode::none;
  run.runtime = options.runtime;
  return run;
}

namespace {

/// Null with --no-cache. The default folder is passed over where it cannot be made, and with a line on
/// standard error where it is not safe; one that was asked for is an Error then.
std::shared_ptr<const IndexCache> cache_of(const Options& options) {
  if (options.no_cache) return nullptr;
  if (!options.cache.empty()) return std::make_shared<const IndexCache>(options.cache);
  const std::string folder = default_cache_folder();
  if (folder.empty() || !IndexCache::make_folder(folder)) return nullptr;
  try {
    return std::make_shared<const IndexCache>(folder);
  } catch (const Error& error) {
    fmt::print(stderr, "slim: warning: {}\nhint: {}\n", terminal_text(error.what()), error.hint());
    return nullptr;
  }
}

}  // namespace

ReadOptions read_options_of(const Options& options, const std::optional<Platform>& platform) {
  ReadOptions read;
  read.platform = platform ? &*platform : nullptr;
  read.jobs = options.jobs;
  read.cache = cache_of(options);
  return read;
}

AnalysisOptions analysis_options_of(const Options& options, const std::optional<Platform>& platform) {
  check_report_places(options);  // before any work, not behind it
  AnalysisOptions analysis;
  analysis.read = read_options_of(options, platform);
  analysis.overrides = overrides_of(options);
  analysis.rule_files = options.rules;
  analysis.traces = options.traces;
  analysis.mark.include = options.include;
  analysis.mark.exclude = options.exclude;
  analysis.mark.metadata = !options.no_metadata;
  if (options.profile == "minimal") {
    analysis.mark.profile = Profile::minimal;
  } else if (options.profile == "safe") {
    analysis.mark.profile = Profile::safe;
  } else if (options.profile != "balanced") {
    usage("--profile", options.profile, "minimal, balanced or safe");
  }
  return analysis;
}

ProgressMode progress_of(const Options& options) {
  if (options.verbose && options.progress == "auto") return ProgressMode::plain;
  if (options.progress == "auto") return options.quiet ? ProgressMode::none : ProgressMode::automatic;
  if (options.progress == "plain") return ProgressMode::plain;
  if (options.progress == "none") return ProgressMode::none;
  usage("--progress", options.progress, "auto, plain or none");
}

std::uint64_t parse_size(std::string_view text, std::string_view option) {
  constexpr std::string_view expected = "a number of bytes, with k, m, g or t behind it where you like";
  auto [number, unit] = leading_number(text, option, expected);
  std::string lower(unit);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view steps = "bkmgt";
  const auto step = lower.empty() ? 0 : steps.find(lower[0]);
  const std::string rest = lower.empty() ? "" : lower.substr(1);
  const bool scaled = step != std::string_view::npos && step > 0 && (rest == "b" || rest == "ib");
  if (step == std::string_view::npos || (!rest.empty() && !scaled)) usage(option, text, expected);
  for (std::size_t i = 0; i < step; ++i) number *= 1024;
  if (number < 1 || number > 1e18) usage(option, text, expected);
  return static_cast<std::uint64_t>(number);
}

std::chrono::seconds parse_duration(std::string_view text, std::string_view option) {
  constexpr std::string_view expected = "a time such as 30s, 2m or 1h";
  const auto [number, unit] = leading_number(text, option, expected);
  double factor = 0;
  if (unit.empty() || unit == "s") factor = 1;
  if (unit == "m") factor = 60;
  if (unit == "h") factor = 3600;
  if (factor == 0 || number * factor < 1 || number * factor > 1e6) usage(option, text, expected);
  return std::chrono::seconds(static_cast<std::int64_t>(number * factor));
}

std::vector<std::string> parse_command(std::string_view text, std::string_view option) {
  if (text.starts_with('[')) {
    const auto list = nlohmann::json::parse(text, nullptr, false);
    const bool words =
        list.is_array() && std::ranges::all_of(list, [](const auto& word) { return word.is_string(); });
    if (!words) usage(option, text, "a JSON list of strings, or plain words");
    return list.get<std::vector<std::string>>();
  }
  return shell_words(text, option);
}

namespace {

/// A pipe or a device is written into; a new file must not take its place.
void write_into(const std::string& path, const std::function<void(std::ostream&)>& write) {
  std::ofstream file(path, std::ios::binary);
  if (file) write(file);
  file.flush();
  if (!file) throw system_error(path, "cannot write it", errno);
}

/// Where a whole file is to be put; a link stays a link: the file that it leads to is replaced. Nothing for
/// what is no regular file (a pipe, /dev/stdout).
std::optional<std::filesystem::path> place_of(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) return path;
  if (!std::filesystem::is_regular_file(status)) return std::nullopt;
  return std::filesystem::canonical(path);
}

std::filesystem::path folder_of(const std::filesystem::path& place) {
  return place.has_parent_path() ? place.parent_path() : ".";
}

}  // namespace

bool same_file(const std::string& one, const std::string& other) {
  std::error_code failed;  // what does not exist is no other file
  return std::filesystem::equivalent(one, other, failed) && !failed;
}

void write_file_whole(const std::string& path, const std::function<void(std::ostream&)>& write) {
  const auto place = place_of(path);
  if (!place) {
    write_into(path, write);
    return;
  }
  StagedPath staged(StagedKind::file, folder_of(*place), place->filename().string(), path);
  {
    std::ofstream file(staged.path(), std::ios::binary | std::ios::trunc);
    if (file) write(file);
    file.flush();
    if (!file) throw system_error(path, "cannot write it", errno);
  }
  sync_file(staged.fd(), path);
  commit_staged([&] { staged.move_to(*place); });
}

void check_file_place(const std::string& path) {
  const auto place = place_of(path);
  if (place) const StagedPath probe(StagedKind::file, folder_of(*place), place->filename().string(), path);
}

}  // namespace slim
