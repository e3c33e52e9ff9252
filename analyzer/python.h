// What Python source, and the files that Python keeps beside it, name: modules, libraries, paths, commands.
// After The Python Language Reference (chapters 2 and 7.11), the importlib and site modules' documentation,
// and the PyPA's specifications of installed projects and entry points.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

/// What a name is for: the low bits of CodeName::use.
enum class PythonUse : std::uint8_t {
  import,          ///< import a.b.c: "a.b.c"
  from_import,     ///< from .a import b, c: ".a:b,c"; from a import *: "a:*"
  dynamic,         ///< import_module("a.b"), __import__("a.b"), ...: "a.b"
  dynamic_prefix,  ///< import_module("a." + name): "a."
  computed,        ///< a module whose name is made at run time: how ("import_module")
  exported,        ///< a string of __all__
  dotted,          ///< a string that looks like a module or a member of one: "a.b.c", "a.b:c"
  group,           ///< a group of entry points that is asked for; "" where its name is made at run time
  library,         ///< a library that ctypes loads: "libc.so.6"
  find_library,    ///< ctypes.util.find_library: "c"
  path,            ///< a string that is an absolute path
  command,         ///< the program of a subprocess: "git"
  shell,           ///< text for /bin/sh, as subprocess and os.system take it; "" where it is not known
  // of files that are no source
  search_path,  ///< a folder in a .pth file
  entry_point,  ///< of entry_points.txt: "GROUP=module"
  top_level,    ///< a module or package that the distribution has, from RECORD or top_level.txt
  outside,      ///< a file of RECORD that lies outside of the module folders: "../../../share/x"
  requirement,  ///< a distribution that this one needs
  project,      ///< the distribution's name
  // of archives
  inside,  ///< the module of the archive that has the names behind this one: "shop/cart.py"
  unread,  ///< a module of the archive that was not read: byte code alone, damaged, or too large
};

/// Flags in CodeName::use, beside the use.
inline constexpr std::uint8_t python_nested = 0x80;   ///< in a function, a condition or a loop
inline constexpr std::uint8_t python_guarded = 0x40;  ///< where its failure is expected: try, platform tests
inline constexpr std::uint8_t python_main = 0x20;     ///< where the module is run, and not imported
inline constexpr std::uint8_t python_use_mask = 0x1f;

/// Whether a file of this name (as in LayerEntry) is read as Python's: *.py, *.pth, what lies in *.dist-info
/// and *.egg-info, extension modules, archives of modules.
bool is_python_file(std::string_view path);

/// Whether a program of this name or path is a Python interpreter: python, python3, python3.11, ...
bool is_python_interpreter(std::string_view program);

/// The names in a file called `path`, in the order in which they stand.
std::vector<CodeName> scan_python(std::string_view path, std::string_view content);

}  // namespace slim
