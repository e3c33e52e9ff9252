// slim deps IMAGE [PATH...|--all]: what the loader would load for a program, where it found each library and
// by which rule, and every place that was tried for one that is missing. Nothing of the image runs.
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "analyzer/command_wrapper.h"
#include "analyzer/dependency_graph.h"
#include "analyzer/elf.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/loader_abi.h"
#include "analyzer/rules.h"
#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "runner/container_spec.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"

namespace slim {
namespace {

using nlohmann::ordered_json;

constexpr int max_interpreters = 4;  ///< scripts whose interpreter is a script; Linux follows no more

constexpr std::string_view audit_source = "LD_AUDIT, or DT_AUDIT of the program";

struct DepsArguments {
  Options options;
  std::string image;
  std::vector<std::string> paths;
  bool all = false;
  std::string cpu = "baseline";
};

/// A file to answer for, and how it was come to.
struct Subject {
  NodeId node = no_node;
  std::string note;  ///< "the interpreter of /start.sh"; empty where it was asked for itself
};

struct NamedLate {
  LateLibrary library;
  std::string file;  ///< that names it
};

struct Answer {
  std::string path;
  LoadResult result;
  std::vector<NamedLate> late;

  [[nodiscard]] bool complete() const {
    return result.missing.empty() && (result.interpreter.empty() || result.interpreter_node != no_node);
  }
};

bool is_loadable(const ElfFacts& elf) {
  return !elf.debug_only && (elf.type == ElfType::executable || elf.type == ElfType::shared);
}

std::string_view what_it_is(const ElfFacts& elf) {
  if (elf.debug_only) return "a separate debug file";
  if (elf.type == ElfType::core) return "a core file";
  if (elf.type == ElfType::relocatable) return "an object file for the linker";
  return "an ELF file of an unknown type";
}

/// Turns what was asked for into ELF files: through links, and through the #! line of scripts.
class SubjectFinder {
 public:
  SubjectFinder(const ImageContents& contents, DependencyGraph& graph, const ImageConfig& config)
      : contents_(&contents), tree_(&contents.tree), graph_(&graph), config_(&config) {}

  void add_all() {
    for (NodeId node = 0; node < tree_->size(); ++node) {
      const ElfFacts* elf = tree_->elf(node);
      if (elf != nullptr && elf->dynamic && is_loadable(*elf))
        subjects_.push_back({.node = node, .note = {}});
    }
  }

  void add_path(const std::string& path) {
    const Resolution found = graph_->find_argument(path);
    if (found.node == no_node)
      throw Error(ErrorKind::input, path, "is not in the image: there is no " + found.missing);
    if (!tree_->is(found.node, EntryType::file))
      throw Error(ErrorKind::input, path,
                  fmt::format("expected an ELF file, found a {}", to_string(tree_->entry(found.node).type)));
    add(found.node, path);
  }

  /// The programs of entrypoint and cmd; of what else they name, those files that a loader or a #! line
  /// starts.
  void add_start() {
    for (const Root& root : find_roots(*tree_, *config_, *graph_, {}).roots) {
      if (root.kind != ReasonKind::entrypoint || root.target.node == no_node) continue;
      const FileFacts* facts = tree_->facts(root.target.node);
      if (facts != nullptr && (facts->elf || !facts->shebang.empty())) add(root.target.node, root.detail);
    }
    if (subjects_.empty())
      throw Error(ErrorKind::input, "entrypoint and cmd",
                  start_command(*config_).empty() ? "the image's config has neither"
                                                  : "start no program that is in the image",
                  "name files of the image, or give --all");
  }

  std::vector<Subject> take() { return std::move(subjects_); }

 private:
  void add(NodeId node, const std::string& asked) {
    std::string note;
    for (int i = 0; i <= max_interpreters; ++i) {
      const FileFacts* facts = tree_->facts(node);
      const std::string path = tree_->path(node);
      if (facts != nullptr && facts->elf) {
        if (!is_loadable(*facts->elf))
          throw Error(ErrorKind::input, asked,
                      fmt::format("expected a program or library, found {}", what_it_is(*facts->elf)));
        add_once(node, std::move(note));
        return;
      }
      if (facts == nullptr || facts->shebang.empty()) refuse(node, asked);
      const Shebang shebang = parse_shebang(facts->shebang);
      const std::string& word = shebang.command.empty() ? shebang.program : shebang.command;
      node = graph_->find_command(word).node;
      if (node == no_node)
        throw Error(ErrorKind::input, path,
                    fmt::format("is a script (#!{}), and {} is not in the image", facts->shebang, word));
      note = "the interpreter of the script " + path;
    }
    throw Error(ErrorKind::input, asked,
                "is a script whose interpreters are scripts, more than Linux follows");
  }

