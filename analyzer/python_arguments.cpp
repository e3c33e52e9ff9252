// What a command line tells an interpreter, or a program in Python, to run: -m, -c, a script's arguments that
// are names of modules. After Python's command line documentation; MODULE:NAME is what gunicorn, uvicorn,
// celery and flask have in common.
#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/python_edges.h"
#include "analyzer/python_interpreters.h"
#include "analyzer/python_source.h"
#include "analyzer/python_stdlib.h"
#include "analyzer/rules.h"

namespace slim {
namespace {

constexpr std::size_t longest_argument = 256;

/// "app", "app.main:create()", "app:app": the module of it; empty where the word is no such thing.
std::string_view module_of(std::string_view word) {
  if (word.size() > longest_argument) return {};
  const std::string_view module = word.substr(0, word.find(':'));
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || static_cast<unsigned char>(c) >= 0x80;
  };
  const bool fits = !module.empty() && std::ranges::all_of(module, is_word) && module.front() != '.' &&
                    (module.front() < '0' || module.front() > '9');
  return fits ? module : std::string_view();
}

}  // namespace

/// A word behind the script: a module of the application, or, where it is told by a dot or a colon, any.
void PythonEdges::argument(std::vector<Edge>& edges, const Importer& importer, const std::string& word,
                           const std::string& where) {
  std::string_view text = word;
  if (text.starts_with('-')) {
    const std::size_t equals = text.find('=');
    text = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  }
  const std::string_view module = module_of(text);
  if (module.empty()) return;
  const bool any = text.size() != module.size() || module.find('.') != std::string_view::npos;
  Importer here = importer;
  here.entry = no_node;
  std::vector<Edge> made;
  const Wanted wanted{.module = std::string(module),
                      .detail = fmt::format("{}: {}", where, word),
                      .strength = Strength::required};
  import(made, here, wanted);
  for (Edge& edge : made) {
    // "run" and "worker" are words before they are modules of some library.
    const PythonPlace place = interpreters_.of_file(edge.to, importer.interpreter);
    const bool of_application =
        place.interpreter == nullptr ||
        std::ranges::find(interpreters_.given(), place.entry) != interpreters_.given().end();
    if (any || of_application) edges.push_back(std::move(edge));
  }
}

/// Where the interpreter's own options end: what is left is the script's.
std::size_t PythonEdges::interpreter_options(std::vector<Edge>& edges, const Importer& importer,
                                             std::span<const std::string> arguments,
                                             const std::string& where) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with('-') || word == "-") return word == "-" ? i + 1 : i;
    if (word.starts_with("--")) {
      if (word == "--check-hash-based-pycs") ++i;
      continue;
    }
    const std::size_t letter = word.find_first_of("mcWX", 1);
    if (letter == std::string::npos) continue;
    const bool joined = letter + 1 < word.size();
    std::string value = joined ? word.substr(letter + 1) : "";
    if (!joined && i + 1 < arguments.size()) value = arguments[i + 1];
    if (!joined) ++i;
    if (word[letter] == 'm') {
      Wanted wanted{.module = value,
                    .detail = fmt::format("{}: -m {}", where, value),
                    .strength = Strength::required,
                    .listed = true};
      const Found found = import(edges, importer, wanted);
      wanted.listed = false;
      if (found.module.file.node != no_node) run_as_main(edges, found.module.file.node);
      if (!found.module.folders.empty()) {
        wanted.module += ".__main__";
        import(edges, importer, wanted);
      }
      wanted.module = "runpy";
      import(edges, importer, wanted);
      return i + 1;
    }
    if (word[letter] == 'c') {
      for (const CodeName& one : scan_python_source(value, false)) {
        std::vector<Edge> made;
        name(made, importer, one);
        for (Edge& edge : made) {
          edge.detail = fmt::format("{}: -c, {}", where, edge.detail);
          edges.push_back(std::move(edge));
        }
      }
      return i + 1;
    }
  }
  return arguments.size();
}

void PythonEdges::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                            std::span<const std::string> arguments, const std::string& where) {
  const PythonInterpreter* interpreter = interpreters_.of_program(program);
  const bool is_interpreter = interpreter != nullptr;
  const FileFacts* facts = tree_->facts(program);
  if (!is_interpreter) {
    if (facts == nullptr || facts->code.language != Language::python) return;
    interpreter = importer_of(program, *facts).interpreter;
    if (interpreter == nullptr) return;
  }
  const NodeId folder = interpreters_.working_folder();
  const Importer importer{
      .node = from, .interpreter = interpreter, .script_folder = folder == root_node ? no_node : folder};
  std::size_t at = 0;
  if (is_interpreter) {
    at = interpreter_options(edges, importer, arguments, where);
    const bool prompt =
        at == arguments.size() && std::ranges::none_of(arguments, [](const std::string& word) {
          return word == "-m" || word == "-c" || word == "--version" || word == "-V";
        });
    if (prompt) {
      for (const std::string_view module : python_prompt_modules())
        import(
            edges, importer,
            {.module = std::string(module), .detail = where + ": a prompt", .strength = Strength::required});
    }
  }
  for (; at < arguments.size(); ++at) argument(edges, importer, arguments[at], where);
  if (from == no_node) environment(edges, importer, tree_->node(program).name);
}

/// FLASK_APP=shop, DJANGO_SETTINGS_MODULE=shop.settings, and what such programs look for where nothing is
/// said.
void PythonEdges::environment(std::vector<Edge>& edges, const Importer& importer, std::string_view program) {
  for (const std::string& variable : config_->env) {
    const std::size_t equals = std::min(variable.find('='), variable.size());
    std::string value = variable.substr(std::min(equals + 1, variable.size()));
    if (value.ends_with(".py")) value.resize(value.size() - 3);
    argument(edges, importer, value, "environment: " + variable.substr(0, equals));
  }
  const NodeId folder = interpreters_.working_folder();
  for (const auto& [name, file] :
       std::to_array<std::pair<std::string_view, std::string_view>>({{"flask", "app.py"},
                                                                     {"flask", "wsgi.py"},
                                                                     {"gunicorn", "gunicorn.conf.py"},
                                                                     {"celery", "celeryconfig.py"}})) {
    if (program != name || folder == root_node) continue;
    const Resolution found = tree_->resolve(file, folder);
    if (found.node == no_node) continue;
    add_path_edges(*tree_, edges, found,
                   {.from = importer.node,
                    .to = no_node,
                    .kind = EdgeKind::import,
                    .strength = Strength::required,
                    .detail = fmt::format("{} looks for {} in the working folder", name, file)});
  }
}

}  // namespace slim
