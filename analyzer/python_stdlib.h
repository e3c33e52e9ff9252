// What Python's own files do not tell about its standard library: which names are its own, what the
// interpreter and C code import, and what is only for a person at a prompt.
#pragma once

#include <span>
#include <string_view>

namespace slim {

/// Whether `name` (without dots) is a module of the standard library of any Python from 3.8 to 3.14.
bool is_python_stdlib_name(std::string_view name);

/// Whether such a module may be built into the interpreter, or belong to another system: that no file has it
/// is no fault of the image.
bool is_python_builtin_name(std::string_view name);

/// Modules that every start imports.
std::span<const std::string_view> python_start_modules();

/// Modules that the interpreter's own code imports when there is need for them: warnings, tracebacks, ...
std::span<const std::string_view> python_late_modules();

/// Modules of the prompt.
std::span<const std::string_view> python_prompt_modules();

/// What the module `name` (dotted) imports although no import statement says so: extension modules, names
/// made at run time. A name that ends in '*' stands for all modules that begin so. Separated by blanks.
std::string_view python_implied_imports(std::string_view name);

/// Whether that `importer`, of the standard library, imports `name` serves only a person at a prompt (help()
/// loads pydoc) or tests itself.
bool python_import_is_for_prompt(std::string_view importer, std::string_view name);

}  // namespace slim