  void add_once(NodeId node, std::string note) {
    if (std::ranges::find(subjects_, node, &Subject::node) == subjects_.end())
      subjects_.push_back({.node = node, .note = std::move(note)});
  }

  [[noreturn]] void refuse(NodeId node, const std::string& asked) const {
    const std::string path = tree_->path(node);
    const LayerIndex& layer = contents_->layers[tree_->inode_of(node).layer];
    for (const Diagnostic& diagnostic : layer.diagnostics)
      if ("/" + diagnostic.path == path) throw Error(ErrorKind::input, path, diagnostic.message);
    throw Error(ErrorKind::input, asked,
                "expected an ELF file or a script, found neither" + (path == asked ? "" : " in " + path));
  }

  const ImageContents* contents_;
  const FileTree* tree_;
  DependencyGraph* graph_;
  const ImageConfig* config_;
  std::vector<Subject> subjects_;
};

/// `level`: a glibc-hwcaps folder, empty for the baseline.
Answer answer_for(const FileTree& tree, const DependencyGraph& graph, NodeId program,
                  std::string_view level) {
  Answer answer{.path = tree.path(program), .result = {}, .late = {}};
  answer.result = level.empty() ? graph.loader().load(program) : graph.loader().load_on(program, level);
  const auto add_late = [&](NodeId file, const std::string& path) {
    for (LateLibrary& late : graph.late_libraries(file, program))
      answer.late.push_back({.library = std::move(late), .file = path});
  };
  add_late(program, answer.path);
  for (const LoadedLibrary& library : answer.result.libraries)
    if (library.node != no_node && library.found_by != FoundBy::already_loaded)
      add_late(library.node, library.path);
  return answer;
}

/// Whoever needs a library, by the path that the loader has for it.
std::string needer(const Answer& answer, std::size_t needed_by) {
  return needed_by == LoadedLibrary::program ? answer.path : answer.result.libraries[needed_by].path;
}

ordered_json answer_json(const Answer& answer) {
  ordered_json libraries = ordered_json::array();
  for (const LoadedLibrary& library : answer.result.libraries)
    libraries.push_back({{"name", library.name},
                         {"path", library.path},
                         {"found_by", to_string(library.found_by)},
                         {"needed_by", needer(answer, library.needed_by)}});
  ordered_json missing = ordered_json::array();
  for (const MissingLibrary& library : answer.result.missing)
    missing.push_back({{"name", library.name}, {"needed_by", library.needed_by}, {"tried", library.tried}});
  ordered_json late = ordered_json::array();
  for (const NamedLate& named : answer.late) {
    const auto& found = named.library.result.libraries;
    late.push_back({{"name", named.library.name},
                    {"path", found.empty() ? "" : found.front().path},
                    {"source", fmt::format("{} in {}", named.library.said_by, named.file)},
                    {"strength", to_string(named.library.strength)}});
  }
  for (const LoadedLibrary& library : answer.result.audit)
    late.push_back({{"name", library.name},
                    {"path", library.path},
                    {"source", audit_source},
                    {"strength", to_string(Strength::required)}});
  return {{"path", answer.path},
          {"interpreter", answer.result.interpreter},
          {"static", answer.result.is_static},
          {"libraries", std::move(libraries)},
          {"missing", std::move(missing)},
          {"dlopen", std::move(late)}};
}

/// One answer as a tree: each library once, below the one who needed it first.
class DepsText {
 public:
  DepsText(const FileTree& tree, const Answer& answer, const TextStyle& style)
      : tree_(&tree), answer_(&answer), style_(style), children_(answer.result.libraries.size() + 1) {
    const LoadResult& result = answer.result;
    for (std::size_t i = 0; i < result.libraries.size(); ++i)
      children_[place(result.libraries[i].needed_by)].libraries.push_back(i);
    for (std::size_t i = 0; i < result.missing.size(); ++i)
      children_[needer_of(result.missing[i])].missing.push_back(i);
  }

