// Of the standard library, its documentation (importlib, pkgutil, ctypes, subprocess, os); of others, the
// functions of setuptools, stevedore, pluggy, Django, Werkzeug, Tornado and Jinja2 that load what a string
// names.
#include "analyzer/python_calls.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace slim {
namespace {

struct KnownCall {
  std::string_view name;
  PythonCall call = PythonCall::none;
};

constexpr auto known_calls = std::to_array<KnownCall>({
    {"import_module", PythonCall::module},
    {"__import__", PythonCall::module},
    {"import_string", PythonCall::module},
    {"import_object", PythonCall::module},
    {"resolve_name", PythonCall::module},
    {"run_module", PythonCall::module},
    {"find_spec", PythonCall::maybe_module},
    {"find_loader", PythonCall::maybe_module},
    {"get_loader", PythonCall::maybe_module},
    {"lazy_import", PythonCall::maybe_module},
    {"files", PythonCall::maybe_module},
    {"resource_filename", PythonCall::maybe_module},
    {"resource_string", PythonCall::maybe_module},
    {"get_data", PythonCall::maybe_module},
    {"PackageLoader", PythonCall::maybe_module},
    {"iter_modules", PythonCall::computed},
    {"walk_packages", PythonCall::computed},
    {"spec_from_file_location", PythonCall::computed},
    {"load_source", PythonCall::computed},
    {"run_path", PythonCall::computed},
    {"entry_points", PythonCall::group},
    {"iter_entry_points", PythonCall::group},
    {"load_entry_point", PythonCall::group},
    {"get_entry_map", PythonCall::group},
    {"load_setuptools_entrypoints", PythonCall::group},
    {"ExtensionManager", PythonCall::group},
    {"DriverManager", PythonCall::group},
    {"CDLL", PythonCall::library},
    {"PyDLL", PythonCall::library},
    {"LoadLibrary", PythonCall::library},
    {"dlopen", PythonCall::library},
    {"find_library", PythonCall::find_library},
    {"Popen", PythonCall::command},
    {"check_call", PythonCall::command},
    {"check_output", PythonCall::command},
    {"create_subprocess_exec", PythonCall::command},
    {"which", PythonCall::command},
    {"execv", PythonCall::command},
    {"execve", PythonCall::command},
    {"execl", PythonCall::command},
    {"execlp", PythonCall::command},
    {"execvp", PythonCall::command},
    {"execvpe", PythonCall::command},
    {"posix_spawn", PythonCall::command},
    {"posix_spawnp", PythonCall::command},
    {"getoutput", PythonCall::shell},
    {"getstatusoutput", PythonCall::shell},
    {"create_subprocess_shell", PythonCall::shell},
});

}  // namespace

PythonCall python_call(std::string_view name, std::string_view owner) {
  const auto* const known = std::ranges::find(known_calls, name, &KnownCall::name);
  if (known != known_calls.end()) return known->call;
  if (owner == "subprocess" && (name == "run" || name == "call")) return PythonCall::command;
  if (owner == "os" && (name == "system" || name == "popen")) return PythonCall::shell;
  return PythonCall::none;
}

}  // namespace slim
