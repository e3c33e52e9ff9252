// The functions of Python that name modules, libraries and programs by their first argument.
#pragma once

#include <cstdint>
#include <string_view>

namespace slim {

/// What a call makes of the string that is its first argument.
enum class PythonCall : std::uint8_t {
  none,
  module,        ///< a module by name
  maybe_module,  ///< a module only where the argument is a string
  computed,      ///< modules that no string names, whatever the argument
  group,         ///< entry points
  library,
  find_library,
  command,  ///< a program, or a list of words
  shell,    ///< text for the shell
};

/// Of the function `name`; `owner` is the word before it, a module or an object where there is a dot between.
/// It counts only of functions whose names are common words: m = importlib; m.import_module() is seen too.
PythonCall python_call(std::string_view name, std::string_view owner);

}  // namespace slim