  void print(const std::string& note) const {
    const LoadResult& result = answer_->result;
    std::cout << paint(style_, Colour::bold, terminal_text(answer_->path));
    if (!note.empty()) std::cout << dim("  " + note);
    std::cout << '\n';
    if (result.is_static) {
      std::cout << "  statically linked: the loader has nothing to do\n";
    } else if (!result.interpreter.empty()) {
      const bool there = result.interpreter_node != no_node;
      std::cout << "  interpreter " << terminal_text(result.interpreter)
                << (there ? "" : paint(style_, Colour::red, "  not in the image: it cannot start")) << '\n';
    }
    print_children(0, "  ");
    print_others();
  }

 private:
  struct Children {
    std::vector<std::size_t> libraries;
    std::vector<std::size_t> missing;
  };

  /// The program is at 0, libraries behind it.
  static std::size_t place(std::size_t needed_by) {
    return needed_by == LoadedLibrary::program ? 0 : needed_by + 1;
  }
  [[nodiscard]] std::size_t needer_of(const MissingLibrary& missing) const {
    const auto& libraries = answer_->result.libraries;
    const auto found = std::ranges::find_if(libraries, [&](const LoadedLibrary& library) {
      return library.node != no_node && tree_->path(library.node) == missing.needed_by;
    });
    return found == libraries.end() ? 0 : static_cast<std::size_t>(found - libraries.begin()) + 1;
  }
  [[nodiscard]] std::string dim(const std::string& text) const { return paint(style_, Colour::dim, text); }

  void print_children(std::size_t at, const std::string& margin) const {
    const Children& children = children_[at];
    std::size_t left = children.libraries.size() + children.missing.size();
    for (const std::size_t i : children.libraries) {
      const bool last = --left == 0;
      print_library(answer_->result.libraries[i], margin + (last ? "└── " : "├── "));
      print_children(i + 1, margin + (last ? "    " : "│   "));
    }
    for (const std::size_t i : children.missing) {
      const bool last = --left == 0;
      print_missing(answer_->result.missing[i], margin, last);
    }
  }

  void print_library(const LoadedLibrary& library, const std::string& margin) const {
    const bool has_folder = library.found_by == FoundBy::rpath || library.found_by == FoundBy::runpath ||
                            library.found_by == FoundBy::library_path ||
                            library.found_by == FoundBy::default_folder;
    std::string how(to_string(library.found_by));
    if (has_folder && !library.detail.empty()) how += " " + library.detail;
    std::cout << margin << terminal_text(library.name) << " => " << terminal_text(library.path)
              << dim("  [" + terminal_text(how) + "]") << '\n';
  }

  void print_missing(const MissingLibrary& missing, const std::string& margin, bool last) const {
    const std::string below = margin + (last ? "    " : "│   ");
    std::cout << margin << (last ? "└── " : "├── ")
              << paint(style_, Colour::red, terminal_text(missing.name) + "  not found") << '\n';
    for (const std::string& place : missing.tried)
      std::cout << below << dim("tried " + terminal_text(place)) << '\n';
    if (!missing.hint.empty()) std::cout << below << terminal_text(missing.hint) << '\n';
  }

  void print_others() const {
    for (const LoadedLibrary& variant : answer_->result.variants)
      std::cout << "  elsewhere  " << terminal_text(variant.name) << " => " << terminal_text(variant.path)
                << dim("  [on other processors, or when a setuid program's owner starts it]") << '\n';
    for (const LoadedLibrary& library : answer_->result.audit)
      std::cout << "  audit  " << terminal_text(library.name) << " => " << terminal_text(library.path)
                << dim("  [" + std::string(audit_source) + "]") << '\n';
    for (const NamedLate& named : answer_->late) {
      const auto& found = named.library.result.libraries;
      std::cout << "  dlopen  " << terminal_text(named.library.name) << " => "
                << (found.empty() ? "not found" : terminal_text(found.front().path))
                << dim(fmt::format("  [{}, {} in {}]", to_string(named.library.strength),
                                   terminal_text(named.library.said_by), terminal_text(named.file)))
                << '\n';
    }
  }

