// Dockerfile reference (docs.docker.com/reference/dockerfile) and what its parser does beyond it
// (moby/buildkit, frontend/dockerfile): quotes, backslashes and $ are read in the words of ENV, LABEL, COPY,
// USER, WORKDIR, VOLUME, EXPOSE and STOPSIGNAL; the JSON lists of ENTRYPOINT, CMD, SHELL and HEALTHCHECK are
// taken as they are; a word <<NAME begins a here-document in ADD, COPY and RUN; comments may stand between
// the lines of one instruction; `# escape=` counts in the first lines only, and the first line here is none
// of that kind. No instruction can hold a line break, so a value that has one is asked for with --build-arg.
#include "cli/dockerfile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ios>
#include <map>
#include <ostream>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/registry_name.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "slimmer/analysis.h"
#include "slimmer/copies.h"
#include "slimmer/plan.h"
#include "slimmer/why.h"

namespace slim {
namespace {

constexpr std::size_t comment_width = 110;
constexpr std::size_t reasons_of_a_folder = 4;
/// overlay2 stacks 128 layers at most.
constexpr std::size_t copies_of_a_stage = 100;

/// As a JSON list of ASCII: JSON's own escapes say all else.
std::string json_list(const std::vector<std::string>& words) {
  const nlohmann::json list = words;
  return list.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string comment(std::string_view text, std::string_view indent = "") {
  std::string safe = terminal_text(text, comment_width);
  if (safe.ends_with('\\')) safe += '.';  // never as if the line went on
  return fmt::format("{}# {}\n", indent, safe);
}

/// In double quotes, as the builder reads words.
std::string in_quotes(std::string_view text) {
  std::string word = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$') word += '\\';
    word += c;
  }
  return word + '"';
}

/// Go's time.Duration.
std::string duration_text(std::uint64_t nanoseconds) {
  if (nanoseconds % 1'000'000'000 == 0) return fmt::format("{}s", nanoseconds / 1'000'000'000);
  if (nanoseconds % 1'000'000 == 0) return fmt::format("{}ms", nanoseconds / 1'000'000);
  return fmt::format("{}ns", nanoseconds);
}

std::string cause_text(const Analysis& analysis, NodeId node) {
  const WhyStep step = nearest_cause(analysis.contents.tree, analysis.rules, analysis.plan, node);
  return step.path.empty() ? step.reason : step.reason + " " + step.path;
}

/// FROM and COPY.
class FileInstructions {
 public:
  FileInstructions(const Analysis& analysis, const Copies& copies) : analysis_(analysis), copies_(copies) {}

  std::string text(const std::string& tar) {
    const std::span<const CopyGroup> groups(copies_.groups);
    std::string out;
    if (groups.size() <= copies_of_a_stage) {
      out += "FROM scratch\n";
      for (const CopyGroup& group : groups) out += copy(group);
    } else {
      std::string united;
      for (std::size_t at = 0; at < groups.size(); at += copies_of_a_stage) {
        const std::size_t number = at / copies_of_a_stage + 1;
        out += fmt::format("FROM scratch AS part{}\n", number);
        for (const CopyGroup& group : groups.subspan(at, std::min(copies_of_a_stage, groups.size() - at)))
          out += copy(group);
        out += "\n";
        united += fmt::format("COPY --from=part{} / /\n", number);
      }
      out += comment("One image cannot have as many layers as there are folders above.");
      out += "FROM scratch\n" + united;
    }
    return out + rest(tar);
  }

 private:
  [[nodiscard]] std::string path(NodeId node) const { return analysis_.contents.tree.path(node); }

  /// Paths of COPY, each on a line of its own; with blanks in one of them as a JSON list.
  [[nodiscard]] static std::string listed(const std::vector<std::pair<std::string, std::string>>& lines) {
    const bool as_list =
        std::ranges::any_of(lines, [](const auto& line) { return line.second.contains(' '); });
    std::string out = as_list ? "COPY --from=source [ \\\n" : "COPY --from=source \\\n";
    for (const auto& [before, word] : lines) {
      const bool last = &word == &lines.back().second;
      out += before + "    ";
      if (as_list) {
        out += '"' + word + '"' + (last ? "]" : ",");
      } else {
        out += word;
      }
      out += last ? "\n" : " \\\n";
    }
    return out;
  }

