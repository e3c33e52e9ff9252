// Each image is slimmed by a `slim build` of its own that reports as JSON; this process reads the file, keeps
// the record of what is done, and tells.
#include "cli/batch.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/host_file.h"
#include "analyzer/image_ref.h"
#include "cli/batch_file.h"
#include "cli/batch_record.h"
#include "cli/batch_report.h"
#include "cli/batch_run.h"
#include "cli/escape.h"
#include "cli/github.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace slim {
namespace {

constexpr unsigned at_once_by_default = 2;
constexpr unsigned most_at_once = 64;
/// They would be written over and over.
constexpr auto of_one_image =
    std::to_array<std::string_view>({"tag", "dockerfile", "provenance", "sbom", "trace"});
constexpr auto of_this_folder = std::to_array<std::string_view>({"rules", "probe", "trace"});

/// What the command line sets, for every image. Its paths are of the working folder; a batch's are of its
/// own.
BatchValues shared_values(const CLI::App& command, const std::vector<BatchOption>& options) {
  BatchValues values;
  for (const BatchOption& option : options) {
    const CLI::Option* given = command.get_option("--" + option.name);
    if (given->count() == 0 || option.name == "report") continue;
    if (std::ranges::find(of_one_image, option.name) != of_one_image.end() && option.name != "trace")
      throw Error(ErrorKind::usage, "--" + option.name, "belongs to one image; expected in the batch file");
    std::vector<std::string>& list = values[option.name];
    if (!option.takes_value) continue;
    for (const std::string& text : given->results()) {
      const bool is_path = std::ranges::find(of_this_folder, option.name) != of_this_folder.end();
      list.push_back(is_path ? std::filesystem::absolute(text).string() : text);
    }
  }
  return values;
}

/// The text and JSON forms are all that a batch has.
void check_formats(const Options& options) {
  const auto check = [](std::string_view name, const std::string& option) {
    if (name != "text" && name != "json")
      throw Error(ErrorKind::usage, option,
                  "a batch is told as text or json; its images have reports of their own");
  };
  check(options.format, "--format " + options.format);
  for (const std::string& request : options.reports)
    check(std::string_view(request).substr(0, request.find('=')), "--report " + request);
  check_report_places(options);
}

void render(const BatchReport& report, std::string_view format, const TextStyle& style, std::ostream& out) {
  if (format == "json") {
    render_json(report, out);
  } else {
    render_text(report, style, out);
  }
}

void deliver_summary(const BatchReport& report, const Options& options) {
  for (const std::string& request : options.reports) {
    const auto equals = request.find('=');
    write_file_whole(request.substr(equals + 1),
                     [&](std::ostream& out) { render(report, request.substr(0, equals), TextStyle{}, out); });
  }
  if (options.quiet) return;
  render(report, options.format, style_of_stdout(options.no_color), std::cout);
  std::cout.flush();
}

/// What slim build said last: its error, with the hint, or that nothing was proved.
std::string last_words(std::string_view err) {
  constexpr std::string_view prefix = "slim: ";
  std::string words;
  while (!err.empty()) {
    const auto end = std::min(err.find('\n'), err.size());
    const std::string_view line = err.substr(0, end);
    err.remove_prefix(std::min(end + 1, err.size()));
    if (line.starts_with("slim: warning: ")) continue;
    if (line.starts_with("slim: error: ")) {
      words = line.substr(std::string_view("slim: error: ").size());
    } else if (line.starts_with("hint: ")) {
      words += fmt::format(" ({})", line.substr(std::string_view("hint: ").size()));
    } else if (line.starts_with(prefix)) {
      words += (words.empty() ? "" : "; ") + std::string(line.substr(prefix.size()));
    }
  }
  return words;
}

class Command {
 public:
  Command(const std::string& file, const CLI::App& command, const Options& options)
      : options_(options),
        folder_(std::filesystem::absolute(file).parent_path().string()),
        record_file_(file + ".state.json"),
        program_(std::filesystem::read_symlink("/proc/self/exe").string()),
        at_once_(std::min(options.jobs == 0 ? at_once_by_default : options.jobs, most_at_once)),
        progress_(progress_of(options)) {
    const std::vector<BatchOption> known = batch_options(command);
    entries_ = parse_batch(read_host_file(file, "batch file"), file, known, shared_values(command, known));
    report_.file = file;
    for (const BatchEntry& entry : entries_) {
      report_.results.push_back({});
      report_.results.back().line = entry.line;
      report_.results.back().image = entry.image;
      report_.results.back().output = entry.output;
    }
    inputs_.resize(entries_.size());
    check_file_place(record_file_);
    bool damaged = false;
    record_ = read_batch_record(record_file_, damaged);
    if (damaged) say("warning: " + record_file_ + " is no record of slim: every image is slimmed");
  }

