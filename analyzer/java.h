// What Java's archives and classes name outside of themselves, found in their manifests and constant pools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {

/// What a name is for: CodeName::use.
enum class JavaUse : std::uint8_t {
  class_path,   ///< an entry of the manifest's Class-Path: a URL, relative to the archive
  path,         ///< a string that is an absolute path
  command,      ///< a string of a class that starts processes: a program, or text for a shell
  library,      ///< a string of a class that loads libraries: the name for System.loadLibrary
  needed,       ///< what a library inside of the archive needs: "62:libstdc++.so.6", with its e_machine
  desktop,      ///< the first class that is used of each part of the desktop: "java/awt/Font"
  spring,       ///< the archive is one of Spring Boot, which looks for its configuration beside itself
  unread,       ///< an entry that was not read, because it or the archive is too large
  coordinates,  ///< what an archive is: "WHERE\tNAME\tVERSION", see JavaCoordinates
};

/// What an archive says of itself: "GROUP:ARTIFACT" of META-INF/maven, or the name in its manifest.
struct JavaCoordinates {
  std::string_view inside;   ///< the archive within the archive, "BOOT-INF/lib/x.jar"; empty: the file itself
  std::string_view name;     ///< empty where it says nothing
  std::string_view version;  ///< may be empty
};
/// The parts of the text of a JavaUse::coordinates.
JavaCoordinates java_coordinates(std::string_view text);

/// The parts of the runtime that not every program needs.
enum class JavaDesktop : std::uint8_t { none, graphics, text, printing, sound, smart_cards };
JavaDesktop java_desktop_part(std::string_view name);  ///< of a class, by its binary name

/// Whether a file of this name (as in LayerEntry) is read as Java's: *.jar, *.war, *.ear, *.class.
bool is_java_file(std::string_view path);

/// The names in a file called `path`, each once. Archives within archives are read four deep; no more than
/// 512 MiB are inflated, in all. Follows The Java Virtual Machine Specification, chapter 4.4, and the JAR
/// File Specification.
std::vector<CodeName> scan_java(std::string_view path, std::span<const std::byte> content);

}  // namespace slim