  [[nodiscard]] std::string copy(const CopyGroup& group) const {
    const std::string folder = path(group.folder);
    if (group.whole) {
      const std::string both =
          folder.contains(' ') ? fmt::format(R"(["{0}", "{0}"])", folder) : fmt::format("{0} {0}", folder);
      return "\n" + folder_comment(group) + "COPY --from=source " + both + "\n";
    }
    // Files of one reason stand together, in the order of the first of each.
    std::vector<std::pair<std::string, std::vector<NodeId>>> by_reason;
    std::map<std::string, std::size_t> places;
    for (const NodeId file : group.files) {
      const std::string reason = cause_text(analysis_, file);
      const auto [place, added] = places.try_emplace(reason, by_reason.size());
      if (added) by_reason.emplace_back(reason, std::vector<NodeId>());
      by_reason[place->second].second.push_back(file);
    }
    std::vector<std::pair<std::string, std::string>> lines;
    for (const auto& [reason, files] : by_reason) {
      for (const NodeId file : files) {
        lines.emplace_back(file == files.front() ? comment(reason, "    ") : "", path(file));
      }
    }
    lines.emplace_back("", folder == "/" ? folder : folder + "/");
    return "\n" + listed(lines);
  }

  /// How many files of a whole folder are kept for which reason; the most frequent ones.
  [[nodiscard]] std::string folder_comment(const CopyGroup& group) const {
    std::map<std::string, std::size_t> counts;
    for (const NodeId file : group.files) ++counts[cause_text(analysis_, file)];
    std::vector<std::pair<std::string, std::size_t>> reasons(counts.begin(), counts.end());
    std::ranges::stable_sort(reasons, [](const auto& a, const auto& b) { return a.second > b.second; });
    const std::string all = fmt::format("all of it, {} file{}:", human_count(group.files.size()),
                                        group.files.size() == 1 ? "" : "s");
    if (reasons.size() == 1) return comment(all + " " + reasons.front().first);
    std::string out = comment(all);
    for (std::size_t at = 0; at < std::min(reasons.size(), reasons_of_a_folder); ++at)
      out += comment(fmt::format("  {} {}", human_count(reasons[at].second), reasons[at].first));
    if (reasons.size() > reasons_of_a_folder)
      out += comment(fmt::format("  and {} more reasons", human_count(reasons.size() - reasons_of_a_folder)));
    return out;
  }

  /// What the tar is for, and which of its files come with their content.
  [[nodiscard]] std::string rest(const std::string& tar) const {
    const FileTree& tree = analysis_.contents.tree;
    std::string out = "\n";
    out +=
        comment("What COPY cannot say: owners, modes and times of folders, empty folders, links, devices.");
    out += comment("Files in it:");
    std::size_t files = 0;
    for (const AddedEntry& added : analysis_.plan.added) {
      if (added.type == EntryType::directory) continue;
      ++files;
      out += comment(fmt::format("  {}: {}", added.path, added.why));
    }
    for (NodeId id = 0; id < tree.size(); ++id) {
      if (!copies_.rest.nodes[id] || !tree.is(id, EntryType::file)) continue;
      ++files;
      out += comment(fmt::format(
          "  {}: {} ({})", tree.path(id), cause_text(analysis_, id),
          tree.entry(id).xattrs.empty() ? "a name that COPY cannot have" : "with extended attributes"));
    }
    for (const auto& [name, first] : copies_.hard_links) {
      ++files;
      out += comment(fmt::format("  {}: a hard link to {}", tree.path(name), tree.path(first)));
    }
    if (files == 0) out += comment("  none");
    return out + "ADD ./" + tar + " /\n";
  }

  const Analysis& analysis_;
  const Copies& copies_;
};

/// ENV, LABEL, ENTRYPOINT and the others.
class ConfigInstructions {
 public:
  ConfigInstructions(const ImageConfig& config, bool show_secrets)
      : config_(config),
        json_(nlohmann::json::parse(config.json, nullptr, false)),
        show_secrets_(show_secrets) {}

  Dockerfile instructions() {
    for (const std::string& variable : config_.env) {
      const auto equals = std::min(variable.find('='), variable.size());
      const std::string value = equals == variable.size() ? "" : variable.substr(equals + 1);
      assign("ENV", variable.substr(0, equals), value);
    }
    for (const auto& [name, value] : config_.labels) {
      const bool of_slim =
          name.starts_with("dev.slim.") || name.starts_with("org.opencontainers.image.base.");
      if (!of_slim) assign("LABEL", name, value);
    }
    word("WORKDIR", config_.working_dir);
    for (const std::string& volume : config_.volumes) {
      if (speakable("VOLUME", volume)) line("VOLUME " + json_list({dockerfile_word(volume)}));
    }
    static const std::regex port("[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?");
    for (const std::string& exposed : config_.exposed_ports) {
      if (std::regex_match(exposed, port)) {
        line("EXPOSE " + exposed);
      } else {
        leave_out("EXPOSE", exposed, "it is no port");
      }
    }
    static const std::regex signal("[A-Za-z0-9+-]{1,20}");
    if (std::regex_match(config_.stop_signal, signal)) {
      line("STOPSIGNAL " + config_.stop_signal);
    } else if (!config_.stop_signal.empty()) {
      leave_out("STOPSIGNAL", config_.stop_signal, "it is no signal");
    }
    word("USER", config_.user);
    if (!config_.shell.empty()) line("SHELL " + json_list(config_.shell));
    healthcheck();
    if (!config_.entrypoint.empty()) line("ENTRYPOINT " + json_list(config_.entrypoint));
    if (!config_.cmd.empty()) line("CMD " + json_list(config_.cmd));
    triggers();
    return std::move(result_);
  }