  const FileTree* tree_;
  const Answer* answer_;
  TextStyle style_;
  std::vector<Children> children_;
};

/// The glibc-hwcaps folder that --cpu names; empty for the baseline.
std::string level_of(const std::string& cpu) {
  if (cpu == "baseline") return "";
  const std::vector<std::string_view> levels = processor_levels();
  if (std::ranges::find(levels, cpu) == levels.end())
    throw Error(ErrorKind::usage, "--cpu " + cpu,
                fmt::format("expected baseline or one of {}", fmt::join(levels, ", ")));
  return cpu;
}

std::vector<Subject> find_subjects(const DepsArguments& arguments, const ImageContents& contents,
                                   DependencyGraph& graph, const ImageConfig& config) {
  SubjectFinder finder(contents, graph, config);
  if (arguments.all) {
    finder.add_all();
  } else if (arguments.paths.empty()) {
    finder.add_start();
  }
  for (const std::string& path : arguments.paths) finder.add_path(path);
  return finder.take();
}

/// What could not be read, as far as it bears on the answers: of the loader's files, and of the files asked
/// for.
void warn(const ImageContents& contents, const DependencyGraph& graph, const std::vector<Subject>& subjects,
          bool all) {
  const auto say = [](const std::string& path, const std::string& message) {
    fmt::print(stderr, "slim: warning: {}: {}\n", terminal_text(path), terminal_text(message));
  };
  const auto is_subject = [&](const std::string& path) {
    const NodeId node = contents.tree.find(path);
    return node != no_node && std::ranges::find(subjects, node, &Subject::node) != subjects.end();
  };
  for (const Diagnostic& diagnostic : graph.loader().diagnostics()) say(diagnostic.path, diagnostic.message);
  for (const LayerIndex& layer : contents.layers)
    for (const Diagnostic& diagnostic : layer.diagnostics)
      if (all || is_subject(diagnostic.path)) say("/" + diagnostic.path, diagnostic.message);
}

int run_deps(const DepsArguments& arguments) {
  const Options& options = arguments.options;
  const Format format = answer_format_of(options.format, "--format");
  const std::string level = level_of(arguments.cpu);
  if (arguments.all && !arguments.paths.empty())
    throw Error(ErrorKind::usage, "--all", "expected no PATH beside it");
  const auto platform = platform_of(options);
  Progress progress(progress_of(options));
  progress.step("reading " + arguments.image);
  const AnalysisOptions analysis = analysis_options_of(options, platform);
  const ImageContents contents = read_image(image_of(arguments.image, options), analysis.read);
  const ImageConfig config = with_overrides(contents.image().config, analysis.overrides);
  DependencyGraph graph(contents.tree, config);
  const std::vector<Subject> subjects = find_subjects(arguments, contents, graph, config);
  progress.finish();
  warn(contents, graph, subjects, arguments.all);

  const TextStyle style = style_of_stdout(options.no_color);
  ordered_json files = ordered_json::array();
  bool complete = true;
  for (const Subject& subject : subjects) {
    const Answer answer = answer_for(contents.tree, graph, subject.node, level);
    complete = complete && answer.complete();
    if (options.quiet) continue;
    if (format == Format::json) {
      files.push_back(answer_json(answer));
    } else {
      DepsText(contents.tree, answer, style).print(terminal_text(subject.note));
    }
  }
  if (format == Format::json && !options.quiet)
    std::cout << ordered_json{{"files", std::move(files)}}.dump(2, ' ', false,
                                                                ordered_json::error_handler_t::replace)
              << '\n';
  return complete ? 0 : 1;
}

}  // namespace

void add_deps(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<DepsArguments>();
  CLI::App* command = app.add_subcommand(
      "deps", "what the loader would load for a program, and why each library is found there");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command->add_option("PATH", arguments->paths,
                      "programs and libraries in the image (what the image starts)");
  command->add_flag("--all", arguments->all, "every dynamic ELF file of the image");
  command
      ->add_option("--cpu", arguments->cpu, "the processor to answer for: baseline, or a glibc-hwcaps level")
      ->type_name("LEVEL");
  add_image_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  command->callback([arguments, &exit_code] { exit_code = run_deps(*arguments); });
}

}  // namespace slim