  int run() {
    const BatchCalls calls{
        .prepare = [this](std::size_t number) { return prepare(number); },
        .ended = [this](std::size_t number, const BatchOutput& output) { ended(number, output); }};
    const int signal = run_batch(entries_.size(), at_once_, folder_, calls);
    progress_.finish();
    if (signal != 0) {
      say(fmt::format("stopped by a signal: {} of {} images are done", done_, entries_.size()));
      end_by_signal(signal);
    }
    deliver_summary(report_, options_);
    return report_.failed() ? 1 : 0;
  }

 private:
  void say(const std::string& text) {
    progress_.finish();
    fmt::print(stderr, "slim: {}\n", terminal_text(text));
  }

  static std::string key(const BatchEntry& entry) {
    const auto tag = entry.options.find("tag");
    return tag == entry.options.end() || tag->second.empty() ? entry.output
                                                             : entry.output + " " + tag->second.front();
  }

  /// Nothing where it is done already.
  std::optional<BatchProcess> prepare(std::size_t number) {
    const BatchEntry& entry = entries_[number];
    BatchResult& result = report_.results[number];
    const auto memory = record_.find(key(entry));
    if (memory != record_.end() && is_done(entry, folder_, memory->second)) {
      result.state = BatchState::unchanged;
      result.verdict = memory->second.result.verdict;
      result.original = memory->second.result.original;
      result.slimmed = memory->second.result.slimmed;
      result.config_digest = memory->second.image;
      result.output_config_digest = memory->second.output;
      ++done_;
      return std::nullopt;
    }
    try {
      inputs_[number] = batch_inputs(entry, folder_);  // as they are before, not after
    } catch (const Error&) {
      inputs_[number].clear();  // slim build will say what is wrong
    }
    progress_.step(fmt::format("{} of {} done; slimming {}", done_, entries_.size(), entry.image));
    return BatchProcess{.number = number, .argv = words_of(entry), .alone = place_of(entry)};
  }

  [[nodiscard]] std::vector<std::string> words_of(const BatchEntry& entry) const {
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::string> words{program_, "build", "--format=json", "--progress=none",
                                   fmt::format("--jobs={}", std::max(1U, processors / at_once_))};
    if (options_.no_cache) words.emplace_back("--no-cache");
    if (!options_.cache.empty())
      words.push_back("--cache=" + std::filesystem::absolute(options_.cache).string());
    std::ranges::copy(option_words(entry.options), std::back_inserter(words));
    words.push_back("--output=" + entry.output);
    words.emplace_back("--");
    words.push_back(entry.image);
    return words;
  }

  /// Two images that go to one layout are written one after the other.
  static std::string place_of(const BatchEntry& entry) {
    try {
      return parse_destination(entry.output).path;
    } catch (const Error&) {
      return {};  // slim build will say what is wrong
    }
  }

  void ended(std::size_t number, const BatchOutput& output) {
    const BatchEntry& entry = entries_[number];
    BatchResult& result = report_.results[number];
    result.seconds = output.seconds;
    result.exit_code = output.status.signal != 0 ? 128 + output.status.signal : output.status.code;
    if (output.stopped && result.exit_code != 0) return;
    result.state = result.exit_code == 0 ? BatchState::built : BatchState::failed;
    if (!output.out.empty() && result.exit_code <= 1) {
      try {
        read_build_report(output.out, result);
      } catch (const Error& error) {
        result.state = BatchState::failed;
        result.error = error.what();
      }
    }
    if (result.state == BatchState::failed) {
      if (result.error.empty()) result.error = last_words(output.err);
      if (result.error.empty()) result.error = fmt::format("slim build ended with {}", result.exit_code);
      say(fmt::format("error: {}: line {}: {}: {}", report_.file, entry.line, entry.image, result.error));
      tell_github_of_error(github_of_environment(), entry.image, result.error, std::cerr);
      return;
    }
    for (const std::string& line : warnings_of(output.err)) say("warning: " + entry.image + ": " + line);
    ++done_;
    progress_.step(fmt::format("{} of {} done; {}: {}", done_, entries_.size(), entry.image, result.verdict));
    if (inputs_[number].empty()) return;
    record_[key(entry)] = remember(entry, folder_, inputs_[number], result);
    write_batch_record(record_file_, record_);
  }

  static std::vector<std::string> warnings_of(std::string_view err) {
    constexpr std::string_view prefix = "slim: warning: ";
    std::vector<std::string> lines;
    while (!err.empty()) {
      const auto end = std::min(err.find('\n'), err.size());
      if (err.starts_with(prefix)) lines.emplace_back(err.substr(prefix.size(), end - prefix.size()));
      err.remove_prefix(std::min(end + 1, err.size()));
    }
    return lines;
  }

  const Options& options_;
  std::string folder_;
  std::string record_file_;
  std::string program_;
  unsigned at_once_;
  Progress progress_;
  std::vector<BatchEntry> entries_;
  std::vector<std::string> inputs_;  ///< by entry; empty where they cannot be told
  BatchReport report_;
  BatchRecord record_;
  std::size_t done_ = 0;
};

}  // namespace

int build_batch(const std::string& file, const CLI::App& command, const Options& options) {
  check_formats(options);
  return Command(file, command, options).run();
}

}  // namespace slim