 private:
  void line(const std::string& text) { result_.text += text + "\n"; }

  void leave_out(std::string_view instruction, std::string_view what, std::string_view why) {
    const std::string said = fmt::format("{} {} is left out: {}", instruction, what, why);
    result_.text += comment(said);
    result_.warnings.push_back(said);
  }

  bool speakable(std::string_view instruction, const std::string& text) {
    if (is_dockerfile_line(text)) return true;
    leave_out(instruction, text, "it holds a character that no line can show");
    return false;
  }

  void word(std::string_view instruction, const std::string& text) {
    if (!text.empty() && speakable(instruction, text))
      line(fmt::format("{} {}", instruction, dockerfile_word(text)));
  }

  void assign(std::string_view instruction, const std::string& name, const std::string& value) {
    if (name.empty() || name.contains('=')) {
      leave_out(instruction, name + "=...", "it has no name that an instruction can hold");
      return;
    }
    if (!speakable(instruction, name)) return;
    const bool secret = !show_secrets_ && redacted(name, value) != value;
    if (!secret && is_dockerfile_line(value)) {
      line(fmt::format("{} {}={}", instruction, dockerfile_word(name), in_quotes(value)));
      return;
    }
    const std::string argument = fmt::format("VALUE_{}", ++asked_);
    const std::string why = secret ? "looks like a secret" : "holds a character that no line can show";
    result_.text +=
        comment(fmt::format("the value of {} {}: give it with --build-arg {}=...", name, why, argument));
    result_.warnings.push_back(
        fmt::format("the value of {} {} is not in it, since it {}: docker build "
                    "--build-arg {}=...",
                    instruction, name, why, argument));
    line("ARG " + argument);
    line(fmt::format("{0} {1}=\"${{{2}:?give it with --build-arg {2}}}\"", instruction, dockerfile_word(name),
                     argument));
  }

  void healthcheck() {
    if (!config_.healthcheck || config_.healthcheck->test.empty()) return;
    const std::vector<std::string>& test = config_.healthcheck->test;
    if (test.front() == "NONE") {
      line("HEALTHCHECK NONE");
      return;
    }
    std::vector<std::string> words(test.begin() + 1, test.end());
    std::string command;
    if (test.front() == "CMD-SHELL" && words.size() == 1 && is_plain_command(words.front())) {
      command = words.front();
    } else {
      if (test.front() == "CMD-SHELL") {  // the same, as Docker runs it
        std::vector<std::string> shell = config_.shell;
        if (shell.empty()) shell = {"/bin/sh", "-c"};
        words.insert(words.begin(), shell.begin(), shell.end());
      }
      command = json_list(words);
    }
    line("HEALTHCHECK " + healthcheck_options() + "CMD " + command);
  }

  /// Whether the shell form of HEALTHCHECK says it: one line that is no JSON list and goes on on no other.
  static bool is_plain_command(std::string_view text) {
    return is_dockerfile_line(text) && !text.empty() && text.front() != ' ' && text.front() != '\t' &&
           text.front() != '[' && text.front() != '-' && text.back() != ' ' && text.back() != '\t' &&
           text.back() != '\\';
  }

  [[nodiscard]] std::string healthcheck_options() const {
    const nlohmann::json* found_check = inner("Healthcheck");
    if (found_check == nullptr || !found_check->is_object()) return {};
    const nlohmann::json& check = *found_check;
    std::string options;
    const auto number = [&check](const char* key) -> std::uint64_t {
      const auto found = check.find(key);
      return found != check.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    };
    for (const auto& [key, option] : {std::pair{"Interval", "interval"},
                                      {"Timeout", "timeout"},
                                      {"StartPeriod", "start-period"},
                                      {"StartInterval", "start-interval"}}) {
      if (const auto value = number(key); value != 0)
        options += fmt::format("--{}={} ", option, duration_text(value));
    }
    if (const auto retries = number("Retries"); retries != 0)
      options += fmt::format("--retries={} ", retries);
    return options;
  }

  /// What ImageConfig has no member for; or null.
  [[nodiscard]] const nlohmann::json* inner(const char* key) const {
    const auto place = nlohmann::json::json_pointer("/config") / key;
    return json_.is_object() && json_.contains(place) ? &json_.at(place) : nullptr;
  }

  void triggers() {
    const nlohmann::json* list = inner("OnBuild");
    if (list == nullptr || !list->is_array()) return;
    for (const nlohmann::json& trigger : *list) {
      if (trigger.is_string())
        leave_out("ONBUILD", trigger.get<std::string>(), "it is for images that are built on the original");
    }
  }

  const ImageConfig& config_;
  nlohmann::json json_;
  bool show_secrets_;
  unsigned asked_ = 0;
  Dockerfile result_;
};

std::string head(const Analysis& analysis, const DockerfileOptions& options) {
  const Image& image = analysis.contents.image();
  const std::string file = std::filesystem::path(options.file).filename().string();
  const PlanTotals sums = totals(analysis.contents.tree, analysis.plan);
  std::string out;
  out += comment(fmt::format("slim {} wrote this. What is kept of {}, and why: {} of {}.", version(),
                             image.name.empty() ? "the image" : image.name, human_size(sums.kept.bytes),
                             human_size(sums.all.bytes)));
  out += comment(fmt::format("Source: {}; verdict of the build that this comes from: {}.",
                             image.digest.empty() ? "no digest" : image.digest.text(), options.verdict));
  out += comment(fmt::format("To build it, with {}.tar beside it: docker build -f {} .", file, file));
  out += comment("Nothing proves what docker build makes of it: slim verify ORIGINAL RESULT does.");
  return out + "\n";
}

}  // namespace

bool is_dockerfile_line(std::string_view text) {
  std::string shown = "x" + std::string(text);
  std::ranges::replace(shown, '\t', ' ');
  return terminal_text(shown) == shown;
}

std::string dockerfile_word(std::string_view text) {
  static constexpr std::string_view plain = "_./:@%+,-";
  const bool as_is = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || plain.contains(c);
  });
  return as_is ? std::string(text) : in_quotes(text);
}

Dockerfile render_dockerfile(const Analysis& analysis, const Copies& copies,
                             const DockerfileOptions& options) {
  const std::string platform = options.platform.empty() ? "" : "--platform=" + options.platform + " ";
  std::string text = head(analysis, options);
  if (options.from.empty()) {
    text += comment("The source has no name that FROM could take: --build-arg SOURCE=NAME.");
    text += "ARG SOURCE\n";
  }
  text += fmt::format("FROM {}{} AS source\n\n", platform, options.from.empty() ? "${SOURCE}" : options.from);
  text += FileInstructions(analysis, copies)
              .text(std::filesystem::path(options.file).filename().string() + ".tar");
  Dockerfile result =
      ConfigInstructions(analysis.contents.image().config, options.show_secrets).instructions();
  result.text = text + "\n" + result.text;
  return result;
}

std::string from_reference(const Image& image, bool in_registry) {
  auto name = RegistryName::read(image.name);
  if (!name) return {};
  if (!in_registry) return image.name;
  name->tag.clear();
  name->digest = image.digest;
  return name->text();
}

void check_dockerfile_place(const std::string& file) {
  const std::string option = "--dockerfile " + file;
  const std::filesystem::path path(file);
  std::error_code failed;  // what cannot be looked at cannot be written either
  if (std::filesystem::exists(path, failed) && !std::filesystem::is_regular_file(path, failed))
    throw Error(ErrorKind::usage, option, "is no file; expected a place for one, and for FILE.tar beside it");
  const std::string name = path.filename().string();
  if (name.empty() || !is_copyable_name(name) || name.contains(' '))
    throw Error(ErrorKind::usage, option, "expected a name without blanks, quotes, wildcards and the like");
  check_file_place(file);
  check_file_place(file + ".tar");
}

std::vector<std::string> write_dockerfile(Analysis& analysis, const DockerfileOptions& options) {
  const Copies copies = plan_copies(analysis.contents.tree, analysis.plan);
  Dockerfile dockerfile = render_dockerfile(analysis, copies, options);
  write_file_whole(options.file + ".tar", [&](std::ostream& out) {
    write_rest(analysis.contents, analysis.plan, copies, [&out](std::span<const std::byte> bytes) {
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are what a stream takes as char
      out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    });
  });
  write_file_whole(options.file, [&dockerfile](std::ostream& out) { out << dockerfile.text; });
  return std::move(dockerfile.warnings);
}

}  // namespace slim
